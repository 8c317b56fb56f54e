/* Reading the search index (core.search_term; the writer's half is in sql.c). */
#ifndef RESOURCE_SEARCH_H
#define RESOURCE_SEARCH_H

#include "resource/plan.h"

#define SEARCH_WORDS 8 /* in one question at most */

/* The words of a question, as PostgreSQL's parser finds them in a text, each once. The last is taken for the beginning of a word.
 */
struct search_words {
    const char *word[SEARCH_WORDS];
    size_t count;
    size_t rarest; /* where to begin */
};

/* Costs one flush: the words of a text are the database's to say. BL_BAD_REQUEST: no word in it, or too many. */
BL_MUST_CHECK enum bl_status search_words(struct bl_request *, const char *q, struct search_words *);

/* Adds a SELECT of (resource, record_id, rank): the records of `resources` (a text[] literal) that have every word. False: too
 * many arguments. */
bool search_select(struct statement *, const struct search_words *, const char *resources);

#endif
