/* What a list was asked for: conditions, order, page. From query parameters to SQL text (made from the descriptor) and arguments
 * (the values). Every objection is 400 and names the parameter and what it takes. */
#ifndef RESOURCE_FILTER_H
#define RESOURCE_FILTER_H

#include "resource/plan.h"

#define FILTER_WHY 256

/* "-due_on,title": at most three members; id follows as the last key in the direction of the one before. False: `why`. */
bool filter_sort(const struct plan *, const char *text, struct plan_sort *, char why[FILTER_WHY]);

struct filter {
    struct plan_sort sort;
    long limit;
    const char *cursor; /* as sent; NULL: the first page */
    uint64_t columns;   /* of `fields` */
    bool paged;         /* `limit` or `cursor` was sent */
    bool plain;         /* no condition and the default order: plan.sql_list will do, but for limit and cursor */
};

/* Reads the whole query. `where` becomes " WHERE t.tenant_id = $1" with " AND …" for each condition. */
BL_MUST_CHECK enum bl_status filter_read(struct bl_request *, const struct plan *, struct statement *where, struct filter *);

/* More values than a statement takes: always BL_BAD_REQUEST. */
enum bl_status filter_full(struct bl_request *);
/* Of a list that is read as a whole: BL_BAD_REQUEST when `limit` or `cursor` was sent. */
BL_MUST_CHECK enum bl_status filter_whole(struct bl_request *, const struct filter *);

/* cursor.c. The last row of a page as an opaque text bound to tenant, resource, conditions and order; and back: adds " AND (…)"
 * for the rows after it. A cursor of another list, or one that was changed, is 400. */
const char *filter_cursor(struct bl_request *, const struct plan *, const struct filter *, const struct bl_rows *, int row);
/* The same for values that are at hand, one per key as text. False: too many arguments. */
BL_MUST_CHECK bool filter_put_after(struct statement *, const struct plan *, const struct plan_sort *, const char *const *values);
BL_MUST_CHECK enum bl_status filter_after(struct bl_request *, const struct plan *, const struct filter *, struct statement *);

#endif
