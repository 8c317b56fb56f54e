/* Documents as PDF and as workbooks: what hostile content becomes, and what the renderer may reach. */
#include "unit.h"

#include "report/report.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/ballium-report-XXXXXX";

static bool to_file(void *arg, const char *bytes, size_t length)
{
    return fwrite(bytes, 1, length, arg) == length;
}

static bool to_nobody(void *arg, const char *bytes, size_t length)
{
    (void)arg;
    (void)bytes;
    (void)length;
    return false;
}

/* What "COMMAND FILE REST" prints. */
static const char *printed(const char *command, const char *file, const char *rest)
{
    static char text[65536];
    char line[512];
    snprintf(line, sizeof line, "%s %s %s", command, file, rest);
    FILE *pipe = popen(line, "r");
    assert_non_null(pipe);
    text[fread(text, 1, sizeof text - 1, pipe)] = '\0';
    pclose(pipe);
    return text;
}

static json_t *document(const char *svg)
{
    json_t *d = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:[{s:s, s:s, s:s}], s:[[s,s]], s:[{s:s, s:s}, {s:s, s:s, s:{s:[{s:s, s:i}, {s:s, s:i, s:s}, "
        "{s:s, s:s}], s:[[s,s,s], [s,i,n]]}}]}",
        "title", "Statement <b>of</b> Applicability", "subtitle", "6.1.3 d", "organisation", "Keep & Sons \"Ltd\"", "version",
        "3", "classification", "confidential", "approval", "role", "Approved by", "name", "Anna", "date", "2026-11-20", "facts",
        "Scope", "</td></tr></table><img src=file:///etc/passwd>", "sections", "heading", "Purpose", "text",
        "First <script>alert(1)</script>\n\nSecond", "heading", "A/B [table]*", "image_svg", svg, "table", "columns", "title",
        "What", "width", 30, "title", "How many", "width", 10, "kind", "number", "title", "When", "kind", "date", "rows",
        "=cmd|'/c calc'!A1", "12.5", "2026-01-31", "@SUM(A1)", 7);
    assert_non_null(d);
    return d;
}

static void checked(void **state)
{
    char why[REPORT_WHY];
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"{}", "title 0: it has none"},
        {"{\"title\": \"t\", \"facts\": [[\"a\"]]}", "fact 0: must be a label and a value"},
        {"{\"title\": \"t\", \"sections\": [{\"text\": \"x\"}]}", "section 0: it has no heading"},
        {"{\"title\": \"t\", \"sections\": [{\"heading\": \"h\", \"table\": {\"columns\": [], \"rows\": []}}]}",
         "1 to 40 columns"},
        {"{\"title\": \"t\", \"sections\": [{\"heading\": \"h\", \"table\": {\"columns\": [{\"title\": \"c\"}], \"rows\": [[1, "
         "2]]}}]}",
         "as wide as the table"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *d = json_loads(cases[i].text, 0, NULL);
        const char *said = report_check(d, why);
        if (said == NULL || strstr(said, cases[i].why) == NULL)
            fail_msg("%s: %s", cases[i].text, said);
        json_decref(d);
    }
    json_t *d = document("<svg xmlns='http://www.w3.org/2000/svg'/>");
    assert_null(report_check(d, why));
    json_decref(d);
}

/* A listener that must never hear anything, named by a picture in the document. */
static int listener(char url[64])
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof here;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&here, sizeof here), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&here, &length), 0);
    snprintf(url, 64, "http://127.0.0.1:%d/x.png", ntohs(here.sin_port));
    return fd;
}

static void pdf(void **state)
{
    char why[REPORT_WHY] = "", path[64], url[64], svg[512];
    int heard = listener(url);
    (void)state;
    snprintf(svg, sizeof svg,
             "<svg xmlns='http://www.w3.org/2000/svg' width='90' height='20'><text x='2' y='15'>picture</text>"
             "<image href='%s' width='9' height='9'/><image href='file:///etc/passwd' width='9' height='9'/></svg>",
             url);
    json_t *d = document(svg);
    snprintf(path, sizeof path, "%s/a.pdf", folder);
    FILE *out = fopen(path, "wb");
    bool good = report_pdf(d, folder, to_file, out, why);
    fclose(out);
    json_decref(d);
    if (!good)
        fail_msg("%s", why);
    struct pollfd p = {.fd = heard, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 0), 0); /* nobody came */
    close(heard);
    const char *about = printed("pdfinfo", path, "");
    assert_non_null(strstr(about, "Tagged:          yes"));
    assert_non_null(strstr(about, "Title:           Statement <b>of</b> Applicability"));
    const char *text = printed("pdftotext -layout", path, "-");
    assert_non_null(strstr(text, "First <script>alert(1)</script>"));
    assert_non_null(strstr(text, "Keep & Sons \"Ltd\""));
    assert_non_null(strstr(text, "file:///etc/passwd>")); /* as a text */
    assert_null(strstr(text, "root:"));
    assert_non_null(strstr(text, "Page 1 of "));
    assert_non_null(strstr(text, "version 3 · Approved by: Anna, 2026-11-20"));
    assert_non_null(strstr(text, "confidential"));
    assert_string_equal(printed("ls", folder, ""), "a.pdf\n"); /* its own folder is gone */
}

