/* For whatever watches the service. */
#ifndef HTTP_HEALTH_H
#define HTTP_HEALTH_H

#include <ballium/core.h>

enum bl_status http_livez(struct bl_request *);  /* this process answers; asks no database */
enum bl_status http_readyz(struct bl_request *); /* the database answers and every migration is applied; else 503 */

#endif
