#include "resource/csv.h"

#include "base/utf8.h"

#include <string.h>

static char sniff(const char *at, const char *end)
{
    size_t commas = 0, semicolons = 0;
    bool quoted = false;
    for (; at < end && (quoted || (*at != '\n' && *at != '\r')); at++) {
        if (*at == '"')
            quoted = !quoted;
        else if (!quoted && *at == ',')
            commas++;
        else if (!quoted && *at == ';')
            semicolons++;
    }
    return semicolons > commas ? ';' : ',';
}

void csv_start(struct csv *csv, struct arena *arena, const char *text, size_t length)
{
    memset(csv, 0, sizeof *csv);
    csv->arena = arena;
    csv->at = text;
    csv->end = text + length;
    if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        csv->at += 3;
    csv->line_start = csv->at;
    csv->line_now = 1;
    csv->separator = sniff(csv->at, csv->end);
}

/* `line_start` is where line number `line` begins. */
static bool bad_at(struct csv *csv, unsigned line, const char *line_start, const char *at, const char *code, const char *detail)
{
    csv->code = code;
    csv->detail = detail;
    csv->bad_line = line;
    csv->bad_column = 1;
    for (const char *p = line_start; p < at; p++)
        csv->bad_column += ((unsigned char)*p & 0xC0) != 0x80;
    csv->at = csv->end;
    return false;
}

static bool bad(struct csv *csv, const char *at, const char *code, const char *detail)
{
    return bad_at(csv, csv->line_now, csv->line_start, at, code, detail);
}

/* Passes over one character of a cell; knows lines. */
static bool step(struct csv *csv)
{
    if (*csv->at == '\0')
        return bad(csv, csv->at, "zero_byte", "a zero byte; save the file as \"CSV UTF-8\"");
    size_t length = utf8_next(csv->at, csv->end);
    if (length == 0)
        return bad(csv, csv->at, "invalid_utf8", "not UTF-8; save the file as \"CSV UTF-8\"");
    bool line_end = *csv->at == '\n';
    csv->at += length;
    if (line_end) {
        csv->line_now++;
        csv->line_start = csv->at;
    }
    return true;
}

static bool at_cell_end(const struct csv *csv)
{
    if (csv->at == csv->end || *csv->at == csv->separator || *csv->at == '\n')
        return true;
    return *csv->at == '\r' && csv->at + 1 < csv->end && csv->at[1] == '\n';
}

static bool read_bare(struct csv *csv, struct csv_cell *cell)
{
    cell->text = csv->at;
    while (!at_cell_end(csv)) {
        if (*csv->at == '"')
            return bad(csv, csv->at, "stray_quote",
                       "a quote inside a cell that does not begin with one; double it and quote the cell");
        if (*csv->at == '\r')
            return bad(csv, csv->at, "stray_return", "a carriage return that does not end a line; quote the cell");
        if (!step(csv))
            return false;
        if ((size_t)(csv->at - cell->text) > CSV_FIELD_MAX)
            return bad(csv, cell->text, "field_too_long", "a cell of more than 65,536 bytes");
    }
    cell->length = (size_t)(csv->at - cell->text);
    return true;
}

static const char *undouble(struct csv *csv, const char *text, size_t length, size_t *out)
{
    char *copy = arena_alloc(csv->arena, length + 1);
    size_t n = 0;
    for (size_t i = 0; i < length; i++) {
        copy[n++] = text[i];
        if (text[i] == '"')
            i++;
    }
    *out = n;
    return copy;
}

static bool read_quoted(struct csv *csv, struct csv_cell *cell)
{
    bool doubled = false;
    unsigned line = csv->line_now;
    const char *line_start = csv->line_start, *start = ++csv->at;
    for (;;) {
        if (csv->at == csv->end)
            return bad_at(csv, line, line_start, start - 1, "open_quote", "the quote that opens this cell is never closed");
        if (*csv->at == '"') {
            if (csv->at + 1 == csv->end || csv->at[1] != '"')
                break;
            doubled = true;
            csv->at += 2;
        } else if (!step(csv)) {
            return false;
        }
        if ((size_t)(csv->at - start) > CSV_FIELD_MAX)
            return bad(csv, csv->at, "field_too_long", "a cell of more than 65,536 bytes");
    }
    cell->text = start;
    cell->length = (size_t)(csv->at - start);
    if (doubled)
        cell->text = undouble(csv, start, cell->length, &cell->length);
    csv->at++;
    if (!at_cell_end(csv))
        return bad(csv, csv->at, "text_after_quote", "text after the quote that closes a cell");
    return true;
}

