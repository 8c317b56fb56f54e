#include "audit/verify.h"

#include "audit/checkpoint.h"

#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct verify {
    const struct verify_known *known;
    FILE *out;
    struct merkle_edge edge;
    struct checkpoint last; /* size 0: none yet */
    char tenant[UUID_TEXT], slug[80];
    unsigned long line, checkpoints, redacted, unsealed;
    bool found_known;
    uint8_t (*keys)[CHECKPOINT_KEY]; /* that have signed, each once; owned */
    size_t key_count;
};

static bool bad(struct verify *v, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool bad(struct verify *v, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(v->out, "NOT intact: line %lu: ", v->line);
    vfprintf(v->out, format, args);
    fputc('\n', v->out);
    va_end(args);
    return false;
}

static const char *text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    return value ? value : "";
}

static bool hex(const json_t *object, const char *name, uint8_t *out, size_t length)
{
    size_t got;
    const char *value = text(object, name);
    return sodium_hex2bin(out, length, value, strlen(value), NULL, &got, NULL) == 0 && got == length;
}

/* SHA-256 of salt, change, line feed, reason: core.commitment. */
static bool commitment_of(const json_t *e, merkle_hash out)
{
    uint8_t salt[64];
    size_t length;
    const char *given = text(e, "salt");
    if (!json_is_null(json_object_get(e, "commitment")))
        return hex(e, "commitment", out, MERKLE_HASH);
    if (sodium_hex2bin(salt, sizeof salt, given, strlen(given), NULL, &length, NULL) != 0)
        return false;
    crypto_hash_sha256_state s;
    crypto_hash_sha256_init(&s);
    crypto_hash_sha256_update(&s, salt, length);
    crypto_hash_sha256_update(&s, (const unsigned char *)text(e, "change"), strlen(text(e, "change")));
    crypto_hash_sha256_update(&s, (const unsigned char *)"\n", 1);
    crypto_hash_sha256_update(&s, (const unsigned char *)text(e, "reason"), strlen(text(e, "reason")));
    crypto_hash_sha256_final(&s, out);
    return true;
}

/* core.leaf. */
static bool leaf_of(const struct verify *v, const json_t *e, merkle_hash out)
{
    merkle_hash commitment;
    char hash[2 * MERKLE_HASH + 1], *canonical;
    if (!commitment_of(e, commitment))
        return false;
    sodium_bin2hex(hash, sizeof hash, commitment, sizeof commitment);
    int length = asprintf(&canonical, "ballium.event/1\n%s\n%s\n%lld\n%s\n%s\n%s\n%s\n%s\n%lld\n%s\n%s", v->tenant, text(e, "id"),
                          (long long)json_integer_value(json_object_get(e, "at")), text(e, "actor"), text(e, "resource"),
                          text(e, "record"), text(e, "ref"), text(e, "verb"),
                          (long long)json_integer_value(json_object_get(e, "version")), text(e, "request_id"), hash);
    if (length < 0)
        return false;
    merkle_leaf(canonical, (size_t)length, out);
    free(canonical);
    return true;
}

static void ignore(void *arg, int level, uint64_t position, const merkle_hash hash)
{
    (void)arg, (void)level, (void)position, (void)hash;
}

static bool take_event(struct verify *v, const json_t *e)
{
    merkle_hash leaf;
    const json_t *seq = json_object_get(e, "seq");
    if (json_is_null(seq)) {
        v->unsealed++;
        return true;
    }
    if (v->unsealed > 0 || (uint64_t)json_integer_value(seq) != v->edge.size)
        return bad(v, "event number %llu is missing (number %lld stands in its place)", (unsigned long long)v->edge.size,
                   (long long)json_integer_value(seq));
    if (!leaf_of(v, e, leaf))
        return bad(v, "event number %llu cannot be read", (unsigned long long)v->edge.size);
    v->redacted += !json_is_null(json_object_get(e, "commitment"));
    merkle_append(&v->edge, leaf, ignore, NULL);
    return true;
}

static bool note_key(struct verify *v, const uint8_t key[CHECKPOINT_KEY])
{
    for (size_t i = 0; i < v->key_count; i++)
        if (memcmp(v->keys[i], key, CHECKPOINT_KEY) == 0)
            return true;
    void *more = realloc(v->keys, (v->key_count + 1) * sizeof *v->keys);
    if (more == NULL)
        return bad(v, "no memory for its keys: try again");
    v->keys = more;
    memcpy(v->keys[v->key_count++], key, CHECKPOINT_KEY);
    return true;
}

