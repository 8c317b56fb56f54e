/* Controlled documents through the running service: every state and verb of documents, versions and reviews, who may not judge
 * his own text, approvals at the same moment, what cannot be changed any more, and what must be there. */
#include "register.h"
#include <pthread.h>

#define DOCUMENTS "support/documents"
#define VERSIONS "support/document-versions"
#define REVIEWS "support/document-reviews"
#define ACKS "support/acknowledgements"

#define TEXT "# Rules\n\nOne.\n"
#define HASH "21d6ce41e627ab670a1964a77d0c902f84c61ba1eaa2e5f581f99468f4a0462f" /* sha256sum of TEXT */

static struct api *owner, *manager, *author, *top, *risk, *reader;
static char *owner_id, *author_id, *top_id, *risk_id;

static int log_in(void **state)
{
    (void)state;
    owner = api_as("keep", "owner");
    manager = api_as("keep", "manager");
    author = api_as("keep", "contributor");
    top = api_as("keep", "top_management");
    risk = api_as("keep", "risk_owner");
    reader = api_as("keep", "reader");
    owner_id = user_id(owner);
    author_id = user_id(author);
    top_id = user_id(top);
    risk_id = user_id(risk);
    return 0;
}

static int log_out(void **state)
{
    (void)state;
    struct api *all[] = {owner, manager, author, top, risk, reader};
    char *ids[] = {owner_id, author_id, top_id, risk_id};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        api_free(all[i]);
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        free(ids[i]);
    return 0;
}

static json_t *reason(void)
{
    return json_pack("{s:s}", "reason", "Tried in a test");
}

/* ---- records in each state --------------------------------------------------------------------------------------------- */

static char *new_document(int quorum)
{
    return make(author, DOCUMENTS,
                json_pack("{s:s, s:i, s:i}", "title", fresh("Rules"), "quorum", quorum, "retention_months", 0));
}

static char *new_version(const char *document, const char *text)
{
    return make(author, VERSIONS, json_pack("{s:s, s:s, s:s}", "document_id", document, "changes", "First words", "text", text));
}

static char *new_review(const char *version, const char *reviewer)
{
    return make(author, REVIEWS, json_pack("{s:s, s:s}", "version_id", version, "reviewer_id", reviewer));
}

/* A version of a document of its own with one reviewer, the risk owner, brought to that state. */
struct draft {
    char *document, *version, *review;
};

static struct draft version_in(const char *state)
{
    struct draft d = {.document = new_document(1)};
    d.version = new_version(d.document, TEXT);
    d.review = new_review(d.version, risk_id);
    bool discarded = strcmp(state, "discarded") == 0;
    if (discarded)
        moves(author, VERSIONS, d.version, "discard", reason(), "discarded");
    if (discarded || strcmp(state, "draft") == 0)
        return d;
    moves(author, VERSIONS, d.version, "submit", NULL, "in_review");
    if (strcmp(state, "in_review") == 0)
        return d;
    moves(risk, REVIEWS, d.review, "approve", NULL, "approved");
    has(author, VERSIONS, d.version, "status", "approved");
    if (strcmp(state, "approved") == 0)
        return d;
    moves(manager, VERSIONS, d.version, "publish", NULL, "published");
    if (strcmp(state, "published") == 0)
        return d;
    moves(manager, DOCUMENTS, d.document, "withdraw", reason(), "withdrawn");
    has(author, VERSIONS, d.version, "status", "superseded");
    return d;
}

static void drop(struct draft *d)
{
    free(d->document);
    free(d->version);
    free(d->review);
}

static void every_verb_of_a_version(void **unused)
{
    (void)unused;
    static const char *const states[] = {"draft", "in_review", "approved", "published", "superseded", "discarded"};
    static const char *const verbs[] = {"submit", "recall", "return", "approve", "publish", "supersede", "discard"};
    static const struct line lines[] = {
        {"draft", "submit", 200, NULL},
        {"draft", "discard", 200, NULL},
        {"in_review", "recall", 200, NULL},
        {"in_review", "return", 422, "not_rejected"}, /* a reviewer's rejection does it */
        {"in_review", "approve", 422, "quorum_open"}, /* the last approval does it */
        {"in_review", "discard", 200, NULL},
        {"approved", "publish", 200, NULL},
        {"approved", "discard", 200, NULL},
        {"published", "supersede", 422, "still_in_force"}, /* the next version does it */
        {0},
    };
    for (size_t s = 0; s < sizeof states / sizeof *states; s++)
        for (size_t v = 0; v < sizeof verbs / sizeof *verbs; v++) {
            struct draft d = version_in(states[s]);
            has(owner, VERSIONS, d.version, "status", states[s]);
            expect_line(owner, VERSIONS, d.version, find(lines, states[s], verbs[v]), verbs[v], reason());
            drop(&d);
        }
}

