/*
 * The scan by AVX-512.
 */
#include "codec/json_scan_chunk.h"

#ifdef RECON_JSON_SCAN_VECTORS

#include <stdbool.h>

#include "codec/utf8_vectors.h"
#include "recon/status.h"

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi2,pclmul,bmi,lzcnt,popcnt")))
#define INLINE TARGET RECON_INLINE

INLINE __m512i all(int byte)
{
    return _mm512_set1_epi8((char)byte);
}

/* The mask in a register for numbers, where the compiler would do sums with masks, which is slow. */
INLINE uint64_t bits(__mmask64 mask)
{
    uint64_t bits = mask;
    __asm__("" : "+r"(bits));
    return bits;
}

INLINE uint64_t equal(__m512i bytes, int byte)
{
    return bits(_mm512_cmpeq_epi8_mask(bytes, all(byte)));
}

/* What tokens are, in their order. */
INLINE __m512i gather(uint64_t tokens, __m512i of)
{
    return _mm512_maskz_compress_epi8(tokens, of);
}

/* Writes the tokens' places, and perhaps more behind; returns how many they are. */
INLINE uint32_t put_places(struct state *state, uint64_t tokens, uint32_t base)
{
    const __m512i numbers =
        _mm512_set_epi64(0x3f3e3d3c3b3a3938, 0x3736353433323130, 0x2f2e2d2c2b2a2928, 0x2726252423222120,
                         0x1f1e1d1c1b1a1918, 0x1716151413121110, 0x0f0e0d0c0b0a0908, 0x0706050403020100);
    uint16_t *to = &state->scan->tokens[state->token_count];
    const __m512i first = _mm512_set1_epi16((short)base);
    const __m512i places = gather(tokens, numbers);
    _mm512_storeu_si512(to, _mm512_add_epi16(first, _mm512_cvtepu8_epi16(_mm512_castsi512_si256(places))));
    const uint32_t count = (uint32_t)_mm_popcnt_u64(tokens);
    state->token_count += count;
    if (count > 32)
        _mm512_storeu_si512(to + 32,
                            _mm512_add_epi16(first, _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(places, 1))));
    return count;
}

/* Writes the tokens' places and bytes, and perhaps more behind. */
INLINE void put_tokens(struct state *state, __m512i bytes, uint64_t tokens, uint32_t base)
{
    uint8_t *forms = &state->scan->forms[state->token_count];
    const __m512i found = gather(tokens, bytes);
    _mm256_storeu_si256((__m256i *)(void *)forms, _mm512_castsi512_si256(found));
    if (put_places(state, tokens, base) > 32)
        _mm256_storeu_si256((__m256i *)(void *)(forms + 32), _mm512_extracti64x4_epi64(found, 1));
}

/* lowest: of the bytes in texts, at each place of a chunk. */
INLINE void take(struct state *state, __m512i bytes, uint32_t base, __m512i *lowest)
{
    const __m512i operator_table = _mm512_broadcast_i32x4(_mm_setr_epi8(OPERATOR_TABLE));
    const __m512i blank_table = _mm512_broadcast_i32x4(_mm_setr_epi8(BLANK_TABLE));
    const struct masks masks = {
        .quotes = equal(bytes, '"'),
        .backslashes = equal(bytes, '\\'),
        .operators =
            bits(_mm512_cmpeq_epi8_mask(_mm512_shuffle_epi8(operator_table, bytes), _mm512_or_si512(bytes, all(0x20)))),
        .blanks = bits(_mm512_cmpeq_epi8_mask(_mm512_shuffle_epi8(blank_table, bytes), bytes)),
        .newlines = equal(bytes, '\n'),
        .is_foreign = bits(_mm512_movepi8_mask(bytes)) != 0,
    };
    uint64_t inside;
    const uint64_t tokens = take_masks(state, &masks, base, &inside);
    *lowest = _mm512_mask_min_epu8(*lowest, inside, *lowest, bytes);
    put_tokens(state, bytes, tokens, base);
}

TARGET int recon_json_scan_avx512(struct recon_json_scan *scan, const char *bytes, uint32_t size, uint32_t *token_count,
                                  uint32_t *escape_count)
{
    struct state state;
    state_init(&state, scan);
    __m512i lowest = all(0xff);
    uint32_t at = 0;
    for (; at + CHUNK_BYTES <= size; at += CHUNK_BYTES)
        take(&state, _mm512_loadu_si512(bytes + at), at, &lowest);
    if (at < size)
        take(&state, _mm512_mask_loadu_epi8(all(' '), ((uint64_t)1 << (size - at)) - 1, bytes + at), at, &lowest);
    const uint64_t has_control = bits(_mm512_cmplt_epu8_mask(lowest, all(0x20)));
    const uint64_t wrong =
        has_control | state.inside | recon_utf8_is_wrong_avx512(state.foreign, state.foreign_count, bytes, size);
    *token_count = state.token_count;
    *escape_count = put_escapes(&state);
    return wrong == 0 ? RECON_OK : RECON_ERROR_INVALID;
}

/* Quotes and control characters alone. */
INLINE void take_few(struct state *state, __m512i bytes, uint32_t base)
{
    const struct masks masks = {
        .quotes = equal(bytes, '"'),
        .backslashes = equal(bytes, '\\'),
        .is_foreign = bits(_mm512_movepi8_mask(bytes)) != 0,
    };
    const uint64_t controls = bits(_mm512_cmplt_epu8_mask(bytes, all(0x20)));
    put_places(state, take_quotes(state, &masks, base) | controls, base);
}

TARGET int recon_json_quotes_avx512(struct recon_json_scan *scan, const char *bytes, uint32_t size,
                                    uint32_t *token_count, uint32_t *escape_count)
{
    struct state state;
    state_init(&state, scan);
    uint32_t at = 0;
    for (; at + CHUNK_BYTES <= size; at += CHUNK_BYTES)
        take_few(&state, _mm512_loadu_si512(bytes + at), at);
    if (at < size)
        take_few(&state, _mm512_mask_loadu_epi8(all(' '), ((uint64_t)1 << (size - at)) - 1, bytes + at), at);
    *token_count = state.token_count;
    *escape_count = put_escapes(&state);
    return recon_utf8_is_wrong_avx512(state.foreign, state.foreign_count, bytes, size) ? RECON_ERROR_INVALID : RECON_OK;
}

#endif
