/* The prefork master, run in a child of this program, with an application that answers the id of its process. */
#include "unit.h"

#include "base/ids.h"
#include "fcgi/listen.h"
#include "fcgi/master.h"
#include "fcgi_client.h"

#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

struct house {
    char folder[32], path[64];
    struct config config;
    struct master_plan plan;
    pid_t master;
    int told[2];                     /* a pipe: what runs in the master and its children tells the test */
    int reload_fails;                /* what the hooks are to answer */
    int opens_fail, opens_fail_next; /* of the workers; of those after a reload */
    enum master_check check;
};

static void tell(const struct house *h, char what)
{
    assert_int_equal(write(h->told[1], &what, 1), 1);
}

static char hear(const struct house *h)
{
    char what = 0;
    assert_int_equal(read(h->told[0], &what, 1), 1);
    return what;
}

static void *open_worker(void *self)
{
    struct house *h = self;
    if (h->opens_fail)
        tell(h, 'o');
    return h->opens_fail ? NULL : h;
}

static void close_worker(void *worker)
{
    (void)worker;
}

static bool answer(void *worker, const struct http_io *io)
{
    struct house *h = worker;
    for (size_t i = 0; io->params[i] != NULL; i++) {
        if (strcmp(io->params[i], "DOCUMENT_URI=/slow") == 0) {
            tell(h, 's');
            char byte; /* the client sends the body when it likes */
            while (io->read(io->self, &byte, 1) > 0)
                ;
        }
    }
    char text[16];
    int n = snprintf(text, sizeof text, "%d", (int)getpid());
    return io->write(io->self, text, (size_t)n);
}

static const struct config *reload(void *self)
{
    struct house *h = self;
    h->opens_fail = h->opens_fail_next;
    if (h->reload_fails)
        tell(h, 'r');
    return h->reload_fails ? NULL : &h->config;
}

static enum master_check check(void *self)
{
    struct house *h = self;
    tell(h, 'c');
    return h->check;
}

static int set_up(void **state)
{
    struct house *h = calloc(1, sizeof *h);
    if (h == NULL || pipe(h->told) != 0)
        return -1;
    strcpy(h->folder, "/tmp/ballium-XXXXXX");
    if (mkdtemp(h->folder) == NULL)
        return -1;
    snprintf(h->path, sizeof h->path, "%s/s", h->folder);
    static char nobody[] = "";
    h->config = (struct config){.socket = h->path, .socket_group = nobody, .processes = 1, .threads = 2, .read_timeout = 10};
    h->plan = (struct master_plan){
        .self = h, .app = {h, open_worker, close_worker, answer}, .config = &h->config, .reload = reload, .check = check};
    *state = h;
    return 0;
}

static void start_master(struct house *h)
{
    fflush(NULL);
    h->master = fork();
    if (h->master == 0)
        exit(master_run(&h->plan, stderr));
}

static int wait_master(struct house *h)
{
    int status = -1;
    waitpid(h->master, &status, 0);
    h->master = 0;
    return status;
}

static int tear_down(void **state)
{
    struct house *h = *state;
    if (h->master > 0) {
        kill(h->master, SIGTERM);
        wait_master(h);
    }
    unlink(h->path);
    rmdir(h->folder);
    close(h->told[0]);
    close(h->told[1]);
    free(h);
    return 0;
}

/* A connection, as soon as the master listens. */
static int dial(const struct house *h)
{
    int fd;
    while ((fd = client_connect(h->path)) < 0)
        sched_yield();
    return fd;
}

/* The process that answers on the connection; 0: it was closed. */
static pid_t ask(int fd)
{
    if (!client_request(fd, "GET", "/", "", 0))
        return 0;
    struct client_answer a = client_answer(fd);
    pid_t pid = a.ended ? (pid_t)strtol(a.text, NULL, 10) : 0;
    free(a.text);
    return pid;
}

static void a_killed_worker_is_replaced(void **state)
{
    struct house *h = *state;
    start_master(h);
    int fd = dial(h);
    pid_t first = ask(fd);
    assert_true(first > 0 && first != h->master);
    kill(first, SIGKILL);
    assert_true(client_closed(fd));
    close(fd);
    fd = dial(h); /* the listener is the master's: connecting goes on meanwhile */
    pid_t second = ask(fd);
    assert_true(second > 0 && second != first);
    close(fd);
}