static void every_verb_of_a_document(void **unused)
{
    (void)unused;
    static const char *const states[] = {"draft", "in_force", "withdrawn", "disposed"};
    static const char *const verbs[] = {"enforce", "confirm", "withdraw", "dispose"};
    static const struct line lines[] = {
        {"draft", "enforce", 422, "nothing_published"},
        {"draft", "withdraw", 200, NULL},
        {"in_force", "enforce", 409, "in_force_already"},
        {"in_force", "confirm", 200, NULL},
        {"in_force", "withdraw", 200, NULL},
        {"withdrawn", "dispose", 200, NULL},
        {0},
    };
    for (size_t s = 0; s < sizeof states / sizeof *states; s++)
        for (size_t v = 0; v < sizeof verbs / sizeof *verbs; v++) {
            struct draft d = version_in(s == 0 ? "draft" : s == 1 ? "published" : "superseded");
            json_t *body = json_pack("{s:s}", "reason", "Tried in a test");
            json_t *disposal = json_pack("{s:s, s:s}", "disposal_method", "erased", "disposal_witness", "The archivist");
            if (s == 3)
                moves(owner, DOCUMENTS, d.document, "dispose", json_incref(disposal), "disposed");
            has(owner, DOCUMENTS, d.document, "status", states[s]);
            bool disposes = strcmp(verbs[v], "dispose") == 0;
            expect_line(owner, DOCUMENTS, d.document, find(lines, states[s], verbs[v]), verbs[v],
                        json_incref(disposes ? disposal : body));
            json_decref(body);
            json_decref(disposal);
            drop(&d);
        }
}

static void every_verb_of_a_review(void **unused)
{
    (void)unused;
    static const char *const states[] = {"pending", "approved", "rejected"};
    static const char *const verbs[] = {"approve", "reject", "ask"};
    static const struct line lines[] = {
        {"pending", "approve", 200, NULL},
        {"pending", "reject", 200, NULL},
        {"approved", "ask", 422, "decision_kept"},
        {"rejected", "ask", 422, "decision_kept"},
        {0},
    };
    for (size_t s = 0; s < sizeof states / sizeof *states; s++)
        for (size_t v = 0; v < sizeof verbs / sizeof *verbs; v++) {
            struct draft d = version_in("in_review");
            if (s > 0)
                moves(risk, REVIEWS, d.review, s == 1 ? "approve" : "reject", json_pack("{s:s}", "remark", "Well"), states[s]);
            json_t *body = strcmp(verbs[v], "ask") == 0 ? json_object() : json_pack("{s:s}", "remark", "Tried");
            expect_line(risk, REVIEWS, d.review, find(lines, states[s], verbs[v]), verbs[v], body);
            drop(&d);
        }
}

/* ---- rules ------------------------------------------------------------------------------------------------------------- */

static void a_version_without_text_or_reviewers_is_not_submitted(void **unused)
{
    (void)unused;
    char *document = new_document(2);
    char *version = make(author, VERSIONS, json_pack("{s:s, s:s}", "document_id", document, "changes", "Nothing yet"));
    struct answer a = act(author, VERSIONS, version, "submit", NULL);
    expect_problem(&a, 422, "required", "/text");
    expect_problem(&a, 422, "reviewers_missing", "");
    answer_free(&a);
    free(new_review(version, risk_id));
    moves(author, VERSIONS, version, NULL, json_pack("{s:s}", "text", "Words."), NULL);
    refuses(author, VERSIONS, version, "submit", NULL, 422, "reviewers_missing"); /* one of two */
    free(new_review(version, top_id));
    moves(author, VERSIONS, version, "submit", NULL, "in_review");
    free(version);
    free(document);
}

