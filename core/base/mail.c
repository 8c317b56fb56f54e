#include "base/mail.h"

#include "base/buf.h"
#include "base/ids.h"
#include "base/utf8.h"

#include <curl/curl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    TIMEOUT = 30,
    WORD = 36,
    LINE = 57
}; /* seconds; bytes of an encoded word (RFC 2047: a line with one has 76), of a line of text */

struct mailer {
    const struct mail_server *server;
    CURL *curl;
};

/* ---- the message ---------------------------------------------------------------------------------------------------------- */

bool mail_address(const char *text)
{
    const char *at = strchr(text, '@');
    size_t length = strlen(text);
    if (at == NULL || at == text || at[1] == '\0' || strchr(at + 1, '@') != NULL || length > 254)
        return false;
    for (size_t i = 0; i < length; i++)
        if (text[i] <= ' ' || text[i] > '~' || strchr("<>()[],;:\\\"", text[i]) != NULL)
            return false;
    return true;
}

static void put_base64(struct buf *b, const char *bytes, size_t length)
{
    char out[sodium_base64_ENCODED_LEN(LINE, sodium_base64_VARIANT_ORIGINAL)];
    buf_text(b, sodium_bin2base64(out, sizeof out, (const unsigned char *)bytes, length, sodium_base64_VARIANT_ORIGINAL));
}

/* Encoded words (RFC 2047), each of whole characters, each on a line of its own. */
static void put_words(struct buf *b, const char *text)
{
    const char *end = text + strlen(text);
    do {
        const char *to = text;
        for (size_t n; to < end && (n = utf8_next(to, end)) > 0 && (size_t)(to - text) + n <= WORD;)
            to += n;
        if (to == text && to < end) /* not UTF-8: a byte is a character */
            to++;
        buf_text(b, "=?UTF-8?B?");
        put_base64(b, text, (size_t)(to - text));
        buf_text(b, to < end ? "?=\r\n " : "?=\r\n");
        text = to;
    } while (text < end);
}

/* Lines end with CRLF before they are encoded (RFC 2045, section 6.8). */
static void put_text(struct buf *b, const char *text)
{
    struct buf lines = buf_new(b->arena, strlen(text) + 256);
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            buf_char(&lines, '\r');
        buf_char(&lines, *text);
    }
    for (size_t at = 0; at < lines.length; at += LINE) {
        size_t left = lines.length - at;
        put_base64(b, lines.data + at, left < LINE ? left : LINE);
        buf_text(b, "\r\n");
    }
}

const char *mail_message(struct arena *arena, const char *from, const struct mail *mail, const char *id, int64_t now)
{
    struct buf b = buf_new(arena, 4096);
    struct tm day;
    char date[64];
    time_t seconds = (time_t)(now / 1000000);
    gmtime_r(&seconds, &day);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &day);
    buf_format(&b, "Date: %s\r\nFrom: Ballium <%s>\r\nTo: <%s>\r\nMessage-ID: <%s%s>\r\nSubject: ", date, from, mail->to, id,
               strchr(from, '@'));
    put_words(&b, mail->subject);
    buf_text(&b, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n"
                 "Auto-Submitted: auto-generated\r\n\r\n");
    put_text(&b, mail->text);
    return b.data;
}

/* ---- its way -------------------------------------------------------------------------------------------------------------- */

/* By the name alone: libcurl itself takes "localhost" for this machine, whatever a resolver says. */
static bool on_this_machine(const char *host)
{
    return strcmp(host, "localhost") == 0 || strcmp(host, "127.0.0.1") == 0 || strcmp(host, "[::1]") == 0;
}

