/* Files in a bucket of any S3-compatible store, under the same names as on a disk. libcurl signs (AWS Signature Version 4). */
#include "files/driver.h"

#include "base/aside.h"
#include "base/buf.h"
#include "base/ids.h"
#include "base/log.h"

#include <curl/curl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* SHA-256 of no bytes at all. */
static const char nothing[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

enum { CONNECT_SECONDS = 10, STALLED_SECONDS = 30, LIST_BYTES = 8 * 1024 * 1024 };

struct call {
    CURL *curl;
    struct curl_slist *headers;
    char userpwd[512], signature[128];
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static void start(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static bool check(const struct config *c, FILE *errors)
{
    const struct {
        const char *name, *value;
    } needed[] = {{"s3_endpoint", c->s3_endpoint}, {"s3_bucket", c->s3_bucket}, {"s3_region", c->s3_region},
                  {"s3_key", c->s3_key},           {"s3_secret", c->s3_secret}, {"data_dir", c->data_dir}};
    bool good = true;
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        if (needed[i].value != NULL && *needed[i].value != '\0')
            continue;
        fprintf(errors, "file_store is s3, and %s is empty: set it\n", needed[i].name);
        good = false;
    }
    return good;
}

/* A signed request for what `rest` names below the bucket, with a body of that hash: the store refuses any other. */
static bool call_start(struct call *s, const struct files *files, const char *rest, const char *sha256,
                       struct files_problem *problem)
{
    const struct config *c = files->config;
    char url[2048], hash[128];
    pthread_once(&once, start);
    memset(s, 0, sizeof *s);
    s->curl = curl_easy_init();
    if (s->curl == NULL)
        return files_fail(problem, BL_UNAVAILABLE, "store_unavailable", "there is no memory for the store of files");
    snprintf(url, sizeof url, "%s/%s/%s", c->s3_endpoint, c->s3_bucket, rest);
    snprintf(s->userpwd, sizeof s->userpwd, "%s:%s", c->s3_key, c->s3_secret);
    snprintf(s->signature, sizeof s->signature, "aws:amz:%s:s3", c->s3_region);
    snprintf(hash, sizeof hash, "x-amz-content-sha256: %s", sha256);
    s->headers = curl_slist_append(s->headers, hash);
    curl_easy_setopt(s->curl, CURLOPT_URL, url);
    curl_easy_setopt(s->curl, CURLOPT_USERPWD, s->userpwd);
    curl_easy_setopt(s->curl, CURLOPT_AWS_SIGV4, s->signature);
    curl_easy_setopt(s->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(s->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(s->curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    curl_easy_setopt(s->curl, CURLOPT_LOW_SPEED_LIMIT, 1024L);
    curl_easy_setopt(s->curl, CURLOPT_LOW_SPEED_TIME, (long)STALLED_SECONDS);
    return true;
}

static size_t ignore(char *bytes, size_t size, size_t n, void *arg)
{
    (void)bytes;
    (void)arg;
    return size * n;
}

/* Runs it; the status of the answer, 0 when none came. Frees the call. */
static long call_run(struct call *s)
{
    long status = 0;
    curl_easy_setopt(s->curl, CURLOPT_HTTPHEADER, s->headers);
    aside();
    CURLcode code = curl_easy_perform(s->curl);
    if (code == CURLE_OK)
        curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &status);
    else
        log_write(LOG_ERROR, "s3", "%s", curl_easy_strerror(code));
    curl_slist_free_all(s->headers);
    curl_easy_cleanup(s->curl);
    return status;
}

static bool refused(struct files_problem *problem, const char *what, long status)
{
    log_write(LOG_ERROR, "s3", "%s: %ld", what, status);
    return files_fail(problem, BL_UNAVAILABLE, "store_unavailable",
                      "the store of files cannot be used right now: try again later");
}

static void name_of(char out[160], const char *tenant, const char *sha256)
{
    snprintf(out, 160, "%s/%.2s/%s", tenant, sha256, sha256);
}

struct source {
    int fd;
    off_t at;
};

static size_t give(char *out, size_t size, size_t n, void *arg)
{
    struct source *from = arg;
    ssize_t got = pread(from->fd, out, size * n, from->at);
    if (got < 0)
        return CURL_READFUNC_ABORT;
    from->at += got;
    return (size_t)got;
}

static int rewind_source(void *arg, curl_off_t offset, int origin)
{
    if (origin != SEEK_SET)
        return CURL_SEEKFUNC_CANTSEEK;
    ((struct source *)arg)->at = offset;
    return CURL_SEEKFUNC_OK;
}

static bool put(const struct files *files, int fd, const char *path, const struct files_facts *facts, const char *tenant,
                struct files_problem *problem)
{
    struct call s;
    struct source from = {.fd = fd};
    char name[160];
    (void)path;
    name_of(name, tenant, facts->sha256);
    if (!call_start(&s, files, name, facts->sha256, problem))
        return false;
    s.headers = curl_slist_append(s.headers, "Expect:");
    s.headers = curl_slist_append(s.headers, "Content-Type: application/octet-stream");
    curl_easy_setopt(s.curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(s.curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)facts->size);
    curl_easy_setopt(s.curl, CURLOPT_READFUNCTION, give);
    curl_easy_setopt(s.curl, CURLOPT_READDATA, &from);
    curl_easy_setopt(s.curl, CURLOPT_SEEKFUNCTION, rewind_source);
    curl_easy_setopt(s.curl, CURLOPT_SEEKDATA, &from);
    curl_easy_setopt(s.curl, CURLOPT_WRITEFUNCTION, ignore);
    long status = call_run(&s);
    return status == 200 || refused(problem, "PUT", status);
}

struct drain {
    CURL *curl;
    bool (*sink)(void *, const char *, size_t);
    void *arg;
    bool failed;
};

static size_t take(char *bytes, size_t size, size_t n, void *arg)
{
    struct drain *d = arg;
    long status = 0;
    curl_easy_getinfo(d->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status == 200 && !d->sink(d->arg, bytes, size * n)) {
        d->failed = true;
        return CURL_WRITEFUNC_ERROR;
    }
    return size * n;
}

static bool fetch(const struct files *files, const char *tenant, const char *sha256, bool (*sink)(void *, const char *, size_t),
                  void *arg, struct files_problem *problem)
{
    struct call s;
    char name[160];
    name_of(name, tenant, sha256);
    if (!call_start(&s, files, name, nothing, problem))
        return false;
    struct drain d = {.curl = s.curl, .sink = sink, .arg = arg};
    curl_easy_setopt(s.curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(s.curl, CURLOPT_WRITEDATA, &d);
    long status = call_run(&s);
    if (status == 404)
        return files_fail(problem, BL_INTERNAL, "file_lost", "the bytes of this file are not in the store");
    return !d.failed && (status == 200 || refused(problem, "GET", status));
}

static bool drop(const struct files *files, const char *tenant, const char *sha256, struct files_problem *problem)
{
    struct call s;
    char name[160];
    name_of(name, tenant, sha256);
    if (!call_start(&s, files, name, nothing, problem))
        return false;
    curl_easy_setopt(s.curl, CURLOPT_CUSTOMREQUEST, "DELETE");
    curl_easy_setopt(s.curl, CURLOPT_WRITEFUNCTION, ignore);
    long status = call_run(&s);
    return status == 204 || status == 200 || status == 404 || refused(problem, "DELETE", status);
}

/* ---- walk: ListObjectsV2, page by page --------------------------------------------------------------------------------- */

static size_t keep(char *bytes, size_t size, size_t n, void *arg)
{
    struct buf *page = arg;
    if (page->length + size * n > LIST_BYTES)
        return CURL_WRITEFUNC_ERROR;
    buf_add(page, bytes, size * n);
    return size * n;
}

/* The text of the next <name> at or after *at, which moves behind it. False: there is none before `end`. */
static bool element(const char **at, const char *end, const char *name, char *out, size_t room)
{
    char open[64], close[64];
    snprintf(open, sizeof open, "<%s>", name);
    snprintf(close, sizeof close, "</%s>", name);
    const char *from = strstr(*at, open), *to = from == NULL ? NULL : strstr(from, close);
    if (to == NULL || (end != NULL && from > end))
        return false;
    from += strlen(open);
    snprintf(out, room, "%.*s", (int)(to - from), from);
    *at = to;
    return true;
}

/* "<tenant>/<aa>/<sha256>"; anything else in the bucket is somebody else's. */
static bool visit_key(char *key, const char *modified, files_visit visit, void *arg)
{
    int64_t then = 0;
    char *slash = strchr(key, '/'), *last = strrchr(key, '/');
    if (slash == NULL || last != slash + 3 || !time_parse(modified, &then))
        return true;
    *slash = '\0';
    return !files_is_name(key, last + 1) || visit(arg, key, last + 1, (clock_now() - then) / 1000000);
}

static bool list_page(const struct files *files, struct arena *arena, char *token, size_t room, files_visit visit, void *arg,
                      bool *more, struct files_problem *problem)
{
    struct call s;
    struct buf page = buf_new(arena, 256 * 1024);
    char rest[1600] = "?list-type=2", key[1100], modified[64];
    if (*token != '\0') { /* names in alphabetical order, as they are signed */
        CURL *curl = curl_easy_init();
        char *escaped = curl == NULL ? NULL : curl_easy_escape(curl, token, 0);
        snprintf(rest, sizeof rest, "?continuation-token=%s&list-type=2", escaped == NULL ? "" : escaped);
        curl_free(escaped);
        curl_easy_cleanup(curl);
    }
    if (!call_start(&s, files, rest, nothing, problem))
        return false;
    curl_easy_setopt(s.curl, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(s.curl, CURLOPT_WRITEDATA, &page);
    long status = call_run(&s);
    if (status != 200)
        return refused(problem, "LIST", status);
    const char *at = page.data, *end;
    bool on = true;
    while (on && (at = strstr(at, "<Contents>")) != NULL) {
        end = strstr(at, "</Contents>");
        if (element(&at, end, "Key", key, sizeof key) && element(&at, end, "LastModified", modified, sizeof modified))
            on = visit_key(key, modified, visit, arg);
        else
            at++;
    }
    at = page.data;
    *more = on && element(&at, NULL, "NextContinuationToken", token, room);
    return true;
}

static bool walk(const struct files *files, files_visit visit, void *arg, struct files_problem *problem)
{
    char token[1024] = "";
    bool more = true, good = true;
    while (good && more) {
        struct arena *arena = arena_new((size_t)4 * LIST_BYTES);
        if (arena == NULL)
            return files_fail(problem, BL_UNAVAILABLE, "store_unavailable", "there is no memory for the store of files");
        good = list_page(files, arena, token, sizeof token, visit, arg, &more, problem);
        arena_free(arena);
    }
    return good;
}

const struct files_driver files_s3 = {
    .name = "s3", .remote = true, .check = check, .put = put, .send = fetch, .walk = walk, .drop = drop};
