/*
 * See packed.h.
 */
#include "packed.h"

#include <string.h>

#include "core/limits.h"
#include "cursor.h"
#include "recon/matcher.h"

void packed_strip(struct recon_record *record, uint32_t report)
{
    const uint32_t own = RECON_REPORT(RECON_RESULT_DUPLICATE) | RECON_REPORT(RECON_RESULT_TOO_LATE) |
                         RECON_REPORT(RECON_RESULT_REJECTED);
    uint32_t id = own, source = own;
    if (record->stream == RECON_STREAM_AUDIT) {
        id |= RECON_REPORT(RECON_RESULT_MISSING) | RECON_REPORT(RECON_RESULT_AUDITED);
        source |= RECON_REPORT(RECON_RESULT_MISSING) | RECON_REPORT(RECON_RESULT_FOUND);
        if ((report & RECON_REPORT(RECON_RESULT_MISSING)) == 0)
            record->context = (struct recon_text){0};
    } else {
        id |= RECON_REPORT(RECON_RESULT_FOUND) | RECON_REPORT(RECON_RESULT_UNAUDITED);
        source |= RECON_REPORT(RECON_RESULT_UNAUDITED) | RECON_REPORT(RECON_RESULT_AUDITED);
    }
    if ((report & id) == 0)
        record->id = (struct recon_text){0};
    if ((report & source) == 0)
        record->source = (struct recon_text){0};
}

size_t packed_size(const struct recon_record *record)
{
    if (record->id.size > RECON_ID_SIZE_BYTES_MAX || record->source.size > RECON_SOURCE_SIZE_BYTES_MAX ||
        record->context.size > RECON_CONTEXT_SIZE_BYTES_MAX)
        return 0;
    return (size_t)PACKED_FIXED_BYTES + (record->has_emitted_time ? 8 : 0) + (record->context.bytes != NULL ? 4 : 0) +
           record->id.size + record->source.size + record->context.size;
}

/* The first `step` bytes and the last, which may overlap: for sizes of step to 2 * step. */
static inline void copy_ends(uint8_t *to, const char *from, size_t size, size_t step)
{
    uint8_t first[32], last[32];
    memcpy(first, from, step);
    memcpy(last, from + size - step, step);
    memcpy(to, first, step);
    memcpy(to + size - step, last, step);
}

/* As memcpy, which a text of usual size is too short for to be worth the call. */
static inline uint8_t *put_text(uint8_t *to, struct recon_text text)
{
    const size_t size = text.bytes != NULL ? text.size : 0;
    if (size > 64)
        memcpy(to, text.bytes, size);
    else if (size >= 32)
        copy_ends(to, text.bytes, size, 32);
    else if (size >= 16)
        copy_ends(to, text.bytes, size, 16);
    else if (size >= 8)
        copy_ends(to, text.bytes, size, 8);
    else
        for (size_t i = 0; i < size; i++)
            to[i] = (uint8_t)text.bytes[i];
    return to + text.size;
}

uint32_t packed_key_group(const struct recon_record *record, uint32_t key_group_count)
{
    /* What has no key is spread all the same. */
    return record->kind == RECON_KIND_RECORD ? recon_key_group(record->key, key_group_count)
                                             : ((uint32_t)record->offset + record->partition) % key_group_count;
}

