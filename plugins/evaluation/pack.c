/* The pack of a management review: for each input what the live data says, as lines of text. One statement per input. */
#include "evaluation.h"
#include <stdio.h>
#include <string.h>

/* Each of these gives lines ($2 the review, $3 the first day looked at) and needs the area that it reads. */
struct source {
    const char *input, *area, *sql;
};

static const struct source sources[] = {
    {"previous_actions", "evaluation",
     "SELECT format('%s %s: %s%s', d.ref, d.title, CASE d.status WHEN 'open' THEN 'open' ELSE d.status END,"
     " CASE WHEN d.status = 'open' AND d.due_on < current_date THEN ', overdue since ' || d.due_on"
     " WHEN d.status = 'open' AND d.due_on IS NOT NULL THEN ', due ' || d.due_on WHEN d.done_on IS NOT NULL THEN ' on ' || "
     "d.done_on"
     " ELSE '' END) FROM evaluation.review_decision d JOIN evaluation.management_review v ON v.tenant_id = $1 AND v.id = "
     "d.review_id"
     " WHERE d.tenant_id = $1 AND d.archived_at IS NULL AND v.status = 'closed' AND d.review_id <> $2::uuid"
     " AND (d.status = 'open' OR d.updated_at >= $3::date) ORDER BY d.status DESC, d.id LIMIT 200"},
    {"issues", "context",
     "SELECT format('Open issues: %s; came or changed since %s: %s; were closed: %s', count(*) FILTER (WHERE status = 'open'),"
     " $3::date, count(*) FILTER (WHERE status = 'open' AND updated_at >= $3::date),"
     " count(*) FILTER (WHERE status = 'closed' AND updated_at >= $3::date))"
     " FROM context.issue WHERE tenant_id = $1 AND archived_at IS NULL AND $2::uuid IS NOT NULL"
     " UNION ALL (SELECT format('%s %s (priority %s)', ref, title, priority) FROM context.issue WHERE tenant_id = $1"
     " AND archived_at IS NULL AND status = 'open' AND updated_at >= $3::date ORDER BY priority DESC, id LIMIT 20)"},
    {"parties", "context",
     "SELECT format('Interested parties: %s; requirements: %s, came or changed since %s: %s, not decided yet: %s',"
     " (SELECT count(*) FROM context.interested_party WHERE tenant_id = $1 AND archived_at IS NULL), count(*),"
     " $3::date, count(*) FILTER (WHERE updated_at >= $3::date), count(*) FILTER (WHERE addressed_by_isms = 'undecided'))"
     " FROM context.requirement WHERE tenant_id = $1 AND archived_at IS NULL AND $2::uuid IS NOT NULL"},
    {"nonconformities", "improvement",
     "SELECT format('Nonconformities found since %s: %s (major: %s); open: %s, overdue: %s; closed after a check of the "
     "effect: %s; checks that failed: %s', $3::date, count(*) FILTER (WHERE detected_on >= $3::date),"
     " count(*) FILTER (WHERE detected_on >= $3::date AND grade = 'major'), count(*) FILTER (WHERE status <> 'closed'),"
     " count(*) FILTER (WHERE due_on < current_date AND status <> 'closed'), count(*) FILTER (WHERE verified_on >= $3::date),"
     " coalesce(sum(cycle - 1), 0)) FROM improvement.nonconformity WHERE tenant_id = $1 AND archived_at IS NULL"
     " AND status <> 'dismissed' AND $2::uuid IS NOT NULL"
     " UNION ALL SELECT format('Corrective actions open: %s, overdue: %s', count(*), count(*) FILTER (WHERE due_on < "
     "current_date)) FROM improvement.corrective_action WHERE tenant_id = $1 AND archived_at IS NULL"
     " AND status IN ('planned', 'in_progress')"},
    {"measurements", "evaluation",
     "SELECT format('Metrics: %s; on target: %s, within tolerance: %s, off target: %s; overdue: %s', count(*),"
     " count(*) FILTER (WHERE standing = 'on_target'), count(*) FILTER (WHERE standing = 'within_tolerance'),"
     " count(*) FILTER (WHERE standing = 'off_target'), count(*) FILTER (WHERE next_due_on < current_date))"
     " FROM evaluation.metric WHERE tenant_id = $1 AND archived_at IS NULL AND status = 'active' AND $2::uuid IS NOT NULL"
     " UNION ALL (SELECT format('%s %s: %s%s, target %s (%s)', ref, title, trim_scale(last_value),"
     " CASE WHEN unit = 'number' THEN '' ELSE ' ' || unit END, trim_scale(target),"
     " replace(standing, '_', ' ')) FROM evaluation.metric WHERE tenant_id = $1 AND archived_at IS NULL AND status = 'active'"
     " AND last_measured_on >= $3::date ORDER BY id LIMIT 100)"},
    {"audits", "evaluation",
     "SELECT format('%s %s, report of %s: major: %s, minor: %s, observations: %s, opportunities: %s', a.ref, a.title, "
     "a.report_issued_on,"
     " count(*) FILTER (WHERE f.kind = 'major'), count(*) FILTER (WHERE f.kind = 'minor'),"
     " count(*) FILTER (WHERE f.kind = 'observation'), count(*) FILTER (WHERE f.kind = 'opportunity'))"
     " FROM evaluation.audit a LEFT JOIN evaluation.audit_finding f ON f.tenant_id = $1 AND f.audit_id = a.id AND f.archived_at "
     "IS NULL"
     " WHERE a.tenant_id = $1 AND a.report_issued_on >= $3::date AND $2::uuid IS NOT NULL"
     " GROUP BY a.id, a.ref, a.title, a.report_issued_on ORDER BY a.report_issued_on LIMIT 100"},
    {"feedback", "improvement",
     "SELECT format('Complaints since %s: %s', $3::date, count(*)) FROM improvement.nonconformity WHERE tenant_id = $1"
     " AND archived_at IS NULL AND source = 'complaint' AND detected_on >= $3::date AND $2::uuid IS NOT NULL"},
    {"improvement", "improvement",
     "SELECT format('Ideas that wait for a decision: %s, that are being carried out: %s, that were done since %s: %s',"
     " count(*) FILTER (WHERE status = 'proposed'), count(*) FILTER (WHERE status = 'accepted'), $3::date,"
     " count(*) FILTER (WHERE status = 'done' AND done_on >= $3::date))"
     " FROM improvement.improvement WHERE tenant_id = $1 AND archived_at IS NULL AND $2::uuid IS NOT NULL"},
};

