/* ballium user erase: a person is forgotten, in every organisation and in one transaction. */
#ifndef CLI_ERASE_H
#define CLI_ERASE_H

#include "cli/directory.h"

int user_erase(struct directory *, int argc, char **argv);

#endif
