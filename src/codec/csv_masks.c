/*
 * Masks of CSV, by whatever vectors there are.
 */
#include "codec/csv_masks_vector.h"

#include <string.h>

#if defined(__SSE2__) && !defined(RECON_PORTABLE)
#include <immintrin.h>
#endif

uint64_t recon_csv_match(const char *block, char byte)
{
    uint64_t mask = 0;
#if defined(__SSE2__) && !defined(RECON_PORTABLE)
    for (int i = 0; i < 4; i++) {
        const __m128i part = _mm_loadu_si128((const __m128i *)(const void *)(block + 16 * i));
        mask |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(part, _mm_set1_epi8(byte))) << (16 * i);
    }
#else
    const uint64_t low = UINT64_C(0x0101010101010101), top = UINT64_C(0x8080808080808080);
    for (int i = 0; i < 8; i++) {
        uint64_t word = 0;
        for (int j = 7; j >= 0; j--)
            word = word << 8 | (unsigned char)block[8 * i + j];
        word ^= low * (unsigned char)byte; /* 0 where it matches, and only there no carry into the top bit */
        const uint64_t found = ~(((word & ~top) + ~top) | word) & top;
        mask |= ((found >> 7) * UINT64_C(0x0102040810204080) >> 56) << (8 * i); /* one bit a byte */
    }
#endif
    return mask;
}

/* One of the 64 is above 0x7f. */
static bool is_foreign(const char *block)
{
    uint64_t any = 0;
    for (int i = 0; i < RECON_CSV_BLOCK_BYTES; i += 8) {
        uint64_t word;
        memcpy(&word, block + i, sizeof word);
        any |= word;
    }
    return (any & UINT64_C(0x8080808080808080)) != 0;
}

/* Bit i: an odd number of the bits up to i is set. */
static uint64_t running_xor(uint64_t bits)
{
    for (int shift = 1; shift < 64; shift *= 2)
        bits ^= bits << shift;
    return bits;
}

void recon_csv_masks_anywhere(const char *block, struct recon_csv_masks *masks)
{
    masks->quotes = recon_csv_match(block, '"');
    masks->odd_quotes = running_xor(masks->quotes);
    masks->commas = recon_csv_match(block, ',');
    masks->newlines = recon_csv_match(block, '\n');
    masks->has_nul = recon_csv_match(block, '\0') != 0;
    masks->is_foreign = is_foreign(block);
}

#ifdef RECON_CSV_VECTORS
RECON_CSV_AVX512 static void find_masks_avx512(const char *block, struct recon_csv_masks *masks)
{
    recon_csv_masks_avx512(block, masks);
}

RECON_CSV_AVX2 static void find_masks_avx2(const char *block, struct recon_csv_masks *masks)
{
    recon_csv_masks_avx2(block, masks);
}

recon_csv_masker recon_csv_masker_choose(void)
{
    if (recon_csv_has_avx512())
        return find_masks_avx512;
    return recon_csv_has_avx2() ? find_masks_avx2 : recon_csv_masks_anywhere;
}
#else
recon_csv_masker recon_csv_masker_choose(void)
{
    return recon_csv_masks_anywhere;
}
#endif
