/* A client of the running service for tests: real HTTP through the real nginx. The service is named by the environment:
 * BALLIUM_URL and BALLIUM_CREDENTIALS (demo-credentials.json); a test without them fails. Any failure to speak HTTP fails the
 * running cmocka test. */
#ifndef SUPPORT_API_H
#define SUPPORT_API_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct api; /* one user's connection; not thread-safe, make one per thread */

struct answer {
    int status;
    char *headers; /* all header lines, lower-case names */
    char *body;    /* NUL-terminated */
    size_t length;
    json_t *json; /* the body when its media type is JSON; else NULL */
};

/* From now on this program calls from an address of its own (127.77.…), so that what nginx counts by address is its own count. */
void api_from_own_address(void);
/* A client without a token. Free: api_free. */
struct api *api_new(void);
/* Logged in as the demo user of that organisation and role ("keep", "manager"). Tokens are fetched once per program. */
struct api *api_as(const char *organisation, const char *role);
void api_free(struct api *);
/* The demo user's own data: e-mail, password. Borrowed for the program's life. */
const char *api_email(const char *organisation, const char *role);
const char *api_password(const char *organisation, const char *role);
const char *api_token(struct api *); /* the access token; NULL without one */
void api_set_token(struct api *, const char *token);

/* One request. `path` from the root ("/api/v1/me"); `body` NULL: none; sent as application/json unless `headers` names a
 * Content-Type. `headers`: NULL-terminated "Name: value" lines, may be NULL. Free the answer: answer_free. */
struct answer api_call(struct api *, const char *method, const char *path, const char *body, const char *const *headers);
/* printf for the path. */
struct answer api_get(struct api *, const char *path, ...) __attribute__((format(printf, 2, 3)));
/* Takes `body` (steals it). */
struct answer api_post(struct api *, const char *path, json_t *body);
/* PATCH or POST with If-Match. Steals `body`. */
struct answer api_send(struct api *, const char *method, const char *path, json_t *body, const char *etag);
void answer_free(struct answer *);

/* Fails the test with the whole answer printed unless the status is the one. */
void expect_status(const struct answer *, int status);
/* A problem document with that code, and (pointer not NULL) an entry at that pointer. */
void expect_problem(const struct answer *, int status, const char *code, const char *pointer);
/* Header's value (first), NULL when absent; lives as long as the answer. */
const char *answer_header(const struct answer *, const char *lower_case_name);
/* A text member of the body by a path such as "items/0/title". NULL: absent or null. */
const char *answer_text(const struct answer *, const char *path);
json_int_t answer_integer(const struct answer *, const char *path);
json_t *answer_at(const struct answer *, const char *path);

#endif
