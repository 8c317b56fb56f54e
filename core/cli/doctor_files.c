/* The part of ballium doctor that looks at the store of files, and at what makes reports. */
#include "cli/doctor.h"
#include "db/db.h"
#include "files/files.h"
#include "report/report.h"

#include <stdlib.h>
#include <string.h>

static void verify(struct doctor *d, const struct files *files)
{
    char *text = NULL;
    size_t length = 0;
    long long seen = 0, orphans = 0;
    FILE *out = open_memstream(&text, &length);
    struct db *db = db_new(d->config->worker, false);
    if (out == NULL || db == NULL) {
        doctor_say(d, FAILURE, "files", "out of memory");
    } else {
        long broken = files_verify(files, db, out, &seen, &orphans);
        fclose(out);
        if (broken < 0)
            doctor_say(d, FAILURE, "files", "the database or the store does not answer: see above, and set `worker`");
        else
            doctor_say(d, broken > 0 ? FAILURE : FINE, "files", "%lld kept, %ld broken, %lld orphans", seen, broken, orphans);
        for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1)
            doctor_say(d, strncmp(line, "broken", 6) == 0 ? FAILURE : WARNING, "files", "%.*s", (int)strcspn(line, "\n"), line);
    }
    db_free(db);
    free(text);
}

void doctor_check_files(struct doctor *d)
{
    char *text = NULL;
    size_t length = 0;
    FILE *errors = open_memstream(&text, &length);
    if (errors == NULL)
        return;
    struct files *files = files_new(d->config, errors);
    fclose(errors);
    if (files == NULL)
        doctor_say_lines(d, FAILURE, "files", text);
    else if (*d->config->clamd_socket == '\0')
        doctor_say(d, FINE, "files", "kept on %s; uploads are not scanned for malware (clamd_socket is empty)",
                   d->config->file_store);
    else
        doctor_say(d, FINE, "files", "kept on %s; scanned by %s", d->config->file_store, d->config->clamd_socket);
    if (report_can_pdf())
        doctor_say(d, FINE, "reports", "WeasyPrint makes PDF");
    else
        doctor_say(d, WARNING, "reports", "no PDF, only workbooks: apt-get install weasyprint");
    if (files != NULL && d->files)
        verify(d, files);
    files_free(files);
    free(text);
}
