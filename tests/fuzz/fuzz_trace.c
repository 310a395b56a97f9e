/*
 * Any bytes as a trace: read, run through an engine, its results written.
 *
 * Holds: what a step is written as reads back as a step that is written the same; the engine takes each line or names
 * its fault; in each metric expected = matched + missing; a result is one line of printable bytes or UTF-8.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdlib.h>
#include <string.h>

#include "codec/trace.h"
#include "fuzz.h"
#include "recon/status.h"

#define MEMORY_LIMIT_BYTES ((uint64_t)64 << 20)

static const uint8_t seed[RECON_SEED_SIZE_BYTES] = {0};

static void must(int holds)
{
    if (!holds)
        abort();
}

static void *allocate(void *context, size_t size_bytes)
{
    (void)context;
    void *block;
    return posix_memalign(&block, 64, size_bytes) == 0 ? block : NULL;
}

static void release(void *context, void *block, size_t size_bytes)
{
    (void)context;
    (void)size_bytes;
    free(block);
}

static struct recon_engine *engine_new(const struct recon_trace_head *head)
{
    struct recon_engine *engine = NULL;
    struct recon_settings settings;
    recon_settings_init(&settings);
    settings.interval_ms = 10;
    settings.out_of_orderness_ms = 2;
    settings.retention_ms = 100;
    settings.idle_timeout_ms = 50;
    settings.max_future_skew_ms = 10000;
    settings.report = RECON_REPORT_ALL;
    settings.memory_limit_bytes = MEMORY_LIMIT_BYTES;
    settings.allocator = (struct recon_allocator){allocate, release, NULL};
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
        settings.partition_count[stream] = head->partition_count[stream];
    must(recon_engine_new(&settings, &engine) == RECON_OK);
    return engine;
}

/* Results are made as they are taken: a leap over 2^60 empty windows would take for ever, so the run ends there. */
#define RESULT_COUNT_MAX 10000

static bool drain(struct recon_engine *engine, struct recon_result_writer *writer, size_t *result_count)
{
    struct recon_result results[16];
    struct recon_buffer buffer;
    size_t count = 0;
    int status;
    recon_buffer_init(&buffer);
    while ((status = recon_engine_next(engine, results, 16, &count)) == RECON_OK && count > 0 &&
           *result_count < RESULT_COUNT_MAX) {
        *result_count += count;
        for (size_t i = 0; i < count; i++) {
            const struct recon_counts *counts = &results[i].counts;
            must(results[i].type != RECON_RESULT_METRIC || counts->expected == counts->matched + counts->missing);
            buffer.size = 0;
            must(recon_result_writer_write(writer, &results[i], &buffer) == RECON_OK);
            must(memchr(buffer.bytes, '\n', buffer.size) == buffer.bytes + buffer.size - 1);
        }
    }
    recon_buffer_deinit(&buffer);
    return status == RECON_OK && count == 0;
}

static void must_read_back(const struct recon_trace_step *step, bool source_in_identity)
{
    struct recon_buffer first;
    struct recon_buffer second;
    struct recon_trace_step again;
    struct recon_trace_reader *reader;
    recon_buffer_init(&first);
    recon_buffer_init(&second);
    must(recon_trace_reader_new(seed, source_in_identity, &reader) == RECON_OK);
    must(recon_trace_step_write(step, &first) == RECON_OK);
    /* The second reader has not seen the lines before: only `start` depends on them. */
    if (step->kind != RECON_TRACE_START) {
        must(recon_trace_reader_line(reader, first.bytes, first.size, &again) == RECON_OK);
        must(recon_trace_step_write(&again, &second) == RECON_OK);
        must(first.size == second.size && memcmp(first.bytes, second.bytes, first.size) == 0);
        must(step->record.key.high == again.record.key.high && step->record.key.low == again.record.key.low);
    }
    recon_trace_reader_free(reader);
    recon_buffer_deinit(&first);
    recon_buffer_deinit(&second);
}

static bool run_line(struct recon_trace_reader *reader, struct recon_engine **engine,
                     struct recon_result_writer *writer, const char *line, size_t size, size_t *result_count)
{
    struct recon_trace_step step;
    const struct recon_trace_head *head = recon_trace_reader_head(reader);
    if (recon_trace_reader_line(reader, line, size, &step) != RECON_OK) {
        must(recon_trace_reader_error(reader)[0] != '\0');
        return false;
    }
    if (step.kind == RECON_TRACE_BLANK)
        return true;
    if (*engine == NULL)
        *engine = engine_new(head);
    if (step.kind == RECON_TRACE_HEAD)
        return true;
    must_read_back(&step, head->source_in_identity);
    return recon_trace_reader_clock(reader, *engine, &step) == RECON_OK && drain(*engine, writer, result_count) &&
           recon_trace_reader_apply(reader, *engine, &step) == RECON_OK && drain(*engine, writer, result_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char *at = (const char *)bytes;
    const char *end = size > 0 ? at + size : at;
    size_t result_count = 0;
    struct recon_trace_reader *reader;
    struct recon_result_writer *writer;
    struct recon_engine *engine = NULL;
    must(recon_trace_reader_new(seed, false, &reader) == RECON_OK);
    must(recon_result_writer_new(&(struct recon_result_writer_options){.format = RECON_RESULTS_NDJSON}, &writer) ==
         RECON_OK);
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        const size_t line_size = line_end != NULL ? (size_t)(line_end - at) : (size_t)(end - at);
        if (!run_line(reader, &engine, writer, at, line_size, &result_count))
            break;
        at += line_size + (line_end != NULL);
    }
    recon_engine_free(engine);
    recon_result_writer_free(writer);
    recon_trace_reader_free(reader);
    return 0;
}
