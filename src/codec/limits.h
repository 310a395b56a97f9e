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

/* CloudEvents in one message: each takes 104 bytes as a record, however short it is as JSON, so that a message of 1 MiB
 * could be made 35 MiB. What a broker takes by default (1 MiB) holds fewer real events than this. */
#define RECON_MESSAGE_RECORD_COUNT_MAX ((size_t)1 << 16)

/* Schemas of a registry that are remembered, absent ones too: a stream has a few; messages that make IDs up cost no
 * more memory than this, as all are forgotten once there are so many. */
#define RECON_REGISTRY_SCHEMA_COUNT_MAX ((size_t)1 << 12)

#endif
