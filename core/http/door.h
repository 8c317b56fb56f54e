/* Doors: how a stranger with a token of an organisation's comes in on a public route. See bl_enter_door in <ballium/core.h>. */
#ifndef HTTP_DOOR_H
#define HTTP_DOOR_H

#include "http/request.h"

BL_MUST_CHECK enum bl_status http_door_enter(struct bl_request *, const char *purpose, const char *token, const char *permission);
BL_MUST_CHECK enum bl_status http_door_open(struct bl_request *, const char *purpose, const char **token);
BL_MUST_CHECK enum bl_status http_door_shut(struct bl_request *, const char *purpose);

#endif
