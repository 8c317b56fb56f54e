/* Events, incidents, clocks and evidence through the running service. */
#include "operation.h"

static json_t *event_body(void)
{
    return json_pack("{s:s, s:s, s:s}", "title", fresh("A strange mail"), "noticed_at", moment(-7200), "description", "Seen.");
}

static json_t *incident_body(const char *severity)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "title", fresh("Incident"), "category", "phishing", "severity",
                     severity, "aware_at", moment(-3600), "owner_id", me, "containment", "Locked.", "eradication", "Removed.",
                     "recovery", "Open again.");
}

static json_t *declared(void)
{
    return json_pack("{s:s, s:s}", "severity", "low", "category", "phishing");
}

static char *open_incident_id; /* what events are attached to */

static json_t *attached(void)
{
    return json_pack("{s:s}", "incident_id", open_incident_id);
}

static char *event_in(const char *state)
{
    char *id = make_id("events", event_body());
    if (strcmp(state, "incident") == 0)
        changed("events", id, "declare", declared());
    if (strcmp(state, "dismissed") == 0)
        changed("events", id, "dismiss", with_reason());
    return id;
}

static void every_transition_of_an_event(void **state)
{
    (void)state;
    static const char *const states[] = {"reported", "incident", "dismissed", NULL};
    static const struct lead table[] = {
        {"declare", {"incident", NULL, NULL}, declared},
        {"attach", {"incident", NULL, NULL}, attached},
        {"dismiss", {"dismissed", NULL, NULL}, with_reason},
        {"reopen", {NULL, NULL, "reported"}, with_reason},
        {NULL, {NULL}, NULL},
    };
    open_incident_id = make_id("incidents", incident_body("low"));
    try_table("events", states, table, event_in);
    free(open_incident_id);
}

static char *incident_in(const char *state)
{
    static const char *const steps[][2] = {
        {"contained", "contain"}, {"eradicated", "eradicate"}, {"recovered", "recover"}, {"closed", "close"}};
    char *id = make_id("incidents", incident_body("low"));
    if (strcmp(state, "discarded") == 0)
        changed("incidents", id, "discard", with_reason());
    else if (strcmp(state, "open") != 0)
        for (size_t i = 0; i < 4; i++) {
            changed("incidents", id, steps[i][1], NULL);
            if (strcmp(steps[i][0], state) == 0)
                break;
        }
    return id;
}

static void every_transition_of_an_incident(void **state)
{
    (void)state;
    static const char *const states[] = {"open", "contained", "eradicated", "recovered", "closed", "discarded", NULL};
    static const struct lead table[] = {
        {"contain", {"contained", NULL, NULL, NULL, NULL, NULL}, NULL},
        {"eradicate", {NULL, "eradicated", NULL, NULL, NULL, NULL}, NULL},
        {"recover", {NULL, "recovered", "recovered", NULL, NULL, NULL}, NULL},
        {"close", {NULL, NULL, NULL, "closed", NULL, NULL}, NULL},
        {"discard", {"discarded", "discarded", NULL, NULL, NULL, NULL}, with_reason},
        {"reopen", {NULL, NULL, NULL, "open", "open", "open"}, with_reason},
        {NULL, {NULL}, NULL},
    };
    try_table("incidents", states, table, incident_in);
}

static void steps_need_their_account(void **state)
{
    (void)state;
    static const char *const steps[][2] = {{"contain", "containment"}, {"eradicate", "eradication"}, {"recover", "recovery"}};
    char pointer[40];
    for (size_t i = 0; i < 3; i++) {
        char *id = incident_in(i == 0 ? "open" : "contained");
        changed("incidents", id, "", json_pack("{s:n}", steps[i][1]));
        snprintf(pointer, sizeof pointer, "/%s", steps[i][1]);
        not_changed("incidents", id, steps[i][0], NULL, 422, "required", pointer);
        free(id);
    }
    char *id = incident_in("recovered");
    struct answer a = api_get(manager, MOAT "incidents/%s", id);
    assert_non_null(answer_text(&a, "contained_at"));
    assert_non_null(answer_text(&a, "eradicated_at"));
    assert_non_null(answer_text(&a, "recovered_at"));
    answer_free(&a);
    free(id);
}

