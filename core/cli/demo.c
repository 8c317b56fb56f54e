/* ballium demo: organisations to look around in, with people in every role. Organisations and people are made in the directory;
 * everything else is sent through the service's own API, so that loading the demo is also a test of it. */
#include "cli/demo.h"
#include "auth/password.h"
#include "base/log.h"
#include "cli/cli.h"
#include "cli/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern const char bl_data_demo_barbican_json[], bl_data_demo_keep_json[], bl_data_demo_moat_json[], bl_data_demo_ditch_json[],
    bl_data_demo_outerwall_json[]; /* core/data/demo_*.json */

static const char *const sources[] = {bl_data_demo_barbican_json, bl_data_demo_keep_json, bl_data_demo_moat_json,
                                      bl_data_demo_ditch_json, bl_data_demo_outerwall_json};
enum { ORGANISATIONS = sizeof sources / sizeof *sources };

struct demo {
    const struct config *config;
    struct directory directory;
    json_t *scripts[ORGANISATIONS];
    bool present[ORGANISATIONS]; /* before this run */
    struct demo_people people;
};

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static bool read_scripts(struct demo *d)
{
    for (size_t i = 0; i < ORGANISATIONS; i++) {
        json_error_t error;
        d->scripts[i] = json_loads(sources[i], JSON_REJECT_DUPLICATES, &error);
        if (!d->scripts[i]) {
            fprintf(stderr, "ballium: demo: script %zu, line %d: %s\n", i + 1, error.line, error.text);
            return false;
        }
    }
    return true;
}

/* Which organisations are there? One of that slug that is not the demo's own is somebody's: then nothing is touched. */
static bool look(struct demo *d)
{
    for (size_t i = 0; i < ORGANISATIONS; i++) {
        const json_t *o = json_object_get(d->scripts[i], "organisation");
        struct bl_rows *rows;
        if (!directory_ask(&d->directory, "SELECT name FROM core.organisation WHERE slug = $1",
                           (const char *const[]){text_of(o, "slug")}, 1, &rows))
            return false;
        d->present[i] = db_count(rows) > 0;
        if (d->present[i] && strcmp(db_cell(rows, 0, 0), text_of(o, "name")) != 0) {
            fprintf(stderr, "ballium: demo: an organisation %s is there and is not the demo's: nothing was changed\n",
                    text_of(o, "slug"));
            return false;
        }
    }
    return true;
}

static bool all_present(const struct demo *d)
{
    for (size_t i = 0; i < ORGANISATIONS; i++)
        if (!d->present[i])
            return false;
    return true;
}

/* Letters and digits that nobody mistakes for one another. */
static void make_password(char out[DEMO_PASSWORD + 1])
{
    static const char letters[] = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    for (size_t i = 0; i < DEMO_PASSWORD; i++)
        out[i] = letters[randombytes_uniform(sizeof letters - 1)];
    out[DEMO_PASSWORD] = '\0';
}

static struct demo_person *add_person(struct demo *d, const json_t *member)
{
    struct demo_person *person = demo_person(&d->people, text_of(member, "email"));
    char hash[PASSWORD_HASH], id[UUID_TEXT];
    struct bl_rows *rows;
    if (person)
        return person;
    if (d->people.count == sizeof d->people.list / sizeof *d->people.list)
        return NULL;
    person = &d->people.list[d->people.count];
    *person = (struct demo_person){.email = text_of(member, "email"), .name = text_of(member, "name")};
    make_password(person->password);
    uuid_v7(id);
    if (!password_hash(person->password, hash) ||
        !directory_ask(&d->directory,
                       "INSERT INTO core.user_account (id, email, name, password_hash) VALUES ($1::uuid, $2, $3, $4) "
                       "ON CONFLICT (email) DO UPDATE SET password_hash = excluded.password_hash RETURNING id",
                       (const char *const[]){id, person->email, person->name, hash}, 4, &rows))
        return NULL;
    snprintf(person->id, sizeof person->id, "%s", db_cell(rows, 0, 0));
    d->people.count++;
    return person;
}

static bool add_members(struct demo *d, const json_t *script)
{
    const char *slug = text_of(json_object_get(script, "organisation"), "slug");
    size_t i;
    json_t *member;
    json_array_foreach(json_object_get(script, "members"), i, member)
    {
        const struct demo_person *person = add_person(d, member);
        struct bl_rows *rows;
        if (!person || !directory_ask(&d->directory,
                                      "INSERT INTO core.membership (tenant_id, user_id, roles) "
                                      "SELECT o.id, $2::uuid, ARRAY[$3::text] FROM core.organisation o WHERE o.slug = $1 "
                                      "ON CONFLICT (tenant_id, user_id) DO NOTHING",
                                      (const char *const[]){slug, person->id, text_of(member, "role")}, 3, &rows))
            return false;
    }
    return true;
}

