/* What the files of this plugin share. Tables are constant data; a rule and a handler live beside the table they guard. */
#ifndef PLANNING_PLANNING_H
#define PLANNING_PLANNING_H

#include <ballium/plugin.h>
#include <ballium/rules.h>

/* ---- grid.c: levels by likelihood and impact ---- */
enum { PLANNING_SCALE = 6, PLANNING_LEVELS = 8, PLANNING_PARTS = 8, PLANNING_ASSET_VALUES = 5 };

struct planning_grid {
    int rows, columns; /* likelihood, impact */
    int level[PLANNING_SCALE][PLANNING_SCALE];
};
struct planning_known_grid {
    const char *name;
    int size, levels;
    const char *cells; /* a digit each, row by row */
};
extern const struct planning_known_grid planning_grids[]; /* ends with a zeroed element */
bool planning_grid_known(const char *name, struct planning_grid *);
/* What is wrong with it, as words; NULL: it is rectangular, within the levels, and never falls. */
const char *planning_grid_fault(const struct planning_grid *, int levels);
enum bl_status planning_grid_list(struct bl_request *);

/* ---- levels.c: from a rating to a level, under one version of a method ---- */
enum planning_function { PLANNING_GRID, PLANNING_PRODUCT, PLANNING_SUM, PLANNING_THREATS, PLANNING_LOSS };
enum planning_basis { PLANNING_OVERALL, PLANNING_PROPERTIES, PLANNING_DIMENSIONS };
enum planning_aggregation { PLANNING_MAX, PLANNING_TOTAL, PLANNING_WEIGHTED };
enum planning_rank { PLANNING_RISK_OWNER, PLANNING_TOP_MANAGEMENT, PLANNING_ORGANISATION_OWNER };
extern const char *const planning_parts[PLANNING_PARTS]; /* c i a money law reputation people operation */

struct planning_method {
    int likelihoods, impacts, levels; /* of each scale; 0: not said yet */
    enum planning_function function;
    enum planning_basis basis;
    enum planning_aggregation aggregation;
    struct planning_grid grid;
    int percent[PLANNING_PARTS];
    int64_t from[PLANNING_LEVELS]; /* lowest score of each level */
    enum planning_rank rank[PLANNING_LEVELS];
    int max_days[PLANNING_LEVELS]; /* of an acceptance; 0: no limit */
    int accept_up_to;
};
struct planning_fault {
    char pointer[64], code[40], detail[240];
};
/* From the record of a method. False: see the fault. `whole`: what a draft may leave out must be there. */
bool planning_method_read(const json_t *record, bool whole, struct planning_method *, struct planning_fault *);

struct planning_level {
    int likelihood, impact; /* counted from 0; -1: not said (loss) */
    int64_t score;
    int level; /* counted from 0; -1: not rated */
};
/* From one element of `ratings`. `asset_value`: of 1 to 5, of the assets that are hit; it takes the place of the impact under
 * PLANNING_THREATS (0: nothing is known of assets). The fault's pointer is that of the member, without the array. */
bool planning_level_of(const struct planning_method *, const json_t *rating, int asset_value, struct planning_level *,
                       struct planning_fault *);

/* ---- methods.c, rounds.c: clause 6.1.2 ---- */
extern const struct bl_field planning_method_fields[], planning_round_fields[];
extern const struct bl_state planning_method_states[], planning_round_states[];
extern const struct bl_transition planning_method_transitions[], planning_round_transitions[];
extern const struct bl_constraint planning_method_constraints[];
enum bl_status planning_method_before(struct bl_request *, const struct bl_change *);
enum bl_status planning_round_compare(struct bl_request *);

/* ---- risks.c, ratings.c, sweep.c ---- */
extern const struct bl_field planning_risk_fields[];
extern const struct bl_relation planning_risk_relations[];
extern const struct bl_state planning_risk_states[];
extern const struct bl_transition planning_risk_transitions[];
enum bl_status planning_risk_before(struct bl_request *, const struct bl_change *);
/* Fills the computed members of a risk that is about to be written. */
enum bl_status planning_rate(struct bl_request *, const struct bl_change *);
/* The method of a risk's round, and the round's state. */
enum bl_status planning_method_of(struct bl_request *, const char *round_id, struct planning_method *, const char **round_status);
enum bl_status planning_recompute(struct bl_request *, const char *risk_id); /* an empty change */
/* Opens a settled risk again; does nothing to one that is not settled. Cause: one of the words of risk.reopen_cause. */
enum bl_status planning_reopen(struct bl_request *, const char *risk_id, const char *cause, const char *note);
enum bl_status planning_sweep(struct bl_request *); /* what the clock has changed; a duty and a route */
enum bl_status planning_sweep_now(struct bl_request *);

/* ---- news.c: what happens to the neighbours of risks ---- */
extern const struct bl_watch planning_watches[];
enum bl_status planning_asset_linked(struct bl_request *, const struct bl_change *);
enum bl_status planning_finding_linked(struct bl_request *, const struct bl_change *);

/* ---- acceptance.c: 6.1.3 f ---- */
extern const struct bl_field planning_acceptance_fields[];
extern const struct bl_state planning_acceptance_states[];
extern const struct bl_transition planning_acceptance_transitions[];
enum bl_status planning_acceptance_before(struct bl_request *, const struct bl_change *);

