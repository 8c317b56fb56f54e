/* Calendar feeds: a token of their own, taken back at any time, good for nothing else; iCalendar that calendars can read. */
#include "api.h"
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KEEP "/api/v1/orgs/keep/"
#define FEEDS KEEP "calendar/feeds"

static struct api *manager, *reader, *nobody;

static int log_in(void **state)
{
    (void)state;
    manager = api_as("keep", "manager");
    reader = api_as("keep", "reader");
    nobody = api_new();
    return 0;
}

static int log_out(void **state)
{
    (void)state;
    api_free(manager);
    api_free(reader);
    api_free(nobody);
    return 0;
}

static const char *day(int days)
{
    static char texts[4][11];
    static int next;
    time_t then = time(NULL) + (time_t)days * 86400;
    struct tm parts;
    gmtime_r(&then, &parts);
    next = (next + 1) % 4;
    strftime(texts[next], sizeof texts[next], "%Y-%m-%d", &parts);
    return texts[next];
}

struct feed {
    char id[40], token[80], url[200];
};

static struct feed new_feed(struct api *who)
{
    struct feed f;
    struct answer a = api_post(who, FEEDS, json_pack("{s:s}", "name", "Telephone"));
    expect_status(&a, 201);
    snprintf(f.id, sizeof f.id, "%s", answer_text(&a, "id"));
    snprintf(f.token, sizeof f.token, "%s", answer_text(&a, "token"));
    snprintf(f.url, sizeof f.url, "%s", answer_text(&a, "url"));
    answer_free(&a);
    return f;
}

static void take_back(struct api *who, const char *id, int status)
{
    char path[200];
    snprintf(path, sizeof path, FEEDS "/%s", id);
    struct answer a = api_call(who, "DELETE", path, NULL, NULL);
    expect_status(&a, status);
    answer_free(&a);
}

/* Folded lines put together again (RFC 5545, section 3.1). */
static char *unfold(const char *text)
{
    char *out = malloc(strlen(text) + 1), *at = out;
    for (; *text; text++) {
        if (strncmp(text, "\r\n ", 3) == 0)
            text += 2;
        else
            *at++ = *text;
    }
    *at = '\0';
    return out;
}

static void every_line_is_short_and_ends_with_crlf(const char *text)
{
    for (const char *line = text; *line;) {
        const char *end = strstr(line, "\r\n");
        assert_non_null(end);
        assert_true(end - line <= 75);
        assert_null(memchr(line, '\n', (size_t)(end - line)));
        assert_true(((unsigned char)*line & 0xC0) != 0x80);
        line = end + 2;
    }
}

