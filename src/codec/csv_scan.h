/*
 * CSV cut at its commas and newlines, 64 bytes at a time as bits of a mask. Internal to csv_record.c.
 *
 * Quotes are not walked through: a byte is within quotes if an odd number of quotes stands before it, which is one
 * running exclusive or over the mask of quotes; a doubled quote leaves the quotes and enters them again. So the cost
 * hardly depends on what is quoted. Where a quote stands that RFC 4180 doesn't allow, all behind it means nothing:
 * `fault` is the first byte that shows one.
 */
#ifndef RECON_CODEC_CSV_SCAN_H
#define RECON_CODEC_CSV_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "codec/csv_masks.h"

struct recon_csv_scanner {
    recon_csv_masker find_masks;
    const char *bytes;
    size_t size;
    size_t block;           /* where the 64 bytes of the masks begin */
    uint64_t cuts;          /* commas and newlines outside of quotes; those that were given are gone */
    uint64_t ends;          /* the newlines among the cuts, those that were given, too */
    uint64_t newlines;      /* within quotes */
    size_t newlines_before; /* within quotes, from the start to the block */
    size_t fault;           /* SIZE_MAX: none so far */
    size_t nul_end;         /* no byte from here to the block's end is 0, */
    size_t foreign_end;     /* and none from here above 0x7f */
    bool has_doubled;       /* somewhere one quote stands behind another */
    /* What the byte before the next block was: */
    bool is_within;   /* quotes */
    bool is_boundary; /* a cut, a closing quote, or the start */
    bool is_close;    /* a closing quote */
    bool is_close_cr; /* CR behind a closing quote */
};

/* Sets the masks of a block that has quotes, or lies behind some. present: those of the 64 that are input. */
__attribute__((always_inline)) static inline void recon_csv_block_quoted(struct recon_csv_scanner *scanner,
                                                                         const char *block,
                                                                         const struct recon_csv_masks *masks,
                                                                         uint64_t present)
{
    const uint64_t quotes = masks->quotes;
    const uint64_t within = masks->odd_quotes ^ (scanner->is_within ? UINT64_MAX : 0);
    const uint64_t opening = quotes & within, closing = quotes & ~within;
    const uint64_t cuts = (masks->commas | masks->newlines) & ~within;
    scanner->newlines = within & masks->newlines;
    /* An opening quote stands at a boundary (behind a closing one: both are a doubled quote); a closing one stands
     * before a cut, a quote, or the CR of CR LF. */
    const uint64_t may_open = (cuts | closing) << 1 | scanner->is_boundary;
    const uint64_t behind_close = closing << 1 | scanner->is_close;
    uint64_t faults = (opening & ~may_open) | (behind_close & ~(cuts | quotes));
    uint64_t close_returns = 0;
    if ((faults & present) != 0 || scanner->is_close_cr) {
        close_returns = behind_close & recon_csv_match(block, '\r');
        const uint64_t behind_return = close_returns << 1 | scanner->is_close_cr;
        faults = (faults & ~close_returns) | (behind_return & ~(cuts & masks->newlines));
        if ((faults & present) != 0 && scanner->fault == SIZE_MAX)
            scanner->fault = scanner->block + (size_t)__builtin_ctzll(faults & present);
    }
    scanner->cuts = cuts;
    scanner->ends = cuts & masks->newlines;
    scanner->has_doubled |= (opening & behind_close) != 0;
    scanner->is_within = within >> 63;
    scanner->is_boundary = (cuts | closing) >> 63;
    scanner->is_close = closing >> 63;
    scanner->is_close_cr = close_returns >> 63;
}

static inline void recon_csv_block_note(struct recon_csv_scanner *scanner, const struct recon_csv_masks *masks)
{
    if (masks->has_nul)
        scanner->nul_end = scanner->block + RECON_CSV_BLOCK_BYTES;
    if (masks->is_foreign)
        scanner->foreign_end = scanner->block + RECON_CSV_BLOCK_BYTES;
}

/* The bytes of the block, which are padded where there are fewer. */
static inline const char *recon_csv_block_bytes(const struct recon_csv_scanner *scanner,
                                                char padded[RECON_CSV_BLOCK_BYTES], uint64_t *present)
{
    const size_t rest = scanner->size - scanner->block;
    const char *block = scanner->bytes + scanner->block;
    *present = UINT64_MAX;
    if (rest >= RECON_CSV_BLOCK_BYTES)
        return block;
    memset(padded, ' ', RECON_CSV_BLOCK_BYTES);
    memcpy(padded, block, rest);
    *present = (UINT64_C(1) << rest) - 1;
    return padded;
}

static inline void recon_csv_block_load(struct recon_csv_scanner *scanner)
{
    char padded[RECON_CSV_BLOCK_BYTES];
    uint64_t present;
    const char *block = recon_csv_block_bytes(scanner, padded, &present);
    struct recon_csv_masks masks;
    scanner->find_masks(block, &masks);
    recon_csv_block_note(scanner, &masks);
    if (masks.quotes != 0 || scanner->is_within || scanner->is_close || scanner->is_close_cr) {
        recon_csv_block_quoted(scanner, block, &masks, present);
        return;
    }
    const uint64_t cuts = masks.commas | masks.newlines;
    scanner->cuts = cuts;
    scanner->ends = masks.newlines;
    scanner->newlines = 0;
    scanner->is_boundary = cuts >> 63;
}

/* Begins at a place as at the start of a record. */
static inline void recon_csv_scanner_start(struct recon_csv_scanner *scanner, const char *bytes, size_t size, size_t at)
{
    *scanner = (struct recon_csv_scanner){.find_masks = recon_csv_masker_choose(),
                                          .bytes = bytes,
                                          .size = size,
                                          .block = at,
                                          .fault = SIZE_MAX,
                                          .is_boundary = true};
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
