/*
 * The keyed hash that identities are known by: SipHash-2-4 with 128 bits of output (libsodium).
 *
 * Hashed is, for each part in order, its size as 32-bit little-endian and its bytes; the parts are the source (only
 * where identity is source,id) and then the ID's fields. So `a|b`,`c` and `a`,`b|c` stay two.
 */
#ifndef RECON_CODEC_KEY_H
#define RECON_CODEC_KEY_H

#include "recon/record.h"

#define RECON_SEED_SIZE_BYTES 16

/* Any thread. */
struct recon_key recon_key_hash(const uint8_t seed[RECON_SEED_SIZE_BYTES], const struct recon_text *parts,
                                size_t part_count);

/* For recon_settings.key_fingerprint: tells seeds and identities (`id` or `source,id`) apart. */
uint64_t recon_key_fingerprint(const uint8_t seed[RECON_SEED_SIZE_BYTES], bool source_in_identity);

#endif
