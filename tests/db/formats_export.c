/* Lists as CSV and XLSX on a real database. */
#include "formats.h"

#include "resource/export.h"

#include <signal.h>
#include <sys/resource.h>
#include <zlib.h>

#define XLSX "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

static struct ask *fetch(struct yard_db *y, const char *path, const char *type, const char *const *query, int wanted)
{
    struct ask *a = formats_ask(y);
    a->fake.accepts = type;
    for (; query != NULL && *query != NULL; query += 2)
        ask_query(a, query[0], query[1]);
    yard_expect(a, ask(a, "GET", path, NULL), wanted);
    return a;
}

static int export_up(void **state)
{
    if (yard_up(state) != 0)
        return -1;
    struct yard_db *y = *state;
    yard_create(
        y, GATES,
        "{\"title\":\"=cmd|' /C calc'!A0\",\"height\":5,\"cost\":\"12.50\",\"due_on\":\"2026-02-01\",\"tags\":[\"a\",\"b;c\"],"
        "\"parts\":[{\"name\":\"hinge\"}],\"locked\":true}");
    yard_create(y, GATES, "{\"title\":\"comma, \\\"quote\\\"\",\"note\":\"line\\nbreak\"}");
    return 0;
}

static void csv_has_a_header_and_rows(void **state)
{
    struct yard_db *y = *state;
    struct ask *a =
        fetch(y, GATES, "text/csv",
              (const char *const[]){"fields", "title,height,cost,due_on,tags,parts,locked,note", "sort", "-title", NULL}, 200);
    assert_string_equal(a->fake.media_type, "text/csv; charset=utf-8; header=present");
    assert_string_equal(json_string_value(json_object_get(a->fake.headers, "Content-Disposition")),
                        "attachment; filename=\"keep-yard-gates-2026-03-04.csv\"");
    assert_string_equal(a->fake.written,
                        "title,note,height,cost,locked,due_on,tags,parts\r\n"
                        "\"comma, \"\"quote\"\"\",\"line\nbreak\",,,false,,,[]\r\n"
                        "'=cmd|' /C calc'!A0,,5,12.50,true,2026-02-01,\"a; b\\;c\",\"[{\"\"name\"\": \"\"hinge\"\", "
                        "\"\"amount\"\": 1}]\"\r\n");
    ask_free(a);
}

static void filters_hold_and_paging_does_not(void **state)
{
    struct yard_db *y = *state;
    struct ask *a = fetch(y, GATES, "text/csv", (const char *const[]){"height", "gte.5", "fields", "height", NULL}, 200);
    assert_string_equal(a->fake.written, "height\r\n5\r\n");
    ask_free(a);
    a = fetch(y, GATES, "text/csv", (const char *const[]){"height", "99", "fields", "height", NULL}, 200);
    assert_string_equal(a->fake.written, "height\r\n");
    ask_free(a);
    ask_free(fetch(y, GATES, "text/csv", (const char *const[]){"limit", "5", NULL}, 400));
    ask_free(fetch(y, GATES, "text/csv", (const char *const[]){"colour", "red", NULL}, 400));
}

/* Rows straight into the table, as the tenant: its policies hold for the owner too. */
static void fill(struct yard_db *y, int rows)
{
    struct bl_rows *out[3];
    db_queue(y->app, "BEGIN", NULL, 0);
    db_queue(y->app, "SELECT core.enter($1::uuid, $2::uuid, NULL)", (const char *[]){y->anna, y->moat}, 2);
    db_queue(
        y->app,
        "INSERT INTO yard.log_entry (tenant_id, id, ref, version, created_at, created_by, updated_at, updated_by, text) SELECT "
        "$1::uuid, gen_random_uuid(), 'L-' || gen_random_uuid(), 1, now(), $2::uuid, now(), $2::uuid, 'entry ' || n FROM "
        "generate_series(1, "
        "$3::integer) n",
        (const char *[]){y->moat, y->anna, arena_format(y->arena, "%d", rows)}, 3);
    if (db_flush(y->app, y->arena, out) != BL_OK)
        fail_msg("%s", db_error(y->app)->message);
    assert_true(db_script(y->app, "COMMIT"));
}

static int fetch_log(struct yard_db *y, const char *type, size_t *lines)
{
    struct ask *a = formats_ask(y);
    a->fake.accepts = type;
    a->fake.request.tenant = y->moat;
    ask_query(a, "fields", "ref,text");
    int status = ask(a, "GET", "yard/log-entries", NULL);
    *lines = 0;
    for (size_t i = 0; i < a->fake.length; i++)
        *lines += a->fake.written[i] == '\n';
    if (status == 422)
        assert_non_null(ask_problem(a, "too_many_rows"));
    ask_free(a);
    return status;
}

static void long_lists_are_whole_or_refused(void **state)
{
    struct yard_db *y = *state;
    size_t lines;
    fill(y, 2501);
    assert_int_equal(fetch_log(y, "text/csv", &lines), 200);
    assert_int_equal(lines, 2502);
    fill(y, EXPORT_ROWS - 2501 + 1);
    assert_int_equal(fetch_log(y, "text/csv", &lines), 422);
    assert_int_equal(lines, 0); /* refused before a byte has left */
    assert_int_equal(fetch_log(y, XLSX, &lines), 422);
}

