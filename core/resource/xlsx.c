/* A list as an XLSX workbook. The library writes row by row into temporary files; texts are never taken for formulas. */
#include "base/ids.h"
#include "resource/describe.h"
#include "resource/export.h"
#include "resource/routes.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#include <xlsxwriter.h>
#pragma GCC diagnostic pop

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX 32767 /* characters in a cell, by the format's own limits */
#define LIST_MEMORY ((size_t)16 << 20)

struct book {
    lxw_workbook *workbook;
    lxw_worksheet *sheet;
    lxw_format *header, *date, *time, *text;
    lxw_format *decimal[10]; /* by digits behind the point */
    uint64_t columns;
    lxw_row_t row;
    struct arena *arena;
    struct buf list, cut;
    FILE *file; /* unlinked: gone with its descriptor */
};

static void drop_book(void *arg)
{
    struct book *book = arg;
    if (book->workbook != NULL)
        lxw_workbook_free(book->workbook);
    if (book->file != NULL)
        fclose(book->file);
    arena_free(book->arena);
}

static void set_properties(struct bl_request *r, const struct plan *plan, struct book *book, const char *label)
{
    lxw_doc_properties properties = {
        .title = (char *)label,
        .subject = (char *)r->org,
        .author = (char *)"Ballium",
        .comments = (char *)plan->name,
        .created = (time_t)(r->now / 1000000),
    };
    workbook_set_properties(book->workbook, &properties);
}

/* Sheet names take 31 characters and none of []:*?/\ . */
static void sheet_name(const char *label, char out[32])
{
    size_t n = 0;
    for (const char *p = label; *p != '\0' && n < 31; p++) {
        if ((unsigned char)*p < 0x80 && strchr("[]:*?/\\'", *p) == NULL)
            out[n++] = *p;
    }
    out[n] = '\0';
}

static void set_formats(struct book *book)
{
    book->header = workbook_add_format(book->workbook);
    format_set_bold(book->header);
    format_set_bg_color(book->header, 0xD9E1F2);
    format_set_bottom(book->header, LXW_BORDER_THIN);
    book->date = workbook_add_format(book->workbook);
    format_set_num_format(book->date, "yyyy-mm-dd");
    book->time = workbook_add_format(book->workbook);
    format_set_num_format(book->time, "yyyy-mm-dd hh:mm:ss");
    book->text = workbook_add_format(book->workbook);
    format_set_text_wrap(book->text);
    format_set_align(book->text, LXW_ALIGN_VERTICAL_TOP);
}

static lxw_format *decimal_format(struct book *book, int scale)
{
    char pattern[16] = "0";
    if (scale < 0 || scale > 9)
        return NULL;
    if (book->decimal[scale] == NULL) {
        if (scale > 0)
            snprintf(pattern, sizeof pattern, "0.%0*d", scale, 0);
        book->decimal[scale] = workbook_add_format(book->workbook);
        format_set_num_format(book->decimal[scale], pattern);
    }
    return book->decimal[scale];
}

static double width_of(const struct plan_column *column)
{
    bool paragraphs = column->field != NULL && (column->field->flags & BL_LONG) != 0;
    switch (column->type) {
    case BL_TEXT:
        return paragraphs ? 60 : column->field != NULL ? 36 : 12;
    case BL_ITEMS:
    case BL_LIST:
        return 40;
    case BL_REF:
        return 38;
    case BL_TIME:
        return 20;
    default:
        return 14;
    }
}

static bool open_book(struct bl_request *r, const struct plan *plan, struct book *book)
{
    char path[64], name[32], made[LABEL_TEXT];
    const char *label = describe_label(plan->resource->label, plan->resource->name, strlen(plan->resource->name), made);
    book->arena = arena_new(LIST_MEMORY);
    book->file = tmpfile();
    if (book->arena == NULL || book->file == NULL)
        return false;
    book->list = buf_new(book->arena, 256);
    book->cut = buf_new(book->arena, 256);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fileno(book->file));
    book->workbook = workbook_new_opt(path, &(lxw_workbook_options){.constant_memory = LXW_TRUE});
    if (book->workbook == NULL)
        return false;
    sheet_name(label, name);
    book->sheet = workbook_add_worksheet(book->workbook, name[0] != '\0' ? name : NULL);
    if (book->sheet == NULL)
        return false;
    set_properties(r, plan, book, label);
    set_formats(book);
    return true;
}

