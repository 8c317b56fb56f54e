/* The reference data of Annex A through the running service: the tables against the CSV files, the filters, adopting,
 * putting away, links. */
#include "api.h"
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DITCH "/api/v1/orgs/ditch/annex-a/"
#define DATA TEST_SOURCE "/plugins/annex_a/data/"
enum { CELLS = 12, LINE = 2000 };

static struct api *owner;

static int log_in(void **state)
{
    (void)state;
    owner = api_as("ditch", "owner");
    return 0;
}

static int log_out(void **state)
{
    (void)state;
    api_free(owner);
    return 0;
}

/* Cuts a line of CSV in place; a quoted cell holds no quote in these files. */
static size_t cut(char *line, char *cells[CELLS])
{
    size_t count = 0;
    line[strcspn(line, "\r\n")] = '\0';
    for (char *at = line; at && count < CELLS;) {
        bool quoted = *at == '"';
        cells[count++] = at + quoted;
        at = strchr(at + quoted, quoted ? '"' : ',');
        if (at && quoted) {
            *at++ = '\0';
            at = *at == ',' ? at : NULL;
        }
        if (at)
            *at++ = '\0';
    }
    return count;
}

static FILE *open_csv(const char *name)
{
    char path[500], head[LINE];
    snprintf(path, sizeof path, DATA "%s", name);
    FILE *csv = fopen(path, "r");
    assert_non_null(csv);
    assert_non_null(fgets(head, sizeof head, csv));
    return csv;
}

static void same_text(const json_t *item, const char *member, const char *expected)
{
    const char *text = json_string_value(json_object_get(item, member));
    assert_string_equal(text ? text : "", expected);
}

/* "C;I;A" against ["C", "I", "A"]. */
static void same_list(const json_t *item, const char *member, const char *expected)
{
    char joined[500] = "";
    size_t i;
    json_t *value;
    json_array_foreach(json_object_get(item, member), i, value)
    {
        size_t length = strlen(joined);
        snprintf(joined + length, sizeof joined - length, "%s%s", i ? ";" : "", json_string_value(value));
    }
    assert_string_equal(joined, expected);
}

static struct answer list(const char *query, size_t count)
{
    struct answer a = api_get(owner, DITCH "%s", query);
    expect_status(&a, 200);
    if (json_array_size(answer_at(&a, "items")) != count)
        fail_msg("%s: %zu items, not %zu", query, json_array_size(answer_at(&a, "items")), count);
    assert_int_equal(answer_integer(&a, "count"), count);
    return a;
}

static void counts(const char *query, size_t count)
{
    struct answer a = list(query, count);
    answer_free(&a);
}

static void edition_2013_is_the_file(void **state)
{
    (void)state;
    char line[LINE], *cells[CELLS];
    struct answer a = list("catalogue?edition=2013", 114);
    json_t *sections = json_object(), *objectives = json_object();
    FILE *csv = open_csv("annex_a_2013.csv");
    for (size_t i = 0; i < 114; i++) {
        const json_t *item = json_array_get(answer_at(&a, "items"), i);
        assert_non_null(fgets(line, sizeof line, csv));
        assert_int_equal(cut(line, cells), 5);
        same_text(item, "edition", "2013");
        same_text(item, "id", cells[0]);
        same_text(item, "title", cells[1]);
        same_text(item, "section_id", cells[2]);
        same_text(item, "section", cells[3]);
        same_text(item, "objective_id", cells[4]);
        json_object_set(objectives, cells[4], json_object_get(item, "objective"));
        json_object_set_new(sections, cells[2], json_true());
    }
    assert_null(fgets(line, sizeof line, csv));
    fclose(csv);
    assert_int_equal(json_object_size(sections), 14);
    assert_int_equal(json_object_size(objectives), 35);
    csv = open_csv("annex_a_2013_objectives.csv");
    while (fgets(line, sizeof line, csv)) {
        char query[60];
        assert_int_equal(cut(line, cells), 5);
        same_text(objectives, cells[0], cells[1]);
        json_object_del(objectives, cells[0]);
        snprintf(query, sizeof query, "catalogue?objective=%s", cells[0]);
        counts(query, strtoul(cells[4], NULL, 10));
    }
    fclose(csv);
    assert_int_equal(json_object_size(objectives), 0);
    json_decref(sections);
    json_decref(objectives);
    answer_free(&a);
}

