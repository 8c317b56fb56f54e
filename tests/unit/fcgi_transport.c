/* The epoll transport over a real Unix socket: kept connections, draining, handing over. */
#include "unit.h"

#include "base/aside.h"
#include "fcgi/listen.h"
#include "fcgi/transport.h"
#include "fcgi_client.h"

#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* The application answers with its name; "/wait" says that it has begun and waits until it may end, "/aside" steps aside first.
 */
struct app {
    const char *name;
    sem_t begun, end;
    _Atomic int waiting, most;
};

static void *open_worker(void *self)
{
    return self;
}

static void close_worker(void *worker)
{
    (void)worker;
}

static bool answer(void *worker, const struct http_io *io)
{
    struct app *app = worker;
    for (size_t i = 0; io->params[i] != NULL; i++) {
        bool leaves = strcmp(io->params[i], "DOCUMENT_URI=/aside") == 0;
        if (leaves)
            aside();
        if (leaves || strcmp(io->params[i], "DOCUMENT_URI=/wait") == 0) {
            int now = ++app->waiting;
            if (now > app->most)
                app->most = now;
            sem_post(&app->begun);
            sem_wait(&app->end);
            app->waiting--;
        }
    }
    char byte;
    while (io->read(io->self, &byte, 1) > 0)
        ;
    return io->write(io->self, app->name, strlen(app->name));
}

struct house {
    char folder[32], path[64];
    struct fcgi_sockets sockets;
    struct fcgi_board *board;
    size_t places;
    struct app app, other;
    struct fcgi_app table, other_table;
};

/* The listener is the transport's own, as it is in a process of its own. */
static struct fcgi *begin(struct house *h, const struct fcgi_app *app, long threads, long seconds)
{
    struct fcgi_sockets own = h->sockets;
    own.listener = fcntl(h->sockets.listener, F_DUPFD_CLOEXEC, 3);
    return fcgi_start(&own, h->board, h->places++, app, threads, seconds);
}

static int set_up(void **state)
{
    struct house *h = calloc(1, sizeof *h);
    strcpy(h->folder, "/tmp/ballium-XXXXXX");
    bool passed;
    if (h == NULL || mkdtemp(h->folder) == NULL || !fcgi_pool(h->sockets.pool) || (h->board = fcgi_board_map()) == NULL)
        return -1;
    snprintf(h->path, sizeof h->path, "%s/s", h->folder);
    h->sockets.listener = fcgi_listen(h->path, "", &passed, stderr);
    h->app.name = "one";
    h->other.name = "two";
    sem_init(&h->app.begun, 0, 0);
    sem_init(&h->app.end, 0, 0);
    h->table = (struct fcgi_app){&h->app, open_worker, close_worker, answer};
    h->other_table = (struct fcgi_app){&h->other, open_worker, close_worker, answer};
    *state = h;
    return h->sockets.listener < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    struct house *h = *state;
    close(h->sockets.listener);
    close(h->sockets.pool[0]);
    close(h->sockets.pool[1]);
    munmap(h->board, sizeof *h->board);
    unlink(h->path);
    rmdir(h->folder);
    free(h);
    return 0;
}

static void expect(int fd, const char *text)
{
    struct client_answer a = client_answer(fd);
    assert_string_equal(a.text, text);
    assert_true(a.ended);
    free(a.text);
}

static void get(int fd, const char *path, const char *text)
{
    assert_true(client_request(fd, "GET", path, "", 0));
    expect(fd, text);
}

static void idle_connections_hold_no_thread(void **state)
{
    struct house *h = *state;
    struct fcgi *f = begin(h, &h->table, 2, 10);
    assert_non_null(f);
    int clients[40];
    for (int i = 0; i < 40; i++)
        assert_true((clients[i] = client_connect(h->path)) >= 0);
    for (int round = 0; round < 3; round++)
        for (int i = 39; i >= 0; i--)
            get(clients[i], "/", "one");
    assert_true(fcgi_drain(f, FCGI_STOP, 10));
    for (int i = 0; i < 40; i++) {
        assert_true(client_closed(clients[i]));
        close(clients[i]);
    }
    fcgi_free(f);
}

static void who_waits_leaves_the_place_to_another(void **state)
{
    struct house *h = *state;
    struct fcgi *f = begin(h, &h->table, 1, 10);
    int slow[3], quick = client_connect(h->path);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 3; i++) {
            slow[i] = client_connect(h->path);
            assert_true(client_request(slow[i], "GET", "/aside", "", 0));
            sem_wait(&h->app.begun); /* all of them at once, in one place */
            get(quick, "/", "one");
        }
        for (int i = 0; i < 3; i++)
            sem_post(&h->app.end);
        for (int i = 0; i < 3; i++) {
            expect(slow[i], "one");
            get(slow[i], "/", "one");
            close(slow[i]);
        }
    }
    assert_int_equal(h->app.most, 3);
    assert_true(fcgi_drain(f, FCGI_STOP, 10));
    close(quick);
    fcgi_free(f);
}

