/* The Unix socket that nginx reaches. */
#ifndef FCGI_LISTEN_H
#define FCGI_LISTEN_H

#include <stdbool.h>
#include <stdio.h>

/* A listening, non-blocking socket. Either the one that systemd passed (sd_listen_fds(3); `*passed` is set and the file is not
 * ours to remove), or `path`, made with mode 0660 and `group` ("": the process's own). The file of a process that is gone is
 * replaced; that of a living one is not. -1: printed to `errors` what is wrong and what to do. */
int fcgi_listen(const char *path, const char *group, bool *passed, FILE *errors);

#endif
