/* The steps of a certificate: facts from the records, the rules of life.c, and what each step sets. A step that needs a decision
 * happens inside the release of that decision and nowhere else: the release names itself in a setting of its transaction. */
#include "certification.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
/* The newest concluded audit of a kind that no step has used yet. */
#define CONCLUDED(kinds)                                                                                                         \
    "(SELECT json_build_object('id', x.id, 'on', x.ends_on) FROM certification.audit x WHERE x.tenant_id = $1"                   \
    " AND x.certificate_id = c.id AND x.kind IN (" kinds ") AND x.status = 'concluded' AND x.archived_at IS NULL"                \
    " ORDER BY x.ends_on DESC LIMIT 1)"
#define FINDINGS(what)                                                                                                           \
    "(SELECT count(*) FROM certification.finding f JOIN certification.audit x ON x.tenant_id = f.tenant_id AND x.id = f.audit_id" \
    " WHERE f.tenant_id = $1 AND x.certificate_id = c.id AND f.archived_at IS NULL AND x.archived_at IS NULL AND " what ")"

/* $2 certificate, $3 decision or NULL. */
static const char read_facts[] =
    "SELECT json_build_object('reviewed', coalesce(a.status = 'accepted', false), 'stated', a.id IS NOT NULL,"
    " 'conflict', coalesce(a.conflict, '') <> '',"
    " 'timed', EXISTS (SELECT FROM certification.calculation k WHERE k.tenant_id = $1 AND k.application_id = a.id"
    " AND k.status = 'approved' AND k.archived_at IS NULL),"
    " 'majors', " FINDINGS("f.grade = 'major' AND f.status NOT IN ('verified', 'closed')") ","
    " 'minors', " FINDINGS("f.grade = 'minor' AND f.status IN ('open', 'contained', 'cause_found', 'plan_submitted')") ","
    " 'majors_late', " FINDINGS("f.grade = 'major' AND x.kind = 'stage_2' AND f.verified_on > f.verify_by_on AND x.ends_on >= c.stage2_on") ","
    " 'stage_1', " CONCLUDED("'stage_1'") ", 'stage_2', " CONCLUDED("'stage_2'") ", 'surveillance', " CONCLUDED("'surveillance'") ","
    " 'recertification', " CONCLUDED("'recertification'") ", 'special', " CONCLUDED("'special', 'transfer'") ","
    " 'recertification_planned', (SELECT max(x.ends_on) FROM certification.audit x WHERE x.tenant_id = $1 AND x.certificate_id = c.id"
    " AND x.kind = 'recertification' AND x.status NOT IN ('cancelled', 'used') AND x.archived_at IS NULL),"
    " 'held', (SELECT json_agg(x.ends_on) FROM certification.audit x WHERE x.tenant_id = $1 AND x.certificate_id = c.id"
    " AND x.kind = 'surveillance' AND x.status = 'used' AND x.ends_on >= c.decided_on),"
    " 'outcome', d.outcome, 'decision_status', d.status, 'decision_on', d.decided_on, 'effective_on', d.effective_on,"
    " 'new_scope', d.new_scope, 'soa_version', d.soa_version, 'resolved', coalesce(d.resolved, false),"
    " 'decider_in_team', coalesce(" CERTIFICATION_IN_TEAM("c.id", "d.decided_by_id") ", false),"
    " 'convention', coalesce(s.expiry, 'minus_one_day'), 'stage2_months', coalesce(s.stage2_months, 6),"
    " 'suspension_months', coalesce(s.suspension_months, 6), 'lead_days', coalesce(s.recertification_lead_days, 90),"
    " 'org', (SELECT slug FROM core.this_organisation))::text"
    " FROM certification.certificate c JOIN certification.application a ON a.tenant_id = c.tenant_id AND a.id = c.application_id"
    " LEFT JOIN certification.decision d ON d.tenant_id = c.tenant_id AND d.id = $3::uuid AND d.certificate_id = c.id"
    CERTIFICATION_SETTINGS " WHERE c.tenant_id = $1 AND c.id = $2";
/* clang-format on */

enum { HELD = 40 };

struct step {
    const struct certification_step *step;
    json_t *known;  /* what the statement answered */
    json_t *record; /* the certificate, as it will be */
    json_t *input;
    struct certification_facts facts;
    struct certification_cycle cycle;
    long held[HELD];
    size_t held_count;
};

static bool is(const json_t *record, const char *name)
{
    return json_is_true(json_object_get(record, name));
}

