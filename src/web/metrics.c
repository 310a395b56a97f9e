/*
 * GET /metrics.
 */
#include <inttypes.h>

#include "web/pages.h"

/* --- one family of metrics after the other -------------------------------------------------------------------------
 */

static void family(struct recon_web_text *text, const char *name, const char *type, const char *help)
{
    recon_web_text_add(text, "# HELP recon_%s %s\n# TYPE recon_%s %s\n", name, help, name, type);
}

static void counter(struct recon_web_text *text, const char *name, const char *help, uint64_t value)
{
    family(text, name, "counter", help);
    recon_web_text_add(text, "recon_%s %" PRIu64 "\n", name, value);
}

static void gauge(struct recon_web_text *text, const char *name, const char *help, double value)
{
    family(text, name, "gauge", help);
    recon_web_text_add(text, "recon_%s %.15g\n", name, value);
}

static void times(struct recon_web_text *text, const char *name, const char *help, int64_t time_ms)
{
    if (time_ms != RECON_TIME_MIN && time_ms != RECON_TIME_MAX)
        gauge(text, name, help, (double)time_ms / 1000);
}

static void by_stream(struct recon_web_text *text, const char *name, const char *help,
                      const uint64_t value[RECON_STREAM_COUNT])
{
    family(text, name, "counter", help);
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
        recon_web_text_add(text, "recon_%s{stream=\"%s\"} %" PRIu64 "\n", name, recon_stream_name(stream),
                           value[stream]);
}

static void partition_labels(struct recon_web_text *text, const char *name, const struct recon_run_partition *one)
{
    recon_web_text_add(text, "recon_%s{stream=\"%s\",topic=\"%s\",partition=\"%d\"} ", name,
                       recon_stream_name(one->stream), one->topic, (int)one->partition);
}

/* --- what there is -------------------------------------------------------------------------------------------------
 */

static void engine_metrics(struct recon_web_text *text, const struct recon_run_view *view)
{
    const struct recon_matcher_stats *stats = &view->stats;
    uint64_t matched[RECON_STREAM_COUNT];
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
        matched[stream] = stats->matched[stream] + stats->forgotten_matched[stream];
    times(text, "watermark_timestamp_seconds", "Event time up to which results are due.", view->rise.watermark);
    times(text, "retention_bound_timestamp_seconds", "What lies retention behind it is over.",
          view->rise.retention_bound);
    gauge(text, "pending", "Audited IDs whose event has not come and that are not due yet.", (double)stats->pending);
    gauge(text, "identities", "IDs remembered.", (double)stats->identities);
    gauge(text, "memory_bytes", "What the engine holds for them.", (double)view->memory_bytes);
    gauge(text, "memory_limit_bytes", "What it may hold.", (double)view->memory_limit_bytes);
    counter(text, "missing_total", "IDs reported missing, found again or not.", stats->missing);
    counter(text, "found_total", "Missing IDs whose event came after all.", stats->found);
    counter(text, "unaudited_total", "IDs reported unaudited, audited later or not.", stats->unaudited);
    counter(text, "audited_total", "Unaudited IDs whose audit record came after all.", stats->audited);
    by_stream(text, "stream_accepted_total", "Records that count.", stats->accepted);
    by_stream(text, "stream_matched_total", "Records whose other side came.", matched);
    by_stream(text, "stream_duplicates_total", "Records of an ID that had one already.", stats->duplicates);
    by_stream(text, "stream_too_late_total", "Records later than retention.", stats->too_late);
    by_stream(text, "stream_heartbeats_total", "Records that only say how late it is.", stats->heartbeats);
    by_stream(text, "stream_ignored_total", "Messages that the configuration says to ignore.", view->ignored);
    by_stream(text, "stream_tombstones_total", "Messages without a value.", view->tombstones);
    family(text, "stream_rejected_total", "counter", "Records that could not be judged.");
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
        for (int reason = RECON_REASON_NONE + 1; reason < RECON_REASON_COUNT; reason++)
            recon_web_text_add(text, "recon_stream_rejected_total{stream=\"%s\",reason=\"%s\"} %" PRIu64 "\n",
                               recon_stream_name(stream), recon_reason_name(reason), stats->rejected[stream][reason]);
    counter(text, "outside_total", "Audit records outside of from and to.", stats->outside);
    counter(text, "times_apart_total", "Pairs whose two times differ.", stats->times_apart);
    gauge(text, "times_apart_max_seconds", "By how much at most.", (double)stats->times_apart_max_ms / 1000);
}

