#include "jobs/webhooks.h"

#include "auth/vault.h"
#include "base/fetch.h"
#include "base/log.h"
#include "base/webhook.h"
#include "http/act.h"

#include <poll.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* ---- events become deliveries ------------------------------------------------------------------------------------------- */

/* Ids of events are made before their transactions commit, so some appear behind later ones: the last hour is read again, and
 * what is a delivery already is left out. A full page is followed by another one from the same place. */
static const char collect_sql[] =
    "WITH w AS (SELECT id, events, since, seen FROM core.webhook WHERE tenant_id = $1::uuid AND id = $2::uuid AND state = "
    "'active' "
    "FOR UPDATE), "
    "fresh AS (SELECT e.id, w.id AS webhook_id, e.resource || '.' || e.verb AS type, json_build_object('type', e.resource || '.' "
    "|| "
    "e.verb, 'timestamp', to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), 'data', json_build_object('id', "
    "e.id, 'organisation', $3::text, 'resource', e.resource, 'record_id', e.record_id, 'ref', e.ref, 'verb', e.verb, 'version', "
    "e.version))::text AS payload FROM w JOIN core.event e ON e.tenant_id = $1::uuid AND e.id >= "
    "core.uuid_floor(greatest(w.since, "
    "w.seen - interval '1 hour')) AND (w.events && ARRAY['*', e.resource, e.resource || ':' || e.verb]) WHERE NOT EXISTS (SELECT "
    "FROM core.webhook_delivery d WHERE d.tenant_id = $1::uuid AND d.webhook_id = w.id AND d.id = e.id) ORDER BY e.id LIMIT "
    "500), "
    "made AS (INSERT INTO core.webhook_delivery (tenant_id, webhook_id, id, type, payload) SELECT $1::uuid, webhook_id, id, "
    "type, "
    "payload FROM fresh) "
    "UPDATE core.webhook SET seen = now() WHERE tenant_id = $1::uuid AND id = (SELECT id FROM w) AND (SELECT count(*) FROM "
    "fresh) "
    "< 500";

static enum bl_status collect(struct bl_request *r, void *arg)
{
    struct bl_rows *rows;
    return bl_sql(r, collect_sql, (const char *const[]){*(const char **)arg, r->org}, 2, 0, &rows);
}

enum bl_status webhooks_collect(struct inside *in, struct db *queue, bool *more)
{
    struct bl_rows *rows;
    enum bl_status status = db_ready(queue);
    *more = false;
    if (status != BL_OK)
        return status;
    db_queue(queue,
             "UPDATE core.webhook w SET looked_at = now() FROM (SELECT q.tenant_id, q.id FROM core.webhook q WHERE q.state = "
             "'active' AND q.looked_at < now() - interval '5 seconds' AND core.organisation_active(q.tenant_id) ORDER BY "
             "q.looked_at LIMIT 1 FOR UPDATE SKIP LOCKED) due WHERE w.tenant_id = due.tenant_id AND w.id = due.id RETURNING "
             "w.tenant_id, w.id, (SELECT f.slug FROM core.find_organisation(w.tenant_id::text) f)",
             NULL, 0);
    status = db_flush(queue, inside_arena(in), &rows);
    if (status != BL_OK || db_count(rows) == 0)
        return status;
    *more = true;
    const char *webhook = db_cell(rows, 0, 1);
    struct http_act act = {
        .tenant = db_cell(rows, 0, 0), .slug = db_cell(rows, 0, 2), .what = "core.webhooks", .run = collect, .arg = &webhook};
    if (http_act(inside_worker(in), &act) != BL_OK) /* it is looked at again */
        log_write(LOG_ERROR, "webhook_failed", "new events of %s could not be read: %s", act.slug, act.problem);
    arena_reset(inside_arena(in));
    return BL_OK;
}

/* ---- deliveries leave --------------------------------------------------------------------------------------------------- */

enum { LEASE = 120, TIMEOUT = 10000, ANSWER_MAX = 16384, REST_MAX = 300 };
static const long pauses[] = {5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400}; /* seconds, as the specification has them */
_Static_assert(sizeof pauses / sizeof *pauses == WEBHOOK_ATTEMPTS - 1, "a pause behind each attempt but the last");