/* Also after threads have left their places and come back. */
static void no_more_serve_than_there_are_places(void **state)
{
    struct house *h = *state;
    struct fcgi *f = begin(h, &h->table, 2, 10);
    int clients[6];
    for (int i = 0; i < 6; i++) {
        clients[i] = client_connect(h->path);
        assert_true(client_request(clients[i], "GET", "/aside", "", 0));
        sem_post(&h->app.end);
    }
    for (int i = 0; i < 6; i++) {
        sem_wait(&h->app.begun);
        expect(clients[i], "one");
    }
    h->app.most = 0;
    for (int i = 0; i < 6; i++)
        assert_true(client_request(clients[i], "GET", "/wait", "", 0));
    sem_wait(&h->app.begun);
    sem_wait(&h->app.begun);
    for (int i = 0; i < 6; i++) {
        sem_post(&h->app.end);
        if (i < 4)
            sem_wait(&h->app.begun); /* the next has its turn only now */
    }
    for (int i = 0; i < 6; i++) {
        expect(clients[i], "one");
        close(clients[i]);
    }
    assert_int_equal(h->app.most, 2);
    assert_true(fcgi_drain(f, FCGI_STOP, 10));
    fcgi_free(f);
}

static void a_silent_sender_loses_the_connection(void **state)
{
    struct house *h = *state;
    struct fcgi *f = begin(h, &h->table, 1, 1);
    int fd = client_connect(h->path);
    assert_true(client_begin(fd, FCGI_RESPONDER, true)); /* and never the parameters */
    assert_true(client_closed(fd));
    close(fd);
    fd = client_connect(h->path);
    get(fd, "/", "one"); /* the thread is free again */
    assert_true(fcgi_drain(f, FCGI_STOP, 10));
    close(fd);
    fcgi_free(f);
}

static void connections_are_shared_out(void **state)
{
    struct house *h = *state;
    struct fcgi *one = begin(h, &h->table, 2, 10), *two = begin(h, &h->other_table, 2, 10);
    int clients[40], ones = 0;
    for (int i = 0; i < 40; i++) {
        clients[i] = client_connect(h->path);
        assert_true(client_request(clients[i], "GET", "/", "", 0));
        struct client_answer a = client_answer(clients[i]);
        ones += strcmp(a.text, "one") == 0;
        free(a.text);
    }
    assert_in_range(ones, 5, 35); /* each has its share, also on a machine that does much else */
    /* and when one goes, and another comes */
    struct fcgi *three = begin(h, &h->table, 2, 10);
    assert_true(fcgi_drain(one, FCGI_HAND_OVER, 10));
    fcgi_free(one);
    for (int i = ones = 0; i < 40; i++) {
        assert_true(client_request(clients[i], "GET", "/", "", 0));
        struct client_answer a = client_answer(clients[i]);
        ones += strcmp(a.text, "one") == 0;
        free(a.text);
        close(clients[i]);
    }
    assert_in_range(ones, 5, 35); /* each has its share, also on a machine that does much else */
    assert_true(fcgi_drain(two, FCGI_STOP, 10) && fcgi_drain(three, FCGI_STOP, 10));
    fcgi_free(two);
    fcgi_free(three);
}

struct drain {
    struct fcgi *fcgi;
    enum fcgi_drain how;
    long seconds;
    bool ended;
};

static void *drain(void *arg)
{
    struct drain *d = arg;
    d->ended = fcgi_drain(d->fcgi, d->how, d->seconds);
    return NULL;
}

static void stopping_lets_a_running_request_end(void **state)
{
    struct house *h = *state;
    struct fcgi *f = begin(h, &h->table, 2, 10);
    int busy = client_connect(h->path), idle = client_connect(h->path);
    get(idle, "/", "one");
    assert_true(client_request(busy, "GET", "/wait", "", 0));
    sem_wait(&h->app.begun);
    struct drain d = {f, FCGI_STOP, 10, false};
    pthread_t thread;
    pthread_create(&thread, NULL, drain, &d);
    assert_true(client_closed(idle)); /* so draining has begun */
    sem_post(&h->app.end);
    expect(busy, "one");
    assert_true(client_closed(busy));
    pthread_join(thread, NULL);
    assert_true(d.ended);
    fcgi_free(f);
    close(idle);
    close(busy);
}

