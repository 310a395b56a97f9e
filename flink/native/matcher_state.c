/*
 * NativeMatcher: its state as bytes, in parts of these kinds, each with its own checksums:
 *
 *     JOB        version u8 (1), from i64, for each stream the topics (names.h); XXH64 u64 of all that
 *     WATERMARK  a snapshot's head
 *     MATCHER    a key group's identities, or the counts not yet sent
 */
#include <stdlib.h>
#include <string.h>

#include "core/matcher_state.h"
#include "core/snapshot_format.h"
#include "jni_support.h"
#include "matcher.h"
#include "recon/status.h"

#define JOB_VERSION 1

enum part { PART_JOB = 1, PART_WATERMARK, PART_MATCHER };

/* --- saving ----------------------------------------------------------------------------------------------------- */

static bool is_drained(JNIEnv *env, const struct flink_matcher *flink)
{
    const bool waits = flink->is_rising || flink->results.has_message || flink->results.done < flink->results.count;
    if (waits)
        throw_status(env, RECON_ERROR_UNDRAINED, "snapshot");
    return !waits;
}

/* part: PART_WATERMARK, or PART_MATCHER with a key group (-1: the counts). Then snapshotNext until it gives 0. */
JNIEXPORT void JNICALL Java_io_recon_flink_NativeMatcher_snapshotBegin(JNIEnv *env, jclass class, jlong handle,
                                                                       jint part, jint key_group);
JNIEXPORT void JNICALL Java_io_recon_flink_NativeMatcher_snapshotBegin(JNIEnv *env, jclass class, jlong handle,
                                                                       jint part, jint key_group)
{
    (void)class;
    struct flink_matcher *flink = flink_matcher_of(env, handle);
    if (flink == NULL)
        return;
    if (!is_drained(env, flink))
        return;
    recon_snapshot_writer_free(flink->writer);
    flink->writer = NULL;
    int status = RECON_ERROR_INVALID;
    const struct recon_settings *settings = &flink->settings.engine;
    if (part == PART_WATERMARK)
        status = recon_snapshot_writer_new_watermark(flink->watermark, settings, &flink->writer);
    else if (part == PART_MATCHER && key_group >= -1 && key_group < (jint)settings->key_group_count)
        status = recon_snapshot_writer_new_matcher(flink->matcher, key_group < 0 ? RECON_SNAPSHOT_COUNTS : key_group,
                                                   &flink->writer);
    if (status != RECON_OK)
        throw_status(env, status, "snapshot");
}

JNIEXPORT jint JNICALL Java_io_recon_flink_NativeMatcher_snapshotNext(JNIEnv *env, jclass class, jlong handle,
                                                                      jobject out);
JNIEXPORT jint JNICALL Java_io_recon_flink_NativeMatcher_snapshotNext(JNIEnv *env, jclass class, jlong handle,
                                                                      jobject out)
{
    (void)class;
    struct flink_matcher *flink = flink_matcher_of(env, handle);
    struct span span;
    if (flink == NULL || !span_of_all(env, out, &span))
        return 0;
    if (flink->writer == NULL || span.size == 0) {
        throw_argument(env, "no snapshot was begun");
        return 0;
    }
    size_t size = 0;
    const int status = recon_snapshot_writer_next(flink->writer, span.bytes, span.size, &size);
    if (status != RECON_OK || size == 0) {
        recon_snapshot_writer_free(flink->writer);
        flink->writer = NULL;
    }
    if (status != RECON_OK)
        throw_status(env, status, "snapshot");
    return (jint)size;
}

/* The matcher goes on, while frozenNext gives the counts as of now until it gives 0, and after each frozenTurn, in
 * order of the key groups, the identities of one until it gives 0. Ended by frozenEnd, at any time. */
JNIEXPORT void JNICALL Java_io_recon_flink_NativeMatcher_frozenBegin(JNIEnv *env, jclass class, jlong handle);
JNIEXPORT void JNICALL Java_io_recon_flink_NativeMatcher_frozenBegin(JNIEnv *env, jclass class, jlong handle)
{
    (void)class;
    struct flink_matcher *flink = flink_matcher_of(env, handle);
    if (flink == NULL || !is_drained(env, flink))
        return;
    if (flink->frozen != NULL) {
        throw_argument(env, "a frozen snapshot is under way");
        return;
    }
    int status = recon_snapshot_writer_new_matcher(flink->matcher, RECON_SNAPSHOT_COUNTS, &flink->frozen);
    if (status == RECON_OK)
        status = recon_snapshot_writer_freeze(flink->frozen);
    flink->frozen_group = -1;
    flink->frozen_is_turnable = false;
    if (status == RECON_OK)
        return;
    recon_snapshot_writer_free(flink->frozen);
    flink->frozen = NULL;
    throw_status(env, status, "snapshot");
}

