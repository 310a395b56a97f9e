/*
 * 64 bytes of CSV as masks: bit i says something of byte i. Any thread.
 *
 * By AVX-512 or AVX2 where the processor has them, else by SSE2, which every x86-64 has, else eight bytes at a time
 * with plain integers (RECON_PORTABLE asks for that).
 */
#ifndef RECON_CODEC_CSV_MASKS_H
#define RECON_CODEC_CSV_MASKS_H

#include <stdbool.h>
#include <stdint.h>

#define RECON_CSV_BLOCK_BYTES 64

struct recon_csv_masks {
    uint64_t quotes;
    uint64_t odd_quotes; /* an odd number of the quotes up to the byte */
    uint64_t commas;
    uint64_t newlines;
    bool has_nul;
    bool is_foreign; /* one of the bytes is above 0x7f */
};

typedef void (*recon_csv_masker)(const char *block, struct recon_csv_masks *masks);

/* The fastest that there is. */
recon_csv_masker recon_csv_masker_choose(void);

/* The one for any processor. */
void recon_csv_masks_anywhere(const char *block, struct recon_csv_masks *masks);

/* Which bytes of the block are this one. */
uint64_t recon_csv_match(const char *block, char byte);

#endif
