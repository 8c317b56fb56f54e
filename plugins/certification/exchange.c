/* What passes between a body and its client, and nothing else does. Each message is one statement's answer: the columns named
 * there are all that the other side ever learns. It arrives as a record of the receiver's own; `sender` and `source` say whose it
 * shows. */
#include "certification.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Each answers: the client's organisation or NULL, and the message. $2 the record. A pending recommendation is not told: to the
 * client stage 2 is done until a decision is released. */
static const char tell_certificate[] =
    "SELECT c.client_org, json_build_object('subject', 'certificate', 'source', c.id, 'fields', json_build_object('client_name', "
    "c.client_name,"
    " 'number', c.number, 'state', CASE c.status WHEN 'decision_pending' THEN 'stage2_done' ELSE c.status END, 'edition', "
    "c.edition,"
    " 'scope', c.scope, 'soa_version', c.soa_version, 'revision', c.revision, 'decided_on', c.decided_on, 'effective_on', "
    "c.effective_on,"
    " 'expires_on', c.expires_on, 'surveillance_due_on', c.surveillance_due_on, 'recertification_due_on', "
    "c.recertification_due_on,"
    " 'suspended_on', c.suspended_on, 'suspended_until_on', c.suspended_until_on, 'restore_until_on', c.restore_until_on,"
    " 'body_name', (SELECT name FROM core.this_organisation)))::text"
    " FROM certification.certificate c WHERE c.tenant_id = $1 AND c.id = $2 AND c.status <> 'none'";

/* Accounts of the team go along so that the client's side can tell whom it knows; they are not kept there. */
static const char tell_audit[] =
    "SELECT c.client_org, json_build_object('subject', 'audit', 'source', x.id, 'state', CASE x.status WHEN 'used' THEN "
    "'concluded' ELSE x.status END, 'answered', coalesce(x.answered, 0),"
    " 'accounts', (SELECT coalesce(json_agg(u.member_id) FILTER (WHERE u.member_id IS NOT NULL), '[]') FROM "
    "certification.team_member t"
    " JOIN certification.auditor u ON u.tenant_id = t.tenant_id AND u.id = t.auditor_id WHERE t.tenant_id = $1 AND t.audit_id = "
    "x.id"
    " AND t.archived_at IS NULL), 'fields', json_build_object('title', x.title, 'kind', x.kind, 'starts_on', x.starts_on, "
    "'ends_on', x.ends_on,"
    " 'days', x.days::text, 'sites', to_json(x.sites), 'plan', x.plan, 'team', (SELECT "
    "coalesce(json_agg(json_build_object('name', u.name, 'duty', t.duty)"
    " ORDER BY t.id), '[]') FROM certification.team_member t JOIN certification.auditor u ON u.tenant_id = t.tenant_id AND u.id "
    "= t.auditor_id"
    " WHERE t.tenant_id = $1 AND t.audit_id = x.id AND t.archived_at IS NULL), 'report', CASE WHEN x.status IN ('concluded', "
    "'used') THEN x.report END))::text"
    " FROM certification.audit x JOIN certification.certificate c ON c.tenant_id = x.tenant_id AND c.id = x.certificate_id"
    " WHERE x.tenant_id = $1 AND x.id = $2 AND x.announced_at IS NOT NULL";

static const char tell_finding[] =
    "SELECT c.client_org, json_build_object('subject', 'finding', 'source', f.id, 'state', f.status, 'answered', "
    "coalesce(f.answered, 0), 'fields', "
    "json_build_object('title', f.title,"
    " 'grade', f.grade, 'requirement', f.requirement, 'statement', f.statement, 'evidence', f.evidence, 'site', f.site, "
    "'found_on', f.found_on,"
    " 'correction', f.correction, 'cause', f.cause, 'corrective_action', f.corrective_action, 'result', f.result, 'assessment', "
    "f.assessment,"
    " 'plan_by_on', f.plan_by_on, 'verify_by_on', f.verify_by_on, 'verified_on', f.verified_on))::text"
    " FROM certification.finding f JOIN certification.audit x ON x.tenant_id = f.tenant_id AND x.id = f.audit_id"
    " JOIN certification.certificate c ON c.tenant_id = x.tenant_id AND c.id = x.certificate_id WHERE f.tenant_id = $1 AND f.id "
    "= $2";