static struct flink_matcher *frozen_of(JNIEnv *env, jlong handle)
{
    struct flink_matcher *flink = flink_matcher_of(env, handle);
    if (flink != NULL && flink->frozen == NULL) {
        throw_argument(env, "no frozen snapshot was begun");
        return NULL;
    }
    return flink;
}

/* Only once frozenNext has given 0. */
JNIEXPORT void JNICALL Java_io_recon_flink_NativeMatcher_frozenTurn(JNIEnv *env, jclass class, jlong handle,
                                                                    jint key_group);
JNIEXPORT void JNICALL Java_io_recon_flink_NativeMatcher_frozenTurn(JNIEnv *env, jclass class, jlong handle,
                                                                    jint key_group)
{
    (void)class;
    struct flink_matcher *flink = frozen_of(env, handle);
    if (flink == NULL)
        return;
    if (!flink->frozen_is_turnable || key_group <= flink->frozen_group ||
        key_group >= (jint)flink->settings.engine.key_group_count) {
        throw_argument(env, "a part that was not given whole, or no such key group behind the last one");
        return;
    }
    recon_snapshot_writer_turn(flink->frozen, (uint32_t)key_group);
    flink->frozen_group = key_group;
    flink->frozen_is_turnable = false;
}

JNIEXPORT jint JNICALL Java_io_recon_flink_NativeMatcher_frozenNext(JNIEnv *env, jclass class, jlong handle,
                                                                    jobject out);
JNIEXPORT jint JNICALL Java_io_recon_flink_NativeMatcher_frozenNext(JNIEnv *env, jclass class, jlong handle,
                                                                    jobject out)
{
    (void)class;
    struct flink_matcher *flink = frozen_of(env, handle);
    struct span span;
    if (flink == NULL || !span_of_all(env, out, &span))
        return 0;
    if (span.size == 0) {
        throw_argument(env, "no room");
        return 0;
    }
    size_t size = 0;
    const int status = recon_snapshot_writer_next(flink->frozen, span.bytes, span.size, &size);
    flink->frozen_is_turnable = status == RECON_OK && size == 0;
    if (status != RECON_OK) {
        recon_snapshot_writer_free(flink->frozen);
        flink->frozen = NULL;
        throw_status(env, status, "snapshot");
    }
    return (jint)size;
}

/* Also where none was begun. */
JNIEXPORT void JNICALL Java_io_recon_flink_NativeMatcher_frozenEnd(JNIEnv *env, jclass class, jlong handle);
JNIEXPORT void JNICALL Java_io_recon_flink_NativeMatcher_frozenEnd(JNIEnv *env, jclass class, jlong handle)
{
    (void)class;
    struct flink_matcher *flink = flink_matcher_of(env, handle);
    if (flink == NULL)
        return;
    recon_snapshot_writer_free(flink->frozen);
    flink->frozen = NULL;
}

JNIEXPORT jbyteArray JNICALL Java_io_recon_flink_NativeMatcher_job(JNIEnv *env, jclass class, jlong handle);
JNIEXPORT jbyteArray JNICALL Java_io_recon_flink_NativeMatcher_job(JNIEnv *env, jclass class, jlong handle)
{
    (void)class;
    const struct flink_matcher *flink = flink_matcher_of(env, handle);
    if (flink == NULL)
        return NULL;
    const struct names *names = flink->settings.names;
    const size_t size = 9 + names_size(&names[0]) + names_size(&names[1]);
    uint8_t *bytes = malloc(size + 8);
    if (bytes == NULL) {
        throw_status(env, RECON_ERROR_MEMORY, NULL);
        return NULL;
    }
    bytes[0] = JOB_VERSION;
    store_u64(bytes + 1, (uint64_t)flink->settings.engine.from_ms);
    names_write(&names[1], names_write(&names[0], bytes + 9));
    store_u64(bytes + size, snapshot_checksum(bytes, size));
    jbyteArray array = (*env)->NewByteArray(env, (jsize)(size + 8));
    if (array != NULL)
        (*env)->SetByteArrayRegion(env, array, 0, (jsize)(size + 8), (const jbyte *)bytes);
    free(bytes);
    return array;
}

