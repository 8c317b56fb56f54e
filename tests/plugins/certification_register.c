/* What the public may see of certificates, how often it may ask, and the export in the layout of the global register. */
#include "certification.h"

static struct file shown;
static char *number;

/* Every member is one of these words, and each of these is there. */
static void members_are(const json_t *record, const char *words)
{
    const char *name;
    json_t *value;
    size_t count = 0, expected = 0;
    json_object_foreach((json_t *)record, name, value)
    {
        char word[64];
        snprintf(word, sizeof word, " %s ", name);
        if (!strstr(words, word))
            fail_msg("%s is not to be seen", name);
        count++;
    }
    for (const char *at = words; at[1]; at += 1 + strcspn(at + 1, " "))
        expected++;
    assert_int_equal(count, expected);
}

static void everybody_sees_this_much(void **state)
{
    (void)state;
    struct api *nobody = api_new();
    shown = by_hand();
    granted_by_hand(&shown, -200);
    number = read_member(office, BODY "certificates", shown.certificate, "number");
    struct answer a = api_get(nobody, "/api/v1/public/certificates/%s", number);
    expect_status(&a, 200);
    assert_string_equal(answer_text(&a, "status"), "Active");
    assert_string_equal(answer_text(&a, "standard"), "ISO/IEC 27001:2022");
    assert_string_equal(answer_text(&a, "expires_on"), years_after(area_day(-200), 3, 1));
    members_are(a.json, " number name city country status standard scope sites effective_on expires_on revision body "
                        "accreditation_body accreditation_number ");
    answer_free(&a);
    a = api_get(nobody, "/api/v1/public/certificates?name=by%%20hand&country=de&status=Active");
    expect_status(&a, 200);
    assert_non_null(strstr(a.body, number));
    answer_free(&a);
    a = api_get(nobody, "/api/v1/public/certificates?name=by");
    expect_problem(&a, 400, "bad_filter", NULL);
    answer_free(&a);
    a = api_get(nobody, "/api/v1/public/certificates/NO-SUCH-1");
    expect_status(&a, 404);
    answer_free(&a);
    api_free(nobody);
}

static json_t *exported(const struct answer *a)
{
    size_t i;
    json_t *row;
    json_array_foreach(answer_at(a, "items"), i, row)
    {
        if (strcmp(json_string_value(json_object_get(row, "certificate_number")), number) == 0)
            return row;
    }
    return NULL;
}

static void exported_is(const char *member, const char *text)
{
    struct answer a = get(office, BODY "register-export");
    expect_status(&a, 200);
    const char *found = json_string_value(json_object_get(exported(&a), member));
    if (!found || strcmp(found, text) != 0)
        fail_msg("%s is %s, not %s", member, found ? found : "null", text);
    answer_free(&a);
}

/* 2026-01-31 as 20260131. */
static const char *digits(const char *day)
{
    static char out[9];
    snprintf(out, sizeof out, "%.4s%.2s%.2s", day, day + 5, day + 8);
    return out;
}

static void the_export_has_the_registers_layout(void **state)
{
    (void)state;
    free(make(office, BODY "body-settings",
              json_pack("{s:s, s:s, s:s, s:s, s:s}", "title", "Of the test", "body_address", "Gate 1, 1010 Wien", "mark", "OW",
                        "accreditation_body", "The national body", "accreditation_number", "MS-7")));
    struct answer a = get(office, BODY "register-export");
    expect_status(&a, 200);
    json_t *row = exported(&a);
    assert_non_null(row);
    members_are(row,
                " certificate_number certification_identity_number certified_entity_name certified_entity_address site_address"
                " site_list certification_type standard_and_edition scope_statement certification_status first_certified_on"
                " effective_date expiry_date revision remote_only_note cb_name_address_mark accreditation_body"
                " accreditation_number visible_to_public ");
    answer_free(&a);
    exported_is("cb_name_address_mark", "The body of a test, Gate 1, 1010 Wien, OW");
    exported_is("certification_identity_number", shown.certificate);
    exported_is("certified_entity_name", "By Hand Ltd");
    exported_is("certified_entity_address", "Mill Lane 12");
    exported_is("site_address", "Mill Lane 12, Göttingen, DE");
    exported_is("certification_type", "Management System");
    exported_is("standard_and_edition", "ISO/IEC 27001:2022");
    exported_is("scope_statement", "Hosting.");
    exported_is("accreditation_number", "MS-7");
    exported_is("first_certified_on", digits(area_day(-200)));
    exported_is("effective_date", digits(area_day(-200)));
    exported_is("expiry_date", digits(years_after(area_day(-200), 3, 1)));
}

