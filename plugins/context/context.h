/* What the files of this plugin share. Tables are constant data; a rule and a handler live beside the table they guard. */
#ifndef CONTEXT_CONTEXT_H
#define CONTEXT_CONTEXT_H

#include <ballium/plugin.h>
#include <ballium/rules.h>

/* issues.c: clause 4.1 */
extern const struct bl_field context_issue_fields[], context_statement_fields[], context_climate_fields[];
extern const struct bl_relation context_issue_relations[];
extern const struct bl_state context_issue_states[];
extern const struct bl_transition context_issue_transitions[];
extern const struct bl_constraint context_issue_constraints[], context_statement_constraints[];
enum bl_status context_issue_before(struct bl_request *, const struct bl_change *);
enum bl_status context_climate_before(struct bl_request *, const struct bl_change *);

/* parties.c: clause 4.2 */
extern const struct bl_field context_party_fields[], context_requirement_fields[];
extern const struct bl_constraint context_party_constraints[], context_requirement_constraints[];
enum bl_status context_requirement_before(struct bl_request *, const struct bl_change *);

/* scope.c: clause 4.3 */
extern const struct bl_field context_site_fields[], context_scope_fields[];
extern const struct bl_relation context_scope_relations[];
extern const struct bl_state context_scope_states[];
extern const struct bl_transition context_scope_transitions[];
extern const struct bl_constraint context_site_constraints[], context_scope_constraints[];
enum bl_status context_site_before(struct bl_request *, const struct bl_change *);
enum bl_status context_scope_after(struct bl_request *, const struct bl_change *);
enum bl_status context_scope_revise(struct bl_request *);

/* processes.c: clause 4.4 */
extern const struct bl_field context_process_fields[], context_process_link_fields[];
extern const struct bl_constraint context_process_constraints[], context_process_link_constraints[];
enum bl_status context_process_before(struct bl_request *, const struct bl_change *);
enum bl_status context_process_link_before(struct bl_request *, const struct bl_change *);
bool context_verb_first(const char *name); /* a guess, in English: false only when the name looks like a noun */

/* catalogue.c: the processes that an ISMS usually has, from data/process_list.csv */
struct context_catalogue {
    char id[8], family[16], name[64], clauses[64]; /* clauses: separated by semicolons */
    bool mandatory;
};
enum { CONTEXT_CATALOGUE = 35 };
const struct context_catalogue *context_catalogue(struct bl_request *); /* CONTEXT_CATALOGUE rows in the request's memory */
const struct context_catalogue *context_catalogue_find(const struct context_catalogue *, const char *id); /* NULL: none */
enum bl_status context_process_catalogue(struct bl_request *);
enum bl_status context_process_adopt(struct bl_request *);

/* views.c, map.c, gaps.c */
enum bl_status context_swot(struct bl_request *);
enum bl_status context_pestel(struct bl_request *);
enum bl_status context_process_map(struct bl_request *);
enum bl_status context_gaps(struct bl_request *);

/* map_svg.c: a process and a link as the map's statement gives them. */
struct context_node {
    const char *id, *ref, *name, *family, *owner;
};
struct context_edge {
    size_t from, to; /* of the nodes */
    const char *flow;
};
struct context_map {
    const struct context_node *nodes;
    const struct context_edge *edges;
    size_t node_count, edge_count;
};
void context_map_svg(struct bl_request *, const struct context_map *);

/* rules.c */
enum bl_status context_reviewed(struct bl_request *, const struct bl_change *); /* .before of what has reviewed_on */
void context_year_after(const char date[11], char out[11]);

/* The two dates of everything that is looked at again. */
/* clang-format off */
#define CONTEXT_REVIEW_FIELDS                                                                                        \
    {.name = "review_on", .type = BL_DATE, .flags = BL_DUE | BL_FILTER, .label = "Next review",                      \
     .help = "The day on which somebody looks at this again. It is on the calendar until then.", .example = "2027-03-01"}, \
    {.name = "reviewed_on", .type = BL_DATE, .flags = BL_FILTER, .label = "Last review",                             \
     .help = "The day on which somebody last looked at this and found it right, or made it so.", .example = "2026-03-01"}
/* clang-format on */

/* Everything of this area that is reviewed, as (resource, clause, id, ref, name, review_on, reviewed_on); $1 tenant. What was
 * written down on a day was looked at on that day. */
#define CONTEXT_REVIEWS                                                                                                          \
    "SELECT 'statements' AS resource, '4.1' AS clause, id, ref, title AS name, review_on,"                                       \
    " coalesce(reviewed_on, created_at::date) AS reviewed_on"                                                                    \
    " FROM context.statement WHERE tenant_id = $1 AND archived_at IS NULL"                                                       \
    " UNION ALL SELECT 'issues', '4.1', id, ref, title, review_on, coalesce(reviewed_on, created_at::date)"                      \
    " FROM context.issue WHERE tenant_id = $1 AND archived_at IS NULL AND status <> 'closed'"                                    \
    " UNION ALL SELECT 'climate_determinations', '4.1', id, ref, conclusion, review_on, decided_on"                              \
    " FROM context.climate_determination WHERE tenant_id = $1 AND archived_at IS NULL"                                           \
    " UNION ALL SELECT 'interested_parties', '4.2', id, ref, name, review_on,"                                                   \
    " coalesce(reviewed_on, created_at::date)"                                                                                   \
    " FROM context.interested_party WHERE tenant_id = $1 AND archived_at IS NULL"                                                \
    " UNION ALL SELECT 'requirements', '4.2', id, ref, title, review_on, coalesce(reviewed_on, created_at::date)"                \
    " FROM context.requirement WHERE tenant_id = $1 AND archived_at IS NULL"                                                     \
    " UNION ALL SELECT 'processes', '4.4', id, ref, name, review_on, coalesce(reviewed_on, created_at::date)"                    \
    " FROM context.process WHERE tenant_id = $1 AND archived_at IS NULL"

#endif
