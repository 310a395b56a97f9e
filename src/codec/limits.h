/*
 * Bounds of the decoders, with their reasons. Those of the record's texts are the engine's: core/limits.h.
 */
#ifndef RECON_CODEC_LIMITS_H
#define RECON_CODEC_LIMITS_H

#include <stddef.h>

/* Longest line or CSV record. The longest context (16 MiB) fits, and so does any message of a Kafka broker that was
 * not told otherwise (1 MiB); a file that is no text at all, one huge line, costs no more memory than this. */
#define RECON_RECORD_BYTES_DEFAULT ((size_t)16 << 20)
/* Sizes within a record are 32-bit. */
#define RECON_RECORD_BYTES_MAX ((size_t)1 << 31)

/* Objects and lists in one another. What simdjson and most other parsers allow. */
#define RECON_JSON_DEPTH_MAX 1024

#endif
