/*
 * The keyed hash of identities, by libsodium's crypto_shorthash_siphashx24: a pure function of its arguments, which
 * needs no sodium_init (that seeds the random generator and picks vector code for other primitives).
 *
 * libsodium hashes one run of bytes, so the parts are laid out on the stack first.
 */
#include "codec/key.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "codec/little_endian.h"
#include "codec/mapping.h"
#include "core/limits.h"

#define PART_COUNT_MAX (1 + RECON_ID_FIELD_COUNT_MAX)
#define INPUT_SIZE_BYTES_MAX                                                                                           \
    ((size_t)PART_COUNT_MAX * RECON_KEY_SIZE_PREFIX_BYTES + RECON_SOURCE_SIZE_BYTES_MAX + RECON_ID_SIZE_BYTES_MAX)
/* What nearly all identities fit; the rest take the large frame. */
#define INPUT_SIZE_BYTES_USUAL 512

static struct recon_key hash_bytes(const uint8_t *seed, const unsigned char *bytes, size_t size)
{
    unsigned char out[crypto_shorthash_siphashx24_BYTES];
    _Static_assert(RECON_SEED_SIZE_BYTES == crypto_shorthash_siphashx24_KEYBYTES, "the seed is the key");
    crypto_shorthash_siphashx24(out, bytes, size, seed);
    return (struct recon_key){.high = recon_load_le64(out), .low = recon_load_le64(out + 8)};
}

struct recon_key recon_key_hash_input(const uint8_t seed[RECON_SEED_SIZE_BYTES], const struct recon_text *input)
{
    return hash_bytes(seed, (const unsigned char *)input->bytes, input->size);
}

static size_t lay_out(unsigned char *input, const struct recon_text *parts, size_t part_count)
{
    size_t size = 0;
    for (size_t i = 0; i < part_count; i++) {
        recon_store_le32(input + size, parts[i].size);
        size += RECON_KEY_SIZE_PREFIX_BYTES;
        if (parts[i].size > 0)
            memcpy(input + size, parts[i].bytes, parts[i].size);
        size += parts[i].size;
    }
    return size;
}

static __attribute__((noinline)) struct recon_key hash_large(const uint8_t *seed, const struct recon_text *parts,
                                                             size_t part_count)
{
    unsigned char input[INPUT_SIZE_BYTES_MAX];
    return hash_bytes(seed, input, lay_out(input, parts, part_count));
}

struct recon_key recon_key_hash(const uint8_t seed[RECON_SEED_SIZE_BYTES], const struct recon_text *parts,
                                size_t part_count)
{
    assert(part_count > 0 && part_count <= PART_COUNT_MAX);
    size_t size = 0;
    for (size_t i = 0; i < part_count; i++)
        size += RECON_KEY_SIZE_PREFIX_BYTES + parts[i].size;
    assert(size <= INPUT_SIZE_BYTES_MAX);
    if (size > INPUT_SIZE_BYTES_USUAL)
        return hash_large(seed, parts, part_count);
    unsigned char input[INPUT_SIZE_BYTES_USUAL];
    return hash_bytes(seed, input, lay_out(input, parts, part_count));
}

uint64_t recon_key_fingerprint(const uint8_t seed[RECON_SEED_SIZE_BYTES], bool source_in_identity)
{
    /* Shorter than a size prefix: no identity has these bytes, so nothing is learnt of any key. */
    const unsigned char input[2] = {'k', source_in_identity ? 's' : 'i'};
    return hash_bytes(seed, input, sizeof input).high;
}