/* Signals of these clauses (2022) are facts of an input too, whichever area computes them. */
static const struct {
    const char *input, *clauses;
} by_signals[] = {
    {"issues", " 4.1 "},
    {"parties", " 4.2 "},
    {"objectives", " 6.2 "},
    {"risks", " 6.1.1 6.1.2 6.1.3 8.2 8.3 "},
};

/* The lines of an input, one below the other; *facts NULL when no area that is here has any. */
static enum bl_status read(struct bl_request *r, const char *input, const char *const args[2], const json_t *signals,
                           const char **facts)
{
    struct bl_rows *rows = NULL;
    const char *more = NULL;
    *facts = NULL;
    for (size_t i = 0; i < sizeof by_signals / sizeof *by_signals; i++)
        if (strcmp(by_signals[i].input, input) == 0)
            more = evaluation_signal_lines(r, signals, by_signals[i].clauses);
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        if (strcmp(sources[i].input, input) != 0 || !bl_loaded(r, sources[i].area))
            continue;
        enum bl_status status = bl_sql(r, sources[i].sql, args, 2, 0, &rows);
        if (status)
            return status;
    }
    int count = rows ? bl_count(r, rows) : 0;
    size_t room = more ? strlen(more) + 2 : 1;
    for (int i = 0; i < count; i++)
        room += strlen(bl_cell(r, rows, i, 0)) + 1;
    char *text = bl_alloc(r, room);
    for (int i = 0; i < count; i++) {
        strcat(text, i ? "\n" : "");
        strcat(text, bl_cell(r, rows, i, 0));
    }
    if (more) {
        strcat(text, count ? "\n" : "");
        strcat(text, more);
    }
    *facts = *text ? text : NULL;
    return BL_OK;
}

/* The day after which things count: as asked, else the last review's, else a year ago. */
static enum bl_status first_day(struct bl_request *r, const struct bl_change *change, const char **day)
{
    static const char sql[] = "SELECT coalesce($3::date, max(held_on), current_date - interval '1 year')::date::text"
                              " FROM evaluation.management_review WHERE tenant_id = $1 AND id <> $2::uuid AND status = 'closed'";
    const char *args[] = {change->id, bl_text(change->before, "since")};
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, sql, args, 2, 0, &rows);
    *day = status == BL_OK ? bl_cell(r, rows, 0, 0) : NULL;
    return status;
}

/* Open decisions of closed reviews come over to this one, once. */
static enum bl_status carry_over(struct bl_request *r, const char *review)
{
    static const char sql[] = "SELECT d.id FROM evaluation.review_decision d JOIN evaluation.management_review v ON v.tenant_id "
                              "= $1 AND v.id = d.review_id"
                              " WHERE d.tenant_id = $1 AND d.archived_at IS NULL AND d.status = 'open' AND v.status = 'closed'"
                              " AND d.carried_to_id IS DISTINCT FROM $2::uuid ORDER BY d.id";
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, sql, &review, 1, 0, &rows);
    json_t *input = json_pack("{s:s}", "carried_to_id", review);
    for (int i = 0; status == BL_OK && i < bl_count(r, rows); i++)
        status = bl_transit(r, "evaluation.review_decisions", bl_cell(r, rows, i, 0), "carry", input, NULL);
    json_decref(input);
    return status;
}

enum bl_status evaluation_gather(struct bl_request *r, const struct bl_change *change)
{
    const char *args[] = {change->id, NULL}, *facts;
    struct bl_rows *wanted;
    json_t *pack = json_array(), *signals = NULL;
    enum bl_status status = first_day(r, change, &args[1]);
    if (status == BL_OK)
        status = bl_signals(r, &signals);
    if (status == BL_OK)
        status = carry_over(r, change->id);
    if (status == BL_OK)
        status = bl_sql(r, evaluation_wanted, args, 1, 0, &wanted);
    for (int i = 0; status == BL_OK && i < bl_count(r, wanted); i++) {
        status = read(r, bl_cell(r, wanted, i, 0), args, signals, &facts);
        json_t *item = json_pack("{s:s, s:s, s:s}", "input", bl_cell(r, wanted, i, 0), "number", bl_cell(r, wanted, i, 1),
                                 "title", bl_cell(r, wanted, i, 2));
        if (facts)
            json_object_set_new(item, "facts", json_string(facts));
        json_array_append_new(pack, item);
    }
    if (status == BL_OK)
        json_object_set(change->after, "pack", pack);
    json_decref(pack);
    return status;
}
