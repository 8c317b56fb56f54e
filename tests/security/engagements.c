/* Engagements at the doors, through the whole service: a consultant comes in on the engagement's days and into its areas only,
 * and every request asks again. What happens meanwhile is done as it would be: by the API, or by the calendar (psql). */
#include "attack.h"

#define KEEP "/api/v1/orgs/keep/engagements"
#define BARBICAN "/api/v1/orgs/barbican/engagements"

static struct api *client, *provider, *staff, *reader; /* keep's owner, barbican's owner and consultant, keep's reader */
static char *staff_id;

static int set_up(void **state)
{
    (void)state;
    client = api_as("keep", "owner");
    provider = api_as("barbican", "owner");
    staff = api_as("barbican", "manager"); /* no member of keep */
    reader = api_as("keep", "reader");
    struct answer me = api_get(staff, "/api/v1/me");
    expect_status(&me, 200);
    staff_id = strdup(answer_text(&me, "user/id"));
    answer_free(&me);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    api_free(client);
    api_free(provider);
    api_free(staff);
    api_free(reader);
    free(staff_id);
    return 0;
}

/* One statement by the cluster's superuser: for what only time does. */
static void sql(const char *format, ...)
{
    char text[1000], line[1400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const char *dir = getenv("BALLIUM_CLUSTER_DIR");
    if (dir == NULL)
        fail_msg("BALLIUM_CLUSTER_DIR must name the service's cluster (tests/run sets it)");
    snprintf(line, sizeof line,
             "psql -X -q -v ON_ERROR_STOP=1 \"$(%s/sql/cluster env %s | sed -n \"s/^export "
             "BALLIUM_TEST_SUPERUSER='\\(.*\\)'$/\\1/p\")\" -c \"%s\"",
             TEST_SOURCE, dir, text);
    if (system(line) != 0)
        fail_msg("%s", line);
}

static char *today(int days)
{
    static char out[4][16];
    static int at;
    char *day = out[at++ % 4];
    time_t when = time(NULL) + (time_t)days * 86400;
    strftime(day, 16, "%Y-%m-%d", gmtime(&when));
    return day;
}

static void expect(struct api *who, const char *method, const char *path, int status)
{
    struct answer r = api_call(who, method, path, strcmp(method, "POST") == 0 ? "{}" : NULL, NULL);
    if (r.status != status)
        fail_msg("%s %s: %d instead of %d: %s", method, path, r.status, status, r.body);
    answer_free(&r);
}

static void act(struct api *who, const char *org, const char *id, const char *verb, int status)
{
    char path[300];
    snprintf(path, sizeof path, "/api/v1/orgs/%s/engagements/%s:%s", org, id, verb);
    expect(who, "POST", path, status);
}

static struct answer asked(struct api *who, const char *path, const char *other, const char *areas, const char *from,
                           const char *to)
{
    json_t *body = json_pack("{s:s, s:s, s:[s,s], s:s, s:s}", "organisation", other, "kind", "advice", "roles", "consultant",
                             "reader", "valid_from", from, "valid_to", to);
    if (areas)
        json_object_set_new(body, "areas", json_pack("[s]", areas));
    return api_post(who, path, body);
}

static struct answer assigned(const char *id, const char *user, const char *role)
{
    char path[300];
    snprintf(path, sizeof path, BARBICAN "/%s/staff", id);
    return api_post(provider, path, json_pack("{s:s, s:s}", "user_id", user, "role", role));
}

/* An engagement in force with the consultant assigned. The caller frees the id. */
static char *engaged(const char *areas)
{
    struct answer r = asked(provider, BARBICAN, "keep", areas, today(-1), today(30));
    expect_status(&r, 201);
    char *id = strdup(answer_text(&r, "id"));
    answer_free(&r);
    act(client, "keep", id, "accept", 200);
    r = assigned(id, staff_id, "consultant");
    expect_status(&r, 200);
    assert_string_equal(answer_text(&r, "staff/0/id"), staff_id);
    answer_free(&r);
    return id;
}

/* Everything that the consultant can reach in keep answers as if there were no such organisation. */
static void shut(const char *path)
{
    char there[300], nowhere[300];
    snprintf(there, sizeof there, "/api/v1/orgs/keep%s", path);
    snprintf(nowhere, sizeof nowhere, "/api/v1/orgs/nowhere%s", path);
    struct answer a = api_get(staff, "%s", there), b = api_get(staff, "%s", nowhere);
    expect_status(&a, 404);
    attack_same(&a, &b, there);
    answer_free(&a);
    answer_free(&b);
}

static void all_shut(void)
{
    static const char *const paths[] = {"",      "/members",  "/context/issues", "/context/gaps",
                                        "/meta", "/calendar", "/search?q=risk"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        shut(paths[i]);
}

static void an_engagement_lets_in_and_its_end_shuts_out(void **state)
{
    (void)state;
    all_shut();
    char *id = engaged(NULL);
    expect(staff, "GET", "/api/v1/orgs/keep/context/issues", 200);
    expect(staff, "POST", "/api/v1/orgs/keep/context/issues", 422);
    struct answer me = api_get(staff, "/api/v1/me");
    expect_status(&me, 200);
    bool seen = false;
    size_t i;
    json_t *m;
    json_array_foreach(answer_at(&me, "memberships"), i, m)
    {
        const char *by = NULL;
        json_unpack(m, "{s:{s:s}}", "engagement", "id", &by);
        seen |= by && strcmp(by, id) == 0;
    }
    assert_true(seen);
    answer_free(&me);
    act(client, "keep", id, "end", 200); /* the token is as good as before: the next request is out */
    all_shut();
    act(client, "keep", id, "end", 409);
    act(client, "keep", id, "accept", 409);
    free(id);
}

static void the_provider_ends_it_too(void **state)
{
    (void)state;
    char *id = engaged(NULL);
    expect(staff, "GET", "/api/v1/orgs/keep/context/issues", 200);
    act(provider, "barbican", id, "end", 200);
    all_shut();
    free(id);
}

static void outside_its_days_nobody_comes_in(void **state)
{
    (void)state;
    char *id = engaged(NULL);
    expect(staff, "GET", "/api/v1/orgs/keep/context/issues", 200);
    sql("UPDATE core.engagement SET valid_to = current_date - 1 WHERE id = '%s'", id);
    all_shut();
    sql("UPDATE core.engagement SET valid_from = current_date + 1, valid_to = current_date + 9 WHERE id = '%s'", id);
    all_shut();
    sql("UPDATE core.engagement SET valid_from = current_date, valid_to = current_date WHERE id = '%s'", id);
    expect(staff, "GET", "/api/v1/orgs/keep/context/issues", 200); /* its first and last day */
    sql("UPDATE core.engagement SET state = 'ended', ended_at = now(), ended_side = 'client' WHERE id = '%s'", id);
    all_shut(); /* whatever the membership says */
    sql("UPDATE core.engagement SET state = 'active', ended_at = NULL, ended_side = NULL WHERE id = '%s'", id);
    act(client, "keep", id, "end", 200);
    free(id);
}

static void outside_its_areas_there_is_nothing(void **state)
{
    (void)state;
    char *id = engaged("context");
    expect(staff, "GET", "/api/v1/orgs/keep/context/issues", 200);
    expect(staff, "GET", "/api/v1/orgs/keep/members", 200);
    static const char *const closed[] = {"/annex-a/controls", "/engagements", "/annex-a/controls/" NOBODYS "/history"};
    for (size_t i = 0; i < sizeof closed / sizeof *closed; i++)
        shut(closed[i]);
    struct answer r = api_get(staff, "/api/v1/orgs/keep/meta");
    expect_status(&r, 200);
    json_t *resource;
    size_t i;
    json_array_foreach(answer_at(&r, "resources"), i, resource)
    {
        const char *area = NULL;
        int read = -1;
        json_unpack(resource, "{s:s, s:{s:b}}", "area", &area, "permissions", "read", &read);
        if (area && read == 1)
            assert_string_equal(area, "context");
    }
    answer_free(&r);
    r = api_get(staff, "/api/v1/orgs/keep/search?q=a&limit=100");
    if (r.status == 200)
        json_array_foreach(answer_at(&r, "items"), i, resource)
            assert_int_equal(strncmp(json_string_value(json_object_get(resource, "resource")), "context.", 8), 0);
    answer_free(&r);
    act(client, "keep", id, "end", 200);
    free(id);
}

static void the_client_shuts_one_person_out(void **state)
{
    (void)state;
    char *id = engaged(NULL), path[300];
    expect(staff, "GET", "/api/v1/orgs/keep/context/issues", 200);
    snprintf(path, sizeof path, KEEP "/%s/staff/%s", id, staff_id);
    expect(client, "DELETE", path, 200);
    all_shut();
    struct answer r = assigned(id, staff_id, "reader"); /* and not again by this engagement */
    expect_problem(&r, 409, "shut_out", NULL);
    answer_free(&r);
    expect(client, "DELETE", path, 404);
    act(client, "keep", id, "end", 200);
    free(id);
}

static void leaving_the_provider_is_leaving_the_client(void **state)
{
    (void)state;
    char *id = engaged(NULL);
    expect(staff, "GET", "/api/v1/orgs/keep/context/issues", 200);
    sql("UPDATE core.membership m SET status = 'ended' FROM core.organisation o WHERE o.id = m.tenant_id AND o.slug = 'barbican' "
        "AND m.user_id = '%s'",
        staff_id);
    all_shut();
    sql("UPDATE core.membership m SET status = 'active' FROM core.organisation o WHERE o.id = m.tenant_id AND o.slug = "
        "'barbican' AND m.user_id = '%s'",
        staff_id);
    expect(staff, "GET", "/api/v1/orgs/keep/context/issues", 200);
    sql("UPDATE core.organisation SET status = 'suspended' WHERE slug = 'barbican'");
    all_shut();
    sql("UPDATE core.organisation SET status = 'active' WHERE slug = 'barbican'");
    act(client, "keep", id, "end", 200);
    free(id);
}

static void who_asks_does_not_answer_and_strangers_do_nothing(void **state)
{
    (void)state;
    struct answer r = asked(client, KEEP, "barbican", NULL, today(0), today(9));
    expect_status(&r, 201);
    char *id = strdup(answer_text(&r, "id")), path[300];
    answer_free(&r);
    r = asked(provider, BARBICAN, "keep", NULL, today(0), today(9)); /* one at a time */
    expect_problem(&r, 409, "duplicate", NULL);
    answer_free(&r);
    r = assigned(id, staff_id, "reader");
    expect_problem(&r, 409, "wrong_state", NULL);
    answer_free(&r);
    snprintf(path, sizeof path, KEEP "/%s:accept", id);
    r = api_call(client, "POST", path, "{}", NULL);
    expect_problem(&r, 409, "wrong_side", NULL);
    answer_free(&r);
    act(reader, "keep", id, "accept", 403);
    act(provider, "barbican", id, "decline", 200);
    all_shut();
    struct api *other = api_as("outerwall", "owner");
    snprintf(path, sizeof path, "/api/v1/orgs/outerwall/engagements/%s", id);
    expect(other, "GET", path, 404);
    act(other, "outerwall", id, "end", 404);
    api_free(other);
    free(id);
}

static void what_cannot_be_asked(void **state)
{
    (void)state;
    struct answer r = asked(client, KEEP, "moat", NULL, today(0), today(9)); /* a client provides nothing */
    expect_problem(&r, 422, "unknown_reference", "/organisation");
    answer_free(&r);
    r = asked(client, KEEP, "nowhere", NULL, today(0), today(9));
    expect_problem(&r, 422, "unknown_reference", "/organisation");
    answer_free(&r);
    r = asked(client, KEEP, "barbican", NULL, today(-9), today(-1));
    expect_problem(&r, 422, "range", "/valid_to");
    answer_free(&r);
    r = api_post(client, KEEP,
                 json_pack("{s:s, s:s, s:[s], s:s, s:s}", "organisation", "barbican", "kind", "advice", "roles", "owner",
                           "valid_from", today(0), "valid_to", today(9)));
    expect_problem(&r, 422, "not_allowed", "/roles");
    answer_free(&r);
    r = asked(reader, KEEP, "barbican", NULL, today(0), today(9));
    expect_problem(&r, 403, "forbidden", NULL);
    answer_free(&r);
}

/* A role that was not agreed, a person of somebody else, one who is a member of the client already. */
static void only_what_was_agreed_is_assigned(void **state)
{
    (void)state;
    char *id = engaged(NULL);
    struct answer r = assigned(id, staff_id, "manager");
    expect_problem(&r, 422, "not_allowed", "/role");
    answer_free(&r);
    struct answer me = api_get(reader, "/api/v1/me");
    r = assigned(id, answer_text(&me, "user/id"), "reader");
    expect_problem(&r, 422, "unknown_reference", "/user_id");
    answer_free(&r);
    answer_free(&me);
    struct api *other = api_as("moat", "manager"); /* of neither side */
    me = api_get(other, "/api/v1/me");
    r = assigned(id, answer_text(&me, "user/id"), "reader");
    expect_problem(&r, 422, "unknown_reference", "/user_id");
    answer_free(&r);
    answer_free(&me);
    api_free(other);
    act(client, "keep", id, "end", 200);
    free(id);
}

static void a_person_comes_by_one_engagement(void **state)
{
    (void)state;
    char *id = engaged(NULL);
    struct answer r = api_post(provider, BARBICAN,
                               json_pack("{s:s, s:s, s:[s], s:s, s:s}", "organisation", "keep", "kind", "internal_audit", "roles",
                                         "reader", "valid_from", today(0), "valid_to", today(9)));
    expect_status(&r, 201);
    char *second = strdup(answer_text(&r, "id"));
    answer_free(&r);
    act(client, "keep", second, "accept", 200);
    r = assigned(second, staff_id, "reader");
    expect_problem(&r, 409, "assigned", NULL);
    answer_free(&r);
    act(client, "keep", id, "end", 200);
    r = assigned(second, staff_id, "reader"); /* which holds no more */
    expect_status(&r, 200);
    answer_free(&r);
    act(client, "keep", second, "end", 200);
    free(second);
    free(id);
}

static bool on_trail(struct api *who, const char *org, const char *record, const char *verb, const char *actor)
{
    struct answer r = api_get(who, "/api/v1/orgs/%s/events?record=%s&verb=%s", org, record, verb);
    expect_status(&r, 200);
    const char *by = answer_text(&r, "items/0/actor/id");
    bool found = by && (!actor || strcmp(by, actor) == 0);
    answer_free(&r);
    return found;
}

/* What either side does to an engagement, and what the provider's people do by it, stands on the client's trail; what everybody
 * could take away at once (an archive of all) is not for them. */
static void all_of_it_is_on_the_clients_trail(void **state)
{
    (void)state;
    char *id = engaged(NULL), path[300];
    struct answer r =
        api_post(staff, "/api/v1/orgs/keep/context/issues",
                 json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:i}", "title", "Seen by a consultant", "origin", "internal", "effect",
                           "negative", "concern", "isms_outcome", "category", "people", "influence", 1, "control", 1));
    expect_status(&r, 201);
    char *issue = strdup(answer_text(&r, "id"));
    answer_free(&r);
    expect(staff, "POST", "/api/v1/orgs/keep/export", 404);
    expect(staff, "GET", "/api/v1/orgs/keep/exports/" NOBODYS, 404);
    snprintf(path, sizeof path, BARBICAN "/%s/staff/%s", id, staff_id);
    expect(provider, "DELETE", path, 200);
    act(client, "keep", id, "end", 200);
    struct answer asker = api_get(provider, "/api/v1/me"), answerer = api_get(client, "/api/v1/me");
    const char *theirs = answer_text(&asker, "user/id"), *ours = answer_text(&answerer, "user/id");
    assert_true(on_trail(client, "keep", id, "ask", theirs));
    assert_true(on_trail(client, "keep", id, "accept", ours));
    assert_true(on_trail(client, "keep", id, "assign", theirs));
    assert_true(on_trail(client, "keep", id, "withdraw", theirs));
    assert_true(on_trail(client, "keep", id, "end", ours));
    assert_true(on_trail(client, "keep", issue, "create", staff_id));
    assert_false(on_trail(provider, "barbican", issue, "create", NULL)); /* it is the client's */
    answer_free(&asker);
    answer_free(&answerer);
    attack_archive(client, "/api/v1/orgs/keep/context/issues", issue);
    free(issue);
    free(id);
}