static void declaring_makes_the_incident_in_one_act(void **state)
{
    (void)state;
    char *id = make_id("events", event_body());
    struct answer a = change("events", id, "declare",
                             json_pack("{s:s, s:s, s:b}", "severity", "high", "category", "disclosure", "personal_data", true));
    expect_status(&a, 200);
    const char *incident = answer_text(&a, "incident_id");
    assert_non_null(incident);
    assert_non_null(answer_text(&a, "assessed_at"));
    assert_string_equal(answer_text(&a, "assessed_by_id"), me);
    struct answer i = api_get(manager, MOAT "incidents/%s", incident);
    expect_status(&i, 200);
    assert_string_equal(answer_text(&i, "severity"), "high");
    assert_string_equal(answer_text(&i, "aware_at"), answer_text(&a, "created_at")); /* nothing else was said */
    struct answer n = api_get(manager, MOAT "notifications?incident_id=%s", incident);
    assert_int_equal(json_array_size(answer_at(&n, "items")), 1);
    assert_string_equal(answer_text(&n, "items/0/kind"), "data_protection_authority");
    answer_free(&n);
    answer_free(&i);
    answer_free(&a);

    id = (free(id), make_id("events", event_body())); /* what cannot be an incident leaves the event as it was */
    not_changed("events", id, "declare",
                json_pack("{s:s, s:s, s:s}", "severity", "high", "category", "disclosure", "aware_at", moment(86400)), 422,
                "in_the_future", NULL);
    a = api_get(manager, MOAT "events/%s", id);
    assert_string_equal(answer_text(&a, "status"), "reported");
    assert_null(answer_text(&a, "incident_id"));
    answer_free(&a);
    char *closed = incident_in("closed");
    not_changed("events", id, "attach", json_pack("{s:s}", "incident_id", closed), 422, "no_open_incident", "/incident_id");
    free(closed);
    free(id);
}

static void times_are_in_order(void **state)
{
    (void)state;
    json_t *body = event_body();
    json_object_set_new(body, "noticed_at", json_string(moment(86400)));
    refuse("events", body, 422, "in_the_future", "/noticed_at");
    body = incident_body("low");
    json_object_set_new(body, "aware_at", json_string(moment(86400)));
    refuse("incidents", body, 422, "in_the_future", "/aware_at");
    body = incident_body("low");
    json_object_set_new(body, "occurred_at", json_string(moment(-60)));
    refuse("incidents", body, 422, "not_before_awareness", "/occurred_at");
}

static void severe_ones_do_not_close_without_lessons(void **state)
{
    (void)state;
    static const char *const severe[] = {"high", "critical"};
    for (size_t i = 0; i < 2; i++) {
        char *id = make_id("incidents", incident_body(severe[i]));
        changed("incidents", id, "contain", NULL);
        changed("incidents", id, "recover", NULL);
        not_changed("incidents", id, "close", NULL, 422, "lessons_missing", "/lessons");
        not_changed("incidents", id, "close", NULL, 422, "cause_missing", "/root_cause");
        changed("incidents", id, "", json_pack("{s:s, s:s}", "lessons", "Mark mail.", "root_cause", " \n"));
        not_changed("incidents", id, "close", NULL, 422, "cause_missing", "/root_cause");
        changed("incidents", id, "", json_pack("{s:s}", "root_cause", "A password was enough."));
        changed("incidents", id, "close", NULL);
        not_changed("incidents", id, "", json_pack("{s:s}", "lessons", "Others"), 409, "frozen", NULL);
        free(id);
    }
}

static void only_who_may_closes(void **state)
{
    (void)state;
    char *id = incident_in("recovered");
    struct api *consultant = api_as("moat", "consultant");
    struct answer a = change_as(consultant, "incidents", id, "close", NULL);
    expect_status(&a, 403);
    answer_free(&a);
    api_free(consultant);
    free(id);
}

/* ---- clocks ---- */

static char *notification(const char *incident, int hours)
{
    return make_id("notifications", json_pack("{s:s, s:s, s:s, s:i}", "incident_id", incident, "kind", "customer", "recipient",
                                              fresh("Port"), "hours", hours));
}

static json_t *sent(void)
{
    return json_pack("{s:s, s:s}", "sent_at", moment(-60), "how", "By telephone");
}

static json_t *noted(void)
{
    return json_pack("{s:s}", "note", "Twelve people");
}

static char *notification_in(const char *state)
{
    char *incident = make_id("incidents", incident_body("low"));
    char *id = notification(incident, 24);
    if (strcmp(state, "sent") == 0)
        changed("notifications", id, "send", sent());
    if (strcmp(state, "waived") == 0)
        changed_by(owner, "notifications", id, "waive", with_reason());
    free(incident);
    return id;
}