/* NULL: it is good. */
static const char *look_at(const char *url, bool *near)
{
    const char *why = "smtp_url: takes smtp://host:port or smtps://host:port";
    char *scheme = NULL, *host = NULL, *user = NULL;
    CURLU *parts = curl_url();
    if (parts != NULL && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK && strncmp(scheme, "smtp", 4) == 0) {
        why = curl_url_get(parts, CURLUPART_USER, &user, 0) == CURLUE_OK ? "smtp_url: the user goes into smtp_user" : NULL;
        *near = on_this_machine(host);
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    curl_url_cleanup(parts);
    return why;
}

struct mailer *mail_open(const struct mail_server *server, const char **why)
{
    bool near = false;
    *why = look_at(server->url, &near);
    if (*why == NULL && !mail_address(server->from))
        *why = "smtp_from: takes an address";
    if (*why != NULL)
        return NULL;
    struct mailer *m = calloc(1, sizeof *m);
    *why = "no memory";
    if (m == NULL || (m->curl = curl_easy_init()) == NULL) {
        free(m);
        return NULL;
    }
    m->server = server;
    curl_easy_setopt(m->curl, CURLOPT_URL, server->url);
    curl_easy_setopt(m->curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(m->curl, CURLOPT_USE_SSL, (long)(near ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    if (server->ca != NULL && *server->ca != '\0') {
        curl_easy_setopt(m->curl, CURLOPT_CAINFO, server->ca);
        curl_easy_setopt(m->curl, CURLOPT_CAPATH, NULL);
    }
    curl_easy_setopt(m->curl, CURLOPT_PROXY, "");
    curl_easy_setopt(m->curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(m->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(m->curl, CURLOPT_TIMEOUT, (long)TIMEOUT);
    if (*server->user != '\0') {
        curl_easy_setopt(m->curl, CURLOPT_USERNAME, server->user);
        curl_easy_setopt(m->curl, CURLOPT_PASSWORD, server->password);
    }
    return m;
}

void mail_close(struct mailer *m)
{
    if (m == NULL)
        return;
    curl_easy_cleanup(m->curl);
    free(m);
}

struct letter {
    const char *bytes;
    size_t left;
    bool whole; /* handed over to its end */
};

static size_t give(char *out, size_t size, size_t count, void *arg)
{
    struct letter *l = arg;
    size_t n = size * count < l->left ? size * count : l->left;
    memcpy(out, l->bytes, n);
    l->bytes += n;
    l->left -= n;
    l->whole = l->left == 0;
    return n;
}

static enum mail_outcome judge(CURLcode code, long answer, bool whole)
{
    if (code == CURLE_OK)
        return MAIL_SENT;
    if (code == CURLE_LOGIN_DENIED || code == CURLE_USE_SSL_FAILED || answer == 530 || answer == 421)
        return MAIL_AWAY;
    if (answer >= 400 && answer < 600)
        return answer >= 500 ? MAIL_REFUSED : MAIL_LATER;
    return whole ? MAIL_UNKNOWN : MAIL_AWAY;
}

enum mail_outcome mail_send(struct mailer *m, struct arena *arena, const struct mail *mail, const char **why)
{
    char id[UUID_TEXT];
    long answer = 0;
    *why = "its address is none that a mail can go to";
    if (!mail_address(mail->to))
        return MAIL_REFUSED;
    uuid_v7(id);
    struct letter letter = {.bytes = mail_message(arena, m->server->from, mail, id, clock_now())};
    letter.left = strlen(letter.bytes);
    struct curl_slist *to = curl_slist_append(NULL, arena_format(arena, "<%s>", mail->to));
    curl_easy_setopt(m->curl, CURLOPT_MAIL_FROM, arena_format(arena, "<%s>", m->server->from));
    curl_easy_setopt(m->curl, CURLOPT_MAIL_RCPT, to);
    curl_easy_setopt(m->curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(m->curl, CURLOPT_READFUNCTION, give);
    curl_easy_setopt(m->curl, CURLOPT_READDATA, &letter);
    CURLcode code = curl_easy_perform(m->curl);
    curl_easy_getinfo(m->curl, CURLINFO_RESPONSE_CODE, &answer);
    curl_easy_setopt(m->curl, CURLOPT_MAIL_RCPT, NULL);
    curl_slist_free_all(to);
    *why = curl_easy_strerror(code);
    return judge(code, answer, letter.whole);
}
