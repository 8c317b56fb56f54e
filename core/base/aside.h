/* A thread that is about to wait for something slow lets another one serve in its place meanwhile. How, says whoever started the
 * thread (core/fcgi); in a thread of which nobody said so nothing happens. */
#ifndef BASE_ASIDE_H
#define BASE_ASIDE_H

/* For the calling thread: what aside() calls. Borrowed. */
void aside_by(void (*step)(void *self), void *self);

/* Before a wait of more than a read of the database takes: a slow statement, another server, a large body. May be called again.
 */
void aside(void);

#endif