static long audit_day(const struct step *s, const char *kind)
{
    return certification_day_in(json_object_get(s->known, kind), "on");
}

static void read_cycle(struct step *s)
{
    const json_t *c = s->record;
    size_t i;
    json_t *day;
    s->cycle = (struct certification_cycle){.decision = certification_day_in(c, "decided_on"),
                                            .expiry = certification_day_in(c, "expires_on"),
                                            .initial = is(c, "initial_cycle"),
                                            .recertification = certification_day_in(s->known, "recertification_planned")};
    json_array_foreach(json_object_get(s->known, "held"), i, day)
    {
        if (s->held_count < HELD - 1)
            s->held[s->held_count++] = certification_day(json_string_value(day));
    }
}

static long due(const struct step *s)
{
    return s->cycle.decision
               ? certification_missing_by(&s->cycle, s->held, s->held_count, certification_day_in(s->record, "reinstated_on"))
               : 0;
}

static bool accepts(const struct step *s, long today)
{
    const char *outcome = bl_text(s->known, "outcome"), *status = bl_text(s->known, "decision_status");
    (void)today;
    return outcome && status && strcmp(status, "decided") == 0 &&
           strcmp(certification_decision_verb(outcome, certification_number(s->record, "surveillances")), s->step->verb) == 0;
}

static void gather(struct bl_request *r, struct step *s)
{
    const json_t *k = s->known, *c = s->record, *in = s->input;
    bool transfer = strcmp(s->step->verb, "transfer_in") == 0,
         first = strcmp(s->step->verb, "complete_stage1") == 0 || strcmp(s->step->verb, "repeat_stage1") == 0;
    bool second = strcmp(s->step->verb, "complete_stage2") == 0 || strcmp(s->step->verb, "repeat_stage2") == 0;
    long today = certification_today(r), asked = certification_day_in(in, "asked_on");
    s->facts = (struct certification_facts){
        .on = s->step->decision ? certification_day_in(k, "decision_on")
              : asked           ? asked
                                : today,
        .stated = is(k, "stated"),
        .reviewed = is(k, "reviewed"),
        .agreed = certification_day_in(c, "agreement_signed_on") != 0,
        .timed = is(k, "timed"),
        .conflict = is(k, "conflict"),
        .documented = is(in, "documented"),
        .concerns = !is(in, "concerns_settled"),
        .internal_audit = certification_day_in(in, "internal_audit_on") != 0,
        .management_review = certification_day_in(in, "management_review_on") != 0,
        .stage1 = first ? audit_day(s, "stage_1") : certification_day_in(c, "stage1_on"),
        .stage2 = second ? audit_day(s, "stage_2") : certification_day_in(c, "stage2_on"),
        .majors = (int)certification_number(k, "majors"),
        .majors_late = (int)certification_number(k, "majors_late"),
        .minors = (int)certification_number(k, "minors"),
        .decided = accepts(s, today),
        .decider_in_team = is(k, "decider_in_team"),
        .decision = s->cycle.decision,
        .expiry = transfer ? certification_day_in(c, "transfer_expires_on") : s->cycle.expiry,
        .surveillance = audit_day(s, "surveillance") != 0,
        .recertification = audit_day(s, "recertification") != 0,
        .special = audit_day(s, "special") != 0,
        .audited = audit_day(s, "surveillance"),
        .surveillances = (int)certification_number(c, "surveillances"),
        .surveillance_due = due(s),
        .suspended = certification_day_in(c, "suspended_on"),
        .resolved = is(k, "resolved"),
        .requested = bl_text(in, "request") != NULL,
        .scope_changed = bl_text(k, "new_scope") != NULL,
        .other_valid = certification_day_in(c, "transfer_decided_on") != 0,
        .other_accredited = is(c, "transfer_accredited"),
        .other_suspended = is(c, "transfer_suspended"),
        .scope_larger = is(c, "transfer_scope_larger"),
        .other_ceased = certification_day_in(c, "transfer_ceased_on"),
        .accepted_elsewhere = certification_day_in(in, "accepted_on") != 0,
        .edition_2013 = strcmp(bl_text(c, "edition"), "2013") == 0,
        .stage2_months = (int)certification_number(k, "stage2_months"),
        .suspension_months = (int)certification_number(k, "suspension_months"),
    };
}

/* ---- what a step sets */

