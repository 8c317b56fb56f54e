/* Files are kept under an organisation's id and their hash: nothing else becomes a path. And they have a greatest size. */
#include "unit.h"

#include "files/files.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TENANT "01900000-0000-7000-8000-000000000001"
#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static bool nobody(void *arg, const char *bytes, size_t length)
{
    (void)arg, (void)bytes, (void)length;
    fail();
    return false;
}

static void only_a_hash_is_a_name(void **state)
{
    (void)state;
    static const struct {
        const char *tenant, *hash, *code;
    } cases[] = {
        {TENANT, HASH, "file_lost"},
        {"..", HASH, "bad_name"},
        {TENANT "/..", HASH, "bad_name"},
        {TENANT, "../../../../../../../../../../../../../../../../../../etc/passwd", "bad_name"},
        {TENANT, "0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef", "bad_name"},
        {TENANT, HASH "0", "bad_name"},
        {TENANT, "", "bad_name"},
    };
    char folder[] = "/tmp/ballium-names-XXXXXX", command[64];
    assert_non_null(mkdtemp(folder));
    struct files *files = files_new(&(struct config){.data_dir = folder}, stderr);
    assert_non_null(files);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct files_problem problem = {0};
        assert_false(files_send(files, cases[i].tenant, cases[i].hash, nobody, NULL, &problem));
        assert_string_equal(problem.code, cases[i].code);
    }
    files_free(files);
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0); // NOLINT(cert-env33-c): a folder of its own
}

/* nginx says the same; this is for what it was told otherwise. */
static void a_file_has_a_size(void **state)
{
    (void)state;
    char folder[] = "/tmp/ballium-size-XXXXXX", command[64];
    assert_non_null(mkdtemp(folder));
    struct files *files = files_new(&(struct config){.data_dir = folder}, stderr);
    struct arena *arena = arena_new(4 << 20);
    struct files_problem problem = {0};
    struct files_upload *upload = files ? files_begin(files, arena, &problem) : NULL;
    assert_non_null(upload);
    char *piece = calloc(1, 1 << 20);
    for (int i = 0; i < FILES_MAX >> 20; i++)
        assert_true(files_add(upload, piece, 1 << 20, &problem));
    assert_false(files_add(upload, piece, 1, &problem));
    assert_int_equal(problem.status, BL_TOO_LARGE);
    free(piece);
    arena_free(arena);
    files_free(files);
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0); // NOLINT(cert-env33-c): a folder of its own
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(only_a_hash_is_a_name), cmocka_unit_test(a_file_has_a_size)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