/* ---- treatment.c, actions.c: 6.1.3, 8.3 ---- */
extern const struct bl_field planning_plan_fields[], planning_action_fields[];
extern const struct bl_state planning_plan_states[], planning_action_states[];
extern const struct bl_transition planning_plan_transitions[], planning_action_transitions[];
enum bl_status planning_plan_before(struct bl_request *, const struct bl_change *);
enum bl_status planning_plan_versions(struct bl_request *);
enum bl_status planning_action_before(struct bl_request *, const struct bl_change *);
enum bl_status planning_action_after(struct bl_request *, const struct bl_change *);

/* ---- soa*.c: the Statement of Applicability, 6.1.3 d ---- */
extern const struct bl_field planning_soa_fields[], planning_row_fields[];
extern const struct bl_relation planning_row_relations[];
extern const struct bl_state planning_soa_states[], planning_row_states[];
extern const struct bl_transition planning_soa_transitions[], planning_row_transitions[];
extern const struct bl_constraint planning_soa_constraints[], planning_row_constraints[];
enum bl_status planning_row_before(struct bl_request *, const struct bl_change *);
enum bl_status planning_row_retire(struct bl_request *, const struct bl_change *);
enum bl_status planning_row_linked(struct bl_request *, const struct bl_change *);
enum bl_status planning_row_pointed(struct bl_request *, const json_t *row); /* objects when something needs its control */
enum bl_status planning_soa_fill(struct bl_request *, const struct bl_change *);
enum bl_status planning_soa_retire(struct bl_request *, const struct bl_change *);
enum bl_status planning_soa_passes(struct bl_request *, const char *id); /* objects with what the checks find */
enum bl_status planning_soa_check(struct bl_request *);
enum bl_status planning_soa_difference(struct bl_request *);

/* ---- objectives.c: 6.2; changes.c: 6.1.1, 6.3, losses ---- */
extern const struct bl_field planning_objective_fields[], planning_indicator_fields[], planning_measurement_fields[];
extern const struct bl_field planning_opportunity_fields[], planning_change_fields[], planning_loss_fields[];
extern const struct bl_relation planning_objective_relations[], planning_opportunity_relations[];
extern const struct bl_state planning_objective_states[], planning_opportunity_states[], planning_change_states[];
extern const struct bl_transition planning_objective_transitions[], planning_opportunity_transitions[];
extern const struct bl_transition planning_change_transitions[];
enum bl_status planning_objectives_over(struct bl_request *);
enum bl_status planning_objective_before(struct bl_request *, const struct bl_change *);
enum bl_status planning_indicator_before(struct bl_request *, const struct bl_change *);
enum bl_status planning_indicator_after(struct bl_request *, const struct bl_change *);
enum bl_status planning_measurement_before(struct bl_request *, const struct bl_change *);
enum bl_status planning_measurement_after(struct bl_request *, const struct bl_change *);

/* ---- views.c ---- */
enum bl_status planning_heat_map(struct bl_request *);
enum bl_status planning_top_risks(struct bl_request *);
enum bl_status planning_owners(struct bl_request *);
enum bl_status planning_progress(struct bl_request *);
enum bl_status planning_figures(struct bl_request *);

/* ---- reports.c ---- */
extern const struct bl_report planning_reports[];

/* ---- rules.c ---- */
int planning_int(const json_t *record, const char *name);      /* -1: absent or null */
json_t *planning_parse(struct bl_request *, const char *text); /* lives as long as the request */
json_t *planning_object(struct bl_request *);                  /* empty; lives as long as the request */
char *planning_print(struct bl_request *, const char *format, ...) BL_PRINTF(2, 3);
bool planning_is(const char *word, const char *list); /* one of the words of a list? */
enum bl_status planning_refuse(struct bl_request *, const struct planning_fault *);
/* Answers {"items": [each row's first cell, which is JSON], "count"}. */
/* The two ids of GET {id}/…?with=: two different records of that resource, both here. */
enum bl_status planning_pair(struct bl_request *, const char *resource, const char *const ids[2]);

/* May the rated current level count? Only while the risk has implemented controls and all of them have credit. An aggregate over
 * rows (control c) of one risk. */
#define PLANNING_CREDITED                                                                                                        \
    "coalesce(bool_and(annex_a.has_credit(c.status, c.evidence_until, c.last_result, c.next_test_on))"                           \
    " FILTER (WHERE c.status = 'implemented'), false)"
/* (risk_id, credited, controls, implemented) of every risk that is linked to controls; $1 tenant. OFFSET 0: credit is asked once
 * per control, not once per link. */
#define PLANNING_CREDITS                                                                                                         \
    "SELECT l.from_id AS risk_id, coalesce(bool_and(c.good) FILTER (WHERE c.done), false) AS credited, count(*) AS controls,"    \
    " count(*) FILTER (WHERE c.done) AS implemented FROM core.link l JOIN (SELECT id, status = 'implemented' AS done,"           \
    " annex_a.has_credit(status, evidence_until, last_result, next_test_on) AS good FROM annex_a.control"                        \
    " WHERE tenant_id = $1 AND archived_at IS NULL OFFSET 0) c ON c.id = l.to_id"                                                \
    " WHERE l.tenant_id = $1 AND l.relation = 'planning.risks.controls' GROUP BY l.from_id"

#endif
