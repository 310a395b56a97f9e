/*
 * The bytes of a snapshot. All integers are little-endian.
 *
 *     frame     magic u32, version u16, kind u8, is_last u8, group u32, sequence u32, size u32, payload, xxh64 u64
 *     section   frames of one kind and group, sequence 0, 1, ...; the last one says so. Its payloads together are items
 *     item      size u32 (of type and body), type u8, body
 *
 * The checksum is XXH64 (seed 0) of the frame's bytes before it. Every section but the end begins with a SETTINGS item.
 */
#ifndef RECON_CORE_SNAPSHOT_FORMAT_H
#define RECON_CORE_SNAPSHOT_FORMAT_H

#include <stdint.h>
#include <string.h>

#include "core/limits.h"

#define SNAPSHOT_MAGIC UINT32_C(0x4e434552) /* "RECN" */
#define SNAPSHOT_VERSION 2                  /* as it is written */
#define SNAPSHOT_VERSION_MIN 1              /* as it can still be read */
#define SNAPSHOT_FRAME_HEAD_BYTES 20
#define SNAPSHOT_CHECKSUM_BYTES 8
#define SNAPSHOT_PAYLOAD_BYTES_MAX 32768

enum snapshot_section { SNAPSHOT_HEAD = 1, SNAPSHOT_GROUP, SNAPSHOT_COUNTS, SNAPSHOT_END };

enum snapshot_item {
    ITEM_SETTINGS = 1, /* interval i64, key groups u32, key fingerprint u64 */
    ITEM_WATERMARK,    /* now, W, R, largest, silence i64; basis, has_clock, has_largest, was_silent u8 */
    ITEM_PARTITION,    /* stream u8, max, last i64, has_max, has_ended u8; in order of number */
    ITEM_MATCHER,      /* W, R i64, basis u8, next arrival u64 */
    ITEM_IDENTITY,     /* version 1, for what has an entry in ITEM_IDENTITIES since: state u8, key u64 u64, time i64 */
    ITEM_PENDING,      /* state u8, key u64 u64, time i64, arrival u64, offset, emitted i64, partition u32, flags u8,
                          sizes of id, source and context u32 u32 u32, texts */
    ITEM_STATS,        /* all of struct recon_matcher_stats but what the identities say, as u64 */
    ITEM_PARTIAL,      /* window i64, counts 7 u64: not yet with the windows */
    ITEM_WINDOWS,      /* W, R i64, basis u8, earliest i64, has_earliest u8 */
    ITEM_WINDOW,       /* window i64, counts 7 u64, emitted 7 u64, next revision u64, is_queued u8 */
    ITEM_RUN,          /* first, last i64 */
    ITEM_END,          /* identities u64, sections u32 */
    ITEM_IDENTITIES,   /* the table's time base i64, then its entries u64 u64 (table.h), in order of key: as many in a
                          row as wait for nothing, up to SNAPSHOT_RUN_COUNT_MAX */
};

#define SNAPSHOT_RUN_COUNT_MAX 1024
#define SNAPSHOT_RUN_ENTRY_BYTES 16

#define PENDING_FLAG_OFFSET 1
#define PENDING_FLAG_EMITTED 2
#define PENDING_FLAG_ID 4
#define PENDING_FLAG_SOURCE 8
#define PENDING_FLAG_CONTEXT 16

/* The largest item: a pending record with all its texts as long as they may be. */
#define SNAPSHOT_ITEM_BYTES_MAX                                                                                        \
    (128 + RECON_ID_SIZE_BYTES_MAX + RECON_SOURCE_SIZE_BYTES_MAX + RECON_CONTEXT_SIZE_BYTES_MAX)

static inline void put_u16(unsigned char *bytes, uint16_t value)
{
    bytes[0] = (unsigned char)value;
    bytes[1] = (unsigned char)(value >> 8);
}

static inline void put_u32(unsigned char *bytes, uint32_t value)
{
    put_u16(bytes, (uint16_t)value);
    put_u16(bytes + 2, (uint16_t)(value >> 16));
}

static inline void put_u64(unsigned char *bytes, uint64_t value)
{
    put_u32(bytes, (uint32_t)value);
    put_u32(bytes + 4, (uint32_t)(value >> 32));
}

static inline uint16_t get_u16(const unsigned char *bytes)
{
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static inline uint32_t get_u32(const unsigned char *bytes)
{
    return get_u16(bytes) | (uint32_t)get_u16(bytes + 2) << 16;
}

static inline uint64_t get_u64(const unsigned char *bytes)
{
    return get_u32(bytes) | (uint64_t)get_u32(bytes + 4) << 32;
}

/* XXH64 with seed 0; snapshot_checksum.c. */
uint64_t snapshot_checksum(const void *bytes, size_t size);

/* The sums of struct recon_matcher_stats that a snapshot keeps, in this order. */
struct recon_matcher_stats;
#define SNAPSHOT_STATS_COUNT_MAX 64
uint32_t snapshot_stats_list(struct recon_matcher_stats *stats, uint64_t *list[SNAPSHOT_STATS_COUNT_MAX]);

#endif
