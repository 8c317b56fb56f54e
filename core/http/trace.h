/* Ids that tie a request to what others logged of it. */
#ifndef HTTP_TRACE_H
#define HTTP_TRACE_H

#include <stdbool.h>

enum { HTTP_TRACE_ID = 33 }; /* 32 lower-case hex digits and the NUL */

/* W3C Trace Context, level 1, section 3.2: version-trace-parent-flags. False: absent or not exactly that. */
bool http_trace_parse(const char *traceparent, char trace_id[HTTP_TRACE_ID]);

/* nginx's $request_id when it is 32 hex digits, else one of our own. */
void http_request_id(const char *given, char out[HTTP_TRACE_ID]);

#endif
