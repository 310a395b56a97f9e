#include "trace.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef __int128 wide;

/* --- texts ------------------------------------------------------------------------------------------------------ */

#define TEXT_SIZE_BYTES_MAX 4096

static char id_texts[TRACE_ID_COUNT][8];
static char letters[TEXT_SIZE_BYTES_MAX];

static void make_texts(void)
{
    if (letters[0] != '\0')
        return;
    for (unsigned i = 0; i < TRACE_ID_COUNT; i++)
        snprintf(id_texts[i], sizeof id_texts[i], "i%u", i % TRACE_ID_COUNT);
    for (size_t i = 0; i < sizeof letters; i++)
        letters[i] = (char)('a' + i % 23);
}

struct recon_text trace_id(unsigned number)
{
    make_texts();
    number %= TRACE_ID_COUNT;
    return (struct recon_text){id_texts[number], (uint32_t)strlen(id_texts[number])};
}

struct recon_text trace_text(unsigned number)
{
    static const uint32_t sizes[TRACE_TEXT_COUNT] = {0, 0, 1, 4, 17, 64, 300, TEXT_SIZE_BYTES_MAX};
    make_texts();
    number %= TRACE_TEXT_COUNT;
    return (struct recon_text){number == 0 ? NULL : letters, sizes[number]};
}

/* --- lists ------------------------------------------------------------------------------------------------------ */

void trace_deinit(struct trace *trace)
{
    free(trace->ops);
    *trace = (struct trace){0};
}

struct op *trace_append(struct trace *trace, enum op_kind kind, int64_t at)
{
    if (trace->op_count == trace->op_capacity) {
        trace->op_capacity = trace->op_capacity == 0 ? 64 : trace->op_capacity * 2;
        trace->ops = realloc(trace->ops, trace->op_capacity * sizeof *trace->ops);
        if (trace->ops == NULL)
            abort();
    }
    struct op *op = &trace->ops[trace->op_count++];
    *op = (struct op){.kind = (uint8_t)kind, .at = at};
    return op;
}

void trace_copy(struct trace *copy, const struct trace *trace)
{
    *copy = *trace;
    copy->op_capacity = trace->op_count > 0 ? trace->op_count : 1;
    copy->ops = malloc(copy->op_capacity * sizeof *copy->ops);
    if (copy->ops == NULL)
        abort();
    memcpy(copy->ops, trace->ops, trace->op_count * sizeof *copy->ops);
}

/* --- the bound -------------------------------------------------------------------------------------------------- */

#define EMPTY_WINDOW_COUNT_MAX 3000

/* How far the watermark can come in all, in windows. */
static wide span_in_windows(const struct trace *trace)
{
    wide low = INT64_MAX, high = INT64_MIN, clock_low = INT64_MAX, clock_high = INT64_MIN;
    for (size_t i = 0; i < trace->op_count; i++) {
        const struct op *op = &trace->ops[i];
        if (op->at < clock_low)
            clock_low = op->at;
        if (op->at > clock_high)
            clock_high = op->at;
        if (op->kind != OP_RECORD || !op->record.has_time)
            continue;
        if (op->record.time < low)
            low = op->record.time;
        if (op->record.time > high)
            high = op->record.time;
    }
    if (high < low)
        return 0;
    wide span = high - low;
    if (trace->settings.idle_timeout_ms != RECON_DURATION_UNSET)
        span += clock_high - clock_low;
    wide judged = (wide)trace->settings.to_ms - trace->settings.from_ms;
    return (span < judged ? span : judged) / trace->settings.interval_ms;
}

bool trace_is_bounded(const struct trace *trace)
{
    if (span_in_windows(trace) <= EMPTY_WINDOW_COUNT_MAX)
        return true;
    wide kept = (wide)trace->settings.retention_ms / trace->settings.interval_ms + 2;
    return kept * (wide)trace->op_count <= EMPTY_WINDOW_COUNT_MAX;
}

