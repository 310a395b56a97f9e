/*
 * Packed records: the bytes in which records travel from the sources to the matchers. Little-endian:
 *
 *      0  size u32           of the whole, texts included
 *      4  key group u16      where it goes: the key's, or any for what has no key
 *      6  kind u8            enum recon_record_kind
 *      7  reason u8          enum recon_reason
 *      8  flags u8           PACKED_FLAG_...
 *      9  0
 *     10  size of the ID u16
 *     12  size of the source u16
 *     14  0 u16
 *     16  key high u64
 *     24  key low u64
 *     32  time i64
 *     40  offset i64
 *     48  partition u32      TOPIC << 16 | the number in the topic; TOPIC is the topic's number on the wire (names.h),
 *                            0: none
 *     52  place u32
 *     56  emitted time i64   if PACKED_FLAG_EMITTED
 *         context size u32   if PACKED_FLAG_CONTEXT
 *         ID, source, context
 *
 * Which stream it is says the block. Texts that no result would show are left out.
 */
#ifndef RECON_FLINK_PACKED_H
#define RECON_FLINK_PACKED_H

#include "recon/record.h"
#include "recon/settings.h"

#define PACKED_FIXED_BYTES 56
#define PACKED_EXTRA_BYTES 12
#define PACKED_PARTITION_BITS 16

enum packed_flag {
    PACKED_FLAG_TIME = 1,
    PACKED_FLAG_EMITTED = 2,
    PACKED_FLAG_OFFSET = 4,
    PACKED_FLAG_ID = 8,
    PACKED_FLAG_SOURCE = 16,
    PACKED_FLAG_CONTEXT = 32,
};

/* Leaves out the texts that no result of these types would show. */
void packed_strip(struct recon_record *record, uint32_t report);

/* Bytes that it takes; 0: a text is longer than there may be. */
size_t packed_size(const struct recon_record *record);
/* Where it goes. */
uint32_t packed_key_group(const struct recon_record *record, uint32_t key_group_count);
/* Writes it to bytes, which have room for its size. */
void packed_write(const struct recon_record *record, uint32_t key_group, size_t size, uint8_t *bytes);

/* Reads the record at the start of bytes; its texts are there. The whole size, or 0: it is not one of this stream and
 * key group. */
size_t packed_read(const uint8_t *bytes, size_t size, int stream, uint32_t key_group, uint32_t key_group_count,
                   struct recon_record *record);

#endif
