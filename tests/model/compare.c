#include "compare.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "delayed.h"
#include "model.h"
#include "results.h"

#define BATCH_COUNT_MAX 64
#define DRAIN_CAPACITY_MAX 64

/* What the results themselves have said of a window. */
struct window_told {
    int64_t start, end;
    uint64_t missing;
    uint64_t unaudited;
    uint64_t metrics;
};

struct comparison {
    const struct trace *trace;
    struct model *model;
    struct subject subject;
    struct random random;
    struct compare_failure *failure;
    size_t op_index;
    bool has_failed;
    struct results expected; /* of this step, by the model */
    struct results actual;
    struct window_told *windows;
    size_t window_count, window_capacity;
};

static void fail(struct comparison *comparison, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void fail(struct comparison *comparison, const char *format, ...)
{
    if (comparison->has_failed)
        return;
    comparison->has_failed = true;
    comparison->failure->op_index = comparison->op_index;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(comparison->failure->text, sizeof comparison->failure->text, format, arguments);
    va_end(arguments);
}

static bool check_status(struct comparison *comparison, const char *what, int expected, int actual)
{
    if (expected != actual)
        fail(comparison, "%s: expected status %d, got %d", what, expected, actual);
    return expected == actual && expected == RECON_OK;
}

/* --- results ---------------------------------------------------------------------------------------------------- */

static void fail_with_results(struct comparison *comparison, const char *what, const struct recon_result *expected,
                              const struct recon_result *actual)
{
    char expected_text[768] = "nothing", actual_text[768] = "nothing";
    if (expected != NULL)
        result_describe(expected, expected_text, sizeof expected_text);
    if (actual != NULL)
        result_describe(actual, actual_text, sizeof actual_text);
    fail(comparison, "%s:\n  expected %s\n  got      %s", what, expected_text, actual_text);
}

/* What is no metric comes in the very order of the model (one matcher gives it so). */
static void compare_order(struct comparison *comparison)
{
    const struct results *expected = &comparison->expected, *actual = &comparison->actual;
    size_t j = 0;
    for (size_t i = 0; i < actual->count; i++) {
        if (actual->at[i].type == RECON_RESULT_METRIC)
            continue;
        while (j < expected->count && expected->at[j].type == RECON_RESULT_METRIC)
            j++;
        if (j == expected->count)
            break; /* too many: told by the comparison that follows */
        if (result_compare(&expected->at[j], &actual->at[i]) != 0) {
            fail_with_results(comparison, "results differ, or come in another order", &expected->at[j], &actual->at[i]);
            return;
        }
        j++;
    }
}

static void compare_results(struct comparison *comparison)
{
    struct results *expected = &comparison->expected, *actual = &comparison->actual;
    if (comparison->subject.sharded == NULL)
        compare_order(comparison);
    results_sort(expected);
    results_sort(actual);
    for (size_t i = 0; i < expected->count || i < actual->count; i++) {
        const struct recon_result *a = i < expected->count ? &expected->at[i] : NULL;
        const struct recon_result *b = i < actual->count ? &actual->at[i] : NULL;
        if (a == NULL || b == NULL || result_compare(a, b) != 0) {
            fail_with_results(comparison, "results differ", a, b);
            return;
        }
    }
}

/* The window that a time lies in, among those that a metric can name; made if need be. */
static struct window_told *window_told_of(struct comparison *comparison, int64_t time)
{
    int64_t o = comparison->trace->settings.interval_ms;
    int64_t rest = time % o;
    if (rest < 0)
        rest += o;
    /* Clamped as a metric's are. */
    int64_t start = time < INT64_MIN + rest ? RECON_TIME_MIN : time - rest;
    int64_t end = time > INT64_MAX - (o - rest) ? RECON_TIME_MAX : time + (o - rest);
    for (size_t i = 0; i < comparison->window_count; i++)
        if (comparison->windows[i].start == start && comparison->windows[i].end == end)
            return &comparison->windows[i];
    if (comparison->window_count == comparison->window_capacity) {
        comparison->window_capacity = comparison->window_capacity == 0 ? 16 : comparison->window_capacity * 2;
        comparison->windows = realloc(comparison->windows, comparison->window_capacity * sizeof *comparison->windows);
        if (comparison->windows == NULL)
            abort();
    }
    struct window_told *told = &comparison->windows[comparison->window_count++];
    *told = (struct window_told){.start = start, .end = end};
    return told;
}

static void check_metric(struct comparison *comparison, const struct recon_result *metric)
{
    uint32_t report = comparison->trace->settings.report;
    if (metric->counts.expected != metric->counts.matched + metric->counts.missing)
        fail_with_results(comparison, "expected is not matched + missing", NULL, metric);
    /* Both ends may be clamped; a time inside tells the window. */
    struct window_told *told =
        window_told_of(comparison, metric->start != RECON_TIME_MIN ? metric->start : metric->end - 1);
    if (told->start != metric->start || told->end != metric->end)
        fail_with_results(comparison, "not a window", NULL, metric);
    if (metric->revision != told->metrics++)
        fail_with_results(comparison, "revisions do not rise by one", NULL, metric);
    uint32_t both = RECON_REPORT(RECON_RESULT_MISSING) | RECON_REPORT(RECON_RESULT_FOUND);
    if ((report & both) == both && metric->counts.missing != told->missing)
        fail_with_results(comparison, "a metric comes before a result that it counts", NULL, metric);
    both = RECON_REPORT(RECON_RESULT_UNAUDITED) | RECON_REPORT(RECON_RESULT_AUDITED);
    if ((report & both) == both && metric->counts.unaudited != told->unaudited)
        fail_with_results(comparison, "a metric comes before a result that it counts", NULL, metric);
}

/* The rules that the results keep among themselves, in the order in which they came. */
static void check_told(struct comparison *comparison)
{
    for (size_t i = 0; i < comparison->actual.count; i++) {
        const struct recon_result *result = &comparison->actual.at[i];
        switch (result->type) {
        case RECON_RESULT_METRIC:
            check_metric(comparison, result);
            break;
        case RECON_RESULT_MISSING:
            window_told_of(comparison, result->time)->missing++;
            break;
        case RECON_RESULT_FOUND:
            window_told_of(comparison, result->time)->missing--;
            break;
        case RECON_RESULT_UNAUDITED:
            window_told_of(comparison, result->time)->unaudited++;
            break;
        case RECON_RESULT_AUDITED:
            window_told_of(comparison, result->time)->unaudited--;
            break;
        default:
            break;
        }
    }
}

/* --- after each step -------------------------------------------------------------------------------------------- */

static void check_sum(struct comparison *comparison, const char *name, uint64_t expected, uint64_t actual)
{
    if (expected != actual)
        fail(comparison, "statistics: %s: expected %" PRIu64 ", got %" PRIu64, name, expected, actual);
}

static void check_stats(struct comparison *comparison)
{
    struct recon_matcher_stats a, b;
    model_stats(comparison->model, &a);
    subject_stats(&comparison->subject, &b);
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++) {
        check_sum(comparison, "accepted = matched + waiting + forgotten", b.accepted[stream],
                  b.matched[stream] + b.waiting[stream] + b.forgotten_matched[stream] + b.forgotten_unmatched[stream]);
        check_sum(comparison, "accepted", a.accepted[stream], b.accepted[stream]);
        /* What is over may be forgotten later than the rules say, as long as nobody can tell. */
        check_sum(comparison, "matched, forgotten or not", a.matched[stream] + a.forgotten_matched[stream],
                  b.matched[stream] + b.forgotten_matched[stream]);
        check_sum(comparison, "waiting, forgotten or not", a.waiting[stream] + a.forgotten_unmatched[stream],
                  b.waiting[stream] + b.forgotten_unmatched[stream]);
        check_sum(comparison, "duplicates", a.duplicates[stream], b.duplicates[stream]);
        check_sum(comparison, "too_late", a.too_late[stream], b.too_late[stream]);
        check_sum(comparison, "heartbeats", a.heartbeats[stream], b.heartbeats[stream]);
        for (int reason = 0; reason < RECON_REASON_COUNT; reason++)
            check_sum(comparison, "rejected", a.rejected[stream][reason], b.rejected[stream][reason]);
    }
    check_sum(comparison, "outside", a.outside, b.outside);
    check_sum(comparison, "missing", a.missing, b.missing);
    check_sum(comparison, "found", a.found, b.found);
    check_sum(comparison, "unaudited", a.unaudited, b.unaudited);
    check_sum(comparison, "audited", a.audited, b.audited);
    check_sum(comparison, "times_apart", a.times_apart, b.times_apart);
    check_sum(comparison, "times_apart_max_ms", a.times_apart_max_ms, b.times_apart_max_ms);
    check_sum(comparison, "pending", a.pending, b.pending);
}