static const char tell_decision[] =
    "SELECT c.client_org, json_build_object('subject', 'decision', 'source', d.id, 'fields', json_build_object('title', d.title, "
    "'outcome', d.outcome,"
    " 'decided_on', d.decided_on, 'reasons', d.reasons, 'effective_on', d.effective_on, 'new_scope', d.new_scope))::text"
    " FROM certification.decision d JOIN certification.certificate c ON c.tenant_id = d.tenant_id AND c.id = d.certificate_id"
    " WHERE d.tenant_id = $1 AND d.id = $2 AND d.status = 'released'";

static const char tell_application[] =
    "SELECT a.client_org, json_build_object('subject', 'application', 'source', a.request_id, 'state', a.status, 'answer', "
    "a.refusal)::text"
    " FROM certification.application a WHERE a.tenant_id = $1 AND a.id = $2 AND a.request_id IS NOT NULL";

enum bl_status certification_engaged(struct bl_request *r, const char *org, const char *pointer, const char **id)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(
        r,
        "SELECT o.id FROM core.find_organisation($2) o WHERE EXISTS (SELECT FROM core.this_engagement e WHERE e.tenant_id = $1"
        " AND e.other_slug = o.slug AND e.kind = 'certification' AND e.state IN ('active', 'ended'))",
        &org, 1, 0, &rows);
    if (status)
        return status;
    if (bl_count(r, rows) == 0)
        return bl_fail(r, BL_UNPROCESSABLE, "no_engagement", pointer,
                       "no certification engagement binds you and %s: ask for one first", org);
    *id = bl_cell(r, rows, 0, 0);
    return BL_OK;
}

static enum bl_status send_to(struct bl_request *r, const char *org, const char *kind, const json_t *message, const char *pointer)
{
    const char *id = NULL;
    enum bl_status status = certification_engaged(r, org, pointer, &id);
    return status == BL_OK ? bl_send(r, id, kind, message) : status;
}

/* Only where a certification engagement binds the two, this organisation on that side of it. */
enum bl_status certification_engaged_as(struct bl_request *r, const char *side, const char *from)
{
    struct bl_rows *rows;
    const char *args[] = {from, side};
    enum bl_status status =
        bl_sql(r,
               "SELECT 1 FROM core.this_engagement e JOIN core.find_organisation($2) o ON o.slug = e.other_slug"
               " WHERE e.tenant_id = $1 AND e.kind = 'certification' AND e.side = $3 AND e.state IN ('active', 'ended') LIMIT 1",
               args, 2, 0, &rows);
    if (status == BL_OK && bl_count(r, rows) == 0)
        return bl_fail(r, BL_FORBIDDEN, "no_engagement", NULL,
                       "no certification engagement binds sender and receiver that way round");
    return status;
}

enum bl_status certification_tell(struct bl_request *r, enum certification_subject subject, const char *id)
{
    static const char *const statements[] = {[CERTIFICATION_CERTIFICATE] = tell_certificate,
                                             [CERTIFICATION_AUDIT] = tell_audit,
                                             [CERTIFICATION_FINDING] = tell_finding,
                                             [CERTIFICATION_DECISION] = tell_decision,
                                             [CERTIFICATION_APPLICATION] = tell_application};
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, statements[subject], &id, 1, 0, &rows);
    if (status || bl_count(r, rows) == 0 || !bl_cell(r, rows, 0, 0))
        return status; /* the client is not here, or may not know yet */
    json_t *message = json_loads(bl_cell(r, rows, 0, 1), 0, NULL);
    bl_defer(r, certification_release, message);
    return send_to(r, bl_cell(r, rows, 0, 0), "certification.news", message, NULL);
}