static void edition_2022_is_the_file(void **state)
{
    (void)state;
    char line[LINE], *cells[CELLS];
    static const char *const lists[] = {"control_type", "security_properties", "cybersecurity_concepts",
                                        "operational_capabilities", "security_domains"};
    struct answer a = list("catalogue?edition=2022", 93);
    FILE *csv = open_csv("annex_a_2022.csv");
    for (size_t i = 0; i < 93; i++) {
        const json_t *item = json_array_get(answer_at(&a, "items"), i);
        assert_non_null(fgets(line, sizeof line, csv));
        assert_int_equal(cut(line, cells), 11);
        same_text(item, "id", cells[0]);
        same_text(item, "title", cells[1]);
        same_text(item, "theme", cells[2]);
        for (size_t k = 0; k < 5; k++)
            same_list(item, lists[k], cells[3 + k]);
        assert_int_equal(json_is_true(json_object_get(item, "new")), strcmp(cells[8], "yes") == 0);
        same_text(item, "summary", cells[10]);
    }
    assert_null(fgets(line, sizeof line, csv));
    fclose(csv);
    answer_free(&a);
    counts("catalogue", 114 + 93);
    counts("catalogue?theme=organizational", 37);
    counts("catalogue?theme=people", 8);
    counts("catalogue?theme=physical", 14);
    counts("catalogue?theme=technological", 34);
    counts("catalogue?new=yes", 11);
}

static void mapping_is_the_file(void **state)
{
    (void)state;
    char line[LINE], *cells[CELLS];
    struct answer a = list("mapping", 115 + 11);
    FILE *csv = open_csv("annex_a_mapping.csv");
    for (size_t i = 0; i < 126; i++) {
        const json_t *item = json_array_get(answer_at(&a, "items"), i);
        assert_non_null(fgets(line, sizeof line, csv));
        assert_int_equal(cut(line, cells), 3);
        same_text(item, "from_2013", cells[0]);
        same_text(item, "to_2022", cells[1]);
        same_text(item, "relation", cells[2]);
        assert_int_equal(json_is_string(json_object_get(item, "from_title")), *cells[0] != '\0');
        assert_true(json_is_string(json_object_get(item, "to_title"))); /* each number is in its edition */
    }
    assert_null(fgets(line, sizeof line, csv));
    fclose(csv);
    answer_free(&a);
    counts("mapping?relation=new", 11);
    counts("mapping?from=A.5.1.1", 1);
    counts("mapping?to=A.5.1", 2);
}

/* Of 2022 the file; of 2013 the same by the pairs, without 6.3. */
static void overlap_is_the_file(void **state)
{
    (void)state;
    char line[LINE], *cells[CELLS];
    struct answer a = list("overlaps?edition=2022", 34);
    FILE *csv = open_csv("clause_overlap.csv");
    for (size_t i = 0; i < 34; i++) {
        const json_t *item = json_array_get(answer_at(&a, "items"), i);
        assert_non_null(fgets(line, sizeof line, csv));
        assert_int_equal(cut(line, cells), 4);
        same_text(item, "control_id", cells[0]);
        same_text(item, "clause", cells[1]);
        same_text(item, "why", cells[2]);
        same_text(item, "source", cells[3]);
        assert_string_equal(cells[3], "own suggestion"); /* no source gives it */
    }
    assert_null(fgets(line, sizeof line, csv));
    fclose(csv);
    answer_free(&a);
    counts("overlaps?edition=2022&control=A.5.27", 2);
    counts("overlaps?edition=2013&clause=6.3", 0);
    counts("overlaps?edition=2022&clause=6.3", 1);
    a = list("overlaps?edition=2013&control=A.16.1.6", 2); /* A.5.27 of 2022: 10.1 and 10.2 changed places */
    assert_string_equal(answer_text(&a, "items/1/why"), "Lessons make the system better.");
    assert_string_equal(answer_text(&a, "items/1/clause"), "10.2");
    assert_string_equal(answer_text(&a, "items/1/source"), "own suggestion");
    answer_free(&a);
    a = list("catalogue?edition=2022&id=A.5.27", 1);
    assert_string_equal(answer_text(&a, "items/0/clauses_source"), "own suggestion");
    answer_free(&a);
    a = list("catalogue?edition=2022&id=A.7.4", 1);
    assert_null(answer_text(&a, "items/0/clauses_source")); /* none */
    answer_free(&a);
}

