/*
 * NativeWindows: the windows of a job. Single-threaded.
 */
#include <stdlib.h>

#include "core/snapshot_format.h"
#include "jni_support.h"
#include "recon/snapshot.h"
#include "recon/status.h"
#include "recon/windows.h"
#include "results.h"
#include "settings.h"

#define IS_MORE (INT64_C(1) << 31)
#define COUNTS_BYTES 64

struct flink_windows {
    struct flink_settings settings;
    struct recon_windows *windows;
    struct results results;
    struct recon_rise current;
    struct recon_snapshot_writer *writer;
};

static void windows_free(struct flink_windows *made)
{
    recon_snapshot_writer_free(made->writer);
    results_deinit(&made->results);
    recon_windows_free(made->windows);
    flink_settings_deinit(&made->settings);
    free(made);
}

/* The windows' state begins with a version u8, from i64, the W and R they were told last i64 i64, basis u8, and the
 * XXH64 of that u64. */
#define STATE_HEAD_BYTES 26
#define STATE_FIXED_BYTES (STATE_HEAD_BYTES + 8)
#define STATE_VERSION 2

static int restore(struct flink_windows *flink, struct span state)
{
    const unsigned version = state.size == 0 ? 0 : state.bytes[0];
    if (version > STATE_VERSION)
        return RECON_ERROR_VERSION;
    const size_t head = version == 1 ? STATE_HEAD_BYTES : STATE_FIXED_BYTES;
    if (version == 0 || state.size <= head)
        return RECON_ERROR_TRUNCATED;
    if (version > 1 &&
        snapshot_checksum(state.bytes, STATE_HEAD_BYTES) != recon_load_le64(state.bytes + STATE_HEAD_BYTES))
        return RECON_ERROR_DAMAGED;
    struct cursor cursor = {state.bytes + 1, STATE_HEAD_BYTES - 1, false};
    flink->settings.engine.from_ms = cursor_i64(&cursor);
    flink->current.watermark = cursor_i64(&cursor);
    flink->current.retention_bound = cursor_i64(&cursor);
    flink->current.basis = cursor_u8(&cursor);
    struct recon_snapshot_reader *reader;
    int status = recon_snapshot_reader_new(&flink->settings.engine, RECON_SNAPSHOT_WINDOWS, &reader);
    if (status != RECON_OK)
        return status;
    status = recon_snapshot_reader_feed(reader, state.bytes + head, state.size - head);
    if (status == RECON_OK)
        status = recon_snapshot_reader_finish_windows(reader, &flink->windows);
    if (status != RECON_OK)
        recon_snapshot_reader_free(reader);
    return status;
}

/* state: what snapshot gave, or null. */
JNIEXPORT jlong JNICALL Java_io_recon_flink_NativeWindows_create(JNIEnv *env, jclass class, jbyteArray settings,
                                                                 jbyteArray state);
JNIEXPORT jlong JNICALL Java_io_recon_flink_NativeWindows_create(JNIEnv *env, jclass class, jbyteArray settings,
                                                                 jbyteArray state)
{
    (void)class;
    struct flink_windows *made = calloc(1, sizeof *made);
    if (made == NULL) {
        throw_status(env, RECON_ERROR_MEMORY, NULL);
        return 0;
    }
    if (!flink_settings_init(env, settings, &made->settings)) {
        free(made);
        return 0;
    }
    made->current = (struct recon_rise){.watermark = RECON_TIME_MIN, .retention_bound = RECON_TIME_MIN};
    int status;
    if (state == NULL) {
        status = recon_windows_new(&made->settings.engine, &made->windows);
    } else {
        struct span span;
        span.bytes = bytes_of(env, state, &span.size);
        status = span.bytes == NULL ? RECON_ERROR_MEMORY : restore(made, span);
        free(span.bytes);
    }
    if (status == RECON_OK)
        status = results_init(&made->results, &made->settings);
    if (status != RECON_OK) {
        throw_status(env, status, state == NULL ? NULL : "the windows' state");
        windows_free(made);
        return 0;
    }
    return handle_from(made);
}