static void skip_line_end(struct csv *csv)
{
    if (csv->at < csv->end && *csv->at == '\r')
        csv->at++;
    if (csv->at < csv->end && *csv->at == '\n') {
        csv->at++;
        csv->line_now++;
        csv->line_start = csv->at;
    }
}

static bool read_row(struct csv *csv)
{
    csv->count = 0;
    csv->line = csv->line_now;
    for (;;) {
        if (csv->count == CSV_COLUMNS_MAX)
            return bad(csv, csv->at, "too_many_columns", "more than 200 columns");
        struct csv_cell *cell = &csv->cells[csv->count];
        bool quoted = csv->at < csv->end && *csv->at == '"';
        if (!(quoted ? read_quoted(csv, cell) : read_bare(csv, cell)))
            return false;
        csv->count++;
        if (csv->at == csv->end || *csv->at != csv->separator)
            break;
        csv->at++;
    }
    skip_line_end(csv);
    return true;
}

enum csv_result csv_next(struct csv *csv)
{
    if (csv->code)
        return CSV_BAD;
    while (csv->at < csv->end && at_cell_end(csv) && *csv->at != csv->separator)
        skip_line_end(csv);
    if (csv->at == csv->end)
        return CSV_END;
    if (csv->rows > CSV_ROWS_MAX) {
        bad(csv, csv->at, "too_many_rows", "more than 10,000 rows; send the file in parts");
        return CSV_BAD;
    }
    if (!read_row(csv))
        return CSV_BAD;
    csv->rows++;
    return CSV_ROW;
}

/* Would a spreadsheet run it, or is it such a text behind apostrophes? */
static bool formula(const char *text, size_t length)
{
    size_t i = 0;
    while (i < length && text[i] == '\'')
        i++;
    return i < length && text[i] != '\0' && strchr("=+-@\t\r", text[i]) != NULL;
}

void csv_put(struct buf *out, const char *text, size_t length, bool guard)
{
    guard = guard && formula(text, length);
    bool quote = false;
    for (size_t i = 0; i < length && !quote; i++)
        quote = text[i] == ',' || text[i] == ';' || text[i] == '"' || text[i] == '\n' || text[i] == '\r';
    if (quote)
        buf_char(out, '"');
    if (guard)
        buf_char(out, '\'');
    if (!quote) {
        buf_add(out, text, length);
        return;
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"')
            buf_char(out, '"');
        buf_char(out, text[i]);
    }
    buf_char(out, '"');
}

struct csv_cell csv_plain(struct csv_cell cell)
{
    if (cell.length > 0 && cell.text[0] == '\'' && formula(cell.text, cell.length)) {
        cell.text++;
        cell.length--;
    }
    return cell;
}

void csv_list_put(struct buf *out, const char *element, size_t length, bool first)
{
    if (!first)
        buf_text(out, "; ");
    for (size_t i = 0; i < length; i++) {
        bool edge = element[i] == ' ' && (i == 0 || i == length - 1);
        if (edge || element[i] == ';' || element[i] == '\\')
            buf_char(out, '\\');
        buf_char(out, element[i]);
    }
}

bool csv_list_next(struct arena *arena, struct csv_cell *cell, struct csv_cell *element)
{
    if (cell->length == 0)
        return false;
    const char *p = cell->text, *end = p + cell->length, *stop = p;
    while (stop < end && *stop != ';')
        stop += *stop == '\\' && stop + 1 < end ? 2 : 1;
    char *copy = arena_alloc(arena, (size_t)(stop - p) + 1);
    size_t n = 0, kept = 0; /* kept: up to the last byte that is not a blank to trim */
    while (p < stop && *p == ' ')
        p++;
    for (; p < stop; p++) {
        bool escaped = *p == '\\' && p + 1 < stop;
        if (escaped)
            p++;
        copy[n++] = *p;
        if (escaped || *p != ' ')
            kept = n;
    }
    *element = (struct csv_cell){.text = copy, .length = kept};
    /* a separator at the very end closes the last element, it does not open another */
    cell->text = stop < end ? stop + 1 : stop;
    cell->length = (size_t)(end - cell->text);
    return true;
}