static void raise_number(struct step *s, const char *name)
{
    json_object_set_new(s->record, name, json_integer(certification_number(s->record, name) + 1));
}

static void set_due(struct step *s)
{
    certification_set_day(s->record, "surveillance_due_on", due(s));
}

static void set_number(struct step *s)
{
    const char *org = bl_text(s->known, "org"), *ref = bl_text(s->record, "ref"), *dash = strrchr(ref, '-');
    char number[60], *at = number;
    if (bl_text(s->record, "number"))
        return;
    snprintf(number, sizeof number, "%.40s-%s", org, dash ? dash + 1 : ref);
    for (; *at; at++)
        if (*at >= 'a' && *at <= 'z')
            *at = (char)(*at - 'a' + 'A');
    json_object_set_new(s->record, "number", json_string(number));
}

/* A new paper; what the decision says of scope and SoA is taken over once the row is written. */
static void set_paper(struct step *s)
{
    json_object_set_new(s->record, "client_change", json_null());
    raise_number(s, "revision");
}

static void begin_cycle(struct step *s, long decision, long expiry, bool initial)
{
    json_t *c = s->record;
    long effective = certification_day_in(s->known, "effective_on");
    s->cycle = (struct certification_cycle){.decision = decision, .expiry = expiry, .initial = initial};
    s->held_count = 0;
    certification_set_day(c, "decided_on", decision);
    certification_set_day(c, "effective_on", effective ? effective : s->facts.on);
    certification_set_day(c, "expires_on", expiry);
    if (!bl_text(c, "first_certified_on"))
        certification_set_day(c, "first_certified_on", decision);
    json_object_set_new(c, "initial_cycle", json_boolean(initial));
    json_object_set_new(c, "surveillances", json_integer(0));
    certification_set_day(c, "reinstated_on", 0);
    certification_set_day(c, "restore_until_on", 0);
    certification_set_day(c, "ended_on", 0);
    certification_set_day(c, "recertification_due_on", expiry - certification_number(s->known, "lead_days"));
    set_due(s);
    set_paper(s);
}

static void count_surveillance(struct step *s)
{
    s->held[s->held_count++] = s->facts.audited;
    raise_number(s, "surveillances");
    certification_set_day(s->record, "last_surveillance_on", s->facts.audited);
    set_due(s);
}

static void next_cycle(struct step *s)
{
    long expiry = s->cycle.expiry;
    certification_set_day(s->record, "previous_expires_on", expiry);
    begin_cycle(s, s->facts.on, certification_next_expiry(expiry), false);
}

static void set_for(struct step *s)
{
    const char *verb = s->step->verb;
    json_t *c = s->record;
    long on = s->facts.on;
    bool same_day = strcmp(bl_text(s->known, "convention"), "same_day") == 0;
    if (strcmp(verb, "complete_stage1") == 0 || strcmp(verb, "repeat_stage1") == 0)
        certification_set_day(c, "stage1_on", s->facts.stage1);
    else if (strcmp(verb, "complete_stage2") == 0 || strcmp(verb, "repeat_stage2") == 0) {
        certification_set_day(c, "stage2_on", s->facts.stage2);
        if (bl_text(s->input, "internal_audit_on"))
            json_object_set(c, "internal_audit_on", json_object_get(s->input, "internal_audit_on"));
        if (bl_text(s->input, "management_review_on"))
            json_object_set(c, "management_review_on", json_object_get(s->input, "management_review_on"));
    } else if (strcmp(verb, "grant") == 0)
        begin_cycle(s, on, certification_expiry(on, same_day ? CERTIFICATION_SAME_DAY : CERTIFICATION_MINUS_ONE_DAY), true);
    else if (strcmp(verb, "transfer_in") == 0)
        begin_cycle(s, certification_day_in(c, "transfer_decided_on"), s->facts.expiry, true);
    else if (strcmp(verb, "recertify") == 0 || strcmp(verb, "restore_certification") == 0)
        next_cycle(s);
    else if (strncmp(verb, "surveillance_", 13) == 0)
        count_surveillance(s);
    else if (strcmp(verb, "start_again") == 0) {
        certification_set_day(c, "previous_expires_on", s->facts.expiry);
        certification_set_day(c, "stage1_on", on);
        static const char *const gone[] = {
            "stage2_on", "decided_on", "expires_on", "surveillance_due_on", "recertification_due_on", "restore_until_on"};
        for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
            certification_set_day(c, gone[i], 0);
    }
    if (strcmp(verb, "extend") == 0 || strcmp(verb, "reduce") == 0 || strcmp(verb, "reinstate_reduced") == 0 ||
        (strncmp(verb, "surveillance_", 13) == 0 && bl_text(s->known, "soa_version")))
        set_paper(s);
    if (s->step->to == CERTIFICATION_SUSPENDED) {
        certification_set_day(c, "suspended_on", on);
        certification_set_day(c, "suspended_until_on", certification_months(on, s->facts.suspension_months));
    } else if (s->step->from == CERTIFICATION_SUSPENDED) {
        certification_set_day(c, "suspended_on", 0);
        certification_set_day(c, "suspended_until_on", 0);
    }
    if (s->step->from == CERTIFICATION_SUSPENDED && s->step->to == CERTIFICATION_CERTIFIED) {
        certification_set_day(c, "reinstated_on", on);
        if (s->facts.surveillance)
            count_surveillance(s);
        set_due(s);
    }
    if (s->step->to == CERTIFICATION_EXPIRED)
        certification_set_day(c, "restore_until_on", certification_restore_until(s->facts.expiry));
    if (s->step->to == CERTIFICATION_EXPIRED || s->step->to == CERTIFICATION_WITHDRAWN ||
        s->step->to == CERTIFICATION_TRANSFERRED_OUT)
        certification_set_day(c, "ended_on", s->step->to == CERTIFICATION_EXPIRED ? s->facts.expiry : on);
    if (s->step->to == CERTIFICATION_CERTIFIED)
        set_number(s);
}

