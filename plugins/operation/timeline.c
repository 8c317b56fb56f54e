/* A.5.28: what was seen and done, and in whose hands each piece of evidence was. Neither is ever changed. */
#include "operation.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define INCIDENT                                                                                                                 \
    {                                                                                                                            \
        .name = "incident_id", .type = BL_REF, .ref = "operation.incidents", .flags = BL_REQUIRED | BL_FILTER | BL_FIXED,        \
        .label = "Incident", .help = "The incident that this is about."                                                          \
    }

const struct bl_field operation_entry_fields[] = {
    INCIDENT,
    {.name = "at",
     .type = BL_TIME,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "At",
     .help = "When it was seen or done; not when it is written down.",
     .example = "2026-03-01T09:10:00Z"},
    {.name = "kind",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Kind",
     .help = "What was seen, done, decided or said.",
     .values = "observation action decision communication",
     .initial = "observation",
     .example = "action"},
    {.name = "text",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_TITLE | BL_SEARCH,
     .label = "What",
     .help = "One fact an entry.",
     .min = 1,
     .max = 2000,
     .example = "Sessions of the account ended"},
    {0},
};

const struct bl_field operation_custody_fields[] = {
    INCIDENT,
    {.name = "item",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_TITLE | BL_SEARCH | BL_FILTER,
     .label = "Piece of evidence",
     .help = "How it is called, the same in each entry about it.",
     .min = 1,
     .max = 200,
     .example = "Disk image of laptop NB-0142"},
    {.name = "action",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "What was done",
     .help = "The first entry is the collection; returned and destroyed end the chain.",
     .values = "collected stored transferred analysed copied returned destroyed",
     .example = "collected"},
    {.name = "at",
     .type = BL_TIME,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "At",
     .help = "When. Not before the entry before it.",
     .example = "2026-03-01T11:00:00Z"},
    {.name = "handed_by",
     .type = BL_TEXT,
     .flags = BL_PERSONAL,
     .label = "Handed over by",
     .help = "For a transfer: who held it until then.",
     .max = 200},
    {.name = "held_by",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_PERSONAL,
     .label = "Held by",
     .help = "In whose hands it is from then on. Changes by a transfer only.",
     .min = 1,
     .max = 200,
     .example = "Karim Aziz"},
    {.name = "place",
     .type = BL_TEXT,
     .label = "Where",
     .help = "Safe, room, share.",
     .max = 200,
     .example = "Safe in room 1.04, envelope 17"},
    {.name = "sha256",
     .type = BL_TEXT,
     .label = "SHA-256",
     .help = "Of the data, 64 hexadecimal digits; shows that it is still the same. Left out for a file that is kept here.",
     .min = 64,
     .max = 64},
    {.name = "file_id",
     .type = BL_REF,
     .ref = "core.file",
     .flags = BL_FILTER,
     .label = "File",
     .help = "The piece itself, or its image, sent to files before. Its SHA-256 is taken from the store."},
    {.name = "note",
     .type = BL_TEXT,
     .flags = BL_LONG,
     .label = "Note",
     .help = "How, with what, in whose presence.",
     .max = 2000},
    {.name = "digest",
     .type = BL_TEXT,
     .flags = BL_SERVER | BL_FILTER,
     .label = "SHA-256 that holds",
     .help = "Of the file in the store; else the one given; else that of the entry before.",
     .max = 64},
    {.name = "sequence",
     .type = BL_INT,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Number",
     .help = "Counts the entries about this piece: 1, 2, 3 …"},
    {.name = "seal",
     .type = BL_TEXT,
     .flags = BL_SERVER,
     .label = "Seal",
     .help = "SHA-256 over this entry and the seal before it: a changed entry breaks all that follow.",
     .max = 64},
    {0},
};

const struct bl_constraint operation_custody_constraints[] = {
    {.name = "custody_entry_sequence_key",
     .pointer = "/item",
     .code = "chain_moved",
     .detail = "another entry about this piece came at the same moment: look at it, then try again"},
    {.name = "custody_entry_sha256_hex_check",
     .pointer = "/sha256",
     .code = "not_a_digest",
     .detail = "a SHA-256 is 64 digits of 0 to 9 and a to f"},
    {0},
};

static enum bl_status open_incident(struct bl_request *r, const struct bl_change *change)
{
    const char *id = bl_text(change->after, "incident_id");
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r,
                                   "SELECT ref, status FROM operation.incident WHERE tenant_id = $1 AND id = $2::uuid"
                                   " AND (archived_at IS NOT NULL OR status IN ('closed', 'discarded'))",
                                   &id, 1, 0, &rows);
    if (status == BL_OK && bl_count(r, rows) > 0)
        return bl_fail(r, BL_CONFLICT, "incident_closed", NULL, "%s is over: reopen it to write on", bl_cell(r, rows, 0, 0));
    return status;
}

