/*
 * The scan's logic on 64 bytes at a time as bits of masks, for each kind of vectors that makes them. Internal to
 * json_scan_avx512.c and json_scan_avx2.c.
 *
 * Nothing hangs on what the bytes are but whether there are backslashes; what is not ASCII is written down and judged
 * behind the rest, so that it is no branch here.
 */
#ifndef RECON_CODEC_JSON_SCAN_CHUNK_H
#define RECON_CODEC_JSON_SCAN_CHUNK_H

#include "codec/json_scan.h"

#ifdef RECON_JSON_SCAN_VECTORS

#include <immintrin.h>

#define RECON_INLINE static inline __attribute__((always_inline))

#define CHUNK_BYTES 64
#define CHUNK_COUNT_MAX (RECON_JSON_SCAN_BYTES / CHUNK_BYTES + 2)

/* A byte is an operator if what the table has for its lower half is the byte itself with bit 5 set; a blank, if it is
 * the byte itself. (Two control characters pass for operators, and no reader takes them for one.) */
#define OPERATOR_TABLE 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ':', '{', ',', '}', 0, 0
#define BLANK_TABLE ' ', 0, 0, 0, 0, 0, 0, 0, 0, '\t', '\n', 0, 0, '\r', 0, 0

/* What a chunk's bytes are. */
struct masks {
    uint64_t quotes;
    uint64_t backslashes;
    uint64_t operators;
    uint64_t blanks;
    uint64_t newlines;
    bool is_foreign; /* one is not ASCII */
};

/* A chunk with escapes. */
struct escaping {
    uint64_t escapes;
    uint32_t base;
};

struct state {
    struct recon_json_scan *scan;
    uint32_t token_count;
    uint32_t escaping_count;
    uint32_t foreign_count; /* chunks that are not ASCII */
    uint64_t escaped;       /* 1: the chunk's first byte is */
    uint64_t inside;        /* all ones: it is in a text */
    uint64_t unquoted;      /* 1: the byte before it was of a number or a name */
    uint32_t foreign[CHUNK_COUNT_MAX];
    struct escaping escaping[CHUNK_COUNT_MAX];
};

RECON_INLINE void state_init(struct state *state, struct recon_json_scan *scan)
{
    state->scan = scan;
    state->token_count = state->escaping_count = state->foreign_count = 0;
    state->escaped = state->inside = state->unquoted = 0;
}

/* Which backslashes begin an escape: of those in a row every second one, from the first that is not escaped itself.
 *
 * The difference below runs through each row, as the bit behind each backslash is taken away from by it: what comes out
 * is, but for the bits at odd places, which are all set before and turned back after, every second bit of the row and
 * the one behind it. */
RECON_INLINE uint64_t find_escapes(uint64_t backslashes, uint64_t escaped)
{
    const uint64_t odd = UINT64_C(0xaaaaaaaaaaaaaaaa);
    const uint64_t free = backslashes & ~escaped;
    return (((free << 1 | odd) - free) ^ odd) & backslashes;
}

/* The chunk's quotes that are not escaped; notes what escapes there are, and whether it is not ASCII. */
RECON_INLINE uint64_t take_quotes(struct state *state, const struct masks *masks, uint32_t base)
{
    state->foreign[state->foreign_count] = base;
    state->foreign_count += masks->is_foreign;

    uint64_t quotes = masks->quotes;
    if (__builtin_expect((masks->backslashes | state->escaped) != 0, 0)) {
        const uint64_t escapes = find_escapes(masks->backslashes, state->escaped);
        quotes &= ~(escapes << 1 | state->escaped);
        state->escaped = escapes >> 63;
        state->escaping[state->escaping_count++] = (struct escaping){escapes, base};
    }
    return quotes;
}

/* Takes a chunk in: returns where its tokens are, and in *inside which bytes are in texts, from each opening quote on,
 * without the closing one. */
__attribute__((target("pclmul"))) RECON_INLINE uint64_t take_masks(struct state *state, const struct masks *masks,
                                                                   uint32_t base, uint64_t *inside)
{
    const uint64_t quotes = take_quotes(state, masks, base);
    const __m128i parity = _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)quotes), _mm_set1_epi8(-1), 0);
    *inside = (uint64_t)_mm_cvtsi128_si64(parity) ^ state->inside;
    const uint64_t tails = *inside ^ quotes; /* without the opening quote, with the closing one */
    state->inside = 0 - (*inside >> 63);

    const uint64_t scalars = ~(masks->operators | masks->blanks);
    const uint64_t unquoted = scalars & ~quotes;
    const uint64_t starts = (masks->operators | (scalars & ~(unquoted << 1 | state->unquoted))) & ~tails;
    state->unquoted = unquoted >> 63;
    return starts | masks->newlines;
}

/* Writes down the escapes that there were; returns how many. */
RECON_INLINE uint32_t put_escapes(const struct state *state)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < state->escaping_count; i++)
        for (uint64_t rest = state->escaping[i].escapes; rest != 0; rest &= rest - 1)
            state->scan->escapes[count++] = state->escaping[i].base + (uint32_t)__builtin_ctzll(rest);
    return count;
}

#endif

#endif
