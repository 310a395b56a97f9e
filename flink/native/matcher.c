/*
 * NativeMatcher: see matcher.h.
 */
#include "matcher.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "jni_support.h"
#include "packed.h"
#include "recon/status.h"

#define RECORDS_AT_ONCE 64
/* What a call returns besides a size: more is to come. */
#define IS_MORE (INT64_C(1) << 31)
#define COUNTS_BYTES 64

static void matcher_free(struct flink_matcher *made)
{
    recon_snapshot_writer_free(made->writer);
    recon_snapshot_writer_free(made->frozen);
    recon_snapshot_reader_free(made->watermark_reader);
    recon_snapshot_reader_free(made->matcher_reader);
    results_deinit(&made->results);
    recon_matcher_free(made->matcher);
    recon_watermark_free(made->watermark);
    flink_settings_deinit(&made->settings);
    free(made);
}

struct flink_matcher *flink_matcher_of(JNIEnv *env, jlong handle)
{
    struct flink_matcher *flink = handle_of(env, handle);
    if (flink != NULL && flink->watermark == NULL) {
        throw_argument(env, "neither started nor restored");
        return NULL;
    }
    return flink;
}

JNIEXPORT jlong JNICALL Java_io_recon_flink_NativeMatcher_create(JNIEnv *env, jclass class, jbyteArray settings);
JNIEXPORT jlong JNICALL Java_io_recon_flink_NativeMatcher_create(JNIEnv *env, jclass class, jbyteArray settings)
{
    (void)class;
    struct flink_matcher *made = calloc(1, sizeof *made);
    if (made == NULL) {
        throw_status(env, RECON_ERROR_MEMORY, NULL);
        return 0;
    }
    if (!flink_settings_init(env, settings, &made->settings)) {
        free(made);
        return 0;
    }
    const int status = results_init(&made->results, &made->settings);
    if (status != RECON_OK) {
        throw_status(env, status, NULL);
        matcher_free(made);
        return 0;
    }
    return handle_from(made);
}

JNIEXPORT void JNICALL Java_io_recon_flink_NativeMatcher_release(JNIEnv *env, jclass class, jlong handle);
JNIEXPORT void JNICALL Java_io_recon_flink_NativeMatcher_release(JNIEnv *env, jclass class, jlong handle)
{
    (void)env;
    (void)class;
    if (handle != 0)
        matcher_free((struct flink_matcher *)(uintptr_t)handle);
}

JNIEXPORT void JNICALL Java_io_recon_flink_NativeMatcher_start(JNIEnv *env, jclass class, jlong handle, jlong now);
JNIEXPORT void JNICALL Java_io_recon_flink_NativeMatcher_start(JNIEnv *env, jclass class, jlong handle, jlong now)
{
    (void)class;
    struct flink_matcher *flink = handle_of(env, handle);
    if (flink == NULL)
        return;
    if (flink->watermark != NULL || flink->matcher_reader != NULL) {
        throw_argument(env, "started or restored already");
        return;
    }
    int status = recon_watermark_new(&flink->settings.engine, &flink->watermark);
    if (status == RECON_OK && flink->matcher == NULL)
        status = recon_matcher_new(&flink->settings.engine, &flink->matcher);
    if (status != RECON_OK) {
        recon_watermark_free(flink->watermark);
        flink->watermark = NULL;
        throw_status(env, status, NULL);
        return;
    }
    recon_watermark_resume(flink->watermark, now);
    struct recon_rise rise;
    (void)recon_watermark_rise(flink->watermark, &rise);
}

/* --- records --------------------------------------------------------------------------------------------------- */

static int next_of_matcher(void *object, struct recon_result *results, size_t capacity, size_t *count)
{
    return recon_matcher_next(object, results, capacity, count);
}

static int drain(struct flink_matcher *flink, struct span out, size_t *size, bool *is_more)
{
    return results_drain(&flink->results, next_of_matcher, flink->matcher, out.bytes, out.size, size, is_more);
}

