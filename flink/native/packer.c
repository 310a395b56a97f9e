/*
 * NativePacker: records that a program made, into packed ones, many at a time: so JNI is paid for once, and their IDs
 * are hashed side by side.
 */
#include <stdlib.h>
#include <string.h>

#include "blocks.h"
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
    /* What came, what goes, and IDs of several fields joined; each has the room that a call needs. */
    uint8_t *in, *out;
    char *joined;
    size_t in_capacity, out_capacity;
    size_t joined_size;
};

JNIEXPORT jlong JNICALL Java_io_recon_flink_NativePacker_create(JNIEnv *env, jclass class, jbyteArray settings);
JNIEXPORT jlong JNICALL Java_io_recon_flink_NativePacker_create(JNIEnv *env, jclass class, jbyteArray settings)
{
    (void)class;
    struct flink_packer *made = calloc(1, sizeof *made);
    if (made == NULL)
        throw_status(env, RECON_ERROR_MEMORY, NULL);
    else if (flink_settings_init(env, settings, &made->settings))
        return handle_from(made);
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
    free(made->in);
    free(made->out);
    free(made->joined);
    free(made);
}

static bool reserve(struct flink_packer *packer, size_t in_size, size_t out_size)
{
    if (in_size > packer->in_capacity) {
        free(packer->in);
        free(packer->joined);
        packer->in = malloc(in_size);
        packer->joined = malloc(in_size); /* a joint for each field's size */
        packer->in_capacity = packer->in != NULL && packer->joined != NULL ? in_size : 0;
    }
    if (out_size > packer->out_capacity) {
        free(packer->out);
        packer->out = malloc(out_size);
        packer->out_capacity = packer->out != NULL ? out_size : 0;
    }
    return packer->in_capacity >= in_size && packer->out_capacity >= out_size;
}

static bool is_empty(struct recon_text text)
{
    return text.bytes == NULL || text.size == 0;
}

/* Puts the ID's fields into one text. False: longer than there may be. */
static bool join(struct flink_packer *packer, const struct recon_text *parts, size_t count, struct recon_text *id)
{
    const char joint = recon_id_joint(parts, count);
    char *text = packer->joined + packer->joined_size;
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        if (size + parts[i].size + 1 > RECON_ID_SIZE_BYTES_MAX)
            return false;
        if (i > 0)
            text[size++] = joint;
        memcpy(text + size, parts[i].bytes, parts[i].size);
        size += parts[i].size;
    }
    packer->joined_size += size;
    *id = (struct recon_text){text, (uint32_t)size};
    return true;
}

/* The ID as one text. False: longer than there may be. */
static inline bool unite(struct flink_packer *packer, const struct recon_text *parts, size_t count,
                         struct recon_text *id)
{
    if (count != 1)
        return join(packer, parts, count, id);
    if (parts[0].size > RECON_ID_SIZE_BYTES_MAX)
        return false;
    id->bytes = parts[0].bytes; /* not as a whole, which would wait for its two parts to be written */
    id->size = parts[0].size;
    return true;
}

static void reject(struct recon_record *record, int reason)
{
    record->kind = RECON_KIND_REJECTED;
    record->reason = (uint8_t)reason;
}

/* Fills in the ID; what is wrong with it makes it a rejected record. Source, the ID's fields and context lie one behind
 * the other as a key is hashed: *input is what is hashed of them. */
