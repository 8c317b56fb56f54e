/* A whole organisation as an archive, and back. What is exported is asked of the catalogue: every table with a tenant_id that the
 * serving role reads, so that a new area is in it without a word here.
 *
 *   organisation.json            slug, name, kind
 *   members.jsonl                people, with their roles; no passwords
 *   <schema>.<table>.jsonl       a row a line, in the order of the primary key
 *   files/<sha256>               the bytes of files
 *   manifest.json                last: versions, and every part with its rows, size and SHA-256 */
#ifndef JOBS_TRANSFER_H
#define JOBS_TRANSFER_H

#include "base/config.h"
#include "base/ids.h"
#include <ballium/status.h>
#include <jansson.h>
#include <stdbool.h>

enum { TRANSFER_PROBLEM = 400 };

struct transfer {
    char tenant[UUID_TEXT], slug[64];
    long long rows, parts, files;
    char manifest[65]; /* SHA-256 of manifest.json */
    char problem[TRANSFER_PROBLEM];
};

/* Writes a new file at `path`, from one moment of the database. `actor` NULL: the operator, also of an organisation that is
 * closed; else that person, who must hold core.organisation:export. False: problem says why, and there is no file. Worker's
 * connection. */
bool transfer_export(const struct config *, const char *tenant, const char *actor, const char *path, struct transfer *);

/* Makes a new organisation of an archive: new ids throughout, references and texts that name them rewritten, references such as
 * RISK-12 kept. People are found by their e-mail address, or made without a password; whoever came by an engagement has left.
 * `slug` NULL: as it was. `manifest`: the SHA-256 that the export told; NULL: whatever it says. All or nothing. Connections:
 * migrator's and worker's. */
bool transfer_import(const struct config *, const char *path, const char *slug, const char *manifest, struct transfer *);

/* The job behind POST …/export. */
struct bl_request;
enum bl_status transfer_job(struct bl_request *, const json_t *input, json_t **outcome);

#endif
