/* Policies, their acknowledgement and the deeds of top management through the running service. Most of it at ditch, where an
 * owner decides and a consultant writes; nothing that holds is left behind. */
#include "register.h"

#define POLICIES "leadership/policies"
#define CAMPAIGNS "leadership/acknowledgement-campaigns"
#define REMINDERS "leadership/reminders"
#define COMMITMENTS "leadership/commitments"
#define DOCUMENTS "support/documents"
#define VERSIONS "support/document-versions"
#define REVIEWS "support/document-reviews"
#define PERSONS "support/persons"

static struct api *owner, *writer;
static char *owner_id, *writer_id;

static int log_in(void **state)
{
    (void)state;
    register_org = "ditch";
    owner = api_as("ditch", "owner");
    writer = api_as("ditch", "consultant");
    owner_id = user_id(owner);
    writer_id = user_id(writer);
    return 0;
}

static int log_out(void **state)
{
    (void)state;
    api_free(owner);
    api_free(writer);
    free(owner_id);
    free(writer_id);
    return 0;
}

static json_t *reason(void)
{
    return json_pack("{s:s}", "reason", "Tried in a test");
}

/* The next version of the document, in force. Written by the consultant, who may do all but approve and publish. */
static char *publish_version(const char *document)
{
    char *version =
        make(writer, VERSIONS, json_pack("{s:s, s:s, s:s}", "document_id", document, "changes", "Words", "text", fresh("Words")));
    char *review = make(writer, REVIEWS, json_pack("{s:s, s:s}", "version_id", version, "reviewer_id", owner_id));
    moves(writer, VERSIONS, version, "submit", NULL, "in_review");
    moves(owner, REVIEWS, review, "approve", NULL, "approved");
    moves(owner, VERSIONS, version, "publish", NULL, "published");
    free(review);
    return version;
}

static char *new_document(void)
{
    return make(writer, DOCUMENTS, json_pack("{s:s}", "title", fresh("Policy")));
}

static char *new_policy(const char *document, const char *level)
{
    return make(
        writer, POLICIES,
        json_pack("{s:s, s:s, s:s, s:s}", "title", fresh("Policy"), "level", level, "topic", "Access", "document_id", document));
}

static char *new_person(const char *name, const char *unit)
{
    return make(writer, PERSONS, json_pack("{s:s, s:s}", "name", name, "unit", unit));
}

/* ---- policies ---------------------------------------------------------------------------------------------------------- */

static void every_verb_of_a_policy(void **unused)
{
    (void)unused;
    static const char *const states[] = {"draft", "published", "withdrawn"}, *const verbs[] = {"publish", "confirm", "withdraw"};
    static const struct line lines[] = {{"draft", "publish", 200, NULL},
                                        {"draft", "withdraw", 200, NULL},
                                        {"published", "publish", 422, "published_already"},
                                        {"published", "confirm", 200, NULL},
                                        {"published", "withdraw", 200, NULL},
                                        {0}};
    for (size_t s = 0; s < 3; s++)
        for (size_t v = 0; v < 3; v++) {
            char *document = new_document(), *version = publish_version(document), *policy = new_policy(document, "topic");
            if (s == 1)
                moves(owner, POLICIES, policy, "publish", NULL, "published");
            if (s == 2)
                moves(owner, POLICIES, policy, "withdraw", reason(), "withdrawn");
            expect_line(owner, POLICIES, policy, find(lines, states[s], verbs[v]), verbs[v], reason());
            free(policy);
            free(version);
            free(document);
        }
}

