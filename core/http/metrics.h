/* Counters in memory that all processes share; text for Prometheus. */
#ifndef HTTP_METRICS_H
#define HTTP_METRICS_H

#include "base/buf.h"
#include "http/http.h"
#include <stdint.h>

enum http_metric { METRIC_DATABASE_ERRORS, METRIC_DATABASE_CONNECTS, METRIC_BROKEN_ANSWERS, METRICS };

/* All take NULL: nobody counts. */
void http_metrics_count(struct http_metrics *, enum http_metric);
void http_metrics_attach(struct http_metrics *); /* this process serves from now on */
void http_metrics_begin(struct http_metrics *);
/* `route`: its index, or SIZE_MAX when none matched. */
void http_metrics_end(struct http_metrics *, size_t route, int status, int64_t microseconds);

/* The exposition format, version 0.0.4. `routes` names the indexes. */
void http_metrics_write(struct http_metrics *, const struct engine_route *routes, size_t count, struct buf *);

/* GET /metrics, for callers on this machine only. */
enum bl_status http_metrics_handle(struct bl_request *);

#endif
