/* iCalendar (RFC 5545): days that something is due, as events of a whole day that keep nobody busy. */
#ifndef RESOURCE_ICAL_H
#define RESOURCE_ICAL_H

#include <ballium/core.h>

struct ical_event {
    const char *uid;                   /* the same each time: a calendar replaces what it has */
    const char *day;                   /* 2026-01-31 */
    const char *summary, *description; /* any text */
};

/* In this order; answers 200. Lines are folded at 75 bytes and end with CRLF. */
void ical_begin(struct bl_request *, const char *name);
void ical_event(struct bl_request *, const struct ical_event *);
void ical_end(struct bl_request *);

#endif
