/* A name that changes its mind. The address of the connection is what is looked at, so a name server that answers otherwise a
 * moment later, or with two addresses at once, leads nowhere inside. A child has a network and an /etc/resolv.conf of its own
 * (root, or a kernel that gives namespaces to all): its name server and both kinds of receiver stand on that network's loopback.
 */
#include "base/fetch.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define INTERNET "93.184.216.34" /* stands on the child's loopback beside 127.0.0.1 */
#define INSIDE "127.0.0.1"
enum { BOTH = 4430, INSIDE_ONLY = 4431 /* ports: who listens there */, ANSWERS = 2, NO_WORLD = 9 /* exit code */ };

/* What a fetch of a name does. The name server answers the first question with answers[0], each later one with answers[1]. */
static const struct scene {
    const char *what, *answers[2][ANSWERS];
    int port;
    int internet, inside; /* connections that must come; fetches are made one after the other */
    const char *why;      /* NULL: whatever */
} scenes[] = {
    {"a name on the Internet", {{INTERNET}, {INTERNET}}, BOTH, 1, 0, NULL},
    {"a name that leads inside", {{INSIDE}, {INSIDE}}, BOTH, 0, 0, "its address is not one of the public Internet"},
    {"a name that leads inside when it is asked again", {{INTERNET}, {INSIDE}}, BOTH, 1, 0, NULL},
    {"a name that led inside before", {{INSIDE}, {INTERNET}}, BOTH, 0, 0, "its address is not one of the public Internet"},
    {"a name with two addresses, of which the one inside answers",
     {{INTERNET, INSIDE}, {INTERNET, INSIDE}},
     INSIDE_ONLY,
     0,
     0,
     NULL},
    {"the same in the other order", {{INSIDE, INTERNET}, {INSIDE, INTERNET}}, INSIDE_ONLY, 0, 0, NULL},
};
enum { SCENES = sizeof scenes / sizeof *scenes };

struct seen {
    int questions, internet, inside;
    char why[100];
};

/* ---- in the child: a name server and receivers ---- */

static struct {
    struct pollfd fds[4]; /* questions; receivers: INTERNET:BOTH, INSIDE:BOTH, INSIDE:INSIDE_ONLY */
    const struct scene *_Atomic scene;
    atomic_int questions, internet, inside;
} net;

/* A question for an address (RFC 1035, section 4) gets those of the scene; any other question gets nothing. */
static size_t answer_of(unsigned char *message, size_t length)
{
    size_t end = 12;
    while (end < length && message[end] != 0)
        end += message[end] + 1U;
    end += 5; /* the root, type, class */
    if (length < 12 || end > length)
        return 0;
    bool address = message[end - 4] == 0 && message[end - 3] == 1;
    int number = address ? atomic_fetch_add(&net.questions, 1) : 0;
    const char *const *given = net.scene->answers[number > 0];
    memcpy(message + 2, (unsigned char[]){0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, 10);
    for (int i = 0; address && i < ANSWERS && given[i]; i++, message[7]++, end += 16) {
        memcpy(message + end, (unsigned char[]){0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4}, 12);
        inet_pton(AF_INET, given[i], message + end + 12);
    }
    return end;
}

static void *serve(void *arg)
{
    unsigned char message[1500];
    struct sockaddr_in from;
    for (socklen_t size = sizeof from; poll(net.fds, 4, -1) > 0; size = sizeof from) {
        if (net.fds[0].revents & POLLIN) {
            ssize_t n = recvfrom(net.fds[0].fd, message, 512, 0, (struct sockaddr *)&from, &size);
            size_t length = n > 0 ? answer_of(message, (size_t)n) : 0;
            if (length > 0)
                sendto(net.fds[0].fd, message, length, 0, (struct sockaddr *)&from, size);
        }
        for (int i = 1; i < 4; i++)
            if (net.fds[i].revents & POLLIN) {
                atomic_fetch_add(i == 1 ? &net.internet : &net.inside, 1);
                close(accept(net.fds[i].fd, NULL, NULL));
            }
    }
    return arg;
}

static bool stand(int i, int type, const char *address, int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, address, &at.sin_addr);
    net.fds[i] = (struct pollfd){.fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), .events = POLLIN};
    return bind(net.fds[i].fd, (struct sockaddr *)&at, sizeof at) == 0 && (type == SOCK_DGRAM || listen(net.fds[i].fd, 8) == 0);
}

