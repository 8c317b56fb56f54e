/* Between doctor.c (this machine) and doctor_database.c. */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include "base/config.h"
#include "plugin/registry.h"

enum verdict { FINE, WARNING, FAILURE };

struct doctor {
    const struct config *config;
    struct registry *registry; /* NULL: the plugins do not load */
    bool files;                /* read all of the store, too */
    int failures, warnings;
};

/* One line: "ok    what: …", "WARN  what: …" or "FAIL  what: …". What went wrong is followed by what to do. */
void doctor_say(struct doctor *, enum verdict, const char *what, const char *format, ...) BL_PRINTF(4, 5);
/* The same for each line of `text`, which a check has printed. */
void doctor_say_lines(struct doctor *, enum verdict, const char *what, const char *text);

void doctor_check_database(struct doctor *);
void doctor_check_files(struct doctor *); /* doctor_files.c */

#endif
