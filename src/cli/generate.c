/*
 * recon generate: two streams with a known truth, in a directory.
 *
 * All three files get their names at the end, truth.ndjson last: so a run that was stopped half-way can't be mistaken
 * for a whole one.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/options.h"
#include "codec/time_text.h"
#include "generate/generator.h"
#include "io/sink.h"
#include "recon/status.h"

#define BUFFER_SIZE ((size_t)1 << 20)
/* A place and what is wrong with it. */
#define MESSAGE_SIZE 512

static const char *const file_names[RECON_GENERATE_FILE_COUNT] = {"audit.ndjson", "events.ndjson", "truth.ndjson"};

struct output {
    char *memory; /* of the buffers */
    struct recon_sink *sinks[RECON_GENERATE_FILE_COUNT];
    struct recon_generate_buffer buffers[RECON_GENERATE_FILE_COUNT];
};

static void fail(const char *message)
{
    fprintf(stderr, "recon generate: %s\n", message);
}

static void take_time(struct recon_arguments *arguments, const char *name, int64_t *time)
{
    const char *text = recon_arguments_value(arguments, name);
    if (text != NULL && !recon_time_parse(text, strlen(text), NULL, time))
        recon_config_errors_add(&arguments->errors, "--%s: '%s' is no time; write 2024-01-01T00:00:00Z", name, text);
}

static void take_options(struct recon_arguments *arguments, struct recon_generate_options *options)
{
    recon_generate_options_init(options);
    if (!recon_arguments_has(arguments, "ids"))
        recon_config_errors_add(&arguments->errors, "--ids is missing: how many IDs?");
    if (arguments->output == NULL)
        recon_config_errors_add(&arguments->errors, "--output is missing: a directory for the files");
    recon_arguments_integer(arguments, "seed", UINT64_MAX, &options->seed);
    recon_arguments_integer(arguments, "ids", RECON_GENERATE_ID_COUNT_MAX, &options->id_count);
    recon_arguments_integer(arguments, "rate", RECON_GENERATE_RATE_MAX, &options->rate);
    uint64_t source_count = options->source_count;
    recon_arguments_integer(arguments, "sources", RECON_GENERATE_SOURCE_COUNT_MAX, &source_count);
    options->source_count = (uint32_t)source_count;
    uint64_t stall_count = options->stall_count;
    recon_arguments_integer(arguments, "stalls", RECON_GENERATE_STALL_COUNT_MAX, &stall_count);
    options->stall_count = (uint32_t)stall_count;
    take_time(arguments, "start", &options->start_ms);
    recon_arguments_duration(arguments, "out-of-orderness", &options->out_of_orderness_ms);
    options->disorder_ms = options->out_of_orderness_ms / 6;
    recon_arguments_duration(arguments, "retention", &options->retention_ms);
    recon_arguments_duration(arguments, "disorder", &options->disorder_ms);
    recon_arguments_duration(arguments, "stall-duration", &options->stall_ms);
    recon_arguments_share(arguments, "loss", &options->share[RECON_SHARE_LOSS]);
    recon_arguments_share(arguments, "unaudited", &options->share[RECON_SHARE_UNAUDITED]);
    recon_arguments_share(arguments, "late-within-n", &options->share[RECON_SHARE_LATE_WITHIN_N]);
    recon_arguments_share(arguments, "late-within-m", &options->share[RECON_SHARE_LATE_WITHIN_M]);
    recon_arguments_share(arguments, "late-beyond-m", &options->share[RECON_SHARE_LATE_BEYOND_M]);
    recon_arguments_share(arguments, "duplicates", &options->share[RECON_SHARE_DUPLICATES]);
    /* The stall that nobody asked for gives way to a short span. */
    if (!recon_arguments_has(arguments, "stalls") && !recon_generate_stalls_fit(options))
        options->stall_count = 0;
    char message[MESSAGE_SIZE];
    if (arguments->errors.count == 0 && recon_generate_options_check(options, message, sizeof message) != RECON_OK)
        recon_config_errors_add(&arguments->errors, "%s", message);
}

/* Makes the directory and those above it. */
static int make_directory(const char *name)
{
    char *path = strdup(name);
    int status = RECON_OK;
    if (path == NULL)
        return RECON_ERROR_MEMORY;
    size_t size = strlen(path);
    for (size_t end = 1; end <= size && status == RECON_OK; end++) {
        if (path[end] != '/' && path[end] != '\0')
            continue;
        char kept = path[end];
        path[end] = '\0';
        struct stat there;
        if (mkdir(path, 0777) != 0 && (errno != EEXIST || stat(path, &there) != 0 || !S_ISDIR(there.st_mode))) {
            fprintf(stderr, "recon generate: %s: %s\n", path, strerror(errno));
            status = RECON_ERROR_IO;
        }
        path[end] = kept;
    }
    free(path);
    return status;
}

/* A file's place in the directory; false: too long for one. */
static bool place_file(char place[PATH_MAX], const char *directory, int file)
{
    int size = snprintf(place, PATH_MAX, "%s/%s", directory, file_names[file]);
    if (size > 0 && size < PATH_MAX)
        return true;
    fail("--output: the name is too long");
    return false;
}