static void every_transition_of_a_notification(void **state)
{
    (void)state;
    static const char *const states[] = {"pending", "sent", "waived", NULL};
    static const struct lead table[] = {
        {"send", {"sent", NULL, NULL}, sent},
        {"supplement", {NULL, "sent", NULL}, noted},
        {"waive", {NULL, NULL, NULL}, with_reason},
        {"reopen", {NULL, NULL, "pending"}, with_reason},
        {NULL, {NULL}, NULL},
    };
    struct lead rows[5];
    memcpy(rows, table, sizeof rows);
    rows[2].to[0] = "waived";
    try_table("notifications", states, rows, notification_in);
    char *id = notification_in("pending");
    not_changed("notifications", id, "waive", with_reason(), 403, NULL, NULL); /* the manager decides nothing away */
    free(id);
}

/* The clock's member of the pending notification; -1: none. */
static json_int_t clock_of(const char *id, const char *member)
{
    struct answer a = api_get(manager, MOAT "clocks");
    json_int_t found = -1;
    size_t i;
    json_t *item;
    expect_status(&a, 200);
    json_array_foreach(answer_at(&a, "items"), i, item)
    {
        json_t *value = json_object_get(item, member);
        if (strcmp(json_string_value(json_object_get(item, "id")), id) == 0)
            found = json_is_boolean(value) ? json_is_true(value) : json_integer_value(value);
    }
    answer_free(&a);
    return found;
}

static void clocks_run_from_awareness(void **state)
{
    (void)state;
    json_t *body = incident_body("medium");
    json_object_set_new(body, "personal_data", json_true());
    json_object_set_new(body, "aware_at", json_string("2026-03-01T10:00:00+02:00"));
    char *incident = make_id("incidents", body), *id;
    struct answer a = api_get(manager, MOAT "notifications?incident_id=%s", incident);
    assert_int_equal(json_array_size(answer_at(&a, "items")), 1);
    assert_int_equal(answer_integer(&a, "items/0/term_hours"), 72);
    assert_string_equal(answer_text(&a, "items/0/due_at"), "2026-03-04T08:00:00.000000Z");
    assert_string_equal(answer_text(&a, "items/0/due_on"), "2026-03-04");
    id = strdup(answer_text(&a, "items/0/id"));
    answer_free(&a);

    const char *aware = moment(-3600);
    changed("incidents", incident, "", json_pack("{s:s}", "aware_at", aware)); /* the clock follows */
    json_int_t left = clock_of(id, "minutes_left");
    assert_in_range(left, 71 * 60 - 2, 71 * 60);
    assert_int_equal(clock_of(id, "overdue"), 0);
    changed("incidents", incident, "", json_pack("{s:s}", "title", "The same")); /* opens no second one */
    a = api_get(manager, MOAT "notifications?incident_id=%s", incident);
    assert_int_equal(json_array_size(answer_at(&a, "items")), 1);
    answer_free(&a);

    not_changed("notifications", id, "", json_pack("{s:i}", "hours", 73), 422, "too_long", "/hours");
    changed("incidents", incident, "contain", NULL);
    changed("incidents", incident, "recover", NULL);
    not_changed("incidents", incident, "close", NULL, 422, "notification_pending", "/status");
    changed("notifications", id, "send", sent());
    assert_int_equal(clock_of(id, "minutes_left"), -1);
    changed("incidents", incident, "close", NULL);
    free(incident);
    free(id);
}

static void hours_come_from_the_duty(void **state)
{
    (void)state;
    char *incident = make_id("incidents", incident_body("low"));
#define TO(kind) json_pack("{s:s, s:s, s:s}", "incident_id", incident, "kind", kind, "recipient", "Somebody")
    refuse("notifications", TO("regulator"), 422, "required", "/hours");
    char *duty = make_id("obligations", json_pack("{s:s, s:s, s:s, s:i}", "title", fresh("Tell"), "kind", "contractual", "source",
                                                  "Contract", "notify_hours", 24));
    json_t *body = TO("regulator");
    json_object_set_new(body, "obligation_id", json_string(duty));
    struct answer a = make("notifications", body);
    expect_status(&a, 201);
    assert_int_equal(answer_integer(&a, "term_hours"), 24);
    answer_free(&a);
    free(duty);
    free(incident);
}