enum bl_status certification_application_answered(struct bl_request *r, const struct bl_change *change)
{
    return certification_tell(r, CERTIFICATION_APPLICATION, change->id);
}

/* ---- the client applies, and answers */

/* Who works or worked here as consultant, internal auditor or otherwise: accounts and work, no names. */
static const char to_apply[] =
    "SELECT json_build_object('request', q.id, 'org', o.slug, 'fields', json_build_object('client_name', o.name, 'client_org', "
    "o.slug, 'kind', q.kind, "
    "'edition', q.edition,"
    " 'scope', q.scope, 'address', q.address, 'city', q.city, 'country', q.country, 'sites', q.sites, 'persons', q.persons, "
    "'outsourcing', q.outsourcing,"
    " 'received_on', q.sent_on), 'people', (SELECT coalesce(json_agg(json_build_object('person', m.id, 'work', CASE WHEN "
    "'consultant' = ANY (m.roles) THEN"
    " 'consultant' WHEN 'internal_auditor' = ANY (m.roles) THEN 'internal_auditor' ELSE 'employee' END, 'until_on',"
    " CASE WHEN m.status = 'ended' THEN coalesce(e.ended_at::date, e.valid_to) END)), '[]') FROM core.member m LEFT JOIN "
    "core.this_engagement e"
    " ON e.id = m.engagement_id WHERE m.tenant_id = $1 AND (e.id IS NULL OR e.kind <> 'certification')))::text, q.body_org"
    " FROM certification.request q CROSS JOIN core.this_organisation o WHERE q.tenant_id = $1 AND q.id = $2";

enum bl_status certification_request_send(struct bl_request *r, const struct bl_change *change)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, to_apply, &change->id, 1, 0, &rows);
    if (status)
        return status;
    json_t *message = json_loads(bl_cell(r, rows, 0, 0), 0, NULL);
    bl_defer(r, certification_release, message);
    return send_to(r, bl_cell(r, rows, 0, 1), "certification.application", message, "/body_org");
}

/* The client's own: of a finding it reads back the first four alone. */
static const char *const answers[] = {"correction", "cause", "corrective_action", "result", "objection"};
enum { ANSWERS = sizeof answers / sizeof *answers, OF_FINDING = 4 };
#define OWN_OF_FINDING ", correction, cause, corrective_action, result"

static bool of_finding(const struct bl_change *change)
{
    return strcmp(change->resource->name, "received_findings") == 0;
}

/* Answers are counted, so that what the body said before it had one of them is known for old when it comes. */
#define COUNT(table)                                                                                                             \
    "UPDATE certification." table " SET answers = coalesce(answers, 0) + 1 WHERE tenant_id = $1 AND id = $2 RETURNING answers"

static enum bl_status count_answer(struct bl_request *r, const struct bl_change *change, long long *number)
{
    struct bl_rows *rows;
    const char *sql = of_finding(change) ? COUNT("received_finding") : COUNT("announced_audit");
    enum bl_status status = bl_sql(r, sql, &change->id, 1, 0, &rows);
    if (status == BL_OK)
        *number = bl_integer(r, rows, 0, 0);
    return status;
}

enum bl_status certification_answer(struct bl_request *r, const struct bl_change *change)
{
    const char *sender = bl_text(change->after, "sender");
    if (!sender)
        return BL_OK; /* kept by hand */
    long long number = 0;
    enum bl_status status = count_answer(r, change, &number);
    if (status)
        return status;
    json_t *fields = json_object();
    for (size_t i = 0; i < ANSWERS; i++)
        if (bl_text(change->after, answers[i]))
            json_object_set(fields, answers[i], json_object_get(change->after, answers[i]));
    json_t *message =
        json_pack("{s:s, s:s, s:s, s:I, s:o}", "subject", of_finding(change) ? "finding" : "audit", "source",
                  bl_text(change->after, "source"), "verb", change->verb, "number", (json_int_t)number, "fields", fields);
    bl_defer(r, certification_release, message);
    return bl_send(r, sender, "certification.answer", message);
}

