/* Who may do what: the table of roles, read from the outside. */
#include "unit.h"

#include "tenant/tenant.h"
#include <string.h>

/* For each permission the roles that hold it; no other role may. */
static const struct {
    const char *permission, *roles;
} table[] = {
    {"context.scope:read", "owner manager contributor risk_owner top_management internal_auditor reader consultant"},
    {"context.scope:write", "owner manager contributor consultant"},
    {"context.scope:archive", "owner manager consultant"},
    {"context.scope:approve", "owner top_management"},
    {"leadership.policy:write", "owner manager contributor consultant top_management"},
    {"leadership.policy:approve", "owner top_management"},
    {"annex_a.statement:approve", "owner top_management"},
    {"annex_a.control:write", "owner manager contributor consultant risk_owner"},
    {"annex_a.control_test:write", "owner manager contributor consultant"},
    {"improvement.nonconformity:write", "owner manager contributor risk_owner internal_auditor consultant"},
    {"improvement.nonconformity:verify", "owner manager internal_auditor"},
    {"improvement.corrective_action:write", "owner manager contributor risk_owner consultant"},
    {"improvement.clock:write", "owner manager contributor consultant"},
    {"evaluation.audit:write", "owner manager contributor internal_auditor consultant"},
    {"planning.risk:write", "owner manager contributor consultant risk_owner"},
    {"planning.risk:accept", "owner top_management risk_owner"},
    {"support.document_version:publish", "owner manager"},
    {"support.document:dispose", "owner manager"},
    {"support.document_review:review", "owner manager contributor risk_owner top_management consultant"},
    {"support.acknowledgement:write", "owner manager contributor risk_owner top_management internal_auditor reader consultant"},
    {"leadership.appointment:approve", "owner top_management"},
    {"support.document:accept", "owner top_management"},
    {"certification.application:read",
     "owner manager contributor risk_owner top_management internal_auditor reader consultant cb_auditor cb_decider"},
    {"certification.application:write", "owner manager contributor consultant cb_auditor"},
    {"certification.certificate:decide", "owner cb_decider"},
    {"certification.certificate:approve", "owner top_management"},
    {"core.webhook:read", "owner manager"},
    {"core.webhook:write", "owner manager"},
    {"core.webhook:archive", "owner manager"},
    {"core.member:read", "owner manager contributor risk_owner top_management internal_auditor reader consultant"},
    {"core.organisation:read",
     "owner manager contributor risk_owner top_management internal_auditor reader consultant cb_auditor cb_decider"},
    {"core.member:write", "owner manager"},
    {"core.file:read",
     "owner manager contributor risk_owner top_management internal_auditor reader consultant cb_auditor cb_decider"},
    {"core.file:write", "owner manager contributor risk_owner top_management internal_auditor consultant cb_auditor"},
    {"core.file:archive", "owner manager consultant"},
    {"core.engagement:write", "owner manager"},
    {"core.role:write", "owner manager"},
    {"core.organisation:export", "owner manager"},
    {"core.organisation:suspend", "owner"},
    {"core.organisation:close", "owner"},
    {"core.member:erase", "owner"},
    {"core.member:archive", "owner manager"},
    {"context.scope:invented", "owner manager"},
};

static bool listed(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; (at = strstr(at, word)) != NULL; at += length)
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *role;
        for (size_t k = 0; (role = tenant_role_name(k)) != NULL; k++)
            if (tenant_role_may(role, table[i].permission) != listed(table[i].roles, role))
                fail_msg("%s, %s", role, table[i].permission);
    }
}

/* Whatever is added later: approving, accepting and deciding stay with these. */
static void test_acts_of_management(void **state)
{
    (void)state;
    static const char *const areas[] = {"context", "leadership", "planning", "operation", "certification", "core"};
    static const struct {
        const char *verb, *roles;
    } acts[] = {
        {"approve", "owner top_management"}, {"accept", "owner top_management risk_owner"}, {"decide", "owner cb_decider"}};
    for (size_t a = 0; a < sizeof areas / sizeof *areas; a++)
        for (size_t v = 0; v < sizeof acts / sizeof *acts; v++) {
            char permission[64];
            const char *role;
            snprintf(permission, sizeof permission, "%s.anything:%s", areas[a], acts[v].verb);
            for (size_t k = 0; (role = tenant_role_name(k)) != NULL; k++)
                if (tenant_role_may(role, permission) && !listed(acts[v].roles, role))
                    fail_msg("%s may %s", role, permission);
        }
}