static void nobody_judges_his_own_text(void **unused)
{
    (void)unused;
    char *document = new_document(1), *version = new_version(document, "Words.");
    char *own = new_review(version, author_id);
    refuses(author, VERSIONS, version, "submit", NULL, 422, "separation_of_duties");
    moves(manager, REVIEWS, own, "archive", NULL, NULL);
    free(own);
    /* A reviewer who then edits the text is found at submission, even when somebody else edits it after him. */
    char *review = new_review(version, owner_id);
    moves(owner, VERSIONS, version, NULL, json_pack("{s:s}", "text", "Words of the owner."), NULL);
    moves(author, VERSIONS, version, NULL, json_pack("{s:s}", "text", "Words of the author."), NULL);
    refuses(author, VERSIONS, version, "submit", NULL, 422, "separation_of_duties");
    /* The named author is one too, whoever typed it. */
    moves(manager, REVIEWS, review, "archive", NULL, NULL);
    char *other = new_review(version, risk_id);
    moves(author, VERSIONS, version, NULL, json_pack("{s:s}", "author_id", risk_id), NULL);
    refuses(author, VERSIONS, version, "submit", NULL, 422, "separation_of_duties");
    moves(author, VERSIONS, version, NULL, json_pack("{s:n}", "author_id"), NULL);
    moves(author, VERSIONS, version, "submit", NULL, "in_review");
    refuses_new(author, REVIEWS, json_pack("{s:s, s:s}", "version_id", version, "reviewer_id", author_id), 422,
                "separation_of_duties", "/reviewer_id");
    /* Only the named reviewer decides. */
    refuses(top, REVIEWS, other, "approve", NULL, 403, "not_the_reviewer");
    refuses(reader, REVIEWS, other, "approve", NULL, 403, "forbidden");
    /* And of a text that is in review. */
    moves(author, VERSIONS, version, "recall", json_pack("{s:s}", "reason", "One word more"), "draft");
    refuses(risk, REVIEWS, other, "approve", NULL, 409, "not_in_review");
    free(other);
    free(review);
    free(version);
    free(document);
}

static void approved_text_does_not_change(void **unused)
{
    (void)unused;
    static const char *const states[] = {"in_review", "approved", "published", "superseded"};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        struct draft d = version_in(states[i]);
        refuses(owner, VERSIONS, d.version, NULL, json_pack("{s:s}", "text", "Something else."), 409, "frozen");
        has(owner, VERSIONS, d.version, "sha256", HASH);
        if (i > 0)
            has(owner, REVIEWS, d.review, "sha256", HASH);
        refuses(owner, VERSIONS, d.version, "archive", NULL, 409, "version_kept");
        drop(&d);
    }
    struct draft d = version_in("in_review");
    moves(author, VERSIONS, d.version, "recall", reason(), "draft");
    has(author, VERSIONS, d.version, "sha256", NULL);
    moves(author, VERSIONS, d.version, NULL, json_pack("{s:s}", "text", "Two."), NULL);
    drop(&d);
}

static void the_live_version_stays_while_the_next_is_written(void **unused)
{
    (void)unused;
    struct draft d = version_in("published");
    has(author, DOCUMENTS, d.document, "status", "in_force");
    has(author, DOCUMENTS, d.document, "live_version_id", d.version);
    has(author, DOCUMENTS, d.document, "in_force_on", day(0));
    char path[200];
    snprintf(path, sizeof path, DOCUMENTS "/%s:revise", d.document);
    struct answer a = try_make(author, path, json_pack("{s:s}", "changes", "Second words"));
    expect_status(&a, 201);
    assert_int_equal(answer_integer(&a, "number"), 2);
    assert_string_equal(answer_text(&a, "text"), TEXT);
    char *second = strdup(answer_text(&a, "id"));
    answer_free(&a);
    refuses_new(author, VERSIONS, json_pack("{s:s, s:s}", "document_id", d.document, "changes", "A third"), 409,
                "version_in_work", "/document_id");
    has(author, DOCUMENTS, d.document, "live_version_id", d.version);
    char *review = new_review(second, top_id);
    moves(author, VERSIONS, second, "submit", NULL, "in_review");
    moves(top, REVIEWS, review, "approve", json_pack("{s:s}", "remark", "Good"), "approved");
    has(top, REVIEWS, review, "remark", "Good");
    has(author, VERSIONS, d.version, "status", "published");
    refuses(author, VERSIONS, second, "publish", NULL, 403, "forbidden"); /* a contributor does not */
    moves(manager, VERSIONS, second, "publish", NULL, "published");
    has(author, VERSIONS, d.version, "status", "superseded");
    has(author, DOCUMENTS, d.document, "live_version_id", second);
    free(review);
    free(second);
    drop(&d);
}

