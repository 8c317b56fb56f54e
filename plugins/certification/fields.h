/* Fields that stand in the body's register and in the client's that shows it, or in several of one side: written once, so that
 * what is sent fits where it arrives. A parameter is what differs. */
#ifndef CERTIFICATION_FIELDS_H
#define CERTIFICATION_FIELDS_H

#include <ballium/resource.h>

/* client.c: the sites of a scope; why a team is objected to. */
extern const struct bl_field certification_site_items[], certification_objection_input[];

/* clang-format off */
#define CERTIFICATION_OUTCOMES "grant deny maintain extend reduce renew suspend reinstate reinstate_reduced withdraw restore take_over"

#define CERTIFICATION_APPLIES_FOR \
     {.name = "kind", .type = BL_ENUM, .flags = BL_REQUIRED | BL_FILTER, \
      .values = "initial transfer extension recertification", .initial = "initial", .label = "Kind", \
      .help = "What is applied for."}
#define CERTIFICATION_EDITION(more, text) \
     {.name = "edition", .type = BL_ENUM, .flags = (more), .values = "2013 2022", .initial = "2022", .label = "Edition", \
      .help = (text)}
#define CERTIFICATION_SCOPE(more, text) \
     {.name = "scope", .type = BL_TEXT, .flags = (more), .label = "Scope", .help = (text), .min = 1, .max = 5000, \
      .example = "Hosting, backup and support of servers for customers."}
#define CERTIFICATION_ADDRESS(text) \
     {.name = "address", .type = BL_TEXT, .flags = BL_REQUIRED, .label = "Head office", .help = (text), .min = 1, .max = 500, \
      .example = "Mill Lane 12, 37073 Göttingen"}
#define CERTIFICATION_CITY(more) \
     {.name = "city", .type = BL_TEXT, .flags = (more), .label = "City", .help = "Of the head office.", .min = 1, .max = 200, \
      .example = "Göttingen"}
#define CERTIFICATION_COUNTRY(more) \
     {.name = "country", .type = BL_TEXT, .flags = (more), .label = "Country", .help = "Two capital letters.", .min = 2, \
      .max = 2, .example = "DE"}
#define CERTIFICATION_PERSONS \
     {.name = "persons", .type = BL_INT, .flags = BL_REQUIRED, .label = "Persons", .help = "Who work inside the scope.", \
      .min = 1, .max = 1000000, .example = "14"}
#define CERTIFICATION_OUTSOURCING(text) \
     {.name = "outsourcing", .type = BL_TEXT, .flags = BL_REQUIRED | BL_LONG, .label = "Done by others", .help = (text), \
      .min = 1, .max = 5000, .example = "The server room is rented; nothing else."}
#define CERTIFICATION_GRADE(text) \
     {.name = "grade", .type = BL_ENUM, .flags = BL_REQUIRED | BL_FILTER, .values = "major minor observation", \
      .initial = "minor", .label = "Grade", .help = (text)}
#define CERTIFICATION_REQUIREMENT \
     {.name = "requirement", .type = BL_TEXT, .flags = BL_REQUIRED | BL_FILTER, .label = "Requirement", \
      .help = "Clause or control.", .min = 1, .max = 60, .example = "A.8.13"}
#define CERTIFICATION_STATEMENT(text) \
     {.name = "statement", .type = BL_TEXT, .flags = BL_REQUIRED | BL_LONG, .label = "Statement", .help = (text), .min = 1, \
      .max = 5000, .example = "No restore was tried out within the year."}
#define CERTIFICATION_NONCONFORMITY \
     {.name = "title", .type = BL_TEXT, .flags = BL_REQUIRED | BL_TITLE | BL_SEARCH, .label = "Nonconformity", \
      .help = "In a line.", .min = 1, .max = 200, .example = "Restores are not tried out"}
#define CERTIFICATION_DECISION_TITLE \
     {.name = "title", .type = BL_TEXT, .flags = BL_REQUIRED | BL_TITLE | BL_SEARCH, .label = "Decision", \
      .help = "In a line.", .min = 1, .max = 200, .example = "Certification of the hosting services"}
#define CERTIFICATION_FOUND(text) \
     {.name = "found_on", .type = BL_DATE, .flags = BL_REQUIRED | BL_FILTER, .label = "Found", .help = (text), \
      .example = "2026-02-03"}
#define CERTIFICATION_CORRECTION(text) \
     {.name = "correction", .type = BL_TEXT, .flags = BL_LONG, .label = "Correction", .help = (text), .max = 5000, \
      .example = "A restore was tried out on the same day."}
#define CERTIFICATION_CAUSE(text) \
     {.name = "cause", .type = BL_TEXT, .flags = BL_LONG, .label = "Cause", .help = (text), .max = 5000, \
      .example = "Drills are in nobody's calendar."}
#define CERTIFICATION_FINDING_DUE \
     {.name = "due_on", .type = BL_DATE, .flags = BL_GENERATED | BL_DUE, .label = "Due", .help = "What is due next.", \
      .expr = "CASE WHEN status IN ('open', 'contained', 'cause_found') THEN least(plan_by_on, verify_by_on)" \
      " WHEN status IN ('plan_submitted', 'plan_accepted', 'implemented') THEN verify_by_on END"}
#define CERTIFICATION_ANSWERED \
     {.name = "answered", .type = BL_INT, .flags = BL_SERVER, .label = "Answered", .help = "How many answers of the client are in it."}
#define CERTIFICATION_OUTCOME(text) \
     {.name = "outcome", .type = BL_ENUM, .flags = BL_REQUIRED | BL_FILTER, .values = CERTIFICATION_OUTCOMES, \
      .initial = "grant", .label = "Outcome", .help = (text)}
/* clang-format on */

#endif
