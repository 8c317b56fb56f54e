#include "base/fetch.h"

#include "base/aside.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What is not the public Internet (the registries of RFC 6890). */
static const struct block {
    unsigned char address[16];
    int bits;
} inside4[] = {{{0}, 8},
               {{10}, 8},
               {{100, 64}, 10},
               {{127}, 8},
               {{169, 254}, 16},
               {{172, 16}, 12},
               {{192, 0, 0}, 24},
               {{192, 0, 2}, 24},
               {{192, 88, 99}, 24},
               {{192, 168}, 16},
               {{198, 18}, 15},
               {{198, 51, 100}, 24},
               {{203, 0, 113}, 24},
               {{224}, 3 /* multicast, reserved, broadcast */}},
  inside6[] = {{{0x20, 0x01, 0x0d, 0xb8}, 32}, {{0x20, 0x01, 0x00}, 23}, {{0x20, 0x02}, 16}};

static bool within(const unsigned char *address, const struct block *block)
{
    int whole = block->bits / 8, rest = block->bits % 8;
    unsigned char mask = (unsigned char)(0xff << (8 - rest));
    return memcmp(address, block->address, (size_t)whole) == 0 &&
           (rest == 0 || (address[whole] & mask) == (block->address[whole] & mask));
}

static bool outside4(const unsigned char *address)
{
    for (size_t i = 0; i < sizeof inside4 / sizeof *inside4; i++)
        if (within(address, &inside4[i]))
            return false;
    return true;
}

bool fetch_outside(const struct sockaddr *to)
{
    static const struct block global = {{0x20}, 3};
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    if (to->sa_family == AF_INET) {
        memcpy(&four, to, sizeof four);
        return outside4((const unsigned char *)&four.sin_addr);
    }
    if (to->sa_family != AF_INET6)
        return false;
    memcpy(&six, to, sizeof six);
    if (!within(six.sin6_addr.s6_addr, &global)) /* mapped, translated, local: all that is not unicast of the Internet */
        return false;
    for (size_t i = 0; i < sizeof inside6 / sizeof *inside6; i++)
        if (within(six.sin6_addr.s6_addr, &inside6[i]))
            return false;
    return true;
}

/* The numbers of a host as libcurl normalises it: "127.1", "0" and "0x7f000001" have become dotted by then. */
static bool host_inside(const char *host)
{
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    char bare[64];
    snprintf(bare, sizeof bare, "%.*s", (int)strcspn(host + (*host == '['), "]%"), host + (*host == '['));
    if (inet_pton(AF_INET, bare, &four.sin_addr) == 1)
        return !fetch_outside((struct sockaddr *)&four);
    return inet_pton(AF_INET6, bare, &six.sin6_addr) == 1 && !fetch_outside((struct sockaddr *)&six);
}

const char *fetch_refuses(const char *url, bool inside)
{
    const char *why = NULL;
    char *scheme = NULL, *host = NULL, *user = NULL;
    CURLU *parts = curl_url();
    if (!parts || curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK)
        why = "is not an address";
    else if (strcmp(scheme, "https") != 0 && !(inside && strcmp(scheme, "http") == 0))
        why = "is an address that begins with https://";
    else if (curl_url_get(parts, CURLUPART_USER, &user, 0) == CURLUE_OK)
        why = "names a user: the signature says who calls";
    else if (!inside && host_inside(host))
        why = "is not an address of the public Internet";
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    curl_url_cleanup(parts);
    return why;
}

struct transfer {
    const struct fetch *order;
    size_t length;
    bool refused, large;
};

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct transfer *t = arg;
    (void)purpose;
    if (!t->order->inside && !fetch_outside(&to->addr)) {
        t->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static size_t take(char *bytes, size_t size, size_t count, void *arg)
{
    struct transfer *t = arg;
    size_t n = size * count;
    if (n > t->order->limit - t->length) {
        t->large = true;
        return 0;
    }
    memcpy(t->order->out + t->length, bytes, n);
    t->length += n;
    return n;
}

static void start_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static void set_options(CURL *curl, struct transfer *t)
{
    const struct fetch *f = t->order;
    const char *protocols = f->inside ? "https,http" : "https";
    curl_easy_setopt(curl, CURLOPT_URL, f->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, protocols);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, f->timeout);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, f->timeout);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, t);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "ballium");
    if (f->form || f->json)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, f->json ? f->json : f->form);
    if (f->user) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(curl, CURLOPT_USERNAME, f->user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, f->secret);
    }
}

static struct curl_slist *headers_of(const struct fetch *f)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
    if (f->json)
        headers = curl_slist_append(curl_slist_append(headers, "Content-Type: application/json"), "Expect:");
    for (const char *const *line = f->headers; line && *line; line++)
        headers = curl_slist_append(headers, *line);
    return headers;
}

struct fetched fetch(const struct fetch *order)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct fetched got = {0};
    aside();
    struct transfer t = {.order = order};
    pthread_once(&once, start_curl);
    CURL *curl = curl_easy_init();
    if (!curl) {
        got.why = "no memory";
        return got;
    }
    struct curl_slist *headers = headers_of(order);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    set_options(curl, &t);
    CURLcode code = curl_easy_perform(curl);
    if (code == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &got.status);
    else
        got.why = t.refused                                ? "its address is not one of the public Internet"
                  : t.large                                ? "its answer is too large"
                  : code == CURLE_OPERATION_TIMEDOUT       ? "it did not answer in time"
                  : code == CURLE_UNSUPPORTED_PROTOCOL     ? "its address does not begin with https://"
                  : code == CURLE_PEER_FAILED_VERIFICATION ? "its certificate is not good"
                                                           : "it cannot be reached";
    order->out[t.length] = '\0';
    got.length = t.length;
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return got;
}