struct delivery {
    const char *tenant, *webhook, *id, *payload, *url;
    long attempts;
};

static enum bl_status take(struct db *db, struct arena *arena, struct delivery *d, bool *more)
{
    struct bl_rows *rows;
    const char *args[] = {arena_format(arena, "%d", LEASE)};
    db_queue(
        db,
        "UPDATE core.webhook_delivery d SET attempts = d.attempts + 1, attempted_at = now(), run_at = now() + $1::integer * "
        "interval '1 second' FROM (SELECT q.tenant_id, q.webhook_id, q.id, w.url FROM "
        "core.webhook_delivery q JOIN core.webhook w ON w.tenant_id = q.tenant_id AND w.id = q.webhook_id WHERE q.state = "
        "'waiting' AND q.run_at <= now() AND w.state = 'active' AND w.rests_until <= now() AND "
        "core.organisation_active(q.tenant_id) ORDER BY q.run_at, q.id LIMIT 1 FOR UPDATE OF q SKIP LOCKED) due WHERE "
        "d.tenant_id = due.tenant_id AND d.webhook_id = due.webhook_id AND d.id = due.id RETURNING d.tenant_id, d.webhook_id, "
        "d.id, d.payload, due.url, d.attempts",
        args, 1);
    enum bl_status status = db_flush(db, arena, &rows);
    *more = status == BL_OK && db_count(rows) == 1;
    if (*more)
        *d = (struct delivery){.tenant = db_cell(rows, 0, 0),
                               .webhook = db_cell(rows, 0, 1),
                               .id = db_cell(rows, 0, 2),
                               .payload = db_cell(rows, 0, 3),
                               .url = db_cell(rows, 0, 4),
                               .attempts = (long)db_integer(rows, 0, 5)};
    return status;
}

static enum bl_status delivered(struct db *db, struct arena *arena, const struct delivery *d, long code)
{
    struct bl_rows *rows[2];
    const char *args[] = {d->tenant, d->webhook, d->id, arena_format(arena, "%ld", code)};
    db_queue(
        db,
        "UPDATE core.webhook_delivery SET state = 'delivered', status = $4::integer, problem = NULL, finished_at = now() WHERE "
        "tenant_id = $1::uuid AND webhook_id = $2::uuid AND id = $3::uuid AND state = 'waiting'",
        args, 4);
    db_queue(
        db,
        "UPDATE core.webhook SET failures = 0, failing_since = NULL WHERE tenant_id = $1::uuid AND id = $2::uuid AND failures "
        "> 0",
        args, 2);
    return db_flush(db, arena, rows);
}

static enum bl_status not_delivered(struct db *db, struct arena *arena, const struct delivery *d, const struct fetched *got)
{
    struct bl_rows *rows[2];
    bool dead = d->attempts >= WEBHOOK_ATTEMPTS;
    const char *why = got->status == 0                          ? got->why
                      : got->status >= 300 && got->status < 400 ? "it answered with a redirect, and none is followed"
                                                                : "it did not answer with 2xx";
    const char *args[] = {d->tenant,
                          d->webhook,
                          d->id,
                          got->status == 0 ? NULL : arena_format(arena, "%ld", got->status),
                          why,
                          arena_format(arena, "%ld", dead ? 0 : pauses[d->attempts - 1]),
                          dead ? "dead" : "waiting"};
    db_queue(
        db,
        "UPDATE core.webhook_delivery SET status = $4::integer, problem = $5, run_at = now() + $6::integer * interval '1 "
        "second', state = $7, finished_at = CASE WHEN $7 = 'dead' THEN now() END WHERE tenant_id = $1::uuid AND webhook_id = "
        "$2::uuid AND id = $3::uuid AND state = 'waiting'",
        args, 7);
    const char *failing[] = {d->tenant, d->webhook, arena_format(arena, "%d", WEBHOOK_DAYS), arena_format(arena, "%d", REST_MAX),
                             got->status == 410 ? "t" : "f"};
    db_queue(
        db,
        "UPDATE core.webhook w SET failures = failures + 1, failing_since = coalesce(failing_since, now()), rests_until = "
        "now() + least(2 ^ least(failures, 20), $4::integer) * interval '1 second', state = CASE WHEN over.reason IS NULL "
        "THEN w.state ELSE 'suspended' END, reason = coalesce(over.reason, w.reason) FROM (SELECT CASE WHEN $5::boolean THEN "
        "'gone' WHEN failing_since < now() - $3::integer * interval '1 day' THEN 'failing' END AS reason FROM core.webhook "
        "WHERE tenant_id = $1::uuid AND id = $2::uuid) over WHERE w.tenant_id = $1::uuid AND w.id = $2::uuid AND w.state = "
        "'active'",
        failing, 5);
    log_write(LOG_WARN, "webhook_failed", "webhook %s, delivery %s, attempt %ld of %d: %s", d->webhook, d->id, d->attempts,
              WEBHOOK_ATTEMPTS, why);
    return db_flush(db, arena, rows);
}

