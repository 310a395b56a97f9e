#include "delayed.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "results.h"

#define SHARD_COUNT_MAX 8
#define DRAIN_CAPACITY 5

/* --- the last word ---------------------------------------------------------------------------------------------- */

/* What all results together leave: what is missing, what is unaudited, and the last metric of each window that counts
 * something. */
struct outcome {
    struct results left;
};

static bool is_same_thing(const struct recon_result *a, const struct recon_result *b)
{
    if (a->type != b->type)
        return false;
    if (a->type == RECON_RESULT_METRIC)
        return a->start == b->start && a->end == b->end;
    return a->id.size == b->id.size && memcmp(a->id.bytes, b->id.bytes, a->id.size) == 0;
}

/* Takes out what the result takes back or replaces. */
static void take_out(struct outcome *outcome, const struct recon_result *result)
{
    for (size_t i = 0; i < outcome->left.count; i++) {
        if (!is_same_thing(&outcome->left.at[i], result))
            continue;
        struct recon_result last = outcome->left.at[outcome->left.count - 1];
        outcome->left.at[outcome->left.count - 1] = outcome->left.at[i];
        outcome->left.at[i] = last;
        struct results gone = {.at = &outcome->left.at[outcome->left.count - 1], .count = 1};
        results_clear(&gone);
        outcome->left.count--;
        return;
    }
}

static void hear(struct outcome *outcome, const struct recon_result *results, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct recon_result word = {.type = results[i].type, .id = results[i].id};
        const struct recon_counts *counts = &results[i].counts;
        bool stays = true;
        switch (results[i].type) {
        case RECON_RESULT_METRIC:
            word.start = results[i].start;
            word.end = results[i].end;
            word.counts.expected = counts->expected;
            word.counts.matched = counts->matched;
            word.counts.missing = counts->missing;
            word.counts.unaudited = counts->unaudited;
            stays = counts->expected > 0 || counts->unaudited > 0;
            break;
        case RECON_RESULT_FOUND:
            word.type = RECON_RESULT_MISSING;
            stays = false;
            break;
        case RECON_RESULT_AUDITED:
            word.type = RECON_RESULT_UNAUDITED;
            stays = false;
            break;
        case RECON_RESULT_MISSING:
        case RECON_RESULT_UNAUDITED:
            break;
        default:
            continue;
        }
        take_out(outcome, &word);
        if (stays)
            results_append(&outcome->left, &word, 1);
    }
}

/* --- the shards ------------------------------------------------------------------------------------------------- */

struct shards {
    struct recon_settings settings;
    struct recon_watermark *watermark;
    struct recon_windows *windows;
    struct recon_matcher *matchers[SHARD_COUNT_MAX];
    struct recon_rise known[SHARD_COUNT_MAX]; /* how far each has been told */
    uint32_t count;
    struct random random;
    struct outcome outcome;
};

static int drain_matcher(struct shards *shards, struct recon_matcher *matcher)
{
    size_t count = 0;
    int status;
    do {
        struct recon_result some[DRAIN_CAPACITY];
        status = recon_matcher_next(matcher, some, DRAIN_CAPACITY, &count);
        hear(&shards->outcome, some, status == RECON_OK ? count : 0);
    } while (status == RECON_OK && count > 0);
    return status;
}

static int move_counts(struct shards *shards, struct recon_matcher *matcher)
{
    int64_t window_index;
    struct recon_counts counts;
    int status = RECON_OK;
    while (status == RECON_OK && recon_matcher_counts_take(matcher, &window_index, &counts))
        status = recon_windows_add(shards->windows, window_index, &counts);
    return status;
}

static bool is_behind(const struct recon_rise *one, const struct recon_rise *other)
{
    return one->watermark < other->watermark || one->retention_bound < other->retention_bound;
}

/* Tells one matcher of the present watermark. */
static int tell(struct shards *shards, uint32_t shard, const struct recon_rise *current)
{
    if (!is_behind(&shards->known[shard], current))
        return RECON_OK;
    shards->known[shard] = *current;
    int status = recon_matcher_rise(shards->matchers[shard], current);
    if (status == RECON_OK)
        status = drain_matcher(shards, shards->matchers[shard]);
    return status == RECON_OK ? move_counts(shards, shards->matchers[shard]) : status;
}

