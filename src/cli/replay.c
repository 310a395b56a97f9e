/*
 * recon replay: runs a trace.
 *
 * The trace's first line and then the configuration say what an identity is; the clock is the trace's. Results before a
 * line that is at fault are written. Exit status 0, also where the reader of a pipe left; 2: bad usage, configuration
 * or trace, unreadable input, full disk.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/configure.h"
#include "cli/options.h"
#include "cli/output.h"
#include "codec/time_text.h"
#include "codec/trace.h"
#include "io/source.h"
#include "recon/status.h"
#include "service/arena.h"

#define READ_SIZE_BYTES ((size_t)256 * 1024)
#define RESULT_COUNT 64

/* Keys need no secret here: a trace is run again, not served. */
static const uint8_t seed[RECON_SEED_SIZE_BYTES] = {0};

/* All of a run. Of failures, the first one is told where it happens, and ends the run. */
struct replay {
    struct recon_arguments arguments;
    struct recon_config config;
    const char *name; /* of the trace, for people */
    struct recon_source *source;
    struct recon_trace_reader *reader;
    struct recon_arena *arena;   /* the engine's memory */
    struct recon_engine *engine; /* made when the first line was read, as is the output */
    struct recon_output *output;
    uint64_t line;             /* the one at hand, from 1 */
    struct recon_buffer bytes; /* read and not yet run */
    bool is_reader_gone;       /* of the results */
};

static bool fail(const char *text)
{
    fprintf(stderr, "recon replay: %s\n", text);
    return false;
}

static bool fail_at_line(const struct replay *replay, const char *text)
{
    fprintf(stderr, "%s:%" PRIu64 ": %s\n", replay->name, replay->line, text);
    return false;
}

static bool fail_output(struct replay *replay)
{
    const char *message = recon_output_message(replay->output);
    replay->is_reader_gone = message[0] == '\0';
    return replay->is_reader_gone ? false : fail(message);
}

/* --- lines ----------------------------------------------------------------------------------------------------- */

/* The engine and the output, once the trace's first line said how many partitions there are and what they are called.
 */
static bool begin(struct replay *replay)
{
    const struct recon_trace_head *head = recon_trace_reader_head(replay->reader);
    if (replay->engine != NULL)
        return true;
    if (head->has_identity && replay->config.source_in_identity && !head->source_in_identity &&
        !replay->arguments.quiet)
        fprintf(stderr, "note: the trace says that an identity is the ID alone, which counts here\n");
    struct recon_settings settings = replay->config.settings;
    replay->arena = recon_arena_new();
    if (replay->arena == NULL)
        return fail(recon_status_text(RECON_ERROR_MEMORY));
    settings.allocator = recon_arena_allocator(replay->arena);
    settings.key_fingerprint = recon_key_fingerprint(seed, head->source_in_identity);
    struct recon_output_options output = {
        .name = replay->arguments.output,
        .format = replay->arguments.results,
        .report = settings.report,
    };
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++) {
        settings.partition_count[stream] = head->partition_count[stream];
        output.partition_names[stream] = head->names[stream];
        output.partition_name_count[stream] = head->names[stream] != NULL ? head->partition_count[stream] : 0;
    }
    char message[1024];
    if (replay->output == NULL && recon_output_open(&output, &replay->output, message, sizeof message) != RECON_OK)
        return fail(message);
    const int status = recon_engine_new(&settings, &replay->engine);
    return status == RECON_OK ? true : fail(recon_status_text(status));
}

static bool drain(struct replay *replay)
{
    struct recon_result results[RESULT_COUNT];
    for (;;) {
        size_t count = 0;
        const int status = recon_engine_next(replay->engine, results, RESULT_COUNT, &count);
        if (status != RECON_OK)
            return fail_at_line(replay, recon_status_text(status));
        if (count == 0)
            return true;
        if (recon_output_results(replay->output, results, count) != RECON_OK)
            return fail_output(replay);
    }
}

