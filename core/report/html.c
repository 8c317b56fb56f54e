/* The document as HTML for the printer: every text escaped, every table with its headings, nothing that would have to be fetched.
 */
#include "report/report.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

extern const char bl_data_report_css[];

enum {
    WIDE = 105 /* characters side by side that still fit on a page upright */,
    TOKEN = 32 /* so long a word is a hash or an address: a hyphen in it would be read as its own */
};

static void put(FILE *out, const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        switch (*p) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        case '\n':
            fputs("<br>", out);
            break;
        default:
            fputc(*p < 0x20 ? ' ' : *p, out);
        }
    }
}

/* Inside an attribute or <title>: no element may stand there. */
static void put_plain(FILE *out, const char *text)
{
    char *copy = strdup(text);
    for (char *p = copy; p != NULL && *p != '\0'; p++)
        if (*p == '\n')
            *p = ' ';
    put(out, copy == NULL ? "" : copy);
    free(copy);
}

static void put_element(FILE *out, const char *element, const char *class, const char *text)
{
    if (*text == '\0')
        return;
    fprintf(out, "<%s class=\"%s\">", element, class);
    put(out, text);
    fprintf(out, "</%.*s>\n", (int)strcspn(element, " "), element);
}

static void put_paragraphs(FILE *out, const char *text)
{
    while (*text != '\0') {
        const char *end = strstr(text, "\n\n");
        size_t length = end == NULL ? strlen(text) : (size_t)(end - text);
        char *part = strndup(text, length);
        if (part != NULL && *part != '\0')
            put_element(out, "p", "text", part);
        free(part);
        text += length + (end == NULL ? 0 : 2);
    }
}

/* What stands on every page, taken out of the flow by the style sheet. */
static void put_running(const json_t *d, FILE *out)
{
    put_element(out, "div", "run-organisation", report_text(d, "organisation"));
    put_element(out, "div", "run-classification", report_text(d, "classification"));
    fputs("<div class=\"run-title\">", out);
    put_plain(out, report_text(d, "title"));
    if (*report_text(d, "version") != '\0') {
        fputs(" · version ", out);
        put_plain(out, report_text(d, "version"));
    }
    const json_t *approval = json_object_get(d, "approval");
    const json_t *last = json_array_get(approval, json_array_size(approval) - 1);
    if (*report_text(last, "name") != '\0' && *report_text(last, "date") != '\0') {
        fputs(" · ", out);
        put_plain(out, report_text(last, "role"));
        fputs(": ", out);
        put_plain(out, report_text(last, "name"));
        fputs(", ", out);
        put_plain(out, report_text(last, "date"));
    }
    fputs("</div>\n", out);
}

static void put_fact(FILE *out, const char *label, const char *value)
{
    if (*value == '\0')
        return;
    fputs("<tr><th scope=\"row\">", out);
    put(out, label);
    fputs("</th><td>", out);
    put(out, value);
    fputs("</td></tr>\n", out);
}

static void put_facts(const json_t *d, FILE *out)
{
    char label[64], value[64];
    const json_t *fact;
    size_t i;
    fputs("<table class=\"facts\"><tbody>\n", out);
    put_fact(out, "Organisation", report_text(d, "organisation"));
    put_fact(out, "Version", report_text(d, "version"));
    put_fact(out, "Classification", report_text(d, "classification"));
    json_array_foreach(json_object_get(d, "facts"), i, fact)
        put_fact(out, report_cell(json_array_get(fact, 0), label), report_cell(json_array_get(fact, 1), value));
    put_fact(out, "Made on", report_text(d, "made_at"));
    fputs("</tbody></table>\n", out);
}

static void put_approval(const json_t *approval, FILE *out)
{
    const json_t *one;
    size_t i;
    if (json_array_size(approval) == 0)
        return;
    fputs("<h2 class=\"block\">Approval</h2>\n<table class=\"grid approval\"><thead><tr><th scope=\"col\">Role</th>"
          "<th scope=\"col\">Name</th><th scope=\"col\">Date</th></tr></thead><tbody>\n",
          out);
    json_array_foreach(approval, i, one)
    {
        static const char *const members[] = {"role", "name", "date"};
        fputs("<tr>", out);
        for (size_t k = 0; k < 3; k++) {
            fputs("<td>", out);
            put(out, report_text(one, members[k]));
            fputs("</td>", out);
        }
        fputs("</tr>\n", out);
    }
    fputs("</tbody></table>\n", out);
}

