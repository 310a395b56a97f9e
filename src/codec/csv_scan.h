/*
 * The bytes of CSV that mean something, found 64 at a time: commas, quotes and newlines as bits of a mask.
 *
 * By SSE2, which every x86-64 has, else eight bytes at a time with plain integers (RECON_CSV_PORTABLE asks for that).
 * Internal to csv_record.c.
 */
#ifndef RECON_CODEC_CSV_SCAN_H
#define RECON_CODEC_CSV_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__) && !defined(RECON_CSV_PORTABLE)
#include <emmintrin.h>
#endif

#define RECON_CSV_BLOCK_BYTES 64

struct recon_csv_scanner {
    const char *bytes;
    size_t size;
    size_t block;       /* where the 64 bytes of the mask begin; past size: the end was reached */
    uint64_t specials;  /* those of the block that were not given yet */
    size_t suspect_end; /* no byte from here to the block's end is 0 or above 0x7f */
};

/* The specials of 64 bytes; *suspect: one of them is 0 or above 0x7f. */
static inline uint64_t recon_csv_classify(const char *bytes, bool *suspect)
{
#if defined(__SSE2__) && !defined(RECON_CSV_PORTABLE)
    const __m128i comma = _mm_set1_epi8(','), quote = _mm_set1_epi8('"'), newline = _mm_set1_epi8('\n');
    __m128i any = _mm_setzero_si128(), least = _mm_set1_epi8(-1);
    uint64_t mask = 0;
    for (int i = 0; i < 4; i++) {
        const __m128i part = _mm_loadu_si128((const __m128i *)(const void *)(bytes + 16 * i));
        const __m128i is_special = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(part, comma), _mm_cmpeq_epi8(part, quote)),
                                                _mm_cmpeq_epi8(part, newline));
        mask |= (uint64_t)(unsigned)_mm_movemask_epi8(is_special) << (16 * i);
        any = _mm_or_si128(any, part);
        least = _mm_min_epu8(least, part);
    }
    *suspect = (_mm_movemask_epi8(any) | _mm_movemask_epi8(_mm_cmpeq_epi8(least, _mm_setzero_si128()))) != 0;
    return mask;
#else
    const uint64_t low = UINT64_C(0x0101010101010101), top = UINT64_C(0x8080808080808080);
    uint64_t mask = 0, doubts = 0;
    for (int i = 0; i < 8; i++) {
        uint64_t word = 0;
        for (int j = 7; j >= 0; j--)
            word = word << 8 | (unsigned char)bytes[8 * i + j];
        uint64_t found = 0;
        static const char specials[] = {',', '"', '\n'};
        for (int j = 0; j < 3; j++) {
            const uint64_t zero = word ^ (low * (unsigned char)specials[j]); /* a special's byte is 0 */
            found |= ~(((zero & ~top) + ~top) | zero) & top;                 /* and its top bit is set: exactly */
        }
        doubts |= (word | ~((word & ~top) + ~top)) & top;
        mask |= ((found >> 7) * UINT64_C(0x0102040810204080) >> 56) << (8 * i); /* one bit a byte */
    }
    *suspect = doubts != 0;
    return mask;
#endif
}

static inline void recon_csv_block_load(struct recon_csv_scanner *scanner)
{
    const size_t rest = scanner->size - scanner->block;
    bool suspect;
    if (rest >= RECON_CSV_BLOCK_BYTES) {
        scanner->specials = recon_csv_classify(scanner->bytes + scanner->block, &suspect);
    } else {
        char padded[RECON_CSV_BLOCK_BYTES];
        memset(padded, ' ', sizeof padded);
        memcpy(padded, scanner->bytes + scanner->block, rest);
        scanner->specials = recon_csv_classify(padded, &suspect);
    }
    if (suspect)
        scanner->suspect_end = scanner->block + RECON_CSV_BLOCK_BYTES;
}

/* Goes on at a place, forwards or back. */
static inline void recon_csv_scanner_start(struct recon_csv_scanner *scanner, const char *bytes, size_t size, size_t at)
{
    *scanner = (struct recon_csv_scanner){.bytes = bytes, .size = size, .block = at};
    if (at < size)
        recon_csv_block_load(scanner);
}

/* The place of the next special, or false at the end of the bytes. */
static inline bool recon_csv_scanner_next(struct recon_csv_scanner *scanner, size_t *at)
{
    while (scanner->specials == 0) {
        if (scanner->block >= scanner->size || scanner->size - scanner->block <= RECON_CSV_BLOCK_BYTES)
            return false;
        scanner->block += RECON_CSV_BLOCK_BYTES;
        recon_csv_block_load(scanner);
    }
    *at = scanner->block + (size_t)__builtin_ctzll(scanner->specials);
    scanner->specials &= scanner->specials - 1;
    return true;
}

#endif