/* ---- its signature ---- */

/* The keys of a webhook, opened. */
struct keyring {
    char text[WEBHOOK_KEYS][2][VAULT_SECRET + 1];
    struct webhook_key keys[WEBHOOK_KEYS];
    int count;
};

static const char *open_key(const struct vault *vault, const struct bl_rows *rows, int row, const char *tenant, struct keyring *k)
{
    const char *id = db_cell(rows, row, 0), *signing = db_cell(rows, row, 2);
    char(*text)[VAULT_SECRET + 1] = k->text[k->count];
    const char *why = vault_open(vault, &(struct vault_place){"webhook.secret", tenant, id}, db_cell(rows, row, 1), text[0]);
    if (!why && signing)
        why = vault_open(vault, &(struct vault_place){"webhook.signing", tenant, id}, signing, text[1]);
    k->keys[k->count++] = (struct webhook_key){text[0], signing ? text[1] : NULL};
    return why;
}

/* Read each time, so that this process needs no signal when they change. NULL: it is logged why not. */
static struct vault *keys_now(const struct config *config)
{
    char *text = NULL;
    size_t length = 0;
    FILE *errors = open_memstream(&text, &length);
    struct vault *vault = errors ? vault_load(config->keys_dir, errors) : NULL;
    if (errors)
        fclose(errors);
    if (!vault && text)
        log_write(LOG_ERROR, "vault", "%.*s", (int)strcspn(text, "\n"), text);
    free(text);
    return vault;
}

/* By the key in force, and while it lasts the one before. `why` NULL: `out` is the signature; else why there is none. */
static enum bl_status sign(struct db *db, struct arena *arena, const struct config *config, const struct delivery *d,
                           long long now, char out[WEBHOOK_SIGNATURE_ROOM], const char **why)
{
    struct bl_rows *rows;
    const char *args[] = {d->tenant, d->webhook, arena_format(arena, "%d", WEBHOOK_KEYS)};
    db_queue(
        db,
        "SELECT id, secret, signing_key FROM core.webhook_key WHERE tenant_id = $1::uuid AND webhook_id = $2::uuid AND secret "
        "IS NOT NULL AND (ends_at IS NULL OR ends_at > now()) ORDER BY ends_at DESC NULLS FIRST LIMIT $3::integer",
        args, 3);
    enum bl_status status = db_flush(db, arena, &rows);
    if (status != BL_OK)
        return status;
    struct vault *vault = keys_now(config);
    struct keyring *ring = arena_alloc(arena, sizeof *ring);
    *why = vault ? NULL : "the keys of the service cannot be read";
    for (int i = 0; i < db_count(rows) && !*why; i++)
        *why = open_key(vault, rows, i, d->tenant, ring);
    if (!*why && !webhook_sign(ring->keys, ring->count, d->id, now, d->payload, out))
        *why = "there is none, or it is not one";
    sodium_memzero(ring, sizeof *ring);
    vault_free(vault);
    return BL_OK;
}

