/* Assets through the running service: their life, what rests on what, the inherited ratings, what people hand back, import. */
#include "operation.h"
#include <pthread.h>

static char *asset(const char *kind, int c, int i, int a)
{
    return make_id("assets", json_pack("{s:s, s:s, s:i, s:i, s:i, s:s}", "name", fresh("Asset"), "kind", kind, "confidentiality",
                                       c, "integrity", i, "availability", a, "owner_id", me));
}

static json_t *rests(const char *id, const char *on)
{
    return json_pack("{s:s, s:s, s:s}", "asset_id", id, "depends_on_id", on, "what", "lives on it");
}

static char *depend(const char *id, const char *on)
{
    return make_id("asset-dependencies", rests(id, on));
}

static json_t *erased(void)
{
    return json_pack("{s:s, s:s}", "disposal", "erased", "disposal_evidence", "Certificate 7");
}

static char *asset_in(const char *state)
{
    char *id = asset("equipment", 2, 2, 2);
    if (strcmp(state, "in_storage") == 0)
        changed("assets", id, "store", NULL);
    if (strcmp(state, "lost") == 0)
        changed("assets", id, "report_lost", with_reason());
    if (strcmp(state, "retired") == 0 || strcmp(state, "disposed") == 0)
        changed("assets", id, "retire", with_reason());
    if (strcmp(state, "disposed") == 0)
        changed("assets", id, "dispose", erased());
    return id;
}

static void every_transition_of_an_asset(void **state)
{
    (void)state;
    static const char *const states[] = {"in_use", "in_storage", "lost", "retired", "disposed", NULL};
    static const struct lead table[] = {
        {"store", {"in_storage", NULL, NULL, NULL, NULL}, NULL},
        {"take_into_use", {NULL, "in_use", NULL, "in_use", NULL}, NULL},
        {"report_lost", {"lost", "lost", NULL, "lost", NULL}, with_reason},
        {"find", {NULL, NULL, "in_storage", NULL, NULL}, with_reason},
        {"retire", {"retired", "retired", "retired", NULL, NULL}, with_reason},
        {"dispose", {NULL, NULL, NULL, "disposed", NULL}, erased},
        {NULL, {NULL}, NULL},
    };
    try_table("assets", states, table, asset_in);
}

static void disposal_leaves_nothing_readable(void **state)
{
    (void)state;
    char *id = asset_in("retired");
    changed("assets", id, "", json_pack("{s:s}", "classification", "secret"));
    not_changed("assets", id, "dispose", json_pack("{s:s, s:s}", "disposal", "handed_over", "disposal_evidence", "Receipt"), 422,
                "still_readable", "/disposal");
    not_changed("assets", id, "dispose", json_pack("{s:s}", "disposal", "erased"), 422, "required", "/disposal_evidence");
    changed("assets", id, "dispose", erased());
    struct answer a = api_get(manager, MOAT "assets/%s", id);
    assert_string_equal(answer_text(&a, "disposal"), "erased");
    assert_string_equal(answer_text(&a, "disposed_on"), day(0));
    answer_free(&a);
    not_changed("assets", id, "", json_pack("{s:s}", "location", "Elsewhere"), 409, "frozen", NULL);
    free(id);
}

static void nothing_goes_that_is_needed(void **state)
{
    (void)state;
    char *data = asset("information", 3, 3, 3), *server = asset("equipment", 1, 1, 1), *edge = depend(data, server);
    not_changed("assets", server, "retire", with_reason(), 422, "still_needed", "/status");
    not_changed("assets", server, "archive", NULL, 409, "still_needed", NULL);
    changed("asset-dependencies", edge, "archive", NULL);
    changed("assets", server, "retire", with_reason());
    free(data);
    free(server);
    free(edge);
}

static void values_have_a_scale(void **state)
{
    (void)state;
    static const char *const fields[] = {"confidentiality", "integrity", "availability"};
    char *id = asset("service", 1, 4, 2), pointer[40];
    for (size_t i = 0; i < 3; i++)
        for (int value = 0; value <= 6; value += 6) {
            snprintf(pointer, sizeof pointer, "/%s", fields[i]);
            not_changed("assets", id, "", json_pack("{s:i}", fields[i], value), 422, "out_of_range", pointer);
        }
    struct answer a = api_get(manager, MOAT "assets/%s", id);
    assert_int_equal(answer_integer(&a, "own_value"), 4);
    answer_free(&a);
    not_changed("assets", id, "", json_pack("{s:s}", "acquired_on", "2999-01-01"), 422, "in_the_future", "/acquired_on");
    not_changed("assets", id, "", json_pack("{s:s, s:s}", "reviewed_on", day(-1), "review_on", day(-2)), 422, "not_after",
                "/review_on");
    free(id);
}