/* How many files of lists this person took away, and of the last one: which list, in which format, by which filters. */
static struct answer taken(const char *person, size_t *count)
{
    struct answer r = api_get(client, "/api/v1/orgs/keep/events?resource=core.exports&verb=list&limit=500&actor=%s", person);
    expect_status(&r, 200);
    *count = json_array_size(answer_at(&r, "items"));
    return r;
}

static void fetched(struct api *who, const char *path, const char *type, int status)
{
    char accept[120];
    snprintf(accept, sizeof accept, "Accept: %s", type);
    struct answer r = api_call(who, "GET", path, NULL, (const char *const[]){accept, NULL});
    expect_status(&r, status);
    answer_free(&r);
}

static void a_list_taken_away_is_on_the_clients_trail(void **state)
{
    (void)state;
    static const char xlsx[] = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    size_t before, now;
    char *id = engaged("context");
    struct answer r = taken(staff_id, &before);
    answer_free(&r);
    fetched(staff, "/api/v1/orgs/keep/context/issues?origin=internal", "application/json", 200);
    fetched(staff, "/api/v1/orgs/keep/context/issues?limit=5", "text/csv", 400);
    fetched(staff, "/api/v1/orgs/keep/context/issues?origin=purple", "text/csv", 400);
    fetched(staff, "/api/v1/orgs/keep/planning/risks", "text/csv", 404);
    r = taken(staff_id, &now); /* nothing was taken away */
    assert_int_equal(now, before);
    answer_free(&r);
    fetched(staff, "/api/v1/orgs/keep/context/issues?origin=internal&sort=-ref&fields=ref", "text/csv", 200);
    r = taken(staff_id, &now); /* the newest first */
    assert_int_equal(now, before + 1);
    assert_string_equal(answer_text(&r, "items/0/change/list/1"), "context.issues");
    assert_string_equal(answer_text(&r, "items/0/change/format/1"), "csv");
    assert_int_equal(json_array_size(answer_at(&r, "items/0/change/filters/1")), 1);
    assert_string_equal(answer_text(&r, "items/0/change/filters/1/0"), "origin");
    answer_free(&r);
    fetched(staff, "/api/v1/orgs/keep/context/sites", xlsx, 200);
    r = taken(staff_id, &now);
    assert_int_equal(now, before + 2);
    assert_string_equal(answer_text(&r, "items/0/change/list/1"), "context.sites");
    assert_string_equal(answer_text(&r, "items/0/change/format/1"), "xlsx");
    answer_free(&r);
    act(client, "keep", id, "end", 200);
    struct answer me = api_get(client, "/api/v1/me"); /* a member of the client's own likewise, and of the trail itself */
    r = taken(answer_text(&me, "user/id"), &before);
    answer_free(&r);
    fetched(client, "/api/v1/orgs/keep/context/sites", "text/csv", 200);
    fetched(client, "/api/v1/orgs/keep/events?limit=1", "text/csv", 200);
    r = taken(answer_text(&me, "user/id"), &now);
    assert_int_equal(now, before + 2);
    assert_string_equal(answer_text(&r, "items/0/change/list/1"), "core.events");
    answer_free(&r);
    answer_free(&me);
    free(id);
}

#define CASE(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_engagement_lets_in_and_its_end_shuts_out),
        CASE(the_provider_ends_it_too),
        CASE(outside_its_days_nobody_comes_in),
        CASE(outside_its_areas_there_is_nothing),
        CASE(the_client_shuts_one_person_out),
        CASE(leaving_the_provider_is_leaving_the_client),
        CASE(who_asks_does_not_answer_and_strangers_do_nothing),
        CASE(what_cannot_be_asked),
        CASE(only_what_was_agreed_is_assigned),
        CASE(a_person_comes_by_one_engagement),
        CASE(all_of_it_is_on_the_clients_trail),
        CASE(a_list_taken_away_is_on_the_clients_trail),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