/* What a text becomes that says how it is to be set. */
static void markdown(void **state)
{
    static const struct {
        const char *text, *html;
    } cases[] = {
        {"", ""},
        {"One\ntwo\n\nthree", "<p class=\"text\">One<br>two</p>\n<p class=\"text\">three</p>\n"},
        {"# A\r\n## B\n### C\n#### D\n#none", "<h3 class=\"text\">A</h3>\n<h4 class=\"text\">B</h4>\n<h5 class=\"text\">C</h5>\n"
                                              "<h5 class=\"text\">D</h5>\n<p class=\"text\">#none</p>\n"},
        {"- a\n* b\n1. c\n12. d",
         "<ul class=\"text\"><li>a</li>\n<li>b</li>\n</ul>\n<ol class=\"text\"><li>c</li>\n<li>d</li>\n</ol>\n"},
        {"-a\n1.b\n-", "<p class=\"text\">-a<br>1.b<br>-</p>\n"},
        {"a **b** `c` **d", "<p class=\"text\">a <strong>b</strong> <code>c</code> **d</p>\n"},
        {"**** ``", "<p class=\"text\">**** ``</p>\n"},
        {"```\n# <b>\n```\nafter", "<pre class=\"text\"># &lt;b&gt;\n</pre>\n<p class=\"text\">after</p>\n"},
        {"```\nopen", "<pre class=\"text\">open\n</pre>\n"},
        {"<img src=x> & **<b>** `</code>` [a](javascript:b) ![c](file:///d)",
         "<p class=\"text\">&lt;img src=x&gt; &amp; <strong>&lt;b&gt;</strong> <code>&lt;/code&gt;</code> [a](javascript:b) "
         "![c](file:///d)</p>\n"},
        {"# </h3><script>", "<h3 class=\"text\">&lt;/h3&gt;&lt;script&gt;</h3>\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *said = NULL;
        size_t length = 0;
        FILE *out = open_memstream(&said, &length);
        report_markdown(cases[i].text, out);
        fclose(out);
        assert_string_equal(said, cases[i].html);
        free(said);
    }
}

static void pdf_failures(void **state)
{
    char why[REPORT_WHY] = "";
    json_t *d = document("<svg xmlns='http://www.w3.org/2000/svg'/>");
    (void)state;
    assert_false(report_pdf(d, "/nonexistent", to_file, NULL, why));
    assert_non_null(strstr(why, "the renderer cannot be started"));
    assert_false(report_pdf(d, folder, to_nobody, NULL, why));
    assert_string_equal(why, "");
    json_decref(d);
}

static void workbook(void **state)
{
    char why[REPORT_WHY] = "", path[64];
    json_t *d = document("<svg xmlns='http://www.w3.org/2000/svg'/>");
    (void)state;
    snprintf(path, sizeof path, "%s/a.xlsx", folder);
    FILE *out = fopen(path, "wb");
    assert_true(report_xlsx(d, to_file, out, why));
    fclose(out);
    json_decref(d);
    const char *all = printed("/usr/bin/python3 -c 'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); "
                              "print(*(z.read(n).decode() for n in z.namelist()))'",
                              path, "");
    assert_null(strstr(all, "<f>"));                   /* no formula anywhere */
    assert_non_null(strstr(all, "=cmd|"));             /* but its text */
    assert_non_null(strstr(all, "<v>12.5</v>"));       /* numbers are numbers */
    assert_non_null(strstr(all, "<v>46053</v>"));      /* and 2026-01-31 is a day */
    assert_non_null(strstr(all, "name=\"AB table\"")); /* a sheet's name takes no brackets */
    assert_non_null(strstr(all, "state=\"frozen\""));
    assert_non_null(strstr(all, "<autoFilter ref=\"A1:C3\"/>"));
}

/* In a child that is closed in as the renderer is: each letter is something that it could do after all. */
static int reached(void)
{
    char own[64];
    struct rlimit cpu;
    snprintf(own, sizeof own, "%s/own", folder);
    if (!report_enclose(folder))
        return 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd >= 0 || errno != EACCES)
        return 2;
    if (open("/etc/passwd", O_RDONLY) >= 0)
        return 3;
    if (open("/tmp/ballium-report-stray", O_WRONLY | O_CREAT, 0600) >= 0)
        return 4;
    if (open("/usr/lib/os-release", O_RDONLY) < 0)
        return 5;
    if (open(own, O_WRONLY | O_CREAT, 0600) < 0)
        return 6;
    if (getrlimit(RLIMIT_CPU, &cpu) != 0 || cpu.rlim_max == RLIM_INFINITY)
        return 7;
    return 0;
}

static void closed_in(void **state)
{
    int status;
    (void)state;
    pid_t pid = fork();
    if (pid == 0)
        _exit(reached());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    char line[64];
    snprintf(line, sizeof line, "rm -rf %s", folder);
    return system(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checked),      cmocka_unit_test(markdown), cmocka_unit_test(pdf),
        cmocka_unit_test(pdf_failures), cmocka_unit_test(workbook), cmocka_unit_test(closed_in),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