static void stopping_serves_who_has_asked_already(void **state)
{
    struct house *h = *state;
    struct fcgi *f = begin(h, &h->table, 1, 10);
    int busy = client_connect(h->path), kept = client_connect(h->path), idle = client_connect(h->path);
    get(kept, "/", "one");
    get(idle, "/", "one");
    assert_true(client_request(busy, "GET", "/wait", "", 0));
    sem_wait(&h->app.begun); /* the only thread is taken */
    assert_true(client_request(kept, "GET", "/", "", 0));
    int fresh = client_connect(h->path);
    assert_true(client_request(fresh, "GET", "/", "", 0));
    struct drain d = {f, FCGI_STOP, 10, false};
    pthread_t thread;
    pthread_create(&thread, NULL, drain, &d);
    assert_true(client_closed(idle));
    sem_post(&h->app.end);
    expect(busy, "one");
    expect(kept, "one");
    expect(fresh, "one");
    pthread_join(thread, NULL);
    assert_true(d.ended);
    fcgi_free(f);
    close(busy);
    close(kept);
    close(fresh);
    close(idle);
}

static void stopping_gives_up_in_time(void **state)
{
    struct house *h = *state;
    struct fcgi *f = begin(h, &h->table, 1, 10);
    int busy = client_connect(h->path);
    assert_true(client_request(busy, "GET", "/wait", "", 0));
    sem_wait(&h->app.begun);
    assert_false(fcgi_drain(f, FCGI_STOP, 0));
    sem_post(&h->app.end);
    expect(busy, "one");
    fcgi_free(f); /* it ends by itself now */
    close(busy);
}

static void kept_connections_are_handed_over(void **state)
{
    struct house *h = *state;
    struct fcgi *old = begin(h, &h->table, 2, 10);
    int clients[30];
    for (int i = 0; i < 30; i++) {
        clients[i] = client_connect(h->path);
        get(clients[i], "/", "one");
    }
    struct fcgi *new = begin(h, &h->other_table, 2, 10);
    assert_true(fcgi_drain(old, FCGI_HAND_OVER, 10));
    fcgi_free(old);
    for (int i = 0; i < 30; i++)
        get(clients[i], "/", "two");
    assert_true(fcgi_drain(new, FCGI_STOP, 10));
    for (int i = 0; i < 30; i++)
        close(clients[i]);
    fcgi_free(new);
}

static void a_busy_connection_is_handed_over_after_its_request(void **state)
{
    struct house *h = *state;
    struct fcgi *old = begin(h, &h->table, 1, 10);
    int busy = client_connect(h->path), kept = client_connect(h->path);
    get(kept, "/", "one");
    assert_true(client_request(busy, "GET", "/wait", "", 0));
    sem_wait(&h->app.begun);
    struct fcgi *new = begin(h, &h->other_table, 1, 10);
    struct drain d = {old, FCGI_HAND_OVER, 10, false};
    pthread_t thread;
    pthread_create(&thread, NULL, drain, &d);
    get(kept, "/", "two"); /* does not wait for the busy one */
    int fresh = client_connect(h->path);
    get(fresh, "/", "two");
    sem_post(&h->app.end);
    expect(busy, "one");
    get(busy, "/", "two");
    pthread_join(thread, NULL);
    assert_true(d.ended);
    fcgi_free(old);
    assert_true(fcgi_drain(new, FCGI_STOP, 10));
    fcgi_free(new);
    close(busy);
    close(kept);
    close(fresh);
}

static void a_request_sent_while_nobody_serves_is_answered_by_the_next(void **state)
{
    struct house *h = *state;
    struct fcgi *old = begin(h, &h->table, 1, 10);
    int kept = client_connect(h->path);
    get(kept, "/", "one");
    assert_true(fcgi_drain(old, FCGI_HAND_OVER, 10));
    fcgi_free(old);
    assert_true(client_request(kept, "POST", "/", "body", 4)); /* the connection lies in the pool */
    struct fcgi *new = begin(h, &h->other_table, 1, 10);
    expect(kept, "two");
    assert_true(fcgi_drain(new, FCGI_STOP, 10));
    fcgi_free(new);
    close(kept);
}

/* Threads that ask without pause while the transport behind their connections is replaced again and again. */
struct asker {
    struct house *house;
    _Atomic bool *over;
    long asked, answered;
};

static void *ask(void *arg)
{
    struct asker *a = arg;
    int fd = client_connect(a->house->path);
    while (!*a->over) {
        a->asked++;
        if (!client_request(fd, "POST", "/", "some body", 9))
            break;
        struct client_answer answer = client_answer(fd);
        a->answered += answer.ended && answer.length == 3;
        free(answer.text);
    }
    close(fd);
    return NULL;
}

