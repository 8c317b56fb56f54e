/* Any bytes: the reader ends, stays inside the text and gives cells that are UTF-8; what it gives, written and read again, is
 * the same. */
#include "resource/csv.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(struct arena *arena, const struct csv *csv)
{
    struct buf out = buf_new(arena, 256);
    buf_text(&out, "header\r\n"); /* as every export: else a byte order mark in the first cell would be taken for the file's */
    for (unsigned i = 0; i < csv->count; i++) {
        if (i > 0)
            buf_char(&out, ',');
        csv_put(&out, csv->cells[i].text, csv->cells[i].length, true);
    }
    buf_text(&out, ",end\r\n");
    struct csv *again = arena_alloc(arena, sizeof *again);
    csv_start(again, arena, out.data, out.length);
    again->separator = ',';
    if (csv_next(again) != CSV_ROW || csv_next(again) != CSV_ROW || again->count != csv->count + 1)
        abort();
    for (unsigned i = 0; i < csv->count; i++) {
        struct csv_cell cell = csv_plain(again->cells[i]);
        if (cell.length != csv->cells[i].length || memcmp(cell.text, csv->cells[i].text, cell.length) != 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(256u << 20);
    struct csv *csv = arena_alloc(arena, sizeof *csv);
    char *text = malloc(size ? size : 1); /* no more, so that a byte too far is seen */
    memcpy(text, data, size);
    csv_start(csv, arena, text, size);
    while (csv_next(csv) == CSV_ROW) {
        for (unsigned i = 0; i < csv->count; i++) {
            if (csv->cells[i].length > CSV_FIELD_MAX || !utf8_valid(csv->cells[i].text, csv->cells[i].length))
                abort();
            struct csv_cell cell = csv->cells[i], element;
            while (csv_list_next(arena, &cell, &element))
                ;
        }
        if (csv->count < CSV_COLUMNS_MAX && csv->rows < 64 && size < CSV_FIELD_MAX / 4)
            same(arena, csv);
    }
    free(text);
    arena_free(arena);
    return 0;
}