static void a_worker_that_dies_young_is_restarted_ever_more_slowly(void **state)
{
    struct house *h = *state;
    h->opens_fail = 1;
    int64_t start = clock_monotonic();
    start_master(h);
    for (int i = 0; i < 6; i++)
        assert_int_equal(hear(h), 'o'); /* at once, at once, 10, 20, 40, 80 ms */
    assert_true(clock_monotonic() - start >= 150000);
}

static void a_request_that_breaks_the_library_costs_one_process(void **state)
{
    struct house *h = *state;
    h->config.processes = 2;
    start_master(h);
    int fd = dial(h), other = dial(h);
    pid_t pid = ask(fd), spared = ask(other);
    while (spared == pid) { /* until the other process takes one */
        close(other);
        other = dial(h);
        spared = ask(other);
    }
    char bytes[1024];
    size_t n = 0;
    for (int i = 0; i < 30; i++)
        n += client_pair(bytes + n, "FCGI_MAX_CONNS", "");
    /* libfcgi answers into 64 bytes; it reads on before it does, hence the second record */
    assert_true(client_record(fd, FCGI_GET_VALUES, 0, bytes, n) && client_begin(fd, FCGI_RESPONDER, true));
    while (!client_closed(fd))
        ;
    assert_int_equal(ask(other), spared);
    close(fd);

    fd = dial(h);
    assert_true(ask(fd) > 0);
    /* name and value of almost 2 GiB each: their sum overflows */
    static const char lengths[] = "\377\377\377\360\377\377\377\360";
    assert_true(client_begin(fd, FCGI_RESPONDER, true) && client_record(fd, FCGI_PARAMS, 1, lengths, 8));
    shutdown(fd, SHUT_WR);
    while (!client_closed(fd))
        ;
    close(fd);
    fd = dial(h);
    assert_true(ask(fd) > 0);
    close(fd);
    close(other);
}

static void a_reload_moves_kept_connections_to_new_workers(void **state)
{
    struct house *h = *state;
    start_master(h);
    int fd = dial(h);
    pid_t first = ask(fd), now;
    kill(h->master, SIGHUP);
    while ((now = ask(fd)) == first)
        ;
    assert_true(now > 0);
    close(fd);
}

static void a_reload_lets_a_running_request_end(void **state)
{
    struct house *h = *state;
    start_master(h);
    int slow = dial(h), fd = dial(h);
    pid_t first = ask(fd), now;
    const char *const pairs[] = {"DOCUMENT_URI", "/slow", NULL};
    assert_true(client_begin(slow, FCGI_RESPONDER, true) && client_params(slow, pairs));
    assert_int_equal(hear(h), 's');
    kill(h->master, SIGHUP);
    while ((now = ask(fd)) == first)
        ;
    assert_true(client_body(slow, "text", 4) && client_body_end(slow));
    struct client_answer a = client_answer(slow);
    assert_true(a.ended);
    assert_int_equal(strtol(a.text, NULL, 10), first);
    free(a.text);
    assert_int_equal(ask(slow), now); /* and the connection lives on */
    close(slow);
    close(fd);
}

static void a_failed_reload_changes_nothing(void **state)
{
    struct house *h = *state;
    h->reload_fails = 1;
    start_master(h);
    int fd = dial(h);
    pid_t first = ask(fd);
    kill(h->master, SIGHUP);
    assert_int_equal(hear(h), 'r');
    assert_int_equal(ask(fd), first);
    close(fd);
}

static void new_workers_that_cannot_serve_leave_the_old_ones(void **state)
{
    struct house *h = *state;
    h->opens_fail_next = 1;
    start_master(h);
    int fd = dial(h);
    pid_t first = ask(fd);
    kill(h->master, SIGHUP);
    assert_int_equal(hear(h), 'o');
    assert_int_equal(hear(h), 'o');
    assert_int_equal(ask(fd), first);
    close(fd);
    fd = dial(h);
    assert_int_equal(ask(fd), first);
    close(fd);
}

