/*
 * UTF-8 judged by the vectors of x86-64, for who goes through a block 64 bytes at a time and notes which of them are
 * not ASCII. Only those are judged, and what is behind them.
 *
 * By tables (RFC 3629): a byte and the one before it, half a byte at a look.
 *
 * What may be wrong with the two is a bit each. It is wrong if the bit is set in all three tables, where the upper half
 * of the byte before, its lower half, and the upper half of the byte itself say. RECON_UTF8_FOLLOWERS alone is no fault
 * where a lead of three bytes stands two before or one of four bytes three before: there it must be.
 */
#ifndef RECON_CODEC_UTF8_VECTORS_H
#define RECON_CODEC_UTF8_VECTORS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__) && !defined(RECON_PORTABLE)

#include <immintrin.h>

#define RECON_UTF8_CHUNK_BYTES 64
#define RECON_UTF8_INLINE static inline __attribute__((always_inline))
#define RECON_UTF8_AVX512 __attribute__((target("avx512f,avx512bw"))) RECON_UTF8_INLINE
#define RECON_UTF8_AVX2 __attribute__((target("avx2"))) RECON_UTF8_INLINE

#define RECON_UTF8_NO_FOLLOWER 0x01 /* behind a lead */
#define RECON_UTF8_NO_LEAD 0x02     /* before a follower: ASCII */
#define RECON_UTF8_LONG_2 0x04      /* C0, C1: what one byte says */
#define RECON_UTF8_LONG_3 0x08      /* E0, 80 to 9F: what two say */
#define RECON_UTF8_SURROGATE 0x10   /* ED, A0 to BF */
#define RECON_UTF8_LONG_4 0x20      /* F0, 80 to 8F: what three say; and so F5 to FF */
#define RECON_UTF8_BEYOND 0x40      /* F4, 90 to BF; and so F5 to FF */
#define RECON_UTF8_FOLLOWERS 0x80   /* two of them */

#define RECON_UTF8_FOLLOWER_OF(bits) ((char)(RECON_UTF8_NO_LEAD | RECON_UTF8_LONG_2 | RECON_UTF8_FOLLOWERS | (bits)))
#define RECON_UTF8_ANY(bits) ((char)(RECON_UTF8_NO_FOLLOWER | RECON_UTF8_NO_LEAD | RECON_UTF8_FOLLOWERS | (bits)))
#define RECON_UTF8_PAST_F4 RECON_UTF8_ANY(RECON_UTF8_LONG_4 | RECON_UTF8_BEYOND)

/* By the upper half of the byte before: 0 to 7, 8 to B, C, D, E, F. */
#define RECON_UTF8_BEFORE_HIGH                                                                                         \
    RECON_UTF8_NO_LEAD, RECON_UTF8_NO_LEAD, RECON_UTF8_NO_LEAD, RECON_UTF8_NO_LEAD, RECON_UTF8_NO_LEAD,                \
        RECON_UTF8_NO_LEAD, RECON_UTF8_NO_LEAD, RECON_UTF8_NO_LEAD, (char)RECON_UTF8_FOLLOWERS,                        \
        (char)RECON_UTF8_FOLLOWERS, (char)RECON_UTF8_FOLLOWERS, (char)RECON_UTF8_FOLLOWERS,                            \
        RECON_UTF8_NO_FOLLOWER | RECON_UTF8_LONG_2, RECON_UTF8_NO_FOLLOWER,                                            \
        RECON_UTF8_NO_FOLLOWER | RECON_UTF8_LONG_3 | RECON_UTF8_SURROGATE,                                             \
        RECON_UTF8_NO_FOLLOWER | RECON_UTF8_LONG_4 | RECON_UTF8_BEYOND

/* By its lower half: 0, 1, 2, 3, 4, then all that is past F4, but for ED. */
#define RECON_UTF8_BEFORE_LOW                                                                                          \
    RECON_UTF8_ANY(RECON_UTF8_LONG_2 | RECON_UTF8_LONG_3 | RECON_UTF8_LONG_4), RECON_UTF8_ANY(RECON_UTF8_LONG_2),      \
        RECON_UTF8_ANY(0), RECON_UTF8_ANY(0), RECON_UTF8_ANY(RECON_UTF8_BEYOND), RECON_UTF8_PAST_F4,                   \
        RECON_UTF8_PAST_F4, RECON_UTF8_PAST_F4, RECON_UTF8_PAST_F4, RECON_UTF8_PAST_F4, RECON_UTF8_PAST_F4,            \
        RECON_UTF8_PAST_F4, RECON_UTF8_PAST_F4,                                                                        \
        RECON_UTF8_ANY(RECON_UTF8_LONG_4 | RECON_UTF8_BEYOND | RECON_UTF8_SURROGATE), RECON_UTF8_PAST_F4,              \
        RECON_UTF8_PAST_F4