static bool take_checkpoint(struct verify *v, const json_t *given)
{
    struct checkpoint c = {.size = (uint64_t)json_integer_value(json_object_get(given, "size")),
                           .previous = (uint64_t)json_integer_value(json_object_get(given, "previous")),
                           .at = json_integer_value(json_object_get(given, "at"))};
    merkle_hash root;
    snprintf(c.tenant, sizeof c.tenant, "%s", v->tenant);
    unsigned long long size = c.size;
    if (!hex(given, "root", c.root, sizeof c.root) || !hex(given, "key", c.key, sizeof c.key) ||
        !hex(given, "signature", c.signature, sizeof c.signature))
        return bad(v, "the checkpoint of size %llu cannot be read", size);
    if (!checkpoint_verify(&c))
        return bad(v, "the signature of the checkpoint of size %llu is not that of its text", size);
    if (v->known->key && strcmp(v->known->key, text(given, "key")) != 0)
        return bad(v, "the checkpoint of size %llu is signed by another key: %s", size, text(given, "key"));
    if (c.previous != v->last.size)
        return bad(v, "a checkpoint is missing: that of size %llu follows one of size %llu, and here comes after %llu", size,
                   (unsigned long long)c.previous, (unsigned long long)v->last.size);
    if (c.size != v->edge.size)
        return bad(v, "the checkpoint of size %llu comes after %llu events", size, (unsigned long long)v->edge.size);
    merkle_edge_root(&v->edge, root);
    if (memcmp(root, c.root, sizeof root) != 0)
        return bad(v, "something was changed, or put in another order, in the events from number %llu to %llu",
                   (unsigned long long)c.previous, size - 1);
    if (v->known->size == c.size) {
        if (strcmp(v->known->root, text(given, "root")) != 0)
            return bad(v, "the checkpoint of size %llu is not the one that was kept: %s", size, text(given, "root"));
        v->found_known = true;
    }
    v->checkpoints++;
    v->last = c;
    return note_key(v, c.key);
}

static bool take_line(struct verify *v, const char *line)
{
    json_t *value = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    bool good;
    v->line++;
    if (v->line == 1) {
        good = strcmp(text(value, "trail"), "ballium.trail/1") == 0 && uuid_valid(text(value, "organisation"));
        snprintf(v->tenant, sizeof v->tenant, "%s", text(value, "organisation"));
        snprintf(v->slug, sizeof v->slug, "%s", text(value, "slug"));
        if (!good)
            bad(v, "this is no exported trail");
    } else if (json_object_get(value, "event")) {
        good = take_event(v, json_object_get(value, "event"));
    } else if (json_object_get(value, "checkpoint")) {
        good = take_checkpoint(v, json_object_get(value, "checkpoint"));
    } else {
        good = bad(v, "neither an event nor a checkpoint");
    }
    json_decref(value);
    return good;
}

/* What only the end shows. */
static bool is_whole(struct verify *v)
{
    if (v->line == 0)
        return bad(v, "the file is empty");
    if (v->last.size != v->edge.size)
        return bad(v, "%llu events are numbered, and the last checkpoint holds %llu: a checkpoint is missing",
                   (unsigned long long)v->edge.size, (unsigned long long)v->last.size);
    if (v->known->size > 0 && !v->found_known)
        return bad(v, "the checkpoint of size %llu that was kept is not among these: the trail was cut or begun anew",
                   (unsigned long long)v->known->size);
    return true;
}

/* Every key that was trusted is named: somebody else's could have signed any one checkpoint. */
static void sum_up(const struct verify *v)
{
    fprintf(v->out, "intact: %llu events of %s under %lu checkpoints, %lu redacted, %lu not sealed yet; signed by %s",
            (unsigned long long)v->edge.size, v->slug, v->checkpoints, v->redacted, v->unsealed,
            v->key_count > 0 ? "" : "nobody");
    for (size_t i = 0; i < v->key_count; i++) {
        char key[2 * CHECKPOINT_KEY + 1];
        fprintf(v->out, "%s%s", i > 0 ? ", " : "", sodium_bin2hex(key, sizeof key, v->keys[i], CHECKPOINT_KEY));
    }
    if (v->known->key == NULL && v->key_count > 0)
        fprintf(v->out, " (compare %s you know)", v->key_count == 1 ? "this key with the one" : "these keys with those");
    fputc('\n', v->out);
}

bool audit_verify(FILE *trail, const struct verify_known *known, FILE *out)
{
    struct verify v = {.known = known, .out = out};
    char *line = NULL;
    size_t room = 0;
    bool good = true;
    while (good && getline(&line, &room, trail) > 0)
        good = take_line(&v, line);
    free(line);
    good = good && is_whole(&v);
    if (good)
        sum_up(&v);
    free(v.keys);
    return good;
}
