#include "resource/ical.h"

#include "base/ids.h"
#include "resource/value.h"

#include <string.h>

enum { LINE = 75 /* bytes, without the line's end: RFC 5545, section 3.1 */ };

/* One content line, folded between characters; `value` is escaped as TEXT (section 3.3.11) when asked for. */
static void put(struct bl_request *r, const char *name, const char *value, bool escape)
{
    size_t room = strlen(name) + 2 * strlen(value) + 2, n = 0, used = 0;
    char *line = bl_alloc(r, room);
    n = (size_t)(stpcpy(line, name) - line);
    for (const char *c = value; *c; c++) {
        if (escape && strchr("\\;,", *c))
            line[n++] = '\\';
        if (*c == '\n') {
            line[n++] = '\\';
            line[n++] = 'n';
        } else if ((unsigned char)*c >= ' ' && *c != 0x7F) {
            line[n++] = *c;
        }
    }
    for (size_t at = 0; at < n; at += used) {
        used = n - at > LINE - (at > 0) ? LINE - (at > 0) : n - at;
        while (at + used < n && ((unsigned char)line[at + used] & 0xC0) == 0x80)
            used--;
        if (at > 0)
            bl_write(r, " ", 1);
        bl_write(r, line + at, used);
        bl_write(r, "\r\n", 2);
    }
}

/* "20260131" of "2026-01-31" */
static const char *compact(struct bl_request *r, const char *day)
{
    return value_text(r, "%.4s%.2s%.2s", day, day + 5, day + 8);
}

void ical_begin(struct bl_request *r, const char *name)
{
    bl_respond(r, 200, "text/calendar; charset=utf-8");
    put(r, "BEGIN:VCALENDAR", "", false);
    put(r, "VERSION:", "2.0", false);
    put(r, "PRODID:", "-//Ballium//Calendar//EN", false);
    put(r, "METHOD:", "PUBLISH", false);
    put(r, "X-WR-CALNAME:", name, true);
    put(r, "REFRESH-INTERVAL;VALUE=DURATION:", "PT6H", false);
}

void ical_event(struct bl_request *r, const struct ical_event *e)
{
    char now[TIME_TEXT], next[TIME_TEXT];
    int32_t day = 0;
    time_format(r->now, now);
    (void)date_parse(e->day, &day); /* it comes from the database */
    date_format(day + 1, next);
    put(r, "BEGIN:VEVENT", "", false);
    put(r, "UID:", e->uid, false);
    put(r, "DTSTAMP:", value_text(r, "%sT%.2s%.2s%.2sZ", compact(r, now), now + 11, now + 14, now + 17), false);
    put(r, "DTSTART;VALUE=DATE:", compact(r, e->day), false);
    put(r, "DTEND;VALUE=DATE:", compact(r, next), false);
    put(r, "SUMMARY:", e->summary, true);
    put(r, "DESCRIPTION:", e->description, true);
    put(r, "TRANSP:", "TRANSPARENT", false);
    put(r, "END:VEVENT", "", false);
}

void ical_end(struct bl_request *r)
{
    put(r, "END:VCALENDAR", "", false);
}