static bool run_line(struct replay *replay, const char *line, size_t size)
{
    struct recon_trace_step step;
    replay->line++;
    const int status = recon_trace_reader_line(replay->reader, line, size, &step);
    if (status == RECON_ERROR_INVALID)
        return fail_at_line(replay, recon_trace_reader_error(replay->reader));
    if (status != RECON_OK)
        return fail_at_line(replay, recon_status_text(status));
    if (step.kind == RECON_TRACE_BLANK)
        return true;
    if (!begin(replay))
        return false;
    if (step.kind == RECON_TRACE_HEAD)
        return true;
    if (recon_trace_reader_clock(replay->reader, replay->engine, &step) != RECON_OK)
        return fail_at_line(replay, recon_trace_reader_error(replay->reader));
    if (!drain(replay))
        return false;
    if (recon_trace_reader_apply(replay->reader, replay->engine, &step) != RECON_OK)
        return fail_at_line(replay, recon_trace_reader_error(replay->reader));
    return drain(replay);
}

/* Runs the lines that are whole in replay->bytes, of which the first searched hold no line end, and keeps the rest. */
static bool run_lines(struct replay *replay, size_t searched)
{
    struct recon_buffer *bytes = &replay->bytes;
    size_t start = 0;
    const char *end;
    while (searched < bytes->size && (end = memchr(bytes->bytes + searched, '\n', bytes->size - searched)) != NULL) {
        const size_t size = (size_t)(end - bytes->bytes) - start;
        if (!run_line(replay, bytes->bytes + start, size))
            return false;
        start = searched = start + size + 1;
    }
    memmove(bytes->bytes, bytes->bytes + start, bytes->size - start);
    bytes->size -= start;
    return true;
}

static bool run(struct replay *replay)
{
    struct recon_buffer *bytes = &replay->bytes;
    for (;;) {
        /* What the trace's writer sends next may be long in coming. */
        if (replay->output != NULL && recon_output_flush(replay->output) != RECON_OK)
            return fail_output(replay);
        if (recon_buffer_reserve(bytes, READ_SIZE_BYTES) != RECON_OK) {
            replay->line++;
            return fail_at_line(replay, "the line is longer than memory allows");
        }
        size_t size = 0;
        if (recon_source_read(replay->source, bytes->bytes + bytes->size, READ_SIZE_BYTES, &size) != RECON_OK)
            return fail(recon_source_message(replay->source));
        const size_t searched = bytes->size;
        bytes->size += size;
        if (!run_lines(replay, searched))
            return false;
        if (size > 0)
            continue;
        if ((bytes->size > 0 && !run_line(replay, bytes->bytes, bytes->size)) || !begin(replay))
            return false;
        return recon_output_finish(replay->output) == RECON_OK ? true : fail_output(replay);
    }
}

/* --- the summary ----------------------------------------------------------------------------------------------- */

static void part_print(uint64_t count, const char *what)
{
    if (count > 0)
        fprintf(stderr, ", %" PRIu64 " %s", count, what);
}

static void stream_print(const struct recon_matcher_stats *stats, int stream)
{
    uint64_t rejected = 0;
    for (int reason = 0; reason < RECON_REASON_COUNT; reason++)
        rejected += stats->rejected[stream][reason];
    const uint64_t outside = stream == RECON_STREAM_AUDIT ? stats->outside : 0;
    const uint64_t count =
        stats->accepted[stream] + stats->duplicates[stream] + stats->too_late[stream] + outside + rejected;
    fprintf(stderr, "%-10s %" PRIu64 " record%s", recon_stream_name(stream), count, count == 1 ? "" : "s");
    part_print(stats->duplicates[stream], stats->duplicates[stream] == 1 ? "duplicate" : "duplicates");
    part_print(stats->too_late[stream], "too late");
    part_print(outside, "outside from and to");
    for (int reason = RECON_REASON_NONE + 1; reason < RECON_REASON_COUNT; reason++) {
        char what[64];
        snprintf(what, sizeof what, "rejected (%s)", recon_reason_name(reason));
        part_print(stats->rejected[stream][reason], what);
    }
    part_print(stats->heartbeats[stream], stats->heartbeats[stream] == 1 ? "heartbeat" : "heartbeats");
    fputc('\n', stderr);
}