/* ---- hooks */

static const char *releasing(struct bl_request *r, enum bl_status *status)
{
    struct bl_rows *rows;
    *status = bl_sql(r, "SELECT nullif(current_setting('ballium.certification_decision', true), '') WHERE $1::uuid IS NOT NULL",
                     NULL, 0, 0, &rows);
    return *status == BL_OK && bl_count(r, rows) > 0 ? bl_cell(r, rows, 0, 0) : NULL;
}

static enum bl_status load(struct bl_request *r, struct step *s, const char *id, const char *decision)
{
    struct bl_rows *rows;
    const char *args[] = {id, decision};
    enum bl_status status = bl_sql(r, read_facts, args, 2, 0, &rows);
    if (status)
        return status;
    if (bl_count(r, rows) == 0)
        return bl_fail(r, BL_CONFLICT, "application_missing", NULL, "the application of this certification is not there");
    s->known = json_loads(bl_cell(r, rows, 0, 0), 0, NULL);
    bl_defer(r, certification_release, s->known);
    read_cycle(s);
    gather(r, s);
    return BL_OK;
}

static enum bl_status object(struct bl_request *r, const struct step *s)
{
    const char *code = certification_objection(s->step, &s->facts);
    if (!code && s->step->to == CERTIFICATION_CERTIFIED && !bl_text(s->record, "soa_version") &&
        !bl_text(s->known, "soa_version"))
        return bl_fail(r, BL_UNPROCESSABLE, "soa_version_missing", NULL,
                       "the certificate names the version of the statement of applicability: give it in the decision");
    return code ? bl_fail(r, BL_UNPROCESSABLE, code, NULL, "%s", certification_objection_text(code)) : BL_OK;
}

enum bl_status certification_step_rule(struct bl_request *r, const struct bl_change *change)
{
    enum bl_status status;
    struct step s = {.step = certification_step(change->verb), .record = change->after, .input = change->input};
    const char *decision = releasing(r, &status);
    if (status == BL_OK)
        status = load(r, &s, change->id, decision);
    if (status == BL_OK)
        status = object(r, &s);
    if (status == BL_OK && s.facts.on > certification_latest_today(r))
        status = bl_fail(r, BL_UNPROCESSABLE, "in_the_future", NULL, "the day of this step is still to come");
    if (status)
        return status;
    set_for(&s);
    if (decision)
        json_object_set_new(change->after, "decision_id", json_string(decision));
    return BL_OK;
}

/* The concluded audits that a step rests on. */
static const char *rests_on(const char *verb)
{
    static const struct {
        const char *verb, *kinds;
    } rows[] = {{"complete_stage1", "stage_1"},
                {"repeat_stage1", "stage_1"},
                {"complete_stage2", "stage_2"},
                {"repeat_stage2", "stage_2"},
                {"surveillance_1", "surveillance"},
                {"surveillance_2", "surveillance"},
                {"reinstate", "surveillance special"},
                {"reinstate_reduced", "surveillance special"},
                {"extend", "special"},
                {"recertify", "recertification"},
                {"restore_certification", "recertification"},
                {"transfer_in", "transfer"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].verb, verb) == 0)
            return rows[i].kinds;
    return "";
}