enum bl_status operation_entry_before(struct bl_request *r, const struct bl_change *change)
{
    enum bl_status status = operation_happened(r, change->after, "at");
    return status ? status : open_incident(r, change);
}

enum last { SEQUENCE, ACTION, HOLDER, AT, SEAL, DIGEST };

static enum bl_status same_hands(struct bl_request *r, const json_t *entry, const char *holder)
{
    bool transferred = operation_is(entry, "action", "transferred");
    const char *hands = bl_text(entry, transferred ? "handed_by" : "held_by");
    if (hands && strcasecmp(hands, holder) == 0)
        return BL_OK;
    if (transferred)
        return bl_fail(r, BL_UNPROCESSABLE, "chain_broken", "/handed_by", "it is with %s: only who holds it hands it over",
                       holder);
    return bl_fail(r, BL_UNPROCESSABLE, "chain_broken", "/held_by", "it is with %s: note the transfer first", holder);
}

static enum bl_status follows(struct bl_request *r, const struct bl_change *change, const struct bl_rows *rows)
{
    const json_t *entry = change->after;
    bool first = bl_count(r, rows) == 0, collected = operation_is(entry, "action", "collected");
    if (first && collected)
        return BL_OK;
    if (first)
        return bl_fail(r, BL_UNPROCESSABLE, "not_collected", "/action",
                       "no entry names this piece yet: its chain begins with the collection");
    const char *holder = bl_cell(r, rows, 0, HOLDER), *last = bl_cell(r, rows, 0, ACTION);
    if (collected)
        return bl_fail(r, BL_UNPROCESSABLE, "collected_already", "/item",
                       "this piece is collected already and with %s: name another one apart", holder);
    if (strcmp(last, "returned") == 0 || strcmp(last, "destroyed") == 0)
        return bl_fail(r, BL_UNPROCESSABLE, "chain_ended", "/item", "the chain of this piece has ended: it was %s", last);
    return same_hands(r, entry, holder);
}

/* The SHA-256 of what is handed on: the store's own word for a file, and nobody else's. NULL: nothing was said. */
static enum bl_status measure(struct bl_request *r, const json_t *entry, const char **digest)
{
    static const char sql[] =
        "SELECT sha256, archived_at IS NOT NULL, name FROM core.file WHERE tenant_id = $1 AND id = $2::uuid";
    const char *given = bl_text(entry, "sha256"), *file = bl_text(entry, "file_id");
    struct bl_rows *rows;
    *digest = given;
    enum bl_status status = file ? bl_sql(r, sql, &file, 1, 0, &rows) : BL_OK;
    if (status || !file || bl_count(r, rows) == 0) /* the reference says so itself */
        return status;
    *digest = bl_cell(r, rows, 0, 0);
    if (bl_integer(r, rows, 0, 1))
        return bl_fail(r, BL_UNPROCESSABLE, "file_archived", "/file_id", "%s is archived: restore it, or name another file",
                       bl_cell(r, rows, 0, 2));
    if (given && strcasecmp(given, *digest) != 0)
        return bl_fail(r, BL_UNPROCESSABLE, "digest_differs", "/sha256",
                       "the file in the store has %s: these are other data, or they were changed before they came here", *digest);
    return BL_OK;
}

static enum bl_status in_order(struct bl_request *r, const json_t *entry, const struct bl_rows *rows, const char *digest)
{
    int64_t at;
    const char *known = bl_count(r, rows) > 0 ? bl_cell(r, rows, 0, DIGEST) : NULL;
    if (bl_count(r, rows) > 0 && operation_moment(entry, "at", &at) && at < bl_integer(r, rows, 0, AT))
        return bl_fail(r, BL_UNPROCESSABLE, "not_after", "/at", "an entry cannot lie before the one before it");
    if (digest && known && strcasecmp(digest, known) != 0 && !bl_text(entry, "note"))
        return bl_fail(r, BL_UNPROCESSABLE, "digest_changed", "/note",
                       "the data are not what they were (%s): say why in the note", known);
    return BL_OK;
}

static const char last_of[] =
    "SELECT c.sequence, c.action, c.held_by, (extract(epoch FROM c.at) * 1000000)::bigint, c.seal, c.digest"
    " FROM operation.custody_entry c WHERE c.tenant_id = $1 AND c.incident_id = $2::uuid AND lower(c.item) = lower($3)"
    " ORDER BY c.sequence DESC LIMIT 1";

