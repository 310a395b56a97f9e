/*
 * The scan by AVX-512, 64 bytes at a time as bits of masks. Nothing hangs on what the bytes are but whether there are
 * backslashes; what is not ASCII is written down and judged behind the rest, so that it is no branch here.
 */
#include "codec/json_scan.h"

#ifdef RECON_JSON_SCAN_AVX512

#include <immintrin.h>
#include <stdbool.h>

#include "recon/status.h"

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi2,pclmul,bmi,lzcnt,popcnt")))
#define INLINE TARGET static inline __attribute__((always_inline))

#define CHUNK_BYTES 64
#define CHUNK_COUNT_MAX (RECON_JSON_SCAN_BYTES / CHUNK_BYTES + 2)

/* A byte is an operator if what the table has for its lower half is the byte itself with bit 5 set; a blank, if it is
 * the byte itself. (Two control characters pass for operators, and no reader takes them for one.) */
#define OPERATOR_TABLE 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ':', '{', ',', '}', 0, 0
#define BLANK_TABLE ' ', 0, 0, 0, 0, 0, 0, 0, 0, '\t', '\n', 0, 0, '\r', 0, 0

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
    __m512i lowest;         /* of the bytes in texts, at each place of a chunk */
    uint32_t foreign[CHUNK_COUNT_MAX];
    struct escaping escaping[CHUNK_COUNT_MAX];
};

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

/* Which backslashes begin an escape: of those in a row every second one, from the first that is not escaped itself.
 *
 * The difference below runs through each row, as the bit behind each backslash is taken away from by it: what comes out
 * is, but for the bits at odd places, which are all set before and turned back after, every second bit of the row and
 * the one behind it. */
INLINE uint64_t find_escapes(uint64_t backslashes, uint64_t escaped)
{
    const uint64_t odd = UINT64_C(0xaaaaaaaaaaaaaaaa);
    const uint64_t free = backslashes & ~escaped;
    return (((free << 1 | odd) - free) ^ odd) & backslashes;
}

/* Writes the tokens' places and bytes, and perhaps more behind. */
INLINE void put_tokens(struct state *state, __m512i bytes, uint64_t tokens, uint32_t base)
{
    const __m512i numbers =
        _mm512_set_epi64(0x3f3e3d3c3b3a3938, 0x3736353433323130, 0x2f2e2d2c2b2a2928, 0x2726252423222120,
                         0x1f1e1d1c1b1a1918, 0x1716151413121110, 0x0f0e0d0c0b0a0908, 0x0706050403020100);
    uint16_t *to = &state->scan->tokens[state->token_count];
    uint8_t *forms = &state->scan->forms[state->token_count];
    const __m512i first = _mm512_set1_epi16((short)base);
    const __m512i places = _mm512_maskz_compress_epi8(tokens, numbers);
    const __m512i found = _mm512_maskz_compress_epi8(tokens, bytes);
    _mm512_storeu_si512(to, _mm512_add_epi16(first, _mm512_cvtepu8_epi16(_mm512_castsi512_si256(places))));
    _mm256_storeu_si256((__m256i *)(void *)forms, _mm512_castsi512_si256(found));
    const uint32_t count = (uint32_t)_mm_popcnt_u64(tokens);
    state->token_count += count;
    if (count > 32) {
        _mm512_storeu_si512(to + 32,
                            _mm512_add_epi16(first, _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(places, 1))));
        _mm256_storeu_si256((__m256i *)(void *)(forms + 32), _mm512_extracti64x4_epi64(found, 1));
    }
}

INLINE void take(struct state *state, __m512i bytes, uint32_t base)
{
    state->foreign[state->foreign_count] = base;
    state->foreign_count += bits(_mm512_movepi8_mask(bytes)) != 0;

    uint64_t quotes = equal(bytes, '"');
    const uint64_t backslashes = equal(bytes, '\\');
    if (__builtin_expect((backslashes | state->escaped) != 0, 0)) {
        const uint64_t escapes = find_escapes(backslashes, state->escaped);
        quotes &= ~(escapes << 1 | state->escaped);
        state->escaped = escapes >> 63;
        state->escaping[state->escaping_count++] = (struct escaping){escapes, base};
    }

    /* From each opening quote on, without the closing one; and without the opening, with the closing one. */
    const __m128i parity = _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)quotes), _mm_set1_epi8(-1), 0);
    const uint64_t inside = (uint64_t)_mm_cvtsi128_si64(parity) ^ state->inside;
    const uint64_t tails = inside ^ quotes;
    state->inside = 0 - (inside >> 63);
    state->lowest = _mm512_mask_min_epu8(state->lowest, inside, state->lowest, bytes);

    const __m512i operator_table = _mm512_broadcast_i32x4(_mm_setr_epi8(OPERATOR_TABLE));
    const __m512i blank_table = _mm512_broadcast_i32x4(_mm_setr_epi8(BLANK_TABLE));
    const uint64_t operators =
        bits(_mm512_cmpeq_epi8_mask(_mm512_shuffle_epi8(operator_table, bytes), _mm512_or_si512(bytes, all(0x20))));
    const uint64_t blanks = bits(_mm512_cmpeq_epi8_mask(_mm512_shuffle_epi8(blank_table, bytes), bytes));
    const uint64_t scalars = ~(operators | blanks);
    const uint64_t unquoted = scalars & ~quotes;
    const uint64_t starts = (operators | (scalars & ~(unquoted << 1 | state->unquoted))) & ~tails;
    state->unquoted = unquoted >> 63;
    put_tokens(state, bytes, starts | equal(bytes, '\n'), base);
}