/* --- restoring -------------------------------------------------------------------------------------------------- */

static int restore_job(struct flink_matcher *flink, struct span span)
{
    if (span.size < 17 || snapshot_checksum(span.bytes, span.size - 8) != recon_load_le64(span.bytes + span.size - 8))
        return RECON_ERROR_DAMAGED;
    struct cursor cursor = {span.bytes, span.size - 8, false};
    const unsigned version = cursor_u8(&cursor);
    if (version != JOB_VERSION)
        return version > JOB_VERSION ? RECON_ERROR_VERSION : RECON_ERROR_DAMAGED;
    /* What was fixed at the first start holds. */
    flink->settings.engine.from_ms = cursor_i64(&cursor);
    int status = names_restore(&flink->settings.names[RECON_STREAM_AUDIT], &cursor);
    if (status == RECON_OK)
        status = names_restore(&flink->settings.names[RECON_STREAM_EVENTS], &cursor);
    if (status == RECON_OK && (cursor.is_short || cursor.left > 0))
        status = RECON_ERROR_DAMAGED;
    return status;
}

/* The readers are made once the settings are what the state says. */
static int restore_part(struct flink_matcher *flink, int part, struct span span)
{
    const struct recon_settings *settings = &flink->settings.engine;
    int status = RECON_OK;
    if (part == PART_JOB)
        return restore_job(flink, span);
    if (flink->watermark_reader == NULL)
        status = recon_snapshot_reader_new(settings, RECON_SNAPSHOT_WATERMARK, &flink->watermark_reader);
    if (status == RECON_OK && flink->matcher_reader == NULL)
        status = recon_snapshot_reader_new(settings, RECON_SNAPSHOT_MATCHER, &flink->matcher_reader);
    if (status != RECON_OK)
        return status;
    return recon_snapshot_reader_feed(part == PART_WATERMARK ? flink->watermark_reader : flink->matcher_reader,
                                      span.bytes, span.size);
}

/* Takes a part, or a piece of one; the job's as a whole, and first. */
JNIEXPORT void JNICALL Java_io_recon_flink_NativeMatcher_restore(JNIEnv *env, jclass class, jlong handle, jint part,
                                                                 jobject in, jint from, jint to);
JNIEXPORT void JNICALL Java_io_recon_flink_NativeMatcher_restore(JNIEnv *env, jclass class, jlong handle, jint part,
                                                                 jobject in, jint from, jint to)
{
    (void)class;
    struct flink_matcher *flink = handle_of(env, handle);
    struct span span;
    if (flink == NULL || !span_of(env, in, from, to, &span))
        return;
    if (flink->watermark != NULL || part < PART_JOB || part > PART_MATCHER) {
        throw_argument(env, "started or restored already, or no such part");
        return;
    }
    const int status = restore_part(flink, part, span);
    if (status != RECON_OK)
        throw_status(env, status, "the matcher's state");
}

JNIEXPORT void JNICALL Java_io_recon_flink_NativeMatcher_restoreFinish(JNIEnv *env, jclass class, jlong handle,
                                                                       jlong now);
JNIEXPORT void JNICALL Java_io_recon_flink_NativeMatcher_restoreFinish(JNIEnv *env, jclass class, jlong handle,
                                                                       jlong now)
{
    (void)class;
    struct flink_matcher *flink = handle_of(env, handle);
    if (flink == NULL)
        return;
    if (flink->watermark != NULL || flink->matcher_reader == NULL) {
        throw_argument(env, "nothing to restore from");
        return;
    }
    int status = recon_snapshot_reader_finish_matcher(flink->matcher_reader, &flink->matcher);
    if (status == RECON_OK) {
        flink->matcher_reader = NULL;
        status = recon_snapshot_reader_finish_watermark(flink->watermark_reader, &flink->watermark);
    }
    if (status != RECON_OK) {
        throw_status(env, status, "the matcher's state");
        return;
    }
    flink->watermark_reader = NULL;
    struct recon_rise current;
    recon_watermark_current(flink->watermark, &current);
    if (current.watermark != flink->matcher->bound.watermark ||
        current.retention_bound != flink->matcher->bound.retention_bound) {
        /* The two were saved together: never to go on from it. */
        recon_watermark_free(flink->watermark);
        flink->watermark = NULL;
        throw_status(env, RECON_ERROR_DAMAGED, "the matcher's state");
        return;
    }
    results_names(&flink->results, &flink->settings);
    recon_watermark_resume(flink->watermark, now);
}
