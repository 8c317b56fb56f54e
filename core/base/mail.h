/* Mail by SMTP, through libcurl: plain text in UTF-8, TLS unless the server is on this machine. */
#ifndef BASE_MAIL_H
#define BASE_MAIL_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

struct mail_server {
    const char *url;             /* smtp://host:587 (STARTTLS) or smtps://host:465; no user in it */
    const char *from;            /* address */
    const char *user, *password; /* "": none */
    const char *ca;              /* file of the certificates (PEM) that alone may vouch for it; NULL, "": the system's */
};
struct mail {
    const char *to;             /* address */
    const char *subject, *text; /* UTF-8; the text's lines end with \n */
};

enum mail_outcome {
    MAIL_SENT,    /* the server has taken it */
    MAIL_REFUSED, /* it will never take this one */
    MAIL_LATER,   /* it does not take this one now */
    MAIL_AWAY,    /* it takes none: not there, or it does not let us in */
    MAIL_UNKNOWN, /* it had all of it and did not answer: it may have taken it */
};

struct mailer; /* one connection, kept from mail to mail */

/* NULL: `why` (constant text) says what is wrong with the settings. `server` is borrowed. Free: mail_close. */
struct mailer *mail_open(const struct mail_server *, const char **why);
void mail_close(struct mailer *);
/* `why`: constant text, without a secret. */
enum mail_outcome mail_send(struct mailer *, struct arena *, const struct mail *, const char **why);

/* May it stand in an envelope and a header? ASCII alone, one @. */
bool mail_address(const char *);
/* The whole message (RFC 5322). Whatever `subject` and `text` hold, it cannot become a header: both are in base64. */
const char *mail_message(struct arena *, const char *from, const struct mail *, const char *id, int64_t now);

#endif
