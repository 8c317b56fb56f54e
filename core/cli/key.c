/* ballium key: the keys that sign and verify tokens, and those that secrets in the database are sealed under. */
#include "auth/vault.h"
#include "cli/cli.h"
#include "cli/sealed.h"

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
    fprintf(stderr, "ballium: no algorithm `%s`: es256, rs256, hs256 or vault\n", name);
    return CLI_USAGE;
}

static void list_vault(const struct vault *vault, const char *kid)
{
    printf("%-24s  VAULT  %s\n", kid, strcmp(kid, vault_sealing(vault)) == 0 ? "seals" : "opens");
}

static int list(const struct config *config)
{
    struct keys *keys = keys_load(config->keys_dir, stderr);
    struct vault *vault = keys ? vault_load(config->keys_dir, stderr) : NULL;
    for (size_t i = 0; vault && i < keys->count; i++) {
        const struct key *key = &keys->list[i];
        printf("%-24s  %s  %s\n", key->kid, key_algorithm_name(key->algorithm),
               key == keys->signing ? "signs"
               : key->sign          ? "verifies, could sign"
                                    : "verifies");
    }
    for (size_t i = 0; vault && vault_at(vault, i); i++)
        list_vault(vault, vault_at(vault, i));
    int code = vault ? CLI_OK : CLI_FAILED;
    vault_free(vault);
    keys_free(keys);
    return code;
}

static int reseal(const struct config *config)
{
    struct sealed s;
    long total = 0, changed = 0;
    struct vault *vault = vault_load(config->keys_dir, stderr);
    bool open = sealed_open(&s, config, stderr), good = open && vault && sealed_anew(&s, vault, &total, &changed, stderr);
    if (vault && open)
        printf("%ld secrets, %ld sealed anew under %s\n", total, changed, vault_sealing(vault));
    sealed_close(&s);
    vault_free(vault);
    return good ? CLI_OK : CLI_FAILED;
}

/* With its key a secret is gone for good, so the database is asked first. */
static bool nothing_under(const struct config *config, const char *kid)
{
    struct sealed s;
    long count = sealed_open(&s, config, stderr) ? sealed_under(&s, kid, stderr) : -1;
    sealed_close(&s);
    if (count > 0)
        fprintf(stderr, "ballium: %ld secrets stand under %s: seal them anew first by `ballium key reseal`\n", count, kid);
    return count == 0;
}

static int retire(const struct config *config, const char *kid)
{
    enum key_algorithm algorithm;
    if (!key_kind(config->keys_dir, kid, &algorithm, stderr) || (algorithm == KEY_VAULT && !nothing_under(config, kid)))
        return CLI_FAILED;
    return key_retire(config->keys_dir, kid, stderr) ? CLI_OK : CLI_FAILED;
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
        return retire(config, argv[2]);
    if (strcmp(verb, "reseal") == 0 && argc == 2)
        return reseal(config);
    return cli_usage(&cli_key);
}

const struct cli_command cli_key = {
    .name = "key",
    .usage = "new [es256|rs256|hs256|vault] | list | use KID | retire KID | reseal\n"
             "  new     makes a key (es256 unless said otherwise) and prints its kid; the first one is used. vault: a key\n"
             "          that secrets in the database are sealed under; the first key of all brings one along\n"
             "  list    kid, algorithm, what it does\n"
             "  use     lets this one sign, or seal; the others go on verifying and opening\n"
             "  retire  removes the file: its tokens are refused from then on; not while secrets stand under it\n"
             "  reseal  seals what stands under an older key under the one that seals now\n"
             "  A running service takes the change on SIGHUP. To rotate: new, SIGHUP, use, SIGHUP; retire the old one when\n"
             "  access_ttl has passed, or after reseal.",
    .summary = "keys of tokens and of sealed secrets: new, list, use, retire, reseal",
    .run = key_run,
};
