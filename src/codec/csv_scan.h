/*
 * CSV cut at its commas and newlines, 64 bytes at a time as bits of a mask. Internal to csv_record.c.
 *
 * Quotes are not walked through: a byte is within quotes if an odd number of quotes stands before it, which is one
 * running exclusive or over the mask of quotes; a doubled quote leaves the quotes and enters them again. So the cost
 * hardly depends on what is quoted. Where a quote stands that RFC 4180 doesn't allow, all behind it means nothing:
 * `fault` is the first byte that shows one.
 *
 * By SSE2, which every x86-64 has, else eight bytes at a time with plain integers (RECON_PORTABLE asks for that).
 */
#ifndef RECON_CODEC_CSV_SCAN_H
#define RECON_CODEC_CSV_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__) && !defined(RECON_PORTABLE)
#include <emmintrin.h>
#endif

#define RECON_CSV_BLOCK_BYTES 64

struct recon_csv_scanner {
    const char *bytes;
    size_t size;
    size_t block;           /* where the 64 bytes of the masks begin */
    uint64_t cuts;          /* commas and newlines outside of quotes; those that were given are gone */
    uint64_t newlines;      /* within quotes */
    size_t newlines_before; /* within quotes, from the start to the block */
    size_t fault;           /* SIZE_MAX: none so far */
    size_t suspect_end;     /* no byte from here to the block's end is 0 or above 0x7f */
    /* What the byte before the next block was: */
    bool is_within;   /* quotes */
    bool is_boundary; /* a cut, a closing quote, or the start */
    bool is_close;    /* a closing quote */
    bool is_close_cr; /* CR behind a closing quote */
};

/* Bit i: byte i of the 64 is the byte. */
static inline uint64_t recon_csv_match(const char *block, char byte)
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

/* One of the 64 is 0 or above 0x7f. */
static inline bool recon_csv_is_suspect(const char *block)
{
#if defined(__SSE2__) && !defined(RECON_PORTABLE)
    __m128i any = _mm_setzero_si128(), least = _mm_set1_epi8(-1);
    for (int i = 0; i < 4; i++) {
        const __m128i part = _mm_loadu_si128((const __m128i *)(const void *)(block + 16 * i));
        any = _mm_or_si128(any, part);
        least = _mm_min_epu8(least, part);
    }
    return (_mm_movemask_epi8(any) | _mm_movemask_epi8(_mm_cmpeq_epi8(least, _mm_setzero_si128()))) != 0;
#else
    unsigned any = 0;
    for (int i = 0; i < RECON_CSV_BLOCK_BYTES; i++)
        any |= (unsigned char)block[i] | ((unsigned char)block[i] - 1U);
    return (any & ~0x7fU) != 0;
#endif
}

/* Bit i: an odd number of the bits up to i is set. */
static inline uint64_t recon_csv_running_xor(uint64_t bits)
{
    for (int shift = 1; shift < 64; shift *= 2)
        bits ^= bits << shift;
    return bits;
}

/* Sets the masks of a block that has quotes, or lies behind some. present: those of the 64 that are input. */
static inline void recon_csv_block_quoted(struct recon_csv_scanner *scanner, const char *block, uint64_t quotes,
                                          uint64_t cuts, uint64_t present)
{
    const uint64_t within = recon_csv_running_xor(quotes) ^ (scanner->is_within ? UINT64_MAX : 0);
    const uint64_t opening = quotes & within, closing = quotes & ~within;
    scanner->newlines = (cuts & within) != 0 ? within & recon_csv_match(block, '\n') : 0;
    cuts &= ~within;
    /* An opening quote stands at a boundary (behind a closing one: both are a doubled quote); a closing one stands
     * before a cut, a quote, or the CR of CR LF. */
    const uint64_t may_open = (cuts | closing) << 1 | scanner->is_boundary;
    const uint64_t behind_close = closing << 1 | scanner->is_close;
    uint64_t faults = (opening & ~may_open) | (behind_close & ~(cuts | quotes));
    uint64_t close_returns = 0;
    if ((faults & present) != 0 || scanner->is_close_cr) {
        close_returns = behind_close & recon_csv_match(block, '\r');
        const uint64_t behind_return = close_returns << 1 | scanner->is_close_cr;
        faults = (faults & ~close_returns) | (behind_return & ~(cuts & recon_csv_match(block, '\n')));
        if ((faults & present) != 0 && scanner->fault == SIZE_MAX)
            scanner->fault = scanner->block + (size_t)__builtin_ctzll(faults & present);
    }
    scanner->cuts = cuts;
    scanner->is_within = within >> 63;
    scanner->is_boundary = (cuts | closing) >> 63;
    scanner->is_close = closing >> 63;
    scanner->is_close_cr = close_returns >> 63;
}

static inline void recon_csv_block_load(struct recon_csv_scanner *scanner)
{
    const size_t rest = scanner->size - scanner->block;
    const char *block = scanner->bytes + scanner->block;
    char padded[RECON_CSV_BLOCK_BYTES];
    uint64_t present = UINT64_MAX;
    if (rest < RECON_CSV_BLOCK_BYTES) {
        memset(padded, ' ', sizeof padded);
        memcpy(padded, block, rest);
        block = padded;
        present = (UINT64_C(1) << rest) - 1;
    }
    const uint64_t quotes = recon_csv_match(block, '"');
    const uint64_t cuts = recon_csv_match(block, ',') | recon_csv_match(block, '\n');
    if (recon_csv_is_suspect(block))
        scanner->suspect_end = scanner->block + RECON_CSV_BLOCK_BYTES;
    if (quotes != 0 || scanner->is_within || scanner->is_close || scanner->is_close_cr) {
        recon_csv_block_quoted(scanner, block, quotes, cuts, present);
        return;
    }
    scanner->cuts = cuts;
    scanner->newlines = 0;
    scanner->is_boundary = cuts >> 63;
}

/* Begins at a place as at the start of a record. */
static inline void recon_csv_scanner_start(struct recon_csv_scanner *scanner, const char *bytes, size_t size, size_t at)
{
    *scanner =
        (struct recon_csv_scanner){.bytes = bytes, .size = size, .block = at, .fault = SIZE_MAX, .is_boundary = true};
    if (at < size)
        recon_csv_block_load(scanner);
}

/* The place of the next cut, or false at the end of the bytes. */
static inline bool recon_csv_scanner_next(struct recon_csv_scanner *scanner, size_t *at)
{
    while (scanner->cuts == 0) {
        if (scanner->block >= scanner->size || scanner->size - scanner->block <= RECON_CSV_BLOCK_BYTES)
            return false;
        if (scanner->newlines != 0)
            scanner->newlines_before += (size_t)__builtin_popcountll(scanner->newlines);
        scanner->block += RECON_CSV_BLOCK_BYTES;
        recon_csv_block_load(scanner);
    }
    *at = scanner->block + (size_t)__builtin_ctzll(scanner->cuts);
    scanner->cuts &= scanner->cuts - 1;
    return true;
}

/* How many newlines within quotes stand before a place in the block that the last cut was in. */
static inline size_t recon_csv_scanner_newlines(const struct recon_csv_scanner *scanner, size_t at)
{
    if (scanner->newlines == 0)
        return scanner->newlines_before;
    const size_t bit = at - scanner->block;
    const uint64_t before = bit < 64 ? (UINT64_C(1) << bit) - 1 : UINT64_MAX;
    return scanner->newlines_before + (size_t)__builtin_popcountll(scanner->newlines & before);
}

#endif
