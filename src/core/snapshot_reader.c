/*
 * Reading a snapshot, in pieces of any size.
 *
 *     frame head ──> payload and checksum ──> items ──> the object that is being built
 *
 * Nothing of a frame is looked at before its checksum was right; what its items say is checked all the same, for
 * someone may have made them by hand.
 */
#include "recon/snapshot.h"

#include <assert.h>
#include <string.h>

#include "core/engine_state.h"
#include "core/snapshot_format.h"
#include "core/snapshot_items.h"
#include "recon/status.h"

#define FRAME_BYTES_MAX (SNAPSHOT_FRAME_HEAD_BYTES + SNAPSHOT_PAYLOAD_BYTES_MAX + SNAPSHOT_CHECKSUM_BYTES)

struct recon_snapshot_reader {
    struct recon_memory memory; /* the reader's own */
    enum recon_snapshot_target target;
    struct snapshot_builder builder;
    int status; /* the first error */
    bool in_section;
    uint32_t sequence; /* of the next frame in the section */
    /* An item that goes on in the next frame. */
    unsigned char *item;
    size_t item_size;
    size_t item_capacity;
    size_t frame_size; /* bytes of the frame that came */
    unsigned char frame[FRAME_BYTES_MAX];
};

int recon_snapshot_reader_new(const struct recon_settings *settings, enum recon_snapshot_target target,
                              struct recon_snapshot_reader **reader)
{
    if (recon_settings_check(settings, NULL) != RECON_OK)
        return RECON_ERROR_INVALID;
    struct recon_memory memory = {.allocator = settings->allocator, .limit_bytes = settings->memory_limit_bytes};
    struct recon_snapshot_reader *made = recon_memory_take(&memory, sizeof(*made));
    if (made == NULL)
        return RECON_ERROR_MEMORY;
    memset(made, 0, sizeof(*made));
    made->memory = memory;
    made->target = target;
    struct recon_settings bare = *settings;
    bare.partition_count[RECON_STREAM_AUDIT] = bare.partition_count[RECON_STREAM_EVENTS] = 0;
    int status;
    struct snapshot_builder *builder = &made->builder;
    builder->settings = bare;
    if (target == RECON_SNAPSHOT_ENGINE) {
        status = recon_engine_new(&bare, &builder->engine);
        if (status == RECON_OK) {
            builder->watermark = &builder->engine->watermark;
            builder->matcher = &builder->engine->matcher;
            builder->windows = &builder->engine->windows;
        }
    } else if (target == RECON_SNAPSHOT_MATCHER) {
        status = recon_matcher_new(&bare, &builder->matcher);
    } else if (target == RECON_SNAPSHOT_WINDOWS) {
        status = recon_windows_new(&bare, &builder->windows);
    } else {
        status = recon_watermark_new(&bare, &builder->watermark);
        builder->is_merging = true;
    }
    if (status != RECON_OK) {
        recon_memory_give(&memory, made, sizeof(*made));
        return status;
    }
    *reader = made;
    return RECON_OK;
}

static void reader_release(struct recon_snapshot_reader *reader)
{
    struct recon_memory memory = reader->memory;
    recon_memory_give(&memory, reader->item, reader->item_capacity);
    recon_memory_give(&memory, reader, sizeof(*reader));
}

void recon_snapshot_reader_free(struct recon_snapshot_reader *reader)
{
    if (reader == NULL)
        return;
    if (reader->target == RECON_SNAPSHOT_ENGINE)
        recon_engine_free(reader->builder.engine);
    else if (reader->target == RECON_SNAPSHOT_MATCHER)
        recon_matcher_free(reader->builder.matcher);
    else if (reader->target == RECON_SNAPSHOT_WINDOWS)
        recon_windows_free(reader->builder.windows);
    else
        recon_watermark_free(reader->builder.watermark);
    reader_release(reader);
}

static int item_reserve(struct recon_snapshot_reader *reader, size_t size)
{
    if (size <= reader->item_capacity)
        return RECON_OK;
    size_t capacity = reader->item_capacity * 2 > size ? reader->item_capacity * 2 : size;
    unsigned char *item = recon_memory_take(&reader->memory, capacity);
    if (item == NULL)
        return RECON_ERROR_MEMORY;
    if (reader->item_size > 0)
        memcpy(item, reader->item, reader->item_size);
    recon_memory_give(&reader->memory, reader->item, reader->item_capacity);
    reader->item = item;
    reader->item_capacity = capacity;
    return RECON_OK;
}

/* Size of the item that begins here, its size field included; 0 where too few bytes are there to tell. */
static int item_size_of(const unsigned char *bytes, size_t size, size_t *item_size)
{
    *item_size = 0;
    if (size < 4)
        return RECON_OK;
    uint32_t stated = get_u32(bytes);
    if (stated == 0 || stated > SNAPSHOT_ITEM_BYTES_MAX)
        return RECON_ERROR_DAMAGED;
    *item_size = (size_t)stated + 4;
    return RECON_OK;
}

