/* ballium org purge, and the check of the proof that it leaves. */
#ifndef CLI_PURGE_H
#define CLI_PURGE_H

#include "cli/directory.h"

int org_purge(struct directory *, int argc, char **argv);
int org_proof(const struct config *, int argc, char **argv); /* needs no database */

#endif