static void top_management_stands_for_what_others_wrote(void **unused)
{
    (void)unused;
    char *document = new_document(), *policy = new_policy(document, "topic");
    refuses(writer, POLICIES, policy, "publish", NULL, 403, "forbidden");
    refuses(owner, POLICIES, policy, "publish", NULL, 422, "not_in_force"); /* nothing to stand for */
    char *first = publish_version(document);
    refuses_new(writer, POLICIES, json_pack("{s:s, s:s}", "title", "Twice", "document_id", document), 409, "document_is_policy",
                "/document_id");
    moves(owner, POLICIES, policy, "publish", NULL, "published");
    has(owner, POLICIES, policy, "version_id", first);
    has(owner, POLICIES, policy, "reviewed_on", day(0));
    char *next = member_of(owner, POLICIES, policy, "review_on");
    assert_true(strcmp(next, day(364)) >= 0 && strcmp(next, day(366)) <= 0);
    refuses(writer, POLICIES, policy, "archive", NULL, 409, "policy_holds");
    char *second = publish_version(document);
    has(owner, POLICIES, policy, "version_id", first); /* until somebody stands for the new one */
    moves(owner, POLICIES, policy, "publish", NULL, "published");
    has(owner, POLICIES, policy, "version_id", second);
    moves(owner, POLICIES, policy, "withdraw", reason(), "withdrawn");
    free(next);
    free(policy);
    free(document);

    document = new_document(); /* the owner wrote the text: he does not publish it as policy */
    char *version =
        make(owner, VERSIONS, json_pack("{s:s, s:s, s:s}", "document_id", document, "changes", "Mine", "text", "Mine."));
    char *review = make(writer, REVIEWS, json_pack("{s:s, s:s}", "version_id", version, "reviewer_id", writer_id));
    moves(owner, VERSIONS, version, "submit", NULL, NULL);
    moves(writer, REVIEWS, review, "approve", NULL, NULL);
    moves(owner, VERSIONS, version, "publish", NULL, NULL);
    policy = new_policy(document, "topic");
    refuses(owner, POLICIES, policy, "publish", NULL, 422, "separation_of_duties");
    free(policy);
    free(review);
    free(version);
    free(document);

    document = new_document();
    version = publish_version(document);
    policy = make(owner, POLICIES, json_pack("{s:s, s:s, s:s}", "title", "Own entry", "topic", "Doors", "document_id", document));
    refuses(owner, POLICIES, policy, "publish", NULL, 403, "separation_of_duties"); /* nor the entry of his own hand */
    free(policy);
    free(version);
    free(document);
    free(second);
    free(first);
}

