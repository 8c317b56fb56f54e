/* Files over HTTP: the routes whose bodies and answers are bytes. What is said of a file (list, change, archive, history, links)
 * is the engine's, from plugin_core. */
#ifndef HTTP_FILES_H
#define HTTP_FILES_H

#include "resource/engine.h"

extern const struct engine_route http_file_routes[];
extern const size_t http_file_route_count;

enum bl_status http_upload(struct bl_request *); /* upload.c */

#endif