static void a_stop_lets_a_running_request_end(void **state)
{
    struct house *h = *state;
    start_master(h);
    int idle = dial(h), slow = dial(h);
    assert_true(ask(idle) > 0);
    const char *const pairs[] = {"DOCUMENT_URI", "/slow", NULL};
    assert_true(client_begin(slow, FCGI_RESPONDER, true) && client_params(slow, pairs));
    assert_int_equal(hear(h), 's');
    kill(h->master, SIGTERM);
    assert_true(client_closed(idle)); /* it has begun to stop */
    assert_int_equal(client_connect(h->path), -1);
    assert_true(client_body(slow, "text", 4) && client_body_end(slow));
    struct client_answer a = client_answer(slow);
    assert_true(a.ended);
    free(a.text);
    assert_int_equal(wait_master(h), 0);
    assert_int_equal(access(h->path, F_OK), -1);
    close(idle);
    close(slow);
}

static void workers_end_with_a_killed_master(void **state)
{
    struct house *h = *state;
    start_master(h);
    int fd = dial(h);
    assert_true(ask(fd) > 0);
    kill(h->master, SIGKILL);
    wait_master(h);
    assert_true(client_closed(fd));
    close(fd);
    start_master(h); /* and the socket it left is replaced */
    while ((fd = client_connect(h->path)) < 0)
        ;
    assert_true(ask(fd) > 0);
    close(fd);
}

static void a_second_master_is_refused(void **state)
{
    struct house *h = *state;
    start_master(h);
    int fd = dial(h);
    assert_int_equal(master_run(&h->plan, stderr), 1);
    assert_true(ask(fd) > 0);
    close(fd);
}

static void only_owner_and_group_reach_the_socket(void **state)
{
    struct house *h = *state;
    start_master(h);
    close(dial(h));
    struct stat st;
    assert_int_equal(stat(h->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0660);
}

static void a_socket_from_systemd_is_used_and_left(void **state)
{
    struct house *h = *state;
    bool passed;
    int listener = fcgi_listen(h->path, "", &passed, stderr);
    assert_true(listener >= 0);
    fflush(NULL);
    h->master = fork();
    if (h->master == 0) {
        dup2(listener, 3);
        char pid[16];
        snprintf(pid, sizeof pid, "%d", (int)getpid());
        setenv("LISTEN_PID", pid, 1);
        setenv("LISTEN_FDS", "1", 1);
        exit(master_run(&h->plan, stderr));
    }
    int fd = dial(h);
    assert_true(ask(fd) > 0);
    close(fd);
    kill(h->master, SIGTERM);
    assert_int_equal(wait_master(h), 0);
    assert_int_equal(access(h->path, F_OK), 0);
    fd = client_connect(h->path); /* waits there for the next service */
    assert_true(fd >= 0);
    close(fd);
    close(listener);
}

static void an_unchecked_service_serves_and_is_checked(void **state)
{
    struct house *h = *state;
    h->plan.unchecked = true;
    h->check = MASTER_GOOD;
    start_master(h);
    assert_int_equal(hear(h), 'c');
    int fd = dial(h);
    assert_true(ask(fd) > 0);
    close(fd);
}

static void a_service_that_must_not_serve_stops(void **state)
{
    struct house *h = *state;
    h->plan.unchecked = true;
    h->check = MASTER_BAD;
    start_master(h);
    assert_int_equal(hear(h), 'c');
    int status = wait_master(h);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    alarm(60);
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_killed_worker_is_replaced),
        TEST(a_worker_that_dies_young_is_restarted_ever_more_slowly),
        TEST(a_request_that_breaks_the_library_costs_one_process),
        TEST(a_reload_moves_kept_connections_to_new_workers),
        TEST(a_reload_lets_a_running_request_end),
        TEST(a_failed_reload_changes_nothing),
        TEST(new_workers_that_cannot_serve_leave_the_old_ones),
        TEST(a_stop_lets_a_running_request_end),
        TEST(workers_end_with_a_killed_master),
        TEST(a_second_master_is_refused),
        TEST(only_owner_and_group_reach_the_socket),
        TEST(a_socket_from_systemd_is_used_and_left),
        TEST(an_unchecked_service_serves_and_is_checked),
        TEST(a_service_that_must_not_serve_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
