/* Reminders: once a day each person gets, for each organisation, one mail with what is due of theirs there, or its webhooks are
 * told, or both, as the person chose. What they may read there is looked at as they themselves. */
#include "jobs/inside.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mail.h"
#include "base/utf8.h"
#include "http/act.h"

#include <string.h>

enum { PAGE = 200, SHOWN = 100, LONGEST = 200 }; /* people at a time; dates in a mail; bytes of a title */

struct reminder {
    const char *tenant, *slug, *organisation, *person, *email, *name;
    int days_ahead;
    bool mail, webhook; /* by which ways */
    const struct config *config;
    const struct engine *engine;
    struct arena *arena;
    /* found out: */
    size_t dates;
    const char *subject, *text; /* in `arena`: they outlive the transaction */
    const char *args[3];
    char number[24];
};

struct round {
    struct inside *inside;
    struct db *queue;
    struct arena *arena;
    const struct config *config;
    struct mailer *mailer; /* NULL: no server is set */
    long sent, failed, told;
    const char *away; /* why the server takes none; NULL: it does */
};

/* A title must not look like another line, and need not be there to its end. */
static void put_line(struct buf *b, const char *text)
{
    const char *start = text, *end = text + strlen(text);
    for (size_t n; text < end && text - start < LONGEST; text += n) {
        n = utf8_next(text, end);
        if (n <= 1 && (n == 0 || (unsigned char)*text < ' ' || *text == 0x7f)) {
            buf_char(b, ' ');
            n = 1;
        } else {
            buf_add(b, text, n);
        }
    }
}

static void put_due(struct buf *b, const struct reminder *m, const struct engine_due *due)
{
    buf_format(b, "%s  %s", due->day, due->overdue ? "OVERDUE  " : "");
    put_line(b, due->ref);
    buf_text(b, "  ");
    put_line(b, due->title != NULL ? due->title : "");
    buf_text(b, "\n    ");
    put_line(b, due->label);
    buf_format(b, ": %s%s\n", m->config->base_url, due->path);
}

static void compose(struct reminder *m, const struct engine_due *due)
{
    struct buf subject = buf_new(m->arena, 256), text = buf_new(m->arena, 4096);
    put_line(&subject, m->organisation);
    buf_text(&subject, ": ");
    if (m->dates == 1)
        put_line(&subject, due->title != NULL ? due->title : due->ref);
    else
        buf_format(&subject, "%zu dates of your records", m->dates);
    put_line(&text, m->name);
    buf_text(&text, ",\n\nof your records in ");
    put_line(&text, m->organisation);
    buf_format(&text, " these are overdue, or due within %d days:\n\n", m->days_ahead);
    for (size_t i = 0; i < m->dates && i < SHOWN; i++)
        put_due(&text, m, &due[i]);
    if (m->dates > SHOWN)
        buf_text(&text, "and more.\n");
    buf_format(&text, "\nAll of your work: %s/api/v1/orgs/%s/my-work\nHow often this comes: %s/api/v1/me/reminders\n",
               m->config->base_url, m->slug, m->config->base_url);
    m->subject = subject.data;
    m->text = text.data;
}

/* The same all day: when a mail is tried again, its message to the webhooks is there already. A UUIDv7 of the day's beginning. */
static void message_id(const struct reminder *m, int64_t now, char out[UUID_TEXT])
{
    char text[160], hash[SHA256_TEXT];
    int64_t day = now / 86400000000;
    snprintf(text, sizeof text, "%s %s %lld", m->tenant, m->person, (long long)day);
    sha256_text(text, strlen(text), hash);
    snprintf(text, sizeof text, "%012llx", (unsigned long long)day * 86400000);
    snprintf(out, UUID_TEXT, "%.8s-%.4s-7%.3s-8%.3s-%.12s", text, text + 8, hash, hash + 3, hash + 6);
}