static bool add_organisations(struct demo *d)
{
    for (size_t i = 0; i < ORGANISATIONS; i++) {
        const json_t *o = json_object_get(d->scripts[i], "organisation");
        char id[UUID_TEXT];
        struct bl_rows *rows;
        uuid_v7(id);
        if (!directory_ask(&d->directory,
                           "INSERT INTO core.organisation (id, slug, name, kind) VALUES ($1::uuid, $2, $3, $4) "
                           "ON CONFLICT (slug) DO NOTHING",
                           (const char *const[]){id, text_of(o, "slug"), text_of(o, "name"), text_of(o, "kind")}, 4, &rows) ||
            !add_members(d, d->scripts[i]))
            return false;
    }
    return true;
}

/* One line per membership: somebody who works for several organisations is named several times. */
static json_t *credentials(struct demo *d)
{
    json_t *users = json_array(), *member;
    size_t at;
    for (size_t i = 0; i < ORGANISATIONS; i++) {
        const json_t *o = json_object_get(d->scripts[i], "organisation");
        json_array_foreach(json_object_get(d->scripts[i], "members"), at, member)
        {
            const struct demo_person *person = demo_person(&d->people, text_of(member, "email"));
            json_array_append_new(users, json_pack("{s:s, s:s, s:s, s:s, s:s}", "email", person->email, "password",
                                                   person->password, "organisation", text_of(o, "slug"), "kind",
                                                   text_of(o, "kind"), "role", text_of(member, "role")));
        }
    }
    return json_pack("{s:s, s:o}", "base_url", d->config->base_url, "users", users);
}

/* Whole or not at all, and only its owner may read it. */
static bool write_private(const char *path, const json_t *content)
{
    char unfinished[PATH_MAX];
    if ((size_t)snprintf(unfinished, sizeof unfinished, "%s.%ld", path, (long)getpid()) >= sizeof unfinished) {
        errno = ENAMETOOLONG;
        return false;
    }
    int fd = open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!file) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    bool written =
        json_dumpf(content, file, JSON_INDENT(2)) == 0 && fputc('\n', file) != EOF && fflush(file) == 0 && fsync(fd) == 0;
    written = fclose(file) == 0 && written && rename(unfinished, path) == 0;
    if (!written)
        unlink(unfinished);
    return written;
}

static bool play_all(struct demo *d)
{
    struct demo_service *service = demo_service_new(d->config);
    bool good = service != NULL;
    for (size_t i = 0; good && i < ORGANISATIONS; i++)
        good = demo_play(service, &d->people, d->scripts[i], d->present[i]);
    demo_service_free(service);
    return good;
}

static int load(struct demo *d, const char *path)
{
    if (!read_scripts(d) || !look(d))
        return CLI_FAILED;
    if (all_present(d) && access(path, F_OK) == 0) {
        printf("the demo is loaded already; credentials: %s\n", path);
        return CLI_OK;
    }
    if (!add_organisations(d) || !play_all(d))
        return CLI_FAILED;
    json_t *content = credentials(d);
    bool written = content && write_private(path, content);
    if (!written)
        fprintf(stderr, "ballium: demo: cannot write %s: %s\n", path, strerror(errno));
    json_decref(content);
    if (written)
        printf("credentials: %s\n", path);
    return written ? CLI_OK : CLI_FAILED;
}

static int demo_run(struct config *config, int argc, char **argv)
{
    char path[PATH_MAX];
    if (argc > 2)
        return cli_usage(&cli_demo);
    snprintf(path, sizeof path, "%s/demo-credentials.json", config->data_dir);
    struct demo *d = calloc(1, sizeof *d);
    if (!d || sodium_init() < 0) {
        free(d);
        fputs("ballium: no memory\n", stderr);
        return CLI_FAILED;
    }
    d->config = config;
    log_set_level(LOG_WARN); /* a line per request would bury what matters */
    int code = directory_open(&d->directory, config) ? load(d, argc == 2 ? argv[1] : path) : CLI_FAILED;
    directory_close(&d->directory);
    for (size_t i = 0; i < d->people.count; i++)
        free(d->people.list[i].token);
    for (size_t i = 0; i < ORGANISATIONS; i++)
        json_decref(d->scripts[i]);
    sodium_memzero(d, sizeof *d);
    free(d);
    return code;
}

const struct cli_command cli_demo = {
    .name = "demo",
    .usage = "[FILE]\n"
             "  makes the organisations barbican, keep, moat, ditch and outerwall with people in every role, and writes their\n"
             "  passwords to FILE (demo-credentials.json in `data_dir`); does nothing when all of it is there",
    .summary = "load demo data through the API",
    .run = demo_run,
};
