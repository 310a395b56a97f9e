/*
 * The scan by AVX2.
 */
#include "codec/json_scan_chunk.h"

#ifdef RECON_JSON_SCAN_VECTORS

#include <stdbool.h>
#include <string.h>

#include "codec/utf8_pairs.h"
#include "recon/status.h"

#define TARGET __attribute__((target("avx2,pclmul,bmi,lzcnt,popcnt")))
#define INLINE TARGET RECON_INLINE

/* So many tokens are written without a look at how many there are. */
#define TOKEN_COUNT_USUAL 8

/* A chunk, or what is said of each of its bytes. */
struct chunk {
    __m256i low;
    __m256i high;
};

INLINE __m256i all(int byte)
{
    return _mm256_set1_epi8((char)byte);
}

INLINE __m256i load(const char *bytes)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)bytes);
}

INLINE struct chunk load_chunk(const char *bytes)
{
    return (struct chunk){load(bytes), load(bytes + 32)};
}

/* The uppermost bit of each byte. */
INLINE uint64_t bits(__m256i low, __m256i high)
{
    return (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32 | (uint32_t)_mm256_movemask_epi8(low);
}

INLINE uint64_t equal(const struct chunk *chunk, int byte)
{
    return bits(_mm256_cmpeq_epi8(chunk->low, all(byte)), _mm256_cmpeq_epi8(chunk->high, all(byte)));
}

INLINE __m256i look_up(__m128i table, __m256i bytes)
{
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(table), bytes);
}

INLINE __m256i is_operator(__m256i bytes)
{
    return _mm256_cmpeq_epi8(look_up(_mm_setr_epi8(OPERATOR_TABLE), bytes), _mm256_or_si256(bytes, all(0x20)));
}

INLINE __m256i is_blank(__m256i bytes)
{
    return _mm256_cmpeq_epi8(look_up(_mm_setr_epi8(BLANK_TABLE), bytes), bytes);
}

INLINE __m256i is_control(__m256i bytes)
{
    return _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, all(0x1f)), bytes);
}

/* Writes the tokens' places, and perhaps more behind. */
INLINE void put_tokens(struct state *state, uint64_t tokens, uint32_t base)
{
    uint16_t *to = &state->scan->tokens[state->token_count];
    state->token_count += (uint32_t)__builtin_popcountll(tokens);
    do {
        for (int i = 0; i < TOKEN_COUNT_USUAL; i++, tokens &= tokens - 1)
            *to++ = (uint16_t)(base + (uint32_t)_tzcnt_u64(tokens));
    } while (tokens != 0);
}

/* Writes the tokens' bytes: once all places are known, so that none is looked at that is no token's. */
INLINE void put_forms(const struct state *state, const char *bytes)
{
    const uint16_t *tokens = state->scan->tokens;
    uint8_t *forms = state->scan->forms;
    for (uint32_t i = 0; i < state->token_count; i++)
        forms[i] = (uint8_t)bytes[tokens[i]];
}

/* *wrong: not 0 once there was a control character in a text. */
INLINE void take(struct state *state, const char *bytes, uint32_t base, uint64_t *wrong)
{
    const struct chunk chunk = load_chunk(bytes);
    const struct masks masks = {
        .quotes = equal(&chunk, '"'),
        .backslashes = equal(&chunk, '\\'),
        .operators = bits(is_operator(chunk.low), is_operator(chunk.high)),
        .blanks = bits(is_blank(chunk.low), is_blank(chunk.high)),
        .newlines = equal(&chunk, '\n'),
        .is_foreign = _mm256_movemask_epi8(_mm256_or_si256(chunk.low, chunk.high)) != 0,
    };
    uint64_t inside;
    const uint64_t tokens = take_masks(state, &masks, base, &inside);
    *wrong |= inside & bits(is_control(chunk.low), is_control(chunk.high));
    put_tokens(state, tokens, base);
}

/* What of half a chunk is not UTF-8, as far as it and the three bytes before it tell; 0: nothing. */
INLINE __m256i judge_half(const char *bytes)
{
    const __m256i low = all(0x0f);
    const __m256i byte = load(bytes), before = load(bytes - 1);
    const __m256i here =
        look_up(_mm_setr_epi8(RECON_UTF8_HERE_HIGH), _mm256_and_si256(_mm256_srli_epi16(byte, 4), low));
    const __m256i high =
        look_up(_mm_setr_epi8(RECON_UTF8_BEFORE_HIGH), _mm256_and_si256(_mm256_srli_epi16(before, 4), low));
    const __m256i pair = _mm256_and_si256(_mm256_and_si256(here, high),
                                          look_up(_mm_setr_epi8(RECON_UTF8_BEFORE_LOW), _mm256_and_si256(before, low)));
    /* The uppermost bit stays where the second byte before is E0 or more, the third one F0. */
    const __m256i later = _mm256_or_si256(_mm256_subs_epu8(load(bytes - 2), all(0xe0 - RECON_UTF8_FOLLOWERS)),
                                          _mm256_subs_epu8(load(bytes - 3), all(0xf0 - RECON_UTF8_FOLLOWERS)));
    return _mm256_xor_si256(_mm256_and_si256(later, all(RECON_UTF8_FOLLOWERS)), pair);
}

INLINE __m256i judge_chunk(const char *bytes, uint32_t size, uint32_t at)
{
    if (__builtin_expect(at >= CHUNK_BYTES && at + CHUNK_BYTES <= size, 1))
        return _mm256_or_si256(judge_half(bytes + at), judge_half(bytes + at + 32));
    /* Bytes outside of the block count as 0. */
    char padded[32 + CHUNK_BYTES] = {0};
    const uint32_t before = at < 32 ? at : 32;
    const uint32_t behind = size - at < CHUNK_BYTES ? size - at : CHUNK_BYTES;
    memcpy(padded + 32 - before, bytes + at - before, before + behind);
    return _mm256_or_si256(judge_half(padded + 32), judge_half(padded + 64));
}

/* The chunks that are not ASCII; and those behind one whose last byte may ask for more. */
INLINE uint64_t judge_foreign(const struct state *state, const char *bytes, uint32_t size)
{
    __m256i wrong = _mm256_setzero_si256();
    for (uint32_t i = 0; i < state->foreign_count; i++) {
        /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): so many were written */
        const uint32_t at = state->foreign[i];
        wrong = _mm256_or_si256(wrong, judge_chunk(bytes, size, at));
        if (asks_for_more(bytes, size, at + CHUNK_BYTES))
            wrong = _mm256_or_si256(wrong, judge_chunk(bytes, size, at + CHUNK_BYTES));
    }
    return !_mm256_testz_si256(wrong, wrong);
}

TARGET int recon_json_scan_avx2(struct recon_json_scan *scan, const char *bytes, uint32_t size, uint32_t *token_count,
                                uint32_t *escape_count)
{
    struct state state;
    state_init(&state, scan);
    uint64_t wrong = 0;
    uint32_t at = 0;
    for (; at + CHUNK_BYTES <= size; at += CHUNK_BYTES)
        take(&state, bytes + at, at, &wrong);
    if (at < size) {
        char padded[CHUNK_BYTES];
        memset(padded, ' ', sizeof padded);
        memcpy(padded, bytes + at, size - at);
        take(&state, padded, at, &wrong);
    }
    wrong |= state.inside | judge_foreign(&state, bytes, size);
    put_forms(&state, bytes);
    *token_count = state.token_count;
    *escape_count = put_escapes(&state);
    return wrong == 0 ? RECON_OK : RECON_ERROR_INVALID;
}

#endif
