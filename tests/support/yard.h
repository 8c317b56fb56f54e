/* A small area with one field of every kind, for tests of the resource engine. Given to registry_of, never loaded from a file. */
#ifndef SUPPORT_YARD_H
#define SUPPORT_YARD_H

#include <ballium/plugin.h>
#include <string.h>

static const struct bl_field yard_parts[] = {
    {.name = "name", .type = BL_TEXT, .flags = BL_REQUIRED, .max = 20},
    {.name = "amount", .type = BL_INT, .min = 1, .max = 9, .initial = "1"},
    {.name = "made_on", .type = BL_DATE},
    {0},
};

static const struct bl_field yard_gate_fields[] = {
    {.name = "title", .type = BL_TEXT, .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER, .min = 2, .max = 30},
    {.name = "note", .type = BL_TEXT, .flags = BL_LONG | BL_SEARCH},
    {.name = "kind", .type = BL_ENUM, .flags = BL_REQUIRED | BL_FILTER, .values = "iron wood", .initial = "iron"},
    {.name = "height", .type = BL_INT, .flags = BL_FILTER, .min = 1, .max = 10},
    {.name = "cost", .type = BL_DECIMAL, .flags = BL_FILTER, .scale = 2, .min = 0, .max = 1000},
    {.name = "locked", .type = BL_BOOL, .flags = BL_REQUIRED | BL_FILTER, .initial = "false"},
    {.name = "due_on", .type = BL_DATE, .flags = BL_DUE | BL_FILTER},
    {.name = "seen_at", .type = BL_TIME, .flags = BL_FILTER},
    {.name = "owner_id", .type = BL_REF, .flags = BL_OWNER | BL_FILTER, .ref = "core.member"},
    {.name = "tower_id", .type = BL_REF, .flags = BL_FILTER, .ref = "yard.towers"},
    {.name = "tags", .type = BL_LIST, .flags = BL_FILTER | BL_SEARCH, .max = 5},
    {.name = "colours", .type = BL_LIST, .values = "red green"},
    {.name = "parts", .type = BL_ITEMS, .items = yard_parts, .max = 3},
    {.name = "serial", .type = BL_TEXT, .flags = BL_UNIQUE | BL_FIXED, .max = 20},
    {.name = "approved_at", .type = BL_TIME, .flags = BL_SERVER},
    {.name = "approved_by_id", .type = BL_REF, .flags = BL_SERVER, .ref = "core.member"},
    {.name = "score", .type = BL_INT, .flags = BL_SERVER, .min = 0, .max = 100},
    {.name = "weight", .type = BL_INT, .flags = BL_GENERATED | BL_FILTER, .expr = "height * 2"},
    {0},
};

