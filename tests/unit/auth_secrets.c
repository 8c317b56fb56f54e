/* Secrets of service clients as text. */
#include "unit.h"

#include "auth/internal.h"
#include <sodium.h>
#include <string.h>

static void secrets_are_told_from_what_looks_like_one(void **state)
{
    (void)state;
    char a[CLIENT_SECRET_ROOM], b[CLIENT_SECRET_ROOM];
    assert_true(sodium_init() >= 0);
    client_secret_new(a);
    client_secret_new(b);
    assert_string_not_equal(a, b);
    assert_true(client_secret_valid(a) && client_secret_valid(b));
    assert_int_equal(strlen(a), 51);
    assert_memory_equal(a, "blsk_", 5);
    for (size_t i = 0; i < strlen(a); i++) { /* each single character that is wrong shows */
        char copy[CLIENT_SECRET_ROOM];
        memcpy(copy, a, sizeof copy);
        copy[i] = copy[i] == 'x' ? 'y' : 'x';
        assert_false(client_secret_valid(copy));
    }
    static const char *const wrong[] = {"", "blsk_", "blr_0", "blsk_0000000000000000000000000000000000000000000000 ",
                                        "blsk_00000000000000000000000000000000000000000000000000"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(client_secret_valid(wrong[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_are_told_from_what_looks_like_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
