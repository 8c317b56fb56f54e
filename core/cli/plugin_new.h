#ifndef CLI_PLUGIN_NEW_H
#define CLI_PLUGIN_NEW_H

/* Makes the folder `dir`, which must not be there yet. Returns an exit code; has printed what went wrong. */
int plugin_new(const char *name, const char *dir);

#endif
