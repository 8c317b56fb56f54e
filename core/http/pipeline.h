/* The stages of a request, in order. */
#ifndef HTTP_PIPELINE_H
#define HTTP_PIPELINE_H

#include "http/request.h"

struct http_stage {
    const char *name;
    enum bl_status (*run)(struct http_request *);
    bool always; /* runs whatever happened before; the others only while all is well and nobody has answered */
};
extern const struct http_stage http_stages[]; /* ends with a zeroed element */

void http_pipeline(struct http_request *);
void http_log(struct http_request *); /* the last stage: one line and the counters */

#endif