static const struct bl_state yard_gate_states[] = {
    {.name = "draft", .flags = BL_INITIAL},
    {.name = "review"},
    {.name = "approved", .flags = BL_FROZEN},
    {.name = "closed", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

static const struct bl_field yard_reject_input[] = {
    {.name = "grade", .type = BL_INT, .flags = BL_REQUIRED, .min = 1, .max = 5},
    {0},
};

static enum bl_status yard_score(struct bl_request *r, const struct bl_change *change)
{
    if (json_is_true(json_object_get(change->before, "locked")))
        return bl_fail(r, BL_CONFLICT, "locked", "/locked", "a locked gate is not closed");
    bool odd = strcmp(json_string_value(json_object_get(change->before, "title")), "Odd") == 0;
    json_object_set_new(change->after, "score", json_integer(odd ? 1000 : 42)); /* of 100 at most: a mistake of the rule's own */
    return BL_OK;
}

static enum bl_status yard_closed(struct bl_request *r, const struct bl_change *change)
{
    if (strcmp(json_string_value(json_object_get(change->after, "title")), "Last") == 0)
        return bl_fail(r, BL_CONFLICT, "last", NULL, "the last gate stays open");
    return BL_OK;
}

/* Links: a gate near the tower "Alone" is refused, and so is taking one away from "Always". */
static enum bl_status yard_neared(struct bl_request *r, const struct bl_change *change)
{
    struct bl_rows *rows;
    const char *args[] = {json_string_value(json_object_get(change->input, "id")), change->id};
    enum bl_status status = bl_sql(r,
                                   "SELECT t.name, (SELECT count(*) FROM core.link k WHERE k.tenant_id = $1 AND k.from_id = "
                                   "$3::uuid AND k.to_id = t.id) FROM yard.tower t WHERE t.tenant_id = $1 AND t.id = $2::uuid",
                                   args, 2, 0, &rows);
    if (status != BL_OK)
        return status;
    bool linked = strcmp(change->verb, "link") == 0;
    if (bl_integer(r, rows, 0, 1) != linked) /* it runs after the link is there, or gone */
        return bl_fail(r, BL_INTERNAL, "wrong_moment", NULL, "%s", change->verb);
    if (strcmp(bl_cell(r, rows, 0, 0), linked ? "Alone" : "Always") == 0)
        return bl_fail(r, BL_CONFLICT, "stands_so", NULL, "%s: it stands as it is", change->verb);
    return BL_OK;
}

static const struct bl_relation yard_gate_relations[] = {
    {.name = "near_towers", .to = "yard.towers", .inverse = "gates", .after = yard_neared},
    {.name = "risks", .to = "planning.risks", .inverse = "gates"},
    {.name = "twins", .to = "yard.gates", .inverse = "twin_of"},
    {0},
};

static const struct bl_field yard_mark_input[] = {
    {.name = "score", .type = BL_INT, .flags = BL_REQUIRED, .min = 1, .max = 100},
    {.name = "note", .type = BL_TEXT},
    {0},
};

static const struct bl_transition yard_gate_transitions[] = {
    {.name = "submit",
     .from = "draft",
     .to = "review",
     .needs = "note tags",
     .guard = "SELECT '/height', 'too_low', 'a gate of ' || height || ' m is too low' FROM yard.gate"
              " WHERE tenant_id = $1 AND id = $2 AND height < 3"},
    {.name = "approve",
     .from = "review",
     .to = "approved",
     .permission = "approve",
     .flags = BL_NOT_AUTHOR,
     .sets = "approved_at=now approved_by_id=actor"},
    {.name = "reject", .from = "review", .to = "draft", .permission = "approve", .flags = BL_REASON, .input = yard_reject_input},
    {.name = "close", .from = "draft approved", .to = "closed", .rule = yard_score, .after = yard_closed},
    {.name = "mark", .from = "review", .input = yard_mark_input, .sets = "score=input"}, /* stays where it is */
    {0},
};

static const struct bl_constraint yard_gate_constraints[] = {
    {.name = "gate_steep_check", .pointer = "/height", .code = "steep", .detail = "seven is too steep"},
    {0},
};

/* Towers have rules in C: a floor is counted from the height, and one name is refused after the row was written. */
static const struct bl_field yard_tower_fields[] = {
    {.name = "name", .type = BL_TEXT, .flags = BL_REQUIRED | BL_TITLE | BL_FILTER},
    {.name = "height", .type = BL_INT, .min = 0, .max = 100, .initial = "10"},
    {.name = "floors", .type = BL_INT, .flags = BL_SERVER},
    {.name = "rooms", .type = BL_LIST},
    {0},
};

static enum bl_status yard_tower_before(struct bl_request *r, const struct bl_change *change)
{
    if (strcmp(json_string_value(json_object_get(change->after, "name")), "Babel") == 0)
        return bl_fail(r, BL_UNPROCESSABLE, "too_high", "/name", "that one was never finished");
    json_object_set_new(change->after, "floors", json_integer(json_integer_value(json_object_get(change->after, "height")) / 3));
    return BL_OK;
}

static enum bl_status yard_tower_after(struct bl_request *r, const struct bl_change *change)
{
    if (strcmp(json_string_value(json_object_get(change->after, "name")), "Pisa") == 0)
        return bl_fail(r, BL_UNPROCESSABLE, "leans", "/name", "a tower that leans is not kept");
    if (strcmp(change->verb, "archive") == 0 && json_integer_value(json_object_get(change->after, "height")) == 99)
        return bl_fail(r, BL_CONFLICT, "too_high", "/height", "too high to be put away");
    return BL_OK;
}

static enum bl_status yard_tower_retire(struct bl_request *r, const struct bl_change *change)
{
    if (strcmp(change->verb, "archive") == 0 && json_integer_value(json_object_get(change->before, "height")) == 98)
        return bl_fail(r, BL_CONFLICT, "in_use", NULL, "somebody lives there");
    return BL_OK;
}

static const struct bl_field yard_entry_fields[] = {
    {.name = "text", .type = BL_TEXT, .flags = BL_REQUIRED | BL_TITLE},
    {0},
};

static const struct bl_resource yard_resources[] = {
    {.name = "gates",
     .singular = "gate",
     .table = "yard.gate",
     .prefix = "GATE",
     .clause = "4.1",
     .fields = yard_gate_fields,
     .relations = yard_gate_relations,
     .states = yard_gate_states,
     .transitions = yard_gate_transitions,
     .constraints = yard_gate_constraints},
    {.name = "towers",
     .singular = "tower",
     .table = "yard.tower",
     .prefix = "TOW",
     .clause = "4.2",
     .fields = yard_tower_fields,
     .sort = "name",
     .before = yard_tower_before,
     .after = yard_tower_after,
     .retire = yard_tower_retire},
    {.name = "log_entries",
     .singular = "log_entry",
     .table = "yard.log_entry",
     .prefix = "LOG",
     .clause = "4.3",
     .flags = BL_APPEND_ONLY,
     .fields = yard_entry_fields},
    {0},
};

static const struct bl_migration yard_migrations[] = {{.number = 0}};

static const struct bl_plugin yard = {
    .abi = BL_ABI, .name = "yard", .version = "1.0.0", .clause = "4", .resources = yard_resources, .migrations = yard_migrations};

#endif
