/* ballium key: the keys that sign and verify tokens. */
#include "auth/keys.h"
#include "cli/cli.h"

#include <string.h>
#include <strings.h>

static int add(const struct config *config, const char *name)
{
    char kid[KID_ROOM];
    for (int i = 0; i < KEY_ALGORITHMS; i++)
        if (strcasecmp(name, key_algorithm_name((enum key_algorithm)i)) == 0) {
            if (!key_generate(config->keys_dir, (enum key_algorithm)i, kid, stderr))
                return CLI_FAILED;
            puts(kid);
            return CLI_OK;
        }
    fprintf(stderr, "ballium: no algorithm `%s`: es256, rs256 or hs256\n", name);
    return CLI_USAGE;
}

static int list(const struct config *config)
{
    struct keys *keys = keys_load(config->keys_dir, stderr);
    if (!keys)
        return CLI_FAILED;
    for (size_t i = 0; i < keys->count; i++) {
        const struct key *key = &keys->list[i];
        printf("%-24s  %s  %s\n", key->kid, key_algorithm_name(key->algorithm),
               key == keys->signing ? "signs"
               : key->sign          ? "verifies, could sign"
                                    : "verifies");
    }
    keys_free(keys);
    return CLI_OK;
}

static int key_run(struct config *config, int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";
    if (strcmp(verb, "new") == 0 && argc <= 3)
        return add(config, argc == 3 ? argv[2] : "es256");
    if (strcmp(verb, "list") == 0 && argc == 2)
        return list(config);
    if (strcmp(verb, "use") == 0 && argc == 3)
        return key_use(config->keys_dir, argv[2], stderr) ? CLI_OK : CLI_FAILED;
    if (strcmp(verb, "retire") == 0 && argc == 3)
        return key_retire(config->keys_dir, argv[2], stderr) ? CLI_OK : CLI_FAILED;
    return cli_usage(&cli_key);
}

const struct cli_command cli_key = {
    .name = "key",
    .usage = "new [es256|rs256|hs256] | list | use KID | retire KID\n"
             "  new     makes a key (es256 unless said otherwise) and prints its kid; the first one signs\n"
             "  list    kid, algorithm, what it does\n"
             "  use     lets this one sign; the others go on verifying\n"
             "  retire  removes the file: its tokens are refused from then on\n"
             "  A running service takes the change on SIGHUP. To rotate: new, SIGHUP, use, SIGHUP; retire the old one when\n"
             "  access_ttl has passed.",
    .summary = "token keys: new, list, use, retire",
    .run = key_run,
};