static void the_top_policy_makes_its_promises(void **unused)
{
    (void)unused;
    static const char *const promises[] = {"fits_purpose", "gives_objectives", "promises_requirements", "promises_improvement"};
    char *document = new_document(), *version = publish_version(document), *policy = new_policy(document, "top");
    for (size_t i = 0; i < 4; i++) {
        struct answer a = act(owner, POLICIES, policy, "publish", NULL);
        for (size_t k = i; k < 4; k++) {
            char pointer[40];
            snprintf(pointer, sizeof pointer, "/%s", promises[k]);
            expect_problem(&a, 422, "promise_missing", pointer);
        }
        assert_int_equal(json_array_size(answer_at(&a, "errors")), 4 - i);
        answer_free(&a);
        moves(writer, POLICIES, policy, NULL, json_pack("{s:b}", promises[i], 1), NULL);
    }
    assert_false(signal_of(owner, "leadership", "policy_published").good);
    moves(owner, POLICIES, policy, "publish", NULL, "published");
    assert_true(signal_of(owner, "leadership", "policy_published").good);
    struct signal_now read = signal_of(owner, "leadership", "policy_acknowledged");
    char *person = new_person("Eve", "Anywhere"); /* the policy is for everybody */
    assert_int_equal(signal_of(owner, "leadership", "policy_acknowledged").of, read.of + 1);
    moves(writer, PERSONS, person, "archive", NULL, NULL);
    free(person);
    char *other_document = new_document(), *other_version = publish_version(other_document);
    char *other = make(writer, POLICIES,
                       json_pack("{s:s, s:s, s:s, s:b, s:b, s:b, s:b}", "title", "A second one", "level", "top", "document_id",
                                 other_document, promises[0], 1, promises[1], 1, promises[2], 1, promises[3], 1));
    refuses(owner, POLICIES, other, "publish", NULL, 409, "top_policy_exists");
    moves(owner, POLICIES, policy, "withdraw", reason(), "withdrawn");
    moves(owner, POLICIES, other, "publish", NULL, "published");
    moves(owner, POLICIES, other, "withdraw", reason(), "withdrawn");
    char *third_document = new_document(), *third_version = publish_version(third_document);
    char *unsaid = make(writer, POLICIES, json_pack("{s:s, s:s}", "title", "On what", "document_id", third_document));
    refuses(owner, POLICIES, unsaid, "publish", NULL, 422, "required"); /* a topic policy says on what */
    char *all[] = {document, version, policy, other_document, other_version, other, third_document, third_version, unsaid};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

/* ---- campaigns --------------------------------------------------------------------------------------------------------- */

/* A published policy for one unit of its own. */
struct called {
    char *document, *version, *policy, *campaign;
};

static struct called call(const char *unit)
{
    struct called c = {.document = new_document()};
    c.version = publish_version(c.document);
    c.policy = new_policy(c.document, "topic");
    moves(writer, POLICIES, c.policy, NULL, json_pack("{s:[s]}", "units", unit), NULL);
    moves(owner, POLICIES, c.policy, "publish", NULL, "published");
    c.campaign =
        make(writer, CAMPAIGNS, json_pack("{s:s, s:s, s:s}", "title", "Read it", "policy_id", c.policy, "due_on", day(-1)));
    return c;
}

static void drop(struct called *c)
{
    free(c->document);
    free(c->version);
    free(c->policy);
    free(c->campaign);
}

static void every_verb_of_a_campaign(void **unused)
{
    (void)unused;
    static const char *const states[] = {"draft", "running", "closed", "cancelled"};
    static const char *const verbs[] = {"start", "remind", "close", "cancel"};
    static const char *const ways[] = {"", "start", "start close", "cancel"};
    static const struct line lines[] = {{"draft", "start", 200, NULL},    {"draft", "cancel", 200, NULL},
                                        {"running", "remind", 200, NULL}, {"running", "close", 200, NULL},
                                        {"running", "cancel", 200, NULL}, {0}};
    const char *unit = fresh("Unit");
    char unit_kept[120];
    snprintf(unit_kept, sizeof unit_kept, "%s", unit);
    free(new_person("Ada", unit_kept));
    struct called c = call(unit_kept);
    for (size_t s = 0; s < 4; s++)
        for (size_t v = 0; v < 4; v++) {
            char *id = make(writer, CAMPAIGNS,
                            json_pack("{s:s, s:s, s:s}", "title", "Read it", "policy_id", c.policy, "due_on", day(9)));
            for (size_t w = 0; w < 4; w++)
                if (strstr(ways[s], verbs[w]))
                    moves(writer, CAMPAIGNS, id, verbs[w], reason(), NULL);
            has(writer, CAMPAIGNS, id, "status", states[s]);
            expect_line(writer, CAMPAIGNS, id, find(lines, states[s], verbs[v]), verbs[v], reason());
            if (s == 1 && v == 1)
                has(writer, CAMPAIGNS, id, "status", "running"); /* a reminder changes no state */
            free(id);
        }
    drop(&c);
}

/* Three persons: Ada and the owner himself, who has read it, and one without an account. Ada has none either. */
static void who_has_and_who_has_not(void **unused)
{
    (void)unused;
    char unit[120];
    snprintf(unit, sizeof unit, "%s", fresh("Desk"));
    struct answer a = api_get(writer, "/api/v1/orgs/ditch/" PERSONS "?member_id=%s", owner_id);
    expect_status(&a, 200);
    char *self = answer_text(&a, "items/0/id")
                     ? strdup(answer_text(&a, "items/0/id"))
                     : make(writer, PERSONS, json_pack("{s:s, s:s, s:s}", "name", "Sam", "unit", unit, "member_id", owner_id));
    answer_free(&a);
    moves(writer, PERSONS, self, NULL, json_pack("{s:s}", "unit", unit), NULL);
    char *ada = new_person("Ada", unit), *gone = new_person("Gone", unit);
    moves(writer, PERSONS, gone, NULL, json_pack("{s:s}", "left_on", day(-1)), NULL);
    struct called c = call(unit);
    moves(writer, CAMPAIGNS, c.campaign, "start", NULL, "running");
    has(writer, CAMPAIGNS, c.campaign, "version_id", c.version);
    moves(writer, CAMPAIGNS, c.campaign, "remind", NULL, "running"); /* both */
    free(make(owner, "support/acknowledgements", json_pack("{s:s}", "version_id", c.version)));
    moves(writer, CAMPAIGNS, c.campaign, "remind", NULL, "running"); /* Ada again */
    refuses_new(writer, REMINDERS, json_pack("{s:s, s:s}", "campaign_id", c.campaign, "person_id", self), 409,
                "acknowledged_already", "/person_id");
    refuses_new(writer, REMINDERS, json_pack("{s:s, s:s}", "campaign_id", c.campaign, "person_id", gone), 422, "not_meant",
                "/person_id");
    a = api_get(owner, "/api/v1/orgs/ditch/" CAMPAIGNS "/%s/progress", c.campaign);
    expect_status(&a, 200);
    assert_int_equal(json_array_size(answer_at(&a, "items")), 2);
    assert_int_equal(answer_integer(&a, "have"), 1);
    assert_int_equal(answer_integer(&a, "have_not"), 1);
    assert_int_equal(answer_integer(&a, "percent"), 50);
    assert_true(json_is_true(answer_at(&a, "overdue")));
    assert_string_equal(answer_text(&a, "items/0/person_id"), ada); /* who has not comes first */
    assert_string_equal(answer_text(&a, "items/0/state"), "no_account");
    assert_int_equal(answer_integer(&a, "items/0/reminders"), 2);
    assert_string_equal(answer_text(&a, "items/1/state"), "has");
    assert_int_equal(answer_integer(&a, "items/1/reminders"), 1);
    answer_free(&a);
    moves(writer, PERSONS, ada, NULL, json_pack("{s:s}", "left_on", day(-1)), NULL);
    refuses(writer, CAMPAIGNS, c.campaign, "remind", NULL, 422, "nobody_missing");
    moves(writer, CAMPAIGNS, c.campaign, "close", NULL, "closed");
    a = look(writer, CAMPAIGNS, c.campaign);
    assert_int_equal(answer_integer(&a, "expected"), 1);
    assert_int_equal(answer_integer(&a, "acknowledged"), 1);
    answer_free(&a);
    drop(&c);

    char *document = new_document(), *draft = new_policy(document, "topic");
    char *early =
        make(writer, CAMPAIGNS, json_pack("{s:s, s:s, s:s}", "title", "Too early", "policy_id", draft, "due_on", day(9)));
    refuses(writer, CAMPAIGNS, early, "start", NULL, 422, "not_published");
    char *all[] = {document, draft, early, self, ada, gone};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

/* ---- deeds ------------------------------------------------------------------------------------------------------------- */

static json_t *deed(const char *letter, const char *who, const char *done_on)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "letter", letter, "title", "Spoke to everybody", "done_by_id", who, "done_on",
                     done_on, "evidence", "Minutes");
}

