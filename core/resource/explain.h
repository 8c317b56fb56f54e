/* Where in the body the record stands that is being written: its JSON pointer goes before those of engine_explain. */
#ifndef RESOURCE_EXPLAIN_H
#define RESOURCE_EXPLAIN_H

#include <ballium/core.h>

void explain_at(const struct bl_request *, const char *prefix); /* "" for a body of its own; copied */

#endif