static void late_ones_say_why(void **state)
{
    (void)state;
    json_t *body = incident_body("low");
    json_object_set_new(body, "aware_at", json_string(moment(-3 * 3600)));
    char *incident = make_id("incidents", body), *id = notification(incident, 1), *in_time = notification(incident, 2);
    assert_int_equal(clock_of(id, "overdue"), 1);
    json_t *now = json_pack("{s:s, s:s}", "sent_at", moment(-3600 - 1800), "how", "By telephone");
    not_changed("notifications", id, "send", json_incref(now), 422, "delay_unexplained", "/delay_reason");
    not_changed("notifications", id, "send", json_pack("{s:s, s:s}", "sent_at", moment(-4 * 3600), "how", "By telephone"), 422,
                "before_awareness", "/sent_at");
    not_changed("notifications", id, "send", json_pack("{s:s, s:s}", "sent_at", moment(3600), "how", "By telephone"), 422,
                "in_the_future", "/sent_at");
    changed("notifications", in_time, "send", json_incref(now));
    json_object_set_new(now, "delay_reason", json_string("Nobody answered"));
    changed("notifications", id, "send", now);
    struct answer a = api_get(manager, MOAT "notifications/%s", id), b = api_get(manager, MOAT "notifications/%s", in_time);
    assert_true(json_is_true(answer_at(&a, "late")));
    assert_true(json_is_false(answer_at(&b, "late")));
    answer_free(&a);
    answer_free(&b);
    free(incident);
    free(id);
    free(in_time);
}

/* ---- timeline and evidence ---- */

static json_t *custody(const char *incident, const char *action, const char *from, const char *holder)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s*, s:s}", "incident_id", incident, "item", "Disk image", "action", action, "at",
                     moment(-1800), "handed_by", from, "held_by", holder);
}

static void evidence_passes_from_hand_to_hand(void **state)
{
    (void)state;
    static const char *const digests[] = {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                                          "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"};
    char *incident = make_id("incidents", incident_body("low"));
    refuse("custody-entries", custody(incident, "stored", NULL, "Ann"), 422, "not_collected", "/action");
    json_t *body = custody(incident, "collected", NULL, "Ann");
    json_object_set_new(body, "sha256", json_string("xyz"));
    refuse("custody-entries", json_deep_copy(body), 422, NULL, "/sha256");
    json_object_set_new(body, "sha256", json_string("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"));
    refuse("custody-entries", json_deep_copy(body), 422, "not_a_digest", "/sha256");
    json_object_set_new(body, "sha256", json_string(digests[0]));
    free(make_id("custody-entries", body));
    refuse("custody-entries", custody(incident, "collected", NULL, "Ann"), 422, "collected_already", "/item");
    refuse("custody-entries", custody(incident, "stored", NULL, "Bob"), 422, "chain_broken", "/held_by");
    refuse("custody-entries", custody(incident, "transferred", "Bob", "Cem"), 422, "chain_broken", "/handed_by");
    free(make_id("custody-entries", custody(incident, "transferred", "ann", "Bob")));
    body = custody(incident, "analysed", NULL, "Bob");
    json_object_set_new(body, "sha256", json_string(digests[1]));
    refuse("custody-entries", json_incref(body), 422, "digest_changed", "/note");
    json_object_set_new(body, "note", json_string("Converted to another format"));
    free(make_id("custody-entries", body));
    body = custody(incident, "copied", NULL, "Bob");
    json_object_set_new(body, "at", json_string(moment(-3600)));
    refuse("custody-entries", body, 422, "not_after", "/at");

    struct answer a = api_get(manager, MOAT "incidents/%s/custody", incident);
    expect_status(&a, 200);
    assert_int_equal(json_array_size(answer_at(&a, "items")), 1);
    assert_int_equal(json_array_size(answer_at(&a, "items/0/entries")), 3);
    assert_string_equal(answer_text(&a, "items/0/held_by"), "Bob");
    assert_true(json_is_true(answer_at(&a, "items/0/intact")));
    assert_true(json_is_false(answer_at(&a, "items/0/same_data")));
    answer_free(&a);

    free(make_id("custody-entries", custody(incident, "destroyed", NULL, "Bob")));
    refuse("custody-entries", custody(incident, "stored", NULL, "Bob"), 422, "chain_ended", "/item");
    free(incident);
}

