/*
 * Sums of what windows count.
 */
#ifndef RECON_CORE_COUNTS_H
#define RECON_CORE_COUNTS_H

#include "recon/record.h"

/* Modulo 2^64: a correction that takes one back is UINT64_MAX. */
static inline void counts_add(struct recon_counts *to, const struct recon_counts *more)
{
    to->expected += more->expected;
    to->matched += more->matched;
    to->missing += more->missing;
    to->duplicate_audits += more->duplicate_audits;
    to->duplicate_events += more->duplicate_events;
    to->unaudited += more->unaudited;
    to->unjudged_audits += more->unjudged_audits;
}

#endif
