#include "audit/routes.h"

#include "audit/internal.h"

/* clang-format off */
#define SCHEMA(...) #__VA_ARGS__

static const char events_schema[] = SCHEMA({
    "type": "object", "required": ["items", "next"],
    "properties": {
        "items": {"type": "array", "items": {
            "type": "object",
            "required": ["id", "at", "actor", "resource", "record", "ref", "verb", "version", "reason", "change", "request_id", "seq",
                         "redacted"],
            "properties": {
                "id": {"type": "string", "format": "uuid"}, "at": {"type": "string", "format": "date-time"},
                "actor": {"type": "object", "properties": {"id": {"type": "string"}, "name": {"type": ["string", "null"]}}},
                "resource": {"type": "string"}, "record": {"type": "string", "format": "uuid"}, "ref": {"type": ["string", "null"]},
                "verb": {"type": "string"}, "version": {"type": "integer"}, "reason": {"type": ["string", "null"]},
                "change": {"type": "object"}, "request_id": {"type": "string"}, "seq": {"type": ["integer", "null"]},
                "redacted": {"type": "boolean"}
            }
        }},
        "next": {"type": ["string", "null"]}
    }
});

#define CHECKPOINT {                                                                                                             \
        "type": "object",                                                                                                        \
        "required": ["organisation", "size", "previous", "root", "at", "at_microseconds", "key", "signature"],                   \
        "properties": {                                                                                                          \
            "organisation": {"type": "string", "format": "uuid"}, "size": {"type": "integer"}, "previous": {"type": "integer"},  \
            "root": {"type": "string"}, "at": {"type": "string", "format": "date-time"}, "at_microseconds": {"type": "integer"}, \
            "key": {"type": "string"}, "signature": {"type": "string"}                                                           \
        }                                                                                                                        \
    }
#define TEXT_OF(x) SCHEMA(x)

static const char checkpoints_schema[] =
    "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{\"items\":{\"type\":\"array\",\"items\":" TEXT_OF(CHECKPOINT) "}}}";
static const char proof_schema[] =
    "{\"type\":\"object\",\"required\":[\"event\",\"seq\",\"leaf\",\"proof\",\"checkpoint\"],\"properties\":{\"event\":{\"type\":"
    "\"string\"},\"seq\":{\"type\":\"integer\"},\"leaf\":{\"type\":\"string\"},\"proof\":{\"type\":\"array\",\"items\":{\"type\":"
    "\"string\"}},\"checkpoint\":" TEXT_OF(CHECKPOINT) "}}";
static const char consistency_schema[] =
    "{\"type\":\"object\",\"required\":[\"proof\",\"from\",\"to\"],\"properties\":{\"proof\":{\"type\":\"array\",\"items\":{\"type\":"
    "\"string\"}},\"from\":" TEXT_OF(CHECKPOINT) ",\"to\":" TEXT_OF(CHECKPOINT) "}}";
/* clang-format on */

const struct bl_route audit_routes[] = {
    {.method = "GET",
     .path = "/api/v1/orgs/{org}/events",
     .permission = "core.event:read",
     .handler = audit_events,
     .summary = "What happened in this organisation, newest first",
     .query = "resource record actor verb from to limit cursor",
     .produces = "application/json text/csv",
     .answer = events_schema},
    {.method = "GET",
     .path = "/api/v1/orgs/{org}/events/{id}/proof",
     .permission = "core.event:read",
     .handler = audit_proof,
     .summary = "That an event is in the newest checkpoint (RFC 6962, section 2.1.1)",
     .answer = proof_schema},
    {.method = "GET",
     .path = "/api/v1/orgs/{org}/audit/checkpoints",
     .permission = "core.event:read",
     .handler = audit_checkpoints,
     .summary = "Signed states of the trail, newest first",
     .query = "before",
     .answer = checkpoints_schema},
    {.method = "GET",
     .path = "/api/v1/orgs/{org}/audit/consistency",
     .permission = "core.event:read",
     .handler = audit_consistency,
     .summary = "That the trail of one checkpoint goes on in another (RFC 6962, section 2.1.2)",
     .query = "from to",
     .answer = consistency_schema},
    {0},
};