struct input {
    int stream;
    uint32_t key_group;
    int64_t now;
};

/* Reads up to RECORDS_AT_ONCE records; sizes[i] is what each takes. 0: what is there is no record. */
static size_t read_records(const struct flink_matcher *flink, const struct input *input, struct span in,
                           struct recon_record *records, size_t *sizes)
{
    const struct names *names = &flink->settings.names[input->stream];
    size_t count = 0;
    while (in.size > 0 && count < RECORDS_AT_ONCE) {
        struct recon_record *record = &records[count];
        const size_t size = packed_read(in.bytes, in.size, input->stream, input->key_group,
                                        flink->settings.engine.key_group_count, record);
        if (size == 0 || !names_translate(names, &record->partition, PACKED_PARTITION_BITS))
            return 0;
        sizes[count++] = size;
        in.bytes += size;
        in.size -= size;
    }
    return count;
}

/* Handles records until the input is used up or the output is full; *used says how much of the input was. */
static int handle_records(struct flink_matcher *flink, const struct input *input, struct span in, size_t *used,
                          struct span out, size_t *size, bool *is_more)
{
    struct recon_record records[RECORDS_AT_ONCE];
    size_t sizes[RECORDS_AT_ONCE];
    int status = drain(flink, out, size, is_more);
    while (status == RECON_OK && !*is_more && *used < in.size) {
        const struct span rest = {in.bytes + *used, in.size - *used};
        const size_t count = read_records(flink, input, rest, records, sizes);
        if (count == 0)
            return RECON_ERROR_DAMAGED;
        size_t done = 0;
        while (status == RECON_OK && !*is_more && done < count) {
            size_t handled = 0;
            status = recon_matcher_records(flink->matcher, input->now, records + done, count - done, &handled);
            for (; handled > 0 && done < count; handled--)
                *used += sizes[done++];
            if (status == RECON_OK)
                status = drain(flink, out, size, is_more);
        }
    }
    return status;
}

static bool check_rising(JNIEnv *env, const struct flink_matcher *flink)
{
    if (flink->is_rising)
        throw_argument(env, "a step's results and counts were not all taken");
    return !flink->is_rising;
}

/* The place in the input reached, in the high half; in the low one the output's size and IS_MORE. */
JNIEXPORT jlong JNICALL Java_io_recon_flink_NativeMatcher_records(JNIEnv *env, jclass class, jlong handle, jint stream,
                                                                  jint key_group, jlong now, jobject in, jint from,
                                                                  jint to, jobject out);
JNIEXPORT jlong JNICALL Java_io_recon_flink_NativeMatcher_records(JNIEnv *env, jclass class, jlong handle, jint stream,
                                                                  jint key_group, jlong now, jobject in, jint from,
                                                                  jint to, jobject out)
{
    (void)class;
    struct flink_matcher *flink = flink_matcher_of(env, handle);
    struct span in_span, out_span;
    if (flink == NULL || !span_of(env, in, from, to, &in_span) || !span_of_all(env, out, &out_span) ||
        !check_rising(env, flink))
        return 0;
    if (stream < 0 || stream >= RECON_STREAM_COUNT || key_group < 0) {
        throw_argument(env, "no such stream or key group");
        return 0;
    }
    const struct input input = {stream, (uint32_t)key_group, now};
    size_t used = 0, size = 0;
    bool is_more = false;
    int status = recon_watermark_partition_check(flink->watermark, stream, 0);
    if (status == RECON_OK)
        status = handle_records(flink, &input, in_span, &used, out_span, &size, &is_more);
    if (status != RECON_OK) {
        throw_status(env, status, status == RECON_ERROR_DAMAGED ? "a block of records" : "matcher");
        return 0;
    }
    return (jlong)(from + (jint)used) << 32 | (is_more ? IS_MORE : 0) | (jlong)size;
}

/* --- the watermark --------------------------------------------------------------------------------------------- */

