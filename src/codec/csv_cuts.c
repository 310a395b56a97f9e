/*
 * The cuts of usual lines, 64 bytes at a time by the masks of csv_scan.h. The same code for each kind of vectors.
 */
#include "codec/csv_cuts.h"

#include "codec/csv_masks_vector.h"
#include "codec/csv_scan.h"
#include "codec/utf8.h"
#include "codec/utf8_vectors.h"

#define INLINE static inline __attribute__((always_inline))

/* So many are written without a look at how many there are. */
#define CUT_COUNT_USUAL 4
#define FOREIGN_COUNT_MAX (RECON_CSV_CUTS_BYTES / RECON_CSV_BLOCK_BYTES + 1)

/* The bits below the first that is set; all if none is. */
INLINE uint64_t below(uint64_t bits)
{
    return (bits & (0 - bits)) - 1;
}

/* Where what is unusual begins, as bits from there on. */
INLINE uint64_t unusual(const struct recon_csv_scanner *scanner)
{
    uint64_t from = scanner->newlines;
    if (scanner->nul_end > scanner->block)
        from = UINT64_MAX;
    if (scanner->fault != SIZE_MAX)
        from |= UINT64_C(1) << (scanner->fault - scanner->block);
    return from;
}

INLINE void put(struct recon_csv_cuts *cuts, uint32_t *cut_count, uint32_t base, uint64_t bits, uint64_t ends)
{
    const uint64_t top = UINT64_C(1) << 63; /* for where no bit is left */
    const uint32_t before = *cut_count;
    cuts->ends[cuts->line_count] = (uint16_t)(before + (uint32_t)__builtin_popcountll(bits & below(ends)));
    cuts->line_count += ends != 0;
    for (uint64_t rest = ends & (ends - 1); __builtin_expect(rest != 0, 0); rest &= rest - 1)
        cuts->ends[cuts->line_count++] = (uint16_t)(before + (uint32_t)__builtin_popcountll(bits & below(rest)));
    uint16_t *to = &cuts->places[before];
    uint64_t rest = bits;
    for (int i = 0; i < CUT_COUNT_USUAL; i++, rest &= rest - 1)
        to[i] = (uint16_t)(base + (uint32_t)__builtin_ctzll(rest | top));
    for (to += CUT_COUNT_USUAL; rest != 0; rest &= rest - 1)
        *to++ = (uint16_t)(base + (uint32_t)__builtin_ctzll(rest));
    *cut_count = before + (uint32_t)__builtin_popcountll(bits);
}

/* foreign: where the chunks begin that are not ASCII. */
typedef bool judge(const uint32_t *foreign, uint32_t count, const char *bytes, uint32_t size);

INLINE void find(struct recon_csv_cuts *cuts, const char *bytes, size_t size, recon_csv_masker find_masks,
                 judge *is_wrong)
{
    uint32_t foreign[FOREIGN_COUNT_MAX];
    uint32_t foreign_count = 0;
    struct recon_csv_scanner scanner = {.bytes = bytes,
                                        .size = size < RECON_CSV_CUTS_BYTES ? size : RECON_CSV_CUTS_BYTES,
                                        .fault = SIZE_MAX,
                                        .is_boundary = true};
    uint32_t cut_count = 0;
    cuts->line_count = 0;
    for (bool is_usual = true; is_usual && scanner.block < scanner.size; scanner.block += RECON_CSV_BLOCK_BYTES) {
        char padded[RECON_CSV_BLOCK_BYTES];
        uint64_t present;
        struct recon_csv_masks masks;
        const char *block = recon_csv_block_bytes(&scanner, padded, &present);
        find_masks(block, &masks);
        foreign[foreign_count] = (uint32_t)scanner.block;
        foreign_count += masks.is_foreign;
        recon_csv_block_note(&scanner, &masks);
        recon_csv_block_quoted(&scanner, block, &masks, present); /* quotes or not: a branch would cost more */
        const uint64_t from = unusual(&scanner);
        is_usual = from == 0;
        put(cuts, &cut_count, (uint32_t)scanner.block, scanner.cuts & below(from), scanner.ends & below(from));
    }
    cuts->size = cuts->line_count > 0 ? (uint32_t)cuts->places[cuts->ends[cuts->line_count - 1]] + 1 : 0;
    /* cppcheck-suppress uninitvar ; those before the count were set */
    while (foreign_count > 0 && foreign[foreign_count - 1] >= cuts->size)
        foreign_count--;
    cuts->is_utf8 = foreign_count == 0 || !is_wrong(foreign, foreign_count, bytes, cuts->size);
    cuts->has_doubled = scanner.has_doubled;
}

static bool is_wrong_anywhere(const uint32_t *foreign, uint32_t count, const char *bytes, uint32_t size)
{
    (void)foreign;
    (void)count;
    return !recon_utf8_is_valid(bytes, size);
}

static void find_anywhere(struct recon_csv_cuts *cuts, const char *bytes, size_t size)
{
    find(cuts, bytes, size, recon_csv_masks_anywhere, is_wrong_anywhere);
}

#ifdef RECON_CSV_VECTORS
RECON_CSV_AVX512 static void find_avx512(struct recon_csv_cuts *cuts, const char *bytes, size_t size)
{
    find(cuts, bytes, size, recon_csv_masks_avx512, recon_utf8_is_wrong_avx512);
}

RECON_CSV_AVX2 static void find_avx2(struct recon_csv_cuts *cuts, const char *bytes, size_t size)
{
    find(cuts, bytes, size, recon_csv_masks_avx2, recon_utf8_is_wrong_avx2);
}
#endif

size_t recon_csv_cutters(recon_csv_cutter cutters[RECON_CSV_CUTTER_COUNT_MAX])
{
    size_t count = 0;
#ifdef RECON_CSV_VECTORS
    if (recon_csv_has_avx512())
        cutters[count++] = find_avx512;
    if (recon_csv_has_avx2())
        cutters[count++] = find_avx2;
#endif
    cutters[count++] = find_anywhere;
    return count;
}

void recon_csv_cuts_find(struct recon_csv_cuts *cuts, const char *bytes, size_t size)
{
    recon_csv_cutter cutters[RECON_CSV_CUTTER_COUNT_MAX];
    (void)recon_csv_cutters(cutters);
    cutters[0](cuts, bytes, size);
}
