/*
 * A frozen snapshot under way while the steps of a trace go on: what it gives must be, byte for byte, what an ordinary
 * snapshot of the moment at which it was frozen gave.
 */
#ifndef RECON_TESTS_MODEL_FROZEN_H
#define RECON_TESTS_MODEL_FROZEN_H

#include "snapshots.h"

struct frozen;

/* Of the engine or, where that is NULL, of the matcher: its counts and then key groups, all or some. NULL: there was no
 * memory for it, and nothing is left of it. Nothing may wait. */
struct frozen *frozen_new(struct recon_engine *engine, struct recon_matcher *matcher, uint32_t key_group_count,
                          struct random *random);
/* Whole or not; before what it is of. */
void frozen_free(struct frozen *frozen);

/* Goes on by a few pieces. *is_over: it was compared, or given up. NULL, or what is wrong. */
const char *frozen_pump(struct frozen *frozen, struct random *random, bool may_give_up, bool *is_over);

#endif
