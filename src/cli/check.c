/*
 * recon check: reconciles files.
 *
 * Exit status 0: every audited ID arrived in the end, and no audit record was unreadable or too late; 1: not so; 2: it
 * could not do its work. A reader of the results who left ends the run quietly, with 2: nobody knows the outcome.
 */
#define _DEFAULT_SOURCE

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/check_summary.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "codec/time_text.h"
#include "io/clock.h"
#include "io/sink.h"
#include "recon/status.h"
#include "service/check.h"
#include "service/memory.h"

#define UNREADABLE_WARNING_COUNT 5
/* A descriptor for each file, three for each pipe, and some to spare. */
#define FILE_DESCRIPTOR_COUNT (3 * RECON_CHECK_FILE_COUNT_MAX + 64)

/* All of a run. */
struct command {
    struct recon_arguments arguments;
    struct recon_config config;
    struct recon_check_file *files;
    size_t file_count;
    struct recon_partition_name *names[RECON_STREAM_COUNT];
    size_t name_count[RECON_STREAM_COUNT];
    struct recon_percent mark;
    uint64_t memory_limit_bytes;
    int64_t now_ms;
    struct recon_check *check;
    struct recon_output *output;
    struct recon_progress progress;
    uint64_t unreadable_count;
};

static void complain(const char *text)
{
    fprintf(stderr, "recon check: %s\n", text);
}

/* --- what the run tells ---------------------------------------------------------------------------------------- */

static void on_note(void *context, const char *text)
{
    struct command *command = context;
    if (command->arguments.quiet)
        return;
    recon_progress_wipe(&command->progress);
    fprintf(stderr, "note: %s\n", text);
}

static void warn_unreadable(struct command *command, const struct recon_result *result)
{
    if (command->arguments.quiet || command->unreadable_count++ >= UNREADABLE_WARNING_COUNT) {
        return;
    }
    recon_progress_wipe(&command->progress);
    const char *name = command->names[result->stream][result->partition].topic;
    fprintf(stderr, "%s:%" PRId64 ": %s\n", strcmp(name, "-") == 0 ? "standard input" : name, result->offset,
            recon_reason_name(result->reason));
    if (command->unreadable_count == UNREADABLE_WARNING_COUNT)
        fputs("note: further records that can't be read are only counted, and are among the results\n", stderr);
}

static int on_results(void *context, const struct recon_result *results, size_t count)
{
    struct command *command = context;
    for (size_t i = 0; i < count; i++)
        if (results[i].type == RECON_RESULT_REJECTED)
            warn_unreadable(command, &results[i]);
    if (recon_output_is_terminal(command->output))
        recon_progress_wipe(&command->progress);
    return recon_output_results(command->output, results, count);
}

static int on_idle(void *context)
{
    struct command *command = context;
    if (recon_output_is_terminal(command->output))
        recon_progress_wipe(&command->progress);
    return recon_output_flush(command->output);
}

static void on_progress(void *context, const struct recon_check_progress *progress)
{
    struct command *command = context;
    recon_progress_draw(&command->progress, progress);
}

/* --- what was asked for ---------------------------------------------------------------------------------------- */

/* `500M`, `4G`, `4GiB` (all of 1024), `4GB` (of 1000). False where it is none. */
static bool parse_size(const char *text, uint64_t *size_bytes)
{
    char *end = NULL;
    errno = 0;
    if (text[0] < '0' || text[0] > '9')
        return false;
    unsigned long long number = strtoull(text, &end, 10);
    const char *units = "KMGT";
    const char *unit = *end != '\0' ? strchr(units, *end) : NULL;
    if (errno != 0 || unit == NULL)
        return false;
    bool is_decimal = strcmp(end + 1, "B") == 0;
    if (!is_decimal && end[1] != '\0' && strcmp(end + 1, "iB") != 0)
        return false;
    uint64_t factor = 1;
    for (const char *at = units; at <= unit; at++)
        factor *= is_decimal ? 1000 : 1024;
    if (number == 0 || number > UINT64_MAX / factor)
        return false;
    *size_bytes = number * factor;
    return true;
}

