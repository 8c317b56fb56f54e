/* Exports over the API: ordered here, written by `ballium work`, taken away by somebody whose name stays on the trail. */
#ifndef HTTP_EXPORTS_H
#define HTTP_EXPORTS_H

#include <ballium/plugin.h>

struct config;

extern const struct bl_route http_export_routes[]; /* ends with a zeroed element */

/* <data_dir>/exports/<tenant>/<id>.tar, or, without an id, the folder. */
void http_export_path(const struct config *, const char *tenant, const char *id, char *out, size_t room);

#endif