JNIEXPORT void JNICALL Java_io_recon_flink_NativeWindows_release(JNIEnv *env, jclass class, jlong handle);
JNIEXPORT void JNICALL Java_io_recon_flink_NativeWindows_release(JNIEnv *env, jclass class, jlong handle)
{
    (void)env;
    (void)class;
    if (handle != 0)
        windows_free((struct flink_windows *)(uintptr_t)handle);
}

/* Counts as NativeMatcher.counts gives them. */
JNIEXPORT void JNICALL Java_io_recon_flink_NativeWindows_add(JNIEnv *env, jclass class, jlong handle,
                                                             jbyteArray counts);
JNIEXPORT void JNICALL Java_io_recon_flink_NativeWindows_add(JNIEnv *env, jclass class, jlong handle, jbyteArray counts)
{
    (void)class;
    struct flink_windows *flink = handle_of(env, handle);
    size_t size = 0;
    uint8_t *bytes = flink == NULL ? NULL : bytes_of(env, counts, &size);
    if (bytes == NULL)
        return;
    struct cursor cursor = {bytes, size, false};
    int status = size % COUNTS_BYTES == 0 ? RECON_OK : RECON_ERROR_DAMAGED;
    while (status == RECON_OK && cursor.left > 0) {
        const int64_t window = cursor_i64(&cursor);
        struct recon_counts one;
        one.expected = (uint64_t)cursor_i64(&cursor);
        one.matched = (uint64_t)cursor_i64(&cursor);
        one.missing = (uint64_t)cursor_i64(&cursor);
        one.duplicate_audits = (uint64_t)cursor_i64(&cursor);
        one.duplicate_events = (uint64_t)cursor_i64(&cursor);
        one.unaudited = (uint64_t)cursor_i64(&cursor);
        one.unjudged_audits = (uint64_t)cursor_i64(&cursor);
        status = recon_windows_add(flink->windows, window, &one);
    }
    free(bytes);
    if (status != RECON_OK)
        throw_status(env, status, "windows");
}

/* W and R rise to these where they are higher; true: then drain is to be called until it gives no more. */
JNIEXPORT jboolean JNICALL Java_io_recon_flink_NativeWindows_rise(JNIEnv *env, jclass class, jlong handle,
                                                                  jlong watermark, jlong retention_bound, jint basis);
JNIEXPORT jboolean JNICALL Java_io_recon_flink_NativeWindows_rise(JNIEnv *env, jclass class, jlong handle,
                                                                  jlong watermark, jlong retention_bound, jint basis)
{
    (void)class;
    struct flink_windows *flink = handle_of(env, handle);
    if (flink == NULL)
        return JNI_FALSE;
    if (basis < RECON_BASIS_WATERMARK || basis > RECON_BASIS_END || retention_bound > watermark) {
        throw_argument(env, "no such basis, or R past W");
        return JNI_FALSE;
    }
    struct recon_rise rise = flink->current;
    if (watermark > rise.watermark)
        rise.watermark = watermark;
    if (retention_bound > rise.retention_bound)
        rise.retention_bound = retention_bound;
    if (rise.watermark == flink->current.watermark && rise.retention_bound == flink->current.retention_bound)
        return JNI_FALSE;
    rise.basis = (uint8_t)basis;
    const int status = recon_windows_rise(flink->windows, &rise);
    if (status != RECON_OK) {
        throw_status(env, status, "windows");
        return JNI_FALSE;
    }
    flink->current = rise;
    return JNI_TRUE;
}

static int next_of_windows(void *object, struct recon_result *results, size_t capacity, size_t *count)
{
    return recon_windows_next(object, results, capacity, count);
}