/* As for what is recorded on the trail: what is meant, and not what it holds. */
static const char *payload(const struct reminder *m, const struct engine_due *due, const char *id, int64_t now)
{
    struct buf out = buf_new(m->arena, 4096);
    struct json j;
    char at[TIME_TEXT];
    time_format(now, at);
    json_start(&j, &out);
    json_open(&j, NULL, '{');
    json_put_text(&j, "type", "core.reminders.due");
    json_put_text(&j, "timestamp", at);
    json_open(&j, "data", '{');
    json_put_text(&j, "id", id);
    json_put_text(&j, "organisation", m->slug);
    json_put_text(&j, "resource", "core.reminders");
    json_put_text(&j, "record_id", m->person);
    json_put_text(&j, "verb", "due");
    json_put_integer(&j, "dates", (int64_t)m->dates);
    json_open(&j, "items", '[');
    for (size_t i = 0; i < m->dates && i < SHOWN; i++) {
        json_open(&j, NULL, '{');
        json_put_text(&j, "resource", due[i].resource);
        json_put_text(&j, "record_id", due[i].id);
        json_put_text(&j, "ref", due[i].ref);
        json_put_text(&j, "date", due[i].day);
        json_put_bool(&j, "overdue", due[i].overdue);
        json_end(&j);
    }
    for (int open = 0; open < 3; open++)
        json_end(&j);
    return out.data;
}

static enum bl_status tell(struct bl_request *r, struct reminder *m, const struct engine_due *due)
{
    struct bl_rows *rows;
    char id[UUID_TEXT];
    message_id(m, r->now, id);
    return bl_sql(r,
                  "INSERT INTO core.webhook_delivery (tenant_id, webhook_id, id, type, payload) SELECT $1::uuid, w.id, $2::uuid, "
                  "'core.reminders.due', $3 FROM core.webhook w WHERE w.tenant_id = $1::uuid AND w.state = 'active' AND "
                  "w.events && ARRAY['*', 'core.reminders', 'core.reminders:due'] ON CONFLICT DO NOTHING",
                  (const char *const[]){id, payload(m, due, id, r->now)}, 2, 0, &rows);
}

static enum bl_status look(struct bl_request *r, void *arg)
{
    struct reminder *m = arg;
    struct engine_due *due;
    enum bl_status status = engine_due(r, m->engine, m->person, m->days_ahead, &due, &m->dates);
    if (status == BL_OK && m->dates > 0 && m->mail)
        compose(m, due);
    if (status == BL_OK && m->dates > 0 && m->webhook)
        status = tell(r, m, due);
    return status;
}

static const char *const *decide_args(void *arg, int *count)
{
    struct reminder *m = arg;
    snprintf(m->number, sizeof m->number, "%zu", m->dates);
    m->args[0] = m->tenant;
    m->args[1] = m->person;
    m->args[2] = m->number;
    *count = 3;
    return m->args;
}

/* Only after the server has certainly not taken it. When that fails, or nobody knows, there is no mail today: one too few is
 * better than two. */
static void reopen(struct round *round, const struct reminder *m)
{
    struct bl_rows *rows;
    if (db_ready(round->queue) != BL_OK)
        return;
    db_queue(round->queue, "SELECT core.reminder_reopen($1::uuid, $2::uuid)", (const char *const[]){m->tenant, m->person}, 2);
    if (db_flush(round->queue, round->arena, &rows) != BL_OK)
        log_write(LOG_WARN, "reminder", "could not be put back: %s", db_error(round->queue)->message);
}

static void send_one(struct round *round, const struct reminder *m)
{
    const char *why;
    const struct mail mail = {.to = m->email, .subject = m->subject, .text = m->text};
    enum mail_outcome outcome = mail_send(round->mailer, round->arena, &mail, &why);
    if (outcome == MAIL_SENT) {
        round->sent++;
        return;
    }
    round->failed++;
    log_write(LOG_WARN, "reminder_failed", "for %s in %s: %s%s", m->person, m->slug, why,
              outcome == MAIL_LATER || outcome == MAIL_AWAY ? "; it is tried again" : "; not again today");
    if (outcome == MAIL_LATER || outcome == MAIL_AWAY)
        reopen(round, m);
    if (outcome == MAIL_AWAY)
        round->away = why;
}

