/*
 * By which what was decoded is known again when it is decoded again: 64 bits of all that a record says. Not keyed; a
 * record's key, 128 bits by a keyed hash, stands for its ID. Any thread.
 */
#ifndef RECON_SERVICE_RECORD_DIGEST_H
#define RECON_SERVICE_RECORD_DIGEST_H

#include "recon/record.h"

uint64_t recon_record_digest(const struct recon_record *record);

/* Of digests in their order. */
uint64_t recon_digest_chain(uint64_t hash, uint64_t digest);

#endif