/* The largest time that an input has seen, from Flink's watermark: time - n - 1. */
static int saw(struct flink_matcher *flink, int stream, int64_t flink_watermark)
{
    const int status = recon_watermark_partition_check(flink->watermark, stream, 0);
    int64_t time;
    if (status != RECON_OK)
        return status;
    if (__builtin_add_overflow(flink_watermark, flink->settings.engine.out_of_orderness_ms, &time) ||
        __builtin_add_overflow(time, 1, &time))
        time = RECON_TIME_MAX;
    recon_watermark_saw(flink->watermark, stream, 0, time);
    return RECON_OK;
}

/* The clock moves; the inputs of these bits are alive, or have been silent since then. */
static int move_clock(struct flink_matcher *flink, int64_t now, int alive, int waited, const int64_t *since)
{
    int status = recon_watermark_clock(flink->watermark, now);
    for (int stream = 0; stream < RECON_STREAM_COUNT && status == RECON_OK; stream++) {
        if ((alive >> stream & 1) != 0)
            status = recon_watermark_alive(flink->watermark, stream, 0);
        else if ((waited >> stream & 1) != 0)
            status = recon_watermark_waited(flink->watermark, stream, 0, since[stream]);
        if (status == RECON_ERROR_ENDED)
            status = RECON_OK;
    }
    return status;
}

/* True where W or R rises: then drain and counts are to be called until they give no more. */
static jboolean rise_after(JNIEnv *env, struct flink_matcher *flink, int status)
{
    struct recon_rise rise;
    if (status == RECON_OK && recon_watermark_rise(flink->watermark, &rise)) {
        status = recon_matcher_rise(flink->matcher, &rise);
        flink->is_rising = status == RECON_OK;
    }
    if (status != RECON_OK)
        throw_status(env, status, "watermark");
    return flink->is_rising ? JNI_TRUE : JNI_FALSE;
}

/* An input's watermark, as Flink has it; the largest there is: the input has ended. */
JNIEXPORT jboolean JNICALL Java_io_recon_flink_NativeMatcher_watermark(JNIEnv *env, jclass class, jlong handle,
                                                                       jint stream, jlong watermark);
JNIEXPORT jboolean JNICALL Java_io_recon_flink_NativeMatcher_watermark(JNIEnv *env, jclass class, jlong handle,
                                                                       jint stream, jlong watermark)
{
    (void)class;
    struct flink_matcher *flink = flink_matcher_of(env, handle);
    if (flink == NULL || !check_rising(env, flink))
        return JNI_FALSE;
    if (stream < 0 || stream >= RECON_STREAM_COUNT) {
        throw_argument(env, "no such stream");
        return JNI_FALSE;
    }
    if (watermark != RECON_TIME_MAX)
        return rise_after(env, flink, saw(flink, stream, watermark));
    const int status = recon_watermark_end(flink->watermark, stream, 0);
    return rise_after(env, flink, status == RECON_ERROR_ENDED ? RECON_OK : status); /* again, after a restart */
}

JNIEXPORT jboolean JNICALL Java_io_recon_flink_NativeMatcher_clock(JNIEnv *env, jclass class, jlong handle, jlong now,
                                                                   jint alive, jint waited, jlong audit_since,
                                                                   jlong events_since);
JNIEXPORT jboolean JNICALL Java_io_recon_flink_NativeMatcher_clock(JNIEnv *env, jclass class, jlong handle, jlong now,
                                                                   jint alive, jint waited, jlong audit_since,
                                                                   jlong events_since)
{
    (void)class;
    struct flink_matcher *flink = flink_matcher_of(env, handle);
    if (flink == NULL || !check_rising(env, flink))
        return JNI_FALSE;
    const int64_t since[RECON_STREAM_COUNT] = {audit_since, events_since};
    return rise_after(env, flink, move_clock(flink, now, alive, waited, since));
}