static void check_state(struct comparison *comparison)
{
    struct recon_rise expected, actual;
    model_current(comparison->model, &expected);
    subject_current(&comparison->subject, &actual);
    if (expected.watermark != actual.watermark)
        fail(comparison, "W: expected %" PRId64 ", got %" PRId64, expected.watermark, actual.watermark);
    if (expected.retention_bound != actual.retention_bound)
        fail(comparison, "R: expected %" PRId64 ", got %" PRId64, expected.retention_bound, actual.retention_bound);
    int stream;
    uint32_t partition;
    bool has_holder = subject_holder(&comparison->subject, &stream, &partition);
    if (has_holder != model_has_holder(comparison->model))
        fail(comparison, "what holds W back: expected %s", has_holder ? "nothing" : "a partition");
    else if (has_holder && !model_is_holder(comparison->model, stream, partition))
        fail(comparison, "what holds W back: not partition %" PRIu32 " of stream %d", partition, stream);
    check_stats(comparison);
    const char *fault = subject_memory_fault(&comparison->subject);
    if (fault != NULL)
        fail(comparison, "memory: %s: %" PRIu64 " bytes are held", fault, comparison->subject.allocator.held_bytes);
}

/* Where memory runs short, a call may stop with work left that then causes nothing. */
static bool runs_short(const struct comparison *comparison)
{
    const struct subject_options *options = &comparison->subject.options;
    return options->memory_limit_bytes != UINT64_MAX || options->allocator_fail_one_in > 0;
}

