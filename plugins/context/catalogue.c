/* The catalogue of processes, and adopting from it. */
#include "context.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

extern const char bl_data_process_list_csv[]; /* data/process_list.csv: no quotes and no commas inside its cells */

/* Copies the cell at *at and moves behind its separator. */
static void cell(const char **at, char *out, size_t room)
{
    size_t length = strcspn(*at, ",\n");
    snprintf(out, room, "%.*s", (int)length, *at);
    *at += length;
    if (**at == ',')
        ++*at;
}

const struct context_catalogue *context_catalogue(struct bl_request *r)
{
    struct context_catalogue *rows = bl_alloc(r, CONTEXT_CATALOGUE * sizeof *rows);
    const char *at = bl_data_process_list_csv + strcspn(bl_data_process_list_csv, "\n");
    for (size_t i = 0; i < CONTEXT_CATALOGUE && *at == '\n'; i++) {
        char mandatory[4];
        at++;
        cell(&at, rows[i].id, sizeof rows[i].id);
        cell(&at, rows[i].family, sizeof rows[i].family);
        cell(&at, rows[i].name, sizeof rows[i].name);
        cell(&at, mandatory, sizeof mandatory);
        cell(&at, rows[i].clauses, sizeof rows[i].clauses);
        rows[i].mandatory = strcmp(mandatory, "yes") == 0;
        at += strcspn(at, "\n");
    }
    return rows;
}

const struct context_catalogue *context_catalogue_find(const struct context_catalogue *rows, const char *id)
{
    for (size_t i = 0; i < CONTEXT_CATALOGUE; i++)
        if (strcmp(rows[i].id, id) == 0)
            return &rows[i];
    return NULL;
}

/* "7.2;A.6.3" as an array of its parts. */
static json_t *parts(const char *list)
{
    json_t *array = json_array();
    while (*list) {
        size_t length = strcspn(list, ";");
        json_array_append_new(array, json_stringn(list, length));
        list += length + (list[length] == ';');
    }
    return array;
}

static const char live_processes[] =
    "SELECT catalogue_id, lower(name), id, ref FROM context.process WHERE tenant_id = $1 AND archived_at IS NULL";

/* The row of the tenant's process that was adopted from this one; -1: none. */
static int adopted(struct bl_request *r, const struct bl_rows *live, const struct context_catalogue *row)
{
    for (int i = 0; i < bl_count(r, live); i++) {
        const char *id = bl_cell(r, live, i, 0);
        if (id && strcmp(id, row->id) == 0)
            return i;
    }
    return -1;
}

static bool name_taken(struct bl_request *r, const struct bl_rows *live, const struct context_catalogue *row)
{
    for (int i = 0; i < bl_count(r, live); i++)
        if (strcasecmp(bl_cell(r, live, i, 1), row->name) == 0)
            return true;
    return false;
}

/* GET process-catalogue */
enum bl_status context_process_catalogue(struct bl_request *r)
{
    struct bl_rows *live;
    enum bl_status status = bl_sql(r, live_processes, NULL, 0, BL_FINAL, &live);
    if (status)
        return status;
    const struct context_catalogue *rows = context_catalogue(r);
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_array(r, "items");
    for (size_t i = 0; i < CONTEXT_CATALOGUE; i++) {
        int at = adopted(r, live, &rows[i]);
        bl_json_object(r, NULL);
        bl_json_text(r, "id", rows[i].id);
        bl_json_text(r, "family", rows[i].family);
        bl_json_text(r, "name", rows[i].name);
        bl_json_bool(r, "mandatory", rows[i].mandatory);
        bl_json_array(r, "clauses");
        for (const char *c = rows[i].clauses; *c;) {
            size_t length = strcspn(c, ";");
            char *clause = bl_alloc(r, length + 1);
            memcpy(clause, c, length);
            bl_json_text(r, NULL, clause);
            c += length + (c[length] == ';');
        }
        bl_json_close(r);
        bl_json_text(r, "adopted_as", at < 0 ? NULL : bl_cell(r, live, at, 3));
        bl_json_text(r, "process_id", at < 0 ? NULL : bl_cell(r, live, at, 2));
        bl_json_close(r);
    }
    bl_json_close(r);
    bl_json_close(r);
    return BL_OK;
}