void packed_write(const struct recon_record *record, uint32_t key_group, size_t size, uint8_t *bytes)
{
    const unsigned flags =
        (record->has_time ? PACKED_FLAG_TIME : 0U) | (record->has_emitted_time ? PACKED_FLAG_EMITTED : 0U) |
        (record->has_offset ? PACKED_FLAG_OFFSET : 0U) | (record->id.bytes != NULL ? PACKED_FLAG_ID : 0U) |
        (record->source.bytes != NULL ? PACKED_FLAG_SOURCE : 0U) |
        (record->context.bytes != NULL ? PACKED_FLAG_CONTEXT : 0U);
    store_u64(bytes, (uint64_t)size | (uint64_t)key_group << 32 | (uint64_t)record->kind << 48 |
                         (uint64_t)record->reason << 56);
    store_u64(bytes + 8, (uint64_t)flags | (uint64_t)record->id.size << 16 | (uint64_t)record->source.size << 32);
    store_u64(bytes + 16, record->key.high);
    store_u64(bytes + 24, record->key.low);
    store_u64(bytes + 32, record->has_time ? (uint64_t)record->time : 0);
    store_u64(bytes + 40, record->has_offset ? (uint64_t)record->offset : 0);
    store_u32(bytes + 48, record->partition);
    store_u32(bytes + 52, record->place);
    uint8_t *to = bytes + PACKED_FIXED_BYTES;
    if (record->has_emitted_time) {
        store_u64(to, (uint64_t)record->emitted_time);
        to += 8;
    }
    if (record->context.bytes != NULL) {
        store_u32(to, record->context.size);
        to += 4;
    }
    put_text(put_text(put_text(to, record->id), record->source), record->context);
}

static struct recon_text get_text(const uint8_t **at, uint32_t size, bool is_there)
{
    const struct recon_text text = {is_there ? (const char *)*at : NULL, is_there ? size : 0};
    *at += text.size;
    return text;
}

size_t packed_read(const uint8_t *bytes, size_t size, int stream, uint32_t key_group, uint32_t key_group_count,
                   struct recon_record *record)
{
    if (size < PACKED_FIXED_BYTES)
        return 0;
    const uint32_t whole = load_u32(bytes);
    const unsigned flags = bytes[8];
    const uint32_t id_size = load_u16(bytes + 10), source_size = load_u16(bytes + 12);
    if (whole > size || load_u16(bytes + 4) != key_group || bytes[6] > RECON_KIND_REJECTED ||
        bytes[7] >= RECON_REASON_COUNT || flags > 63 || bytes[9] != 0 || load_u16(bytes + 14) != 0)
        return 0;
    size_t fixed = (size_t)PACKED_FIXED_BYTES + ((flags & PACKED_FLAG_EMITTED) != 0 ? 8 : 0) +
                   ((flags & PACKED_FLAG_CONTEXT) != 0 ? 4 : 0);
    if (whole < fixed)
        return 0;
    const uint8_t *at = bytes + PACKED_FIXED_BYTES;
    uint32_t context_size = 0;
    *record = (struct recon_record){
        .key = {.high = recon_load_le64(bytes + 16), .low = recon_load_le64(bytes + 24)},
        .time = (int64_t)recon_load_le64(bytes + 32),
        .offset = (int64_t)recon_load_le64(bytes + 40),
        .partition = load_u32(bytes + 48),
        .place = load_u32(bytes + 52),
        .stream = (uint8_t)stream,
        .kind = bytes[6],
        .reason = bytes[7],
        .has_time = (flags & PACKED_FLAG_TIME) != 0,
        .has_emitted_time = (flags & PACKED_FLAG_EMITTED) != 0,
        .has_offset = (flags & PACKED_FLAG_OFFSET) != 0,
    };
    if (record->has_emitted_time) {
        record->emitted_time = (int64_t)recon_load_le64(at);
        at += 8;
    }
    if ((flags & PACKED_FLAG_CONTEXT) != 0) {
        context_size = load_u32(at);
        at += 4;
    }
    if (context_size > RECON_CONTEXT_SIZE_BYTES_MAX || (id_size > 0 && (flags & PACKED_FLAG_ID) == 0) ||
        (source_size > 0 && (flags & PACKED_FLAG_SOURCE) == 0) || fixed + id_size + source_size + context_size != whole)
        return 0;
    record->id = get_text(&at, id_size, (flags & PACKED_FLAG_ID) != 0);
    record->source = get_text(&at, source_size, (flags & PACKED_FLAG_SOURCE) != 0);
    record->context = get_text(&at, context_size, (flags & PACKED_FLAG_CONTEXT) != 0);
    /* An identity in a key group that is not its own would be lost with the next snapshot. */
    if (record->kind == RECON_KIND_RECORD && recon_key_group(record->key, key_group_count) != key_group)
        return 0;
    return whole;
}
