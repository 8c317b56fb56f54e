/* What the files of this plugin share: Annex A of both editions, a tenant's controls, and the credit that a control has. */
#ifndef ANNEX_A_ANNEX_A_H
#define ANNEX_A_ANNEX_A_H

#include <ballium/plugin.h>
#include <ballium/rules.h>

/* controls.c */
extern const struct bl_field annex_a_control_fields[];
extern const struct bl_relation annex_a_control_relations[];
extern const struct bl_state annex_a_control_states[];
extern const struct bl_transition annex_a_control_transitions[];
extern const struct bl_constraint annex_a_control_constraints[];
enum bl_status annex_a_control_before(struct bl_request *, const struct bl_change *);

/* credit.c: what proves that a control works */
extern const struct bl_field annex_a_test_fields[], annex_a_evidence_fields[];
enum bl_status annex_a_test_before(struct bl_request *, const struct bl_change *);
enum bl_status annex_a_evidence_before(struct bl_request *, const struct bl_change *);
enum bl_status annex_a_proof_after(struct bl_request *, const struct bl_change *); /* of tests and of evidence */

/* catalogue.c, views.c: routes */
enum bl_status annex_a_catalogue(struct bl_request *);
enum bl_status annex_a_mapping(struct bl_request *);
enum bl_status annex_a_overlaps(struct bl_request *);
enum bl_status annex_a_adopt(struct bl_request *);
enum bl_status annex_a_summary(struct bl_request *);
enum bl_status annex_a_credits(struct bl_request *);

/* The query parameter: NULL when it is absent; 400 unless it is one of the words (NULL: any text). Borrowed. */
enum bl_status annex_a_filter(struct bl_request *, const char *name, const char *words, const char **value);
#define ANNEX_A_EDITIONS "2013 2022"
/* Answers {"items": [each row's first cell, which is JSON]}. */

#endif
