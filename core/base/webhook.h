/* Keys and signatures of Standard Webhooks 1.0.0. */
#ifndef BASE_WEBHOOK_H
#define BASE_WEBHOOK_H

#include <stdbool.h>
#include <stddef.h>

/* "whsec_", "whsk_" or "whpk_" and 32 bytes in base64. */
enum { WEBHOOK_KEY_ROOM = 6 + 44 + 1, WEBHOOK_SIGNATURE_ROOM = 3 + 44 + 1 + 4 + 88 + 1 };

void webhook_new_secret(char out[WEBHOOK_KEY_ROOM]);
void webhook_new_pair(char signing[WEBHOOK_KEY_ROOM], char public[WEBHOOK_KEY_ROOM]); /* Ed25519: seed and public key */

/* The value of webhook-signature: "v1,…", and behind a space "v1a,…" where there is a signing key (NULL: none). The prefixes of
 * the keys may be absent. `at`: seconds since 1970. False: a key is not one. */
bool webhook_sign(const char *secret, const char *signing, const char *id, long long at, const char *payload,
                  char out[WEBHOOK_SIGNATURE_ROOM]);

#endif