/* ---- at the body */

static enum bl_status keep_origin(struct bl_request *r, const char *id, const json_t *message)
{
    struct bl_rows *rows;
    char *people = json_dumps(json_object_get(message, "people"), JSON_COMPACT);
    bl_defer(r, free, people);
    const char *args[] = {id, bl_text(message, "request"), people};
    return bl_sql(r,
                  "UPDATE certification.application SET request_id = $3, people = $4::jsonb WHERE tenant_id = "
                  "$1 AND id = $2",
                  args, 3, 0, &rows);
}

static enum bl_status receive_application(struct bl_request *r, const char *from, const json_t *message)
{
    struct bl_rows *rows;
    json_t *record = NULL;
    const char *args[] = {bl_text(message, "org"), from};
    enum bl_status status = certification_engaged_as(r, "provider", from);
    if (status == BL_OK)
        status = bl_sql(r, "SELECT 1 FROM core.find_organisation($2) o WHERE $1::uuid IS NOT NULL AND o.id = $3::uuid", args, 2,
                        0, &rows);
    if (status == BL_OK && bl_count(r, rows) == 0)
        return bl_fail(r, BL_FORBIDDEN, "not_the_sender", "/org", "the message names another organisation than its sender");
    if (status == BL_OK)
        status = bl_create(r, "certification.applications", json_object_get(message, "fields"), &record);
    return status == BL_OK ? keep_origin(r, bl_text(record, "id"), message) : status;
}

/* May this organisation answer about that record, and in which state is it? $2 record, $3 organisation. */
#define OF_CLIENT " AND c.client_org = (SELECT o.slug FROM core.find_organisation($3) o)"
static const char own_audit[] =
    "SELECT x.status FROM certification.audit x JOIN certification.certificate c ON c.tenant_id = x.tenant_id"
    " AND c.id = x.certificate_id WHERE x.tenant_id = $1 AND x.id = $2::uuid" OF_CLIENT;
static const char own_finding[] =
    "SELECT f.status FROM certification.finding f JOIN certification.audit x ON x.tenant_id = f.tenant_id AND x.id = f.audit_id"
    " JOIN certification.certificate c ON c.tenant_id = x.tenant_id AND c.id = x.certificate_id"
    " WHERE f.tenant_id = $1 AND f.id = $2::uuid" OF_CLIENT;

static const struct {
    const char *subject, *verb, *from;
} allowed[] = {
    {"audit", "agree", "announced"},        {"audit", "object", "announced"},          {"finding", "contain", "open"},
    {"finding", "find_cause", "contained"}, {"finding", "submit_plan", "cause_found"}, {"finding", "implement", "plan_accepted"}};

static bool expected(const char *subject, const char *verb, const char *state)
{
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        if (strcmp(allowed[i].subject, subject) == 0 && strcmp(allowed[i].verb, verb) == 0)
            return strcmp(allowed[i].from, state) == 0;
    return false;
}

/* Not before the answer is in the record: what is told on the way there shows it half done, and the client leaves that be. */
#define MARK(table)                                                                                                              \
    "UPDATE certification." table " SET answered = $3 WHERE tenant_id = $1 AND id = $2 AND coalesce(answered, 0) < $3"

static enum bl_status mark_answered(struct bl_request *r, const char *id, bool audit, const json_t *message)
{
    struct bl_rows *rows;
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)json_integer_value(json_object_get(message, "number")));
    const char *args[] = {id, number};
    return bl_sql(r, audit ? MARK("audit") : MARK("finding"), args, 2, 0, &rows);
}

