/* Clause 7.2: who works here, what a role must be able to do, and what proves that a person can. */
#include "support.h"
#include <string.h>

const struct bl_field support_person_fields[] = {
    {.name = "name",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER | BL_PERSONAL,
     .label = "Name",
     .help = "Whoever works under your control, with a user account here or not: temporary staff and people of suppliers too.",
     .min = 1,
     .max = 200,
     .example = "Ada Winter"},
    {.name = "bond",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Bond",
     .help = "How the person belongs to you.",
     .values = "employee temporary contractor supplier",
     .initial = "employee",
     .example = "employee"},
    {.name = "unit",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_FILTER,
     .label = "Unit",
     .help = "Department or team; awareness is counted by it. Write each the same way everywhere.",
     .min = 1,
     .max = 100,
     .example = "Service desk"},
    {.name = "roles",
     .type = BL_LIST,
     .flags = BL_SEARCH | BL_FILTER,
     .label = "Roles",
     .help = "The work that the person does, by the names that competence needs use. Appointments of the ISMS count too.",
     .max = 20,
     .example = "Shift leader"},
    {.name = "member_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_UNIQUE | BL_FILTER,
     .label = "User account",
     .help = "When the person has one here."},
    {.name = "email",
     .type = BL_TEXT,
     .flags = BL_PERSONAL,
     .label = "E-mail",
     .help = "Where the person is reached.",
     .max = 254,
     .example = "ada.winter@example.org"},
    {.name = "joined_on",
     .type = BL_DATE,
     .flags = BL_FILTER,
     .label = "Here since",
     .help = "The first day.",
     .example = "2024-04-01"},
    {.name = "left_on",
     .type = BL_DATE,
     .flags = BL_FILTER,
     .label = "Left on",
     .help = "The last day. Afterwards the person no longer counts, and what was proved stays.",
     .example = "2031-03-31"},
    {0},
};

const struct bl_constraint support_person_constraints[] = {
    {.name = "person_member_id_key",
     .pointer = "/member_id",
     .code = "member_listed",
     .detail = "this user account belongs to another person of the list: use that entry"},
    {0},
};

enum bl_status support_person_before(struct bl_request *r, const struct bl_change *change)
{
    return support_ordered(r, change, "joined_on", "left_on");
}

const struct bl_field support_competence_fields[] = {
    {.name = "name",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_UNIQUE | BL_FILTER,
     .label = "Competence",
     .help = "What somebody can do.",
     .min = 1,
     .max = 200,
     .example = "Restore a system from its backup"},
    {.name = "description",
     .type = BL_TEXT,
     .flags = BL_LONG | BL_SEARCH,
     .label = "What the levels mean",
     .help = "1 knows of it, 2 does it with help, 3 does it alone, 4 teaches it: say how you would see each here.",
     .max = 5000,
     .example = "3: has restored the order system in a drill without asking."},
    {0},
};

const struct bl_constraint support_competence_constraints[] = {
    {.name = "competence_name_key",
     .pointer = "/name",
     .code = "competence_exists",
     .detail = "a competence of this name is listed already: use that one"},
    {0},
};

#define LEVEL(field_label, field_help)                                                                                           \
    {                                                                                                                            \
        .name = "level", .type = BL_INT, .flags = BL_REQUIRED | BL_FILTER, .label = (field_label), .help = (field_help),         \
        .min = 1, .max = 4, .example = "3"                                                                                       \
    }

const struct bl_field support_need_fields[] = {
    {.name = "role",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Role",
     .help = "The work that needs it, by the name that persons carry in their roles.",
     .min = 1,
     .max = 100,
     .example = "Shift leader"},
    {.name = "competence_id",
     .type = BL_REF,
     .ref = "support.competences",
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Competence",
     .help = "What whoever holds the role must be able to do."},
    LEVEL("Level needed", "1 knows of it, 2 with help, 3 alone, 4 teaches it."),
    {.name = "reason",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Why",
     .help = "What would go wrong without it.",
     .max = 2000,
     .example = "At night nobody else is there who could."},
    {0},
};

const struct bl_constraint support_need_constraints[] = {
    {.name = "competence_need_once_key",
     .pointer = "/competence_id",
     .code = "need_exists",
     .detail = "this role needs this competence already: change the level there"},
    {0},
};

