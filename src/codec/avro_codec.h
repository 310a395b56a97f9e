/*
 * The codecs of Avro files' blocks: null, deflate, snappy, zstandard.
 */
#ifndef RECON_CODEC_AVRO_CODEC_H
#define RECON_CODEC_AVRO_CODEC_H

#include <stdbool.h>
#include <stddef.h>

enum recon_avro_codec { RECON_AVRO_CODEC_NULL, RECON_AVRO_DEFLATE, RECON_AVRO_SNAPPY, RECON_AVRO_ZSTANDARD };

#define RECON_AVRO_CODEC_NAMES "null, deflate, snappy and zstandard"

/* False: not one of them. Any thread. */
bool recon_avro_codec_by_name(const char *name, size_t size, enum recon_avro_codec *codec);

/* Bytes that grow and are used again; starts zeroed. */
struct recon_avro_buffer {
    char *bytes;
    size_t size;
    size_t capacity;
};
/* Room for capacity bytes in all; what is in it stays. RECON_OK or RECON_ERROR_MEMORY. */
int recon_avro_buffer_reserve(struct recon_avro_buffer *buffer, size_t capacity);
void recon_avro_buffer_deinit(struct recon_avro_buffer *buffer);

/* Decompresses one block into the buffer, over what was there; the codec is not null. RECON_OK, RECON_ERROR_MEMORY,
 * RECON_ERROR_DAMAGED, or RECON_ERROR_FULL where the block would be larger than size_max. */
int recon_avro_codec_decode(enum recon_avro_codec codec, const char *bytes, size_t size, size_t size_max,
                            struct recon_avro_buffer *buffer);

#endif
