/* The built-in roles: which permissions each one holds. Whatever no line allows is denied. */
#include "tenant/tenant.h"

#include <stdio.h>
#include <string.h>

#define ANY "*"

/* A pattern over "<area>.<thing>:<verb>". Of those that cover a permission the last one decides. A refusal holds against the
 * allowances of the same role only: a person with two roles may do what either of them allows. */
struct pattern {
    enum { END, ALLOW, REFUSE } kind;
    const char *area, *thing, *verb;
};

/* What leaves by webhooks is for those who run the management system: every role that reads all is refused core.webhook.
 * In several roles below: whoever is named as reviewer of a document says what he thinks of it (support.*:review); everybody says
 * that he has read one (support.acknowledgement:write). */
static const struct pattern owner[] = {{ALLOW, ANY, ANY, ANY}, {0}};

/* Runs the management system, and so neither approves it, nor accepts its risks, nor decides on its certificate; nor does a
 * manager end or stop the service to the organisation, or make it forget a person. */
static const struct pattern manager[] = {
    {ALLOW, ANY, ANY, ANY},
    {REFUSE, "core", "identity_provider", "write"}, /* it could speak for the owner */
    {REFUSE, ANY, ANY, "approve"},
    {REFUSE, ANY, ANY, "accept"},
    {REFUSE, ANY, ANY, "decide"},
    {REFUSE, "core", "organisation", "close"},
    {REFUSE, "core", "organisation", "suspend"},
    {REFUSE, "core", "member", "erase"},
    {0},
};

static const struct pattern top_management[] = {
    {ALLOW, ANY, ANY, "read"},
    {ALLOW, ANY, ANY, "approve"},
    {ALLOW, ANY, ANY, "accept"},
    {ALLOW, "leadership", ANY, "write"},
    {ALLOW, "leadership", ANY, "archive"},
    {ALLOW, "support", ANY, "review"},
    {ALLOW, "support", "acknowledgement", "write"},
    {ALLOW, "core", "file", "write"},
    {REFUSE, "core", "webhook", ANY},
    {0},
};

/* Members and organisations are the core's: those who only work on content do not write them. Files are content. */
static const struct pattern contributor[] = {
    {ALLOW, ANY, ANY, "read"},
    {ALLOW, ANY, ANY, "write"},
    {REFUSE, "core", ANY, "write"},
    {ALLOW, "core", "file", "write"},
    {ALLOW, "support", ANY, "review"},
    {REFUSE, "core", "webhook", ANY},
    {0},
};
static const struct pattern consultant[] = {
    {ALLOW, ANY, ANY, "read"},         {ALLOW, ANY, ANY, "write"},       {ALLOW, ANY, ANY, "archive"},
    {REFUSE, "core", ANY, "write"},    {REFUSE, "core", ANY, "archive"}, {ALLOW, "core", "file", ANY},
    {ALLOW, "support", ANY, "review"}, {REFUSE, "core", "webhook", ANY}, {0},
};

/* Accepts what is left of a risk (6.1.3 f); its treatment is theirs to write, and the controls that treat it. */
static const struct pattern risk_owner[] = {
    {ALLOW, ANY, ANY, "read"},
    {ALLOW, "planning", ANY, "write"},
    {ALLOW, "planning", ANY, "accept"},
    {ALLOW, "annex_a", "control", "write"},
    {ALLOW, "support", ANY, "review"},
    {ALLOW, "support", "acknowledgement", "write"},
    {ALLOW, "improvement", "nonconformity", "write"},
    {ALLOW, "improvement", "corrective_action", "write"},
    {ALLOW, "core", "file", "write"},
    {REFUSE, "core", "webhook", ANY},
    {0},
};

/* Reads all it may be asked to audit and changes none of it; writes its audits and what they bring up, and checks effects. */
static const struct pattern internal_auditor[] = {
    {ALLOW, ANY, ANY, "read"},
    {ALLOW, "evaluation", ANY, "write"},
    {ALLOW, "improvement", "nonconformity", "write"},
    {ALLOW, "improvement", "nonconformity", "verify"},
    {ALLOW, "core", "file", "write"},
    {ALLOW, "support", "acknowledgement", "write"},
    {REFUSE, "core", "webhook", ANY},
    {0},
};

static const struct pattern reader[] = {
    {ALLOW, ANY, ANY, "read"}, {ALLOW, "support", "acknowledgement", "write"}, {REFUSE, "core", "webhook", ANY}, {0}};