/* --- steps ------------------------------------------------------------------------------------------------------ */

/* While results wait, nothing else may happen. */
static void check_undrained(struct comparison *comparison)
{
    int status;
    size_t handled = 0;
    uint32_t added;
    const struct op *op = &comparison->trace->ops[comparison->op_index];
    switch (random_below(&comparison->random, 5)) {
    case 0:
        status = subject_clock(&comparison->subject, op->at);
        break;
    case 1:
        status = subject_records(&comparison->subject, &op->record, 1, &handled);
        break;
    case 2:
        status = subject_alive(&comparison->subject, 0, 0);
        break;
    case 3:
        status = subject_partition_add(&comparison->subject, 0, &added);
        break;
    default:
        status = subject_partition_end(&comparison->subject, 1, 0);
    }
    if (status != RECON_ERROR_UNDRAINED)
        fail(comparison, "a call while results wait: expected status %d, got %d", RECON_ERROR_UNDRAINED, status);
}

static int64_t another_duration(struct comparison *comparison, int64_t duration)
{
    if (duration == RECON_DURATION_UNSET || random_one_in(&comparison->random, 2))
        return duration;
    int64_t other = duration / 2 + (int64_t)random_below(&comparison->random, (uint64_t)(duration / 2) + 10);
    return other > 0 ? other : 1;
}

static void restore(struct comparison *comparison)
{
    struct recon_settings *settings = &comparison->subject.settings;
    if (comparison->subject.options.changes_settings) {
        /* n moves the watermark: by a few windows only, for each of them is looked at. */
        if (settings->out_of_orderness_ms / settings->interval_ms < 50)
            settings->out_of_orderness_ms = another_duration(comparison, settings->out_of_orderness_ms);
        settings->idle_timeout_ms = another_duration(comparison, settings->idle_timeout_ms);
        settings->max_future_skew_ms = another_duration(comparison, settings->max_future_skew_ms);
        model_change(comparison->model, settings);
    }
    check_status(comparison, "snapshot and restore", RECON_OK, subject_restore(&comparison->subject));
}

/* The model has done the step and the subject was told of it: takes the subject's results and compares. */
static void finish_step(struct comparison *comparison)
{
    size_t count;
    const struct recon_result *results = model_results(comparison->model, &count);
    results_clear(&comparison->expected);
    results_clear(&comparison->actual);
    results_append(&comparison->expected, results, count);

    bool is_skipped = count == 0 && !runs_short(comparison) && random_one_in(&comparison->random, 2);
    bool checks_undrained = count > 0 && random_one_in(&comparison->random, 16);
    size_t capacity_max = 1 + random_below(&comparison->random, DRAIN_CAPACITY_MAX);
    while (!is_skipped && !comparison->has_failed) {
        struct recon_result some[DRAIN_CAPACITY_MAX];
        size_t taken = 0;
        if (checks_undrained && comparison->actual.count < count)
            check_undrained(comparison);
        int status =
            subject_next(&comparison->subject, some, 1 + random_below(&comparison->random, capacity_max), &taken);
        if (!check_status(comparison, "next", RECON_OK, status) || taken == 0)
            break;
        results_append(&comparison->actual, some, taken);
    }
    if (!comparison->has_failed)
        check_told(comparison);
    compare_results(comparison);
    uint64_t restore_one_in = comparison->subject.options.restore_one_in;
    const char *fault = comparison->has_failed ? NULL : subject_frozen_fault(&comparison->subject);
    if (fault != NULL)
        fail(comparison, "a frozen snapshot: %s", fault);
    if (!comparison->has_failed && restore_one_in > 0 && random_one_in(&comparison->random, restore_one_in))
        restore(comparison);
    if (!comparison->has_failed)
        check_state(comparison);
}

