/*
 * The memory of an engine: blocks in huge pages.
 *
 * An engine of 10^8 identities touches its table at random: with pages of 4 KiB most look-ups would miss the
 * processor's cache of page addresses too. So blocks of 4 KiB and more are cut from regions of 32 MiB that the kernel
 * is asked to back with huge pages; a huge page without a block goes back to the kernel at once, but for a few. Once it
 * has grown somewhat, a thread of its own asks for the next huge pages before they are wanted. Smaller blocks come from
 * malloc.
 *
 * For one thread, as its engine is.
 */
#ifndef RECON_SERVICE_ARENA_H
#define RECON_SERVICE_ARENA_H

#include "recon/settings.h"

struct recon_arena;

/* NULL when memory is out. */
struct recon_arena *recon_arena_new(void);
/* All blocks must have been released. */
void recon_arena_free(struct recon_arena *arena);

/* For recon_settings; good while the arena lives. */
struct recon_allocator recon_arena_allocator(struct recon_arena *arena);

/* From now on what is released stays with the arena for its next blocks (those over 32 MiB aside): memory is touched
 * for the first time once. */
void recon_arena_keep(struct recon_arena *arena);

/* The system gave no more memory at some time: what fails then is not the engine's limit. */
bool recon_arena_was_refused(const struct recon_arena *arena);

#endif
