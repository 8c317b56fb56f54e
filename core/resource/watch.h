/* Rules of areas that listen to another one's records and links: bl_plugin.watches. */
#ifndef RESOURCE_WATCH_H
#define RESOURCE_WATCH_H

#include <ballium/resource.h>

/* Calls each of `rules` (ends with NULL; NULL: none) with the change, as BL_SERVICE, which may do everything. The first that
 * refuses ends it. What a rule objects has no pointer: its members are not those of the caller's body. */
enum bl_status watch_tell(struct bl_request *, const bl_rule *rules, const struct bl_change *);

#endif