static void fetch_within(struct yard_db *y, int resource, rlim_t most)
{
    struct rlimit before, little;
    struct ask *a = formats_ask(y);
    a->fake.accepts = XLSX;
    assert_int_equal(getrlimit(resource, &before), 0);
    little = (struct rlimit){.rlim_cur = most, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(resource, &little), 0);
    int status = ask(a, "GET", GATES, NULL);
    assert_int_equal(setrlimit(resource, &before), 0);
    assert_int_equal(status, 503);
    assert_non_null(ask_problem(a, "no_room"));
    assert_int_equal(a->fake.length, 0);
    ask_free(a);
}

/* A workbook is made in a file: on a disk that is full, and where no file can be opened. */
static void a_workbook_needs_room(void **state)
{
    struct yard_db *y = *state;
    signal(SIGXFSZ, SIG_IGN);
    fetch_within(y, RLIMIT_FSIZE, 512);
    signal(SIGXFSZ, SIG_DFL);
    fetch_within(y, RLIMIT_NOFILE, 3);
}

/* A file of the ZIP archive, inflated; found by its central directory (APPNOTE 4.3.12). */
static char *unzip(struct yard_db *y, const char *zip, size_t length, const char *name)
{
    for (size_t i = 0; i + 46 < length; i++) {
        const unsigned char *p = (const unsigned char *)zip + i;
        if (memcmp(p, "PK\x01\x02", 4) != 0 || (size_t)(p[28] | p[29] << 8) != strlen(name) ||
            memcmp(p + 46, name, strlen(name)) != 0)
            continue;
        size_t packed = p[20] | (size_t)p[21] << 8 | (size_t)p[22] << 16,
               whole = p[24] | (size_t)p[25] << 8 | (size_t)p[26] << 16;
        size_t at = p[42] | (size_t)p[43] << 8 | (size_t)p[44] << 16;
        const unsigned char *local = (const unsigned char *)zip + at;
        at += 30 + (size_t)(local[26] | local[27] << 8) + (size_t)(local[28] | local[29] << 8);
        char *out = arena_alloc(y->arena, whole + 1);
        z_stream stream = {.next_in = (Bytef *)(uintptr_t)(zip + at),
                           .avail_in = (uInt)packed,
                           .next_out = (Bytef *)out,
                           .avail_out = (uInt)whole};
        assert_int_equal(inflateInit2(&stream, -MAX_WBITS), Z_OK);
        assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
        inflateEnd(&stream);
        return out;
    }
    fail_msg("no %s in the workbook", name);
    return NULL;
}

static void workbooks_hold_typed_cells(void **state)
{
    struct yard_db *y = *state;
    struct ask *a = fetch(y, GATES, XLSX,
                          (const char *const[]){"fields", "title,height,cost,locked,due_on,tags", "sort", "title", NULL}, 200);
    assert_string_equal(a->fake.media_type, XLSX);
    assert_non_null(
        strstr(json_string_value(json_object_get(a->fake.headers, "Content-Disposition")), "keep-yard-gates-2026-03-04.xlsx"));
    assert_memory_equal(a->fake.written, "PK\x03\x04", 4);
    const char *sheet = unzip(y, a->fake.written, a->fake.length, "xl/worksheets/sheet1.xml");
    assert_null(strstr(sheet, "<f>")); /* no text is a formula */
    assert_non_null(strstr(sheet, "=cmd|' /C calc'!A0</t>"));
    assert_non_null(strstr(sheet, "<pane ySplit=\"1\""));
    assert_non_null(strstr(sheet, "<autoFilter ref=\"A1:F3\"/>"));
    assert_non_null(strstr(sheet, "<v>46054</v>")); /* 2026-02-01 as a spreadsheet counts days */
    assert_non_null(strstr(sheet, "<v>12.5</v>"));
    assert_non_null(strstr(sheet, "t=\"b\"><v>1</v>"));
    assert_non_null(strstr(sheet, ">Due on</t>"));
    assert_non_null(strstr(unzip(y, a->fake.written, a->fake.length, "docProps/core.xml"), "<dc:title>Gates</dc:title>"));
    ask_free(a);
}

static void empty_workbooks_are_sound(void **state)
{
    struct yard_db *y = *state;
    struct ask *a = fetch(y, GATES, XLSX, (const char *const[]){"height", "99", NULL}, 200);
    assert_non_null(strstr(unzip(y, a->fake.written, a->fake.length, "xl/worksheets/sheet1.xml"), ">Title</t>"));
    ask_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_workbook_needs_room),
        cmocka_unit_test(csv_has_a_header_and_rows),
        cmocka_unit_test(filters_hold_and_paging_does_not),
        cmocka_unit_test(workbooks_hold_typed_cells),
        cmocka_unit_test(empty_workbooks_are_sound),
        cmocka_unit_test(long_lists_are_whole_or_refused),
    };
    return cmocka_run_group_tests(tests, export_up, yard_down);
}
