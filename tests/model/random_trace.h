/*
 * Random traces by seed. Each seed draws what it concentrates on: sizes of the settings, how times run, which kinds of
 * operation are frequent and which never come.
 */
#ifndef RECON_TESTS_MODEL_RANDOM_TRACE_H
#define RECON_TESTS_MODEL_RANDOM_TRACE_H

#include "trace.h"

/* step_count 0: drawn too; of 5000 or more: about many identities at once. The caller owns the trace (trace_deinit). */
void random_trace(struct trace *trace, uint64_t seed, size_t step_count);

#endif