static void step_clock(struct comparison *comparison, int64_t at)
{
    int expected = model_clock(comparison->model, at);
    if (check_status(comparison, "clock", expected, subject_clock(&comparison->subject, at)))
        finish_step(comparison);
}

/* Records with nothing between them go in as one batch, of which the subject handles as many as it likes at a time:
 * all but the last of those have caused nothing. */
static void step_records(struct comparison *comparison)
{
    const struct trace *trace = comparison->trace;
    struct recon_record batch[BATCH_COUNT_MAX];
    size_t count = 0, count_max = 1 + random_below(&comparison->random, BATCH_COUNT_MAX);
    size_t first = comparison->op_index;
    for (size_t i = first; i < trace->op_count && count < count_max; i++) {
        if (trace->ops[i].kind != OP_RECORD || trace->ops[i].at != trace->ops[first].at)
            break;
        batch[count++] = trace->ops[i].record;
    }
    size_t handled = 0;
    int status = subject_records(&comparison->subject, batch, count, &handled);
    if (handled > count || (status == RECON_OK && handled == 0)) {
        fail(comparison, "%zu of %zu records handled", handled, count);
        return;
    }
    for (size_t i = 0; i < handled && !comparison->has_failed; i++) {
        comparison->op_index = first + i;
        check_status(comparison, "record", model_record(comparison->model, &batch[i]), RECON_OK);
        size_t result_count;
        model_results(comparison->model, &result_count);
        if (result_count > 0 && (i + 1 < handled || status != RECON_OK))
            fail(comparison, "did not stop at a record that causes results");
        if (result_count == 0 && i + 1 == handled && handled < count && status == RECON_OK && !runs_short(comparison))
            fail(comparison, "stopped at a record that causes no results");
    }
    if (status != RECON_OK && !comparison->has_failed) {
        comparison->op_index = first + handled++;
        check_status(comparison, "record", model_record(comparison->model, &batch[handled - 1]), status);
    }
    if (comparison->has_failed)
        return;
    finish_step(comparison);
    comparison->op_index = first + handled;
}

static void step_partition(struct comparison *comparison, const struct op *op)
{
    int expected, actual;
    uint32_t expected_number = 0, actual_number = 0;
    if (op->kind == OP_ALIVE) {
        expected = model_alive(comparison->model, op->stream, op->partition);
        actual = subject_alive(&comparison->subject, op->stream, op->partition);
    } else if (op->kind == OP_END) {
        expected = model_partition_end(comparison->model, op->stream, op->partition);
        actual = subject_partition_end(&comparison->subject, op->stream, op->partition);
    } else {
        expected = model_partition_add(comparison->model, op->stream, &expected_number);
        actual = subject_partition_add(&comparison->subject, op->stream, &actual_number);
    }
    if (expected_number != actual_number)
        fail(comparison, "partition added: expected %" PRIu32 ", got %" PRIu32, expected_number, actual_number);
    if (check_status(comparison, "alive, add or end", expected, actual))
        finish_step(comparison);
}

static void run(struct comparison *comparison)
{
    const struct trace *trace = comparison->trace;
    int64_t now = INT64_MIN;
    bool is_told = false;
    while (comparison->op_index < trace->op_count && !comparison->has_failed) {
        const struct op *op = &trace->ops[comparison->op_index];
        if (!is_told || op->at != now || op->kind == OP_CLOCK)
            step_clock(comparison, op->at);
        bool falls = is_told && op->at < now;
        is_told = true;
        now = falls ? now : op->at;
        if (comparison->has_failed)
            return;
        if (falls || op->kind == OP_CLOCK) {
            comparison->op_index++;
        } else if (op->kind == OP_RECORD) {
            step_records(comparison);
        } else {
            step_partition(comparison, op);
            comparison->op_index++;
        }
    }
}

bool compare(const struct trace *trace, const struct subject_options *options, struct compare_failure *failure)
{
    if (options->is_delayed)
        return compare_delayed(trace, options->shard_count, failure);
    struct comparison comparison = {.trace = trace, .failure = failure, .random = {random_mix(trace->seed ^ 0xc03)}};
    comparison.model = model_new(&trace->settings);
    int status = subject_init(&comparison.subject, &trace->settings, options, trace->seed);
    if (check_status(&comparison, "new", RECON_OK, status))
        run(&comparison);
    subject_deinit(&comparison.subject);
    const struct test_allocator *allocator = &comparison.subject.allocator;
    if (allocator->held_bytes != 0 || allocator->held_count != 0 || allocator->is_corrupted)
        fail(&comparison, "%" PRIu64 " bytes are held after the end", allocator->held_bytes);
    model_free(comparison.model);
    results_deinit(&comparison.expected);
    results_deinit(&comparison.actual);
    free(comparison.windows);
    return !comparison.has_failed;
}