static void a_rejection_sends_back_and_the_next_round_asks_again(void **unused)
{
    (void)unused;
    char *document = new_document(2), *version = new_version(document, "Words.");
    char *first = new_review(version, risk_id), *second = new_review(version, top_id);
    moves(author, VERSIONS, version, "submit", NULL, "in_review");
    moves(risk, REVIEWS, first, "approve", NULL, "approved");
    refuses(top, REVIEWS, second, "reject", NULL, 422, "required"); /* says nothing */
    moves(top, REVIEWS, second, "reject", json_pack("{s:s}", "remark", "Name the system"), "rejected");
    has(author, VERSIONS, version, "status", "draft");
    has(author, REVIEWS, second, "remark", "Name the system");
    moves(author, VERSIONS, version, NULL, json_pack("{s:s}", "text", "Words on the archive."), NULL);
    moves(author, VERSIONS, version, "submit", NULL, "in_review");
    has(author, REVIEWS, first, "status", "pending"); /* what was approved is not this text */
    has(author, REVIEWS, second, "status", "pending");
    moves(top, REVIEWS, second, "approve", NULL, "approved");
    has(author, VERSIONS, version, "status", "in_review");
    moves(risk, REVIEWS, first, "approve", NULL, "approved");
    has(author, VERSIONS, version, "status", "approved");
    free(first);
    free(second);
    free(version);
    free(document);
}

static void reviewers_do_not_go_when_they_are_needed(void **unused)
{
    (void)unused;
    char *document = new_document(1), *version = new_version(document, "Words.");
    char *first = new_review(version, risk_id), *second = new_review(version, top_id);
    refuses_new(author, REVIEWS, json_pack("{s:s, s:s}", "version_id", version, "reviewer_id", top_id), 409, "reviewer_named",
                "/reviewer_id");
    moves(author, VERSIONS, version, "submit", NULL, "in_review");
    moves(manager, REVIEWS, first, "archive", NULL, NULL);
    refuses(manager, REVIEWS, second, "archive", NULL, 409, "reviewers_missing");
    moves(top, REVIEWS, second, "approve", NULL, "approved");
    refuses(manager, REVIEWS, second, "archive", NULL, 409, "decision_kept");
    refuses_new(author, REVIEWS, json_pack("{s:s, s:s}", "version_id", version, "reviewer_id", owner_id), 409, "decided_already",
                "/version_id");
    free(first);
    free(second);
    free(version);
    free(document);
}

static void a_version_may_be_a_file(void **unused)
{
    (void)unused;
    struct answer a = api_call(author, "POST", "/api/v1/orgs/keep/files?name=rules.txt", TEXT,
                               (const char *const[]){"Content-Type: application/octet-stream", NULL});
    expect_status(&a, 201);
    char *file = strdup(answer_text(&a, "id"));
    answer_free(&a);
    char *document = new_document(1);
    refuses_new(author, VERSIONS,
                json_pack("{s:s, s:s, s:s, s:s}", "document_id", document, "changes", "Both", "text", "Words.", "file_id", file),
                422, "text_or_file", "/file_id");
    char *version =
        make(author, VERSIONS, json_pack("{s:s, s:s, s:s}", "document_id", document, "changes", "As a file", "file_id", file));
    char *review = new_review(version, risk_id);
    moves(author, VERSIONS, version, "submit", NULL, "in_review");
    has(author, VERSIONS, version, "sha256", HASH); /* the same bytes as the text of the other tests */
    moves(risk, REVIEWS, review, "approve", NULL, "approved");
    refuses(author, VERSIONS, version, NULL, json_pack("{s:n}", "file_id"), 409, "frozen");
    moves(manager, VERSIONS, version, "publish", NULL, "published");
    a = api_get(author, "/api/v1/orgs/keep/" VERSIONS "/%s/difference", version);
    expect_problem(&a, 409, "not_text", NULL);
    answer_free(&a);
    moves(manager, DOCUMENTS, document, "withdraw", reason(), "withdrawn");
    moves(manager, DOCUMENTS, document, "dispose",
          json_pack("{s:s, s:s}", "disposal_method", "erased", "disposal_witness", "The archivist"), "disposed");
    has(author, VERSIONS, version, "file_id", NULL);
    has(author, VERSIONS, version, "sha256", HASH);
    char *all[] = {review, version, document, file};
    for (size_t i = 0; i < 4; i++)
        free(all[i]);
}

/* ---- at the same moment ------------------------------------------------------------------------------------------------ */

struct voice {
    struct api *who;
    const char *review, *verb, *etag;
    pthread_barrier_t *together;
    int status;
};

