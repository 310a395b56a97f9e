/*
 * Bytes as a number and back, the first byte lowest, on every machine.
 */
#ifndef RECON_CODEC_LITTLE_ENDIAN_H
#define RECON_CODEC_LITTLE_ENDIAN_H

#include <stdint.h>
#include <string.h>

static inline uint64_t recon_load_le64(const void *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static inline void recon_store_le32(void *bytes, uint32_t word)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap32(word);
#endif
    memcpy(bytes, &word, sizeof word);
}

#endif
