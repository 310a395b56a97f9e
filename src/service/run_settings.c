/*
 * The settings that a state rests on, as lines of text: an entry of the journal has those in force, and a run goes on
 * only under the same ones.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recon/status.h"
#include "service/run_state.h"

/* Changes whenever the same message may be decoded to another record than before. What one version has read, another
 * can't read again: behind a crash it begins anew (run_settings_decoder_is_ours). */
#define DECODER_VERSION 1
#define DECODER_LINE "decoder: "

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
    line(buffer, &status, DECODER_LINE "%d", DECODER_VERSION + !run_point(run, "decoder"));
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

static bool same(struct recon_text one, struct recon_text other)
{
    return one.size == other.size && (one.size == 0 || memcmp(one.bytes, other.bytes, one.size) == 0);
}

/* The line that begins so; size 0: there is none. */
static struct recon_text line_of(struct recon_text settings, const char *begins)
{
    const size_t size = strlen(begins);
    while (settings.size > 0) {
        const struct recon_text one = line_take(&settings);
        if (one.size >= size && memcmp(one.bytes, begins, size) == 0)
            return one;
    }
    return (struct recon_text){0};
}

static struct recon_text ours(const struct recon_run *run)
{
    return (struct recon_text){run->settings.bytes, (uint32_t)run->settings.size};
}

bool run_settings_decoder_is_ours(const struct recon_run *run, struct recon_text settings)
{
    return same(line_of(ours(run), DECODER_LINE), line_of(settings, DECODER_LINE));
}

bool run_settings_are(const struct recon_run *run, struct recon_text settings, char *one_of_them, size_t size)
{
    struct recon_text mine = ours(run);
    while (mine.size > 0 || settings.size > 0) {
        const struct recon_text my_line = line_take(&mine);
        const struct recon_text their_line = line_take(&settings);
        if (same(my_line, their_line))
            continue;
        snprintf(one_of_them, size, "now '%.*s', then '%.*s'", (int)my_line.size, my_line.bytes, (int)their_line.size,
                 their_line.bytes);
        return false;
    }
    return true;
}

/* A number behind a line's name. */
static bool number_read(struct recon_text one, const char *name, int base, int64_t *value)
{
    char text[64] = "";
    char *end = text;
    const size_t size = strlen(name);
    if (one.size <= size || one.size - size >= sizeof text || memcmp(one.bytes, name, size) != 0)
        return false;
    memcpy(text, one.bytes + size, one.size - size);
    errno = 0;
    *value = strtoll(text, &end, base);
    return errno == 0 && end != text && (*end == '\0' || strcmp(end, " ms") == 0);
}

bool run_settings_then(const struct recon_run *run, struct recon_text settings, struct recon_settings *then)
{
    struct recon_settings made = run->options.config->settings;
    int64_t report = made.report;
    int64_t in_force = 0; /* follows from the others */
    const struct {
        const char *name;
        int base;
        int64_t *value;
    } numbers[] = {
        {"from in force: ", 10, &in_force},
        {"out_of_orderness: ", 10, &made.out_of_orderness_ms},
        {"retention: ", 10, &made.retention_ms},
        {"idle_timeout: ", 10, &made.idle_timeout_ms},
        {"max_future_skew: ", 10, &made.max_future_skew_ms},
        {"from: ", 10, &made.from_ms},
        {"to: ", 10, &made.to_ms},
        {"report: ", 16, &report},
    };
    struct recon_text mine = ours(run);
    while (mine.size > 0 || settings.size > 0) {
        const struct recon_text my_line = line_take(&mine);
        const struct recon_text their_line = line_take(&settings);
        bool is_number = false;
        for (size_t i = 0; i < sizeof numbers / sizeof numbers[0] && !is_number; i++) {
            int64_t now = 0;
            is_number = number_read(my_line, numbers[i].name, numbers[i].base, &now) &&
                        number_read(their_line, numbers[i].name, numbers[i].base, numbers[i].value);
        }
        if (!is_number && !same(my_line, their_line))
            return false;
    }
    made.report = (uint32_t)report;
    *then = made;
    return true;
}

int run_settings_adopt(struct recon_run *run, struct recon_text settings)
{
    static const char begins[] = "from in force: ";
    static const char *const fixed[] = {"identity: ", "interval: "};
    const struct recon_text first = line_of(settings, begins);
    char text[64] = "";
    char *end = text;
    if (first.size > 0 && first.size < sizeof text) {
        memcpy(text, first.bytes, first.size);
        text[first.size] = '\0';
        run->from_ms = strtoll(text + sizeof begins - 1, &end, 10);
    }
    if (end == text || *end != '\0')
        return run_fail(run, RECON_ERROR_DAMAGED, "topic %s: an entry has no settings", run->journal_topic);
    if (run->options.config->settings.from_ms > run->from_ms)
        run->from_ms = run->options.config->settings.from_ms;
    run->settings.size = 0;
    const int status = run_settings_write(run, &run->settings);
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0] && status == RECON_OK; i++) {
        const struct recon_text now = line_of(ours(run), fixed[i]);
        const struct recon_text then = line_of(settings, fixed[i]);
        if (!same(now, then))
            return run_fail(run, RECON_ERROR_MISMATCH,
                            "'%s' can't go on with another %.*s: now '%.*s', then '%.*s'. Take it back, or begin anew "
                            "under another name",
                            run->options.config->name, (int)strlen(fixed[i]) - 2, fixed[i], (int)now.size, now.bytes,
                            (int)then.size, then.bytes);
    }
    return status;
}
