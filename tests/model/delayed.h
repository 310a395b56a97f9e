/*
 * Matchers that learn of the watermark late, each in its own time: in the end every window and every identity must
 * come out as if they had known at once.
 */
#ifndef RECON_TESTS_MODEL_DELAYED_H
#define RECON_TESTS_MODEL_DELAYED_H

#include "compare.h"

/* Runs the trace with retention unset (so nothing comes too late), then ends all inputs. True: the last word on each
 * identity, and the final expected, matched, missing and unaudited of each window, are the model's. */
bool compare_delayed(const struct trace *trace, uint32_t shard_count, struct compare_failure *failure);

#endif