static void put_header(const struct plan *plan, struct book *book)
{
    lxw_col_t column = 0;
    for (size_t i = 0; i < plan->column_count; i++) {
        const struct plan_column *c = &plan->columns[i];
        char made[LABEL_TEXT];
        if ((book->columns >> i & 1) == 0)
            continue;
        const char *label =
            c->field != NULL ? describe_field(c->field, made) : describe_label(NULL, c->name, strlen(c->name), made);
        worksheet_set_column(book->sheet, column, column, width_of(c), NULL);
        worksheet_write_string(book->sheet, 0, column++, label, book->header);
    }
    worksheet_freeze_panes(book->sheet, 1, 0);
    book->row = 1;
}

static void put_text(struct book *book, lxw_col_t column, const char *text)
{
    size_t characters = 0, bytes = 0;
    for (; text[bytes] != '\0' && characters < TEXT_MAX; bytes++)
        characters += ((unsigned char)text[bytes + 1] & 0xC0) != 0x80; /* counts where a character ends */
    if (text[bytes] != '\0') {
        buf_clear(&book->cut);
        buf_add(&book->cut, text, bytes);
        text = book->cut.data;
    }
    worksheet_write_string(book->sheet, book->row, column, text, book->text);
}

/* A spreadsheet counts days from 1900, and wrongly before March of that year: what is older stays text. */
static void put_day(struct book *book, lxw_col_t column, const char *text, bool time)
{
    enum { DAYS_TO_1970 = 25569, FIRST_SURE_DAY = 61 };
    int64_t microseconds = 0;
    int32_t days = 0;
    bool good = time ? time_parse(text, &microseconds) : date_parse(text, &days);
    double serial = DAYS_TO_1970 + (time ? (double)microseconds / 86400e6 : (double)days);
    if (good && serial >= FIRST_SURE_DAY)
        worksheet_write_number(book->sheet, book->row, column, serial, time ? book->time : book->date);
    else
        put_text(book, column, text);
}

static void put_cell(struct book *book, const struct plan_column *c, lxw_col_t column, const char *text)
{
    switch (c->type) {
    case BL_INT:
    case BL_DECIMAL:
        worksheet_write_number(book->sheet, book->row, column, strtod(text, NULL),
                               c->type == BL_DECIMAL ? decimal_format(book, c->field->scale) : NULL);
        return;
    case BL_BOOL:
        worksheet_write_boolean(book->sheet, book->row, column, text[0] == 't', NULL);
        return;
    case BL_DATE:
    case BL_TIME:
        put_day(book, column, text, c->type == BL_TIME);
        return;
    case BL_LIST:
        export_list(&book->list, text);
        put_text(book, column, book->list.data);
        return;
    default:
        put_text(book, column, text);
    }
}

static enum bl_status put_page(struct bl_request *r, const struct plan *plan, const struct bl_rows *rows, int count, void *arg)
{
    struct book *book = arg;
    for (int row = 0; row < count; row++, book->row++) {
        lxw_col_t column = 0;
        for (size_t i = 0; i < plan->column_count; i++) {
            if ((book->columns >> i & 1) == 0)
                continue;
            const char *text = bl_cell(r, rows, row, (int)i);
            if (text != NULL)
                put_cell(book, &plan->columns[i], column, text);
            column++;
        }
    }
    return BL_OK;
}

static enum bl_status send_book(struct bl_request *r, const struct plan *plan, struct book *book)
{
    static const char media[] = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    char piece[16384];
    size_t n;
    lxw_error error = workbook_close(book->workbook);
    book->workbook = NULL;
    if (error != LXW_NO_ERROR)
        return bl_fail(r, BL_UNAVAILABLE, "no_room", NULL,
                       "the workbook could not be written (%s); try again, or fetch the list as CSV", lxw_strerror(error));
    export_respond(r, plan, media, "xlsx");
    rewind(book->file);
    while ((n = fread(piece, 1, sizeof piece, book->file)) > 0)
        bl_write(r, piece, n);
    return BL_OK;
}

enum bl_status resource_list_xlsx(struct bl_request *r)
{
    const struct plan *plan = plan_route(r)->plan;
    uint64_t columns;
    enum bl_status status = export_start(r, plan, "xlsx", &columns);
    if (status != BL_OK)
        return status;
    struct book *book = bl_alloc(r, sizeof *book);
    bl_defer(r, drop_book, book);
    book->columns = columns;
    if (!open_book(r, plan, book))
        return bl_fail(r, BL_UNAVAILABLE, "no_room", NULL, "no room for a temporary file; try again, or fetch the list as CSV");
    put_header(plan, book);
    status = resource_scan(r, plan, put_page, book);
    if (status != BL_OK)
        return status;
    int count = 0;
    for (size_t i = 0; i < plan->column_count; i++)
        count += (columns >> i & 1) != 0;
    if (count > 0)
        worksheet_autofilter(book->sheet, 0, 0, book->row > 1 ? book->row - 1 : 1, (lxw_col_t)(count - 1));
    return send_book(r, plan, book);
}