static void *speak(void *arg)
{
    struct voice *v = arg;
    char path[300];
    register_path(path, REVIEWS, v->review, v->verb);
    pthread_barrier_wait(v->together);
    struct answer a = api_send(v->who, "POST", path, json_pack("{s:s}", "remark", "At once"), v->etag);
    v->status = a.status;
    answer_free(&a);
    return NULL;
}

static void all_at_once(struct voice *voices, size_t count)
{
    pthread_barrier_t together;
    pthread_t threads[3];
    pthread_barrier_init(&together, NULL, (unsigned)count);
    for (size_t i = 0; i < count; i++) {
        voices[i].together = &together;
        voices[i].etag = "\"1\"";
        pthread_create(&threads[i], NULL, speak, &voices[i]);
    }
    for (size_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&together);
}

static int times(const char *version, const char *verb)
{
    struct answer a = api_get(owner, "/api/v1/orgs/keep/" VERSIONS "/%s/history", version);
    expect_status(&a, 200);
    size_t i;
    json_t *event;
    int n = 0;
    json_array_foreach(answer_at(&a, "items"), i, event)
    {
        n += strcmp(json_string_value(json_object_get(event, "verb")), verb) == 0;
    }
    answer_free(&a);
    return n;
}

static void three_reviewers_quorum_two_at_once(void **unused)
{
    (void)unused;
    for (int round = 0; round < 10; round++) {
        char *document = new_document(2), *version = new_version(document, "Words.");
        char *reviews[] = {new_review(version, risk_id), new_review(version, top_id), new_review(version, owner_id)};
        struct api *who[] = {risk, top, owner};
        struct voice voices[3] = {0};
        moves(author, VERSIONS, version, "submit", NULL, "in_review");
        for (size_t i = 0; i < 3; i++)
            voices[i] = (struct voice){.who = who[i], .review = reviews[i], .verb = "approve"};
        all_at_once(voices, 3);
        has(author, VERSIONS, version, "status", "approved");
        assert_int_equal(times(version, "approve"), 1);
        for (size_t i = 0; i < 3; i++) {
            assert_int_equal(voices[i].status, 200); /* the third voice counts for nothing and is kept all the same */
            has(author, REVIEWS, reviews[i], "status", "approved");
            free(reviews[i]);
        }
        free(version);
        free(document);
    }
}

static void approval_and_rejection_at_once_do_not_both_hold(void **unused)
{
    (void)unused;
    for (int round = 0; round < 10; round++) {
        char *document = new_document(1), *version = new_version(document, "Words.");
        char *yes = new_review(version, risk_id), *no = new_review(version, top_id);
        moves(author, VERSIONS, version, "submit", NULL, "in_review");
        struct voice voices[] = {{.who = risk, .review = yes, .verb = "approve"}, {.who = top, .review = no, .verb = "reject"}};
        all_at_once(voices, 2);
        bool approved = voices[0].status == 200;
        assert_int_equal(voices[approved ? 1 : 0].status, 409);
        assert_int_equal(voices[approved ? 0 : 1].status, 200);
        has(author, VERSIONS, version, "status", approved ? "approved" : "draft");
        free(yes);
        free(no);
        free(version);
        free(document);
    }
}

/* ---- acknowledgement, retention, external ------------------------------------------------------------------------------ */

static bool is_to_read(struct api *who, const char *version)
{
    struct answer a = api_get(who, "/api/v1/orgs/keep/support/to-read");
    expect_status(&a, 200);
    bool found = strstr(a.body, version) != NULL;
    answer_free(&a);
    return found;
}

static void readers_say_that_they_have_read_it(void **unused)
{
    (void)unused;
    struct draft d = version_in("approved");
    moves(author, DOCUMENTS, d.document, NULL, json_pack("{s:b}", "acknowledgement_required", 1), NULL);
    refuses_new(reader, ACKS, json_pack("{s:s}", "version_id", d.version), 409, "not_in_force", "/version_id");
    moves(manager, VERSIONS, d.version, "publish", NULL, "published");
    assert_true(is_to_read(reader, d.version));
    struct answer before = api_get(owner, "/api/v1/orgs/keep/" DOCUMENTS "/%s/readers", d.document);
    expect_status(&before, 200);
    assert_int_equal(answer_integer(&before, "have"), 0);
    struct answer a = try_make(reader, ACKS, json_pack("{s:s}", "version_id", d.version));
    expect_status(&a, 201);
    char *id = user_id(reader);
    assert_string_equal(answer_text(&a, "member_id"), id);
    assert_string_equal(answer_text(&a, "sha256"), HASH);
    answer_free(&a);
    refuses_new(reader, ACKS, json_pack("{s:s}", "version_id", d.version), 409, "acknowledged_already", "/version_id");
    refuses_new(reader, ACKS, json_pack("{s:s, s:s}", "version_id", d.version, "member_id", owner_id), 422, NULL, "/member_id");
    assert_false(is_to_read(reader, d.version));
    a = api_get(owner, "/api/v1/orgs/keep/" DOCUMENTS "/%s/readers", d.document);
    expect_status(&a, 200);
    assert_int_equal(answer_integer(&a, "have"), 1);
    assert_int_equal(answer_integer(&a, "have_not"), answer_integer(&before, "have_not") - 1);
    answer_free(&a);
    answer_free(&before);
    free(id);
    drop(&d);
}