/* Its key cannot be had: that is our fault and not the receiver's, so no attempt is counted. */
static enum bl_status held_back(struct db *db, struct arena *arena, const struct delivery *d, const char *why)
{
    struct bl_rows *rows;
    const char *args[] = {d->tenant, d->webhook, d->id, arena_format(arena, "its signing key cannot be opened: %s", why),
                          arena_format(arena, "%d", REST_MAX)};
    log_write(LOG_ERROR, "vault", "webhook %s: its signing key cannot be opened: %s", d->webhook, why);
    db_queue(db,
             "UPDATE core.webhook_delivery SET attempts = attempts - 1, problem = $4, run_at = now() + $5::integer * interval '1 "
             "second' WHERE tenant_id = $1::uuid AND webhook_id = $2::uuid AND id = $3::uuid AND state = 'waiting'",
             args, 5);
    return db_flush(db, arena, &rows);
}

static struct fetched send_it(struct arena *arena, const struct config *config, const struct delivery *d, long long now,
                              const char *signature)
{
    const char *headers[] = {arena_format(arena, "webhook-id: %s", d->id), arena_format(arena, "webhook-timestamp: %lld", now),
                             arena_format(arena, "webhook-signature: %s", signature), NULL};
    return fetch(&(struct fetch){.url = d->url,
                                 .json = d->payload,
                                 .headers = headers,
                                 .inside = config->private_addresses,
                                 .timeout = TIMEOUT,
                                 .out = arena_alloc(arena, ANSWER_MAX + 1),
                                 .limit = ANSWER_MAX});
}

enum bl_status webhooks_deliver(struct db *db, struct arena *arena, const struct config *config, bool *more)
{
    struct delivery d;
    enum bl_status status = db_ready(db);
    *more = false;
    if (status == BL_OK)
        status = take(db, arena, &d, more);
    if (status != BL_OK || !*more)
        return status;
    char signature[WEBHOOK_SIGNATURE_ROOM];
    const char *why;
    long long now = clock_now() / 1000000;
    status = sign(db, arena, config, &d, now, signature, &why);
    if (status != BL_OK || why)
        return status == BL_OK ? held_back(db, arena, &d, why) : status;
    const struct fetched got = send_it(arena, config, &d, now, signature);
    status = db_ready(db);
    if (status != BL_OK)
        return status; /* the lease runs out, then it is told again */
    return got.status >= 200 && got.status < 300 ? delivered(db, arena, &d, got.status) : not_delivered(db, arena, &d, &got);
}

/* ---- the thread --------------------------------------------------------------------------------------------------------- */

enum { ARENA_LIMIT = 4 * 1024 * 1024 };

struct webhook_sender {
    const struct config *config;
    struct db *db;
    struct arena *arena;
    pthread_t thread;
    int told;
};

static void *work(void *arg)
{
    struct webhook_sender *s = arg;
    struct pollfd told = {.fd = s->told, .events = POLLIN};
    enum bl_status last = BL_OK;
    for (bool more = false; poll(&told, 1, more ? 0 : 1000) <= 0;) {
        enum bl_status status = webhooks_deliver(s->db, s->arena, s->config, &more);
        if (status != BL_OK && status != last)
            log_write(LOG_ERROR, "webhook_failed", "deliveries cannot be read or written: %s", db_error(s->db)->message);
        last = status;
        more = more && status == BL_OK;
        arena_reset(s->arena);
    }
    return NULL;
}

static void sender_free(struct webhook_sender *s)
{
    if (s->db != NULL)
        db_free(s->db);
    if (s->arena != NULL)
        arena_free(s->arena);
    if (s->told >= 0)
        close(s->told);
    free(s);
}

struct webhook_sender *webhooks_start(const struct config *config)
{
    struct webhook_sender *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    *s = (struct webhook_sender){.config = config,
                                 .db = db_new(config->worker, config->prepared),
                                 .arena = arena_new(ARENA_LIMIT),
                                 .told = eventfd(0, EFD_CLOEXEC)};
    if (s->db != NULL && s->arena != NULL && s->told >= 0 && pthread_create(&s->thread, NULL, work, s) == 0)
        return s;
    sender_free(s);
    return NULL;
}

void webhooks_stop(struct webhook_sender *s)
{
    const uint64_t one = 1;
    if (s == NULL)
        return;
    if (write(s->told, &one, sizeof one) == sizeof one)
        pthread_join(s->thread, NULL);
    sender_free(s);
}