/* Each filter against a count over the whole edition, made here. */
static void filters_are_counts(void **state)
{
    (void)state;
    static const struct {
        const char *filter, *value, *member;
    } cases[] = {
        {"type", "corrective", "control_type"},           {"property", "A", "security_properties"},
        {"concept", "Recover", "cybersecurity_concepts"}, {"capability", "Continuity", "operational_capabilities"},
        {"domain", "Defence", "security_domains"},        {"clause", "8.1", "clauses"},
    };
    struct answer all = list("catalogue?edition=2022", 93);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        size_t i, k, count = 0;
        json_t *item, *value;
        json_array_foreach(answer_at(&all, "items"), i, item)
        {
            json_array_foreach(json_object_get(item, cases[c].member), k, value)
            {
                count += strcmp(json_string_value(value), cases[c].value) == 0;
            }
        }
        char query[100];
        assert_true(count > 0 && count < 93);
        snprintf(query, sizeof query, "catalogue?edition=2022&%s=%s", cases[c].filter, cases[c].value);
        counts(query, count);
    }
    answer_free(&all);
    counts("catalogue?id=A.8.13", 1);
    counts("catalogue?edition=2013&section=A.12", 14);
    struct answer a = list("catalogue?q=RESTORE%20copies", 1); /* both words, in any case, in the summary */
    assert_string_equal(answer_text(&a, "items/0/id"), "A.8.13");
    assert_string_equal(answer_text(&a, "items/0/corresponds_to/0"), "A.12.3.1");
    answer_free(&a);
    counts("catalogue?q=copies%20nothinglikeit", 0);
}

static void bad_values_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "catalogue?edition=2005", "catalogue?edition=2013%202022",
        "catalogue?edition=",     "catalogue?theme=Physical",
        "catalogue?property=X",   "catalogue?new=maybe",
        "catalogue?nothing=1",    "mapping?relation=other",
        "overlaps?edition=1",     "summary",
        "summary?by=colour",      "summary?by=theme&edition=x",
        "credits?edition=2023",   "credits?edition=",
        "credits?by=theme",       "catalogue?type=detective%20corrective",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct answer a = api_get(owner, DITCH "%s", bad[i]);
        if (a.status != 400)
            fail_msg("%s: %d", bad[i], a.status);
        answer_free(&a);
    }
}

static struct answer adopt(json_t *body, int status)
{
    struct answer a = api_post(owner, DITCH "controls:adopt", body);
    expect_status(&a, status);
    return a;
}

static void adopting_twice_makes_one(void **state)
{
    (void)state;
    struct answer a = adopt(json_pack("{s:s, s:[s,s]}", "edition", "2013", "ids", "A.5.1.1", "A.18.2.3"), 200);
    answer_free(&a);
    a = adopt(json_pack("{s:s, s:[s,s]}", "edition", "2013", "ids", "A.5.1.1", "A.18.2.3"), 200);
    assert_int_equal(json_array_size(answer_at(&a, "adopted")), 0);
    assert_int_equal(answer_integer(&a, "already"), 2);
    answer_free(&a);
    a = api_get(owner, DITCH "controls?edition=2013&catalogue_id=in.(A.5.1.1,A.18.2.3)");
    assert_int_equal(json_array_size(answer_at(&a, "items")), 2);
    answer_free(&a);
    a = list("catalogue?edition=2013&id=A.18.2.3", 1);
    assert_string_equal(answer_text(&a, "items/0/control_status"), "not_started");
    assert_true(json_is_false(answer_at(&a, "items/0/credit")));
    answer_free(&a);
    a = adopt(json_pack("{s:s}", "edition", "2013"), 200); /* all the others */
    assert_int_equal(json_array_size(answer_at(&a, "adopted")) + (size_t)answer_integer(&a, "already"), 114);
    answer_free(&a);
}

