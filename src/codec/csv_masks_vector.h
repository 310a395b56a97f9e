/*
 * Masks of CSV by the vectors of x86-64, for csv_masks.c and csv_cuts.c, which choose among them when they run.
 */
#ifndef RECON_CODEC_CSV_MASKS_VECTOR_H
#define RECON_CODEC_CSV_MASKS_VECTOR_H

#include "codec/csv_masks.h"

#if defined(__x86_64__) && !defined(RECON_PORTABLE)
#define RECON_CSV_VECTORS

#include <immintrin.h>

#define RECON_CSV_AVX512 __attribute__((target("avx512f,avx512bw,pclmul,popcnt,bmi")))
#define RECON_CSV_AVX2 __attribute__((target("avx2,pclmul,popcnt,bmi")))

static inline bool recon_csv_has_avx512(void)
{
    return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("popcnt") &&
           __builtin_cpu_supports("bmi");
}

static inline bool recon_csv_has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("popcnt") &&
           __builtin_cpu_supports("bmi");
}

/* Bit i: an odd number of the bits up to i is set. */
__attribute__((target("pclmul"), always_inline)) static inline uint64_t recon_csv_running_xor(uint64_t bits)
{
    const __m128i all = _mm_set1_epi8(-1);
    return (uint64_t)_mm_cvtsi128_si64(_mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)bits), all, 0));
}

RECON_CSV_AVX512 __attribute__((always_inline)) static inline void recon_csv_masks_avx512(const char *block,
                                                                                          struct recon_csv_masks *masks)
{
    const __m512i bytes = _mm512_loadu_si512(block);
    masks->quotes = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('"'));
    masks->odd_quotes = recon_csv_running_xor(masks->quotes);
    masks->commas = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(','));
    masks->newlines = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\n'));
    masks->has_nul = _mm512_testn_epi8_mask(bytes, bytes) != 0;
    masks->is_foreign = _mm512_movepi8_mask(bytes) != 0;
}

RECON_CSV_AVX2 __attribute__((always_inline)) static inline uint64_t recon_csv_match_avx2(__m256i low, __m256i high,
                                                                                          char byte)
{
    const __m256i all = _mm256_set1_epi8(byte);
    const uint32_t lower = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, all));
    const uint32_t upper = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, all));
    return (uint64_t)upper << 32 | lower;
}

RECON_CSV_AVX2 __attribute__((always_inline)) static inline void recon_csv_masks_avx2(const char *block,
                                                                                      struct recon_csv_masks *masks)
{
    const __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)block);
    const __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(block + 32));
    masks->quotes = recon_csv_match_avx2(low, high, '"');
    masks->odd_quotes = recon_csv_running_xor(masks->quotes);
    masks->commas = recon_csv_match_avx2(low, high, ',');
    masks->newlines = recon_csv_match_avx2(low, high, '\n');
    masks->has_nul = recon_csv_match_avx2(_mm256_min_epu8(low, high), _mm256_set1_epi8(-1), '\0') != 0;
    masks->is_foreign = _mm256_movemask_epi8(_mm256_or_si256(low, high)) != 0;
}

#endif

#endif
