/* What the files of `ballium demo` share. demo.c: organisations, people, credentials; demo_script.c: what is loaded, step by
 * step; demo_call.c: a request through the whole pipeline, without a socket. */
#ifndef CLI_DEMO_H
#define CLI_DEMO_H

#include "base/config.h"
#include "base/ids.h"
#include <jansson.h>
#include <stdbool.h>

/* ---- demo_call.c */

struct demo_service; /* the service as `serve` has it, in this process */

struct demo_service *demo_service_new(const struct config *); /* NULL after a line to standard error. Free: demo_service_free. */
void demo_service_free(struct demo_service *);

struct demo_request {
    const char *method, *path; /* path from the root, with its query */
    const char *token;         /* NULL: none */
    const json_t *body;        /* NULL: none. Borrowed. */
    const char *if_match;      /* NULL: none */
    const char *key;           /* Idempotency-Key; NULL: none */
};

struct demo_answer {
    int status;
    char *text;   /* the body, NUL-terminated */
    char *etag;   /* NULL: none */
    json_t *json; /* the body; NULL when it is not JSON */
};

struct demo_answer demo_call(struct demo_service *, const struct demo_request *); /* Free: demo_answer_free. */
void demo_answer_free(struct demo_answer *);

/* ---- demo_script.c */

enum { DEMO_PASSWORD = 20 };

struct demo_person {
    const char *email, *name; /* of the script */
    char id[UUID_TEXT];
    char password[DEMO_PASSWORD + 1];
    char *token; /* of the first log-in; NULL: not yet */
};

struct demo_people {
    struct demo_person list[40];
    size_t count;
};

struct demo_person *demo_person(struct demo_people *, const char *email); /* NULL: none */

/* Does every step of one organisation's script. `again`: the organisation was there before; what an earlier run did is not done
 * twice. False after a line to standard error that names the step. */
bool demo_play(struct demo_service *, struct demo_people *, json_t *script, bool again);

#endif
