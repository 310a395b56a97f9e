/*
 * Reading little-endian bytes from their start, with their end in view: a read past it gives 0 and is_short. The texts
 * are the bytes' own.
 */
#ifndef RECON_FLINK_CURSOR_H
#define RECON_FLINK_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "codec/little_endian.h"
#include "recon/record.h"

struct cursor {
    const uint8_t *at;
    size_t left;
    bool is_short;
};

static inline const uint8_t *cursor_take(struct cursor *cursor, size_t size)
{
    static const uint8_t zeros[16];
    if (size > cursor->left) {
        cursor->is_short = true;
        cursor->left = 0;
        return zeros;
    }
    const uint8_t *taken = cursor->at;
    cursor->at += size;
    cursor->left -= size;
    return taken;
}

static inline uint32_t load_u16(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
}

static inline uint32_t load_u32(const uint8_t *bytes)
{
    return load_u16(bytes) | load_u16(bytes + 2) << 16;
}

static inline uint8_t cursor_u8(struct cursor *cursor)
{
    return *cursor_take(cursor, 1);
}

static inline uint32_t cursor_u32(struct cursor *cursor)
{
    return load_u32(cursor_take(cursor, 4));
}

static inline int64_t cursor_i64(struct cursor *cursor)
{
    return (int64_t)recon_load_le64(cursor_take(cursor, 8));
}

/* Size u32 (2^32 - 1: there is none) and bytes. */
static inline struct recon_text cursor_text(struct cursor *cursor)
{
    struct recon_text text = {0};
    const uint32_t size = cursor_u32(cursor);
    if (size == UINT32_MAX)
        return text;
    const uint8_t *bytes = cursor_take(cursor, size);
    if (!cursor->is_short)
        text = (struct recon_text){(const char *)bytes, size};
    return text;
}

/* As a whole: the compiler does not always make one store of a store for each byte. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "both machines are");

static inline void store_u16(uint8_t *bytes, uint32_t value)
{
    const uint16_t low = (uint16_t)value;
    memcpy(bytes, &low, sizeof low);
}

static inline void store_u32(uint8_t *bytes, uint32_t value)
{
    memcpy(bytes, &value, sizeof value);
}

static inline void store_u64(uint8_t *bytes, uint64_t value)
{
    memcpy(bytes, &value, sizeof value);
}

#endif