static long width_of(const json_t *column)
{
    json_int_t width = json_integer_value(json_object_get(column, "width"));
    return width < 3 ? 12 : width > 200 ? 200 : (long)width;
}

static long table_width(const json_t *table)
{
    const json_t *column;
    long all = 0;
    size_t i;
    json_array_foreach(json_object_get(table, "columns"), i, column) all += width_of(column);
    return all;
}

static bool is_number(const json_t *column)
{
    return strcmp(report_text(column, "kind"), "number") == 0;
}

static const char *class_of(const json_t *column, const char *text)
{
    if (is_number(column))
        return "<td class=\"number\">";
    if (strcmp(report_text(column, "kind"), "date") == 0)
        return "<td class=\"date\">";
    return strcspn(text, " \n") >= TOKEN ? "<td class=\"token\">" : "<td>";
}

static void put_table(const json_t *table, const char *caption, FILE *out)
{
    const json_t *columns = json_object_get(table, "columns"), *column, *row, *cell;
    long all = table_width(table);
    size_t i, k;
    fputs("<table class=\"grid\"><caption>", out);
    put(out, caption);
    fputs("</caption><colgroup>", out);
    json_array_foreach(columns, i, column)
        fprintf(out, "<col style=\"width:%.2f%%\">", 100.0 * (double)width_of(column) / (double)all);
    fputs("</colgroup><thead><tr>", out);
    json_array_foreach(columns, i, column)
    {
        fprintf(out, "<th scope=\"col\"%s>", is_number(column) ? " class=\"number\"" : "");
        put(out, report_text(column, "title"));
        fputs("</th>", out);
    }
    fputs("</tr></thead><tbody>\n", out);
    json_array_foreach(json_object_get(table, "rows"), i, row)
    {
        fputs("<tr>", out);
        json_array_foreach(row, k, cell)
        {
            char room[64];
            const char *text = report_cell(cell, room);
            fputs(class_of(json_array_get(columns, k), text), out);
            put(out, text);
            fputs("</td>", out);
        }
        fputs("</tr>\n", out);
    }
    fputs("</tbody></table>\n", out);
    if (json_array_size(json_object_get(table, "rows")) == 0)
        fputs("<p class=\"none\">None.</p>\n", out);
}

/* As an image of its own, so that what is in it is never markup of the page. */
static void put_image(const char *svg, const char *what, FILE *out)
{
    size_t room = sodium_base64_ENCODED_LEN(strlen(svg), sodium_base64_VARIANT_ORIGINAL);
    char *text = malloc(room);
    if (text == NULL)
        return;
    fputs("<p class=\"figure\"><img alt=\"", out);
    put_plain(out, what);
    fprintf(out, "\" src=\"data:image/svg+xml;base64,%s\"></p>\n",
            sodium_bin2base64(text, room, (const unsigned char *)svg, strlen(svg), sodium_base64_VARIANT_ORIGINAL));
    free(text);
}

static void put_section(const json_t *section, FILE *out)
{
    const json_t *table = json_object_get(section, "table");
    const char *heading = report_text(section, "heading"), *svg = report_text(section, "image_svg");
    fprintf(out, "<section%s>\n", json_is_object(table) && table_width(table) > WIDE ? " class=\"wide\"" : "");
    put_element(out, "h2", "heading", heading);
    if (json_is_true(json_object_get(section, "markdown")))
        report_markdown(report_text(section, "text"), out);
    else
        put_paragraphs(out, report_text(section, "text"));
    if (*svg != '\0')
        put_image(svg, heading, out);
    if (json_is_object(table))
        put_table(table, heading, out);
    fputs("</section>\n", out);
}

void report_html(const json_t *d, FILE *out)
{
    const json_t *section;
    size_t i;
    fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>", out);
    put_plain(out, report_text(d, "title"));
    fputs("</title><meta name=\"author\" content=\"", out);
    put_plain(out, report_text(d, "organisation"));
    fputs("\"><meta name=\"generator\" content=\"Ballium\"><meta name=\"description\" content=\"", out);
    put_plain(out, report_text(d, "subtitle"));
    fprintf(out, "\"><style>%s</style></head><body>\n", bl_data_report_css);
    put_running(d, out);
    put_element(out, "h1", "title", report_text(d, "title"));
    put_element(out, "p", "subtitle", report_text(d, "subtitle"));
    put_facts(d, out);
    put_approval(json_object_get(d, "approval"), out);
    json_array_foreach(json_object_get(d, "sections"), i, section) put_section(section, out);
    fputs("</body></html>\n", out);
}
