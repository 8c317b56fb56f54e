/* The life of a certification: thirty steps and what stands in the way of each. */
#include "rules.h"
#include <string.h>

typedef const struct certification_facts facts;

const char *const certification_state_names[CERTIFICATION_STATES] = {
    "none",      "applied",   "refused",   "contracted", "stage1_done",     "stage2_done", "stage2_repeat", "decision_pending",
    "certified", "suspended", "withdrawn", "expired",    "transferred_out",
};

static const char *current(facts *f) /* what a certificate needs to be, or become, active on that day */
{
    if (f->expiry && f->on > f->expiry)
        return "expired";
    if (f->edition_2013 && f->on > CERTIFICATION_END_OF_2013)
        return "edition_ended";
    return NULL;
}

static const char *sound(facts *f)
{
    return f->majors ? "major_not_verified" : current(f);
}

static const char *apply(facts *f)
{
    return f->stated ? NULL : "application_incomplete";
}

static const char *refuse(facts *f)
{
    return f->reviewed ? "review_positive" : NULL;
}

static const char *contract(facts *f)
{
    if (!f->reviewed)
        return "review_missing";
    if (!f->agreed)
        return "agreement_missing";
    if (!f->timed)
        return "audit_time_missing";
    return f->conflict ? "conflict_of_interest" : NULL;
}

static const char *stage1(facts *f)
{
    if (!f->documented)
        return "isms_not_documented";
    return f->stage1 ? NULL : "stage1_missing";
}

static const char *stage2(facts *f)
{
    if (!f->stage2)
        return "stage2_missing";
    if (f->concerns)
        return "concerns_open";
    if (!f->internal_audit)
        return "internal_audit_missing";
    if (!f->management_review)
        return "management_review_missing";
    if (f->stage1 && f->stage2 < f->stage1)
        return "stage2_before_stage1";
    if (f->stage1 && f->stage2 > certification_months(f->stage1, f->stage2_months))
        return "stage1_too_old";
    return NULL;
}

static const char *overdue_major(facts *f)
{
    bool passed = f->stage2 && f->on > certification_months(f->stage2, 6);
    return f->majors_late || (passed && f->majors) ? NULL : "major_in_time";
}

static const char *stage2_again(facts *f)
{
    return f->stage2 ? NULL : "stage2_missing";
}

static const char *recommend(facts *f)
{
    if (f->majors)
        return "major_not_verified";
    if (f->majors_late)
        return "major_verified_late";
    return f->minors ? "minor_plan_not_accepted" : NULL;
}

static const char *grant(facts *f)
{
    if (f->majors_late)
        return "major_verified_late";
    if (f->minors)
        return "minor_plan_not_accepted";
    if (f->stage2 && f->on < f->stage2)
        return "before_audit";
    return sound(f);
}

static const char *deny(facts *f)
{
    (void)f;
    return NULL;
}

static const char *surveillance(facts *f)
{
    if (!f->surveillance)
        return "surveillance_missing";
    if (f->audited < f->decision)
        return "audit_before_cycle";
    if (f->surveillance_due && f->audited > f->surveillance_due)
        return "surveillance_late";
    if (f->minors)
        return "minor_plan_not_accepted";
    return sound(f);
}

static const char *surveillance_1(facts *f)
{
    return f->surveillances ? "not_the_first" : surveillance(f);
}

static const char *surveillance_2(facts *f)
{
    return f->surveillances ? surveillance(f) : "the_first_comes_first";
}

static const char *extend(facts *f)
{
    if (!f->scope_changed)
        return "scope_missing";
    return f->special || f->surveillance ? sound(f) : "audit_missing";
}

static const char *reduce(facts *f)
{
    return f->scope_changed ? current(f) : "scope_missing";
}

static const char *recertify(facts *f)
{
    if (!f->recertification)
        return "recertification_missing";
    if (f->minors)
        return "minor_plan_not_accepted";
    return sound(f);
}

static const char *missed(facts *f)
{
    if (!f->surveillance_due || f->on <= f->surveillance_due)
        return "surveillance_in_time";
    return f->expiry && f->on > f->expiry ? "expired" : NULL;
}

static const char *suspend(facts *f)
{
    return f->expiry && f->on > f->expiry ? "expired" : NULL;
}

static const char *on_request(facts *f)
{
    return f->requested ? suspend(f) : "request_missing";
}

static bool too_long(facts *f)
{
    return f->suspended && f->on > certification_months(f->suspended, f->suspension_months);
}

static const char *reinstate(facts *f)
{
    if (!f->resolved)
        return "not_resolved";
    if (too_long(f))
        return "suspension_too_long";
    return sound(f);
}