static void what_is_kept_goes_after_its_time_and_leaves_its_hash(void **unused)
{
    (void)unused;
    struct draft d = version_in("published");
    json_t *how = json_pack("{s:s, s:s}", "disposal_method", "erased", "disposal_witness", "The archivist");
    moves(manager, DOCUMENTS, d.document, NULL, json_pack("{s:i}", "retention_months", 12), NULL);
    refuses(manager, DOCUMENTS, d.document, "archive", NULL, 409, "still_kept");
    moves(manager, DOCUMENTS, d.document, "withdraw", reason(), "withdrawn");
    char *until = member_of(owner, DOCUMENTS, d.document, "retain_until");
    assert_true(strcmp(until, day(364)) >= 0 && strcmp(until, day(366)) <= 0);
    has(owner, DOCUMENTS, d.document, "live_version_id", NULL);
    has(owner, DOCUMENTS, d.document, "review_on", NULL);
    refuses(manager, DOCUMENTS, d.document, "dispose", json_incref(how), 422, "kept_still");
    refuses(manager, DOCUMENTS, d.document, "archive", NULL, 409, "still_kept");
    refuses_new(author, VERSIONS, json_pack("{s:s, s:s}", "document_id", d.document, "changes", "More"), 409, "document_over",
                "/document_id");
    drop(&d);

    d = version_in("superseded"); /* need not be kept */
    refuses(author, DOCUMENTS, d.document, "dispose", json_incref(how), 403, "forbidden");
    refuses(manager, DOCUMENTS, d.document, "dispose", NULL, 422, "required");
    moves(manager, DOCUMENTS, d.document, "dispose", how, "disposed");
    has(owner, DOCUMENTS, d.document, "disposal_method", "erased");
    has(owner, DOCUMENTS, d.document, "disposal_witness", "The archivist");
    has(owner, DOCUMENTS, d.document, "disposed_on", day(0));
    has(owner, VERSIONS, d.version, "text", NULL);
    has(owner, VERSIONS, d.version, "sha256", HASH);
    free(until);
    drop(&d);

    char *unsaid = make(author, DOCUMENTS, json_pack("{s:s}", "title", fresh("Never said how long")));
    moves(manager, DOCUMENTS, unsaid, "withdraw", reason(), "withdrawn");
    refuses(manager, DOCUMENTS, unsaid, "dispose",
            json_pack("{s:s, s:s}", "disposal_method", "erased", "disposal_witness", "Nobody"), 422, "kept_still");
    free(unsaid);
}

static void what_is_not_kept_here_comes_into_force_by_hand(void **unused)
{
    (void)unused;
    refuses_new(author, DOCUMENTS, json_pack("{s:s, s:s, s:s}", "title", "Harbour rules", "origin", "external", "issuer", "Port"),
                422, "external_incomplete", "/edition");
    char *external = make(author, DOCUMENTS,
                          json_pack("{s:s, s:s, s:s, s:s}", "title", fresh("Harbour rules"), "origin", "external", "issuer",
                                    "Port authority", "edition", "2024"));
    refuses(author, DOCUMENTS, external, NULL, json_pack("{s:n}", "issuer"), 422, "external_incomplete");
    moves(manager, DOCUMENTS, external, "enforce", NULL, "in_force");
    char *next = member_of(owner, DOCUMENTS, external, "review_on");
    assert_true(strcmp(next, day(364)) >= 0 && strcmp(next, day(366)) <= 0); /* twelve months */
    moves(author, DOCUMENTS, external, NULL, json_pack("{s:i}", "review_months", 1), NULL);
    moves(author, DOCUMENTS, external, "confirm", NULL, "in_force");
    free(next);
    next = member_of(owner, DOCUMENTS, external, "review_on");
    assert_true(strcmp(next, day(27)) >= 0 && strcmp(next, day(31)) <= 0);
    char *record = make(author, DOCUMENTS,
                        json_pack("{s:s, s:s, s:s}", "title", fresh("Door log"), "information", "record", "location", "Vault"));
    moves(manager, DOCUMENTS, record, "enforce", NULL, "in_force");
    refuses_new(author, DOCUMENTS, json_pack("{s:s, s:s}", "title", "Bad", "mandatory_id", "MD-99"), 422, "not_in_catalogue",
                "/mandatory_id");
    const char *number = fresh("N");
    char *first = make(author, DOCUMENTS, json_pack("{s:s, s:s}", "title", "One", "number", number));
    refuses_new(author, DOCUMENTS, json_pack("{s:s, s:s}", "title", "Two", "number", number), 409, "number_taken", "/number");
    free(first);
    free(record);
    free(next);
    free(external);
}