static void adopting_is_checked(void **state)
{
    (void)state;
    static const struct {
        const char *body, *code, *pointer;
    } cases[] = {
        {"{}", "not_allowed", "/edition"},
        {"{\"edition\":\"2005\"}", "not_allowed", "/edition"},
        {"{\"edition\":\"2022\",\"ids\":[\"A.8.13\",\"A.12.3.1\"]}", "not_in_catalogue", "/ids/1"},
        {"{\"edition\":\"2022\",\"ids\":[7]}", "not_in_catalogue", "/ids/0"},
        {"{\"edition\":\"2022\",\"ids\":\"A.8.13\"}", "wrong_type", "/ids"},
        {"{\"edition\":\"2022\",\"other\":1}", "unknown_field", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer a = api_post(owner, DITCH "controls:adopt", json_loads(cases[i].body, 0, NULL));
        expect_problem(&a, 422, cases[i].code, cases[i].pointer);
        answer_free(&a);
    }
    struct answer a = api_get(owner, DITCH "controls?edition=2022&catalogue_id=A.8.13");
    assert_int_equal(json_array_size(answer_at(&a, "items")), 0); /* refused as a whole */
    answer_free(&a);
}

/* POST …:verb with the record's ETag. */
static struct answer act(const char *resource, const char *id, const char *verb)
{
    char path[200];
    struct answer now = api_get(owner, DITCH "%s/%s", resource, id);
    expect_status(&now, 200);
    snprintf(path, sizeof path, DITCH "%s/%s:%s", resource, id, verb);
    struct answer a = api_send(owner, "POST", path, NULL, answer_header(&now, "etag"));
    answer_free(&now);
    return a;
}

static void acted(const char *resource, const char *id, const char *verb)
{
    struct answer a = act(resource, id, verb);
    expect_status(&a, 200);
    answer_free(&a);
}

static char *made(const char *path, json_t *body)
{
    struct answer a = api_post(owner, path, body);
    expect_status(&a, 201);
    char *id = strdup(answer_text(&a, "id"));
    answer_free(&a);
    return id;
}

/* Nothing is proved of a control that was put away; nor does it come back beside the one that took its place. */
static void put_away_means_closed(void **state)
{
    (void)state;
#define REPORTS "{s:s, s:s, s:s, s:s}", "origin", "annex_a", "edition", "2022", "catalogue_id", "A.6.8", "title", "Reports"
#define LOG(control)                                                                                                             \
    "{s:s, s:s, s:s, s:s}", "control_id", control, "title", "A log", "location", "Here", "collected_on", "2026-01-01"
    char *first = made(DITCH "controls", json_pack(REPORTS)), *log = made(DITCH "evidence-items", json_pack(LOG(first)));
    acted("controls", first, "archive");
    struct answer a = act("evidence-items", log, "archive");
    expect_problem(&a, 409, "archived", NULL);
    answer_free(&a);
    a = api_post(owner, DITCH "evidence-items", json_pack(LOG(first)));
    expect_problem(&a, 409, "archived", NULL);
    answer_free(&a);
    char *second = made(DITCH "controls", json_pack(REPORTS));
    a = act("controls", first, "restore");
    expect_problem(&a, 409, "control_exists", "/catalogue_id");
    answer_free(&a);
    acted("controls", second, "archive");
    acted("controls", first, "restore");
    acted("controls", first, "archive");
    free(first);
    free(second);
    free(log);
}

static void requirements_are_linked(void **state)
{
    (void)state;
#define CONTEXT "/api/v1/orgs/ditch/context/"
    char name[60], path[200];
    snprintf(name, sizeof name, "Asks for controls %lld", (long long)time(NULL));
    char *party = made(CONTEXT "interested-parties",
                       json_pack("{s:s, s:s, s:i, s:i}", "name", name, "type", "external", "influence", 3, "control", 3));
    char *duty = made(CONTEXT "requirements",
                      json_pack("{s:s, s:s, s:s}", "party_id", party, "title", "Keep copies", "kind", "expectation"));
    char *control = made(DITCH "controls", json_pack("{s:s, s:s}", "origin", "own", "title", "Copies"));
    snprintf(path, sizeof path, DITCH "controls/%s/links/requirements", control);
    struct answer a = api_post(owner, path, json_pack("{s:s}", "id", duty));
    assert_int_equal(a.status / 100, 2);
    answer_free(&a);
    a = api_get(owner, CONTEXT "requirements/%s/links/controls", duty); /* seen from the other end */
    expect_status(&a, 200);
    assert_string_equal(answer_text(&a, "items/0/id"), control);
    answer_free(&a);
    acted("controls", control, "archive");
    free(party);
    free(duty);
    free(control);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edition_2013_is_the_file), cmocka_unit_test(edition_2022_is_the_file),
        cmocka_unit_test(mapping_is_the_file),      cmocka_unit_test(overlap_is_the_file),
        cmocka_unit_test(filters_are_counts),       cmocka_unit_test(bad_values_are_refused),
        cmocka_unit_test(adopting_twice_makes_one), cmocka_unit_test(adopting_is_checked),
        cmocka_unit_test(put_away_means_closed),    cmocka_unit_test(requirements_are_linked),
    };
    return cmocka_run_group_tests(tests, log_in, log_out);
}