static void inventory_numbers_are_unique(void **state)
{
    (void)state;
    const char *number = fresh("NB");
    json_t *body = json_pack("{s:s, s:s, s:s, s:i, s:i, s:i}", "name", "Laptop", "kind", "equipment", "inventory_number", number,
                             "confidentiality", 1, "integrity", 1, "availability", 1);
    char *id = make_id("assets", json_incref(body));
    refuse("assets", body, 409, "asset_exists", "/inventory_number");
    free(id);
}

/* What asset-values says of the asset: inherited C, I, A. */
static void inherits(const char *id, int c, int i, int a)
{
    struct answer all = api_get(manager, MOAT "asset-values");
    size_t at;
    json_t *item;
    bool found = false;
    expect_status(&all, 200);
    json_array_foreach(answer_at(&all, "items"), at, item)
    {
        if (strcmp(json_string_value(json_object_get(item, "id")), id) != 0)
            continue;
        found = true;
        int got[] = {(int)json_integer_value(json_object_get(item, "inherited_confidentiality")),
                     (int)json_integer_value(json_object_get(item, "inherited_integrity")),
                     (int)json_integer_value(json_object_get(item, "inherited_availability")),
                     (int)json_integer_value(json_object_get(item, "value"))};
        int most = c > i ? c : i;
        most = a > most ? a : most;
        if (got[0] != c || got[1] != i || got[2] != a || got[3] != most)
            fail_msg("inherits %d %d %d, value %d; expected %d %d %d", got[0], got[1], got[2], got[3], c, i, a);
    }
    answer_free(&all);
    assert_true(found);
}

/*  data (5 1 1)   process (1 1 4)
 *      |    \       /
 *      |     app (2 3 2)
 *      |    /
 *    server (1 1 1)
 *      |
 *     room (1 1 2)                                                                                                           */
static void the_needed_inherits_the_maximum(void **state)
{
    (void)state;
    char *data = asset("information", 5, 1, 1), *process = asset("process", 1, 1, 4), *app = asset("software", 2, 3, 2);
    char *server = asset("equipment", 1, 1, 1), *room = asset("infrastructure", 1, 1, 2);
    free(depend(data, app));
    char *edge = depend(process, app);
    free(depend(data, server));
    free(depend(app, server));
    free(depend(server, room));
    inherits(data, 5, 1, 1); /* nothing comes from below */
    inherits(process, 1, 1, 4);
    inherits(app, 5, 3, 4);
    inherits(server, 5, 3, 4);
    inherits(room, 5, 3, 4);

    struct answer a = api_get(manager, MOAT "assets/%s/chain", server);
    expect_status(&a, 200);
    assert_int_equal(json_array_size(answer_at(&a, "rests_on")), 1);
    assert_string_equal(answer_text(&a, "rests_on/0/id"), room);
    assert_int_equal(json_array_size(answer_at(&a, "carries")), 3);
    assert_string_equal(answer_text(&a, "carries/2/id"), process); /* two steps away; the others are one */
    assert_int_equal(answer_integer(&a, "carries/2/distance"), 2);
    answer_free(&a);

    changed("asset-dependencies", edge, "archive", NULL);
    inherits(room, 5, 3, 2);
    changed("asset-dependencies", edge, "restore", NULL);
    changed("assets", process, "", json_pack("{s:i}", "availability", 3));
    inherits(room, 5, 3, 3);
    changed("assets", process, "archive", NULL); /* what is put away passes nothing on */
    inherits(room, 5, 3, 2);
    a = api_get(manager, MOAT "assets/%s/chain", "019a0000-0000-7000-8000-000000000000");
    expect_status(&a, 404);
    answer_free(&a);
    free(data);
    free(process);
    free(app);
    free(server);
    free(room);
    free(edge);
}

static void circles_are_refused(void **state)
{
    (void)state;
    char *a = asset("software", 1, 1, 1), *b = asset("software", 1, 1, 1), *c = asset("software", 1, 1, 1);
    refuse("asset-dependencies", rests(a, a), 422, "rests_on_itself", "/depends_on_id");
    char *ab = depend(a, b);
    free(depend(b, c));
    refuse("asset-dependencies", rests(a, b), 409, "dependency_exists", "/depends_on_id");
    refuse("asset-dependencies", rests(b, a), 422, "cycle", "/depends_on_id");
    refuse("asset-dependencies", rests(c, a), 422, "cycle", "/depends_on_id");
    changed("asset-dependencies", ab, "archive", NULL);
    free(depend(c, a));
    not_changed("asset-dependencies", ab, "restore", NULL, 422, "cycle", NULL); /* nor by the back door */
    free(a);
    free(b);
    free(c);
    free(ab);
}