static const char *reinstate_reduced(facts *f)
{
    if (!f->scope_changed)
        return "scope_missing";
    return too_long(f) ? "suspension_too_long" : current(f);
}

static const char *unresolved(facts *f)
{
    return too_long(f) ? NULL : "suspension_in_time";
}

static const char *expire(facts *f)
{
    return f->expiry && f->on > f->expiry ? NULL : "not_expired";
}

static const char *restore(facts *f)
{
    if (!f->expiry || f->on <= f->expiry)
        return "not_expired";
    if (f->on > certification_restore_until(f->expiry))
        return "restoration_over";
    if (!f->recertification)
        return "recertification_missing";
    if (f->majors)
        return "major_not_verified";
    if (f->minors)
        return "minor_plan_not_accepted";
    return f->edition_2013 && f->on > CERTIFICATION_END_OF_2013 ? "edition_ended" : NULL;
}

static const char *start_again(facts *f)
{
    return f->expiry && f->on > certification_restore_until(f->expiry) ? NULL : "restoration_open";
}

static const char *transfer_out(facts *f)
{
    if (!f->accepted_elsewhere)
        return "not_accepted_elsewhere";
    return sound(f);
}

static const char *transfer_in(facts *f)
{
    if (!f->other_accredited)
        return "not_accredited";
    if (f->other_suspended)
        return "transfer_suspended";
    if (!f->other_valid || !f->expiry)
        return "transfer_not_valid";
    if (f->other_ceased && f->on > certification_months(f->other_ceased, 6))
        return "transfer_too_late";
    return f->scope_larger ? "transfer_scope_larger" : sound(f);
}

static const char *edition(facts *f)
{
    return f->edition_2013 && f->on > CERTIFICATION_END_OF_2013 ? NULL : "edition_current";
}

/* In the order of data/certification_states.csv. */
#define S(name) CERTIFICATION_##name
const struct certification_step certification_steps[CERTIFICATION_STEPS] = {
    {"CS-01", "apply", S(NONE), S(APPLIED), false, apply},
    {"CS-02", "refuse", S(APPLIED), S(REFUSED), false, refuse},
    {"CS-03", "contract", S(APPLIED), S(CONTRACTED), false, contract},
    {"CS-04", "complete_stage1", S(CONTRACTED), S(STAGE1_DONE), false, stage1},
    {"CS-05", "repeat_stage1", S(STAGE1_DONE), S(STAGE1_DONE), false, stage1},
    {"CS-06", "complete_stage2", S(STAGE1_DONE), S(STAGE2_DONE), false, stage2},
    {"CS-07", "demand_stage2", S(STAGE2_DONE), S(STAGE2_REPEAT), false, overdue_major},
    {"CS-08", "repeat_stage2", S(STAGE2_REPEAT), S(STAGE2_DONE), false, stage2_again},
    {"CS-09", "recommend", S(STAGE2_DONE), S(DECISION_PENDING), false, recommend},
    {"CS-10", "grant", S(DECISION_PENDING), S(CERTIFIED), true, grant},
    {"CS-11", "deny", S(DECISION_PENDING), S(REFUSED), true, deny},
    {"CS-12", "surveillance_1", S(CERTIFIED), S(CERTIFIED), true, surveillance_1},
    {"CS-13", "surveillance_2", S(CERTIFIED), S(CERTIFIED), true, surveillance_2},
    {"CS-14", "extend", S(CERTIFIED), S(CERTIFIED), true, extend},
    {"CS-15", "reduce", S(CERTIFIED), S(CERTIFIED), true, reduce},
    {"CS-16", "recertify", S(CERTIFIED), S(CERTIFIED), true, recertify},
    {"CS-17", "suspend", S(CERTIFIED), S(SUSPENDED), true, suspend},
    {"CS-18", "suspend_missed", S(CERTIFIED), S(SUSPENDED), false, missed},
    {"CS-19", "suspend_requested", S(CERTIFIED), S(SUSPENDED), false, on_request},
    {"CS-20", "reinstate", S(SUSPENDED), S(CERTIFIED), true, reinstate},
    {"CS-21", "reinstate_reduced", S(SUSPENDED), S(CERTIFIED), true, reinstate_reduced},
    {"CS-22", "withdraw_unresolved", S(SUSPENDED), S(WITHDRAWN), false, unresolved},
    {"CS-23", "expire_suspended", S(SUSPENDED), S(EXPIRED), false, expire},
    {"CS-24", "withdraw", S(CERTIFIED), S(WITHDRAWN), true, deny},
    {"CS-25", "expire", S(CERTIFIED), S(EXPIRED), false, expire},
    {"CS-26", "restore_certification", S(EXPIRED), S(CERTIFIED), true, restore},
    {"CS-27", "start_again", S(EXPIRED), S(STAGE1_DONE), false, start_again},
    {"CS-28", "transfer_out", S(CERTIFIED), S(TRANSFERRED_OUT), false, transfer_out},
    {"CS-29", "transfer_in", S(NONE), S(CERTIFIED), true, transfer_in},
    {"CS-30", "withdraw_edition", S(CERTIFIED), S(WITHDRAWN), false, edition},
};