static json_int_t deeds(const char *letter, const char **state)
{
    static char kept[20];
    struct answer a = api_get(owner, "/api/v1/orgs/ditch/leadership/commitment-summary");
    expect_status(&a, 200);
    assert_int_equal(answer_integer(&a, "count"), 8);
    char at[40];
    snprintf(at, sizeof at, "items/%d/state", letter[0] - 'a');
    snprintf(kept, sizeof kept, "%s", answer_text(&a, at));
    *state = kept;
    snprintf(at, sizeof at, "items/%d/letter", letter[0] - 'a');
    assert_string_equal(answer_text(&a, at), letter);
    snprintf(at, sizeof at, "items/%d/deeds", letter[0] - 'a');
    json_int_t n = answer_integer(&a, at);
    answer_free(&a);
    return n;
}

static void deeds_are_of_top_management_and_shown(void **unused)
{
    (void)unused;
    const char *state;
    refuses_new(writer, COMMITMENTS, deed("d", writer_id, day(-3)), 422, "not_top_management", "/done_by_id");
    refuses_new(writer, COMMITMENTS, deed("d", owner_id, day(3)), 422, "in_the_future", "/done_on");
    refuses_new(writer, COMMITMENTS, deed("x", owner_id, day(-3)), 422, NULL, "/letter");
    json_t *bare = deed("d", owner_id, day(-3));
    json_object_del(bare, "evidence");
    refuses_new(writer, COMMITMENTS, bare, 422, "required", "/evidence");
    bare = deed("d", owner_id, day(-3));
    json_object_del(bare, "done_by_id"); /* then it is about who enters it */
    refuses_new(writer, COMMITMENTS, json_incref(bare), 422, "not_top_management", "/done_by_id");
    char *mine = make(owner, COMMITMENTS, bare);
    moves(writer, COMMITMENTS, mine, NULL, json_pack("{s:s}", "title", "Put in other words"), NULL);
    moves(owner, COMMITMENTS, mine, "archive", NULL, NULL);
    free(mine);
    json_int_t before = deeds("h", &state);
    assert_string_equal(state, before ? "old" : "missing");
    char *old = make(writer, COMMITMENTS, deed("h", owner_id, day(-366)));
    assert_int_equal(deeds("h", &state), before + 1);
    assert_string_equal(state, "old");
    struct signal_now shown = signal_of(owner, "leadership", "deeds_shown");
    assert_int_equal(shown.of, 8);
    char *new = make(writer, COMMITMENTS, deed("h", owner_id, day(-365)));
    assert_int_equal(signal_of(owner, "leadership", "deeds_shown").value, shown.value + 1);
    assert_int_equal(deeds("h", &state), before + 2);
    assert_string_equal(state, "shown");
    moves(writer, COMMITMENTS, new, "archive", NULL, NULL);
    moves(writer, COMMITMENTS, old, "archive", NULL, NULL);
    assert_int_equal(deeds("h", &state), before);
    free(new);
    free(old);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verb_of_a_policy),
        cmocka_unit_test(top_management_stands_for_what_others_wrote),
        cmocka_unit_test(the_top_policy_makes_its_promises),
        cmocka_unit_test(every_verb_of_a_campaign),
        cmocka_unit_test(who_has_and_who_has_not),
        cmocka_unit_test(deeds_are_of_top_management_and_shown),
    };
    return cmocka_run_group_tests(tests, log_in, log_out);
}
