/*
 * NativeDecoder: one stream's Kafka messages, one at a time, into packed records. Single-threaded.
 *
 * A message comes in a direct buffer: key and value as texts (cursor.h; none for a null), a count u32 of headers and
 * for each its name and value texts. The two buffers are told once and used until others are told: a message costs one
 * native call, and no other crossing. They are kept from being collected until then.
 */
#include <stdlib.h>
#include <string.h>

#include "codec/message.h"
#include "config.h"
#include "cursor.h"
#include "jni_support.h"
#include "packed.h"
#include "recon/status.h"
#include "settings.h"

#define HEADER_COUNT_MAX 65536
/* What decode returns besides a size: a schema is wanted. -2 and less: as many bytes as its opposite are needed. */
#define SCHEMA_WANTED (-1)

struct flink_decoder {
    struct flink_settings settings;
    bool has_config;
    struct recon_config config; /* its mapping is the decoder's */
    struct recon_message_decoder *decoder;
    struct recon_batch batch;
    uint64_t ignored;
    uint64_t tombstones;
    struct recon_message_header *headers;
    size_t header_capacity;
    jobject in_reference, out_reference;
    struct span in, out;
};

static void decoder_free(JNIEnv *env, struct flink_decoder *made)
{
    if (made->in_reference != NULL)
        (*env)->DeleteGlobalRef(env, made->in_reference);
    if (made->out_reference != NULL)
        (*env)->DeleteGlobalRef(env, made->out_reference);
    recon_message_decoder_free(made->decoder);
    recon_batch_deinit(&made->batch);
    free(made->headers);
    if (made->has_config)
        recon_config_deinit(&made->config);
    flink_settings_deinit(&made->settings);
    free(made);
}

static bool decoder_init(JNIEnv *env, struct flink_decoder *made, int stream)
{
    struct recon_message_decoder_options options = {
        .mapping = &made->config.streams[stream].mapping,
        .stream = stream,
        .source_in_identity = made->settings.source_in_identity,
    };
    memcpy(options.seed, made->settings.seed, sizeof options.seed);
    char error[512] = "";
    const int status = recon_message_decoder_new(&options, &made->decoder, error, sizeof error);
    if (status == RECON_ERROR_INVALID)
        throw_message(env, status, "%s: %s", recon_stream_name(stream), error);
    else if (status != RECON_OK)
        throw_status(env, status, NULL);
    return status == RECON_OK;
}

JNIEXPORT jlong JNICALL Java_io_recon_flink_NativeDecoder_create(JNIEnv *env, jclass class, jbyteArray settings,
                                                                 jbyteArray text, jbyteArray file, jbyteArray variables,
                                                                 jint stream);
JNIEXPORT jlong JNICALL Java_io_recon_flink_NativeDecoder_create(JNIEnv *env, jclass class, jbyteArray settings,
                                                                 jbyteArray text, jbyteArray file, jbyteArray variables,
                                                                 jint stream)
{
    (void)class;
    if (stream < 0 || stream >= RECON_STREAM_COUNT) {
        throw_argument(env, "no such stream");
        return 0;
    }
    struct flink_decoder *made = calloc(1, sizeof *made);
    if (made == NULL) {
        throw_status(env, RECON_ERROR_MEMORY, NULL);
        return 0;
    }
    recon_batch_init(&made->batch);
    if (flink_settings_init(env, settings, &made->settings)) {
        made->has_config = flink_config_parse(env, text, file, variables, &made->config, NULL, NULL);
        if (made->has_config && decoder_init(env, made, stream))
            return handle_from(made);
    }
    decoder_free(env, made);
    return 0;
}

JNIEXPORT void JNICALL Java_io_recon_flink_NativeDecoder_release(JNIEnv *env, jclass class, jlong handle);
JNIEXPORT void JNICALL Java_io_recon_flink_NativeDecoder_release(JNIEnv *env, jclass class, jlong handle)
{
    (void)class;
    if (handle != 0)
        decoder_free(env, (struct flink_decoder *)(uintptr_t)handle);
}

static bool use_buffer(JNIEnv *env, jobject buffer, jobject *reference, struct span *span)
{
    struct span fresh;
    if (!span_of_all(env, buffer, &fresh))
        return false;
    jobject kept = (*env)->NewGlobalRef(env, buffer);
    if (kept == NULL) {
        throw_status(env, RECON_ERROR_MEMORY, NULL);
        return false;
    }
    if (*reference != NULL)
        (*env)->DeleteGlobalRef(env, *reference);
    *reference = kept;
    *span = fresh;
    return true;
}