static void circles_in_one_import_are_refused(void **state)
{
    (void)state;
    static const char *const type[] = {"Content-Type: text/csv", NULL};
    char *a = asset("software", 1, 1, 1), *b = asset("software", 1, 1, 1), text[400];
    snprintf(text, sizeof text, "asset_id,depends_on_id,what\n%s,%s,one way\n%s,%s,and back\n", a, b, b, a);
    struct answer r = api_call(manager, "POST", MOAT "asset-dependencies:import", text, type);
    assert_int_equal(r.status / 100, 4);
    assert_non_null(strstr(r.body, "cycle"));
    answer_free(&r);
    free(depend(a, b)); /* nothing of it was kept */
    free(a);
    free(b);
}

struct racer {
    pthread_barrier_t *start;
    struct api *who;
    const char *from, *to;
    int status;
};

static void *race(void *arg)
{
    struct racer *racer = arg;
    pthread_barrier_wait(racer->start);
    struct answer a = api_post(racer->who, MOAT "asset-dependencies", rests(racer->from, racer->to));
    racer->status = a.status;
    answer_free(&a);
    return NULL;
}

/* Four edges that close one circle, all at once: at least one loses, and what is left has no circle. */
static void circles_are_refused_at_the_same_moment(void **state)
{
    (void)state;
    enum { RING = 4 };
    for (int round = 0; round < 5; round++) {
        pthread_barrier_t start;
        pthread_t threads[RING];
        struct racer racers[RING];
        char *ids[RING];
        int made = 0;
        pthread_barrier_init(&start, NULL, RING);
        for (int i = 0; i < RING; i++)
            ids[i] = asset("software", 1, 1, 1);
        for (int i = 0; i < RING; i++) {
            racers[i] = (struct racer){&start, api_as("moat", "manager"), ids[i], ids[(i + 1) % RING], 0};
            pthread_create(&threads[i], NULL, race, &racers[i]);
        }
        for (int i = 0; i < RING; i++) {
            pthread_join(threads[i], NULL);
            made += racers[i].status == 201;
            api_free(racers[i].who);
            free(ids[i]);
        }
        pthread_barrier_destroy(&start);
        assert_int_equal(made, RING - 1);
    }
}

/* ---- what people hold ---- */

static json_t *handed_back(void)
{
    return json_pack("{s:s, s:s}", "returned_on", day(0), "condition", "Whole");
}

static char *return_in(const char *state)
{
    char *thing = asset("equipment", 1, 1, 1);
    char *id =
        make_id("asset-returns", json_pack("{s:s, s:s, s:s}", "asset_id", thing, "holder", "J. Roth", "issued_on", day(-9)));
    if (strcmp(state, "returned") == 0)
        changed("asset-returns", id, "hand_back", handed_back());
    if (strcmp(state, "missing") == 0)
        changed("asset-returns", id, "give_up", with_reason());
    free(thing);
    return id;
}

static void every_transition_of_a_return(void **state)
{
    (void)state;
    static const char *const states[] = {"issued", "returned", "missing", NULL};
    static const struct lead table[] = {
        {"hand_back", {"returned", NULL, "returned"}, handed_back},
        {"give_up", {"missing", NULL, NULL}, with_reason},
        {NULL, {NULL}, NULL},
    };
    try_table("asset-returns", states, table, return_in);
}

static void what_is_out_comes_back(void **state)
{
    (void)state;
    char *thing = asset("equipment", 1, 1, 1);
#define OUT(on, due) json_pack("{s:s, s:s, s:s, s:s}", "asset_id", thing, "holder", "J. Roth", "issued_on", on, "due_on", due)
    refuse("asset-returns", OUT("2999-01-01", "2999-02-01"), 422, "in_the_future", "/issued_on");
    refuse("asset-returns", OUT(day(-3), day(-4)), 422, "not_after", "/due_on");
    char *id = make_id("asset-returns", OUT(day(-3), day(4)));
    refuse("asset-returns", OUT(day(-3), day(4)), 409, "holds_it_already", "/holder");
    not_changed("assets", thing, "retire", with_reason(), 422, "still_out", "/status");
    not_changed("asset-returns", id, "hand_back", json_pack("{s:s, s:s}", "returned_on", day(-4), "condition", "Whole"), 422,
                "not_after", "/returned_on");
    not_changed("asset-returns", id, "hand_back", json_pack("{s:s, s:s}", "returned_on", "2999-01-01", "condition", "Whole"), 422,
                "in_the_future", "/returned_on");
    changed("asset-returns", id, "hand_back", handed_back());
    changed("assets", thing, "retire", with_reason());
    refuse("asset-returns", OUT(day(-3), day(4)), 422, "not_there", "/asset_id");
    free(thing);
    free(id);
}

