#include "auth/password.h"

#include <pthread.h>
#include <sodium.h>
#include <string.h>
#include <time.h>

/* OWASP's Password Storage Cheat Sheet: argon2id with at least 19 MiB, two passes, one lane. More memory would cost a guesser
 * more, but every log-in holds it: two at once are 38 MiB, about as much as the rest of the service. */
enum { PASSES = 2, MEMORY = 19 * 1024 * 1024 };

/* What an unknown account is checked against: the same parameters, hence the same time. Its password is nobody's. */
static const char nobody[] = "$argon2id$v=19$m=19456,t=2,p=1$swoiWAZpp1xvH8qGU22GFA$eEW2xC4a/vHGbi0FlD6GyyG6hkIr3gSYmD69xQLGJxA";

_Static_assert(PASSWORD_HASH >= crypto_pwhash_STRBYTES, "room for a hash");

/* Memory is bounded by running two at once; a flood of log-ins must not hold every thread either, so nobody waits long. */
enum { AT_ONCE = 2, PATIENCE = 250 * 1000 * 1000 /* ns */ };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t left = PTHREAD_COND_INITIALIZER;
static int running;

static bool enter(void)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += PATIENCE;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    bool patient = true;
    pthread_mutex_lock(&lock);
    while (running == AT_ONCE && patient)
        patient = pthread_cond_clockwait(&left, &lock, CLOCK_MONOTONIC, &until) == 0;
    bool entered = running < AT_ONCE;
    running += entered;
    pthread_mutex_unlock(&lock);
    return entered;
}

static void leave(void)
{
    pthread_mutex_lock(&lock);
    running--;
    pthread_cond_signal(&left);
    pthread_mutex_unlock(&lock);
}

const char *password_objection(const char *password)
{
    size_t length = strlen(password);
    if (length < PASSWORD_MIN)
        return "a password has at least 12 bytes";
    if (length > PASSWORD_MAX)
        return "a password has at most 1,024 bytes";
    return NULL;
}

bool password_hash(const char *password, char out[PASSWORD_HASH])
{
    if (sodium_init() < 0 || !enter())
        return false;
    bool done = crypto_pwhash_str_alg(out, password, strlen(password), PASSES, MEMORY, crypto_pwhash_ALG_ARGON2ID13) == 0;
    leave();
    return done;
}

enum password_verdict password_check(const char *hash, const char *password)
{
    if (sodium_init() < 0 || !enter())
        return PASSWORD_BUSY;
    bool same = crypto_pwhash_str_verify(hash ? hash : nobody, password, strlen(password)) == 0;
    leave();
    return hash && same ? PASSWORD_RIGHT : PASSWORD_WRONG;
}
