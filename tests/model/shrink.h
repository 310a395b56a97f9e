/*
 * Makes a failing trace small.
 */
#ifndef RECON_TESTS_MODEL_SHRINK_H
#define RECON_TESTS_MODEL_SHRINK_H

#include "subject.h"
#include "trace.h"

/* Runs the trace in a child process: a crash, a failed assertion and a run of many seconds are failures too. */
bool fails_in_child(const struct trace *trace, const struct subject_options *options);

/* Leaves out operations and simplifies numbers for as long as it still fails (not necessarily in the same way). */
void shrink(struct trace *trace, const struct subject_options *options);

#endif