JNIEXPORT void JNICALL Java_io_recon_flink_NativeDecoder_use(JNIEnv *env, jclass class, jlong handle, jobject in,
                                                             jobject out);
JNIEXPORT void JNICALL Java_io_recon_flink_NativeDecoder_use(JNIEnv *env, jclass class, jlong handle, jobject in,
                                                             jobject out)
{
    (void)class;
    struct flink_decoder *flink = handle_of(env, handle);
    if (flink != NULL && use_buffer(env, in, &flink->in_reference, &flink->in))
        (void)use_buffer(env, out, &flink->out_reference, &flink->out);
}

/* --- a message -------------------------------------------------------------------------------------------------- */

static bool headers_reserve(struct flink_decoder *flink, uint32_t count)
{
    if (count <= flink->header_capacity)
        return true;
    struct recon_message_header *headers = realloc(flink->headers, count * sizeof *headers);
    if (headers == NULL)
        return false;
    flink->headers = headers;
    flink->header_capacity = count;
    return true;
}

static int message_read(struct flink_decoder *flink, size_t size, struct recon_message *message)
{
    struct cursor cursor = {flink->in.bytes, size, false};
    message->key = cursor_text(&cursor);
    message->value = cursor_text(&cursor);
    const uint32_t count = cursor_u32(&cursor);
    if (cursor.is_short || count > HEADER_COUNT_MAX)
        return RECON_ERROR_INVALID;
    if (!headers_reserve(flink, count))
        return RECON_ERROR_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        flink->headers[i].name = cursor_text(&cursor);
        flink->headers[i].value = cursor_text(&cursor);
    }
    message->headers = flink->headers;
    message->header_count = count;
    return cursor.is_short || cursor.left > 0 ? RECON_ERROR_INVALID : RECON_OK;
}

/* The size of what is in the batch, stripped of what nobody will see. */
static size_t batch_prepare(struct flink_decoder *flink)
{
    size_t all = 0;
    for (size_t i = 0; i < flink->batch.count; i++) {
        struct recon_record *record = &flink->batch.records[i];
        packed_strip(record, flink->settings.engine.report);
        size_t size = packed_size(record);
        if (size == 0) { /* a text past all limits */
            record->kind = RECON_KIND_REJECTED;
            record->reason = RECON_REASON_MALFORMED;
            record->id = record->source = record->context = (struct recon_text){0};
            size = packed_size(record);
        }
        all += size;
    }
    return all;
}

static jint batch_give(struct flink_decoder *flink, size_t size)
{
    if (size > flink->out.size)
        return -(jint)size;
    uint8_t *to = flink->out.bytes;
    for (size_t i = 0; i < flink->batch.count; i++) {
        const struct recon_record *record = &flink->batch.records[i];
        const size_t one = packed_size(record);
        packed_write(record, packed_key_group(record, flink->settings.engine.key_group_count), one, to);
        to += one;
    }
    flink->ignored += flink->batch.ignored;
    flink->tombstones += flink->batch.tombstones;
    flink->batch.ignored = flink->batch.tombstones = 0;
    recon_batch_clear(&flink->batch);
    return (jint)size;
}

/* Decodes the message in the first size bytes. The size of the packed records; SCHEMA_WANTED; or the bytes that are
 * needed, negative: then flush is to be called once there is a longer buffer. */
JNIEXPORT jint JNICALL Java_io_recon_flink_NativeDecoder_decode(JNIEnv *env, jclass class, jlong handle, jint size,
                                                                jlong timestamp, jint partition, jlong offset);
JNIEXPORT jint JNICALL Java_io_recon_flink_NativeDecoder_decode(JNIEnv *env, jclass class, jlong handle, jint size,
                                                                jlong timestamp, jint partition, jlong offset)
{
    (void)class;
    struct flink_decoder *flink = handle_of(env, handle);
    if (flink == NULL)
        return 0;
    if (size < 0 || (size_t)size > flink->in.size || flink->out.bytes == NULL || flink->batch.count > 0) {
        throw_argument(env, "no buffers in use, or past them, or the records before were not taken");
        return 0;
    }
    struct recon_message message = {.timestamp_ms = timestamp, .offset = offset, .partition = (uint32_t)partition};
    int status = message_read(flink, (size_t)size, &message);
    if (status == RECON_OK)
        status = recon_message_decode(flink->decoder, &message, &flink->batch);
    if (status == RECON_MESSAGE_SCHEMA_WANTED)
        return SCHEMA_WANTED;
    if (status != RECON_OK) {
        recon_batch_clear(&flink->batch);
        throw_status(env, status, "a message");
        return 0;
    }
    return batch_give(flink, batch_prepare(flink));
}