static int output_open(struct output *output, const char *directory, bool force)
{
    char place[PATH_MAX];
    char message[MESSAGE_SIZE];
    int status = make_directory(directory);
    if (status != RECON_OK)
        return status;
    struct stat there;
    for (int file = 0; file < RECON_GENERATE_FILE_COUNT; file++) {
        if (!place_file(place, directory, file))
            return RECON_ERROR_INVALID;
        if (!force && stat(place, &there) == 0) {
            fprintf(stderr, "recon generate: %s is there already; --force replaces it\n", place);
            return RECON_ERROR_INVALID;
        }
    }
    output->memory = malloc(RECON_GENERATE_FILE_COUNT * BUFFER_SIZE);
    if (output->memory == NULL)
        return RECON_ERROR_MEMORY;
    for (int file = 0; file < RECON_GENERATE_FILE_COUNT; file++) {
        output->buffers[file] = (struct recon_generate_buffer){.bytes = output->memory + (size_t)file * BUFFER_SIZE,
                                                               .capacity = BUFFER_SIZE};
        if (!place_file(place, directory, file))
            return RECON_ERROR_INVALID;
        status = recon_sink_open(place, &output->sinks[file], message, sizeof message);
        if (status == RECON_ERROR_IO)
            fail(message);
        if (status != RECON_OK)
            return status;
    }
    return RECON_OK;
}

static int output_flush(struct output *output)
{
    for (int file = 0; file < RECON_GENERATE_FILE_COUNT; file++) {
        struct recon_generate_buffer *buffer = &output->buffers[file];
        int status = recon_sink_write(output->sinks[file], buffer->bytes, buffer->size);
        if (status != RECON_OK) {
            fail(recon_sink_message(output->sinks[file]));
            return status;
        }
        buffer->size = 0;
    }
    return RECON_OK;
}

static int output_close(struct output *output)
{
    char message[MESSAGE_SIZE];
    for (int file = 0; file < RECON_GENERATE_FILE_COUNT; file++) {
        int status = recon_sink_close(output->sinks[file], message, sizeof message);
        output->sinks[file] = NULL;
        if (status != RECON_OK) {
            fail(message);
            return status;
        }
    }
    return RECON_OK;
}

static void output_deinit(struct output *output)
{
    for (int file = 0; file < RECON_GENERATE_FILE_COUNT; file++)
        recon_sink_abandon(output->sinks[file]);
    free(output->memory);
}

static int generate(struct recon_generator *generator, struct output *output, uint64_t id_count, bool progress)
{
    uint64_t percent_shown = UINT64_MAX;
    bool done = false;
    int status = RECON_OK;
    while (!done && status == RECON_OK) {
        status = recon_generator_next(generator, output->buffers, &done);
        if (status == RECON_OK)
            status = output_flush(output);
        uint64_t percent = id_count > 0 ? recon_generator_position(generator) * 100 / id_count : 100;
        if (progress && percent != percent_shown)
            fprintf(stderr, "\r%3" PRIu64 " %%", percent);
        percent_shown = percent;
    }
    if (progress)
        fputs("\r     \r", stderr);
    return status == RECON_OK ? output_close(output) : status;
}

static void summarize(const struct recon_arguments *arguments, const struct recon_generate_options *options,
                      const struct recon_generator *generator)
{
    struct recon_generate_counts counts;
    recon_generator_counts(generator, &counts);
    const char *n = recon_arguments_value(arguments, "out-of-orderness");
    const char *m = recon_arguments_value(arguments, "retention");
    fprintf(stderr, "%" PRIu64 " IDs: %" PRIu64 " audit records, %" PRIu64 " events, %" PRIu64 " lines of truth\n",
            options->id_count, counts.lines[RECON_GENERATE_AUDIT], counts.lines[RECON_GENERATE_EVENTS],
            counts.lines[RECON_GENERATE_TRUTH]);
    fprintf(stderr, "lost %" PRIu64 ", unaudited %" PRIu64 ", doubled %" PRIu64 " in audit and %" PRIu64 " in events\n",
            counts.lost, counts.unaudited, counts.doubled[0], counts.doubled[1]);
    fprintf(stderr, "late within n %" PRIu64 ", within m %" PRIu64 ", beyond m %" PRIu64 "; %" PRIu64 " by stalls\n",
            counts.late[RECON_REACH_WITHIN_N], counts.late[RECON_REACH_WITHIN_M], counts.late[RECON_REACH_BEYOND_M],
            counts.stalled);
    if (options->id_count > 0 && options->share[RECON_SHARE_LATE_BEYOND_M] > 0 &&
        counts.late[RECON_REACH_BEYOND_M] == 0)
        fputs("no event is late beyond m: more IDs, a lower --rate or a shorter --retention make some\n", stderr);
    fprintf(stderr,
            "\nreconcile them:\n"
            "  recon check --out-of-orderness %s --retention %s --audit %s/audit.ndjson --events %s/events.ndjson\n",
            n != NULL ? n : "1m", m != NULL ? m : "1h", arguments->output, arguments->output);
}

int recon_command_generate(int argc, char **argv)
{
    struct recon_arguments arguments;
    recon_arguments_parse(&arguments, "generate", argc, argv);
    struct recon_generator *generator = NULL;
    struct output output = {0};
    int status = RECON_ERROR_INVALID;
    int result = RECON_EXIT_FAILED;
    if (arguments.help) {
        result = recon_help_print("generate");
        goto cleanup;
    }
    struct recon_generate_options options;
    take_options(&arguments, &options);
    if (recon_arguments_refuse(&arguments))
        goto cleanup;
    status = recon_generator_new(&options, &generator);
    if (status == RECON_OK)
        status = output_open(&output, arguments.output, recon_arguments_has(&arguments, "force"));
    if (status == RECON_OK)
        status = generate(generator, &output, options.id_count, !arguments.quiet && isatty(STDERR_FILENO));
    if (status == RECON_ERROR_MEMORY)
        fail("out of memory; fewer lines are under way with a lower --rate or shorter delays");
    if (status == RECON_OK) {
        result = RECON_EXIT_OK;
        if (!arguments.quiet)
            summarize(&arguments, &options, generator);
    }
cleanup:
    output_deinit(&output);
    recon_generator_free(generator);
    recon_arguments_deinit(&arguments);
    return result;
}