static void partition_metrics(struct recon_web_text *text, const struct recon_run_view *view)
{
    family(text, "partition_lag", "gauge", "Offsets between what was read and the end.");
    for (size_t i = 0; i < view->partition_count; i++) {
        if (view->partitions[i].end < 0)
            continue;
        partition_labels(text, "partition_lag", &view->partitions[i]);
        recon_web_text_add(text, "%" PRId64 "\n", recon_web_lag(&view->partitions[i]));
    }
    family(text, "partition_time_timestamp_seconds", "gauge", "Largest event time read.");
    for (size_t i = 0; i < view->partition_count; i++) {
        if (view->partitions[i].time_max == RECON_TIME_MIN)
            continue;
        partition_labels(text, "partition_time_timestamp_seconds", &view->partitions[i]);
        recon_web_text_add(text, "%.15g\n", (double)view->partitions[i].time_max / 1000);
    }
    family(text, "watermark_holder", "gauge", "Whether it is this partition that holds the watermark back.");
    for (size_t i = 0; i < view->partition_count; i++) {
        partition_labels(text, "watermark_holder", &view->partitions[i]);
        recon_web_text_add(text, "%d\n", view->has_holder && view->holder == i);
    }
}

static void window_metrics(struct recon_web_text *text, const struct recon_run_tally *tally)
{
    const struct recon_run_window *last = NULL;
    struct recon_counts all = {0};
    for (size_t i = 0; i < tally->window_count; i++) {
        const struct recon_counts *counts = &tally->windows[i].counts;
        all.expected += counts->expected;
        all.matched += counts->matched;
        last = counts->expected > 0 ? &tally->windows[i] : last;
    }
    if (last == NULL)
        return;
    times(text, "last_window_end_timestamp_seconds", "End of the last closed window that expects anything.", last->end);
    gauge(text, "last_window_expected", "Audited IDs of it.", (double)last->counts.expected);
    gauge(text, "last_window_missing", "Those of them that are missing so far.",
          (double)last->counts.expected - (double)last->counts.matched);
    gauge(text, "last_window_completeness_ratio", "The part of them that arrived.",
          (double)last->counts.matched / (double)last->counts.expected);
    gauge(text, "last_windows_completeness_ratio", "The same of the last 16 closed windows together.",
          (double)all.matched / (double)all.expected);
}

static void histogram(struct recon_web_text *text, const char *name, const char *help,
                      const struct recon_run_times *times)
{
    uint64_t sum = 0;
    family(text, name, "histogram", help);
    for (size_t i = 0; i < RECON_RUN_BUCKET_COUNT - 1; i++) {
        sum += times->buckets[i];
        recon_web_text_add(text, "recon_%s_bucket{le=\"%g\"} %" PRIu64 "\n", name, recon_run_buckets[i], sum);
    }
    recon_web_text_add(text, "recon_%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, times->count);
    recon_web_text_add(text, "recon_%s_sum %.15g\n", name, times->seconds);
    recon_web_text_add(text, "recon_%s_count %" PRIu64 "\n", name, times->count);
}

static void service_metrics(struct recon_web_text *text, const struct recon_run_view *view)
{
    const struct recon_run_tally *tally = view->tally;
    family(text, "build_info", "gauge", "The version, as a label.");
    recon_web_text_add(text, "recon_build_info{version=\"%s\"} 1\n", RECON_VERSION);
    times(text, "start_time_seconds", "When the process began.", view->started_ms);
    gauge(text, "ready", "Whether both streams are being read and judged.", view->phase == RECON_RUN_RUNNING);
    gauge(text, "standby", "Whether another instance works, and this one waits for its turn.",
          view->phase == RECON_RUN_STANDBY);
    by_stream(text, "stream_messages_total", "Messages read since the start.", tally->messages);
    by_stream(text, "stream_bytes_total", "Bytes of their keys and values.", tally->bytes);
    counter(text, "results_total", "Results sent since the start.", tally->results);
    counter(text, "results_bytes_total", "Bytes of their keys and values.", tally->result_bytes);
    counter(text, "transactions_aborted_total", "Transactions that failed and were made again.", tally->aborted);
    histogram(text, "transaction_seconds", "How long commits took.", &tally->commits);
    counter(text, "clients_renewed_total", "Times that clients had lost the brokers for good and were made anew.",
            tally->deaf);
    histogram(text, "round_seconds",
              "How long reconciling was busy between two looks at what came, without waiting and commits.",
              &tally->rounds);
    family(text, "round_max_seconds", "gauge",
           "The longest of them since the start, while a snapshot was made or not.");
    recon_web_text_add(text,
                       "recon_round_max_seconds{snapshot=\"none\"} %.15g\n"
                       "recon_round_max_seconds{snapshot=\"under_way\"} %.15g\n",
                       tally->round_seconds_max, tally->snapshot_round_seconds_max);
    if (view->snapshot_ms != RECON_TIME_MIN)
        gauge(text, "snapshot_age_seconds", "Age of the last sound snapshot.",
              (double)(view->at_ms - view->snapshot_ms) / 1000);
}

void recon_web_metrics(struct recon_web_text *text, const struct recon_run_view *view)
{
    service_metrics(text, view);
    if (view->has_engine)
        engine_metrics(text, view);
    if (view->partition_count > 0)
        partition_metrics(text, view);
    window_metrics(text, view->tally);
}
