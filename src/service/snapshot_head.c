/*
 * See snapshot_head.h.
 */
#include "service/snapshot_head.h"

#include <stdlib.h>
#include <string.h>

#include "recon/status.h"
#include "service/bytes.h"

#define VERSION 1
#define NUMBER_COUNT_MAX 16 /* besides the partitions */
#define PARTITION_NUMBER_COUNT 6
#define HASH_BYTES 8

static const char magic[4] = {'R', 'C', 'N', 'S'};
static const char version[4] = {VERSION};

static int body_write(const struct recon_snapshot_head *head, struct recon_buffer *buffer)
{
    size_t size = NUMBER_COUNT_MAX * RECON_BYTES_NUMBER_SIZE_MAX + head->settings.size + head->published.size;
    for (size_t i = 0; i < head->partition_count; i++)
        size += PARTITION_NUMBER_COUNT * RECON_BYTES_NUMBER_SIZE_MAX + head->partitions[i].topic.size;
    const int status = recon_buffer_reserve(buffer, size);
    if (status != RECON_OK)
        return status;
    recon_bytes_put_word(buffer, head->entry_number);
    recon_bytes_put_number(buffer, head->entry_offset);
    recon_bytes_put_word(buffer, head->entry_hash);
    recon_bytes_put_word(buffer, head->record_count);
    recon_bytes_put_word(buffer, head->hash);
    recon_bytes_put_word(buffer, head->result_count);
    recon_bytes_put_number(buffer, head->now_ms);
    recon_bytes_put_text(buffer, head->settings);
    recon_bytes_put_text(buffer, head->published);
    recon_bytes_put_number(buffer, (int64_t)head->partition_count);
    for (size_t i = 0; i < head->partition_count; i++) {
        const struct recon_snapshot_partition *one = &head->partitions[i];
        recon_bytes_put_number(buffer, one->stream);
        recon_bytes_put_number(buffer, one->is_ended);
        recon_bytes_put_text(buffer, one->topic);
        recon_bytes_put_number(buffer, one->topic_partition);
        recon_bytes_put_number(buffer, one->position);
        recon_bytes_put_number(buffer, one->time_max);
    }
    return RECON_OK;
}

int recon_snapshot_head_write(const struct recon_snapshot_head *head, struct recon_buffer *buffer)
{
    struct recon_buffer body;
    recon_buffer_init(&body);
    int status = body_write(head, &body);
    if (status == RECON_OK)
        status = recon_buffer_reserve(buffer, RECON_SNAPSHOT_HEAD_PREFIX_BYTES + body.size + HASH_BYTES);
    if (status == RECON_OK) {
        recon_bytes_put(buffer, magic, sizeof magic);
        recon_bytes_put(buffer, version, sizeof version);
        recon_bytes_put_word(buffer, body.size);
        recon_bytes_put(buffer, body.bytes, body.size);
        recon_bytes_put_word(buffer, recon_bytes_hash((struct recon_text){body.bytes, (uint32_t)body.size}));
    }
    recon_buffer_deinit(&body);
    return status;
}

int recon_snapshot_head_size(const void *prefix, size_t *size)
{
    struct recon_text text = {prefix, RECON_SNAPSHOT_HEAD_PREFIX_BYTES};
    uint64_t body_size = 0;
    if (memcmp(text.bytes, magic, sizeof magic) != 0)
        return RECON_ERROR_DAMAGED;
    if (memcmp(text.bytes + sizeof magic, version, sizeof version) != 0)
        return RECON_ERROR_VERSION;
    text.bytes += 8;
    text.size -= 8;
    if (!recon_bytes_get_word(&text, &body_size) || body_size > RECON_SNAPSHOT_HEAD_BYTES_MAX)
        return RECON_ERROR_DAMAGED;
    *size = RECON_SNAPSHOT_HEAD_PREFIX_BYTES + (size_t)body_size + HASH_BYTES;
    return RECON_OK;
}

static bool partition_read(struct recon_text *body, struct recon_snapshot_partition *one)
{
    int64_t stream = 0;
    int64_t is_ended = 0;
    int64_t number = 0;
    if (!recon_bytes_get_number(body, 0, RECON_STREAM_COUNT - 1, &stream) ||
        !recon_bytes_get_number(body, 0, 1, &is_ended) || !recon_bytes_get_text(body, &one->topic) ||
        !recon_bytes_get_number(body, 0, INT32_MAX, &number) ||
        !recon_bytes_get_number(body, 0, INT64_MAX, &one->position))
        return false;
    one->stream = (uint8_t)stream;
    one->is_ended = is_ended != 0;
    one->topic_partition = (int32_t)number;
    return recon_bytes_get_number(body, INT64_MIN, INT64_MAX, &one->time_max);
}

static int body_read(struct recon_text body, struct recon_snapshot_head *head)
{
    int64_t count = 0;
    if (!recon_bytes_get_word(&body, &head->entry_number) ||
        !recon_bytes_get_number(&body, 0, INT64_MAX, &head->entry_offset) ||
        !recon_bytes_get_word(&body, &head->entry_hash) || !recon_bytes_get_word(&body, &head->record_count) ||
        !recon_bytes_get_word(&body, &head->hash) || !recon_bytes_get_word(&body, &head->result_count) ||
        !recon_bytes_get_number(&body, INT64_MIN, INT64_MAX, &head->now_ms) ||
        !recon_bytes_get_text(&body, &head->settings) || !recon_bytes_get_text(&body, &head->published) ||
        !recon_bytes_get_number(&body, 0, body.size, &count))
        return RECON_ERROR_DAMAGED;
    head->partitions = calloc((size_t)count + 1, sizeof *head->partitions);
    if (head->partitions == NULL)
        return RECON_ERROR_MEMORY;
    head->partition_count = (size_t)count;
    for (size_t i = 0; i < head->partition_count; i++)
        if (!partition_read(&body, &head->partitions[i]))
            return RECON_ERROR_DAMAGED;
    return body.size == 0 ? RECON_OK : RECON_ERROR_DAMAGED;
}

int recon_snapshot_head_read(struct recon_text bytes, struct recon_snapshot_head *head)
{
    struct recon_snapshot_head found = {0};
    size_t size = 0;
    uint64_t hash = 0;
    if (bytes.size < RECON_SNAPSHOT_HEAD_PREFIX_BYTES)
        return RECON_ERROR_DAMAGED;
    int status = recon_snapshot_head_size(bytes.bytes, &size);
    if (status != RECON_OK)
        return status;
    if (size != bytes.size)
        return RECON_ERROR_DAMAGED;
    const struct recon_text body = {bytes.bytes + RECON_SNAPSHOT_HEAD_PREFIX_BYTES,
                                    bytes.size - RECON_SNAPSHOT_HEAD_PREFIX_BYTES - HASH_BYTES};
    struct recon_text end = {body.bytes + body.size, HASH_BYTES};
    if (!recon_bytes_get_word(&end, &hash) || hash != recon_bytes_hash(body))
        return RECON_ERROR_DAMAGED;
    status = body_read(body, &found);
    if (status != RECON_OK) {
        free(found.partitions);
        return status;
    }
    *head = found;
    return RECON_OK;
}
