/* Handlers of the trail's routes. */
#ifndef AUDIT_INTERNAL_H
#define AUDIT_INTERNAL_H

#include <ballium/core.h>

enum bl_status audit_events(struct bl_request *);      /* events.c */
enum bl_status audit_checkpoints(struct bl_request *); /* proofs.c */
enum bl_status audit_proof(struct bl_request *);
enum bl_status audit_consistency(struct bl_request *);

#endif