/* By the upper half of the byte itself: no follower; 8, 9, A, B; no follower. */
#define RECON_UTF8_HERE_HIGH                                                                                           \
    RECON_UTF8_NO_FOLLOWER, RECON_UTF8_NO_FOLLOWER, RECON_UTF8_NO_FOLLOWER, RECON_UTF8_NO_FOLLOWER,                    \
        RECON_UTF8_NO_FOLLOWER, RECON_UTF8_NO_FOLLOWER, RECON_UTF8_NO_FOLLOWER, RECON_UTF8_NO_FOLLOWER,                \
        RECON_UTF8_FOLLOWER_OF(RECON_UTF8_LONG_3 | RECON_UTF8_LONG_4),                                                 \
        RECON_UTF8_FOLLOWER_OF(RECON_UTF8_LONG_3 | RECON_UTF8_BEYOND),                                                 \
        RECON_UTF8_FOLLOWER_OF(RECON_UTF8_SURROGATE | RECON_UTF8_BEYOND),                                              \
        RECON_UTF8_FOLLOWER_OF(RECON_UTF8_SURROGATE | RECON_UTF8_BEYOND), RECON_UTF8_NO_FOLLOWER,                      \
        RECON_UTF8_NO_FOLLOWER, RECON_UTF8_NO_FOLLOWER, RECON_UTF8_NO_FOLLOWER

/* Whether the chunk behind one that is not ASCII must be judged, too, be it behind the block: the last byte may ask for
 * more. */
RECON_UTF8_INLINE bool recon_utf8_asks_for_more(const char *bytes, uint32_t size, uint32_t next)
{
    return next <= size && (signed char)bytes[next - 1] < 0;
}

RECON_UTF8_AVX512 __m512i recon_utf8_look_up_avx512(__m128i table, __m512i halves)
{
    return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(table), halves);
}

/* What of a chunk is not UTF-8, as far as it and the three bytes before it tell; 0: nothing. beforeN: its bytes, each
 * as it stands N bytes before. */
RECON_UTF8_AVX512 __m512i recon_utf8_judge_bytes_avx512(__m512i byte, __m512i before1, __m512i before2, __m512i before3)
{
    const __m512i low = _mm512_set1_epi8(0x0f);
    const __m512i here = recon_utf8_look_up_avx512(_mm_setr_epi8(RECON_UTF8_HERE_HIGH),
                                                   _mm512_and_si512(_mm512_srli_epi16(byte, 4), low));
    const __m512i high = recon_utf8_look_up_avx512(_mm_setr_epi8(RECON_UTF8_BEFORE_HIGH),
                                                   _mm512_and_si512(_mm512_srli_epi16(before1, 4), low));
    const __m512i pair =
        _mm512_and_si512(_mm512_and_si512(here, high), recon_utf8_look_up_avx512(_mm_setr_epi8(RECON_UTF8_BEFORE_LOW),
                                                                                 _mm512_and_si512(before1, low)));
    /* The uppermost bit stays where the second byte before is E0 or more, the third one F0. */
    const __m512i later = _mm512_or_si512(_mm512_subs_epu8(before2, _mm512_set1_epi8(0xe0 - RECON_UTF8_FOLLOWERS)),
                                          _mm512_subs_epu8(before3, _mm512_set1_epi8(0xf0 - RECON_UTF8_FOLLOWERS)));
    return _mm512_xor_si512(_mm512_and_si512(later, _mm512_set1_epi8((char)RECON_UTF8_FOLLOWERS)), pair);
}

RECON_UTF8_AVX512 __m512i recon_utf8_judge_chunk_avx512(const char *bytes, uint32_t size, uint32_t at)
{
    const char *chunk = bytes + at;
    if (__builtin_expect(at >= RECON_UTF8_CHUNK_BYTES && at + RECON_UTF8_CHUNK_BYTES <= size, 1))
        return recon_utf8_judge_bytes_avx512(_mm512_loadu_si512(chunk), _mm512_loadu_si512(chunk - 1),
                                             _mm512_loadu_si512(chunk - 2), _mm512_loadu_si512(chunk - 3));
    /* Bytes outside of the block count as 0. */
    const uint64_t here = at + RECON_UTF8_CHUNK_BYTES <= size ? ~(uint64_t)0 : ((uint64_t)1 << (size - at)) - 1;
    const uint64_t any = at > 0 ? ~(uint64_t)0 : 0;
#define BEFORE(n) _mm512_maskz_loadu_epi8((here << (n)) | (any & ((1 << (n)) - 1)), chunk - (n))
    return recon_utf8_judge_bytes_avx512(_mm512_maskz_loadu_epi8(here, chunk), BEFORE(1), BEFORE(2), BEFORE(3));
#undef BEFORE
}