static const char seal_of[] =
    "SELECT operation.seal($2, " OPERATION_SEALED
    ") FROM (SELECT $3::integer AS sequence, $4 AS item, $5 AS action, $6::timestamptz AS at,"
    " $7::text AS handed_by, $8::text AS held_by, $9::text AS place, $10::text AS sha256, $11::text AS note,"
    " $12::uuid AS file_id, $13::text AS digest) c"
    " WHERE $1::uuid IS NOT NULL";

enum bl_status operation_custody_before(struct bl_request *r, const struct bl_change *change)
{
    const json_t *e = change->after;
    const char *key[] = {bl_text(e, "incident_id"), bl_text(e, "item")};
    const char *digest = NULL;
    struct bl_rows *rows;
    char number[16];
    enum bl_status status = operation_worse(operation_happened(r, e, "at"), open_incident(r, change));
    if (status == BL_OK)
        status = measure(r, e, &digest);
    if (status == BL_OK)
        status = bl_sql(r, last_of, key, 2, 0, &rows);
    if (status == BL_OK)
        status = operation_worse(follows(r, change, rows), in_order(r, e, rows, digest));
    if (status)
        return status;
    bool first = bl_count(r, rows) == 0;
    if (!digest && !first)
        digest = bl_cell(r, rows, 0, DIGEST);
    int64_t sequence = first ? 1 : bl_integer(r, rows, 0, SEQUENCE) + 1;
    snprintf(number, sizeof number, "%d", (int)sequence);
#define TEXT(name) json_string_value(json_object_get(e, name))
    const char *args[] = {first ? "" : bl_cell(r, rows, 0, SEAL),
                          number,
                          TEXT("item"),
                          TEXT("action"),
                          TEXT("at"),
                          TEXT("handed_by"),
                          TEXT("held_by"),
                          TEXT("place"),
                          TEXT("sha256"),
                          TEXT("note"),
                          TEXT("file_id"),
                          digest};
#undef TEXT
    status = bl_sql(r, seal_of, args, 12, 0, &rows);
    if (status)
        return status;
    bl_set(change, "digest", digest);
    json_object_set_new(change->after, "sequence", json_integer(sequence));
    bl_set(change, "seal", bl_cell(r, rows, 0, 0));
    return BL_OK;
}

#define UTC(column) "to_char(" column " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"

/* The rows of a view of one incident; the view itself cannot tell an incident without any from one that is not there. */
static enum bl_status of_incident(struct bl_request *r, const char *sql, int most)
{
    const char *id = bl_param(r, "id");
    struct bl_rows *rows;
    enum bl_status status = bl_there(r, "operation.incidents", id, NULL);
    if (status == BL_OK)
        status = bl_sql(r, sql, &id, 1, BL_FINAL, &rows);
    if (status == BL_OK)
        operation_items(r, rows, most);
    return status;
}

/* GET incidents/{id}/custody: each piece with its entries; intact when every seal follows from its entry and the seal before, and
 * the store still says of each file what the entry says. */
static const char chains[] =
    "SELECT json_build_object('item', min(item), 'entries', json_agg(json_build_object('id', id, 'ref', ref, 'sequence', "
    "sequence,"
    " 'action', action, 'at', " UTC(
        "at") ", 'handed_by', handed_by, 'held_by', held_by, 'place', place, 'sha256', digest,"
              " 'file_id', file_id, 'note', note) ORDER BY sequence), 'held_by', (array_agg(held_by ORDER BY sequence DESC))[1],"
              " 'same_data', count(DISTINCT lower(digest)) <= 1, 'intact', bool_and(good) AND max(sequence) = count(*))::text"
              " FROM (SELECT c.*, c.seal = operation.seal(coalesce(lag(c.seal) OVER (PARTITION BY lower(c.item) ORDER BY "
              "c.sequence), ''),"
              " " OPERATION_SEALED
              ") AND coalesce(f.sha256 = lower(c.digest), c.file_id IS NULL) AS good FROM operation.custody_entry c"
              " LEFT JOIN core.file f ON f.tenant_id = $1 AND f.id = c.file_id WHERE c.tenant_id = $1 AND c.incident_id = "
              "$2::uuid) s"
              " GROUP BY lower(item) ORDER BY min(at), lower(item) LIMIT 1001";

enum bl_status operation_custody(struct bl_request *r)
{
    return of_incident(r, chains, 1000);
}

/* GET incidents/{id}/timeline: what was written down, what was reported, each step and notification, in the order it happened. */
static const char timeline[] = "SELECT json_build_object('at', " UTC(
    "at") ", 'kind', kind, 'text', text, 'by', by_id, 'ref', ref)::text FROM " OPERATION_TIMELINE " t ORDER BY at, id LIMIT 2001";

enum bl_status operation_timeline(struct bl_request *r)
{
    return of_incident(r, timeline, 2000);
}
