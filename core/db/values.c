/* Binary results as C values, text and JSON. The layouts are those of PostgreSQL's typsend functions: big-endian, fixed
 * since 7.4. */
#include "base/buf.h"
#include "base/ids.h"
#include "base/json.h"
#include "base/log.h"
#include "db/db.h"
#include "db/rows.h"
#include <endian.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* From pg_type.dat; the numbers never change. */
enum {
    T_BOOL = 16,
    T_CHAR = 18,
    T_NAME = 19,
    T_INT8 = 20,
    T_INT2 = 21,
    T_INT4 = 23,
    T_TEXT = 25,
    T_OID = 26,
    T_JSON = 114,
    T_FLOAT4 = 700,
    T_FLOAT8 = 701,
    T_UNKNOWN = 705,
    T_BPCHAR = 1042,
    T_VARCHAR = 1043,
    T_DATE = 1082,
    T_TIMESTAMPTZ = 1184,
    T_NUMERIC = 1700,
    T_VOID = 2278,
    T_UUID = 2950,
    T_JSONB = 3802,
    T_BOOL_LIST = 1000,
    T_NAME_LIST = 1003,
    T_INT2_LIST = 1005,
    T_INT4_LIST = 1007,
    T_TEXT_LIST = 1009,
    T_VARCHAR_LIST = 1015,
    T_INT8_LIST = 1016,
    T_DATE_LIST = 1182,
    T_UUID_LIST = 2951,
};

#define DAYS_TO_2000 10957 /* PostgreSQL counts from 2000-01-01, the world from 1970-01-01 */
#define MICROSECONDS_TO_2000 (INT64_C(86400000000) * DAYS_TO_2000)
#define SCALAR_TEXT 48

/* One value as received. */
struct value {
    Oid type;
    const char *bytes;
    size_t length;
};

static uint16_t get16(const char *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return be16toh(v);
}

static uint32_t get32(const char *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return be32toh(v);
}

static uint64_t get64(const char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return be64toh(v);
}

static double get_double(const struct value *v)
{
    if (v->type == T_FLOAT4) {
        uint32_t bits = get32(v->bytes);
        float narrow;
        memcpy(&narrow, &bits, sizeof narrow);
        return (double)narrow;
    }
    uint64_t bits = get64(v->bytes);
    double wide;
    memcpy(&wide, &bits, sizeof wide);
    return wide;
}

static bool is_text(Oid type)
{
    return type == T_TEXT || type == T_VARCHAR || type == T_BPCHAR || type == T_NAME || type == T_CHAR || type == T_UNKNOWN ||
           type == T_VOID;
}

static bool is_integer(Oid type)
{
    return type == T_INT8 || type == T_INT4 || type == T_INT2 || type == T_OID;
}

static bool is_list(Oid type)
{
    return type == T_TEXT_LIST || type == T_UUID_LIST || type == T_VARCHAR_LIST || type == T_NAME_LIST || type == T_INT4_LIST ||
           type == T_INT8_LIST || type == T_INT2_LIST || type == T_BOOL_LIST || type == T_DATE_LIST;
}

static int64_t get_integer(const struct value *v)
{
    switch (v->type) {
    case T_INT8:
        return (int64_t)get64(v->bytes);
    case T_INT4:
        return (int32_t)get32(v->bytes);
    case T_INT2:
        return (int16_t)get16(v->bytes);
    case T_OID:
        return (int64_t)get32(v->bytes);
    case T_BOOL:
        return v->bytes[0] != 0;
    default:
        return 0;
    }
}

/* numeric: digits in base 10000, `weight` of them (and one) before the point, `scale` decimal digits behind it. */
static void add_numeric(struct buf *out, const char *p)
{
    int count = (int16_t)get16(p), weight = (int16_t)get16(p + 2), scale = (int16_t)get16(p + 6);
    unsigned sign = get16(p + 4);
    if (sign == 0xC000 || sign == 0xD000 || sign == 0xF000) {
        buf_text(out, sign == 0xC000 ? "NaN" : sign == 0xD000 ? "Infinity" : "-Infinity");
        return;
    }
    if (sign == 0x4000)
        buf_char(out, '-');
    if (weight < 0)
        buf_char(out, '0');
    for (int i = 0; i <= weight; i++)
        buf_format(out, i ? "%04u" : "%u", i < count ? (unsigned)get16(p + 8 + 2 * i) : 0u);
    if (scale == 0)
        return;
    buf_char(out, '.');
    for (int i = weight + 1; scale > 0; i++, scale -= 4) {
        char group[8];
        snprintf(group, sizeof group, "%04u", i >= 0 && i < count ? (unsigned)get16(p + 8 + 2 * i) : 0u);
        buf_add(out, group, scale < 4 ? (size_t)scale : 4);
    }
}

/* Shortest form that reads back as the same number. */
static void format_double(double v, char out[SCALAR_TEXT])
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out, SCALAR_TEXT, "%.*g", digits, v);
        if (strtod(out, NULL) == v)
            return;
    }
}

/* Date, time and uuid: always strings. False: another type. */
static bool format_scalar(const struct value *v, char out[SCALAR_TEXT])
{
    if (v->type == T_UUID) {
        uuid_format((const uint8_t *)v->bytes, out);
    } else if (v->type == T_TIMESTAMPTZ) {
        int64_t t = (int64_t)get64(v->bytes);
        if (t == INT64_MAX || t == INT64_MIN)
            strcpy(out, t > 0 ? "infinity" : "-infinity");
        else
            time_format(t + MICROSECONDS_TO_2000, out);
    } else if (v->type == T_DATE) {
        int32_t d = (int32_t)get32(v->bytes);
        if (d == INT32_MAX || d == INT32_MIN)
            strcpy(out, d > 0 ? "infinity" : "-infinity");
        else
            date_format(d + DAYS_TO_2000, out);
    } else {
        return false;
    }
    return true;
}