static void identify(struct flink_packer *packer, struct cursor *cursor, uint32_t part_count,
                     struct recon_record *record, struct recon_text *input)
{
    struct recon_text parts[RECON_ID_FIELD_COUNT_MAX];
    const uint8_t *with_source = cursor->at;
    record->source = cursor_text(cursor);
    const uint8_t *begin = packer->settings.source_in_identity ? with_source : cursor->at;
    bool has_id = part_count > 0;
    for (uint32_t i = 0; i < part_count; i++) {
        parts[i] = cursor_text(cursor);
        has_id = has_id && !is_empty(parts[i]);
    }
    *input = (struct recon_text){(const char *)begin, (uint32_t)(cursor->at - begin)};
    record->context = cursor_text(cursor);
    if (record->kind != RECON_KIND_RECORD) {
        /* Of a rejected record what can be read is shown; a heartbeat has nothing but its time. */
        record->context = (struct recon_text){0};
        if (record->kind == RECON_KIND_HEARTBEAT || record->source.size > RECON_SOURCE_SIZE_BYTES_MAX)
            record->source = (struct recon_text){0};
        if (record->kind == RECON_KIND_REJECTED && has_id)
            (void)unite(packer, parts, part_count, &record->id);
    } else if (record->source.size > RECON_SOURCE_SIZE_BYTES_MAX ||
               record->context.size > RECON_CONTEXT_SIZE_BYTES_MAX) {
        record->source = record->context = (struct recon_text){0};
        reject(record, RECON_REASON_MALFORMED);
    } else if (!has_id) {
        reject(record, RECON_REASON_NO_ID);
    } else if (!unite(packer, parts, part_count, &record->id)) {
        reject(record, RECON_REASON_MALFORMED);
    } else if (packer->settings.source_in_identity && is_empty(record->source)) {
        reject(record, RECON_REASON_NO_SOURCE);
    }
}

#define FIXED_BYTES 40

/* One record: stream, kind, reason, flags u8 (packed_flag's first three); how many fields the ID has u32; time,
 * emitted, offset i64; partition, place u32; the source, the ID's fields, the context: texts. False: it is none. */
static bool read_record(struct flink_packer *packer, struct cursor *cursor, struct recon_record *record,
                        struct recon_text *input)
{
    const uint8_t *at = cursor->at;
    if (cursor->left < FIXED_BYTES)
        return false;
    cursor->at += FIXED_BYTES;
    cursor->left -= FIXED_BYTES;
    const unsigned flags = at[3];
    const uint32_t part_count = load_u32(at + 4);
    *record = (struct recon_record){
        .stream = at[0],
        .kind = at[1],
        .reason = at[2],
        .has_time = (flags & PACKED_FLAG_TIME) != 0,
        .has_emitted_time = (flags & PACKED_FLAG_EMITTED) != 0,
        .has_offset = (flags & PACKED_FLAG_OFFSET) != 0,
        .time = (int64_t)recon_load_le64(at + 8),
        .emitted_time = (int64_t)recon_load_le64(at + 16),
        .offset = (int64_t)recon_load_le64(at + 24),
        .partition = load_u32(at + 32),
        .place = load_u32(at + 36),
    };
    if (record->stream >= RECON_STREAM_COUNT || record->kind > RECON_KIND_REJECTED ||
        record->reason >= RECON_REASON_COUNT || part_count > RECON_ID_FIELD_COUNT_MAX)
        return false;
    identify(packer, cursor, part_count, record, input);
    if (record->stream == RECON_STREAM_EVENTS)
        record->context = (struct recon_text){0};
    return !cursor->is_short;
}

static void set_keys(const struct flink_packer *packer, struct recon_record *records, const struct recon_text *inputs,
                     size_t count)
{
    struct recon_text hashed[RECON_KEY_COUNT_AT_ONCE];
    struct recon_key keys[RECON_KEY_COUNT_AT_ONCE];
    size_t which[RECON_KEY_COUNT_AT_ONCE], hashed_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (records[i].kind != RECON_KIND_RECORD)
            continue;
        which[hashed_count] = i;
        hashed[hashed_count++] = inputs[i];
    }
    recon_key_hash_many(packer->settings.seed, hashed, hashed_count, keys);
    for (size_t i = 0; i < hashed_count; i++)
        records[which[i]].key = keys[i];
}

/* Where packed records go: into blocks, or one behind the other. */
struct target {
    struct blocks *blocks; /* or NULL, and: */
    size_t written, size;
};

/* NULL: no room, and no memory. */
static uint8_t *room_for(struct flink_packer *packer, struct target *target, uint32_t key_group, size_t size)
{
    if (target->blocks != NULL)
        return blocks_add(target->blocks, key_group, size);
    if (size > target->size - target->written)
        return NULL;
    target->written += size;
    return packer->out + target->written - size;
}