static void status_is(const char *set, const char *status)
{
    as_superuser(NULL, 0, "UPDATE certification.certificate SET %s WHERE id = '%s'", set, shown.certificate);
    exported_is("certification_status", status);
}

static void seven_statuses(void **state)
{
    (void)state;
    status_is("status = 'certified'", "Active");
    status_is("status = 'suspended'", "Suspended");
    status_is("status = 'withdrawn'", "Withdrawn");
    status_is("status = 'expired'", "Expired");
    status_is("status = 'transferred_out'", "Cancelled");
    status_is("status = 'decision_pending'", "Draft");
    status_is("status = 'stage2_done'", "Inactive");
    status_is("status = 'certified', expires_on = core.today(), decided_on = core.today() - 9", "Active");
    status_is("expires_on = core.today() - 1", "Expired"); /* the day after the last one, whether or not the service was round */
    status_is("status = 'suspended'", "Expired");
    status_is("status = 'certified', expires_on = core.today() + 9, edition = '2013'", "Withdrawn"); /* after 2025-10-31 */
    status_is("edition = '2022'", "Active");
}

static void the_public_sees_the_same(void **state)
{
    (void)state;
    static const struct {
        const char *set, *status;
    } rows[] = {{"expires_on = core.today()", "Active"},
                {"expires_on = core.today() - 1", "Expired"},
                {"status = 'Suspended'", "Expired"},
                {"expires_on = core.today()", "Suspended"},
                {"standard = 'ISO/IEC 27001:2013'", "Withdrawn"},
                {"standard = 'ISO/IEC 27001:2022', status = 'Active'", "Active"}};
    struct api *nobody = api_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        as_superuser(NULL, 0, "UPDATE certification.public_register SET %s WHERE number = '%s'", rows[i].set, number);
        struct answer a = api_get(nobody, "/api/v1/public/certificates/%s", number);
        assert_string_equal(answer_text(&a, "status"), rows[i].status);
        answer_free(&a);
        a = api_get(nobody, "/api/v1/public/certificates?name=by%%20hand&status=%s", rows[i].status);
        assert_non_null(strstr(a.body, number));
        answer_free(&a);
    }
    api_free(nobody);
}

static void a_confidential_one_is_not_shown(void **state)
{
    (void)state;
    struct api *nobody = api_new();
    struct file f = by_hand();
    act(office, BODY "certificates", f.certificate, "", json_pack("{s:b}", "public", 0), OK);
    granted_by_hand(&f, -200);
    char *hidden = read_member(office, BODY "certificates", f.certificate, "number");
    struct answer a = api_get(nobody, "/api/v1/public/certificates/%s", hidden);
    expect_status(&a, 404);
    answer_free(&a);
    a = get(office, BODY "register-export");
    assert_null(strstr(a.body, hidden));
    answer_free(&a);
    a = api_get(nobody, "/api/v1/public/certificates?name=by%%20hand");
    assert_null(strstr(a.body, hidden));
    answer_free(&a);
    api_free(nobody);
    free(hidden);
    free(f.application);
    free(f.certificate);
}

/* Sixty at once and ten a second: a person looking up, not a copy being made. From an address of this program's own. */
static void nobody_copies_it(void **state)
{
    (void)state;
    api_from_own_address();
    struct api *nobody = api_new();
    struct answer a;
    int answered = 0;
    do {
        a = api_get(nobody, "/api/v1/public/certificates/%s", number);
        if (a.status == 429 || ++answered == 3000)
            break;
        expect_status(&a, 200);
        answer_free(&a);
    } while (true);
    expect_problem(&a, 429, "too_many_requests", NULL);
    assert_non_null(answer_header(&a, "retry-after"));
    answer_free(&a);
    assert_true(answered > 60); /* a page of the register and its links are not too many */
    api_free(nobody);
    free(number);
    free(shown.application);
    free(shown.certificate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everybody_sees_this_much),
        cmocka_unit_test(the_export_has_the_registers_layout),
        cmocka_unit_test(seven_statuses),
        cmocka_unit_test(the_public_sees_the_same),
        cmocka_unit_test(a_confidential_one_is_not_shown),
        cmocka_unit_test(nobody_copies_it),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
