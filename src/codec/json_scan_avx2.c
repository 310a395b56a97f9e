/*
 * The scan by AVX2.
 */
#include "codec/json_scan_chunk.h"

#ifdef RECON_JSON_SCAN_VECTORS

#include <stdbool.h>
#include <string.h>

#include "codec/utf8_vectors.h"
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
    wrong |= state.inside | recon_utf8_is_wrong_avx2(state.foreign, state.foreign_count, bytes, size);
    put_forms(&state, bytes);
    *token_count = state.token_count;
    *escape_count = put_escapes(&state);
    return wrong == 0 ? RECON_OK : RECON_ERROR_INVALID;
}

/* Quotes and control characters alone. */
INLINE void take_few(struct state *state, const char *bytes, uint32_t base)
{
    const struct chunk chunk = load_chunk(bytes);
    const struct masks masks = {
        .quotes = equal(&chunk, '"'),
        .backslashes = equal(&chunk, '\\'),
        .is_foreign = _mm256_movemask_epi8(_mm256_or_si256(chunk.low, chunk.high)) != 0,
    };
    const uint64_t controls = bits(is_control(chunk.low), is_control(chunk.high));
    put_tokens(state, take_quotes(state, &masks, base) | controls, base);
}

TARGET int recon_json_quotes_avx2(struct recon_json_scan *scan, const char *bytes, uint32_t size, uint32_t *token_count,
                                  uint32_t *escape_count)
{
    struct state state;
    state_init(&state, scan);
    uint32_t at = 0;
    for (; at + CHUNK_BYTES <= size; at += CHUNK_BYTES)
        take_few(&state, bytes + at, at);
    if (at < size) {
        char padded[CHUNK_BYTES];
        memset(padded, ' ', sizeof padded);
        memcpy(padded, bytes + at, size - at);
        take_few(&state, padded, at);
    }
    *token_count = state.token_count;
    *escape_count = put_escapes(&state);
    return recon_utf8_is_wrong_avx2(state.foreign, state.foreign_count, bytes, size) ? RECON_ERROR_INVALID : RECON_OK;
}

#endif
