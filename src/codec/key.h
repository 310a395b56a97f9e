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
#define RECON_KEY_SIZE_PREFIX_BYTES 4

/* Any thread. */
struct recon_key recon_key_hash(const uint8_t seed[RECON_SEED_SIZE_BYTES], const struct recon_text *parts,
                                size_t part_count);

/* The same where the caller has laid the input out: each part's size (RECON_KEY_SIZE_PREFIX_BYTES) and its bytes. */
struct recon_key recon_key_hash_input(const uint8_t seed[RECON_SEED_SIZE_BYTES], const struct recon_text *input);

/* How many inputs are best hashed at once. */
#define RECON_KEY_COUNT_AT_ONCE 8
/* Many such inputs (RECON_KEY_COUNT_AT_ONCE at most), for a third of the time or less. Any thread. */
void recon_key_hash_many(const uint8_t seed[RECON_SEED_SIZE_BYTES], const struct recon_text *inputs, size_t count,
                         struct recon_key *keys);

/* For recon_settings.key_fingerprint: tells seeds and identities (`id` or `source,id`) apart. */
uint64_t recon_key_fingerprint(const uint8_t seed[RECON_SEED_SIZE_BYTES], bool source_in_identity);

#endif
