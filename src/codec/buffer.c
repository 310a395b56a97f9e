/*
 * Bytes that grow. Grows by doubling, so that appending stays linear.
 */
#include <stdint.h>
#include <stdlib.h>

#include "codec/result_writer.h"
#include "recon/status.h"

#define CAPACITY_FIRST 4096

void recon_buffer_init(struct recon_buffer *buffer)
{
    *buffer = (struct recon_buffer){0};
}

void recon_buffer_deinit(struct recon_buffer *buffer)
{
    free(buffer->bytes);
    recon_buffer_init(buffer);
}

int recon_buffer_reserve(struct recon_buffer *buffer, size_t size)
{
    if (size <= buffer->capacity - buffer->size)
        return RECON_OK;
    if (size > SIZE_MAX / 2 - buffer->size)
        return RECON_ERROR_MEMORY;
    size_t capacity = buffer->capacity < CAPACITY_FIRST ? CAPACITY_FIRST : buffer->capacity;
    while (capacity - buffer->size < size)
        capacity *= 2;
    char *bytes = realloc(buffer->bytes, capacity);
    if (bytes == NULL)
        return RECON_ERROR_MEMORY;
    buffer->bytes = bytes;
    buffer->capacity = capacity;
    return RECON_OK;
}