static void remind(struct round *round, struct reminder *m)
{
    struct http_act act = {.tenant = m->tenant,
                           .slug = m->slug,
                           .actor = m->person,
                           .what = "remind",
                           .run = look,
                           .arg = m,
                           .last = "SELECT core.reminder_decide($1::uuid, $2::uuid, $3::integer)",
                           .last_args = decide_args};
    if (http_act(inside_worker(round->inside), &act) != BL_OK || m->dates == 0)
        return;
    round->told += m->webhook;
    if (m->mail && round->mailer != NULL)
        send_one(round, m);
}

/* Whose turn it is: while the server takes no mail, nothing is decided for those who want one; without a server there is none to
 * wait for. */
static const char *ways(const struct round *round)
{
    return round->away != NULL ? "{webhook}" : round->mailer == NULL ? "{webhook,both}" : "{mail,webhook,both}";
}

static enum bl_status remind_all(struct round *round)
{
    char organisation[UUID_TEXT] = "", person[UUID_TEXT] = "";
    for (bool more = true; more;) {
        struct arena_mark page = arena_mark(round->arena);
        struct bl_rows *rows;
        const char *away = round->away, *args[] = {*person ? organisation : NULL, *person ? person : NULL,
                                                   arena_format(round->arena, "%d", PAGE), ways(round)};
        enum bl_status status = db_ready(round->queue);
        if (status != BL_OK)
            return status;
        db_queue(round->queue,
                 "SELECT organisation_id, slug, organisation, user_id, email, name, days_ahead, way FROM "
                 "core.reminders_open($1::uuid, $2::uuid, $3::integer, $4::text[])",
                 args, 4);
        if ((status = db_flush(round->queue, round->arena, &rows)) != BL_OK)
            return status;
        int got = db_count(rows);
        for (int i = 0; i < got && round->away == away; i++) {
            const char *way = db_cell(rows, i, 7);
            struct arena_mark mark = arena_mark(round->arena);
            struct reminder m = {.tenant = db_cell(rows, i, 0),
                                 .slug = db_cell(rows, i, 1),
                                 .organisation = db_cell(rows, i, 2),
                                 .person = db_cell(rows, i, 3),
                                 .email = db_cell(rows, i, 4),
                                 .name = db_cell(rows, i, 5),
                                 .days_ahead = (int)db_integer(rows, i, 6),
                                 .mail = strcmp(way, "webhook") != 0,
                                 .webhook = strcmp(way, "mail") != 0,
                                 .config = round->config,
                                 .engine = inside_engine(round->inside),
                                 .arena = round->arena};
            remind(round, &m);
            snprintf(organisation, sizeof organisation, "%s", m.tenant);
            snprintf(person, sizeof person, "%s", m.person);
            arena_release(round->arena, mark);
        }
        more = got == PAGE || round->away != away; /* or on with those who want no mail */
        arena_release(round->arena, page);
    }
    return BL_OK;
}

enum bl_status inside_remind(struct inside *in, struct db *queue, struct arena *arena, const struct config *c, char *outcome,
                             size_t room)
{
    struct round round = {.inside = in, .queue = queue, .arena = arena, .config = c};
    const struct mail_server server = {
        .url = c->smtp_url, .from = c->smtp_from, .user = c->smtp_user, .password = c->smtp_password, .ca = c->smtp_ca};
    const char *why = NULL;
    bool set = c->smtp_url != NULL && *c->smtp_url != '\0';
    if (set && (round.mailer = mail_open(&server, &why)) == NULL)
        round.away = why;
    *outcome = '\0';
    enum bl_status status = remind_all(&round);
    mail_close(round.mailer);
    if (status == BL_OK && round.away != NULL) {
        snprintf(outcome, room, "the mail server takes no mail: %s", round.away);
        status = BL_INTERNAL;
    } else if (status == BL_OK) {
        snprintf(outcome, room, "%s%ld mails sent, %ld failed, %ld told to webhooks",
                 set ? "" : "no mail server is set: ", round.sent, round.failed, round.told);
    }
    return status;
}