static void replacing_again_and_again_loses_nothing(void **state)
{
    struct house *h = *state;
    struct fcgi *now = begin(h, &h->table, 2, 10);
    _Atomic bool over = false;
    struct asker askers[6];
    pthread_t threads[6];
    for (int i = 0; i < 6; i++) {
        askers[i] = (struct asker){.house = h, .over = &over};
        pthread_create(&threads[i], NULL, ask, &askers[i]);
    }
    for (int i = 0; i < 100; i++) {
        struct fcgi *next = begin(h, i % 2 ? &h->table : &h->other_table, 2, 10);
        assert_true(fcgi_drain(now, FCGI_HAND_OVER, 10));
        fcgi_free(now);
        now = next;
    }
    over = true;
    for (int i = 0; i < 6; i++) {
        pthread_join(threads[i], NULL);
        assert_true(askers[i].asked > 0);
        assert_int_equal(askers[i].asked, askers[i].answered);
    }
    assert_true(fcgi_drain(now, FCGI_STOP, 10));
    fcgi_free(now);
}

/* What fcgi_listen says when it refuses. */
static void expect_refused(const char *path, const char *group, const char *words)
{
    char *text = NULL;
    size_t n = 0;
    FILE *errors = open_memstream(&text, &n);
    bool passed;
    assert_int_equal(fcgi_listen(path, group, &passed, errors), -1);
    fclose(errors);
    assert_non_null(strstr(text, words));
    free(text);
}

static void the_socket_of_a_living_process_is_not_taken(void **state)
{
    struct house *h = *state;
    expect_refused(h->path, "", "another process serves there");
    int fd = client_connect(h->path);
    assert_true(fd >= 0); /* it is still the first one's */
    close(fd);
}

static void the_socket_of_a_dead_process_is_replaced(void **state)
{
    struct house *h = *state;
    close(h->sockets.listener);
    bool passed;
    h->sockets.listener = fcgi_listen(h->path, "", &passed, stderr);
    assert_true(h->sockets.listener >= 0);
    int fd = client_connect(h->path);
    assert_true(fd >= 0);
    close(fd);
}

static void what_is_no_socket_is_left_alone(void **state)
{
    struct house *h = *state;
    char path[64];
    snprintf(path, sizeof path, "%s/file", h->folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    expect_refused(path, "", "is not a socket");
    assert_int_equal(unlink(path), 0);
}

static void a_socket_that_cannot_be_made_is_explained(void **state)
{
    struct house *h = *state;
    char path[64], long_path[200];
    snprintf(path, sizeof path, "%s/no/such/folder", h->folder);
    expect_refused(path, "", "No such file or directory");
    memset(long_path, 'a', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    expect_refused(long_path, "", "too long");
    snprintf(path, sizeof path, "%s/other", h->folder);
    expect_refused(path, "no such group", "there is no group `no such group`");
    assert_int_equal(access(path, F_OK), -1); /* nothing is left behind */
}

static void the_socket_belongs_to_the_group(void **state)
{
    struct house *h = *state;
    char path[64];
    snprintf(path, sizeof path, "%s/other", h->folder);
    gid_t groups[64];
    int count = getgroups(64, groups);
    gid_t wanted = count > 0 ? groups[count - 1] : getgid();
    bool passed;
    int fd = fcgi_listen(path, getgrgid(wanted)->gr_name, &passed, stderr);
    assert_true(fd >= 0);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_gid, wanted);
    assert_int_equal(st.st_mode & 0777, 0660);
    close(fd);
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    alarm(60);
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(idle_connections_hold_no_thread),
        TEST(who_waits_leaves_the_place_to_another),
        TEST(no_more_serve_than_there_are_places),
        TEST(connections_are_shared_out),
        TEST(a_silent_sender_loses_the_connection),
        TEST(stopping_lets_a_running_request_end),
        TEST(stopping_serves_who_has_asked_already),
        TEST(stopping_gives_up_in_time),
        TEST(kept_connections_are_handed_over),
        TEST(a_busy_connection_is_handed_over_after_its_request),
        TEST(a_request_sent_while_nobody_serves_is_answered_by_the_next),
        TEST(replacing_again_and_again_loses_nothing),
        TEST(the_socket_of_a_living_process_is_not_taken),
        TEST(the_socket_of_a_dead_process_is_replaced),
        TEST(what_is_no_socket_is_left_alone),
        TEST(a_socket_that_cannot_be_made_is_explained),
        TEST(the_socket_belongs_to_the_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
