/*
 * NativePacker: records that a program made, into packed ones.
 */
#include <stdlib.h>
#include <string.h>

#include "codec/id_text.h"
#include "codec/mapping.h"
#include "core/limits.h"
#include "cursor.h"
#include "jni_support.h"
#include "packed.h"
#include "recon/status.h"
#include "settings.h"

struct flink_packer {
    struct flink_settings settings;
    char *id; /* of several fields, joined */
};

JNIEXPORT jlong JNICALL Java_io_recon_flink_NativePacker_create(JNIEnv *env, jclass class, jbyteArray settings);
JNIEXPORT jlong JNICALL Java_io_recon_flink_NativePacker_create(JNIEnv *env, jclass class, jbyteArray settings)
{
    (void)class;
    struct flink_packer *made = calloc(1, sizeof *made);
    char *id = malloc(RECON_ID_SIZE_BYTES_MAX);
    if (made == NULL || id == NULL) {
        throw_status(env, RECON_ERROR_MEMORY, NULL);
    } else if (flink_settings_init(env, settings, &made->settings)) {
        made->id = id;
        return handle_from(made);
    }
    free(id);
    free(made);
    return 0;
}

JNIEXPORT void JNICALL Java_io_recon_flink_NativePacker_release(JNIEnv *env, jclass class, jlong handle);
JNIEXPORT void JNICALL Java_io_recon_flink_NativePacker_release(JNIEnv *env, jclass class, jlong handle)
{
    (void)env;
    (void)class;
    struct flink_packer *made = (struct flink_packer *)(uintptr_t)handle;
    if (made == NULL)
        return;
    flink_settings_deinit(&made->settings);
    free(made->id);
    free(made);
}

static bool is_empty(struct recon_text text)
{
    return text.bytes == NULL || text.size == 0;
}

/* The ID as one text. False: longer than there may be. */
static bool join(struct flink_packer *packer, const struct recon_text *parts, size_t count, struct recon_text *id)
{
    if (count == 1) {
        if (parts[0].size > RECON_ID_SIZE_BYTES_MAX)
            return false;
        *id = parts[0];
        return true;
    }
    const char joint = recon_id_joint(parts, count);
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        if (size + parts[i].size + 1 > RECON_ID_SIZE_BYTES_MAX)
            return false;
        if (i > 0)
            packer->id[size++] = joint;
        memcpy(packer->id + size, parts[i].bytes, parts[i].size);
        size += parts[i].size;
    }
    *id = (struct recon_text){packer->id, (uint32_t)size};
    return true;
}

static void reject(struct recon_record *record, int reason)
{
    record->kind = RECON_KIND_REJECTED;
    record->reason = (uint8_t)reason;
}

/* Fills in the ID and the key; what is wrong with them makes it a rejected record. */
static void identify(struct flink_packer *packer, struct cursor *cursor, uint32_t part_count,
                     struct recon_record *record)
{
    struct recon_text parts[1 + RECON_ID_FIELD_COUNT_MAX];
    bool has_id = part_count > 0;
    for (uint32_t i = 0; i < part_count; i++) {
        parts[1 + i] = cursor_text(cursor);
        has_id = has_id && !is_empty(parts[1 + i]);
    }
    record->source = cursor_text(cursor);
    record->context = cursor_text(cursor);
    if (record->kind != RECON_KIND_RECORD) {
        /* Of a rejected record what can be read is shown; a heartbeat has nothing but its time. */
        record->context = (struct recon_text){0};
        if (record->kind == RECON_KIND_HEARTBEAT || record->source.size > RECON_SOURCE_SIZE_BYTES_MAX)
            record->source = (struct recon_text){0};
        if (record->kind == RECON_KIND_REJECTED && has_id)
            (void)join(packer, parts + 1, part_count, &record->id);
        return;
    }
    const bool with_source = packer->settings.source_in_identity;
    if (record->source.size > RECON_SOURCE_SIZE_BYTES_MAX || record->context.size > RECON_CONTEXT_SIZE_BYTES_MAX) {
        record->source = record->context = (struct recon_text){0};
        reject(record, RECON_REASON_MALFORMED);
    } else if (!has_id) {
        reject(record, RECON_REASON_NO_ID);
    } else if (!join(packer, parts + 1, part_count, &record->id)) {
        reject(record, RECON_REASON_MALFORMED);
    } else if (with_source && is_empty(record->source)) {
        reject(record, RECON_REASON_NO_SOURCE);
    } else {
        parts[0] = record->source;
        record->key = recon_key_hash(packer->settings.seed, with_source ? parts : parts + 1, part_count + with_source);
    }
}

/*
 * in: stream, kind, reason, flags u8 (packed_flag's first three); time, emitted, offset i64; partition, place u32; the
 * ID's fields: count u32 and texts; source, context: texts. The size in out; or, negative, the size that it takes.
 */
JNIEXPORT jint JNICALL Java_io_recon_flink_NativePacker_pack(JNIEnv *env, jclass class, jlong handle, jobject in,
                                                             jint size, jobject out);
JNIEXPORT jint JNICALL Java_io_recon_flink_NativePacker_pack(JNIEnv *env, jclass class, jlong handle, jobject in,
                                                             jint size, jobject out)
{
    (void)class;
    struct flink_packer *packer = handle_of(env, handle);
    struct span in_span, out_span;
    if (packer == NULL || !span_of(env, in, 0, size, &in_span) || !span_of_all(env, out, &out_span))
        return 0;
    struct cursor cursor = {in_span.bytes, in_span.size, false};
    struct recon_record record = {.stream = cursor_u8(&cursor), .kind = cursor_u8(&cursor)};
    record.reason = cursor_u8(&cursor);
    const unsigned flags = cursor_u8(&cursor);
    record.has_time = (flags & PACKED_FLAG_TIME) != 0;
    record.has_emitted_time = (flags & PACKED_FLAG_EMITTED) != 0;
    record.has_offset = (flags & PACKED_FLAG_OFFSET) != 0;
    record.time = cursor_i64(&cursor);
    record.emitted_time = cursor_i64(&cursor);
    record.offset = cursor_i64(&cursor);
    record.partition = cursor_u32(&cursor);
    record.place = cursor_u32(&cursor);
    const uint32_t part_count = cursor_u32(&cursor);
    if (record.stream >= RECON_STREAM_COUNT || record.kind > RECON_KIND_REJECTED ||
        record.reason >= RECON_REASON_COUNT || part_count > RECON_ID_FIELD_COUNT_MAX) {
        throw_argument(env, "no such stream, kind or reason, or an ID of too many fields");
        return 0;
    }
    identify(packer, &cursor, part_count, &record);
    if (cursor.is_short) {
        throw_argument(env, "too short a record");
        return 0;
    }
    if (record.stream == RECON_STREAM_EVENTS)
        record.context = (struct recon_text){0};
    packed_strip(&record, packer->settings.engine.report);
    const size_t packed = packed_size(&record);
    if (packed > out_span.size)
        return -(jint)packed;
    packed_write(&record, packer->settings.engine.key_group_count, out_span.bytes);
    return (jint)packed;
}
