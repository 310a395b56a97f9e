/*
 * Avro's binary encoding: the numbers and sizes, each checked against the bytes that are left.
 */
#ifndef RECON_CODEC_AVRO_BINARY_H
#define RECON_CODEC_AVRO_BINARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct recon_avro_cursor {
    const char *at;
    const char *end;
};

enum recon_avro_step { RECON_AVRO_DONE, RECON_AVRO_MORE, RECON_AVRO_DAMAGED };

/* A zigzag varint. RECON_AVRO_MORE: the bytes end within it. */
static inline enum recon_avro_step recon_avro_take_long(struct recon_avro_cursor *cursor, int64_t *value)
{
    uint64_t bits = 0;
    const char *at = cursor->at;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (at == cursor->end)
            return RECON_AVRO_MORE;
        const uint64_t byte = (unsigned char)*at++;
        if (shift == 63 && byte > 1)
            return RECON_AVRO_DAMAGED;
        bits |= (byte & 0x7f) << shift;
        if (byte < 0x80) {
            *value = (int64_t)(bits >> 1 ^ (0 - (bits & 1)));
            cursor->at = at;
            return RECON_AVRO_DONE;
        }
    }
    return RECON_AVRO_DAMAGED;
}

/* A count of bytes and the bytes themselves. */
static inline enum recon_avro_step recon_avro_take_bytes(struct recon_avro_cursor *cursor, const char **bytes,
                                                         size_t *size)
{
    int64_t count;
    struct recon_avro_cursor next = *cursor;
    const enum recon_avro_step step = recon_avro_take_long(&next, &count);
    if (step != RECON_AVRO_DONE)
        return step;
    if (count < 0)
        return RECON_AVRO_DAMAGED;
    if (count > next.end - next.at)
        return RECON_AVRO_MORE;
    *bytes = next.at;
    *size = (size_t)count;
    cursor->at = next.at + count;
    return RECON_AVRO_DONE;
}

#endif