const struct certification_step *certification_step(const char *verb)
{
    for (size_t i = 0; i < CERTIFICATION_STEPS; i++)
        if (strcmp(certification_steps[i].verb, verb) == 0)
            return &certification_steps[i];
    return NULL;
}

const char *certification_objection(const struct certification_step *step, const struct certification_facts *f)
{
    if (step->decision && !f->decided)
        return "decision_missing";
    if (step->decision && f->decider_in_team)
        return "decider_in_team";
    return step->guard(f);
}

static const struct {
    const char *code, *text;
} texts[] = {
    {"application_incomplete", "state scope, sites, persons and what is done by others first"},
    {"audit_before_cycle", "that audit was held before this cycle began: hold one in this cycle"},
    {"audit_missing", "conclude the audit that looked at the new part of the scope first"},
    {"agreement_missing", "give the day on which the certification agreement was signed"},
    {"audit_time_missing", "calculate and approve the audit time first"},
    {"before_audit", "the decision cannot be older than the last day of stage 2"},
    {"concerns_open", "concerns of stage 1 are open: settle them first"},
    {"conflict_of_interest", "an open conflict of interest stands against this client: settle it or refuse the application"},
    {"decider_in_team", "who decides took part in the audit: somebody outside the team has to decide"},
    {"decision_missing", "this happens when a decision for it is released: make and release the decision"},
    {"edition_current", "the edition on the certificate is still valid"},
    {"edition_ended", "certificates to the 2013 edition ended on 2025-10-31: it cannot be active after that day"},
    {"expired", "the certificate has expired: it cannot be extended, only restored within six months"},
    {"internal_audit_missing", "the client has held no internal audit over the scope yet"},
    {"isms_not_documented", "the management system is not written down yet"},
    {"major_in_time", "no major nonconformity is past its six months"},
    {"major_not_verified", "a major nonconformity is not verified yet"},
    {"major_verified_late", "a major nonconformity was verified more than six months after stage 2: hold another stage 2"},
    {"management_review_missing", "the client has held no management review yet"},
    {"minor_plan_not_accepted", "the plan for a minor nonconformity is not accepted yet"},
    {"not_accepted_elsewhere", "give the day on which the other body accepted the transfer"},
    {"not_accredited", "only an accredited certification can be taken over"},
    {"not_expired", "the certificate has not expired"},
    {"not_resolved", "say that the cause of the suspension is settled and verified"},
    {"not_the_first", "the first surveillance of this cycle was held: this is a later one"},
    {"recertification_missing", "conclude the recertification audit first"},
    {"request_missing", "name the client's written request"},
    {"restoration_open", "the certificate can still be restored: six months after expiry have not passed"},
    {"restoration_over", "six months after expiry have passed: at least a new stage 2 is needed"},
    {"review_missing", "review the application first"},
    {"review_positive", "the review of the application was positive: take it back before refusing"},
    {"scope_missing", "give the new text of the scope"},
    {"stage1_missing", "conclude the stage 1 audit first"},
    {"stage1_too_old", "stage 1 lies too far back by this body's setting: repeat it first"},
    {"stage2_before_stage1", "stage 2 cannot lie before stage 1"},
    {"stage2_missing", "conclude the stage 2 audit first"},
    {"surveillance_in_time", "no surveillance is overdue"},
    {"surveillance_late", "the surveillance was held after its last day: suspend, then reinstate"},
    {"surveillance_missing", "conclude the surveillance audit first"},
    {"suspension_in_time", "the time for resolving the suspension has not passed"},
    {"suspension_too_long", "the suspension has lasted longer than this body's limit: withdraw or reduce the scope"},
    {"the_first_comes_first", "the first surveillance of this cycle was not concluded yet"},
    {"transfer_not_valid", "the certificate to be taken over is not valid"},
    {"transfer_scope_larger", "a transfer carries the same scope or a smaller one"},
    {"transfer_too_late", "the other body ceased more than six months ago: a new certification begins with stage 1"},
    {"transfer_suspended", "a suspended certification cannot be taken over"},
};

const char *certification_objection_text(const char *code)
{
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(texts[i].code, code) == 0)
            return texts[i].text;
    return "not possible now";
}