JNIEXPORT jlong JNICALL Java_io_recon_flink_NativeMatcher_drain(JNIEnv *env, jclass class, jlong handle, jobject out);
JNIEXPORT jlong JNICALL Java_io_recon_flink_NativeMatcher_drain(JNIEnv *env, jclass class, jlong handle, jobject out)
{
    (void)class;
    struct flink_matcher *flink = flink_matcher_of(env, handle);
    struct span span;
    if (flink == NULL || !span_of_all(env, out, &span))
        return 0;
    size_t size = 0;
    bool is_more = false;
    const int status = drain(flink, span, &size, &is_more);
    if (status != RECON_OK)
        throw_status(env, status, "results");
    return (is_more ? IS_MORE : 0) | (jlong)size;
}

static void counts_write(int64_t window, const struct recon_counts *counts, uint8_t *to)
{
    const uint64_t values[] = {(uint64_t)window,  counts->expected,         counts->matched,
                               counts->missing,   counts->duplicate_audits, counts->duplicate_events,
                               counts->unaudited, counts->unjudged_audits};
    _Static_assert(sizeof values == COUNTS_BYTES, "a window and its counts");
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        store_u64(to + 8 * i, values[i]);
}

/* After drain: the step's counts by window; then the step is over. */
JNIEXPORT jlong JNICALL Java_io_recon_flink_NativeMatcher_counts(JNIEnv *env, jclass class, jlong handle, jobject out);
JNIEXPORT jlong JNICALL Java_io_recon_flink_NativeMatcher_counts(JNIEnv *env, jclass class, jlong handle, jobject out)
{
    (void)class;
    struct flink_matcher *flink = flink_matcher_of(env, handle);
    struct span span;
    if (flink == NULL || !span_of_all(env, out, &span))
        return 0;
    size_t size = 0;
    for (;;) {
        if (!flink->has_counts)
            flink->has_counts = recon_matcher_counts_take(flink->matcher, &flink->counts_window, &flink->counts);
        if (!flink->has_counts) {
            flink->is_rising = false;
            return (jlong)size;
        }
        if (span.size - size < COUNTS_BYTES)
            return IS_MORE | (jlong)size;
        counts_write(flink->counts_window, &flink->counts, span.bytes + size);
        size += COUNTS_BYTES;
        flink->has_counts = false;
    }
}

/* --- what is to be seen of it ----------------------------------------------------------------------------------- */

/* Into an array of longs: W, R, basis, bytes held, holder (0 none, 1 audit, 2 events), the next result's bytes, and
 * then struct recon_matcher_stats. */
JNIEXPORT void JNICALL Java_io_recon_flink_NativeMatcher_look(JNIEnv *env, jclass class, jlong handle, jlongArray into);
JNIEXPORT void JNICALL Java_io_recon_flink_NativeMatcher_look(JNIEnv *env, jclass class, jlong handle, jlongArray into)
{
    (void)class;
    enum { OWN_COUNT = 6, STATS_COUNT = sizeof(struct recon_matcher_stats) / sizeof(jlong) };
    struct flink_matcher *flink = flink_matcher_of(env, handle);
    if (flink == NULL)
        return;
    if (into == NULL || (*env)->GetArrayLength(env, into) < OWN_COUNT + STATS_COUNT) {
        throw_argument(env, "too short an array");
        return;
    }
    jlong values[OWN_COUNT + STATS_COUNT];
    struct recon_rise current;
    struct recon_matcher_stats stats;
    int stream = -1;
    uint32_t partition = 0;
    recon_watermark_current(flink->watermark, &current);
    recon_matcher_stats(flink->matcher, &stats);
    if (!recon_watermark_holder(flink->watermark, &stream, &partition))
        stream = -1;
    values[0] = current.watermark;
    values[1] = current.retention_bound;
    values[2] = current.basis;
    values[3] = (jlong)recon_matcher_memory_bytes(flink->matcher);
    values[4] = stream + 1;
    values[5] = (jlong)flink->results.message_size;
    memcpy(values + OWN_COUNT, &stats, sizeof stats);
    (*env)->SetLongArrayRegion(env, into, 0, OWN_COUNT + STATS_COUNT, values);
}