/* ---- views ------------------------------------------------------------------------------------------------------------- */

static void the_difference_names_the_lines(void **unused)
{
    (void)unused;
    struct draft d = version_in("published"); /* "# Rules", "", "One." */
    char path[200];
    snprintf(path, sizeof path, DOCUMENTS "/%s:revise", d.document);
    char *second = make(author, path, json_pack("{s:s, s:s}", "changes", "Two", "text", "# Rules\n\nTwo.\nThree.\n"));
    struct answer a = api_get(author, "/api/v1/orgs/keep/" VERSIONS "/%s/difference", second);
    expect_status(&a, 200);
    assert_string_equal(answer_text(&a, "from/id"), d.version);
    assert_int_equal(answer_integer(&a, "from/number"), 1);
    assert_int_equal(answer_integer(&a, "to/number"), 2);
    assert_int_equal(answer_integer(&a, "added"), 2);
    assert_int_equal(answer_integer(&a, "removed"), 1);
    assert_true(json_is_true(answer_at(&a, "minimal")));
    static const char *const lines[][2] = {
        {"none", "# Rules"}, {"none", ""}, {"removed", "One."}, {"added", "Two."}, {"added", "Three."}};
    assert_int_equal(json_array_size(answer_at(&a, "hunks")), 1);
    assert_int_equal(json_array_size(answer_at(&a, "hunks/0/lines")), 5);
    for (size_t i = 0; i < 5; i++) {
        char at[60];
        snprintf(at, sizeof at, "hunks/0/lines/%zu/change", i);
        assert_string_equal(answer_text(&a, at), lines[i][0]);
        snprintf(at, sizeof at, "hunks/0/lines/%zu/text", i);
        assert_string_equal(answer_text(&a, at), lines[i][1]);
    }
    answer_free(&a);
    a = api_get(author, "/api/v1/orgs/keep/" VERSIONS "/%s/difference", d.version); /* the first one: all of it is new */
    expect_status(&a, 200);
    assert_true(json_is_null(answer_at(&a, "from")));
    assert_int_equal(answer_integer(&a, "added"), 3);
    answer_free(&a);
    a = api_get(author, "/api/v1/orgs/keep/" VERSIONS "/%s/difference?from=%s", d.version, second); /* the other way round */
    expect_status(&a, 200);
    assert_int_equal(answer_integer(&a, "added"), 1);
    assert_int_equal(answer_integer(&a, "removed"), 2);
    answer_free(&a);
    struct draft other = version_in("draft");
    a = api_get(author, "/api/v1/orgs/keep/" VERSIONS "/%s/difference?from=%s", second, other.version);
    expect_problem(&a, 400, "bad_filter", NULL);
    answer_free(&a);
    drop(&other);
    free(second);
    drop(&d);
}

static json_t *line_of(struct answer *a, const char *id)
{
    size_t i;
    json_t *line;
    json_array_foreach(answer_at(a, "items"), i, line)
    {
        if (strcmp(json_string_value(json_object_get(line, "id")), id) == 0)
            return line;
    }
    fail_msg("no line %s", id);
    return NULL;
}

static struct answer mandatory(const char *query)
{
    struct answer a = api_get(author, "/api/v1/orgs/keep/support/mandatory-documents%s", query);
    expect_status(&a, 200);
    return a;
}

static bool names(const json_t *line, const char *document)
{
    size_t i;
    json_t *d;
    json_array_foreach(json_object_get(line, "documents"), i, d)
    {
        if (strcmp(json_string_value(json_object_get(d, "id")), document) == 0)
            return true;
    }
    return false;
}