/* Marks which rows of the catalogue the body asks for: those of "ids", or all. */
static enum bl_status chosen(struct bl_request *r, const struct context_catalogue *rows, bool wanted[CONTEXT_CATALOGUE])
{
    json_t *body, *member;
    const char *name;
    enum bl_status status = bl_body(r, &body);
    if (status)
        return status;
    json_object_foreach(body, name, member) if (strcmp(name, "ids") != 0)
    {
        size_t room = strlen(name) * 2 + 2, n = 0;
        char *pointer = bl_alloc(r, room);
        pointer[n++] = '/';
        for (const char *c = name; *c; c++) {
            if (*c == '~' || *c == '/') {
                pointer[n++] = '~';
                pointer[n++] = *c == '~' ? '0' : '1';
            } else {
                pointer[n++] = *c;
            }
        }
        status = bl_fail(r, BL_UNPROCESSABLE, "unknown_field", pointer, "this member is not known here: only \"ids\" is");
    }
    json_t *ids = json_object_get(body, "ids");
    if (ids && !json_is_array(ids))
        return bl_fail(r, BL_UNPROCESSABLE, "wrong_type", "/ids",
                       "give an array such as [\"PR-01\"], or leave it out to adopt all");
    for (size_t i = 0; i < CONTEXT_CATALOGUE; i++)
        wanted[i] = !ids;
    size_t at;
    json_array_foreach(ids, at, member)
    {
        const char *id = json_string_value(member);
        const struct context_catalogue *row = id ? context_catalogue_find(rows, id) : NULL;
        char pointer[32];
        snprintf(pointer, sizeof pointer, "/ids/%zu", at);
        if (at >= 100)
            return bl_fail(r, BL_UNPROCESSABLE, "too_many", pointer, "the catalogue has %d processes", CONTEXT_CATALOGUE);
        if (row)
            wanted[row - rows] = true;
        else
            status = bl_fail(r, BL_UNPROCESSABLE, "not_in_catalogue", pointer,
                             "the catalogue has no such process: its numbers go from PR-01 to PR-%d", CONTEXT_CATALOGUE);
    }
    return status;
}

static void put_adopted(struct bl_request *r, const json_t *record)
{
    static const char *const members[] = {"id", "ref", "name", "family", "catalogue_id"};
    bl_json_object(r, NULL);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        bl_json_text(r, members[i], bl_text(record, members[i]));
    bl_json_close(r);
}

static void put_ids(struct bl_request *r, const char *name, const struct context_catalogue *rows,
                    const bool mark[CONTEXT_CATALOGUE])
{
    bl_json_array(r, name);
    for (size_t i = 0; i < CONTEXT_CATALOGUE; i++)
        if (mark[i])
            bl_json_text(r, NULL, rows[i].id);
    bl_json_close(r);
}

static enum bl_status adopt(struct bl_request *r, const struct context_catalogue *row, json_t **record)
{
    json_t *body = json_pack("{s:s, s:s, s:b, s:o, s:s}", "name", row->name, "family", row->family, "mandatory", row->mandatory,
                             "clauses", parts(row->clauses), "catalogue_id", row->id);
    if (!body)
        return bl_fail(r, BL_UNAVAILABLE, "no_memory", NULL, "not enough memory at the moment: try again");
    enum bl_status status = bl_create(r, "context.processes", body, record);
    json_decref(body);
    return status;
}

/* POST processes:adopt. One transaction; what is adopted already, or has its name taken by a process of one's own, is left alone
 * and said in the answer, so that the same call again does no harm. */
enum bl_status context_process_adopt(struct bl_request *r)
{
    const struct context_catalogue *rows = context_catalogue(r);
    bool wanted[CONTEXT_CATALOGUE] = {false}, already[CONTEXT_CATALOGUE] = {false}, taken[CONTEXT_CATALOGUE] = {false};
    json_t *made[CONTEXT_CATALOGUE] = {NULL};
    struct bl_rows *live;
    enum bl_status status = chosen(r, rows, wanted);
    if (status == BL_OK)
        status = bl_sql(r, live_processes, NULL, 0, 0, &live);
    for (size_t i = 0; status == BL_OK && i < CONTEXT_CATALOGUE; i++) {
        if (!wanted[i])
            continue;
        already[i] = adopted(r, live, &rows[i]) >= 0;
        taken[i] = !already[i] && name_taken(r, live, &rows[i]);
        if (!already[i] && !taken[i])
            status = adopt(r, &rows[i], &made[i]);
    }
    if (status)
        return status;
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_array(r, "adopted");
    for (size_t i = 0; i < CONTEXT_CATALOGUE; i++)
        if (made[i])
            put_adopted(r, made[i]);
    bl_json_close(r);
    put_ids(r, "already", rows, already);
    put_ids(r, "name_taken", rows, taken);
    bl_json_close(r);
    return BL_OK;
}
