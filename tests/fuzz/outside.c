/* A token of an outside provider and its set of keys, both from outside: the input up to the first zero byte is the token, the
 * rest the document. */
#include "auth/outside.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    char *text = malloc(size + 1);
    json_t *claims;
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    size_t length = strlen(text);
    const struct outside_terms terms = {
        .jwks = length < size ? text + length + 1 : NULL, .issuer = "https://idp.test", .audience = "ballium", .access = true};
    if (outside_verify(&terms, text, 1800000000, &claims) == NULL)
        json_decref(claims);
    free(text);
    return 0;
}
