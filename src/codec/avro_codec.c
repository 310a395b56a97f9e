/*
 * Decompression by zlib, snappy and libzstd. The buffer grows with what comes out, not with what a header claims.
 */
#include "codec/avro_codec.h"

#include <limits.h>
#include <snappy-c.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

#include "recon/status.h"

#define STEP_BYTES ((size_t)64 << 10)
#define CHECKSUM_BYTES 4

bool recon_avro_codec_by_name(const char *name, size_t size, enum recon_avro_codec *codec)
{
    static const char *const names[] = {"null", "deflate", "snappy", "zstandard"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i]) == size && memcmp(names[i], name, size) == 0) {
            *codec = (enum recon_avro_codec)i;
            return true;
        }
    return false;
}

int recon_avro_buffer_reserve(struct recon_avro_buffer *buffer, size_t capacity)
{
    if (capacity <= buffer->capacity)
        return RECON_OK;
    if (capacity < 2 * buffer->capacity)
        capacity = 2 * buffer->capacity;
    char *grown = realloc(buffer->bytes, capacity);
    if (grown == NULL)
        return RECON_ERROR_MEMORY;
    buffer->bytes = grown;
    buffer->capacity = capacity;
    return RECON_OK;
}

void recon_avro_buffer_deinit(struct recon_avro_buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (struct recon_avro_buffer){0};
}

/* Room for more output; *room: how much. One byte past size_max is allowed, so that exactly size_max can be told from
 * more. */
static int make_room(struct recon_avro_buffer *buffer, size_t size_max, size_t *room)
{
    if (buffer->size > size_max)
        return RECON_ERROR_FULL;
    const int status = recon_avro_buffer_reserve(buffer, buffer->size + STEP_BYTES);
    *room = buffer->capacity - buffer->size;
    if (*room > size_max - buffer->size + 1)
        *room = size_max - buffer->size + 1;
    return status;
}

static int decode_deflate(const char *bytes, size_t size, size_t size_max, struct recon_avro_buffer *buffer)
{
    z_stream stream = {.next_in = (const Bytef *)bytes, .avail_in = (uInt)size};
    if (size > UINT_MAX)
        return RECON_ERROR_FULL;
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
        return RECON_ERROR_MEMORY;
    int status = RECON_OK, result = Z_OK;
    while (status == RECON_OK && result == Z_OK) {
        size_t room;
        status = make_room(buffer, size_max, &room);
        if (status != RECON_OK)
            break;
        if (room > UINT_MAX)
            room = UINT_MAX;
        stream.next_out = (Bytef *)buffer->bytes + buffer->size;
        stream.avail_out = (uInt)room;
        result = inflate(&stream, Z_NO_FLUSH);
        buffer->size += room - stream.avail_out;
        if (result == Z_MEM_ERROR)
            status = RECON_ERROR_MEMORY;
        else if (result != Z_OK && result != Z_STREAM_END)
            status = RECON_ERROR_DAMAGED; /* also where the input ends too early: no progress */
    }
    inflateEnd(&stream);
    return status;
}

static int decode_zstandard(const char *bytes, size_t size, size_t size_max, struct recon_avro_buffer *buffer)
{
    ZSTD_DCtx *context = ZSTD_createDCtx();
    if (context == NULL)
        return RECON_ERROR_MEMORY;
    ZSTD_inBuffer in = {.src = bytes, .size = size};
    int status = RECON_OK;
    size_t hint = 1; /* 0: a frame is complete */
    while (status == RECON_OK && (in.pos < in.size || hint != 0)) {
        size_t room;
        status = make_room(buffer, size_max, &room);
        if (status != RECON_OK)
            break;
        ZSTD_outBuffer out = {.dst = buffer->bytes + buffer->size, .size = room};
        const size_t taken_before = in.pos;
        hint = ZSTD_decompressStream(context, &out, &in);
        buffer->size += out.pos;
        if (ZSTD_isError(hint) || (hint != 0 && out.pos == 0 && in.pos == taken_before))
            status = RECON_ERROR_DAMAGED;
    }
    ZSTD_freeDCtx(context);
    return status;
}

static int decode_snappy(const char *bytes, size_t size, size_t size_max, struct recon_avro_buffer *buffer)
{
    size_t plain_size;
    if (size < CHECKSUM_BYTES || snappy_uncompressed_length(bytes, size - CHECKSUM_BYTES, &plain_size) != SNAPPY_OK)
        return RECON_ERROR_DAMAGED;
    /* Its densest copies are three bytes for 64: a size beyond that is a false claim, and takes no memory. */
    if (plain_size / 64 > size)
        return RECON_ERROR_DAMAGED;
    if (plain_size > size_max)
        return RECON_ERROR_FULL;
    const int status = recon_avro_buffer_reserve(buffer, plain_size + 1);
    if (status != RECON_OK)
        return status;
    if (snappy_uncompress(bytes, size - CHECKSUM_BYTES, buffer->bytes, &plain_size) != SNAPPY_OK)
        return RECON_ERROR_DAMAGED;
    buffer->size = plain_size;
    const unsigned char *sum = (const unsigned char *)bytes + size - CHECKSUM_BYTES;
    const uint32_t expected = (uint32_t)sum[0] << 24 | (uint32_t)sum[1] << 16 | (uint32_t)sum[2] << 8 | sum[3];
    return crc32_z(0, (const Bytef *)buffer->bytes, plain_size) == expected ? RECON_OK : RECON_ERROR_DAMAGED;
}

int recon_avro_codec_decode(enum recon_avro_codec codec, const char *bytes, size_t size, size_t size_max,
                            struct recon_avro_buffer *buffer)
{
    buffer->size = 0;
    switch (codec) {
    case RECON_AVRO_DEFLATE:
        return decode_deflate(bytes, size, size_max, buffer);
    case RECON_AVRO_SNAPPY:
        return decode_snappy(bytes, size, size_max, buffer);
    case RECON_AVRO_ZSTANDARD:
        return decode_zstandard(bytes, size, size_max, buffer);
    case RECON_AVRO_CODEC_NULL:
        break;
    }
    return RECON_ERROR_INVALID;
}