static void a_due_day_is_an_event(void **state)
{
    (void)state;
    struct answer a = api_post(
        manager, KEEP "improvement/improvements",
        json_pack("{s:s, s:s}", "title",
                  "Lights, doors; and a \\ name so long that its line has to be folded between the letters ä ö ü ß é ñ ø å",
                  "due_on", day(33)));
    expect_status(&a, 201);
    char uid[100], start[60], compact[9];
    snprintf(uid, sizeof uid, "UID:%s-due_on@ballium\r\n", answer_text(&a, "id"));
    snprintf(compact, sizeof compact, "%.4s%.2s%.2s", day(33), day(33) + 5, day(33) + 8);
    snprintf(start, sizeof start, "DTSTART;VALUE=DATE:%s\r\n", compact);
    answer_free(&a);
    struct feed f = new_feed(reader);
    a = api_get(nobody, "%s", f.url);
    expect_status(&a, 200);
    assert_non_null(strstr(answer_header(&a, "content-type"), "text/calendar"));
    every_line_is_short_and_ends_with_crlf(a.body);
    char *text = unfold(a.body);
    assert_int_equal(strncmp(text, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:", 37), 0);
    assert_string_equal(text + strlen(text) - 15, "END:VCALENDAR\r\n");
    const char *event = strstr(text, uid);
    assert_non_null(event);
    const char *end = strstr(event, "END:VEVENT"), *at = strstr(event, start);
    assert_true(at != NULL && at < end);
    at = strstr(
        event,
        "Lights\\, doors\\; and a \\\\ name so long that its line has to be folded between the letters ä ö ü ß é ñ ø å\r\n");
    assert_true(at != NULL && at < end);
    free(text);
    answer_free(&a);
    take_back(reader, f.id, 204);
}

static void a_feed_taken_back_opens_nothing(void **state)
{
    (void)state;
    struct feed f = new_feed(reader);
    struct answer a = api_get(nobody, "%s", f.url);
    expect_status(&a, 200);
    answer_free(&a);
    take_back(manager, f.id, 404); /* it is the reader's */
    take_back(reader, f.id, 204);
    take_back(reader, f.id, 404);
    a = api_get(nobody, "%s", f.url);
    expect_problem(&a, 401, "invalid_token", NULL);
    answer_free(&a);
    static const char *const bad[] = {"?token=", "?token=blf_", "?token=blf_0000000000000000000000000000000000000000000", ""};
    for (size_t i = 0; i < 4; i++) {
        a = api_get(nobody, KEEP "calendar.ics%s", bad[i]);
        assert_int_equal(a.status, 401);
        answer_free(&a);
    }
}

static void it_opens_nothing_else(void **state)
{
    (void)state;
    struct feed f = new_feed(reader);
    static const char *const paths[] = {"calendar", "context/issues", "meta", "my-work", "calendar/feeds"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct answer a = api_get(nobody, KEEP "%s?token=%s", paths[i], f.token);
        assert_int_equal(a.status, 401);
        answer_free(&a);
        char header[120];
        snprintf(header, sizeof header, "Authorization: Bearer %s", f.token);
        char path[100];
        snprintf(path, sizeof path, KEEP "%s", paths[i]);
        a = api_call(nobody, "GET", path, NULL, (const char *const[]){header, NULL});
        assert_int_equal(a.status, 401);
        answer_free(&a);
    }
    /* another organisation, of which the owner is no member, and one that is not there: the same */
    static const char *const others[] = {"moat", "ditch", "no-such-organisation"};
    for (size_t i = 0; i < 3; i++) {
        struct answer a = api_get(nobody, "/api/v1/orgs/%s/calendar.ics?token=%s", others[i], f.token);
        assert_int_equal(a.status, 404);
        answer_free(&a);
    }
    take_back(reader, f.id, 204);
}

static void one_sees_ones_own_feeds_without_their_tokens(void **state)
{
    (void)state;
    struct feed f = new_feed(reader);
    struct answer mine = api_get(reader, FEEDS), theirs = api_get(manager, FEEDS);
    expect_status(&mine, 200);
    assert_non_null(strstr(mine.body, f.id));
    assert_null(strstr(mine.body, f.token));
    assert_null(strstr(theirs.body, f.id));
    answer_free(&mine);
    answer_free(&theirs);
    struct answer a = api_get(nobody, "%s", f.url);
    answer_free(&a);
    mine = api_get(reader, FEEDS);
    size_t i;
    json_t *item;
    json_array_foreach(answer_at(&mine, "items"), i, item)
    {
        if (strcmp(json_string_value(json_object_get(item, "id")), f.id) == 0)
            assert_true(json_is_string(json_object_get(item, "last_used_at")));
    }
    answer_free(&mine);
    a = api_post(reader, FEEDS, json_object());
    expect_problem(&a, 422, "required", "/name");
    answer_free(&a);
    take_back(reader, f.id, 204);
}

static void twenty_are_enough(void **state)
{
    (void)state;
    struct feed feeds[20];
    struct api *contributor = api_as("keep", "contributor");
    for (size_t i = 0; i < 20; i++)
        feeds[i] = new_feed(contributor);
    struct answer a = api_post(contributor, FEEDS, json_pack("{s:s}", "name", "One more"));
    expect_problem(&a, 409, "full", NULL);
    answer_free(&a);
    for (size_t i = 0; i < 20; i++)
        take_back(contributor, feeds[i].id, 204);
    api_free(contributor);
}

/* With a bearer token it is the calendar as ever; filters hold for both. */
static void the_feed_is_the_calendar(void **state)
{
    (void)state;
    struct answer json = api_get(manager, KEEP "calendar?from=%s&to=%s&owner=me", day(-365), day(730)),
                  ical = api_get(manager, KEEP "calendar.ics?owner=me");
    expect_status(&ical, 200);
    size_t events = 0;
    for (const char *at = ical.body; (at = strstr(at, "BEGIN:VEVENT")) != NULL; at++)
        events++;
    assert_true(events > 0);
    assert_int_equal(events, json_array_size(answer_at(&json, "items")));
    answer_free(&json);
    answer_free(&ical);
    ical = api_get(manager, KEEP "calendar.ics?colour=red");
    assert_int_equal(ical.status, 400);
    answer_free(&ical);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_due_day_is_an_event), cmocka_unit_test(a_feed_taken_back_opens_nothing),
        cmocka_unit_test(it_opens_nothing_else), cmocka_unit_test(one_sees_ones_own_feeds_without_their_tokens),
        cmocka_unit_test(twenty_are_enough),     cmocka_unit_test(the_feed_is_the_calendar),
    };
    return cmocka_run_group_tests(tests, log_in, log_out);
}