static const char take_over_paper[] =
    "UPDATE certification.certificate c SET scope = coalesce(d.new_scope, c.scope), soa_version = coalesce(d.soa_version, "
    "c.soa_version)"
    " FROM certification.decision d WHERE c.tenant_id = $1 AND c.id = $2 AND d.tenant_id = $1 AND d.id = c.decision_id"
    " AND d.id = nullif(current_setting('ballium.certification_decision', true), '')::uuid";

static const char to_use[] =
    "SELECT id, set_config('ballium.certification_step', $2, true) FROM certification.audit WHERE tenant_id = $1"
    " AND certificate_id = $3 AND status = 'concluded' AND archived_at IS NULL AND kind = ANY (string_to_array($4, ' '))";

enum bl_status certification_step_after(struct bl_request *r, const struct bl_change *change)
{
    struct bl_rows *rows;
    const char *args[] = {change->verb, change->id, rests_on(change->verb)};
    enum bl_status status = bl_sql(r, take_over_paper, &change->id, 1, 0, &rows);
    if (status == BL_OK)
        status = bl_sql(r, to_use, args, 3, 0, &rows);
    for (int i = 0; status == BL_OK && i < bl_count(r, rows); i++)
        status = bl_transit(r, "certification.certification_audits", bl_cell(r, rows, i, 0), "use", NULL, NULL);
    if (status == BL_OK)
        status =
            bl_sql(r, "SELECT set_config('ballium.certification_step', '', true) WHERE $1::uuid IS NOT NULL", NULL, 0, 0, &rows);
    if (status == BL_OK)
        status = certification_publish(r, change->id);
    return status == BL_OK ? certification_tell(r, CERTIFICATION_CERTIFICATE, change->id) : status;
}

/* ---- decisions */

static const char of_certificate[] = "SELECT to_jsonb(c)::text, c.status FROM certification.certificate c WHERE c.tenant_id = $1"
                                     " AND c.id = $2 FOR UPDATE";

/* Deciding is refused for what would refuse the release. */
enum bl_status certification_decide(struct bl_request *r, const struct bl_change *change)
{
    struct bl_rows *rows;
    const char *certificate = bl_text(change->after, "certificate_id");
    enum bl_status status = bl_sql(r, of_certificate, &certificate, 1, 0, &rows);
    if (status)
        return status;
    struct step s = {.record = json_loads(bl_cell(r, rows, 0, 0), 0, NULL)};
    bl_defer(r, certification_release, s.record);
    s.step = certification_step(
        certification_decision_verb(bl_text(change->after, "outcome"), certification_number(s.record, "surveillances")));
    const char *from = certification_state_names[s.step->from];
    if (strcmp(from, bl_cell(r, rows, 0, 1)) != 0)
        return bl_fail(r, BL_CONFLICT, "wrong_state", "/outcome", "%s decides about what is %s; this certification is %s",
                       bl_text(change->after, "outcome"), from, bl_cell(r, rows, 0, 1));
    status = load(r, &s, certificate, change->id);
    s.facts.decided = true; /* it is about to be */
    return status == BL_OK ? object(r, &s) : status;
}

static enum bl_status name_decision(struct bl_request *r, const char *id)
{
    struct bl_rows *rows;
    return bl_sql(r, "SELECT set_config('ballium.certification_decision', $2, true) WHERE $1::uuid IS NOT NULL", &id, 1, 0,
                  &rows);
}

enum bl_status certification_decision_release(struct bl_request *r, const struct bl_change *change)
{
    struct bl_rows *rows;
    const char *certificate = bl_text(change->after, "certificate_id");
    enum bl_status status = bl_sql(r, "SELECT surveillances FROM certification.certificate WHERE tenant_id = $1 AND id = $2",
                                   &certificate, 1, 0, &rows);
    if (status == BL_OK)
        status = name_decision(r, change->id);
    if (status == BL_OK)
        status = bl_transit(r, "certification.certificates", certificate,
                            certification_decision_verb(bl_text(change->after, "outcome"), (long)bl_integer(r, rows, 0, 0)), NULL,
                            NULL);
    return status == BL_OK ? name_decision(r, "") : status;
}