/* The body went on meanwhile: its record stands, and the client is told how it is. */
static enum bl_status receive_answer(struct bl_request *r, const char *from, const json_t *message)
{
    struct bl_rows *rows;
    const char *subject = bl_text(message, "subject"), *verb = bl_text(message, "verb");
    const char *args[] = {bl_text(message, "source"), from};
    if (!subject || !verb || !args[0])
        return bl_fail(r, BL_UNPROCESSABLE, "malformed", NULL, "the answer names no subject, verb or source");
    bool audit = strcmp(subject, "audit") == 0;
    json_t *fields = json_object_get(message, "fields");
    enum bl_status status = bl_sql(r, audit ? own_audit : own_finding, args, 2, 0, &rows);
    if (status == BL_OK && bl_count(r, rows) == 0)
        return bl_fail(r, BL_NOT_FOUND, "not_found", "/source", "this client has no such record here");
    if (status == BL_OK && !expected(subject, verb, bl_cell(r, rows, 0, 0))) {
        status = mark_answered(r, args[0], audit, message);
        return status == BL_OK ? certification_tell(r, audit ? CERTIFICATION_AUDIT : CERTIFICATION_FINDING, args[0]) : status;
    }
    if (status == BL_OK && !audit)
        status = bl_update(r, "certification.nonconformities", args[0], fields, NULL);
    if (status == BL_OK)
        status = bl_transit(r, audit ? "certification.certification_audits" : "certification.nonconformities", args[0], verb,
                            strcmp(verb, "object") == 0 ? fields : NULL, NULL);
    return status == BL_OK ? mark_answered(r, args[0], audit, message) : status;
}

static enum bl_status receive_change(struct bl_request *r, const char *from, const json_t *message)
{
    struct bl_rows *rows;
    const char *args[] = {bl_text(message, "source"), from, bl_text(message, "change")};
    return bl_sql(r,
                  "UPDATE certification.certificate c SET client_change = left($4, 500), version = c.version + 1 WHERE "
                  "c.tenant_id = $1 AND c.id = $2::uuid" OF_CLIENT,
                  args, 3, 0, &rows);
}

/* ---- at the client */

static const struct mirror {
    const char *subject, *resource, *find, *mark, *state;
} mirrors[] = {
#define MIRROR(subject, resource, table, own, state)                                                                             \
    {                                                                                                                            \
        subject, "certification." resource,                                                                                      \
            "SELECT id" own " FROM certification." table " WHERE tenant_id = $1 AND sender = $2 AND source = $3",                \
            "UPDATE certification." table " SET sender = $3, source = $4 WHERE tenant_id = $1 AND id = $2", state                \
    }
/* An answer that the body had not yet when it said so makes this old: it says more once it has it. */
#define STATE(table)                                                                                                             \
    "UPDATE certification." table " SET status = $3, version = version + 1 WHERE tenant_id = $1 AND id = $2"                     \
    " AND coalesce(answers, 0) = $4 AND status <> $3"
    MIRROR("certificate", "held_certificates", "held_certificate", "", NULL),
    MIRROR("audit", "announced_audits", "announced_audit", "", STATE("announced_audit")),
    MIRROR("finding", "received_findings", "received_finding", OWN_OF_FINDING, STATE("received_finding")),
    MIRROR("decision", "received_decisions", "received_decision", "", NULL),
};

static enum bl_status answer_application(struct bl_request *r, const char *from, const json_t *message)
{
    struct bl_rows *rows;
    const char *args[] = {bl_text(message, "source"), bl_text(message, "state"), bl_text(message, "answer"), from};
    return bl_sql(r,
                  "UPDATE certification.request q SET status = $3, answer = $4, version = q.version + 1 WHERE q.tenant_id = $1 "
                  "AND q.id = $2::uuid"
                  " AND q.status = 'sent' AND q.body_org = (SELECT o.slug FROM core.find_organisation($5) o)",
                  args, 4, 0, &rows);
}