static bool bring_up(void)
{
    struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING}, other = {.ifr_name = "lo:1"};
    struct sockaddr_in address = {.sin_family = AF_INET};
    inet_pton(AF_INET, INTERNET, &address.sin_addr);
    memcpy(&other.ifr_addr, &address, sizeof address);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool good = ioctl(fd, SIOCSIFFLAGS, &lo) == 0 && ioctl(fd, SIOCSIFADDR, &other) == 0;
    close(fd);
    return good;
}

/* `files`: what stands for /etc/resolv.conf and /etc/nsswitch.conf here. */
static bool own_world(char *const files[2])
{
    return (unshare(CLONE_NEWNET | CLONE_NEWNS) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) == 0) &&
           mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount(files[0], "/etc/resolv.conf", NULL, MS_BIND, NULL) == 0 &&
           (access("/etc/nsswitch.conf", F_OK) != 0 || mount(files[1], "/etc/nsswitch.conf", NULL, MS_BIND, NULL) == 0) &&
           bring_up() && stand(0, SOCK_DGRAM, INSIDE, 53) && stand(1, SOCK_STREAM, INTERNET, BOTH) &&
           stand(2, SOCK_STREAM, INSIDE, BOTH) && stand(3, SOCK_STREAM, INSIDE, INSIDE_ONLY);
}

static struct seen play(const struct scene *scene)
{
    char out[101], url[60];
    struct seen seen;
    atomic_store(&net.scene, scene);
    net.questions = net.internet = net.inside = 0;
    snprintf(url, sizeof url, "https://rebinding.test:%d/", scene->port);
    struct fetched got = fetch(&(struct fetch){.url = url, .timeout = 5000, .out = out, .limit = 100});
    seen = (struct seen){net.questions, net.internet, net.inside, ""};
    snprintf(seen.why, sizeof seen.why, "%s", got.why ? got.why : "answered");
    return seen;
}

static void child(int out, char *const files[2])
{
    pthread_t thread;
    if (!own_world(files))
        _exit(NO_WORLD);
    if (pthread_create(&thread, NULL, serve, NULL) != 0)
        _exit(1);
    for (int i = 0; i < SCENES; i++) {
        struct seen seen = play(&scenes[i]);
        if (write(out, &seen, sizeof seen) != sizeof seen)
            _exit(1);
    }
    _exit(0);
}

/* ---- the test ---- */

static void put(char *path, const char *text)
{
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, 0644), 0);
    close(fd);
}

static void a_name_that_changes_its_mind_leads_nowhere_inside(void **state)
{
    (void)state;
    char resolver[] = "/tmp/ballium-resolver-XXXXXX",
         order[] = "/tmp/ballium-resolver-XXXXXX", *const files[2] = {resolver, order};
    int ends[2], code = 0, played = 0;
    struct seen seen;
    put(resolver, "nameserver " INSIDE "\n");
    put(order, "hosts: files dns\n");
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        child(ends[1], files);
    close(ends[1]);
    for (; played < SCENES && read(ends[0], &seen, sizeof seen) == sizeof seen; played++) {
        const struct scene *s = &scenes[played];
        if (seen.questions < 1 || seen.internet != s->internet || seen.inside != s->inside ||
            (s->why && strcmp(s->why, seen.why) != 0))
            fail_msg("%s: asked %d times, %d connections to the Internet, %d inside: %s", s->what, seen.questions, seen.internet,
                     seen.inside, seen.why);
    }
    close(ends[0]);
    unlink(resolver);
    unlink(order);
    waitpid(pid, &code, 0);
    if (WIFEXITED(code) && WEXITSTATUS(code) == NO_WORLD) {
        print_message("no network of its own for this test: it needs root, or namespaces for all\n");
        skip();
    }
    assert_int_equal(code, 0);
    assert_int_equal(played, SCENES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_name_that_changes_its_mind_leads_nowhere_inside)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
