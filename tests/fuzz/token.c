/* Tokens of any bytes. As they are, none is good: nobody has the key. With a good signature put on them (first byte odd: header,
 * line break, claims) what is accepted names a real id and has not expired. */
#include "auth/token.h"
#include "../support/forge.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW = 1800000000 };
static unsigned char secret[32];
static struct keys keys = {.count = 1, .list = {{.kid = "k", .algorithm = KEY_HS256, .verify = secret, .verify_length = 32}}};
static const struct token_terms terms = {&keys, "i", "a"};

static void as_it_is(const char *text)
{
    struct token out;
    if (token_verify(&terms, text, NOW, &out) == NULL)
        abort();
}

static void as_signed(char *text)
{
    struct token out;
    char *claims = strchr(text, '\n');
    if (!claims)
        return;
    *claims++ = '\0';
    char *token = forge(text, claims, FORGE_HS256, secret, sizeof secret);
    if (token_verify(&terms, token, NOW, &out) == NULL && (!uuid_valid(out.subject) || out.expires <= NOW - TOKEN_SKEW))
        abort();
    free(token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || sodium_init() < 0)
        return 0;
    randombytes_buf_deterministic(secret, sizeof secret, (const unsigned char[randombytes_SEEDBYTES]){1});
    char *text = malloc(size);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    if (data[0] & 1)
        as_signed(text);
    else
        as_it_is(text);
    free(text);
    return 0;
}
