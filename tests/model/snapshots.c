#include "snapshots.h"

#include <stdlib.h>
#include <string.h>

#define PIECE_SIZE_BYTES_MAX 5000
#define PART_COUNT_MAX 200

void bytes_deinit(struct bytes *bytes)
{
    free(bytes->at);
    *bytes = (struct bytes){0};
}

void bytes_append(struct bytes *bytes, const void *from, size_t size)
{
    if (bytes->capacity - bytes->size < size) {
        bytes->capacity = (bytes->size + size) * 2;
        bytes->at = realloc(bytes->at, bytes->capacity);
        if (bytes->at == NULL)
            abort();
    }
    if (size > 0)
        memcpy(bytes->at + bytes->size, from, size);
    bytes->size += size;
}

static size_t piece_size(struct random *random)
{
    return random_one_in(random, 3) ? 1 + random_below(random, 3) : 1 + random_below(random, PIECE_SIZE_BYTES_MAX);
}

int snapshot_take(struct recon_snapshot_writer *writer, struct random *random, struct bytes *bytes)
{
    int status;
    for (;;) {
        uint8_t piece[PIECE_SIZE_BYTES_MAX];
        size_t size = 0;
        status = recon_snapshot_writer_next(writer, piece, piece_size(random), &size);
        if (status != RECON_OK || size == 0)
            break;
        bytes_append(bytes, piece, size);
    }
    recon_snapshot_writer_free(writer);
    return status;
}

int snapshot_feed(struct recon_snapshot_reader *reader, struct random *random, const uint8_t *bytes, size_t size)
{
    int status = RECON_OK;
    for (size_t done = 0; status == RECON_OK && done < size;) {
        size_t piece = piece_size(random);
        if (piece > size - done)
            piece = size - done;
        status = recon_snapshot_reader_feed(reader, bytes + done, piece);
        done += piece;
    }
    return status;
}

static int write_part(struct recon_engine *engine, int part, struct random *random, struct bytes *bytes)
{
    struct recon_snapshot_writer *writer;
    int status = recon_snapshot_writer_new(engine, part, &writer);
    return status == RECON_OK ? snapshot_take(writer, random, bytes) : status;
}

int snapshot_write_engine(struct recon_engine *engine, uint32_t key_group_count, struct random *random,
                          struct bytes *bytes, bool *is_whole)
{
    *is_whole = key_group_count > PART_COUNT_MAX || random_one_in(random, 2);
    if (*is_whole)
        return write_part(engine, RECON_SNAPSHOT_ALL, random, bytes);
    /* From any group on, then around; head and counts somewhere between. */
    int count = (int)key_group_count, first = (int)random_below(random, key_group_count);
    int head_at = (int)random_below(random, key_group_count), counts_at = (int)random_below(random, key_group_count);
    int status = RECON_OK;
    for (int i = 0; status == RECON_OK && i < count; i++) {
        if (i == head_at)
            status = write_part(engine, RECON_SNAPSHOT_HEAD, random, bytes);
        if (status == RECON_OK && i == counts_at)
            status = write_part(engine, RECON_SNAPSHOT_COUNTS, random, bytes);
        if (status == RECON_OK)
            status = write_part(engine, (first + i) % count, random, bytes);
    }
    return status;
}

int snapshot_read_engine(const struct recon_settings *settings, struct random *random, const uint8_t *bytes,
                         size_t size, bool is_whole, struct recon_engine **engine)
{
    struct recon_snapshot_reader *reader;
    int status = recon_snapshot_reader_new(settings, RECON_SNAPSHOT_ENGINE, &reader);
    if (status != RECON_OK)
        return status;
    status = snapshot_feed(reader, random, bytes, size);
    if (status == RECON_OK)
        status = recon_snapshot_reader_finish_engine(reader, is_whole, engine);
    if (status != RECON_OK)
        recon_snapshot_reader_free(reader);
    return status;
}