static void watermark_print(const struct recon_engine *engine)
{
    struct recon_rise current;
    char text[RECON_TIME_TEXT_SIZE_MAX];
    int stream;
    uint32_t partition;
    recon_engine_current(engine, &current);
    if (current.watermark == RECON_TIME_MIN)
        fputs("watermark  none yet", stderr);
    else if (current.watermark == RECON_TIME_MAX)
        fputs("watermark  the end", stderr);
    else
        fprintf(stderr, "watermark  %.*s", (int)recon_time_format(current.watermark, text), text);
    if (recon_engine_holder(engine, &stream, &partition))
        fprintf(stderr, ", held by %s partition %" PRIu32, recon_stream_name(stream), partition);
    fputc('\n', stderr);
}

static void summary_print(const struct recon_engine *engine)
{
    struct recon_matcher_stats stats;
    recon_engine_stats(engine, &stats);
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
        stream_print(&stats, stream);
    fprintf(stderr, "IDs        %" PRIu64 " matched, %" PRIu64 " missing",
            stats.matched[RECON_STREAM_AUDIT] + stats.forgotten_matched[RECON_STREAM_AUDIT],
            stats.missing - stats.found);
    part_print(stats.found, "missing and found later");
    part_print(stats.unaudited - stats.audited, "unaudited");
    part_print(stats.audited, "unaudited and audited later");
    part_print(stats.pending, "pending");
    fputc('\n', stderr);
    watermark_print(engine);
}

/* --- the command ----------------------------------------------------------------------------------------------- */

static bool prepare(struct replay *replay)
{
    struct recon_arguments *arguments = &replay->arguments;
    const size_t count = arguments->positional_count;
    const char *config_name = count == 2 ? arguments->positionals[0] : NULL;
    const int status = recon_configure(&replay->config, arguments, config_name, RECON_HOME_REPLAY);
    if (status != RECON_OK && status != RECON_ERROR_INVALID)
        return fail(recon_status_text(status));
    if (recon_arguments_refuse(arguments))
        return false;
    const char *name = arguments->positionals[count - 1];
    for (size_t i = 0; i < count; i++) {
        if (!recon_output_is_input(arguments->output, arguments->positionals[i]))
            continue;
        fprintf(stderr, "recon replay: --output: %s is an input, which would be written over\n",
                arguments->positionals[i]);
        return false;
    }
    replay->name = strcmp(name, "-") == 0 ? "standard input" : name;
    char message[1024];
    if (recon_source_open(name, &replay->source, message, sizeof message) != RECON_OK)
        return fail(message);
    return recon_trace_reader_new(seed, replay->config.source_in_identity, &replay->reader) == RECON_OK
               ? true
               : fail(recon_status_text(RECON_ERROR_MEMORY));
}

static int replay_all(struct replay *replay)
{
    if (!prepare(replay))
        return RECON_EXIT_FAILED;
    if (run(replay)) {
        if (!replay->arguments.quiet)
            summary_print(replay->engine);
        return RECON_EXIT_OK;
    }
    if (replay->is_reader_gone)
        return RECON_EXIT_OK;
    if (replay->output == NULL)
        return RECON_EXIT_FAILED;
    /* Where it was the output that failed, nothing is held back and this does nothing. */
    (void)recon_output_flush(replay->output);
    if (recon_output_partial_name(replay->output) != NULL)
        fprintf(stderr, "recon replay: the results up to there are in %s\n", recon_output_partial_name(replay->output));
    return RECON_EXIT_FAILED;
}

int recon_command_replay(int argc, char **argv)
{
    struct replay replay = {0};
    recon_arguments_parse(&replay.arguments, "replay", argc, argv);
    recon_config_init(&replay.config);
    recon_buffer_init(&replay.bytes);
    const int status = replay.arguments.help ? recon_help_print("replay") : replay_all(&replay);
    recon_output_free(replay.output);
    recon_engine_free(replay.engine);
    recon_arena_free(replay.arena);
    recon_trace_reader_free(replay.reader);
    if (replay.source != NULL)
        recon_source_close(replay.source);
    recon_buffer_deinit(&replay.bytes);
    recon_config_deinit(&replay.config);
    recon_arguments_deinit(&replay.arguments);
    return status;
}
