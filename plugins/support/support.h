/* What the files of this plugin share. Tables are constant data; a rule and a handler live beside the table they guard. */
#ifndef SUPPORT_SUPPORT_H
#define SUPPORT_SUPPORT_H

#include <ballium/plugin.h>

/* documents.c: clause 7.5, the register */
extern const struct bl_field support_document_fields[];
extern const struct bl_state support_document_states[];
extern const struct bl_transition support_document_transitions[];
extern const struct bl_constraint support_document_constraints[];
enum bl_status support_document_before(struct bl_request *, const struct bl_change *);
enum bl_status support_document_retire(struct bl_request *, const struct bl_change *);

/* versions.c: what a document says, and its life */
extern const struct bl_field support_version_fields[];
extern const struct bl_state support_version_states[];
extern const struct bl_transition support_version_transitions[];
extern const struct bl_constraint support_version_constraints[];
enum bl_status support_version_before(struct bl_request *, const struct bl_change *);
enum bl_status support_version_retire(struct bl_request *, const struct bl_change *);
enum bl_status support_version_revise(struct bl_request *);

/* reviews.c: who looks at a version, and who has read it */
extern const struct bl_field support_review_fields[], support_acknowledgement_fields[];
extern const struct bl_state support_review_states[];
extern const struct bl_transition support_review_transitions[];
extern const struct bl_constraint support_review_constraints[], support_acknowledgement_constraints[];
enum bl_status support_review_before(struct bl_request *, const struct bl_change *);
enum bl_status support_review_retire(struct bl_request *, const struct bl_change *);
enum bl_status support_acknowledgement_before(struct bl_request *, const struct bl_change *);

/* acknowledge.c, diff.c, mandatory.c: routes */
enum bl_status support_readers(struct bl_request *);
enum bl_status support_to_read(struct bl_request *);
enum bl_status support_difference(struct bl_request *);
enum bl_status support_mandatory(struct bl_request *);

/* lines.c: the lines of two texts, and what turns one into the other (Myers, "An O(ND) difference algorithm", 1986) */
struct support_line {
    const char *at; /* borrowed, not terminated; without its newline */
    size_t length;
};
struct support_edit {
    char kind;         /* '=' both, '-' only in the first, '+' only in the second */
    size_t old, fresh; /* index of the line in its text; of '-' and '+' only one means something */
};
struct support_edits {
    struct support_edit *list; /* in the order of reading; in the request's memory */
    size_t count;
    bool minimal; /* false: too different to look for the fewest, what is between the equal ends stands as replaced */
};
size_t support_lines(struct bl_request *, const char *text, struct support_line **out);
struct support_edits support_compare(struct bl_request *, const struct support_line *a, size_t a_count,
                                     const struct support_line *b, size_t b_count);

/* rules.c */
const char *support_text(const json_t *record, const char *name); /* the text member; NULL when it is absent, null or blank */
void support_set(const struct bl_change *, const char *field, const char *value); /* a BL_SERVER field; NULL: null */
/* The row of one record as the statement gives it ($2 the id); BL_NOT_FOUND with words when there is none. */
enum bl_status support_row(struct bl_request *, const char *sql, const char *id, const char *pointer, struct bl_rows **rows);
enum bl_status support_not_future(struct bl_request *, const struct bl_change *, const char *field);
/* The second day must not lie before the first, when both are given. */
enum bl_status support_ordered(struct bl_request *, const struct bl_change *, const char *first, const char *then);
/* Moves every record whose id the statement gives (first cell). */
enum bl_status support_transit_each(struct bl_request *, const char *sql, const char *arg, const char *resource,
                                    const char *transition, const char *reason);
/* 201 with the record and its Location. */
enum bl_status support_created(struct bl_request *, const char *path, const json_t *record);

#define SUPPORT_TODAY "(now() AT TIME ZONE 'UTC')::date"

#endif