JNIEXPORT jlong JNICALL Java_io_recon_flink_NativeWindows_drain(JNIEnv *env, jclass class, jlong handle, jobject out);
JNIEXPORT jlong JNICALL Java_io_recon_flink_NativeWindows_drain(JNIEnv *env, jclass class, jlong handle, jobject out)
{
    (void)class;
    struct flink_windows *flink = handle_of(env, handle);
    struct span span;
    if (flink == NULL || !span_of_all(env, out, &span))
        return 0;
    size_t size = 0;
    bool is_more = false;
    const int status =
        results_drain(&flink->results, next_of_windows, flink->windows, span.bytes, span.size, &size, &is_more);
    if (status != RECON_OK)
        throw_status(env, status, "windows");
    return (is_more ? IS_MORE : 0) | (jlong)size;
}

/* Into an array of longs: W, R, basis, bytes held, 0, the next result's bytes. */
JNIEXPORT void JNICALL Java_io_recon_flink_NativeWindows_look(JNIEnv *env, jclass class, jlong handle, jlongArray into);
JNIEXPORT void JNICALL Java_io_recon_flink_NativeWindows_look(JNIEnv *env, jclass class, jlong handle, jlongArray into)
{
    (void)class;
    struct flink_windows *flink = handle_of(env, handle);
    if (flink == NULL)
        return;
    if (into == NULL || (*env)->GetArrayLength(env, into) < 6) {
        throw_argument(env, "too short an array");
        return;
    }
    const jlong values[] = {flink->current.watermark,
                            flink->current.retention_bound,
                            flink->current.basis,
                            (jlong)recon_windows_memory_bytes(flink->windows),
                            0,
                            (jlong)flink->results.message_size};
    (*env)->SetLongArrayRegion(env, into, 0, 6, values);
}

/* The next piece of the state; 0: that was all. The first call of a snapshot has is_first. */
JNIEXPORT jint JNICALL Java_io_recon_flink_NativeWindows_snapshot(JNIEnv *env, jclass class, jlong handle,
                                                                  jboolean is_first, jobject out);
JNIEXPORT jint JNICALL Java_io_recon_flink_NativeWindows_snapshot(JNIEnv *env, jclass class, jlong handle,
                                                                  jboolean is_first, jobject out)
{
    (void)class;
    struct flink_windows *flink = handle_of(env, handle);
    struct span span;
    if (flink == NULL || !span_of_all(env, out, &span))
        return 0;
    if (span.size <= STATE_FIXED_BYTES || (!is_first && flink->writer == NULL)) {
        throw_argument(env, "too short a buffer, or no snapshot was begun");
        return 0;
    }
    size_t size = 0;
    int status = flink->results.has_message ? RECON_ERROR_UNDRAINED : RECON_OK;
    if (status == RECON_OK && is_first) {
        recon_snapshot_writer_free(flink->writer);
        flink->writer = NULL;
        status = recon_snapshot_writer_new_windows(flink->windows, &flink->writer);
        size = STATE_FIXED_BYTES;
        span.bytes[0] = STATE_VERSION;
        store_u64(span.bytes + 1, (uint64_t)flink->settings.engine.from_ms);
        store_u64(span.bytes + 9, (uint64_t)flink->current.watermark);
        store_u64(span.bytes + 17, (uint64_t)flink->current.retention_bound);
        span.bytes[25] = flink->current.basis;
        store_u64(span.bytes + STATE_HEAD_BYTES, snapshot_checksum(span.bytes, STATE_HEAD_BYTES));
    }
    size_t more = 0;
    if (status == RECON_OK)
        status = recon_snapshot_writer_next(flink->writer, span.bytes + size, span.size - size, &more);
    if (status != RECON_OK || more == 0) {
        recon_snapshot_writer_free(flink->writer);
        flink->writer = NULL;
    }
    if (status != RECON_OK)
        throw_status(env, status, "snapshot");
    return (jint)(size + more);
}
