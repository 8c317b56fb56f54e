#include "auth/jws.h"

#include <sodium.h>
#include <string.h>
#include <strings.h>

enum { DEPTH = 8 };

bool jws_split(const char *text, struct jws_part parts[JWS_PARTS])
{
    for (int i = 0; i < JWS_PARTS; i++) {
        parts[i].text = text;
        parts[i].length = strcspn(text, ".");
        text += parts[i].length;
        if (parts[i].length == 0 || *text != (i < JWS_PARTS - 1 ? '.' : '\0'))
            return false;
        text++;
    }
    return true;
}

bool jws_decode(struct jws_part part, unsigned char out[TOKEN_MAX], size_t *length)
{
    return sodium_base642bin(out, TOKEN_MAX, part.text, part.length, NULL, length, NULL,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
}

/* Brackets outside strings; the parser itself recurses 2,048 levels deep. */
static bool too_deep(const unsigned char *text, size_t length)
{
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < length; i++) {
        if (quoted && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            quoted = !quoted;
        else if (!quoted && (text[i] == '{' || text[i] == '[') && ++depth > DEPTH)
            return true;
        else if (!quoted && (text[i] == '}' || text[i] == ']'))
            depth--;
    }
    return false;
}

json_t *jws_parse(struct jws_part part)
{
    unsigned char bytes[TOKEN_MAX];
    size_t length;
    if (!jws_decode(part, bytes, &length) || too_deep(bytes, length))
        return NULL;
    json_t *object = json_loadb((const char *)bytes, length, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(object))
        return object;
    json_decref(object);
    return NULL;
}

int64_t jws_date(json_t *claims, const char *name, int64_t absent)
{
    json_t *value = json_object_get(claims, name);
    if (!value)
        return absent;
    int64_t date = json_is_integer(value) ? json_integer_value(value) : -1;
    return date >= 0 && date < INT64_C(253402300800) ? date : -1;
}

bool jws_names(json_t *value, const char *text)
{
    return json_is_string(value) && strcmp(json_string_value(value), text) == 0;
}

bool jws_is_for(json_t *audience, const char *us)
{
    size_t i;
    json_t *one;
    json_array_foreach(audience, i, one) if (jws_names(one, us)) return true;
    return jws_names(audience, us);
}

const char *jws_check_header(json_t *header, bool access)
{
    static const char *const keys_of_its_own[] = {"jku", "jwk", "x5u", "x5c"};
    json_t *typ = json_object_get(header, "typ");
    const char *text = json_string_value(typ);
    if (json_object_get(header, "crit"))
        return JWS_INVALID("critical extension");
    for (size_t i = 0; i < sizeof keys_of_its_own / sizeof *keys_of_its_own; i++)
        if (json_object_get(header, keys_of_its_own[i]))
            return JWS_INVALID("brings its own key");
    if (!typ || (text && strcasecmp(text, "JWT") == 0) ||
        (access && text && (strcasecmp(text, "at+jwt") == 0 || strcasecmp(text, "application/at+jwt") == 0)))
        return NULL;
    return JWS_INVALID("not an access token");
}

const char *jws_check_claims(json_t *claims, const char *issuer, const char *audience, int64_t now)
{
    int64_t exp = jws_date(claims, "exp", -1), iat = jws_date(claims, "iat", -1), nbf = jws_date(claims, "nbf", 0);
    if (exp < 0 || iat < 0 || nbf < 0)
        return JWS_INVALID("exp, iat or nbf is missing or not a date");
    if (exp <= now - TOKEN_SKEW)
        return JWS_INVALID("expired");
    if (nbf > now + TOKEN_SKEW || iat > now + TOKEN_SKEW)
        return JWS_INVALID("not valid yet");
    if (!jws_names(json_object_get(claims, "iss"), issuer))
        return JWS_INVALID("wrong issuer");
    if (!jws_is_for(json_object_get(claims, "aud"), audience))
        return JWS_INVALID("wrong audience");
    return NULL;
}
