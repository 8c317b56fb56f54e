/* A controlled text as it was written: the part of Markdown that people use for rules. Headings, lists, paragraphs, **strong**,
 * `literal`, and text between ``` as it stands. Whatever else it holds is text: no element of HTML, no link, no picture comes of
 * it. */
#include "report/report.h"

#include <ctype.h>
#include <string.h>

struct writer {
    FILE *out;
    const char *open; /* the element that lines go into; NULL: none */
    bool first;       /* of its lines */
};

static void put(FILE *out, const char *text, size_t length)
{
    for (const char *end = text + length; text < end; text++) {
        if (*text == '&')
            fputs("&amp;", out);
        else if (*text == '<')
            fputs("&lt;", out);
        else if (*text == '>')
            fputs("&gt;", out);
        else
            fputc((unsigned char)*text < 0x20 ? ' ' : *text, out);
    }
}

static const char *find(const char *from, const char *end, const char *mark)
{
    size_t n = strlen(mark);
    for (; from + n <= end; from++)
        if (memcmp(from, mark, n) == 0)
            return from;
    return NULL;
}

/* One line with what is marked in it. A mark without its end is text. */
static void put_line(FILE *out, const char *text, size_t length)
{
    static const struct {
        const char *mark, *element;
    } kinds[] = {{"**", "strong"}, {"`", "code"}};
    const char *end = text + length;
    while (text < end) {
        const char *mark = NULL, *close = NULL;
        size_t kind = 0;
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            const char *here = find(text, end, kinds[k].mark);
            const char *there = here ? find(here + strlen(kinds[k].mark), end, kinds[k].mark) : NULL;
            if (there && there > here + strlen(kinds[k].mark) && (!mark || here < mark)) {
                mark = here;
                close = there;
                kind = k;
            }
        }
        put(out, text, (size_t)((mark ? mark : end) - text));
        if (!mark)
            return;
        mark += strlen(kinds[kind].mark);
        fprintf(out, "<%s>", kinds[kind].element);
        put(out, mark, (size_t)(close - mark));
        fprintf(out, "</%s>", kinds[kind].element);
        text = close + strlen(kinds[kind].mark);
    }
}

static void into(struct writer *w, const char *element)
{
    if (w->open && element && strcmp(w->open, element) == 0)
        return;
    if (w->open)
        fprintf(w->out, "</%s>\n", w->open);
    if (element)
        fprintf(w->out, "<%s class=\"text\">", element);
    w->open = element;
    w->first = true;
}

/* How many bytes of the line's beginning make it an item; 0: it is none. */
static size_t bullet(const char *line, size_t length, const char **list)
{
    size_t indent = 0, n;
    while (indent < length && line[indent] == ' ')
        indent++;
    for (n = indent; n < length && isdigit((unsigned char)line[n]); n++)
        ;
    bool number = n > indent && n + 1 < length && line[n] == '.' && line[n + 1] == ' ';
    bool dash = indent + 1 < length && strchr("-*+", line[indent]) && line[indent + 1] == ' ';
    *list = number ? "ol" : "ul";
    return number ? n + 2 : dash ? indent + 2 : 0;
}

static void put_block(struct writer *w, const char *line, size_t length)
{
    static const char *const headings[] = {"h3", "h4", "h5"};
    const char *list;
    size_t marks = 0, item = bullet(line, length, &list);
    while (marks < length && marks < 6 && line[marks] == '#')
        marks++;
    if (marks > 0 && marks < length && line[marks] == ' ') {
        into(w, NULL);
        into(w, headings[marks > 3 ? 2 : marks - 1]);
        put_line(w->out, line + marks + 1, length - marks - 1);
        into(w, NULL);
    } else if (item > 0) {
        into(w, list);
        fputs("<li>", w->out);
        put_line(w->out, line + item, length - item);
        fputs("</li>\n", w->out);
    } else {
        into(w, "p");
        fputs(w->first ? "" : "<br>", w->out);
        put_line(w->out, line, length);
        w->first = false;
    }
}

void report_markdown(const char *text, FILE *out)
{
    struct writer w = {.out = out};
    bool literal = false;
    while (*text != '\0') {
        size_t length = strcspn(text, "\n"), shown = length - (length > 0 && text[length - 1] == '\r');
        bool fence = shown >= 3 && memcmp(text, "```", 3) == 0;
        if (fence) {
            literal = !literal;
            into(&w, literal ? "pre" : NULL);
        } else if (literal) {
            put(out, text, shown);
            fputc('\n', out);
        } else if (strspn(text, " \t\r") >= shown) {
            into(&w, NULL);
        } else {
            put_block(&w, text, shown);
        }
        text += length + (text[length] == '\n');
    }
    into(&w, NULL);
}
