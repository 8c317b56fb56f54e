/* The document as a workbook: what it is on the first sheet, each table on one of its own. Texts are never taken for formulas. */
#include "report/report.h"

#include "base/ids.h"
#include "base/utf8.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#include <xlsxwriter.h>
#pragma GCC diagnostic pop

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 32000 /* bytes; a cell takes 32,767 characters */, NAME_MAX_ = 31 };

struct book {
    lxw_workbook *workbook;
    lxw_format *title, *label, *header, *text, *date, *number;
};

static void set_formats(struct book *b)
{
    lxw_format **all[] = {&b->title, &b->label, &b->header, &b->text, &b->date, &b->number};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        *all[i] = workbook_add_format(b->workbook);
        format_set_align(*all[i], LXW_ALIGN_VERTICAL_TOP);
    }
    format_set_bold(b->title);
    format_set_font_size(b->title, 16);
    format_set_bold(b->label);
    format_set_bold(b->header);
    format_set_text_wrap(b->header);
    format_set_bg_color(b->header, 0xE8EDF4);
    format_set_bottom(b->header, LXW_BORDER_THIN);
    format_set_text_wrap(b->text);
    format_set_num_format(b->date, "yyyy-mm-dd");
    format_set_num_format(b->number, "General");
}

/* A cell's text as far as it goes, cut between two characters. */
static void put_text(lxw_worksheet *sheet, lxw_row_t row, lxw_col_t column, const char *text, lxw_format *format)
{
    if (strlen(text) <= TEXT_MAX) {
        worksheet_write_string(sheet, row, column, text, format);
        return;
    }
    size_t length = TEXT_MAX;
    while ((text[length] & 0xc0) == 0x80)
        length--;
    char *part = strndup(text, length);
    worksheet_write_string(sheet, row, column, part == NULL ? "" : part, format);
    free(part);
}

static void put_cell(const struct book *b, lxw_worksheet *sheet, lxw_row_t row, lxw_col_t column, const char *kind,
                     const json_t *cell)
{
    char room[64], *end = NULL;
    const char *text = report_cell(cell, room);
    int32_t days;
    double number = strtod(text, &end);
    if (strcmp(kind, "number") == 0 && end != text && *end == '\0' && strspn(text, "+-.0123456789eE") == strlen(text)) {
        worksheet_write_number(sheet, row, column, number, b->number);
    } else if (strcmp(kind, "date") == 0 && date_parse(text, &days)) {
        lxw_datetime day = {.year = (int)strtol(text, NULL, 10),
                            .month = (int)strtol(text + 5, NULL, 10),
                            .day = (int)strtol(text + 8, NULL, 10)};
        worksheet_write_datetime(sheet, row, column, &day, b->date);
    } else if (*text != '\0') {
        put_text(sheet, row, column, text, b->text);
    }
}

/* Names take 31 characters and none of []:*?/\ ; each once. */
static lxw_worksheet *add_sheet(const struct book *b, const char *heading)
{
    char name[NAME_MAX_ + 8] = "";
    size_t n = 0;
    for (const char *p = heading; *p != '\0' && n < NAME_MAX_ - 4; p++)
        if ((unsigned char)*p < 0x80 && (unsigned char)*p >= 0x20 && strchr("[]:*?/\\'", *p) == NULL)
            name[n++] = *p;
    name[n] = '\0';
    if (n == 0)
        snprintf(name, sizeof name, "Table");
    n = strlen(name);
    for (int i = 2; workbook_get_worksheet_by_name(b->workbook, name) != NULL && i < 100; i++)
        snprintf(name + n, sizeof name - n, " %d", i);
    return workbook_add_worksheet(b->workbook, name);
}

static void put_table(const struct book *b, const char *heading, const json_t *table)
{
    const json_t *columns = json_object_get(table, "columns"), *rows = json_object_get(table, "rows"), *column, *row, *cell;
    lxw_worksheet *sheet = add_sheet(b, heading);
    lxw_col_t last = (lxw_col_t)(json_array_size(columns) - 1);
    size_t i, k;
    if (sheet == NULL)
        return;
    json_array_foreach(columns, i, column)
    {
        double width = (double)json_integer_value(json_object_get(column, "width"));
        worksheet_set_column(sheet, (lxw_col_t)i, (lxw_col_t)i, width < 6 ? 14 : width > 100 ? 100 : width + 2, NULL);
        put_text(sheet, 0, (lxw_col_t)i, report_text(column, "title"), b->header);
    }
    json_array_foreach(rows, i, row)
    {
        json_array_foreach(row, k, cell)
            put_cell(b, sheet, (lxw_row_t)i + 1, (lxw_col_t)k, report_text(json_array_get(columns, k), "kind"), cell);
    }
    worksheet_freeze_panes(sheet, 1, 0);
    worksheet_autofilter(sheet, 0, 0, (lxw_row_t)json_array_size(rows), last);
    worksheet_repeat_rows(sheet, 0, 0);
    worksheet_set_landscape(sheet);
    worksheet_set_paper(sheet, 9); /* A4 */
    worksheet_fit_to_pages(sheet, 1, 0);
    worksheet_set_footer(sheet, "&L&A&RPage &P of &N");
}

