/* Identifiers and times as text. */
#ifndef BASE_IDS_H
#define BASE_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UUID_TEXT 37 /* 36 characters and the NUL */

void uuid_v7(char out[UUID_TEXT]); /* RFC 9562, section 5.7: time-ordered; monotonic in a process */
bool uuid_valid(const char *text); /* 36 characters, lower or upper case hex */
void uuid_format(const uint8_t bytes[16], char out[UUID_TEXT]);
bool uuid_parse(const char *text, uint8_t out[16]);

int64_t clock_now(void);       /* microseconds since 1970, UTC */
int64_t clock_monotonic(void); /* microseconds, for durations */
#define TIME_TEXT 32
void time_format(int64_t microseconds, char out[TIME_TEXT]); /* RFC 3339, UTC: 2026-01-31T12:00:00.000000Z */
bool time_parse(const char *text, int64_t *out);             /* RFC 3339 with any offset; false: not one */
void date_format(int32_t days, char out[TIME_TEXT]);         /* days since 1970-01-01 -> 2026-01-31; proleptic Gregorian */
bool date_parse(const char *text, int32_t *out);             /* exactly YYYY-MM-DD and a real day, 0001 to 9999 */

int process_id(void);                                  /* getpid, without asking the kernel each time */
bool random_bytes(void *out, size_t length);           /* from the kernel */
uint64_t hash_bytes(const void *bytes, size_t length); /* fast, keyed per process: for tables in memory only */
#define SHA256_TEXT 65
void sha256_text(const void *bytes, size_t length, char out[SHA256_TEXT]); /* in hexadecimal, small letters */

#endif