const struct bl_field support_qualification_fields[] = {
    {.name = "person_id",
     .type = BL_REF,
     .ref = "support.persons",
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER,
     .label = "Person",
     .help = "Who can do it."},
    {.name = "competence_id",
     .type = BL_REF,
     .ref = "support.competences",
     .flags = BL_REQUIRED | BL_FIXED | BL_FILTER,
     .label = "Competence",
     .help = "What the person can do."},
    LEVEL("Level shown", "As far as the evidence goes: 1 knows of it, 2 with help, 3 alone, 4 teaches it."),
    {.name = "basis",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Basis",
     .help = "What the competence rests on. A training counts once it was found effective.",
     .values = "education training experience certificate",
     .initial = "experience",
     .example = "experience"},
    {.name = "evidence",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE,
     .label = "Evidence",
     .help = "What proves it, and where it is. To have been present proves nothing.",
     .min = 1,
     .max = 200,
     .example = "Restored the order system alone in the drill of March"},
    {.name = "training_id",
     .type = BL_REF,
     .ref = "support.trainings",
     .flags = BL_FILTER,
     .label = "Training",
     .help = "With the basis training: which one."},
    {.name = "obtained_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Shown on",
     .help = "The day of the evidence.",
     .example = "2026-03-12"},
    {.name = "expires_on",
     .type = BL_DATE,
     .flags = BL_DUE | BL_FILTER,
     .label = "Good until",
     .help = "The last day on which it counts; on the calendar. Empty: it does not expire.",
     .example = "2028-03-12"},
    {0},
};

const struct bl_state support_qualification_states[] = {
    {.name = "valid", .label = "Valid", .help = "It counts until its day.", .flags = BL_INITIAL},
    {.name = "expired", .label = "Expired", .help = "Its day has passed.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "revoked", .label = "Revoked", .help = "It turned out not to hold.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

static const char runs_still[] =
    "SELECT '/expires_on', 'not_expired', 'it does not expire by itself: it counts until its day, if it has one'"
    " FROM support.qualification WHERE tenant_id = $1 AND id = $2::uuid AND NOT coalesce(expires_on < " SUPPORT_TODAY ", false)";

const struct bl_transition support_qualification_transitions[] = {
    {.name = "expire",
     .from = "valid",
     .to = "expired",
     .guard = runs_still,
     .label = "Expire",
     .help = "Happens by itself the day after its last one."},
    {.name = "revoke",
     .from = "valid",
     .to = "revoked",
     .flags = BL_REASON,
     .label = "Revoke",
     .help = "It does not hold: say what has shown that."},
    {0},
};

/* A training proves something to those who took part, and once it was found effective (7.2 c). */
static enum bl_status from_training(struct bl_request *r, const struct bl_change *change, const char *training)
{
    static const char sql[] = "SELECT t.status, EXISTS (SELECT FROM core.link l WHERE l.tenant_id = $1 AND l.relation = "
                              "'support.trainings.participants'"
                              " AND l.from_id = t.id AND l.to_id = $3::uuid), t.competence_id = $4::uuid FROM support.training t"
                              " WHERE t.tenant_id = $1 AND t.id = $2::uuid AND t.archived_at IS NULL";
    const char *args[] = {training, bl_text(change->after, "person_id"), bl_text(change->after, "competence_id")};
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, sql, args, 3, 0, &rows);
    if (status)
        return status;
    if (bl_count(r, rows) == 0)
        return bl_fail(r, BL_UNPROCESSABLE, "not_found", "/training_id", "there is no such training, or it is archived");
    if (!bl_integer(r, rows, 0, 1))
        return bl_fail(r, BL_UNPROCESSABLE, "not_a_participant", "/training_id", "this person did not take part in the training");
    if (!bl_integer(r, rows, 0, 2))
        return bl_fail(r, BL_UNPROCESSABLE, "other_competence", "/training_id", "the training was about another competence");
    if (strcmp(bl_cell(r, rows, 0, 0), "effective") != 0)
        return bl_fail(r, BL_UNPROCESSABLE, "not_effective", "/training_id",
                       "the training is %s: it proves nothing until it was found effective", bl_cell(r, rows, 0, 0));
    return BL_OK;
}

enum bl_status support_qualification_before(struct bl_request *r, const struct bl_change *change)
{
    const char *training = bl_text(change->after, "training_id"), *basis = bl_text(change->after, "basis");
    bool trained = basis && strcmp(basis, "training") == 0;
    enum bl_status status = bl_not_future(r, change->after, "obtained_on");
    if (status == BL_OK)
        status = support_ordered(r, change, "obtained_on", "expires_on");
    if (status == BL_OK && trained != (training != NULL))
        return bl_fail(r, BL_UNPROCESSABLE, trained ? "required" : "not_from_training", "/training_id",
                       trained ? "name the training that it rests on" : "only with the basis training: leave it out");
    return status == BL_OK && trained ? from_training(r, change, training) : status;
}