/* Whether the block is not UTF-8. foreign: where its chunks begin that are not ASCII, count of them. */
RECON_UTF8_AVX512 bool recon_utf8_is_wrong_avx512(const uint32_t *foreign, uint32_t count, const char *bytes,
                                                  uint32_t size)
{
    __m512i wrong = _mm512_setzero_si512();
    for (uint32_t i = 0; i < count; i++) {
        /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): so many were written */
        const uint32_t at = foreign[i];
        wrong = _mm512_or_si512(wrong, recon_utf8_judge_chunk_avx512(bytes, size, at));
        if (recon_utf8_asks_for_more(bytes, size, at + RECON_UTF8_CHUNK_BYTES))
            wrong = _mm512_or_si512(wrong, recon_utf8_judge_chunk_avx512(bytes, size, at + RECON_UTF8_CHUNK_BYTES));
    }
    return _mm512_test_epi8_mask(wrong, wrong) != 0;
}

RECON_UTF8_AVX2 __m256i recon_utf8_load_avx2(const char *bytes)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)bytes);
}

RECON_UTF8_AVX2 __m256i recon_utf8_look_up_avx2(__m128i table, __m256i halves)
{
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(table), halves);
}

/* What of half a chunk is not UTF-8, as far as it and the three bytes before it tell; 0: nothing. */
RECON_UTF8_AVX2 __m256i recon_utf8_judge_half_avx2(const char *bytes)
{
    const __m256i low = _mm256_set1_epi8(0x0f);
    const __m256i byte = recon_utf8_load_avx2(bytes), before = recon_utf8_load_avx2(bytes - 1);
    const __m256i here =
        recon_utf8_look_up_avx2(_mm_setr_epi8(RECON_UTF8_HERE_HIGH), _mm256_and_si256(_mm256_srli_epi16(byte, 4), low));
    const __m256i high = recon_utf8_look_up_avx2(_mm_setr_epi8(RECON_UTF8_BEFORE_HIGH),
                                                 _mm256_and_si256(_mm256_srli_epi16(before, 4), low));
    const __m256i pair =
        _mm256_and_si256(_mm256_and_si256(here, high),
                         recon_utf8_look_up_avx2(_mm_setr_epi8(RECON_UTF8_BEFORE_LOW), _mm256_and_si256(before, low)));
    /* The uppermost bit stays where the second byte before is E0 or more, the third one F0. */
    const __m256i later = _mm256_or_si256(
        _mm256_subs_epu8(recon_utf8_load_avx2(bytes - 2), _mm256_set1_epi8(0xe0 - RECON_UTF8_FOLLOWERS)),
        _mm256_subs_epu8(recon_utf8_load_avx2(bytes - 3), _mm256_set1_epi8(0xf0 - RECON_UTF8_FOLLOWERS)));
    return _mm256_xor_si256(_mm256_and_si256(later, _mm256_set1_epi8((char)RECON_UTF8_FOLLOWERS)), pair);
}

RECON_UTF8_AVX2 __m256i recon_utf8_judge_chunk_avx2(const char *bytes, uint32_t size, uint32_t at)
{
    if (__builtin_expect(at >= RECON_UTF8_CHUNK_BYTES && at + RECON_UTF8_CHUNK_BYTES <= size, 1))
        return _mm256_or_si256(recon_utf8_judge_half_avx2(bytes + at), recon_utf8_judge_half_avx2(bytes + at + 32));
    /* Bytes outside of the block count as 0. */
    char padded[32 + RECON_UTF8_CHUNK_BYTES] = {0};
    const uint32_t before = at < 32 ? at : 32;
    const uint32_t behind = size - at < RECON_UTF8_CHUNK_BYTES ? size - at : RECON_UTF8_CHUNK_BYTES;
    memcpy(padded + 32 - before, bytes + at - before, before + behind);
    return _mm256_or_si256(recon_utf8_judge_half_avx2(padded + 32), recon_utf8_judge_half_avx2(padded + 64));
}

/* Whether the block is not UTF-8. foreign: where its chunks begin that are not ASCII, count of them. */
RECON_UTF8_AVX2 bool recon_utf8_is_wrong_avx2(const uint32_t *foreign, uint32_t count, const char *bytes, uint32_t size)
{
    __m256i wrong = _mm256_setzero_si256();
    for (uint32_t i = 0; i < count; i++) {
        /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): so many were written */
        const uint32_t at = foreign[i];
        wrong = _mm256_or_si256(wrong, recon_utf8_judge_chunk_avx2(bytes, size, at));
        if (recon_utf8_asks_for_more(bytes, size, at + RECON_UTF8_CHUNK_BYTES))
            wrong = _mm256_or_si256(wrong, recon_utf8_judge_chunk_avx2(bytes, size, at + RECON_UTF8_CHUNK_BYTES));
    }
    return !_mm256_testz_si256(wrong, wrong);
}

#endif

#endif