/* Every line of the catalogue is served as it stands in the file. */
static void the_list_is_the_catalogue(void **unused)
{
    (void)unused;
    struct answer a = mandatory("");
    FILE *file = fopen(TEST_SOURCE "/plugins/support/data/mandatory_documents.csv", "r");
    assert_non_null(file);
    char row[600];
    int rows = 0;
    assert_non_null(fgets(row, sizeof row, file)); /* the head */
    while (fgets(row, sizeof row, file)) {
        char *at = row;
        static const char *const members[] = {"id", "name", "information", "obligation", "clause"};
        json_t *line = NULL;
        for (size_t i = 0; i < 5; i++) { /* none of these is quoted */
            char *end = at + strcspn(at, ",");
            *end = '\0';
            if (i == 0)
                line = line_of(&a, at);
            assert_string_equal(json_string_value(json_object_get(line, members[i])), at);
            at = end + 1;
        }
        rows++;
    }
    fclose(file);
    assert_int_equal(rows, 44);
    assert_int_equal(answer_integer(&a, "count"), rows);
    answer_free(&a);
    a = mandatory("?edition=2013"); /* without the five that it has no clause for */
    assert_int_equal(answer_integer(&a, "count"), 44 - 5);
    answer_free(&a);
    static const struct {
        const char *query;
        int count;
    } kinds[] = {{"?obligation=mandatory", 19}, {"?obligation=customary", 10}, {"?obligation=conditional", 15}};
    for (size_t i = 0; i < 3; i++) {
        a = mandatory(kinds[i].query);
        assert_int_equal(answer_integer(&a, "count"), kinds[i].count);
        answer_free(&a);
    }
    a = api_get(author, "/api/v1/orgs/keep/support/mandatory-documents?edition=2005");
    expect_problem(&a, 400, "bad_filter", NULL);
    answer_free(&a);
}

static void a_line_is_answered_by_a_document_in_force(void **unused)
{
    (void)unused;
    struct signal_now before = signal_of(owner, "support", "mandatory_documents");
    assert_int_equal(before.of, 19);
    char *document =
        make(author, DOCUMENTS,
             json_pack("{s:s, s:s, s:s}", "title", fresh("Audit results"), "mandatory_id", "MD-16", "location", "Safe"));
    struct answer a = mandatory("");
    assert_true(names(line_of(&a, "MD-16"), document));
    json_int_t missing = answer_integer(&a, "missing");
    answer_free(&a);
    moves(manager, DOCUMENTS, document, "enforce", NULL, "in_force");
    struct signal_now now = signal_of(owner, "support", "mandatory_documents");
    assert_true(now.value == before.value + 1 || now.value == before.value); /* another may answer to it already */
    a = mandatory("");
    assert_string_equal(json_string_value(json_object_get(line_of(&a, "MD-16"), "state")), "in_force");
    assert_true(answer_integer(&a, "missing") <= missing);
    answer_free(&a);
    moves(manager, DOCUMENTS, document, "withdraw", reason(), "withdrawn");
    a = mandatory("");
    assert_false(names(line_of(&a, "MD-16"), document));
    answer_free(&a);
    free(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verb_of_a_version),
        cmocka_unit_test(every_verb_of_a_document),
        cmocka_unit_test(every_verb_of_a_review),
        cmocka_unit_test(a_version_without_text_or_reviewers_is_not_submitted),
        cmocka_unit_test(nobody_judges_his_own_text),
        cmocka_unit_test(approved_text_does_not_change),
        cmocka_unit_test(the_live_version_stays_while_the_next_is_written),
        cmocka_unit_test(a_rejection_sends_back_and_the_next_round_asks_again),
        cmocka_unit_test(reviewers_do_not_go_when_they_are_needed),
        cmocka_unit_test(a_version_may_be_a_file),
        cmocka_unit_test(three_reviewers_quorum_two_at_once),
        cmocka_unit_test(approval_and_rejection_at_once_do_not_both_hold),
        cmocka_unit_test(readers_say_that_they_have_read_it),
        cmocka_unit_test(what_is_kept_goes_after_its_time_and_leaves_its_hash),
        cmocka_unit_test(what_is_not_kept_here_comes_into_force_by_hand),
        cmocka_unit_test(the_difference_names_the_lines),
        cmocka_unit_test(the_list_is_the_catalogue),
        cmocka_unit_test(a_line_is_answered_by_a_document_in_force),
    };
    return cmocka_run_group_tests(tests, log_in, log_out);
}