/* Cuts a payload into items; what is left of one waits for the next payload. */
static int payload_take(struct recon_snapshot_reader *reader, const unsigned char *bytes, size_t size)
{
    int status = RECON_OK;
    while (size > 0 && status == RECON_OK) {
        size_t item_size;
        if (reader->item_size > 0) {
            status = item_size_of(reader->item, reader->item_size, &item_size);
            if (status != RECON_OK)
                break;
            size_t wanted = (item_size == 0 ? 4 : item_size) - reader->item_size;
            size_t piece = wanted < size ? wanted : size;
            status = item_reserve(reader, reader->item_size + piece);
            if (status != RECON_OK)
                break;
            memcpy(reader->item + reader->item_size, bytes, piece);
            reader->item_size += piece;
            bytes += piece;
            size -= piece;
            if (item_size != 0 && reader->item_size == item_size) {
                status = snapshot_builder_item(&reader->builder, reader->item + 4, item_size - 4);
                reader->item_size = 0;
            }
            continue;
        }
        status = item_size_of(bytes, size, &item_size);
        if (status != RECON_OK)
            break;
        if (item_size == 0 || item_size > size) {
            status = item_reserve(reader, size);
            if (status == RECON_OK) {
                memcpy(reader->item, bytes, size);
                reader->item_size = size;
            }
            break;
        }
        status = snapshot_builder_item(&reader->builder, bytes + 4, item_size - 4);
        bytes += item_size;
        size -= item_size;
    }
    return status;
}

static int frame_take(struct recon_snapshot_reader *reader, size_t payload_size)
{
    const unsigned char *frame = reader->frame;
    size_t size = SNAPSHOT_FRAME_HEAD_BYTES + payload_size;
    if (snapshot_checksum(frame, size) != get_u64(frame + size))
        return RECON_ERROR_DAMAGED;
    if (get_u16(frame + 4) > SNAPSHOT_VERSION || get_u16(frame + 4) < SNAPSHOT_VERSION_MIN)
        return RECON_ERROR_VERSION;
    if (frame[7] > 1)
        return RECON_ERROR_DAMAGED;
    uint32_t group = get_u32(frame + 8);
    uint32_t sequence = get_u32(frame + 12);
    int status;
    if (!reader->in_section) {
        status = sequence != 0 ? RECON_ERROR_DAMAGED : snapshot_builder_section(&reader->builder, frame[6], group);
        if (status != RECON_OK)
            return status;
        reader->in_section = true;
    } else if (sequence != reader->sequence || (int)frame[6] != reader->builder.section ||
               group != reader->builder.group) {
        return RECON_ERROR_DAMAGED;
    }
    reader->sequence = sequence + 1;
    status = payload_take(reader, frame + SNAPSHOT_FRAME_HEAD_BYTES, payload_size);
    if (status != RECON_OK || frame[7] == 0)
        return status;
    reader->in_section = false;
    return reader->item_size > 0 ? RECON_ERROR_DAMAGED : snapshot_builder_section_end(&reader->builder);
}

int recon_snapshot_reader_feed(struct recon_snapshot_reader *reader, const void *bytes, size_t size)
{
    const unsigned char *from = bytes;
    while (size > 0 && reader->status == RECON_OK) {
        size_t wanted = SNAPSHOT_FRAME_HEAD_BYTES;
        size_t payload_size = 0;
        if (reader->frame_size >= SNAPSHOT_FRAME_HEAD_BYTES) {
            payload_size = get_u32(reader->frame + 16);
            wanted += payload_size + SNAPSHOT_CHECKSUM_BYTES;
        }
        size_t piece = wanted - reader->frame_size < size ? wanted - reader->frame_size : size;
        memcpy(reader->frame + reader->frame_size, from, piece);
        reader->frame_size += piece;
        from += piece;
        size -= piece;
        if (reader->frame_size == SNAPSHOT_FRAME_HEAD_BYTES) {
            /* Only what the reading itself depends on is believed before the checksum. */
            if (get_u32(reader->frame) != SNAPSHOT_MAGIC || get_u32(reader->frame + 16) > SNAPSHOT_PAYLOAD_BYTES_MAX)
                reader->status = RECON_ERROR_DAMAGED;
        } else if (reader->frame_size == wanted && wanted > SNAPSHOT_FRAME_HEAD_BYTES) {
            reader->status = frame_take(reader, payload_size);
            reader->frame_size = 0;
        }
    }
    return reader->status;
}

static int finish(struct recon_snapshot_reader *reader, bool is_whole)
{
    if (reader->status != RECON_OK)
        return reader->status;
    if (reader->frame_size > 0 || reader->in_section)
        return RECON_ERROR_TRUNCATED;
    return snapshot_builder_finish(&reader->builder, is_whole);
}

int recon_snapshot_reader_finish_engine(struct recon_snapshot_reader *reader, bool is_whole,
                                        struct recon_engine **engine)
{
    assert(reader->target == RECON_SNAPSHOT_ENGINE);
    int status = finish(reader, is_whole);
    if (status == RECON_OK) {
        *engine = reader->builder.engine;
        reader_release(reader);
    }
    return status;
}

int recon_snapshot_reader_finish_matcher(struct recon_snapshot_reader *reader, struct recon_matcher **matcher)
{
    assert(reader->target == RECON_SNAPSHOT_MATCHER);
    int status = finish(reader, false);
    if (status == RECON_OK) {
        *matcher = reader->builder.matcher;
        reader_release(reader);
    }
    return status;
}

int recon_snapshot_reader_finish_windows(struct recon_snapshot_reader *reader, struct recon_windows **windows)
{
    assert(reader->target == RECON_SNAPSHOT_WINDOWS);
    int status = finish(reader, false);
    if (status == RECON_OK) {
        *windows = reader->builder.windows;
        reader_release(reader);
    }
    return status;
}

int recon_snapshot_reader_finish_watermark(struct recon_snapshot_reader *reader, struct recon_watermark **watermark)
{
    assert(reader->target == RECON_SNAPSHOT_WATERMARK);
    int status = finish(reader, false);
    if (status == RECON_OK) {
        *watermark = reader->builder.watermark;
        reader_release(reader);
    }
    return status;
}