/* The windows know what every matcher knows. */
static int tell_windows(struct shards *shards, struct recon_rise *told)
{
    struct recon_rise common = shards->known[0];
    for (uint32_t i = 1; i < shards->count; i++) {
        if (shards->known[i].watermark < common.watermark)
            common.watermark = shards->known[i].watermark;
        if (shards->known[i].retention_bound < common.retention_bound)
            common.retention_bound = shards->known[i].retention_bound;
    }
    if (!is_behind(told, &common))
        return RECON_OK;
    *told = common;
    int status = recon_windows_rise(shards->windows, &common);
    size_t count = 0;
    while (status == RECON_OK) {
        struct recon_result some[DRAIN_CAPACITY];
        status = recon_windows_next(shards->windows, some, DRAIN_CAPACITY, &count);
        if (status != RECON_OK || count == 0)
            break;
        hear(&shards->outcome, some, count);
    }
    return status;
}

static int handle(struct shards *shards, const struct recon_record *record)
{
    uint32_t shard = record->kind == RECON_KIND_RECORD ? recon_key_group(record->key, shards->count) : 0;
    size_t handled;
    int status =
        recon_matcher_records(shards->matchers[shard], recon_watermark_now(shards->watermark), record, 1, &handled);
    if (status == RECON_OK)
        status = drain_matcher(shards, shards->matchers[shard]);
    if (status == RECON_OK && record->kind != RECON_KIND_REJECTED && record->has_time &&
        !recon_watermark_is_poisoned(shards->watermark, record->time))
        recon_watermark_saw(shards->watermark, record->stream, record->partition, record->time);
    return status;
}

/* One operation; what is refused does nothing, as in the model. */
static int do_op(struct shards *shards, const struct op *op, struct recon_rise *told)
{
    struct recon_rise rise;
    bool falls = recon_watermark_clock(shards->watermark, op->at) != RECON_OK;
    (void)recon_watermark_rise(shards->watermark, &rise);
    int stream = op->kind == OP_RECORD ? op->record.stream : op->stream;
    uint32_t partition = op->kind == OP_RECORD ? op->record.partition : op->partition;
    int status = RECON_OK;
    if (op->kind == OP_ADD && !falls)
        status = recon_watermark_add(shards->watermark, stream, NULL);
    else if (falls || recon_watermark_partition_check(shards->watermark, stream, partition) != RECON_OK)
        ;
    else if (op->kind == OP_RECORD)
        status = handle(shards, &op->record);
    else if (op->kind == OP_ALIVE)
        status = recon_watermark_alive(shards->watermark, stream, partition);
    else if (op->kind == OP_END)
        status = recon_watermark_end(shards->watermark, stream, partition);
    (void)recon_watermark_rise(shards->watermark, &rise);

    struct recon_rise current;
    recon_watermark_current(shards->watermark, &current);
    for (uint32_t i = 0; status == RECON_OK && i < shards->count; i++)
        if (random_one_in(&shards->random, 8))
            status = tell(shards, i, &current);
    return status == RECON_OK ? tell_windows(shards, told) : status;
}

static int finish(struct shards *shards, struct recon_rise *told)
{
    struct recon_rise current;
    recon_watermark_current(shards->watermark, &current);
    int status = RECON_OK;
    for (uint32_t i = 0; status == RECON_OK && i < shards->count; i++)
        status = tell(shards, i, &current);
    return status == RECON_OK ? tell_windows(shards, told) : status;
}

/* --- the comparison --------------------------------------------------------------------------------------------- */

/* The trace with all inputs ended. */
static void copy_ended(struct trace *copy, const struct trace *trace)
{
    trace_copy(copy, trace);
    copy->settings.retention_ms = RECON_DURATION_UNSET;
    copy->settings.report = RECON_REPORT_ALL;
    uint32_t counts[RECON_STREAM_COUNT] = {trace->settings.partition_count[0], trace->settings.partition_count[1]};
    int64_t now = INT64_MIN;
    for (size_t i = 0; i < trace->op_count; i++) {
        if (trace->ops[i].at < now)
            continue;
        now = trace->ops[i].at;
        if (trace->ops[i].kind == OP_ADD)
            counts[trace->ops[i].stream]++;
    }
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
        for (uint32_t i = 0; i < counts[stream]; i++) {
            struct op *op = trace_append(copy, OP_END, now);
            op->stream = (uint8_t)stream;
            op->partition = i;
        }
}

