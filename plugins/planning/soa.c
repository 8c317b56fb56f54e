/* The life of a Statement and of its rows. Locks: a row first, then its Statement; a Statement's steps lock no row. */
#include "planning.h"
#include <string.h>

/* ---- rows ---- */

/* The Statement is held, so that it is not submitted while a row changes. */
static enum bl_status draft(struct bl_request *r, const char *soa, const char **edition)
{
    struct bl_rows *rows;
    enum bl_status status =
        bl_sql(r, "SELECT status, edition FROM planning.soa_version WHERE tenant_id = $1 AND id = $2::uuid FOR SHARE", &soa, 1, 0,
               &rows);
    if (status)
        return status;
    if (bl_count(r, rows) == 0)
        return bl_fail(r, BL_UNPROCESSABLE, "unknown_reference", "/soa_id", "there is no Statement with this id here");
    *edition = bl_cell(r, rows, 0, 1);
    if (strcmp(bl_cell(r, rows, 0, 0), "draft") != 0)
        return bl_fail(r, BL_CONFLICT, "frozen", NULL,
                       "the Statement is %s: its rows do not change; make a new version, or take it back while it is in review",
                       bl_cell(r, rows, 0, 0));
    return BL_OK;
}

static enum bl_status check_number(struct bl_request *r, const json_t *row, const char *edition)
{
    const char *args[] = {edition, bl_text(row, "catalogue_id")};
    bool annex = strcmp(bl_text(row, "origin"), "annex_a") == 0;
    struct bl_rows *rows;
    if (annex != (args[1] != NULL))
        return bl_fail(r, BL_UNPROCESSABLE, "number_and_origin", "/catalogue_id",
                       "a row of Annex A has its number; a row of another origin has none");
    if (!annex)
        return BL_OK;
    enum bl_status status =
        bl_sql(r, "SELECT FROM annex_a.catalogue WHERE edition = $2 AND id = $3 AND $1::uuid IS NOT NULL", args, 2, 0, &rows);
    if (status == BL_OK && bl_count(r, rows) == 0)
        return bl_fail(r, BL_UNPROCESSABLE, "not_of_edition", "/catalogue_id", "Annex A of %s has no control %s", edition,
                       args[1]);
    return status;
}

enum bl_status planning_row_before(struct bl_request *r, const struct bl_change *change)
{
    const char *edition = NULL, *applicable = bl_text(change->after, "applicable");
    bool no = strcmp(applicable, "no") == 0, n_a = strcmp(bl_text(change->after, "implementation_state"), "n_a") == 0;
    enum bl_status status = draft(r, bl_text(change->after, "soa_id"), &edition);
    if (status == BL_OK && !change->before)
        status = check_number(r, change->after, edition);
    if (status)
        return status;
    if (n_a && !no)
        return bl_fail(r, BL_UNPROCESSABLE, "not_allowed", "/implementation_state",
                       "n_a is for controls that are not applicable");
    if (no && !bl_text(change->after, "exclusion_reason"))
        return bl_fail(r, BL_UNPROCESSABLE, "required", "/exclusion_reason", "say why the control is not needed");
    return no ? planning_row_pointed(r, change->after) : BL_OK;
}

static enum bl_status draft_of(struct bl_request *r, const struct bl_change *change)
{
    const char *edition;
    return draft(r, bl_text(change->before, "soa_id"), &edition);
}

enum bl_status planning_row_retire(struct bl_request *r, const struct bl_change *change)
{
    return draft_of(r, change);
}

enum bl_status planning_row_linked(struct bl_request *r, const struct bl_change *change)
{
    const char *edition;
    struct bl_rows *rows;
    enum bl_status status =
        bl_sql(r, "SELECT soa_id FROM planning.soa_row WHERE tenant_id = $1 AND id = $2::uuid", &change->id, 1, 0, &rows);
    return status ? status : draft(r, bl_cell(r, rows, 0, 0), &edition);
}

static const char decided[] = "SELECT '/applicable', 'undecided', 'decide first whether it is applicable' FROM planning.soa_row"
                              " WHERE tenant_id = $1 AND id = $2 AND applicable = 'undecided'";

const struct bl_transition planning_row_transitions[] = {
    {.name = "confirm",
     .from = "proposed",
     .to = "confirmed",
     .sets = "confirmed_at=now confirmed_by_id=actor",
     .guard = decided,
     .rule = draft_of,
     .label = "Confirm",
     .help = "You have looked at it, and it is right."},
    {.name = "reconsider",
     .from = "confirmed",
     .to = "proposed",
     .rule = draft_of,
     .label = "Reconsider",
     .help = "To change it once more."},
    {0},
};

/* ---- versions ---- */

static enum bl_status passes(struct bl_request *r, const struct bl_change *change)
{
    return planning_soa_passes(r, change->id);
}

/* The one that held until now gives way first: a unique index lets only one hold. */
static enum bl_status take_over(struct bl_request *r, const struct bl_change *change)
{
    struct bl_rows *rows;
    enum bl_status status = planning_soa_passes(r, change->id);
    if (status == BL_OK)
        status = bl_sql(r,
                        "SELECT id FROM planning.soa_version WHERE tenant_id = $1 AND archived_at IS NULL"
                        " AND status IN ('approved', 'published')",
                        NULL, 0, 0, &rows);
    for (int i = 0; status == BL_OK && i < bl_count(r, rows); i++)
        status = bl_transit(r, "planning.soa_versions", bl_cell(r, rows, i, 0), "supersede", NULL, NULL);
    return status;
}

enum bl_status planning_soa_retire(struct bl_request *r, const struct bl_change *change)
{
    if (planning_is(bl_text(change->before, "status"), "approved published superseded"))
        return bl_fail(r, BL_CONFLICT, "soa_kept", NULL, "a Statement that was approved is kept");
    return BL_OK;
}

const struct bl_transition planning_soa_transitions[] = {
    {.name = "submit",
     .from = "draft",
     .to = "in_review",
     .rule = passes,
     .label = "Submit for review",
     .help = "All eight checks pass: see its checks."},
    {.name = "withdraw",
     .from = "in_review",
     .to = "draft",
     .flags = BL_REASON,
     .label = "Take back",
     .help = "To work on it further; say why."},
    {.name = "approve",
     .from = "in_review",
     .to = "approved",
     .permission = "approve",
     .flags = BL_NOT_AUTHOR,
     .sets = "approved_at=now approved_by_id=actor",
     .rule = take_over,
     .label = "Approve",
     .help = "By somebody else than who wrote it. It never changes from now, and takes the place of the one before."},
    {.name = "publish",
     .from = "approved",
     .to = "published",
     .permission = "approve",
     .sets = "published_on=today",
     .label = "Publish",
     .help = "Others may have it."},
    {.name = "supersede",
     .from = "approved published",
     .to = "superseded",
     .permission = "approve",
     .sets = "superseded_on=today",
     .label = "Take out of force",
     .help = "Happens by itself when the next version is approved."},
    {0},
};
