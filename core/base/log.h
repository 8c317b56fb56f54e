/* Structured log: one JSON object a line on standard error, written with one write(2), so that processes may share it. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <ballium/status.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

void log_set_level(enum log_level);
enum log_level log_level_of(const char *name); /* "debug" "info" "warn" "error"; else LOG_INFO */

/* The request the thread works on: added to every line until log_request(NULL, NULL). Borrowed. */
void log_request(const char *request_id, const char *trace_id);

/* `event`: a fixed word ("request", "db_error"); the rest is the "message". Never pass a secret. */
void log_write(enum log_level, const char *event, const char *format, ...) BL_PRINTF(3, 4);

/* With members: pairs name, value (text), ended by NULL. A name that starts with '#' has a value that is written as a bare
 * number. */
void log_pairs(enum log_level, const char *event, const char *const *pairs);

#endif
