#define _POSIX_C_SOURCE 200809L
#include "shrink.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compare.h"

#define SECONDS_MAX 20
#define PASS_COUNT_MAX 10

bool fails_in_child(const struct trace *trace, const struct subject_options *options)
{
    pid_t child = fork();
    if (child < 0)
        abort();
    if (child == 0) {
        alarm(SECONDS_MAX);
        if (freopen("/dev/null", "w", stderr) == NULL)
            abort();
        struct compare_failure failure;
        _exit(compare(trace, options, &failure) ? 0 : 1);
    }
    int status;
    if (waitpid(child, &status, 0) != child)
        abort();
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

/* Takes the candidate over if it still fails; frees it otherwise. */
static bool take_if_it_fails(struct trace *trace, struct trace *candidate, const struct subject_options *options)
{
    if (!trace_is_bounded(candidate) || !fails_in_child(candidate, options)) {
        trace_deinit(candidate);
        return false;
    }
    trace_deinit(trace);
    *trace = *candidate;
    return true;
}

/* Leaves out chunks, halving their size. */
static bool shrink_ops(struct trace *trace, const struct subject_options *options)
{
    bool changed = false;
    for (size_t chunk = trace->op_count / 2 + 1; chunk > 0; chunk = chunk == 1 ? 0 : (chunk + 1) / 2)
        for (size_t at = 0; at < trace->op_count;) {
            size_t count = chunk < trace->op_count - at ? chunk : trace->op_count - at;
            struct trace candidate;
            trace_copy(&candidate, trace);
            memmove(candidate.ops + at, candidate.ops + at + count,
                    (candidate.op_count - at - count) * sizeof *candidate.ops);
            candidate.op_count -= count;
            if (take_if_it_fails(trace, &candidate, options))
                changed = true;
            else
                at += chunk;
        }
    return changed;
}

/* One 64-bit number of the trace, found by its distance from the start of what holds it. */
static int64_t *number_in(struct trace *trace, size_t op_index, size_t offset)
{
    char *base = op_index == SIZE_MAX ? (char *)&trace->settings : (char *)&trace->ops[op_index];
    return (int64_t *)(void *)(base + offset);
}

static bool shrink_number(struct trace *trace, const struct subject_options *options, size_t op_index, size_t offset,
                          int64_t simplest)
{
    bool changed = false;
    for (int64_t divisor = INT64_MAX; divisor > 1;) {
        int64_t number = *number_in(trace, op_index, offset);
        int64_t simpler = divisor == INT64_MAX ? simplest : number / divisor;
        if (number == simplest)
            return changed;
        struct trace candidate;
        trace_copy(&candidate, trace);
        *number_in(&candidate, op_index, offset) = simpler;
        const char *what;
        struct recon_settings settings = candidate.settings;
        bool is_legal = recon_settings_check(&settings, &what) == RECON_OK;
        bool is_taken = false;
        if (is_legal && simpler != number)
            is_taken = take_if_it_fails(trace, &candidate, options);
        else
            trace_deinit(&candidate);
        changed |= is_taken;
        if (!is_taken)
            divisor = divisor == INT64_MAX ? 1000 : divisor == 1000 ? 10 : divisor == 10 ? 2 : 1;
    }
    return changed;
}

static bool shrink_settings(struct trace *trace, const struct subject_options *options)
{
#define SETTING(field, simplest)                                                                                       \
    shrink_number(trace, options, SIZE_MAX, offsetof(struct recon_settings, field), simplest)
    bool changed = SETTING(max_future_skew_ms, RECON_DURATION_UNSET);
    changed |= SETTING(idle_timeout_ms, RECON_DURATION_UNSET);
    changed |= SETTING(from_ms, RECON_TIME_MIN);
    changed |= SETTING(to_ms, RECON_TIME_MAX);
    changed |= SETTING(out_of_orderness_ms, 0);
    changed |= SETTING(retention_ms, RECON_DURATION_UNSET);
    changed |= SETTING(interval_ms, 10);
#undef SETTING
    return changed;
}

static bool shrink_numbers(struct trace *trace, const struct subject_options *options)
{
    bool changed = false;
    for (size_t i = 0; i < trace->op_count; i++) {
        changed |= shrink_number(trace, options, i, offsetof(struct op, at), i > 0 ? trace->ops[i - 1].at : 0);
        if (trace->ops[i].kind != OP_RECORD)
            continue;
        if (trace->ops[i].record.has_time)
            changed |= shrink_number(trace, options, i, offsetof(struct op, record.time), 0);
        struct trace candidate;
        trace_copy(&candidate, trace);
        struct recon_record *record = &candidate.ops[i].record;
        record->source = (struct recon_text){NULL, 0};
        record->context = (struct recon_text){NULL, 0};
        record->has_offset = record->has_emitted_time = false;
        record->offset = record->emitted_time = 0;
        if (memcmp(record, &trace->ops[i].record, sizeof *record) != 0)
            changed |= take_if_it_fails(trace, &candidate, options);
        else
            trace_deinit(&candidate);
    }
    return changed;
}

void shrink(struct trace *trace, const struct subject_options *options)
{
    bool changed = true;
    for (int pass = 0; changed && pass < PASS_COUNT_MAX; pass++) {
        changed = shrink_ops(trace, options);
        changed |= shrink_settings(trace, options);
        changed |= shrink_numbers(trace, options);
    }
}
