/*
 * Runs a trace through the model and a subject side by side and says where they differ.
 */
#ifndef RECON_TESTS_MODEL_COMPARE_H
#define RECON_TESTS_MODEL_COMPARE_H

#include "subject.h"
#include "trace.h"

struct compare_failure {
    size_t op_index;
    char text[2048];
};

/* True: they agree, and all that must hold after each step does. Checked are: status; results, all fields; the order
 * that recon/matcher.h promises; in every metric expected = matched + missing, and its missing and unaudited are those
 * reported before it; revisions rise by one; nothing accepted vanishes; statistics; W and R; memory. */
bool compare(const struct trace *trace, const struct subject_options *options, struct compare_failure *failure);

#endif