/* Whether the chunk at `at` is not UTF-8 (RFC 3629), as far as what stands before it tells: each lead has as many
 * followers as it says, and no other byte is one; the second byte behind some leads is bounded. Bytes outside of the
 * block count as 0. */
INLINE __mmask64 judge_utf8(const char *bytes, uint32_t size, uint32_t at)
{
    const uint64_t here = at + CHUNK_BYTES <= size ? ~(uint64_t)0 : ((uint64_t)1 << (size - at)) - 1;
    const uint64_t any = at > 0 ? ~(uint64_t)0 : 0;
#define BEFORE(n) _mm512_maskz_loadu_epi8((here << (n)) | (any & ((1 << (n)) - 1)), bytes + at - (n))
#define IS_LEAD(byte) _mm512_cmpeq_epi8_mask(before, all(byte))
    const __m512i byte = _mm512_maskz_loadu_epi8(here, bytes + at);
    const __m512i before = BEFORE(1);
    const __mmask64 is_follower = _mm512_cmplt_epi8_mask(byte, all(0xc0));
    /* The uppermost bit stays where the byte before is C0 or more, the second one before E0, the third one F0. */
    const __m512i asked = _mm512_or_si512(
        _mm512_or_si512(_mm512_subs_epu8(before, all(0xc0 - 0x80)), _mm512_subs_epu8(BEFORE(2), all(0xe0 - 0x80))),
        _mm512_subs_epu8(BEFORE(3), all(0xf0 - 0x80)));
    const __mmask64 e0 = _mm512_mask_cmplt_epu8_mask(IS_LEAD(0xe0), byte, all(0xa0));
    const __mmask64 ed = _mm512_mask_cmpge_epu8_mask(IS_LEAD(0xed), byte, all(0xa0));
    const __mmask64 f0 = _mm512_mask_cmplt_epu8_mask(IS_LEAD(0xf0), byte, all(0x90));
    const __mmask64 f4 = _mm512_mask_cmpge_epu8_mask(IS_LEAD(0xf4), byte, all(0x90));
    const __mmask64 never =
        _mm512_cmpge_epu8_mask(byte, all(0xf5)) | _mm512_cmpeq_epi8_mask(_mm512_and_si512(byte, all(0xfe)), all(0xc0));
#undef IS_LEAD
#undef BEFORE
    return (is_follower ^ _mm512_movepi8_mask(asked)) | e0 | ed | f0 | f4 | never;
}

/* The chunks that are not ASCII; and those behind one whose last byte may ask for more. */
INLINE uint64_t judge_foreign(const struct state *state, const char *bytes, uint32_t size)
{
    __mmask64 wrong = 0;
    for (uint32_t i = 0; i < state->foreign_count; i++) {
        /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): so many were written */
        const uint32_t at = state->foreign[i];
        const uint32_t next = at + CHUNK_BYTES;
        wrong |= judge_utf8(bytes, size, at);
        if (next <= size && (signed char)bytes[next - 1] < 0)
            wrong |= judge_utf8(bytes, size, next);
    }
    return wrong;
}

TARGET int recon_json_scan_avx512(struct recon_json_scan *scan, const char *bytes, uint32_t size, uint32_t *token_count,
                                  uint32_t *escape_count)
{
    struct state state;
    state.scan = scan;
    state.token_count = state.escaping_count = state.foreign_count = 0;
    state.escaped = state.inside = state.unquoted = 0;
    state.lowest = all(0xff);
    uint32_t at = 0;
    for (; at + CHUNK_BYTES <= size; at += CHUNK_BYTES)
        take(&state, _mm512_loadu_si512(bytes + at), at);
    if (at < size)
        take(&state, _mm512_mask_loadu_epi8(all(' '), ((uint64_t)1 << (size - at)) - 1, bytes + at), at);
    const uint64_t has_control = _mm512_cmplt_epu8_mask(state.lowest, all(0x20));
    const uint64_t wrong = has_control | state.inside | judge_foreign(&state, bytes, size);
    uint32_t count = 0;
    for (uint32_t i = 0; i < state.escaping_count; i++)
        for (uint64_t rest = state.escaping[i].escapes; rest != 0; rest &= rest - 1)
            scan->escapes[count++] = state.escaping[i].base + (uint32_t)__builtin_ctzll(rest);
    *token_count = state.token_count;
    *escape_count = count;
    return wrong == 0 ? RECON_OK : RECON_ERROR_INVALID;
}

#endif
