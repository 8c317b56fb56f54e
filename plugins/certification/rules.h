/* The rules of certification as plain functions of numbers: no database, no clock, no memory. Days count from 1970-01-01; 0 means
 * "none". Audit time is in hundredths of a day, shares are in hundredths. Sources: ISO/IEC 17021-1 (9), 27006-1 (C.1), IAF MD 1.
 */
#ifndef CERTIFICATION_RULES_H
#define CERTIFICATION_RULES_H

#include <stdbool.h>
#include <stddef.h>

/* ---- dates.c */

long certification_day(const char *text);         /* "2026-01-31"; 0: not a date */
void certification_date(long day, char out[11]);  /* the years 1 to 9999 */
long certification_months(long day, long months); /* clamped to the month's last day: 31 August + 6 = 28 or 29 February */
long certification_year(long day);                /* 2026 */
long certification_year_end(long year);           /* 31 December */

/* A cycle of three years. */
struct certification_cycle {
    long decision, expiry;
    bool initial;         /* after an initial decision the first surveillance has twelve months; later ones have the year */
    long recertification; /* day of the recertification audit, held or planned */
};

enum certification_convention { CERTIFICATION_MINUS_ONE_DAY, CERTIFICATION_SAME_DAY }; /* how a body counts three years */
long certification_expiry(long decision, enum certification_convention);
long certification_next_expiry(long expiry); /* of the cycle after it: three years on, whenever the new decision falls */

/* The day by which surveillance number `nth` (1 is the first) must be held; 0: the cycle needs no such one. */
long certification_surveillance_by(const struct certification_cycle *, int nth);
/* The first day that was or will be missed, given the days of the surveillances held (any order); 0: nothing is missing. */
/* Windows that ended before `forgiven` are over: a suspension dealt with them. 0: none is. */
long certification_missing_by(const struct certification_cycle *, const long *held, size_t count, long forgiven);
long certification_restore_until(long expiry);

/* ---- audit_time.c */

enum { CERTIFICATION_BANDS = 60, CERTIFICATION_GROUPS = 50 };

struct certification_band {
    long from, to;  /* persons, both included */
    long centidays; /* of the initial audit, both stages */
};

enum certification_level { CERTIFICATION_LOW, CERTIFICATION_MEDIUM, CERTIFICATION_HIGH };

struct certification_cell {
    int least, most; /* per cent */
};

/* The table in force: its bands in ascending order, and the cells by business and then IT complexity. */
struct certification_time_table {
    struct certification_band bands[CERTIFICATION_BANDS];
    size_t count;
    struct certification_cell cells[3][3];
};

struct certification_group {
    long persons; /* who do the same simple work */
    long counted; /* what the body counts at least, with its reason; the square root when that is more */
};

struct certification_time {
    long effective, base, adjusted, initial, on_audit, surveillance, recertification;
    bool floored; /* the reduction was cut at 30 per cent */
};

long certification_root(long n); /* smallest y with y * y >= n */
long certification_effective(long others, const struct certification_group *, size_t count);
/* Beyond the last band the progression goes on: each band is a quarter wider than the one before, and costs a day more. */
long certification_base(const struct certification_time_table *, long persons); /* centidays; 0: no persons or no table */
enum certification_level certification_complexity(int a, int b, int c);         /* three scores of 1 to 3 */
/* `share` is the whole adjustment in per cent, `recalculated` the base for the recertification. */
struct certification_time certification_audit_time(long effective, long base, int share);

enum certification_sample {
    CERTIFICATION_INITIAL,
    CERTIFICATION_SURVEILLANCE,
    CERTIFICATION_RECERTIFICATION,
    CERTIFICATION_RECERTIFICATION_EFFECTIVE,
    CERTIFICATION_UNLIKE
};
long certification_sites(long sites, enum certification_sample); /* without the centre, which is audited every time */
long certification_random(long sample);                          /* at least a quarter of it is drawn at random */

/* ---- life.c */

enum certification_state {
    CERTIFICATION_NONE,
    CERTIFICATION_APPLIED,
    CERTIFICATION_REFUSED,
    CERTIFICATION_CONTRACTED,
    CERTIFICATION_STAGE1_DONE,
    CERTIFICATION_STAGE2_DONE,
    CERTIFICATION_STAGE2_REPEAT,
    CERTIFICATION_DECISION_PENDING,
    CERTIFICATION_CERTIFIED,
    CERTIFICATION_SUSPENDED,
    CERTIFICATION_WITHDRAWN,
    CERTIFICATION_EXPIRED,
    CERTIFICATION_TRANSFERRED_OUT,
    CERTIFICATION_STATES
};
extern const char *const certification_state_names[CERTIFICATION_STATES];

/* What is known on the day of an event. */
struct certification_facts {
    long on;                                /* the event's day */
    bool stated;                            /* scope, sites, persons and outsourcing are stated */
    bool reviewed, agreed, timed, conflict; /* application; agreement; approved audit time; a conflict of interest */
    bool documented, concerns, internal_audit, management_review;
    long stage1, stage2;                         /* last days; 0: not held */
    int majors, majors_late, minors;             /* not verified; verified after six months; plans not accepted */
    bool decided, decider_in_team;               /* a decision for exactly this is being released */
    long decision, expiry;                       /* of the cycle */
    bool surveillance, recertification, special; /* such an audit is concluded and not yet used */
    long audited;                                /* the last day of that audit */
    int surveillances;                           /* used in this cycle */
    long surveillance_due;                       /* the first day missed or to come; 0: none */
    long suspended;                              /* since */
    bool resolved, requested;                    /* the cause is settled; the client asks in writing */
    bool scope_changed;                          /* a new scope is stated */
    bool other_valid, other_accredited, other_suspended, scope_larger; /* the certificate of the other body */
    long other_ceased;                                                 /* the other body stopped or lost its accreditation */
    bool accepted_elsewhere;                                           /* the other body took it over */
    bool edition_2013;
    int stage2_months, suspension_months; /* settings of the body */
};

struct certification_step {
    const char *id, *verb; /* "CS-01", "apply" */
    enum certification_state from, to;
    bool decision;                                            /* happens by the release of a decision only */
    const char *(*guard)(const struct certification_facts *); /* NULL or the code of what is in the way */
};
enum { CERTIFICATION_STEPS = 30 };
extern const struct certification_step certification_steps[CERTIFICATION_STEPS];
const struct certification_step *certification_step(const char *verb); /* NULL: none */
/* NULL: may go. Else the code. */
const char *certification_objection(const struct certification_step *, const struct certification_facts *);
const char *certification_objection_text(const char *code); /* for a person who has to act on it */
#define CERTIFICATION_END_OF_2013 20392L                    /* 2025-10-31 */

/* ---- schedule.c */

enum { CERTIFICATION_TASKS = 200, CERTIFICATION_BEFORE = 20 };

struct certification_task {
    long duration;                                     /* days, at least 1 */
    long started, finished;                            /* 0: not yet */
    int progress;                                      /* per cent */
    bool counts;                                       /* towards the end of the project; upkeep after it does not */
    size_t before[CERTIFICATION_BEFORE], before_count; /* indexes of predecessors */
    long start, finish, slack; /* computed; both days included. slack: days it may slip without moving the end */
    bool critical;
};

/* Fills start, finish, slack and critical. Answers the last day of the tasks that count; 0: the predecessors form a circle. */
long certification_schedule(struct certification_task *, size_t count, long start, long today);

#endif
