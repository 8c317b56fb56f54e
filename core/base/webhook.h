/* Keys and signatures of Standard Webhooks 1.0.0. */
#ifndef BASE_WEBHOOK_H
#define BASE_WEBHOOK_H

#include <stdbool.h>
#include <stddef.h>

/* "whsec_", "whsk_" or "whpk_" and 32 bytes in base64. */
enum { WEBHOOK_KEY_ROOM = 6 + 44 + 1, WEBHOOK_KEYS = 2, WEBHOOK_SIGNATURE_ROOM = WEBHOOK_KEYS * (3 + 44 + 1 + 4 + 88 + 1) };

void webhook_new_secret(char out[WEBHOOK_KEY_ROOM]);
void webhook_new_pair(char signing[WEBHOOK_KEY_ROOM], char public[WEBHOOK_KEY_ROOM]); /* Ed25519: seed and public key */

/* What a webhook signs with; `signing` NULL: no Ed25519. The prefixes may be absent. */
struct webhook_key {
    const char *secret, *signing;
};

/* The value of webhook-signature, by 1 to WEBHOOK_KEYS keys: "v1,…" and, where there is a signing key, "v1a,…" of the first, then
 * of the second, with spaces between; a receiver takes a message when one of them is right. `at`: seconds since 1970. False: a
 * key is not one. */
bool webhook_sign(const struct webhook_key *, int count, const char *id, long long at, const char *payload,
                  char out[WEBHOOK_SIGNATURE_ROOM]);

#endif
