/* Certification over many organisations: a body sees its clients, a client its own, a consultant those it advises, and nobody
 * sees through to the other side's records. */
#include "certification.h"

#define VIEW "/api/v1/portfolio/certification"

/* The rows of a list that are of that organisation, in their order. */
static json_t *rows_of(struct api *who, const char *days, const char *list, const char *slug)
{
    struct answer a = api_get(who, VIEW "?days=%s", days);
    json_t *rows = json_array(), *row;
    size_t i;
    expect_status(&a, 200);
    json_array_foreach(answer_at(&a, list), i, row)
    {
        const char *of = NULL;
        assert_int_equal(json_unpack(row, "{s:{s:s}}", "organisation", "slug", &of), 0);
        if (strcmp(of, slug) == 0)
            json_array_append(rows, row);
    }
    answer_free(&a);
    return rows;
}

static size_t count_of(struct api *who, const char *list, const char *slug)
{
    json_t *rows = rows_of(who, "4000", list, slug);
    size_t n = json_array_size(rows);
    json_decref(rows);
    return n;
}

static const char *text_in(const json_t *rows, size_t i, const char *member)
{
    const char *text = json_string_value(json_object_get(json_array_get(rows, i), member));
    return text ? text : "null";
}

static long number_in(const json_t *rows, size_t i, const char *member)
{
    return (long)json_integer_value(json_object_get(json_array_get(rows, i), member));
}

static bool is_in(const json_t *rows, size_t i, const char *member)
{
    return json_is_true(json_object_get(json_array_get(rows, i), member));
}

static void expect_sums(struct api *who, const char *slug, const char *side, long certified, long suspended, long expiring,
                        long late, long due)
{
    json_t *rows = rows_of(who, "100", "organisations", slug);
    assert_int_equal(json_array_size(rows), 1);
    assert_string_equal(text_in(rows, 0, "side"), side);
    assert_int_equal(number_in(rows, 0, "certified"), certified);
    assert_int_equal(number_in(rows, 0, "suspended"), suspended);
    assert_int_equal(number_in(rows, 0, "expiring"), expiring);
    assert_int_equal(number_in(rows, 0, "late"), late);
    assert_int_equal(number_in(rows, 0, "due"), due);
    json_decref(rows);
}

/* One that missed its first surveillance, one that ends in three months, one that is suspended; an audit to come. */
static struct file clients[3];

static void expect_clients(void)
{
    static const struct {
        int client;
        const char *state;
        bool expiring;
        long late, due;
    } expected[] = {{1, "certified", true, 1, 2}, {0, "certified", false, 1, 1}, {2, "suspended", false, 0, 0}};
    json_t *rows = rows_of(decider, "100", "certifications", body_org);
    assert_int_equal(json_array_size(rows), 3);
    for (size_t i = 0; i < 3; i++) { /* late first, the oldest first; then what is suspended */
        const char *url = text_in(rows, i, "url");
        assert_string_equal(text_in(rows, i, "id"), clients[expected[i].client].certificate);
        assert_string_equal(text_in(rows, i, "client"), "By Hand Ltd");
        assert_string_equal(text_in(rows, i, "state"), expected[i].state);
        assert_int_equal(is_in(rows, i, "expiring"), expected[i].expiring);
        assert_int_equal(number_in(rows, i, "late"), expected[i].late);
        assert_int_equal(number_in(rows, i, "due"), expected[i].due);
        struct answer a = api_get(decider, "%s", url); /* each leads to its record */
        expect_status(&a, 200);
        answer_free(&a);
    }
    assert_string_equal(text_in(rows, 0, "next"), "surveillance");
    assert_string_equal(text_in(rows, 0, "next_on"), years_after(area_day(-1000), 1, 0));
    assert_string_equal(text_in(rows, 0, "expires_on"), years_after(area_day(-1000), 3, 1));
    assert_string_equal(text_in(rows, 1, "next_on"), years_after(area_day(-400), 1, 0));
    json_decref(rows);
}