void trace_bound(struct trace *trace)
{
    if (trace_is_bounded(trace))
        return;
    /* A rise makes as many as retention holds at most, and there are as many rises as operations at most. */
    wide retention = (wide)EMPTY_WINDOW_COUNT_MAX / (wide)trace->op_count * trace->settings.interval_ms;
    retention -= 2 * (wide)trace->settings.interval_ms;
    if (retention < 0)
        retention = 0;
    trace->settings.retention_ms = retention >= INT64_MAX ? INT64_MAX - 1 : (int64_t)retention;
}

/* --- printing --------------------------------------------------------------------------------------------------- */

static void print_duration(FILE *file, const char *name, int64_t ms)
{
    if (ms != RECON_DURATION_UNSET)
        fprintf(file, " --%s %" PRId64 "ms", name, ms);
}

static void print_text(FILE *file, const char *name, struct recon_text text)
{
    if (text.bytes != NULL)
        fprintf(file, ", \"%s\": \"%.*s\"", name, (int)text.size, text.bytes);
}

static void print_record(FILE *file, const struct recon_record *record)
{
    static const char *const reasons[] = {"none", "malformed", "unmapped", "no_id", "no_source", "no_time", "future"};
    fprintf(file, ", \"stream\": \"%s\", \"partition\": %" PRIu32, record->stream == 0 ? "audit" : "events",
            record->partition);
    if (record->kind == RECON_KIND_HEARTBEAT)
        fprintf(file, ", \"heartbeat\": true");
    if (record->kind == RECON_KIND_REJECTED)
        fprintf(file, ", \"rejected\": \"%s\"", reasons[record->reason]);
    print_text(file, "id", record->id);
    print_text(file, "source", record->source);
    print_text(file, "context", record->context);
    if (record->has_time)
        fprintf(file, ", \"time\": %" PRId64, record->time);
    if (record->has_emitted_time)
        fprintf(file, ", \"emitted\": %" PRId64, record->emitted_time);
    if (record->has_offset)
        fprintf(file, ", \"offset\": %" PRId64, record->offset);
}

void trace_print(const struct trace *trace, FILE *file)
{
    const struct recon_settings *settings = &trace->settings;
    fprintf(file, "# recon replay");
    print_duration(file, "interval", settings->interval_ms);
    print_duration(file, "out-of-orderness", settings->out_of_orderness_ms);
    print_duration(file, "retention", settings->retention_ms);
    print_duration(file, "idle-timeout", settings->idle_timeout_ms);
    print_duration(file, "max-future-skew", settings->max_future_skew_ms);
    if (settings->from_ms != RECON_TIME_MIN)
        fprintf(file, " --from %" PRId64, settings->from_ms);
    if (settings->to_ms != RECON_TIME_MAX)
        fprintf(file, " --to %" PRId64, settings->to_ms);
    fprintf(file, " -   (report %#x, key groups %" PRIu32 ")\n", settings->report, settings->key_group_count);
    fprintf(file, "{\"partitions\": {\"audit\": %" PRIu32 ", \"events\": %" PRIu32 "}}\n",
            settings->partition_count[RECON_STREAM_AUDIT], settings->partition_count[RECON_STREAM_EVENTS]);
    for (size_t i = 0; i < trace->op_count; i++) {
        const struct op *op = &trace->ops[i];
        static const char *const does[] = {"", "", "alive", "start", "end"};
        fprintf(file, "{\"at\": %" PRId64, op->at);
        if (op->kind == OP_RECORD)
            print_record(file, &op->record);
        else if (op->kind != OP_CLOCK)
            fprintf(file, ", \"stream\": \"%s\", \"partition\": %" PRIu32 ", \"%s\": true",
                    op->stream == 0 ? "audit" : "events", op->partition, does[op->kind]);
        fprintf(file, "}\n");
    }
}
