/* Files over HTTP: the routes whose bodies and answers are bytes. What is said of a file (list, change, archive, history, links)
 * is the engine's, from plugin_core. */
#ifndef HTTP_FILES_H
#define HTTP_FILES_H

#include "resource/engine.h"

extern const struct engine_route http_file_routes[];
extern const size_t http_file_route_count;

/* upload.c */
enum bl_status http_upload(struct bl_request *);

/* What files_begin and files_add have taken in becomes a file of the organisation: counted, written, kept, in this request's
 * transaction. `body` as the query would say it; `origin` (may be NULL) more BL_SERVER fields. `out` takes the record; NULL: it
 * is the answer (201). */
struct files_upload;
struct http_request;
enum bl_status http_keep_file(struct http_request *, struct files_upload *, const json_t *body, const json_t *origin,
                              json_t **out);

#endif
