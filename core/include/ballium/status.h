/* Results. A function that can fail returns one of these; its values are the HTTP status that a caller sees (RFC 9110,
 * section 15), so that there is no second table to keep. The words that go with a failure are set by bl_fail (core.h). */
#ifndef BALLIUM_STATUS_H
#define BALLIUM_STATUS_H

#define BL_MUST_CHECK __attribute__((warn_unused_result))
#define BL_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

enum bl_status {
    BL_OK = 0,
    BL_BAD_REQUEST = 400,  /* malformed: not JSON, unknown query parameter, bad cursor */
    BL_UNAUTHORIZED = 401, /* no token, or one that does not verify */
    BL_FORBIDDEN = 403,    /* a member, but without the permission */
    BL_NOT_FOUND = 404,    /* does not exist, or not for this caller: the two are never told apart */
    BL_METHOD_NOT_ALLOWED = 405,
    BL_NOT_ACCEPTABLE = 406,
    BL_REQUEST_TIMEOUT = 408,
    BL_CONFLICT = 409,            /* the state of the record forbids it */
    BL_PRECONDITION_FAILED = 412, /* If-Match names another version */
    BL_TOO_LARGE = 413,
    BL_UNSUPPORTED_TYPE = 415,
    BL_UNPROCESSABLE = 422,         /* well formed, but a value is wrong: see the pointers */
    BL_PRECONDITION_REQUIRED = 428, /* If-Match is missing */
    BL_TOO_MANY_REQUESTS = 429,
    BL_INTERNAL = 500,
    BL_UNAVAILABLE = 503, /* the database cannot be reached, or the worker is full: carries Retry-After */
};

#endif