/* RECON_ERROR_INVALID: what is in the first in_size bytes is no records, or there is too little room for them. */
static int pack(struct flink_packer *packer, size_t in_size, struct target *target)
{
    const uint32_t group_count = packer->settings.engine.key_group_count;
    struct cursor cursor = {packer->in, in_size, false};
    struct recon_record records[RECON_KEY_COUNT_AT_ONCE];
    struct recon_text inputs[RECON_KEY_COUNT_AT_ONCE];
    packer->joined_size = 0;
    while (cursor.left > 0) {
        size_t count = 0;
        while (cursor.left > 0 && count < RECON_KEY_COUNT_AT_ONCE) {
            if (!read_record(packer, &cursor, &records[count], &inputs[count]))
                return RECON_ERROR_INVALID;
            count++;
        }
        set_keys(packer, records, inputs, count);
        for (size_t i = 0; i < count; i++) {
            packed_strip(&records[i], packer->settings.engine.report);
            const uint32_t group = packed_key_group(&records[i], group_count);
            const size_t size = packed_size(&records[i]);
            uint8_t *room = room_for(packer, target, group, size);
            if (room == NULL)
                return target->blocks != NULL ? RECON_ERROR_MEMORY : RECON_ERROR_INVALID;
            packed_write(&records[i], group, size, room);
        }
    }
    return RECON_OK;
}

/* Packs the records in the first bytes of an array; false, and an exception: it could not. */
static bool pack_array(JNIEnv *env, struct flink_packer *packer, jbyteArray in, jint size, struct target *target)
{
    if (!is_within_array(env, in, size))
        return false;
    int status = reserve(packer, (size_t)size, target->size) ? RECON_OK : RECON_ERROR_MEMORY;
    if (status == RECON_OK) {
        (*env)->GetByteArrayRegion(env, in, 0, size, (jbyte *)packer->in);
        status = pack(packer, (size_t)size, target);
    }
    if (status == RECON_ERROR_INVALID)
        throw_argument(
            env, "no such stream, kind or reason, an ID of too many fields, too short a record or too little room");
    else if (status != RECON_OK)
        throw_status(env, status, NULL);
    return status == RECON_OK;
}

/* Packs the records in the first bytes of an array into blocks of as many key groups. */
JNIEXPORT void JNICALL Java_io_recon_flink_NativePacker_packInto(JNIEnv *env, jclass class, jlong handle, jbyteArray in,
                                                                 jint size, jlong blocks);
JNIEXPORT void JNICALL Java_io_recon_flink_NativePacker_packInto(JNIEnv *env, jclass class, jlong handle, jbyteArray in,
                                                                 jint size, jlong blocks)
{
    (void)class;
    struct flink_packer *packer = handle_of(env, handle);
    struct target target = {.blocks = packer != NULL ? flink_blocks_of(env, blocks) : NULL};
    if (target.blocks == NULL)
        return;
    if (target.blocks->group_count != packer->settings.engine.key_group_count)
        throw_argument(env, "blocks of another number of key groups");
    else
        (void)pack_array(env, packer, in, size, &target);
}

/* Packs the records in the first bytes of an array into another, which has twice the room; how many bytes they take. */
JNIEXPORT jint JNICALL Java_io_recon_flink_NativePacker_pack(JNIEnv *env, jclass class, jlong handle, jbyteArray in,
                                                             jint size, jbyteArray out);
JNIEXPORT jint JNICALL Java_io_recon_flink_NativePacker_pack(JNIEnv *env, jclass class, jlong handle, jbyteArray in,
                                                             jint size, jbyteArray out)
{
    (void)class;
    struct flink_packer *packer = handle_of(env, handle);
    if (packer == NULL)
        return 0;
    if (out == NULL) {
        throw_argument(env, "no array to pack into");
        return 0;
    }
    struct target target = {.size = (size_t)(*env)->GetArrayLength(env, out)};
    if (!pack_array(env, packer, in, size, &target))
        return 0;
    (*env)->SetByteArrayRegion(env, out, 0, (jsize)target.written, (const jbyte *)packer->out);
    return (jint)target.written;
}
