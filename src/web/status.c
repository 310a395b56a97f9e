/*
 * GET /status.
 */
#include <inttypes.h>
#include <stdio.h>

#include "recon/settings.h"
#include "web/pages.h"

static void field(struct recon_web_text *text, const char *name, uint64_t value)
{
    recon_web_text_add(text, ",\"%s\":%" PRIu64, name, value);
}

static void time_field(struct recon_web_text *text, const char *name, int64_t time_ms)
{
    recon_web_text_add(text, ",\"%s\":", name);
    recon_web_text_time(text, time_ms);
}

static void place(struct recon_web_text *text, const struct recon_run_partition *one)
{
    recon_web_text_add(text, "\"stream\":\"%s\",\"topic\":", recon_stream_name(one->stream));
    recon_web_text_string(text, one->topic);
    recon_web_text_add(text, ",\"partition\":%d", (int)one->partition);
}

/* Why the watermark is no further, in words. */
static void reason(const struct recon_run_view *view, char *why, size_t size)
{
    if (!view->has_engine) {
        snprintf(why, size, "nothing is read yet");
        return;
    }
    if (!view->has_holder) {
        snprintf(why, size,
                 "no partition holds it: all have been silent for idle_timeout, so it goes on with the clock");
        return;
    }
    const struct recon_run_partition *one = &view->partitions[view->holder];
    const char *const behind = one->time_max == RECON_TIME_MIN
                                   ? "nothing of it has a time yet"
                                   : "its largest event time is the lowest of those that count";
    if (view->idle_timeout_ms == RECON_DURATION_UNSET)
        snprintf(why, size, "%s; idle_timeout is never, so it is waited for however long it is silent", behind);
    else if (recon_web_lag(one) > 0)
        snprintf(why, size, "%s; it has more to read, which is no silence", behind);
    else
        snprintf(why, size,
                 "%s; read to its end, it is waited for until it has been silent for idle_timeout (%" PRId64 " ms)",
                 behind, view->idle_timeout_ms);
}

static void watermark(struct recon_web_text *text, const struct recon_run_view *view)
{
    char why[256];
    reason(view, why, sizeof why);
    recon_web_text_add(text, ",\"watermark\":{\"time\":");
    recon_web_text_time(text, view->rise.watermark);
    time_field(text, "retention_bound", view->rise.retention_bound);
    recon_web_text_add(text, ",\"basis\":\"%s\",\"holder\":", recon_basis_name(view->rise.basis));
    if (view->has_holder) {
        recon_web_text_add(text, "{");
        place(text, &view->partitions[view->holder]);
        recon_web_text_add(text, "}");
    } else {
        recon_web_text_add(text, "null");
    }
    recon_web_text_add(text, ",\"why\":");
    recon_web_text_string(text, why);
    recon_web_text_add(text, "}");
}

static void partitions(struct recon_web_text *text, const struct recon_run_view *view)
{
    recon_web_text_add(text, ",\"partitions\":[");
    for (size_t i = 0; i < view->partition_count; i++) {
        const struct recon_run_partition *one = &view->partitions[i];
        recon_web_text_add(text, i > 0 ? ",\n{" : "\n{");
        place(text, one);
        recon_web_text_add(text, ",\"position\":%" PRId64, one->position);
        if (one->end >= 0)
            recon_web_text_add(text, ",\"end\":%" PRId64 ",\"lag\":%" PRId64, one->end, recon_web_lag(one));
        time_field(text, "time_max", one->time_max);
        time_field(text, "caught_up", one->caught_up_ms);
        recon_web_text_add(text, "}");
    }
    recon_web_text_add(text, "]");
}

static void windows(struct recon_web_text *text, const struct recon_run_tally *tally)
{
    recon_web_text_add(text, ",\"windows\":[");
    for (size_t i = 0; i < tally->window_count; i++) {
        const struct recon_run_window *one = &tally->windows[i];
        recon_web_text_add(text, "%s\n{\"start\":", i > 0 ? "," : "");
        recon_web_text_time(text, one->start);
        time_field(text, "end", one->end);
        field(text, "expected", one->counts.expected);
        field(text, "matched", one->counts.matched);
        field(text, "missing", one->counts.expected - one->counts.matched);
        if (one->counts.expected > 0)
            recon_web_text_add(text, ",\"completeness_percent\":%.6g",
                               100.0 * (double)one->counts.matched / (double)one->counts.expected);
        else
            recon_web_text_add(text, ",\"completeness_percent\":null");
        field(text, "revision", one->revision);
        recon_web_text_add(text, "}");
    }
    recon_web_text_add(text, "]");
}

static void streams(struct recon_web_text *text, const struct recon_run_view *view)
{
    recon_web_text_add(text, ",\"streams\":{");
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++) {
        uint64_t rejected = 0;
        for (int i = 0; i < RECON_REASON_COUNT; i++)
            rejected += view->stats.rejected[stream][i];
        recon_web_text_add(text, "%s\"%s\":{\"messages\":%" PRIu64, stream > 0 ? "," : "", recon_stream_name(stream),
                           view->tally->messages[stream]);
        field(text, "bytes", view->tally->bytes[stream]);
        field(text, "accepted", view->stats.accepted[stream]);
        field(text, "duplicates", view->stats.duplicates[stream]);
        field(text, "too_late", view->stats.too_late[stream]);
        field(text, "rejected", rejected);
        field(text, "heartbeats", view->stats.heartbeats[stream]);
        field(text, "ignored", view->ignored[stream]);
        field(text, "tombstones", view->tombstones[stream]);
        recon_web_text_add(text, "}");
    }
    recon_web_text_add(text, "}");
}

void recon_web_status(struct recon_web_text *text, const struct recon_run_view *view)
{
    recon_web_text_add(text, "{\"name\":");
    recon_web_text_string(text, view->name);
    recon_web_text_add(text, ",\"version\":\"%s\",\"phase\":\"%s\"", RECON_VERSION, recon_web_phase_name(view->phase));
    time_field(text, "at", view->at_ms);
    time_field(text, "started", view->started_ms);
    if (view->tally->trouble[0] != '\0') {
        recon_web_text_add(text, ",\"trouble\":{\"text\":");
        recon_web_text_string(text, view->tally->trouble);
        time_field(text, "at", view->tally->trouble_ms);
        recon_web_text_add(text, "}");
    }
    watermark(text, view);
    field(text, "pending", view->stats.pending);
    field(text, "identities", view->stats.identities);
    field(text, "memory_bytes", view->memory_bytes);
    field(text, "missing", view->stats.missing);
    field(text, "found", view->stats.found);
    field(text, "unaudited", view->stats.unaudited);
    field(text, "audited", view->stats.audited);
    field(text, "results", view->tally->results);
    recon_web_text_add(text, ",\"transactions\":{\"committed\":%" PRIu64, view->tally->commits.count);
    field(text, "aborted", view->tally->aborted);
    recon_web_text_add(text, ",\"last_seconds\":%.3f}", view->tally->commit_seconds_last);
    time_field(text, "snapshot", view->snapshot_ms);
    streams(text, view);
    windows(text, view->tally);
    partitions(text, view);
    recon_web_text_add(text, "}\n");
}