static void read_own_options(struct command *command)
{
    struct recon_arguments *arguments = &command->arguments;
    const char *value = recon_arguments_value(arguments, "fail-under");
    command->mark.millionths = RECON_PERCENT_MILLIONTHS_MAX;
    if (value != NULL && !recon_percent_parse(value, &command->mark))
        recon_config_errors_add(&arguments->errors, "--fail-under: '%s' is no percentage from 0 to 100", value);
    value = recon_arguments_value(arguments, "memory-limit");
    command->memory_limit_bytes = recon_memory_total() / 4 * 3;
    if (value != NULL && !parse_size(value, &command->memory_limit_bytes))
        recon_config_errors_add(&arguments->errors, "--memory-limit: '%s' is no size like 500M or 4G", value);
    value = recon_arguments_value(arguments, "now");
    command->now_ms = recon_clock_wall_ms();
    if (value != NULL && !recon_time_parse(value, strlen(value), NULL, &command->now_ms))
        recon_config_errors_add(&arguments->errors, "--now: '%s' is no time like 2013-02-08T11:00:00Z", value);
}

/* The list of files goes up to the next option, so a configuration behind it is taken for one of them. */
static bool is_configuration(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot != NULL && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static bool add_files(struct command *command, int stream)
{
    struct recon_arguments *arguments = &command->arguments;
    const char *option = recon_stream_name(stream);
    size_t count = 0;
    while (recon_arguments_value_at(arguments, option, count) != NULL)
        count++;
    if (count == 0) {
        recon_config_errors_add(&arguments->errors, "--%s: no file is given; - is standard input", option);
        return true;
    }
    struct recon_check_file *files = realloc(command->files, (command->file_count + count) * sizeof *files);
    struct recon_partition_name *names = calloc(count, sizeof *names);
    if (files != NULL)
        command->files = files;
    command->names[stream] = names;
    command->name_count[stream] = count;
    if (files == NULL || names == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *name = recon_arguments_value_at(arguments, option, i);
        for (size_t k = 0; k < command->file_count; k++)
            if (strcmp(name, "-") == 0 && strcmp(files[k].name, "-") == 0)
                recon_config_errors_add(&arguments->errors, "--%s: standard input can be read only once", option);
        if (is_configuration(name))
            recon_config_errors_add(&arguments->errors, "--%s: %s is no input; the configuration comes before --audit",
                                    option, name);
        files[command->file_count++] = (struct recon_check_file){.name = name, .stream = stream};
        names[i] = (struct recon_partition_name){.topic = name, .partition = (uint32_t)i};
    }
    return true;
}

/* All faults of the command line and the configuration are told at once. False: they were, or memory is out. */
static bool prepare(struct command *command)
{
    read_own_options(command);
    if (!add_files(command, RECON_STREAM_AUDIT) || !add_files(command, RECON_STREAM_EVENTS)) {
        complain("out of memory");
        return false;
    }
    const char *config_name = command->arguments.positional_count > 0 ? command->arguments.positionals[0] : NULL;
    recon_arguments_configure(&command->arguments, config_name, RECON_HOME_CHECK, &command->config);
    return !recon_arguments_refuse(&command->arguments);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_mode != 0 && b->st_mode != 0 && a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

/* The same file twice is but the same records twice, though it may be a slip of the hand. What can be read only once is
 * refused, as is an input that would be written over by the results: false. */
static bool compare_files(struct command *command)
{
    const struct recon_arguments *arguments = &command->arguments;
    if (arguments->positional_count > 0 && recon_output_is_input(arguments->output, arguments->positionals[0])) {
        fprintf(stderr, "recon check: --output: %s is the configuration, which would be written over\n",
                arguments->positionals[0]);
        return false;
    }
    struct stat *known = calloc(command->file_count, sizeof *known);
    if (known == NULL) {
        complain("out of memory");
        return false;
    }
    bool is_fine = true;
    for (size_t i = 0; i < command->file_count && is_fine; i++) {
        const struct recon_check_file *file = &command->files[i];
        const bool is_stdin = strcmp(file->name, "-") == 0;
        if ((is_stdin ? fstat(STDIN_FILENO, &known[i]) : stat(file->name, &known[i])) != 0) {
            known[i] = (struct stat){0};
            continue;
        }
        is_fine = is_stdin || !recon_output_is_input(arguments->output, file->name);
        if (!is_fine)
            fprintf(stderr, "recon check: --output: %s is an input, which would be written over\n", file->name);
        size_t k = 0;
        while (k < i && !is_same(&known[k], &known[i]))
            k++;
        if (k == i || S_ISCHR(known[i].st_mode))
            continue;
        if (!S_ISREG(known[i].st_mode)) {
            fprintf(stderr, "recon check: %s: is given twice, and a pipe can be read only once; save it to a file\n",
                    is_stdin ? "standard input" : file->name);
            is_fine = false;
            continue;
        }
        char text[512];
        snprintf(text, sizeof text, "%s: is given twice%s", is_stdin ? "standard input" : file->name,
                 command->files[k].stream == file->stream ? "; its records are duplicates of one another"
                                                          : ", as audit and as events");
        on_note(command, text);
    }
    free(known);
    return is_fine;
}

/* --- the run --------------------------------------------------------------------------------------------------- */

static bool open_all(struct command *command)
{
    /* Best effort: where it can't be raised, opening the files will tell. */
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < FILE_DESCRIPTOR_COUNT) {
        limit.rlim_cur = limit.rlim_max < FILE_DESCRIPTOR_COUNT ? limit.rlim_max : FILE_DESCRIPTOR_COUNT;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    char message[1024];
    struct recon_check_options check = {
        .config = &command->config,
        .files = command->files,
        .file_count = command->file_count,
        .report = command->config.settings.report | RECON_REPORT(RECON_RESULT_REJECTED),
        .now_ms = command->now_ms,
        .memory_limit_bytes = command->memory_limit_bytes,
        .listener =
            {.context = command, .results = on_results, .idle = on_idle, .note = on_note, .progress = on_progress},
    };
    if (recon_check_new(&check, &command->check, message, sizeof message) != RECON_OK) {
        complain(message);
        return false;
    }
    struct recon_output_options output = {
        .name = command->arguments.output,
        .format = command->arguments.results,
        .report = command->config.settings.report,
        .timeless = recon_check_is_timeless(command->check),
    };
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++) {
        output.partition_names[stream] = command->names[stream];
        output.partition_name_count[stream] = command->name_count[stream];
    }
    if (recon_output_open(&output, &command->output, message, sizeof message) != RECON_OK) {
        complain(message);
        return false;
    }
    return true;
}

static void complain_of_run(struct command *command)
{
    const char *message = recon_output_message(command->output);
    if (message[0] == '\0')
        message = recon_check_message(command->check);
    if (message[0] == '\0')
        return; /* a reader that left */
    complain(message);
    const char *partial = recon_output_partial_name(command->output);
    if (partial != NULL)
        fprintf(stderr, "recon check: what was found up to there is in %s; it is not the whole\n", partial);
    else
        fputs("recon check: the results up to there are not the whole\n", stderr);
}

static int run(struct command *command)
{
    recon_progress_init(&command->progress, !command->arguments.quiet);
    int64_t start_ms = recon_clock_monotonic_ms();
    int status = recon_check_run(command->check);
    recon_progress_wipe(&command->progress);
    bool is_judged = status == RECON_OK;
    if (is_judged)
        status = recon_output_finish(command->output);
    /* Whoever closed the pipe when all was judged has the verdict still. */
    if (status != RECON_OK && (!is_judged || recon_output_message(command->output)[0] != '\0')) {
        complain_of_run(command);
        return RECON_EXIT_FAILED;
    }
    struct recon_check_totals totals;
    recon_check_totals(command->check, &totals);
    struct recon_summary_options options = {
        .file_count = {command->name_count[RECON_STREAM_AUDIT], command->name_count[RECON_STREAM_EVENTS]},
        .mark = command->mark,
        .taken_ms = recon_clock_monotonic_ms() - start_ms,
    };
    if (!command->arguments.quiet)
        recon_summary_print(stderr, &totals, &options);
    return recon_verdict_of(&totals, command->mark).exit_status;
}

int recon_command_check(int argc, char **argv)
{
    struct command command = {0};
    recon_arguments_parse(&command.arguments, "check", argc, argv);
    recon_config_init(&command.config);
    int status = RECON_EXIT_FAILED;
    if (command.arguments.help) {
        status = recon_help_print("check");
    } else if (prepare(&command) && compare_files(&command) && open_all(&command)) {
        status = run(&command);
    }
    recon_output_free(command.output);
    recon_check_free(command.check);
    free(command.files);
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
        free(command.names[stream]);
    recon_config_deinit(&command.config);
    recon_arguments_deinit(&command.arguments);
    return status;
}
