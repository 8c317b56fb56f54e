#include "base/ids.h"

#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static const char hex_digits[] = "0123456789abcdef";

bool random_bytes(void *out, size_t length)
{
    unsigned char *p = out;
    while (length > 0) {
        ssize_t n = getrandom(p, length, 0);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0) {
            p += n;
            length -= (size_t)n;
        }
    }
    return true;
}

/* Time-ordered and, within a process, strictly rising: the 12 bits after the time count the ids of one millisecond
 * (RFC 9562, section 6.2, method 1). The 62 other bits are random, so that processes do not meet. */
void uuid_v7(char out[UUID_TEXT])
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static int64_t last_ms;
    static unsigned count;
    uint8_t b[16];
    if (!random_bytes(b, sizeof b)) {
        perror("ballium: getrandom");
        abort();
    }
    pthread_mutex_lock(&lock);
    int64_t ms = clock_now() / 1000;
    if (ms > last_ms) {
        last_ms = ms;
        count = (unsigned)(b[6] & 7) << 8 | b[7]; /* a random start below half, room to count */
    } else if (++count > 0xFFF) {
        last_ms++;
        count = 0;
    }
    ms = last_ms;
    unsigned n = count;
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < 6; i++)
        b[i] = (uint8_t)(ms >> (40 - 8 * i));
    b[6] = (uint8_t)(0x70 | n >> 8);
    b[7] = (uint8_t)n;
    b[8] = (uint8_t)(0x80 | (b[8] & 0x3F));
    uuid_format(b, out);
}