/* False: records came after an end of all inputs, when all was forgotten. */
static bool run_model(const struct trace *trace, struct outcome *outcome)
{
    struct model *model = model_new(&trace->settings);
    bool is_comparable = true;
    for (size_t i = 0; i < trace->op_count; i++) {
        const struct op *op = &trace->ops[i];
        const struct recon_result *results;
        size_t count;
        uint32_t added;
        if (model_clock(model, op->at) != RECON_OK)
            continue;
        results = model_results(model, &count);
        hear(outcome, results, count);
        if (op->kind == OP_CLOCK)
            continue;
        struct recon_rise current;
        model_current(model, &current);
        if (op->kind == OP_RECORD && current.watermark == RECON_TIME_MAX)
            is_comparable = false;
        if (op->kind == OP_RECORD)
            (void)model_record(model, &op->record);
        else if (op->kind == OP_ALIVE)
            (void)model_alive(model, op->stream, op->partition);
        else if (op->kind == OP_ADD)
            (void)model_partition_add(model, op->stream, &added);
        else
            (void)model_partition_end(model, op->stream, op->partition);
        results = model_results(model, &count);
        hear(outcome, results, count);
    }
    model_free(model);
    return is_comparable;
}

static int run_shards(struct shards *shards, const struct trace *trace)
{
    struct recon_rise told = {.watermark = RECON_TIME_MIN, .retention_bound = RECON_TIME_MIN};
    int status = recon_watermark_new(&shards->settings, &shards->watermark);
    if (status == RECON_OK)
        status = recon_windows_new(&shards->settings, &shards->windows);
    for (uint32_t i = 0; status == RECON_OK && i < shards->count; i++) {
        shards->known[i] = told;
        status = recon_matcher_new(&shards->settings, &shards->matchers[i]);
    }
    for (size_t i = 0; status == RECON_OK && i < trace->op_count; i++)
        status = do_op(shards, &trace->ops[i], &told);
    if (status == RECON_OK)
        status = finish(shards, &told);
    for (uint32_t i = 0; i < shards->count; i++)
        recon_matcher_free(shards->matchers[i]);
    recon_windows_free(shards->windows);
    recon_watermark_free(shards->watermark);
    return status;
}

bool compare_delayed(const struct trace *original, uint32_t shard_count, struct compare_failure *failure)
{
    struct trace trace;
    copy_ended(&trace, original);
    failure->op_index = trace.op_count;
    failure->text[0] = '\0';
    if (!trace_is_bounded(&trace)) {
        trace_deinit(&trace);
        return true; /* without retention it makes too many empty windows */
    }
    struct test_allocator allocator = {0};
    struct outcome expected = {{0}};
    struct shards shards = {.settings = trace.settings, .count = shard_count, .random = {trace.seed}};
    shards.settings.allocator = test_allocator_of(&allocator);
    bool is_comparable = run_model(&trace, &expected);
    int status = run_shards(&shards, &trace);
    struct outcome *actual = &shards.outcome;
    if (status != RECON_OK)
        snprintf(failure->text, sizeof failure->text, "status %d", status);
    results_sort(&expected.left);
    results_sort(&actual->left);
    for (size_t i = 0; is_comparable && failure->text[0] == '\0' && (i < expected.left.count || i < actual->left.count);
         i++) {
        const struct recon_result *a = i < expected.left.count ? &expected.left.at[i] : NULL;
        const struct recon_result *b = i < actual->left.count ? &actual->left.at[i] : NULL;
        if (a != NULL && b != NULL && result_compare(a, b) == 0)
            continue;
        char a_text[512] = "nothing", b_text[512] = "nothing";
        if (a != NULL)
            result_describe(a, a_text, sizeof a_text);
        if (b != NULL)
            result_describe(b, b_text, sizeof b_text);
        snprintf(failure->text, sizeof failure->text, "the last word differs:\n  expected %s\n  got      %s", a_text,
                 b_text);
    }
    results_deinit(&expected.left);
    results_deinit(&actual->left);
    trace_deinit(&trace);
    if (failure->text[0] == '\0' && (allocator.held_bytes != 0 || allocator.is_corrupted))
        snprintf(failure->text, sizeof failure->text, "%" PRIu64 " bytes are held", allocator.held_bytes);
    return failure->text[0] == '\0';
}
