/*
 * The settings that a state rests on, as lines of text: an entry of the journal has those in force, and a run goes on
 * only under the same ones.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recon/status.h"
#include "service/run_state.h"

/* Changes whenever the same message may be decoded to another record than before. */
#define DECODER_VERSION 1

__attribute__((format(printf, 3, 4))) static void line(struct recon_buffer *buffer, int *status, const char *format,
                                                       ...)
{
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    const int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (*status == RECON_OK)
        *status = size < 0 ? RECON_ERROR_MEMORY : recon_buffer_reserve(buffer, (size_t)size + 2);
    if (*status == RECON_OK) {
        vsnprintf(buffer->bytes + buffer->size, (size_t)size + 1, format, again);
        buffer->bytes[buffer->size + (size_t)size] = '\n';
        buffer->size += (size_t)size + 1;
    }
    va_end(again);
}

static const char *shown(const char *text)
{
    return text != NULL ? text : "";
}

static void field_line(struct recon_buffer *buffer, int *status, const char *name, const struct recon_field *field)
{
    if (field->kind != RECON_FIELD_NONE)
        line(buffer, status, "  %s: %d %s", name, (int)field->kind, shown(field->text));
}

static void mapping_lines(struct recon_buffer *buffer, int *status, const struct recon_mapping *mapping)
{
    const struct recon_when *when = &mapping->when;
    line(buffer, status, "  schema: format %d%s%s, unit %d, zone %s", (int)mapping->format,
         mapping->ignore ? ", ignored" : "", mapping->heartbeat ? ", heartbeat" : "", (int)mapping->time_unit,
         shown(mapping->zone));
    if (mapping->has_when) {
        line(buffer, status, "  when: type %s, record %s, header %s=%s, equals %s", shown(when->cloudevents_type),
             shown(when->avro_record), shown(when->header_name), shown(when->header_equals), shown(when->field_equals));
        field_line(buffer, status, "when field", &when->field);
    }
    for (size_t i = 0; i < mapping->id_count; i++)
        field_line(buffer, status, "id", &mapping->id[i]);
    field_line(buffer, status, "time", &mapping->time);
    field_line(buffer, status, "source", &mapping->source);
    field_line(buffer, status, "emitted", &mapping->emitted);
    field_line(buffer, status, "context", &mapping->context);
}

/* The first line is `from`, which the first start fixes; the others are the configuration's. */
int run_settings_write(struct recon_run *run, struct recon_buffer *buffer)
{
    const struct recon_config *config = run->options.config;
    const struct recon_settings *settings = &config->settings;
    int status = RECON_OK;
    line(buffer, &status, "from in force: %" PRId64, run->from_ms);
    line(buffer, &status, "decoder: %d", DECODER_VERSION);
    line(buffer, &status, "identity: %s", config->source_in_identity ? "source,id" : "id");
    line(buffer, &status, "interval: %" PRId64 " ms", settings->interval_ms);
    line(buffer, &status, "out_of_orderness: %" PRId64 " ms", settings->out_of_orderness_ms);
    line(buffer, &status, "retention: %" PRId64 " ms", settings->retention_ms);
    line(buffer, &status, "idle_timeout: %" PRId64 " ms", settings->idle_timeout_ms);
    line(buffer, &status, "max_future_skew: %" PRId64 " ms", settings->max_future_skew_ms);
    line(buffer, &status, "from: %" PRId64, settings->from_ms);
    line(buffer, &status, "to: %" PRId64, settings->to_ms);
    line(buffer, &status, "report: %" PRIx32, settings->report);
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++) {
        const struct recon_stream_config *one = &config->streams[stream];
        line(buffer, &status, "stream %s:", recon_stream_name(stream));
        for (size_t i = 0; i < one->topic_count; i++)
            line(buffer, &status, "  topic: %s", one->topics[i]);
        for (size_t i = 0; i < one->mapping.schema_count; i++)
            mapping_lines(buffer, &status, &one->mapping.schemas[i]);
    }
    return status;
}

static struct recon_text line_take(struct recon_text *text)
{
    const char *end = text->size > 0 ? memchr(text->bytes, '\n', text->size) : NULL;
    const uint32_t size = end != NULL ? (uint32_t)(end - text->bytes) : text->size;
    const struct recon_text taken = {text->bytes, size};
    const uint32_t used = size + (end != NULL);
    if (used > 0) {
        text->bytes += used;
        text->size -= used;
    }
    return taken;
}

int run_settings_judge(struct recon_run *run, struct recon_text settings)
{
    struct recon_text theirs = settings;
    const struct recon_text first = line_take(&theirs);
    char text[64];
    if (first.size >= sizeof text)
        return run_fail(run, RECON_ERROR_DAMAGED, "topic %s: its first entry has no settings", run->journal_topic);
    memcpy(text, first.bytes, first.size);
    text[first.size] = '\0';
    static const char begins[] = "from in force: ";
    char *end = text;
    if (strncmp(text, begins, sizeof begins - 1) == 0)
        run->from_ms = strtoll(text + sizeof begins - 1, &end, 10);
    if (end == text || *end != '\0')
        return run_fail(run, RECON_ERROR_DAMAGED, "topic %s: its first entry has no settings", run->journal_topic);
    run->settings.size = 0;
    const int status = run_settings_write(run, &run->settings);
    if (status != RECON_OK)
        return status;
    struct recon_text ours = {run->settings.bytes, (uint32_t)run->settings.size};
    line_take(&ours);
    while (ours.size > 0 || theirs.size > 0) {
        const struct recon_text our_line = line_take(&ours);
        const struct recon_text their_line = line_take(&theirs);
        if (our_line.size != their_line.size ||
            (our_line.size > 0 && memcmp(our_line.bytes, their_line.bytes, our_line.size) != 0))
            return run_fail(
                run, RECON_ERROR_MISMATCH,
                "the settings are not those that '%s' has run with: now '%.*s', then '%.*s'. This version can't "
                "go on under others: take these back, or begin anew under another name",
                run->options.config->name, (int)our_line.size, our_line.bytes, (int)their_line.size, their_line.bytes);
    }
    return RECON_OK;
}