/* ---- a spreadsheet of 5,000 assets ---- */

enum { LINES = 5000, WRONG = 50 };

/* Each hundredth line has one of five faults. `mended`: none has. */
static char *sheet(bool mended, const char *tag)
{
    static const char *const faults[] = {
        "\"No kind\",gadget,internal,3,3,3",
        "\"No such class\",software,hush,3,3,3",
        "\"Too much\",software,internal,6,3,3",
        "\"Not a number\",software,internal,3,x,3",
        ",software,internal,3,3,3",
    };
    size_t room = (size_t)LINES * 160;
    char *text = malloc(room), *at = text;
    at += sprintf(at, "name,kind,classification,confidentiality,integrity,availability,inventory_number,location,owner_id\n");
    for (int i = 0; i < LINES; i++) {
        if (!mended && i % 100 == 99)
            at += sprintf(at, "%s,%s-%d,%s,\n", faults[i / 100 % 5], tag, i, tag);
        else
            at += sprintf(at, "\"Asset %d, of the sheet\",equipment,confidential,3,2,%d,%s-%d,%s,%s\n", i, 1 + i % 5, tag, i, tag,
                          api_email("moat", "manager"));
    }
    return text;
}

static json_int_t counted(const char *tag)
{
    static const char *const headers[] = {"Prefer: count=exact", NULL};
    char path[300];
    snprintf(path, sizeof path, MOAT "assets?limit=1&location=%s", tag);
    struct answer a = api_call(manager, "GET", path, NULL, headers);
    if (a.status != 200)
        fail_msg("%s", a.body);
    json_int_t n = answer_integer(&a, "count");
    answer_free(&a);
    return n;
}

static void a_sheet_comes_in_whole_or_not_at_all(void **state)
{
    (void)state;
    static const char *const type[] = {"Content-Type: text/csv", NULL};
    char tag[40];
    snprintf(tag, sizeof tag, "s%lld", (long long)time(NULL));
    char *text = sheet(false, tag);
    struct answer a = api_call(manager, "POST", MOAT "assets:import", text, type);
    free(text);
    expect_status(&a, 422);
    bool named[LINES + 2] = {false};
    size_t i;
    json_t *error;
    int wrong = 0;
    json_array_foreach(answer_at(&a, "errors"), i, error)
    {
        int line = 0;
        if (sscanf(json_string_value(json_object_get(error, "pointer")), "/lines/%d", &line) == 1 && !named[line]) {
            named[line] = true;
            wrong++;
            assert_int_equal((line - 2) % 100, 99); /* the header is line 1 */
        }
    }
    answer_free(&a);
    assert_int_equal(wrong, WRONG);
    assert_int_equal(counted(tag), 0);

    text = sheet(true, tag);
    a = api_call(manager, "POST", MOAT "assets:import", text, type);
    expect_status(&a, 200);
    assert_int_equal(answer_integer(&a, "created"), LINES);
    answer_free(&a);
    assert_int_equal(counted(tag), LINES);
    a = api_call(manager, "POST", MOAT "assets:import", text, type);
    expect_status(&a, 422); /* the numbers are taken now */
    answer_free(&a);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_transition_of_an_asset),
        cmocka_unit_test(disposal_leaves_nothing_readable),
        cmocka_unit_test(nothing_goes_that_is_needed),
        cmocka_unit_test(values_have_a_scale),
        cmocka_unit_test(inventory_numbers_are_unique),
        cmocka_unit_test(the_needed_inherits_the_maximum),
        cmocka_unit_test(circles_are_refused),
        cmocka_unit_test(circles_in_one_import_are_refused),
        cmocka_unit_test(circles_are_refused_at_the_same_moment),
        cmocka_unit_test(every_transition_of_a_return),
        cmocka_unit_test(what_is_out_comes_back),
        cmocka_unit_test(a_sheet_comes_in_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, log_in, log_out);
}