/* A member of the team who worked here within two years: the objection goes back by itself. */
static const char known_people[] =
    "SELECT 1 FROM core.member m LEFT JOIN core.this_engagement e ON e.id = m.engagement_id WHERE m.tenant_id = $1"
    " AND m.id = ANY (SELECT a::uuid FROM jsonb_array_elements_text($2::jsonb) a) AND (e.id IS NULL OR e.kind <> 'certification')"
    " AND (m.status <> 'ended' OR coalesce(e.ended_at::date, e.valid_to) > current_date - interval '2 years') LIMIT 1";

static enum bl_status object_by_itself(struct bl_request *r, const char *id, const json_t *message)
{
    struct bl_rows *rows;
    char *accounts = json_dumps(json_object_get(message, "accounts"), JSON_COMPACT);
    bl_defer(r, free, accounts);
    const char *args[] = {accounts};
    if (!accounts || strcmp(bl_text(message, "state"), "announced") != 0)
        return BL_OK;
    enum bl_status status = bl_sql(r, known_people, args, 1, 0, &rows);
    if (status || bl_count(r, rows) == 0)
        return status;
    json_t *body =
        json_pack("{s:s}", "objection", "A member of the team works for this organisation, or did within the last two years.");
    bl_defer(r, certification_release, body);
    return bl_transit(r, "certification.announced_audits", id, "object", body, NULL);
}

/* A nonconformity that arrives is one of the client's own improvement too, where that area is loaded. */
static enum bl_status take_up(struct bl_request *r, const char *id, const json_t *fields)
{
    const char *grade = bl_text(fields, "grade");
    if (!bl_loaded(r, "improvement") || !grade || strcmp(grade, "observation") == 0)
        return BL_OK;
    json_t *body = json_pack("{s:s, s:s, s:s, s:s, s:O, s:O, s:O, s:O, s:O}", "source", "certification_body", "grade", grade,
                             "origin_resource", "certification.received_findings", "origin_id", id, "title",
                             json_object_get(fields, "title"), "requirement", json_object_get(fields, "requirement"), "statement",
                             json_object_get(fields, "statement"), "evidence", json_object_get(fields, "evidence"), "detected_on",
                             json_object_get(fields, "found_on"));
    bl_defer(r, certification_release, body);
    return bl_create(r, "improvement.nonconformities", body, NULL);
}

/* What the body says now, into the record that shows it. */
static enum bl_status show(struct bl_request *r, const struct mirror *mirror, const char *from, const json_t *message)
{
    struct bl_rows *rows;
    json_t *record = NULL, *fields = json_object_get(message, "fields");
    const char *source = bl_text(message, "source"), *state = bl_text(message, "state");
    const char *find[] = {from, source};
    enum bl_status status = bl_sql(r, mirror->find, find, 2, 0, &rows);
    const char *id = status == BL_OK && bl_count(r, rows) > 0 ? bl_cell(r, rows, 0, 0) : NULL;
    if (status == BL_OK && !id) {
        status = bl_create(r, mirror->resource, fields, &record);
        id = status == BL_OK ? bl_text(record, "id") : NULL;
        const char *mark[] = {id, from, source};
        if (status == BL_OK)
            status = bl_sql(r, mirror->mark, mark, 3, 0, &rows);
        if (status == BL_OK && strcmp(mirror->subject, "finding") == 0)
            status = take_up(r, id, fields);
    } else if (status == BL_OK && strcmp(mirror->subject, "decision") != 0) {
        /* What the client has written itself stays: the body's copy of it may be older. */
        for (int i = 0; strcmp(mirror->subject, "finding") == 0 && i < OF_FINDING; i++)
            if (bl_cell(r, rows, 0, i + 1))
                json_object_del(fields, answers[i]);
        status = bl_update(r, mirror->resource, id, fields, NULL);
    }
    char answered[24];
    snprintf(answered, sizeof answered, "%lld", (long long)json_integer_value(json_object_get(message, "answered")));
    const char *set[] = {id, state, answered};
    if (status == BL_OK && mirror->state && state)
        status = bl_sql(r, mirror->state, set, 3, 0, &rows);
    if (status == BL_OK && strcmp(mirror->subject, "audit") == 0)
        status = object_by_itself(r, id, message);
    return status;
}

