/*
 * See output.h.
 */
#define _POSIX_C_SOURCE 200809L

#include "cli/output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/options.h"
#include "io/sink.h"
#include "recon/status.h"

/* As much as a pipe holds; larger writes gain nothing. */
#define CHUNK_SIZE_BYTES ((size_t)64 * 1024)

struct recon_output {
    struct recon_sink *sink; /* NULL after the finish */
    struct recon_result_writer *writer;
    struct recon_buffer buffer;
    uint32_t report;
    bool is_terminal;
    char message[512];
};

static bool is_regular_file(const char *name, const struct stat *file)
{
    struct stat other;
    return stat(name, &other) == 0 && S_ISREG(other.st_mode) && other.st_ino == file->st_ino &&
           other.st_dev == file->st_dev;
}

bool recon_output_is_input(const char *output, const char *input)
{
    struct stat file;
    if (output == NULL || input == NULL || stat(input, &file) != 0)
        return false;
    char partial[4096];
    snprintf(partial, sizeof partial, "%s" RECON_SINK_PARTIAL_SUFFIX, output);
    return is_regular_file(output, &file) || is_regular_file(partial, &file);
}

int recon_output_open(const struct recon_output_options *options, struct recon_output **opened, char *message,
                      size_t message_size)
{
    int status = RECON_ERROR_MEMORY;
    struct recon_output *output = calloc(1, sizeof *output);
    if (output == NULL)
        goto fail;
    recon_buffer_init(&output->buffer);
    output->report = options->report | RECON_REPORT(RECON_RESULT_METRIC);
    bool is_stdout = options->name == NULL || strcmp(options->name, "-") == 0;
    output->is_terminal = is_stdout && isatty(STDOUT_FILENO);
    int format = options->format;
    if (format < 0)
        format = output->is_terminal ? RECON_RESULTS_TABLE : RECON_RESULTS_NDJSON;
    struct recon_result_writer_options writer = {
        .format = (enum recon_result_format)format,
        .timeless = options->timeless,
        .color = is_stdout && recon_terminal_has_color(STDOUT_FILENO),
    };
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++) {
        writer.names[stream] = options->partition_names[stream];
        writer.name_count[stream] = options->partition_name_count[stream];
    }
    status = recon_result_writer_new(&writer, &output->writer);
    if (status != RECON_OK)
        goto fail;
    status = recon_sink_open(options->name, &output->sink, message, message_size);
    if (status != RECON_OK) {
        recon_output_free(output);
        return status;
    }
    *opened = output;
    return RECON_OK;

fail:
    snprintf(message, message_size, "%s", recon_status_text(status));
    recon_output_free(output);
    return status;
}

int recon_output_flush(struct recon_output *output)
{
    size_t size = output->buffer.size;
    output->buffer.size = 0;
    if (size == 0)
        return RECON_OK;
    int status = recon_sink_write(output->sink, output->buffer.bytes, size);
    if (status != RECON_OK && !recon_sink_is_pipe_closed(output->sink))
        snprintf(output->message, sizeof output->message, "%s", recon_sink_message(output->sink));
    return status;
}

int recon_output_results(struct recon_output *output, const struct recon_result *results, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if ((output->report & RECON_REPORT(results[i].type)) == 0)
            continue;
        int status = recon_result_writer_write(output->writer, &results[i], &output->buffer);
        if (status != RECON_OK) {
            snprintf(output->message, sizeof output->message, "a result can't be written: %s",
                     recon_status_text(status));
            return status;
        }
        if (output->buffer.size >= CHUNK_SIZE_BYTES) {
            status = recon_output_flush(output);
            if (status != RECON_OK)
                return status;
        }
    }
    return RECON_OK;
}

int recon_output_finish(struct recon_output *output)
{
    int status = recon_result_writer_finish(output->writer, &output->buffer);
    if (status != RECON_OK) {
        snprintf(output->message, sizeof output->message, "%s", recon_status_text(status));
        return status;
    }
    status = recon_output_flush(output);
    if (status != RECON_OK)
        return status;
    struct recon_sink *sink = output->sink;
    output->sink = NULL;
    return recon_sink_close(sink, output->message, sizeof output->message);
}

const char *recon_output_message(const struct recon_output *output)
{
    return output->message;
}

bool recon_output_is_terminal(const struct recon_output *output)
{
    return output->is_terminal;
}

const char *recon_output_partial_name(const struct recon_output *output)
{
    return output->sink != NULL ? recon_sink_partial_name(output->sink) : NULL;
}

void recon_output_free(struct recon_output *output)
{
    if (output == NULL)
        return;
    if (output->sink != NULL)
        recon_sink_abandon(output->sink);
    recon_result_writer_free(output->writer);
    recon_buffer_deinit(&output->buffer);
    free(output);
}