static void a_body_sees_all_its_clients(void **state)
{
    (void)state;
    static const int decided_on[] = {-400, -1000, -200};
    for (size_t i = 0; i < 3; i++) {
        clients[i] = by_hand();
        granted_by_hand(&clients[i], decided_on[i]);
    }
    act(office, BODY "certificates", clients[2].certificate, "suspend_requested",
        json_pack("{s:s, s:s}", "request", "Letter", "asked_on", area_day(-3)), OK);
    free(make(office, BODY "certificates", certificate_of(&clients[0]))); /* not applied for: nobody's client yet */
    char *audit = plan_audit(&clients[0], "surveillance", 20, 20);
    expect_sums(decider, body_org, "body", 2, 1, 1, 2, 3); /* due: the end and what precedes it, and the audit */
    expect_clients();
    json_t *rows = rows_of(decider, "100", "due", body_org);
    static const char *const what[] = {"surveillance", "surveillance", "recertification_audit", "audit", "expiry"};
    assert_int_equal(json_array_size(rows), 5);
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(text_in(rows, i, "what"), what[i]);
        assert_int_equal(number_in(rows, i, "days"), days_from_today(text_in(rows, i, "on")));
        assert_int_equal(is_in(rows, i, "late"), i < 2);
    }
    json_decref(rows);
    rows = rows_of(decider, "0", "auditors", body_org); /* of this year and those to come */
    bool seen = false;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        long year = strtol(area_day(20), NULL, 10);
        assert_true(number_in(rows, i, "year") >= strtol(area_day(0), NULL, 10));
        seen = seen || (number_in(rows, i, "year") == year && strcmp(text_in(rows, i, "id"), lead) == 0 &&
                        number_in(rows, i, "days") >= 1 && number_in(rows, i, "leads") >= 1);
    }
    assert_true(seen);
    json_decref(rows);
    assert_int_equal(count_of(client_owner, "certifications", body_org), 0); /* not the client's to see */
    assert_int_equal(count_of(client_owner, "auditors", body_org), 0);
    free(audit);
}

/* The consultant advises the client, in that area or in all (NULL). */
static char *advise(struct api *consultancy, struct api *consultant, const char *area)
{
    char path[200], *person = area_id_of(consultant), *id = engage(consultancy, "barbican", "advice", "consultant", area);
    snprintf(path, sizeof path, "/api/v1/orgs/barbican/engagements/%s/staff", id);
    struct answer a = api_post(consultancy, path, json_pack("{s:s, s:s}", "user_id", person, "role", "consultant"));
    expect_status(&a, 200);
    answer_free(&a);
    free(person);
    return id;
}

static void end(char *engagement)
{
    char path[200];
    snprintf(path, sizeof path, "/api/v1/orgs/%s/engagements/%s:end", client_org, engagement);
    struct answer a = api_post(client_owner, path, NULL);
    expect_status(&a, 200);
    answer_free(&a);
    free(engagement);
}

static void a_client_and_its_consultant_see_what_it_holds(void **state)
{
    (void)state;
    struct api *consultancy = api_as("barbican", "owner"), *consultant = api_as("barbican", "consultant");
    free(make(client, CLIENT "held-certificates",
              json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "client_name", "Our name", "body_name", "A body", "number", "X-1",
                        "scope", "Hosting.", "surveillance_due_on", area_day(-10), "expires_on", area_day(50), "edition",
                        "2022")));
    expect_sums(client_owner, client_org, "client", 1, 0, 1, 1, 1);
    assert_int_equal(count_of(consultant, "certifications", client_org), 0);
    char *engagement = advise(consultancy, consultant, NULL);
    expect_sums(consultant, client_org, "client", 1, 0, 1, 1, 1);
    json_t *mine = rows_of(client_owner, "100", "certifications", client_org),
           *theirs = rows_of(consultant, "100", "certifications", client_org);
    assert_true(json_equal(mine, theirs)); /* the same */
    assert_string_equal(text_in(mine, 0, "side"), "client");
    assert_string_equal(text_in(mine, 0, "body"), "A body");
    assert_int_equal(count_of(consultant, "certifications", body_org), 0);
    assert_int_equal(count_of(office, "certifications", client_org), 0); /* the body reads nothing there */
    json_decref(mine);
    json_decref(theirs);
    end(engagement);
    assert_int_equal(count_of(consultant, "certifications", client_org), 0); /* at the next request */
    /* Who may enter an organisation, but not read this area there, finds nothing of it here. */
    engagement = advise(consultancy, consultant, "context");
    struct answer a = api_get(consultant, "/api/v1/portfolio/organisations");
    assert_non_null(strstr(a.body, client_org));
    answer_free(&a);
    static const char *const lists[] = {"organisations", "certifications", "due"};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(count_of(consultant, lists[i], client_org), 0);
    end(engagement);
    api_free(consultancy);
    api_free(consultant);
}

static void what_is_refused(void **state)
{
    (void)state;
    struct api *nobody = api_new();
    struct answer a = api_get(nobody, VIEW);
    expect_status(&a, 401);
    answer_free(&a);
    static const char *const bad[] = {"?days=", "?days=-1", "?days=4001", "?days=3x", "?org=moat"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        a = api_get(office, VIEW "%s", bad[i]);
        expect_status(&a, 400);
        answer_free(&a);
    }
    a = api_post(office, VIEW, json_object());
    expect_status(&a, 405);
    answer_free(&a);
    api_free(nobody);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_sees_all_its_clients),
        cmocka_unit_test(a_client_and_its_consultant_see_what_it_holds),
        cmocka_unit_test(what_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