void uuid_format(const uint8_t bytes[16], char out[UUID_TEXT])
{
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        *out++ = hex_digits[bytes[i] >> 4];
        *out++ = hex_digits[bytes[i] & 15];
    }
    *out = '\0';
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool uuid_parse(const char *text, uint8_t out[16])
{
    for (int i = 0; i < 16; i++) {
        if ((i == 4 || i == 6 || i == 8 || i == 10) && *text++ != '-')
            return false;
        int high = nibble(text[0]);
        int low = high < 0 ? -1 : nibble(text[1]);
        if (low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    return *text == '\0';
}

bool uuid_valid(const char *text)
{
    uint8_t bytes[16];
    return uuid_parse(text, bytes);
}

static atomic_int process; /* 0: not asked since the fork */

static void forget_process(void)
{
    atomic_store_explicit(&process, 0, memory_order_relaxed);
}

static void watch_forks(void)
{
    pthread_atfork(NULL, NULL, forget_process);
}

int process_id(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    int known = atomic_load_explicit(&process, memory_order_relaxed);
    if (known != 0)
        return known;
    pthread_once(&once, watch_forks);
    known = getpid();
    atomic_store_explicit(&process, known, memory_order_relaxed);
    return known;
}

static int64_t clock_read(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_now(void)
{
    return clock_read(CLOCK_REALTIME);
}
int64_t clock_monotonic(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

/* Days since 1970-01-01 of a proleptic Gregorian date and back: H. Hinnant's algorithms, years from March. */
static int32_t days_of(int year, int month, int day)
{
    year -= month <= 2;
    int era = (year >= 0 ? year : year - 399) / 400;
    int of_era = year - era * 400;
    int of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void civil_of(int32_t days, int *year, int *month, int *day)
{
    days += 719468;
    int era = (days >= 0 ? days : days - 146096) / 146097;
    int of_era = days - era * 146097;
    int y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int of_year = of_era - (365 * y + y / 4 - y / 100);
    int m = (5 * of_year + 2) / 153;
    *day = of_year - (153 * m + 2) / 5 + 1;
    *month = m < 10 ? m + 3 : m - 9;
    *year = y + era * 400 + (*month <= 2);
}

static void digits(char *out, int value, int width)
{
    while (width-- > 0) {
        out[width] = (char)('0' + value % 10);
        value /= 10;
    }
}

enum { FIRST_DAY = -719162, LAST_DAY = 2932896 }; /* 0001-01-01 and 9999-12-31: PostgreSQL's infinities read as these */

static int32_t readable_day(int64_t days)
{
    return days < FIRST_DAY ? FIRST_DAY : days > LAST_DAY ? LAST_DAY : (int32_t)days;
}

void date_format(int32_t days, char out[TIME_TEXT])
{
    int year, month, day;
    civil_of(readable_day(days), &year, &month, &day);
    digits(out, year, 4);
    out[4] = '-';
    digits(out + 5, month, 2);
    out[7] = '-';
    digits(out + 8, day, 2);
    out[10] = '\0';
}

void time_format(int64_t microseconds, char out[TIME_TEXT])
{
    const int64_t day = 86400LL * 1000000;
    int64_t days = microseconds / day, rest = microseconds % day;
    if (rest < 0) {
        rest += day;
        days--;
    }
    date_format(readable_day(days), out);
    int seconds = (int)(rest / 1000000);
    out[10] = 'T';
    digits(out + 11, seconds / 3600, 2);
    out[13] = ':';
    digits(out + 14, seconds / 60 % 60, 2);
    out[16] = ':';
    digits(out + 17, seconds % 60, 2);
    out[19] = '.';
    digits(out + 20, (int)(rest % 1000000), 6);
    out[26] = 'Z';
    out[27] = '\0';
}

static bool number(const char *text, int width, int *out)
{
    int value = 0;
    for (int i = 0; i < width; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + text[i] - '0';
    }
    *out = value;
    return true;
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

/* The first ten characters as a real day. */
static bool date_part(const char *text, int32_t *out)
{
    int year, month, day;
    if (strnlen(text, 10) < 10 || text[4] != '-' || text[7] != '-' || !number(text, 4, &year) || !number(text + 5, 2, &month) ||
        !number(text + 8, 2, &day))
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > month_days(year, month))
        return false;
    *out = days_of(year, month, day);
    return true;
}

bool date_parse(const char *text, int32_t *out)
{
    return strnlen(text, 11) == 10 && date_part(text, out);
}

/* "Z", "+hh:mm" or "-hh:mm", to the end of the text. */
static bool offset_parse(const char *text, int *minutes)
{
    int h, m;
    if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0) {
        *minutes = 0;
        return true;
    }
    if ((text[0] != '+' && text[0] != '-') || strnlen(text, 7) != 6 || text[3] != ':' || !number(text + 1, 2, &h) ||
        !number(text + 4, 2, &m) || h > 23 || m > 59)
        return false;
    *minutes = (text[0] == '-' ? -1 : 1) * (h * 60 + m);
    return true;
}

bool time_parse(const char *text, int64_t *out)
{
    int32_t days;
    int h, m, s, minutes;
    if (strnlen(text, 40) < 20 || !date_part(text, &days) || (text[10] != 'T' && text[10] != 't') || text[13] != ':' ||
        text[16] != ':' || !number(text + 11, 2, &h) || !number(text + 14, 2, &m) || !number(text + 17, 2, &s))
        return false;
    if (h > 23 || m > 59 || s > 59) /* a leap second has no place in PostgreSQL's time either */
        return false;
    const char *p = text + 19;
    int micro = 0;
    if (*p == '.') {
        int scale = 100000;
        if (p[1] < '0' || p[1] > '9')
            return false;
        for (p++; *p >= '0' && *p <= '9'; p++, scale /= 10)
            micro += (*p - '0') * scale; /* digits behind the sixth count nothing */
    }
    if (!offset_parse(p, &minutes))
        return false;
    *out = ((int64_t)days * 86400 + h * 3600 + m * 60 + s - (int64_t)minutes * 60) * 1000000 + micro;
    return true;
}

void sha256_text(const void *bytes, size_t length, char out[SHA256_TEXT])
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(hash, bytes, length);
    sodium_bin2hex(out, SHA256_TEXT, hash, sizeof hash);
}
