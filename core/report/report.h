/* A document as data becomes one to read: tagged PDF by WeasyPrint in a child that can reach nothing, or an XLSX workbook.
 *
 *   {"title", "subtitle", "organisation", "version", "classification", "approval": [{"role", "name", "date"}],
 *    "facts": [["label", "value"]],
 *    "sections": [{"heading", "text", "markdown", "table": {"columns": [{"title", "width", "kind"}], "rows": [["…"]]},
 * "image_svg"}]}
 *
 * Only title is needed. text: paragraphs, an empty line between two; with "markdown": true its headings, lists and emphasis are
 * set as such. width: in characters. kind: text, number or date (2026-01-31). Cells are texts, numbers, booleans or null, and
 * never formulas. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "base/arena.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { REPORT_WHY = 300 };

typedef bool (*report_sink)(void *arg, const char *bytes, size_t length); /* false ends */

/* NULL: well formed; else what is wrong, in `why`. */
const char *report_check(const json_t *document, char why[REPORT_WHY]);

/* False: `why` says it for people; "" when it was the sink that ended it. `scratch`: folder in which a temporary one is made. */
bool report_pdf(const json_t *document, const char *scratch, report_sink, void *arg, char why[REPORT_WHY]);
bool report_xlsx(const json_t *document, report_sink, void *arg, char why[REPORT_WHY]);

bool report_can_pdf(void); /* is WeasyPrint installed? */

/* html.c: what WeasyPrint gets. */
void report_html(const json_t *document, FILE *out);

/* markdown.c: a text with its headings, lists and emphasis; all else in it is escaped. */
void report_markdown(const char *text, FILE *out);

/* document.c: shared by both forms. A member as text; "" when it is not there. `room`: for what is not a text already. */
const char *report_text(const json_t *object, const char *name);
const char *report_cell(const json_t *cell, char room[64]);

/* sandbox.c: called in the child before exec. False: it must not go on. */
bool report_enclose(const char *folder);

#endif
