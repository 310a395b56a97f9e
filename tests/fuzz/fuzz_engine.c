/*
 * Bytes to settings and engine calls: the engine and the naive model must agree, whatever the memory does meanwhile.
 *
 * The first bytes choose the settings out of lists, so that small and extreme values are as likely as each other; then
 * each operation takes a few bytes. What has no byte left is 0.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#include "compare.h"

#define OP_COUNT_MAX 300

struct input {
    const uint8_t *bytes;
    size_t size;
};

static uint8_t take(struct input *input)
{
    if (input->size == 0)
        return 0;
    input->size--;
    return *input->bytes++;
}

static int64_t plus(int64_t a, int64_t b)
{
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return b > 0 ? INT64_MAX : INT64_MIN;
    return sum;
}

static int64_t take_duration(struct input *input)
{
    static const int64_t durations[] = {
        0,         1,        2, 3, 5, 10, 20, 50, 100, 1000, 3600000, INT64_C(1) << 40, INT64_MAX / 2, INT64_MAX - 1,
        INT64_MAX, INT64_MAX};
    return durations[take(input) % 16];
}

static void take_settings(struct input *input, struct recon_settings *settings)
{
    static const uint32_t groups[] = {1, 2, 128, 32768};
    recon_settings_init(settings);
    settings->interval_ms = take_duration(input);
    if (settings->interval_ms == 0)
        settings->interval_ms = 10;
    settings->out_of_orderness_ms = take_duration(input);
    settings->retention_ms = take_duration(input);
    settings->idle_timeout_ms = take_duration(input);
    if (settings->idle_timeout_ms == 0)
        settings->idle_timeout_ms = RECON_DURATION_UNSET;
    settings->max_future_skew_ms = take_duration(input);
    uint8_t span = take(input);
    if (span & 1)
        settings->from_ms = (int64_t)(span >> 1) * 4 - 100;
    if (span & 2)
        settings->to_ms = (int64_t)(span >> 2) * 9;
    if (settings->from_ms >= settings->to_ms)
        settings->from_ms = RECON_TIME_MIN;
    settings->report = take(input) & RECON_REPORT_ALL;
    uint8_t shape = take(input);
    settings->partition_count[RECON_STREAM_AUDIT] = shape & 3;
    settings->partition_count[RECON_STREAM_EVENTS] = shape >> 2 & 3;
    settings->key_group_count = groups[shape >> 4 & 3];
}

static int64_t take_time(struct input *input, int64_t *cursor)
{
    uint8_t byte = take(input);
    switch (byte >> 5) {
    case 0:
        return *cursor;
    case 1:
        return *cursor = plus(*cursor, byte & 31);
    case 2:
        return plus(*cursor, -(byte & 31));
    case 3:
        return *cursor = plus(*cursor, (int64_t)(byte & 31) * 37);
    case 4:
        return *cursor = plus(*cursor, INT64_C(1) << ((byte & 31) * 2));
    case 5:
        return *cursor = plus(*cursor, -(INT64_C(1) << ((byte & 31) * 2)));
    case 6:
        return plus(INT64_MAX, -(byte & 31));
    default:
        return plus(INT64_MIN, byte & 31);
    }
}

static void take_record(struct input *input, struct recon_record *record, int64_t *cursor)
{
    uint8_t what = take(input), id = take(input);
    record->stream = what & 1;
    record->partition = what >> 1 & 3;
    record->has_time = (what & 8) == 0;
    record->kind = RECON_KIND_RECORD;
    if ((what & 0x30) == 0x30)
        record->kind = RECON_KIND_HEARTBEAT;
    else if ((what & 0x70) == 0x60)
        record->kind = RECON_KIND_REJECTED;
    if (record->kind == RECON_KIND_HEARTBEAT)
        record->has_time = true;
    if (record->has_time)
        record->time = take_time(input, cursor);
    if (record->kind == RECON_KIND_REJECTED)
        record->reason = (uint8_t)(RECON_REASON_MALFORMED + id % 5);
    if (record->kind != RECON_KIND_RECORD)
        return;
    struct random key = {id};
    record->key = (struct recon_key){random_next(&key), random_next(&key)};
    record->id = trace_id(id);
    record->source = trace_text(id & 7);
    if (record->stream == RECON_STREAM_AUDIT)
        record->context = trace_text(what >> 5);
    record->has_offset = (what & 128) != 0;
    record->offset = record->has_offset ? id : 0;
}

static void take_ops(struct input *input, struct trace *trace)
{
    int64_t now = 0, cursor = 0;
    while (input->size > 0 && trace->op_count < OP_COUNT_MAX) {
        uint8_t byte = take(input);
        uint8_t tick = byte >> 4;
        /* Mostly none, or a few ms; at times a fall or a leap. */
        int64_t at = tick < 8     ? now
                     : tick < 13  ? plus(now, tick - 7)
                     : tick == 13 ? plus(now, -1)
                                  : plus(now, tick * 300);
        struct op *op = trace_append(trace, OP_RECORD, at);
        now = at > now ? at : now;
        if ((byte & 15) < 10) {
            take_record(input, &op->record, &cursor);
            continue;
        }
        static const enum op_kind kinds[] = {OP_CLOCK, OP_ALIVE, OP_ALIVE, OP_ADD, OP_END, OP_END};
        uint8_t where = take(input);
        op->kind = (uint8_t)kinds[(byte & 15) - 10];
        op->stream = where & 1;
        op->partition = where >> 1 & 3;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, size};
    struct trace trace = {.seed = take(&input)};
    struct subject_options options = {.memory_limit_bytes = UINT64_MAX};
    uint8_t mode = take(&input);
    if ((mode & 7) == 1)
        options.memory_limit_bytes = (uint64_t)mode * 64;
    if ((mode & 7) == 2)
        options.allocator_fail_one_in = 2 + (mode >> 3);
    if ((mode & 7) == 3 || (mode & 7) == 6)
        options.shard_count = 1 + (mode >> 6);
    if ((mode & 7) == 5)
        options.memory_limit_bytes = 16384 + (uint64_t)(mode >> 3) * 4096;
    if ((mode & 7) >= 4)
        options.freeze_one_in = 5 + (mode >> 3);
    if ((mode & 8) != 0)
        options.restore_one_in = 1 + (mode >> 4);
    take_settings(&input, &trace.settings);
    take_ops(&input, &trace);
    struct compare_failure failure;
    if (trace.op_count > 0) {
        trace_bound(&trace);
        if (!compare(&trace, &options, &failure)) {
            trace_print(&trace, stderr);
            fprintf(stderr, "at operation %zu: %s\n", failure.op_index, failure.text);
            abort();
        }
    }
    trace_deinit(&trace);
    return 0;
}
