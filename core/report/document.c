#include "report/report.h"

#include <string.h>

enum { TABLE_COLUMNS = 40, TABLE_ROWS = 100000 };

const char *report_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text == NULL ? "" : text;
}

const char *report_cell(const json_t *cell, char room[64])
{
    if (json_is_string(cell))
        return json_string_value(cell);
    if (json_is_integer(cell))
        snprintf(room, 64, "%lld", (long long)json_integer_value(cell));
    else if (json_is_real(cell))
        snprintf(room, 64, "%g", json_real_value(cell));
    else if (json_is_boolean(cell))
        snprintf(room, 64, "%s", json_is_true(cell) ? "yes" : "no");
    else
        room[0] = '\0';
    return room;
}

static const char *flaw(char why[REPORT_WHY], const char *place, size_t i, const char *what)
{
    snprintf(why, REPORT_WHY, "the document that the report made is not one: %s %zu: %s", place, i, what);
    return why;
}

static const char *check_table(const json_t *table, size_t section, char why[REPORT_WHY])
{
    const json_t *columns = json_object_get(table, "columns"), *rows = json_object_get(table, "rows"), *row;
    size_t width = json_array_size(columns), i;
    if (width == 0 || width > TABLE_COLUMNS || json_array_size(rows) > TABLE_ROWS)
        return flaw(why, "section", section, "a table has 1 to 40 columns, and 100,000 rows at most");
    for (i = 0; i < width; i++)
        if (*report_text(json_array_get(columns, i), "title") == '\0')
            return flaw(why, "section", section, "a column without a title");
    json_array_foreach(rows, i, row)
    {
        if (json_array_size(row) != width)
            return flaw(why, "section", section, "a row that is not as wide as the table");
    }
    return NULL;
}

const char *report_check(const json_t *document, char why[REPORT_WHY])
{
    const json_t *section, *fact, *table;
    size_t i;
    if (*report_text(document, "title") == '\0')
        return flaw(why, "title", 0, "it has none");
    json_array_foreach(json_object_get(document, "facts"), i, fact)
    {
        if (json_array_size(fact) != 2)
            return flaw(why, "fact", i, "must be a label and a value");
    }
    json_array_foreach(json_object_get(document, "sections"), i, section)
    {
        table = json_object_get(section, "table");
        if (*report_text(section, "heading") == '\0')
            return flaw(why, "section", i, "it has no heading");
        if (json_is_object(table) && check_table(table, i, why) != NULL)
            return why;
    }
    return NULL;
}
