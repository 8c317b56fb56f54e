/* QR codes: another program reads what was written, whatever its length. */
#include "unit.h"

#include "base/qr.h"
#include "qr.h"
#include <stdlib.h>

static void expect_read(const char *text)
{
    char got[4096];
    char *svg = qr_svg(text);
    assert_non_null(svg);
    qr_read(svg, got, sizeof got);
    assert_string_equal(got, text);
    free(svg);
}

static void what_was_written_is_read(void **state)
{
    (void)state;
    char text[1001] = "";
    expect_read("https://ballium.example/api/v1/public/certificates/OUTERWALL-1");
    expect_read(
        "otpauth://totp/Ballium:eva%40acme.example?secret=JBSWY3DPEHPK3PXP&issuer=Ballium&algorithm=SHA1&digits=6&period=30");
    memset(text, 'x', sizeof text - 1);
    expect_read(text);
}

static void it_is_an_image_with_a_quiet_zone(void **state)
{
    (void)state;
    char *svg = qr_svg("https://ballium.example/api/v1/public/certificates/OUTERWALL-1");
    /* version 4 at 62 bytes and medium correction: 33 modules and the quiet zone, and the finder's corner is dark */
    assert_non_null(strstr(svg, "viewBox=\"0 0 41 41\""));
    assert_non_null(strstr(svg, "d=\"M4 4h1v1h-1z"));
    assert_string_equal(svg + strlen(svg) - 6, "</svg>");
    free(svg);
}

static void what_is_too_long_is_none(void **state)
{
    (void)state;
    static char text[10001];
    memset(text, 'x', sizeof text - 1);
    assert_null(qr_svg(text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(it_is_an_image_with_a_quiet_zone),
        cmocka_unit_test(what_is_too_long_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