static void test_several_roles(void **state)
{
    (void)state;
    assert_true(tenant_role_may("reader,manager", "context.issue:write"));
    assert_true(tenant_role_may("manager,top_management", "context.scope:approve")); /* a refusal binds its own role only */
    assert_false(tenant_role_may("reader,internal_auditor", "context.issue:write"));
}

static void test_denied_by_default(void **state)
{
    (void)state;
    assert_false(tenant_role_may("", "context.issue:read"));
    assert_false(tenant_role_may(NULL, "context.issue:read"));
    assert_false(tenant_role_may("boss", "context.issue:read"));
    assert_false(tenant_role_may("owne", "context.issue:read"));
    assert_false(tenant_role_may("owners", "context.issue:read"));
    assert_false(tenant_role_may("owner ", "context.issue:read"));
    assert_false(tenant_role_may("owner", "context"));
    assert_false(tenant_role_may("owner", "context.issue"));
    assert_false(tenant_role_may("owner", "context:read"));
    assert_false(tenant_role_may("reader", "context.issue:readwrite"));
    assert_false(tenant_role_may("reader", "context.issue:rea"));
    assert_false(tenant_role_may("risk_owner", "planning_of_others.risk:accept"));
}

/* What an engagement opens: its areas, and of the core's what every member sees; reading alone where all areas are open. */
static void test_areas(void **state)
{
    (void)state;
    const char *some = "consultant,manager;areas=context annex_a", *all = "manager;areas=*";
    assert_true(tenant_role_may(some, "context.issue:write"));
    assert_true(tenant_role_may(some, "annex_a.control:read"));
    assert_false(tenant_role_may(some, "planning.risk:read"));
    assert_false(tenant_role_may(some, "annex.control:read"));
    assert_false(tenant_role_may(some, "annex_a_more.control:read"));
    assert_true(tenant_role_may(some, "core.member:read"));
    assert_true(tenant_role_may(some, "core.organisation:read"));
    assert_false(tenant_role_may(some, "core.event:read"));
    assert_false(tenant_role_may(some, "core.member:write"));
    assert_true(tenant_role_may(all, "planning.risk:write"));
    assert_true(tenant_role_may(all, "core.event:read"));
    assert_false(tenant_role_may(all, "core.member:write"));
    assert_false(tenant_role_may(all, "core.organisation:export"));
    assert_false(tenant_role_may("reader;areas=context", "context.issue:write")); /* an area opens nothing by itself */
}

/* Roles of the organisation's own allow what core.enter says behind the names, and no more. */
static void test_own_roles(void **state)
{
    (void)state;
    const char *held = "reader,risk-clerk;own=planning.risk:write core.member:write;areas=*";
    assert_true(tenant_role_may("risk-clerk;own=planning.risk:write planning.risk:read", "planning.risk:read"));
    assert_true(tenant_role_may(held, "planning.risk:write"));
    assert_true(tenant_role_may(held, "context.issue:read"));
    assert_false(tenant_role_may(held, "planning.risk:accept"));
    assert_false(tenant_role_may(held, "planning.risk:writ"));
    assert_false(tenant_role_may(held, "core.member:write")); /* comes by an engagement */
    assert_false(tenant_role_may("risk-clerk;own=", "planning.risk:read"));
    assert_false(tenant_role_may("risk-clerk", "planning.risk:read"));
    assert_false(tenant_role_may("reader;own=owner", "context.issue:write"));
}

/* What core.enter compares with a membership. */
static void test_holders(void **state)
{
    (void)state;
    assert_null(tenant_role_holders(NULL)); /* any member */
    assert_string_equal(tenant_role_holders("context.issue:read"),
                        "{owner,manager,contributor,risk_owner,top_management,internal_auditor,reader,consultant}");
    assert_string_equal(tenant_role_holders("core.organisation:close"), "{owner}");
    assert_string_equal(
        tenant_role_holders("core.organisation:read"),
        "{owner,manager,contributor,risk_owner,top_management,internal_auditor,reader,consultant,cb_auditor,cb_decider}");
    assert_string_equal(tenant_role_holders("certification.certificate:decide"), "{owner,cb_decider}");
    assert_string_equal(tenant_role_holders("nonsense"), "{}");
    assert_string_equal(tenant_role_holders("core.organisation:close"), "{owner}"); /* again, behind others */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),         cmocka_unit_test(test_acts_of_management),
        cmocka_unit_test(test_several_roles), cmocka_unit_test(test_denied_by_default),
        cmocka_unit_test(test_areas),         cmocka_unit_test(test_own_roles),
        cmocka_unit_test(test_holders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
