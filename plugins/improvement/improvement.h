/* What the files of this plugin share. Tables are constant data; a rule and a handler live beside the table they guard. */
#ifndef IMPROVEMENT_IMPROVEMENT_H
#define IMPROVEMENT_IMPROVEMENT_H

#include <ballium/plugin.h>
#include <ballium/rules.h>

/* nonconformities.c: what is written down; lifecycle.c: how it comes to an end */
extern const struct bl_field improvement_nonconformity_fields[];
extern const struct bl_constraint improvement_nonconformity_constraints[];
enum bl_status improvement_nonconformity_before(struct bl_request *, const struct bl_change *);
enum bl_status improvement_nonconformity_retire(struct bl_request *, const struct bl_change *);
extern const struct bl_state improvement_nonconformity_states[];
extern const struct bl_transition improvement_nonconformity_transitions[];

/* clocks.c: how many days each step may take */
extern const struct bl_field improvement_clock_fields[];
enum bl_status improvement_clock_before(struct bl_request *, const struct bl_change *);
/* Sets the days in `record` by which its steps are due, counted from `from` (2026-01-31). `again`: the correction is done. */
enum bl_status improvement_wind(struct bl_request *, json_t *record, const char *from, bool again);

/* actions.c */
extern const struct bl_field improvement_action_fields[];
extern const struct bl_state improvement_action_states[];
extern const struct bl_transition improvement_action_transitions[];
enum bl_status improvement_action_before(struct bl_request *, const struct bl_change *);
enum bl_status improvement_action_retire(struct bl_request *, const struct bl_change *);

/* improvements.c */
extern const struct bl_field improvement_improvement_fields[];
extern const struct bl_state improvement_improvement_states[];
extern const struct bl_transition improvement_improvement_transitions[];
enum bl_status improvement_improvement_before(struct bl_request *, const struct bl_change *);

/* views.c */
enum bl_status improvement_causes(struct bl_request *);
enum bl_status improvement_trends(struct bl_request *);

/* rules.c */
/* The record that this one came from: both members or none, it must exist; origin_ref is filled in. On create. */
enum bl_status improvement_origin(struct bl_request *, const struct bl_change *);

#define IMPROVEMENT_SOURCES "internal_audit certification_body incident metric complaint own_finding"
#define IMPROVEMENT_CAUSES "people process technology supplier environment management measurement"

/* The record that gave rise to this one; any resource of any area. */
/* clang-format off */
#define IMPROVEMENT_ORIGIN                                                                                           \
    {.name = "origin_resource", .type = BL_TEXT, .flags = BL_FIXED | BL_FILTER, .label = "Came from",                \
     .help = "The register of the record that gave rise to this, as area.resource.", .max = 80},                     \
    {.name = "origin_id", .type = BL_TEXT, .flags = BL_FIXED | BL_FILTER, .label = "Record it came from",            \
     .help = "The id of that record.", .max = 36},                                                                   \
    {.name = "origin_ref", .type = BL_TEXT, .flags = BL_SERVER | BL_FILTER, .label = "Reference it came from",       \
     .help = "Filled in from that record.", .max = 40}
/* clang-format on */

#endif
