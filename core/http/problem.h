/* Failures as RFC 9457 documents. */
#ifndef HTTP_PROBLEM_H
#define HTTP_PROBLEM_H

#include "http/request.h"

/* Keeps one entry (the first 50; the rest is counted) and returns `status`. */
enum bl_status http_vfail(struct bl_request *, enum bl_status status, const char *code, const char *pointer, const char *format,
                          va_list args) BL_PRINTF(5, 0);
void http_problem_clear(struct http_request *);

/* The words of 500 are for the log alone. */
void http_problem_log(const struct http_request *);

/* Makes the document for `status`, of the entries that carry it, the request's answer. Without one it has general words. */
void http_problem_respond(struct http_request *, enum bl_status status);

/* The document's code: what the log line names. */
const char *http_problem_code(const struct http_request *, enum bl_status status);

#endif