/* People of a certification body: auditing and deciding are kept apart (ISO/IEC 17021-1, 9.5.1). */
static const struct pattern cb_auditor[] = {
    {ALLOW, "core", "organisation", "read"}, {ALLOW, "certification", ANY, "read"}, {ALLOW, "certification", ANY, "write"},
    {ALLOW, "core", "file", "read"},         {ALLOW, "core", "file", "write"},      {0},
};
static const struct pattern cb_decider[] = {
    {ALLOW, "core", "organisation", "read"},
    {ALLOW, "certification", ANY, "read"},
    {ALLOW, "certification", ANY, "decide"},
    {ALLOW, "core", "file", "read"},
    {0},
};

static const struct role {
    const char *name;
    const struct pattern *patterns;
} roles[] = {
    {"owner", owner},
    {"manager", manager},
    {"contributor", contributor},
    {"risk_owner", risk_owner},
    {"top_management", top_management},
    {"internal_auditor", internal_auditor},
    {"reader", reader},
    {"consultant", consultant},
    {"cb_auditor", cb_auditor},
    {"cb_decider", cb_decider},
};
enum { ROLES = sizeof roles / sizeof *roles, ROLES_TEXT = 128 /* all names together */ };

static const struct role *find(const char *name, size_t length)
{
    for (size_t i = 0; i < ROLES; i++)
        if (strncmp(roles[i].name, name, length) == 0 && roles[i].name[length] == '\0')
            return &roles[i];
    return NULL;
}

static bool same(const char *part, const char *text, size_t length)
{
    return part[0] == '*' || (strncmp(part, text, length) == 0 && part[length] == '\0');
}

/* The verb is compared first: it tells most patterns apart. */
static bool covers(const struct pattern *p, const char *permission, const char *dot, const char *colon)
{
    return same(p->verb, colon + 1, strlen(colon + 1)) && same(p->area, permission, (size_t)(dot - permission)) &&
           same(p->thing, dot + 1, (size_t)(colon - dot - 1));
}

static bool role_may(const struct role *role, const char *permission, const char *dot, const char *colon)
{
    bool allowed = false;
    for (const struct pattern *p = role->patterns; p->kind != END; p++)
        if (covers(p, permission, dot, colon))
            allowed = p->kind == ALLOW;
    return allowed;
}

static bool built_in_may(const char *held, const char *permission, const char *dot, const char *colon)
{
    while (*held != '\0' && *held != ';') {
        size_t length = strcspn(held, ",;");
        const struct role *role = find(held, length);
        if (role && role_may(role, permission, dot, colon))
            return true;
        held += length + (held[length] == ',');
    }
    return false;
}

/* What stands behind ";name=" up to the next ';'; NULL: nothing of that name. */
static const char *part(const char *held, const char *name)
{
    const char *at = strchr(held, ';');
    at = at ? strstr(at, name) : NULL;
    return at ? at + strlen(name) : NULL;
}

/* Is the word in the list, of words with a space between them, that ends with NUL or ';'? */
static bool listed(const char *list, const char *word, size_t length)
{
    for (;;) {
        size_t n = strcspn(list, " ;");
        if (n == length && strncmp(list, word, n) == 0)
            return true;
        if (list[n] != ' ')
            return false;
        list += n + 1;
    }
}

/* The same as core.in_areas. */
static bool in_areas(const char *areas, const char *permission, const char *dot, const char *colon)
{
    bool all = areas[0] == '*';
    if (strncmp(permission, "core.", 5) != 0)
        return all || listed(areas, permission, (size_t)(dot - permission));
    return strcmp(permission, "core.organisation:read") == 0 || strcmp(permission, "core.member:read") == 0 ||
           (all && strcmp(colon, ":read") == 0);
}

bool tenant_role_may(const char *held, const char *permission)
{
    const char *dot = strchr(permission, '.');
    const char *colon = dot ? strchr(dot, ':') : NULL;
    if (!held || !colon)
        return false;
    const char *areas = part(held, ";areas="), *own = part(held, ";own=");
    if (areas && !in_areas(areas, permission, dot, colon))
        return false;
    return built_in_may(held, permission, dot, colon) || (own && listed(own, permission, strlen(permission)));
}

const char *tenant_role_holders(const char *permission)
{
    static char lists[1 << ROLES][ROLES_TEXT]; /* one for each set of roles; those that nothing asks for are never touched */
    if (permission == NULL)
        return NULL;
    size_t set = 0, at = 0;
    for (size_t i = 0; i < ROLES; i++)
        set |= (size_t)tenant_role_may(roles[i].name, permission) << i;
    char *list = lists[set];
    for (size_t i = 0; i < ROLES && set >> i != 0; i++)
        if (set >> i & 1)
            at += (size_t)snprintf(list + at, ROLES_TEXT - at, "%c%s", at == 0 ? '{' : ',', roles[i].name);
    snprintf(list + at, ROLES_TEXT - at, at == 0 ? "{}" : "}");
    return list;
}

const char *tenant_role_name(size_t i)
{
    return i < ROLES ? roles[i].name : NULL;
}