/* The file's id; its bytes are `text`. */
static char *sent_file(const char *text)
{
    struct answer a = api_call(manager, "POST", "/api/v1/orgs/moat/files?name=image.dd", text,
                               (const char *const[]){"Content-Type: application/octet-stream", NULL});
    expect_status(&a, 201);
    char *id = strdup(answer_text(&a, "id"));
    answer_free(&a);
    return id;
}

/* SHA-256 of "abc", of FIPS 180-2, appendix B.1 */
#define OF_ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void evidence_may_be_a_file_of_the_store(void **state)
{
    (void)state;
    char *incident = make_id("incidents", incident_body("low")), *file = sent_file("abc"), *other = sent_file("other");
    json_t *body = custody(incident, "collected", NULL, "Ann");
    json_object_set_new(body, "file_id", json_string("01900000-0000-7000-8000-000000000000"));
    refuse("custody-entries", json_deep_copy(body), 422, NULL, "/file_id");
    json_object_set_new(body, "file_id", json_string(file));
    json_object_set_new(body, "sha256", json_string("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
    refuse("custody-entries", json_deep_copy(body), 422, "digest_differs", "/sha256");
    json_object_del(body, "sha256");
    struct answer a = make("custody-entries", body);
    expect_status(&a, 201);
    assert_string_equal(answer_text(&a, "digest"), OF_ABC);
    answer_free(&a);

    a = make("custody-entries", custody(incident, "transferred", "Ann", "Bob")); /* the hash goes along */
    expect_status(&a, 201);
    assert_string_equal(answer_text(&a, "digest"), OF_ABC);
    answer_free(&a);
    body = custody(incident, "copied", NULL, "Bob");
    json_object_set_new(body, "file_id", json_string(other));
    refuse("custody-entries", json_incref(body), 422, "digest_changed", "/note");
    json_decref(body);

    a = api_get(manager, MOAT "incidents/%s/custody", incident);
    assert_string_equal(answer_text(&a, "items/0/entries/1/handed_by"), "Ann");
    assert_string_equal(answer_text(&a, "items/0/entries/1/held_by"), "Bob");
    assert_string_equal(answer_text(&a, "items/0/entries/1/sha256"), OF_ABC);
    assert_string_equal(answer_text(&a, "items/0/entries/0/file_id"), file);
    assert_true(json_is_true(answer_at(&a, "items/0/intact")));
    assert_true(json_is_true(answer_at(&a, "items/0/same_data")));
    answer_free(&a);

    a = api_get(manager, "/api/v1/orgs/moat/files/%s", other);
    char path[120];
    snprintf(path, sizeof path, "/api/v1/orgs/moat/files/%s:archive", other);
    struct answer gone = api_send(manager, "POST", path, NULL, answer_header(&a, "etag"));
    expect_status(&gone, 200);
    answer_free(&gone);
    answer_free(&a);
    body = custody(incident, "collected", NULL, "Ann");
    json_object_set_new(body, "item", json_string("Another image"));
    json_object_set_new(body, "file_id", json_string(other));
    refuse("custody-entries", body, 422, "file_archived", "/file_id");
    free(incident);
    free(file);
    free(other);
}

static void what_was_written_down_stays(void **state)
{
    (void)state;
    char *incident = make_id("incidents", incident_body("low")), path[200];
    char *ids[] = {make_id("custody-entries", custody(incident, "collected", NULL, "Ann")),
                   make_id("incident-entries",
                           json_pack("{s:s, s:s, s:s}", "incident_id", incident, "at", moment(-900), "text", "Account locked"))};
    static const char *const registers[] = {"custody-entries", "incident-entries"};
    static const char *const ways[][2] = {{"PATCH", ""}, {"POST", ":archive"}, {"POST", ":restore"}};
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < 3; k++) {
            snprintf(path, sizeof path, MOAT "%s/%s%s", registers[i], ids[i], ways[k][1]);
            struct answer a = api_send(owner, ways[k][0], path, json_pack("{s:s}", "place", "Elsewhere"), "\"1\"");
            if (a.status != 404 && a.status != 405)
                fail_msg("%s %s: %d", ways[k][0], path, a.status);
            answer_free(&a);
        }
    changed("incidents", incident, "discard", with_reason());
    refuse("incident-entries", json_pack("{s:s, s:s, s:s}", "incident_id", incident, "at", moment(-900), "text", "Late"), 409,
           "incident_closed", NULL);
    refuse("custody-entries", custody(incident, "stored", NULL, "Ann"), 409, "incident_closed", NULL);
    free(ids[0]);
    free(ids[1]);
    free(incident);
}

static void the_timeline_tells_all_in_order(void **state)
{
    (void)state;
    char *event = make_id("events", event_body());
    struct answer a = change("events", event, "declare",
                             json_pack("{s:s, s:s, s:s}", "severity", "low", "category", "phishing", "aware_at", moment(-5000)));
    char *incident = strdup(answer_text(&a, "incident_id"));
    answer_free(&a);
    free(make_id("incident-entries",
                 json_pack("{s:s, s:s, s:s}", "incident_id", incident, "at", moment(-4000), "text", "Account locked")));
    free(make_id("custody-entries", custody(incident, "collected", NULL, "Ann"))); /* half an hour ago */
    char *told = notification(incident, 24);
    changed("notifications", told, "send", sent()); /* a minute ago */
    changed("incidents", incident, "discard", with_reason());
    a = api_get(manager, MOAT "incidents/%s/timeline", incident);
    static const char *const kinds[] = {"report", "awareness", "observation", "evidence", "notification", "step"};
    assert_int_equal(json_array_size(answer_at(&a, "items")), 6);
    for (size_t i = 0; i < 6; i++) {
        char at[40];
        snprintf(at, sizeof at, "items/%zu/kind", i);
        assert_string_equal(answer_text(&a, at), kinds[i]);
    }
    answer_free(&a);
    static const char *const views[] = {"timeline", "custody"};
    for (size_t i = 0; i < 2; i++) {
        a = api_get(manager, MOAT "incidents/%s/%s", event, views[i]);
        expect_status(&a, 404);
        answer_free(&a);
    }
    free(event);
    free(incident);
    free(told);
}

/* ---- duties ---- */

static char *duty_in(const char *state)
{
    char *id = make_id("obligations", json_pack("{s:s, s:s, s:s, s:s, s:s}", "title", fresh("Duty"), "kind", "legal", "source",
                                                "An act", "owner_id", me, "how_met", "By us"));
    if (strcmp(state, "met") == 0)
        changed("obligations", id, "confirm", NULL);
    if (strcmp(state, "not_met") == 0)
        changed("obligations", id, "find_missing", with_reason());
    if (strcmp(state, "not_applicable") == 0)
        changed("obligations", id, "exclude", with_reason());
    return id;
}

static void every_transition_of_a_duty(void **state)
{
    (void)state;
    static const char *const states[] = {"identified", "met", "not_met", "not_applicable", NULL};
    static const struct lead table[] = {
        {"confirm", {"met", "met", "met", NULL}, NULL},
        {"find_missing", {"not_met", "not_met", NULL, NULL}, with_reason},
        {"exclude", {"not_applicable", "not_applicable", "not_applicable", NULL}, with_reason},
        {"reconsider", {NULL, NULL, NULL, "identified"}, with_reason},
        {NULL, {NULL}, NULL},
    };
    try_table("obligations", states, table, duty_in);
    char *id = duty_in("identified");
    changed("obligations", id, "", json_pack("{s:n}", "how_met"));
    not_changed("obligations", id, "confirm", NULL, 422, "required", "/how_met");
    not_changed("obligations", id, "", json_pack("{s:s, s:s}", "valid_from", day(2), "valid_until", day(1)), 422, "not_after",
                "/valid_until");
    free(id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_transition_of_an_event),
        cmocka_unit_test(every_transition_of_an_incident),
        cmocka_unit_test(steps_need_their_account),
        cmocka_unit_test(declaring_makes_the_incident_in_one_act),
        cmocka_unit_test(times_are_in_order),
        cmocka_unit_test(severe_ones_do_not_close_without_lessons),
        cmocka_unit_test(only_who_may_closes),
        cmocka_unit_test(every_transition_of_a_notification),
        cmocka_unit_test(clocks_run_from_awareness),
        cmocka_unit_test(hours_come_from_the_duty),
        cmocka_unit_test(late_ones_say_why),
        cmocka_unit_test(evidence_passes_from_hand_to_hand),
        cmocka_unit_test(evidence_may_be_a_file_of_the_store),
        cmocka_unit_test(what_was_written_down_stays),
        cmocka_unit_test(the_timeline_tells_all_in_order),
        cmocka_unit_test(every_transition_of_a_duty),
    };
    return cmocka_run_group_tests(tests, log_in, log_out);
}
