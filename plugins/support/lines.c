/* What turns the lines of one text into those of another. */
#include "support.h"
#include <string.h>

enum { MOST_EDITS = 500 }; /* beyond it the search costs more than its answer is worth to a reader */

size_t support_lines(struct bl_request *r, const char *text, struct support_line **out)
{
    size_t count = 0;
    for (const char *at = text; *at; count++) {
        at += strcspn(at, "\n");
        at += *at == '\n';
    }
    *out = bl_alloc(r, (count + 1) * sizeof **out);
    for (size_t i = 0; i < count; i++) {
        size_t length = strcspn(text, "\n"), end = length;
        bool carriage = length > 0 && text[length - 1] == '\r';
        (*out)[i] = (struct support_line){.at = text, .length = carriage ? length - 1 : length};
        text += end + (text[end] == '\n');
    }
    return count;
}

static bool same(const struct support_line *a, const struct support_line *b)
{
    return a->length == b->length && memcmp(a->at, b->at, a->length) == 0;
}

/* How far each diagonal has come with d edits; reach[d][k + d] for -d <= k <= d. */
struct search {
    const struct support_line *a, *b;
    long a_count, b_count;
    long *reach[MOST_EDITS + 1];
};

/* Where diagonal k starts with d edits, before it slides along equal lines. */
static long start(const struct search *s, long d, long k)
{
    if (d == 0)
        return 0;
    const long *before = s->reach[d - 1] + (d - 1);
    bool down = k == -d || (k != d && before[k - 1] < before[k + 1]); /* a line of the second text is taken */
    return down ? before[k + 1] : before[k - 1] + 1;
}

/* The number of edits; -1: more than MOST_EDITS. */
static long search(struct bl_request *r, struct search *s)
{
    for (long d = 0; d <= MOST_EDITS; d++) {
        s->reach[d] = bl_alloc(r, (size_t)(2 * d + 1) * sizeof(long));
        for (long k = -d; k <= d; k += 2) {
            long x = start(s, d, k), y = x - k;
            while (x < s->a_count && y < s->b_count && x >= 0 && y >= 0 && same(&s->a[x], &s->b[y])) {
                x++;
                y++;
            }
            s->reach[d][k + d] = x;
            if (x >= s->a_count && y >= s->b_count)
                return d;
        }
    }
    return -1;
}

/* Writes the path from its end to its start into list[…end), and answers where it begins. */
static size_t walk_back(const struct search *s, long d, struct support_edit *list, size_t end)
{
    long x = s->a_count, y = s->b_count;
    for (; d >= 0; d--) {
        long k = x - y, from = start(s, d, k);
        for (; x > from; x--, y--)
            list[--end] = (struct support_edit){.kind = '=', .old = (size_t)x - 1, .fresh = (size_t)y - 1};
        if (d == 0)
            break;
        const long *before = s->reach[d - 1] + (d - 1);
        if (k == -d || (k != d && before[k - 1] < before[k + 1]))
            list[--end] = (struct support_edit){.kind = '+', .fresh = (size_t)--y};
        else
            list[--end] = (struct support_edit){.kind = '-', .old = (size_t)--x};
    }
    return end;
}

static size_t replace_all(const struct search *s, struct support_edit *list, size_t end)
{
    for (size_t y = (size_t)s->b_count; y > 0; y--)
        list[--end] = (struct support_edit){.kind = '+', .fresh = y - 1};
    for (size_t x = (size_t)s->a_count; x > 0; x--)
        list[--end] = (struct support_edit){.kind = '-', .old = x - 1};
    return end;
}

struct support_edits support_compare(struct bl_request *r, const struct support_line *a, size_t a_count,
                                     const struct support_line *b, size_t b_count)
{
    size_t head = 0, tail = 0, most = a_count + b_count;
    struct support_edit *list = bl_alloc(r, (most + 1) * sizeof *list);
    while (head < a_count && head < b_count && same(&a[head], &b[head]))
        head++;
    while (tail < a_count - head && tail < b_count - head && same(&a[a_count - 1 - tail], &b[b_count - 1 - tail]))
        tail++;
    struct search s = {
        .a = a + head, .b = b + head, .a_count = (long)(a_count - head - tail), .b_count = (long)(b_count - head - tail)};

    size_t at = most; /* from the end of the list to its start: the tail, the middle, the head */
    for (size_t i = 0; i < tail; i++)
        list[--at] = (struct support_edit){.kind = '=', .old = a_count - 1 - i, .fresh = b_count - 1 - i};
    size_t middle_end = at;
    long d = search(r, &s);
    at = d < 0 ? replace_all(&s, list, at) : walk_back(&s, d, list, at);
    for (size_t i = at; i < middle_end; i++) {
        list[i].old += head;
        list[i].fresh += head;
    }
    for (size_t i = head; i > 0; i--)
        list[--at] = (struct support_edit){.kind = '=', .old = i - 1, .fresh = i - 1};
    return (struct support_edits){.list = list + at, .count = most - at, .minimal = d >= 0};
}
