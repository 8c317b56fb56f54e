#include "http/router.h"

#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

enum { ROUTER_BYTES = 64 * 1024 * 1024 };

/* The nodes below a segment that share a kind, sorted by label. */
struct branches {
    struct node **list;
    size_t count, room;
};

struct node {
    const char *label; /* literal text, or the verb behind a parameter */
    struct branches literals, verbs;
    struct node *any; /* plain parameter */
    struct ending {
        const char *method;
        size_t route;
    } * endings; /* routes whose path ends here */
    size_t ended;
    const char *allow;
};

struct http_router {
    struct arena *arena;
    const struct engine_route *routes;
    const char *(*names)[HTTP_ROUTE_PARAMS]; /* by route */
    struct node root;
};

static int by_label(const void *a, const void *b)
{
    const struct node *const *x = a, *const *y = b;
    return strcmp((*x)->label, (*y)->label);
}

static struct node *branch_find(const struct branches *b, const char *label)
{
    struct node key = {.label = label}, *wanted = &key;
    struct node **found = b->count == 0 ? NULL : bsearch(&wanted, b->list, b->count, sizeof *b->list, by_label);
    return found == NULL ? NULL : *found;
}

/* The branch of that label, made when there is none. */
static struct node *branch(struct arena *arena, struct branches *b, const char *label)
{
    struct node *n = branch_find(b, label);
    if (n != NULL)
        return n;
    if (b->count == b->room) {
        struct node **old = b->list;
        b->room = b->room == 0 ? 4 : b->room * 2;
        b->list = arena_alloc(arena, b->room * sizeof *b->list);
        if (b->count > 0)
            memcpy(b->list, old, b->count * sizeof *old);
    }
    n = arena_alloc(arena, sizeof *n);
    n->label = label;
    size_t at = b->count++;
    for (; at > 0 && strcmp(b->list[at - 1]->label, label) > 0; at--)
        b->list[at] = b->list[at - 1];
    b->list[at] = n;
    return n;
}

/* The node below `n` for one segment of a template; its parameter's name goes to *name. NULL: makes no sense. */
static struct node *descend(struct http_router *router, struct node *n, char *segment, const char **name)
{
    *name = NULL;
    if (segment[0] != '{') {
        bool plain = segment[0] != '\0' && strpbrk(segment, "{}%?#") == NULL;
        return plain ? branch(router->arena, &n->literals, segment) : NULL;
    }
    char *close = strchr(segment, '}');
    if (close == NULL || close == segment + 1 || (close[1] != '\0' && (close[1] != ':' || close[2] == '\0')))
        return NULL;
    *close = '\0';
    *name = segment + 1;
    if (close[1] == ':')
        return branch(router->arena, &n->verbs, close + 2);
    if (n->any == NULL)
        n->any = arena_alloc(router->arena, sizeof *n->any);
    return n->any;
}

static const char *end_route(struct http_router *router, struct node *n, size_t index)
{
    const char *method = router->routes[index].method;
    for (size_t i = 0; i < n->ended; i++)
        if (strcmp(n->endings[i].method, method) == 0)
            return router->routes[n->endings[i].route].path;
    struct ending *old = n->endings;
    n->endings = arena_alloc(router->arena, (n->ended + 1) * sizeof *old);
    if (n->ended > 0)
        memcpy(n->endings, old, n->ended * sizeof *old);
    n->endings[n->ended++] = (struct ending){.method = method, .route = index};
    struct buf allow = buf_new(router->arena, 64);
    for (size_t i = 0; i < n->ended; i++)
        buf_format(&allow, "%s%s, ", n->endings[i].method, strcmp(n->endings[i].method, "GET") == 0 ? ", HEAD" : "");
    buf_text(&allow, "OPTIONS");
    n->allow = allow.data;
    return NULL;
}

static bool add(struct http_router *router, size_t index, FILE *errors)
{
    const struct engine_route *route = &router->routes[index];
    struct node *n = &router->root;
    size_t params = 0, segments = 0;
    char *rest = arena_string(router->arena, route->path), *segment;
    const char *name = NULL;
    if (*rest++ != '/')
        n = NULL;
    while (n != NULL && (segment = strsep(&rest, "/")) != NULL) {
        n = ++segments > HTTP_SEGMENTS ? NULL : descend(router, n, segment, &name);
        if (name != NULL && params == HTTP_ROUTE_PARAMS)
            n = NULL;
        else if (name != NULL)
            router->names[index][params++] = name;
    }
    if (n == NULL) {
        fprintf(errors, "route %s %s: the path is not a template: /text/{name}/{name}:verb\n", route->method, route->path);
        return false;
    }
    const char *other = end_route(router, n, index);
    if (other != NULL)
        fprintf(errors, "route %s %s: the same as %s: rename one\n", route->method, route->path, other);
    return other == NULL;
}

struct http_router *http_router_new(const struct engine_route *routes, size_t count, FILE *errors)
{
    struct arena *arena = arena_new(ROUTER_BYTES);
    if (arena == NULL)
        return NULL;
    struct http_router *router = arena_alloc(arena, sizeof *router);
    router->arena = arena;
    router->routes = routes;
    router->names = arena_alloc(arena, count * sizeof *router->names);
    bool good = true;
    for (size_t i = 0; i < count; i++)
        good &= add(router, i, errors);
    if (good)
        return router;
    arena_free(arena);
    return NULL;
}

void http_router_free(struct http_router *router)
{
    if (router != NULL)
        arena_free(router->arena);
}

/* A parameter that was taken on the way down. */
struct taken {
    size_t segment, length;
};

static const struct node *walk(const struct node *n, const struct http_path *path, size_t at, struct taken *taken, size_t count)
{
    if (at == path->count)
        return n->ended > 0 ? n : NULL;
    const char *segment = path->segments[at];
    const struct node *next = branch_find(&n->literals, segment), *found = NULL;
    if (next != NULL)
        found = walk(next, path, at + 1, taken, count);
    const char *colon = strrchr(segment, ':');
    if (found == NULL && colon != NULL && colon != segment && (next = branch_find(&n->verbs, colon + 1)) != NULL) {
        taken[count] = (struct taken){.segment = at, .length = (size_t)(colon - segment)};
        found = walk(next, path, at + 1, taken, count + 1);
    }
    if (found == NULL && colon == NULL && n->any != NULL) {
        taken[count] = (struct taken){.segment = at, .length = strlen(segment)};
        found = walk(n->any, path, at + 1, taken, count + 1);
    }
    return found;
}

enum bl_status http_router_find(const struct http_router *router, const char *method, struct http_path *path,
                                struct http_match *match)
{
    struct taken taken[HTTP_ROUTE_PARAMS];
    memset(match, 0, sizeof *match);
    const struct node *n = walk(&router->root, path, 0, taken, 0);
    if (n == NULL)
        return BL_NOT_FOUND;
    match->allow = n->allow;
    if (strcmp(method, "HEAD") == 0)
        method = "GET";
    size_t i = 0;
    while (i < n->ended && strcmp(n->endings[i].method, method) != 0)
        i++;
    if (i == n->ended)
        return BL_METHOD_NOT_ALLOWED;
    match->index = n->endings[i].route;
    match->route = &router->routes[match->index];
    for (; match->count < HTTP_ROUTE_PARAMS && router->names[match->index][match->count] != NULL; match->count++) {
        char *segment = path->segments[taken[match->count].segment];
        segment[taken[match->count].length] = '\0';
        match->names[match->count] = router->names[match->index][match->count];
        match->values[match->count] = segment;
    }
    return BL_OK;
}