JNIEXPORT jint JNICALL Java_io_recon_flink_NativeDecoder_flush(JNIEnv *env, jclass class, jlong handle);
JNIEXPORT jint JNICALL Java_io_recon_flink_NativeDecoder_flush(JNIEnv *env, jclass class, jlong handle)
{
    (void)class;
    struct flink_decoder *flink = handle_of(env, handle);
    return flink == NULL ? 0 : batch_give(flink, batch_prepare(flink));
}

/* --- schemas ---------------------------------------------------------------------------------------------------- */

/* The text of the schema that was wanted last: an ID's digits, or a GUID. */
JNIEXPORT jstring JNICALL Java_io_recon_flink_NativeDecoder_wanted(JNIEnv *env, jclass class, jlong handle);
JNIEXPORT jstring JNICALL Java_io_recon_flink_NativeDecoder_wanted(JNIEnv *env, jclass class, jlong handle)
{
    (void)class;
    struct flink_decoder *flink = handle_of(env, handle);
    return flink == NULL ? NULL : (*env)->NewStringUTF(env, recon_message_decoder_wanted(flink->decoder)->text);
}

JNIEXPORT jboolean JNICALL Java_io_recon_flink_NativeDecoder_isWantedByGuid(JNIEnv *env, jclass class, jlong handle);
JNIEXPORT jboolean JNICALL Java_io_recon_flink_NativeDecoder_isWantedByGuid(JNIEnv *env, jclass class, jlong handle)
{
    (void)class;
    struct flink_decoder *flink = handle_of(env, handle);
    return flink != NULL && recon_message_decoder_wanted(flink->decoder)->is_guid ? JNI_TRUE : JNI_FALSE;
}

/* The answer for what was wanted last; null: there is none. What is wrong with it, or null. */
JNIEXPORT jbyteArray JNICALL Java_io_recon_flink_NativeDecoder_schema(JNIEnv *env, jclass class, jlong handle,
                                                                      jbyteArray json);
JNIEXPORT jbyteArray JNICALL Java_io_recon_flink_NativeDecoder_schema(JNIEnv *env, jclass class, jlong handle,
                                                                      jbyteArray json)
{
    (void)class;
    struct flink_decoder *flink = handle_of(env, handle);
    size_t size = 0;
    uint8_t *bytes = NULL;
    if (flink == NULL)
        return NULL;
    if (json != NULL) {
        bytes = bytes_of(env, json, &size);
        if (bytes == NULL)
            return NULL;
    }
    const struct recon_schema_wanted wanted = *recon_message_decoder_wanted(flink->decoder);
    char error[512] = "";
    const int status =
        recon_message_decoder_schema(flink->decoder, &wanted, (const char *)bytes, size, error, sizeof error);
    free(bytes);
    if (status == RECON_OK)
        return NULL;
    if (status != RECON_ERROR_INVALID) {
        throw_status(env, status, "a schema");
        return NULL;
    }
    const size_t length = strlen(error);
    jbyteArray text = (*env)->NewByteArray(env, (jsize)length);
    if (text != NULL)
        (*env)->SetByteArrayRegion(env, text, 0, (jsize)length, (const jbyte *)error);
    return text;
}

/* Asks again for the schemas that there were none of. */
JNIEXPORT void JNICALL Java_io_recon_flink_NativeDecoder_forgetAbsent(JNIEnv *env, jclass class, jlong handle);
JNIEXPORT void JNICALL Java_io_recon_flink_NativeDecoder_forgetAbsent(JNIEnv *env, jclass class, jlong handle)
{
    (void)class;
    struct flink_decoder *flink = handle_of(env, handle);
    if (flink != NULL)
        recon_message_decoder_forget_absent(flink->decoder);
}

/* 0: messages that were ignored; 1: tombstones that made no record. */
JNIEXPORT jlong JNICALL Java_io_recon_flink_NativeDecoder_count(JNIEnv *env, jclass class, jlong handle, jint what);
JNIEXPORT jlong JNICALL Java_io_recon_flink_NativeDecoder_count(JNIEnv *env, jclass class, jlong handle, jint what)
{
    (void)class;
    struct flink_decoder *flink = handle_of(env, handle);
    if (flink == NULL)
        return 0;
    return (jlong)(what == 0 ? flink->ignored : flink->tombstones);
}