static enum bl_status receive_news(struct bl_request *r, const char *from, const json_t *message)
{
    const char *subject = bl_text(message, "subject");
    enum bl_status status = certification_engaged_as(r, "client", from);
    if (status)
        return status;
    if (subject && strcmp(subject, "application") == 0)
        return answer_application(r, from, message);
    for (size_t i = 0; subject && i < sizeof mirrors / sizeof *mirrors; i++)
        if (strcmp(mirrors[i].subject, subject) == 0)
            return show(r, &mirrors[i], from, message);
    return bl_fail(r, BL_UNPROCESSABLE, "malformed", "/subject", "no such subject");
}

/* ---- what moved away from the certificate: the body is told, once for each change */

#define MOVED(select)                                                                                                            \
    "SELECT h.id, h.sender, h.source, m.text FROM certification.held_certificate h CROSS JOIN LATERAL (" select ") m (text)"     \
    " WHERE h.tenant_id = $1 AND h.archived_at IS NULL AND h.sender IS NOT NULL AND h.state IN ('certified', 'suspended')"       \
    " AND h.change_told IS DISTINCT FROM m.text ORDER BY h.id LIMIT 200"
#define SCOPE                                                                                                                    \
    "SELECT format('scope %s came into force on %s', s.ref, s.in_force_on) FROM context.scope s WHERE s.tenant_id = $1"          \
    " AND s.status = 'in_force' AND s.in_force_on > h.effective_on"
#define SOA                                                                                                                      \
    "SELECT format('Statement of Applicability %s was published on %s', v.ref, v.published_on) FROM planning.soa_version v"      \
    " WHERE v.tenant_id = $1 AND v.status = 'published' AND v.published_on > h.effective_on"
static const char moved_scope[] = MOVED(SCOPE), moved_soa[] = MOVED(SOA),
                  moved_both[] =
                      MOVED("SELECT string_agg(t, '; ' ORDER BY t) FROM (" SCOPE " UNION ALL " SOA ") x (t) HAVING count(*) > 0");

static enum bl_status tell_change(struct bl_request *r, const struct bl_rows *moved, int i)
{
    struct bl_rows *rows;
    const char *args[] = {bl_cell(r, moved, i, 0), bl_cell(r, moved, i, 3)};
    json_t *message = json_pack("{s:s, s:s}", "source", bl_cell(r, moved, i, 2), "change", args[1]);
    bl_defer(r, certification_release, message);
    enum bl_status status = bl_send(r, bl_cell(r, moved, i, 1), "certification.change", message);
    return status == BL_OK
               ? bl_sql(r, "UPDATE certification.held_certificate SET change_told = $3 WHERE tenant_id = $1 AND id = $2", args, 2,
                        0, &rows)
               : status;
}

enum bl_status certification_tell_changes(struct bl_request *r)
{
    struct bl_rows *moved;
    bool context = bl_loaded(r, "context"), planning = bl_loaded(r, "planning");
    if (!context && !planning)
        return BL_OK;
    enum bl_status status = bl_sql(r, context && planning ? moved_both : context ? moved_scope : moved_soa, NULL, 0, 0, &moved);
    for (int i = 0; status == BL_OK && i < bl_count(r, moved); i++)
        status = tell_change(r, moved, i);
    return status;
}

const struct bl_inbox certification_inboxes[] = {
    {.name = "application", .receive = receive_application},
    {.name = "answer", .receive = receive_answer},
    {.name = "audit_file", .receive = certification_file_receive},
    {.name = "change", .receive = receive_change},
    {.name = "news", .receive = receive_news},
    {0},
};