static void put_about(const struct book *b, const json_t *d)
{
    static const char *const members[][2] = {
        {"Organisation", "organisation"}, {"Version", "version"}, {"Classification", "classification"}};
    lxw_worksheet *sheet = add_sheet(b, "About");
    const json_t *one;
    char label[64], value[64];
    lxw_row_t row = 0;
    size_t i;
    if (sheet == NULL)
        return;
    worksheet_set_column(sheet, 0, 0, 30, NULL);
    worksheet_set_column(sheet, 1, 2, 50, NULL);
    put_text(sheet, row++, 0, report_text(d, "title"), b->title);
    if (*report_text(d, "subtitle") != '\0')
        put_text(sheet, row++, 0, report_text(d, "subtitle"), NULL);
    row++;
    for (i = 0; i < 3; i++) {
        if (*report_text(d, members[i][1]) == '\0')
            continue;
        put_text(sheet, row, 0, members[i][0], b->label);
        put_text(sheet, row++, 1, report_text(d, members[i][1]), b->text);
    }
    json_array_foreach(json_object_get(d, "facts"), i, one)
    {
        put_text(sheet, row, 0, report_cell(json_array_get(one, 0), label), b->label);
        put_text(sheet, row++, 1, report_cell(json_array_get(one, 1), value), b->text);
    }
    put_text(sheet, row, 0, "Made on", b->label);
    put_text(sheet, row++, 1, report_text(d, "made_at"), b->text);
    json_array_foreach(json_object_get(d, "approval"), i, one)
    {
        put_text(sheet, row, 0, report_text(one, "role"), b->label);
        put_text(sheet, row, 1, report_text(one, "name"), b->text);
        put_text(sheet, row++, 2, report_text(one, "date"), b->text);
    }
    json_array_foreach(json_object_get(d, "sections"), i, one)
    {
        if (*report_text(one, "text") == '\0')
            continue;
        row++;
        put_text(sheet, row++, 0, report_text(one, "heading"), b->label);
        put_text(sheet, row++, 1, report_text(one, "text"), b->text);
    }
}

static bool pass_on(FILE *file, report_sink sink, void *arg)
{
    char bytes[65536];
    off_t at = 0;
    for (ssize_t n; (n = pread(fileno(file), bytes, sizeof bytes, at)) > 0; at += n)
        if (!sink(arg, bytes, (size_t)n))
            return false;
    return at > 0;
}

bool report_xlsx(const json_t *d, report_sink sink, void *arg, char why[REPORT_WHY])
{
    FILE *file = tmpfile(); /* unlinked: gone with its descriptor */
    char path[64];
    const json_t *section;
    size_t i;
    snprintf(path, sizeof path, "/proc/self/fd/%d", file == NULL ? -1 : fileno(file));
    struct book b = {.workbook =
                         file == NULL ? NULL : workbook_new_opt(path, &(lxw_workbook_options){.constant_memory = LXW_FALSE})};
    *why = '\0';
    if (b.workbook == NULL) {
        snprintf(why, REPORT_WHY, "the workbook could not be made: there is no room for temporary files");
        if (file != NULL)
            fclose(file);
        return false;
    }
    lxw_doc_properties properties = {
        .title = (char *)report_text(d, "title"), .company = (char *)report_text(d, "organisation"), .author = (char *)"Ballium"};
    workbook_set_properties(b.workbook, &properties);
    set_formats(&b);
    put_about(&b, d);
    json_array_foreach(json_object_get(d, "sections"), i, section) if (json_is_object(json_object_get(section, "table")))
        put_table(&b, report_text(section, "heading"), json_object_get(section, "table"));
    lxw_error error = workbook_close(b.workbook);
    bool good = error == LXW_NO_ERROR;
    if (!good)
        snprintf(why, REPORT_WHY, "the workbook could not be made: %s", lxw_strerror(error));
    good = good && pass_on(file, sink, arg);
    fclose(file);
    return good;
}