static bool value_at(const struct bl_rows *rows, int row, int column, struct value *out)
{
    size_t length = (size_t)PQgetlength(rows->result, row, column);
    if (length == 0 && PQgetisnull(rows->result, row, column))
        return false;
    *out =
        (struct value){.type = PQftype(rows->result, column), .bytes = PQgetvalue(rows->result, row, column), .length = length};
    return true;
}

static void write_value(struct json *, struct arena *, const char *name, const struct value *);

/* array_send: dimensions, has-null flag, element type; per dimension length and lower bound; then each element. One dimension. */
static void write_list(struct json *json, struct arena *arena, const char *name, const struct value *v)
{
    json_open(json, name, '[');
    uint32_t count = get32(v->bytes) == 1 ? get32(v->bytes + 12) : 0;
    const char *p = v->bytes + 20;
    for (uint32_t i = 0; i < count; i++) {
        int32_t length = (int32_t)get32(p);
        p += 4;
        if (length < 0) {
            json_put_raw(json, NULL, NULL);
            continue;
        }
        write_value(json, arena, NULL, &(struct value){.type = get32(v->bytes + 8), .bytes = p, .length = (size_t)length});
        p += length;
    }
    json_end(json);
}

static void write_value(struct json *json, struct arena *arena, const char *name, const struct value *v)
{
    char text[SCALAR_TEXT];
    if (is_text(v->type)) {
        json_put_bytes(json, name, v->bytes, v->length);
    } else if (is_integer(v->type)) {
        json_put_integer(json, name, get_integer(v));
    } else if (v->type == T_BOOL) {
        json_put_bool(json, name, v->bytes[0] != 0);
    } else if (format_scalar(v, text)) {
        json_put_text(json, name, text);
    } else if (v->type == T_JSONB) {
        json_put_raw_bytes(json, name, v->bytes + 1, v->length - 1); /* the first byte is the version of jsonb_send: 1 */
    } else if (v->type == T_JSON) {
        json_put_raw_bytes(json, name, v->bytes, v->length);
    } else if (is_list(v->type)) {
        write_list(json, arena, name, v);
    } else if (v->type == T_FLOAT8 || v->type == T_FLOAT4) {
        double number = get_double(v);
        format_double(number, text);
        json_put_raw(json, name, isfinite(number) ? text : NULL);
    } else if (v->type == T_NUMERIC) {
        struct buf digits = buf_new(arena, SCALAR_TEXT);
        add_numeric(&digits, v->bytes);
        json_put_bytes(json, name, digits.data, digits.length); /* a string: exact decimals do not survive a JSON number */
    } else {
        log_write(LOG_ERROR, "db_type", "column %s has type %u, which is not read: cast it to text", name ? name : "?", v->type);
        json_put_raw(json, name, NULL);
    }
}

void db_json(struct json *json, const char *name, const struct bl_rows *rows, int row, int column)
{
    struct value v;
    if (value_at(rows, row, column, &v))
        write_value(json, rows->arena, name, &v);
    else
        json_put_raw(json, name, NULL);
}

const char *db_cell(const struct bl_rows *rows, int row, int column)
{
    struct value v;
    char text[SCALAR_TEXT];
    if (!value_at(rows, row, column, &v))
        return NULL;
    if (is_text(v.type))
        return v.bytes; /* NUL-terminated by libpq, lives as long as the arena */
    if (is_integer(v.type))
        return arena_format(rows->arena, "%lld", (long long)get_integer(&v));
    if (v.type == T_BOOL)
        return v.bytes[0] ? "true" : "false";
    if (format_scalar(&v, text))
        return arena_string(rows->arena, text);
    if (v.type == T_JSONB)
        return v.bytes + 1;
    if (v.type == T_JSON)
        return v.bytes;
    if (v.type == T_FLOAT8 || v.type == T_FLOAT4) {
        format_double(get_double(&v), text);
        return arena_string(rows->arena, text);
    }
    struct buf out = buf_new(rows->arena, SCALAR_TEXT);
    if (v.type == T_NUMERIC) {
        add_numeric(&out, v.bytes);
        return out.data;
    }
    struct json json;
    json_start(&json, &out);
    write_value(&json, rows->arena, NULL, &v);
    return out.data;
}

int64_t db_integer(const struct bl_rows *rows, int row, int column)
{
    struct value v;
    if (!value_at(rows, row, column, &v))
        return 0;
    return v.type == T_NUMERIC ? strtoll(db_cell(rows, row, column), NULL, 10) : get_integer(&v);
}

int db_count(const struct bl_rows *rows)
{
    return PQntuples(rows->result);
}

int db_columns(const struct bl_rows *rows)
{
    return PQnfields(rows->result);
}

bool db_null(const struct bl_rows *rows, int row, int column)
{
    return PQgetisnull(rows->result, row, column);
}

Oid db_type(const struct bl_rows *rows, int column)
{
    return PQftype(rows->result, column);
}

const char *db_name(const struct bl_rows *rows, int column)
{
    return PQfname(rows->result, column);
}

const char *db_bytes(const struct bl_rows *rows, int row, int column, int *length)
{
    *length = PQgetlength(rows->result, row, column);
    return PQgetisnull(rows->result, row, column) ? NULL : PQgetvalue(rows->result, row, column);
}
