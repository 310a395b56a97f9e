/*
 * A block of JSON lines, gone through once: where tokens start, which bytes stand there, and where escapes are.
 *
 * A token's position is as in json_index.h; besides, each line's end is a token: its LF or, where the last line has
 * none, the block's end. What is found holds only if the scan succeeds: then the block is UTF-8, no text in it holds a
 * control character (so no line end, either), and none is without an end.
 *
 * By AVX-512 or AVX2 where the processor has one of them; else by simdjson's first stage and further looks at the bytes
 * (RECON_PORTABLE asks for that).
 */
#ifndef RECON_CODEC_JSON_SCAN_H
#define RECON_CODEC_JSON_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "codec/json_index.h"

/* A block, its tokens and the lines' own bytes stay within a usual second-level cache. */
#define RECON_JSON_SCAN_BYTES ((uint32_t)32 << 10)
/* What may be written behind the last element, and read behind the last form. */
#define RECON_JSON_SCAN_SLACK 192

struct recon_json_scan {
    uint16_t tokens[RECON_JSON_SCAN_BYTES + RECON_JSON_SCAN_SLACK];
    /* The byte at each token; an LF at a line's end. Two of 0 stand behind the last. */
    uint8_t forms[RECON_JSON_SCAN_BYTES + RECON_JSON_SCAN_SLACK];
    /* Backslashes that begin an escape, or stand where no text is. UINT32_MAX stands behind the last. */
    uint32_t escapes[RECON_JSON_SCAN_BYTES + RECON_JSON_SCAN_SLACK];
};

/* size: 1 to RECON_JSON_SCAN_BYTES, and the last byte an LF or the file's last. index: for where there are no vectors.
 * RECON_OK, RECON_ERROR_INVALID (nothing that was found has a meaning) or RECON_ERROR_MEMORY. Single-threaded. */
int recon_json_scan_run(struct recon_json_scan *scan, struct recon_json_index *index, const char *bytes, uint32_t size);

/* Whether there is a way that costs a fraction, for lines that are held against one another byte by byte
 * (recon_json_shapes_read_quoted): of tokens only quotes and, wherever they stand, control characters, of which each LF
 * is one; and no forms. */
bool recon_json_scan_has_quotes(void);

/* The same, by that; the last byte must be an LF, and nothing stands behind the last token. RECON_OK or
 * RECON_ERROR_INVALID: the block is not UTF-8. */
int recon_json_scan_quotes(struct recon_json_scan *scan, const char *bytes, uint32_t size, uint32_t *token_count);

#if defined(__x86_64__) && !defined(RECON_PORTABLE)
#define RECON_JSON_SCAN_VECTORS
/* For recon_json_scan_run alone, and only where recon_json_scan_has_... says so: the counts are without what stands
 * behind the last. RECON_OK or RECON_ERROR_INVALID. */
typedef int recon_json_scan_vectors(struct recon_json_scan *scan, const char *bytes, uint32_t size,
                                    uint32_t *token_count, uint32_t *escape_count);
recon_json_scan_vectors recon_json_scan_avx512, recon_json_scan_avx2;
/* Likewise for recon_json_scan_quotes. */
recon_json_scan_vectors recon_json_quotes_avx512, recon_json_quotes_avx2;

static inline bool recon_json_scan_has_avx512(void)
{
    return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("bmi");
}

static inline bool recon_json_scan_has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("popcnt");
}
#endif

#endif
