/*
 * Results for people: metrics as aligned columns in the order they come, breaks as short lines between them.
 *
 * 1. A percentage is rounded down: 100% stands only where nothing is absent.
 * 2. A text shows what a terminal would obey or hide (controls, direction marks, line ends) as an escape, and is cut
 *    where it would fill the screen. The context is left out: the place says where it stands.
 * 3. A metric that replaces an earlier one of its window says so (`^ revision 1`).
 *
 *       missing    a-17  2013-02-08 11:05:00  audit.ndjson:34
 *     window, UTC        expected    matched    missing  complete
 *     2013-02-08 11:00         66         60          6    90.90%  █████████░
 *       found      a-17  2013-02-08 11:05:00
 *     2013-02-08 11:00         66         61          5    92.42%  █████████▏  ^ revision 1
 */
#include "codec/result_form.h"
#include "codec/text_form.h"
#include "recon/status.h"

#define DAY_MS INT64_C(86400000)
#define SHOWN_BYTES_MAX 160 /* of one text */
#define SHOWN_SIZE_MAX                                                                                                 \
    (10 * SHOWN_BYTES_MAX + 8) /* what they can become: `\u{e0001}` for each, and the mark of a cut */
#define LINE_SIZE_MAX (3 * SHOWN_SIZE_MAX + 1024)
#define COUNT_WIDTH 9
#define BAR_CELLS 10

/* How much of a time is shown: the size of `2013-02-08`, of that with hours and minutes, seconds, milliseconds. */
enum { SHOW_DAY = 10, SHOW_MINUTE = 16, SHOW_SECOND = 19, SHOW_ALL = 23 };

static const char *const styles[RECON_RESULT_TYPE_COUNT] = {
    [RECON_RESULT_METRIC] = "",           [RECON_RESULT_MISSING] = "\x1b[31m",
    [RECON_RESULT_FOUND] = "\x1b[32m",    [RECON_RESULT_UNAUDITED] = "\x1b[35m",
    [RECON_RESULT_AUDITED] = "\x1b[32m",  [RECON_RESULT_DUPLICATE] = "\x1b[36m",
    [RECON_RESULT_TOO_LATE] = "\x1b[33m", [RECON_RESULT_REJECTED] = "\x1b[33m",
};
static const char style_dim[] = "\x1b[2m";
static const char style_end[] = "\x1b[0m";

static char *string_write(char *out, const char *text)
{
    const size_t size = strlen(text);
    memcpy(out, text, size);
    return out + size;
}

static char *style_write(const struct recon_result_writer *writer, char *out, const char *style)
{
    return writer->options.color ? string_write(out, style) : out;
}

/* Pads what was written since start with spaces, to the left of it or to the right. */
static char *pad_left(char *start, char *out, size_t width)
{
    const size_t size = (size_t)(out - start);
    if (size >= width)
        return out;
    memmove(start + (width - size), start, size);
    memset(start, ' ', width - size);
    return start + width;
}

static char *pad_right(char *start, char *out, size_t width)
{
    while ((size_t)(out - start) < width)
        *out++ = ' ';
    return out;
}

/* True for what a terminal obeys, or shows as nothing or in another place. */
static bool is_hidden(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0xAD || code == 0x61C || code == 0x180E ||
           (code >= 0x200B && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) ||
           (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF || (code >= 0xFFF9 && code <= 0xFFFB) ||
           (code >= 0xE0000 && code <= 0xE0FFF);
}

static char *code_write(char *out, uint32_t code)
{
    static const char digits[] = "0123456789abcdef";
    out = RECON_PUT(out, "\\u{");
    unsigned shift = 20;
    while (shift > 0 && code >> shift == 0)
        shift -= 4;
    for (;; shift -= 4) {
        *out++ = digits[code >> shift & 15];
        if (shift == 0)
            break;
    }
    *out++ = '}';
    return out;
}

static char *shown_write(char *out, const char *bytes, size_t size)
{
    size_t i = 0;
    while (i < size && i < SHOWN_BYTES_MAX) {
        uint32_t code;
        const size_t length = recon_utf8_next(bytes + i, size - i, &code);
        if (code == UINT32_MAX) {
            out = string_write(out, RECON_REPLACEMENT);
        } else if (is_hidden(code)) {
            out = code_write(out, code);
        } else {
            memcpy(out, bytes + i, length);
            out += length;
        }
        i += length;
    }
    return i < size ? RECON_PUT(out, "…") : out;
}

/* `2013-02-08 11:05:00`, as much of it as precision says; of other years than 0 to 9999 all. */
static char *moment_write(char *out, int64_t time_ms, int precision)
{
    char text[RECON_TIME_TEXT_SIZE_MAX];
    size_t size = recon_time_format(time_ms, text);
    if (size == SHOW_ALL + 1)
        size = (size_t)precision;
    else
        size--;
    for (size_t i = 0; i < size; i++)
        *out++ = text[i] == 'T' ? ' ' : text[i];
    return out;
}

static bool is_multiple(const struct recon_result *result, int64_t unit_ms)
{
    return result->start % unit_ms == 0 && result->end % unit_ms == 0;
}

static int precision_of(const struct recon_result *result)
{
    if (is_multiple(result, DAY_MS))
        return SHOW_DAY;
    if (is_multiple(result, 60000))
        return SHOW_MINUTE;
    return is_multiple(result, 1000) ? SHOW_SECOND : SHOW_ALL;
}

/* The first metrics say how fine windows are; one that needs more (a first one at midnight) widens what follows. */
static void precision_learn(struct recon_result_writer *writer, const struct recon_result *result)
{
    const int precision = precision_of(result);
    if (precision > writer->time_precision)
        writer->time_precision = precision;
}

static char *header_write(struct recon_result_writer *writer, char *out)
{
    if (writer->has_header)
        return out;
    writer->has_header = true;
    out = style_write(writer, out, "\x1b[1m");
    char *start = out;
    out = writer->options.timeless ? RECON_PUT(out, "all") : RECON_PUT(out, "window, UTC");
    out = pad_right(start, out, writer->options.timeless ? 3 : (size_t)writer->time_precision);
    out = RECON_PUT(out, "   expected    matched    missing  complete");
    out = style_write(writer, out, style_end);
    *out++ = '\n';
    return out;
}

static char *count_write(char *out, uint64_t count)
{
    out = RECON_PUT(out, "  ");
    char *start = out;
    return pad_left(start, recon_unsigned_write(out, count), COUNT_WIDTH);
}

/* Hundredths of a percent, rounded down. */
static unsigned hundredths_of(const struct recon_counts *counts)
{
    if (counts->matched == counts->expected)
        return 10000;
    const double share = (double)counts->matched / (double)counts->expected * 10000;
    /* Exact where the product fits; beyond 10^15 a float's error is far below what is shown, but for the last step. */
    const uint64_t exact =
        counts->expected < UINT64_MAX / 10000 ? counts->matched * 10000 / counts->expected : (uint64_t)share;
    return exact < 10000 ? (unsigned)exact : 9999;
}

static char *percent_write(char *out, const struct recon_counts *counts)
{
    out = RECON_PUT(out, "  ");
    char *start = out;
    if (counts->expected == 0)
        return pad_left(start, RECON_PUT(out, "-"), 8);
    const unsigned hundredths = hundredths_of(counts);
    out = recon_unsigned_write(out, hundredths / 100);
    if (hundredths < 10000) {
        *out++ = '.';
        *out++ = (char)('0' + hundredths / 10 % 10);
        *out++ = (char)('0' + hundredths % 10);
    }
    *out++ = '%';
    return pad_left(start, out, 8);
}

static char *bar_write(char *out, const struct recon_counts *counts)
{
    static const char *const eighths[] = {"░", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    const unsigned filled = hundredths_of(counts) * (8 * BAR_CELLS) / 10000;
    for (unsigned cell = 0; cell < BAR_CELLS; cell++) {
        const unsigned reached = filled > 8 * cell ? filled - 8 * cell : 0;
        out = string_write(out, reached >= 8 ? "█" : eighths[reached]);
    }
    return out;
}

static char *note_write(char *out, uint64_t count, const char *what)
{
    if (count == 0)
        return out;
    out = recon_unsigned_write(RECON_PUT(out, "  "), count);
    return string_write(out, what);
}

static char *notes_write(char *out, const struct recon_result *result)
{
    const struct recon_counts *counts = &result->counts;
    if (result->revision > 0)
        out = recon_unsigned_write(RECON_PUT(out, "  ^ revision "), result->revision);
    out = note_write(out, counts->duplicate_audits, " audited twice");
    out = note_write(out, counts->duplicate_events, " arrived twice");
    out = note_write(out, counts->unaudited, " unaudited");
    out = note_write(out, counts->unjudged_audits, " not judged");
    return result->basis == RECON_BASIS_TIMEOUT ? RECON_PUT(out, "  by timeout") : out;
}

static const char *metric_style(const struct recon_counts *counts)
{
    if (counts->expected == 0)
        return style_dim;
    return counts->missing == 0 ? styles[RECON_RESULT_FOUND] : styles[RECON_RESULT_MISSING];
}

static char *metric_write(struct recon_result_writer *writer, char *out, const struct recon_result *result)
{
    precision_learn(writer, result);
    out = header_write(writer, out);
    char *start = out;
    if (writer->options.timeless)
        out = pad_right(start, out, 3);
    else
        out = pad_right(start, moment_write(out, result->start, writer->time_precision), sizeof "window, UTC" - 1);
    out = count_write(out, result->counts.expected);
    out = count_write(out, result->counts.matched);
    out = count_write(out, result->counts.missing);
    out = style_write(writer, out, metric_style(&result->counts));
    out = percent_write(out, &result->counts);
    out = RECON_PUT(out, "  ");
    if (result->counts.expected > 0)
        out = bar_write(out, &result->counts);
    else
        out = RECON_PUT(out, "          ");
    out = style_write(writer, out, style_end);
    out = notes_write(out, result);
    while (out[-1] == ' ')
        out--;
    return out;
}

/* FILE:LINE, TOPIC/PARTITION:OFFSET where the topic has several partitions, or audit/PARTITION:OFFSET. */
static char *place_write(struct recon_result_writer *writer, char *out, const struct recon_result *result)
{
    const struct recon_partition_name *name = recon_result_partition_name(writer, result);
    bool has_siblings = true;
    if (name != NULL && name->topic != NULL) {
        const struct recon_partition_name *first = writer->options.names[result->stream];
        const struct recon_partition_name *end = first + writer->options.name_count[result->stream];
        has_siblings = writer->options.partition_bits != 0 || name->partition != result->partition ||
                       (name > first && name[-1].topic != NULL && strcmp(name[-1].topic, name->topic) == 0) ||
                       (name + 1 < end && name[1].topic != NULL && strcmp(name[1].topic, name->topic) == 0);
        out = shown_write(out, name->topic, strlen(name->topic));
    } else {
        out = string_write(out, recon_stream_name(result->stream));
    }
    if (has_siblings) {
        *out++ = '/';
        out = recon_unsigned_write(out, name != NULL ? name->partition : result->partition);
    }
    if (result->has_offset) {
        *out++ = ':';
        out = recon_integer_write(out, result->offset);
    }
    return out;
}

static char *break_write(struct recon_result_writer *writer, char *out, const struct recon_result *result)
{
    static const char *const names[RECON_RESULT_TYPE_COUNT] = {
        "", "missing", "found", "unaudited", "audited", "duplicate", "too late", "rejected",
    };
    const bool has_times = !writer->options.timeless;
    out = RECON_PUT(out, "  ");
    out = style_write(writer, out, styles[result->type]);
    char *start = out;
    out = string_write(out, names[result->type]);
    out = style_write(writer, pad_right(start, out, 9), style_end);
    if (recon_result_has_stream(result->type) && result->type != RECON_RESULT_REJECTED)
        out = string_write(RECON_PUT(out, "  "), result->stream == RECON_STREAM_AUDIT ? "audit" : "event");
    if (result->type == RECON_RESULT_REJECTED)
        out = string_write(RECON_PUT(out, "  "), recon_reason_name(result->reason));
    if (result->id.size > 0)
        out = shown_write(RECON_PUT(out, "  "), result->id.bytes, result->id.size);
    if (result->source.size > 0)
        out = shown_write(RECON_PUT(out, "  from "), result->source.bytes, result->source.size);
    if (result->has_time && has_times)
        out = moment_write(RECON_PUT(out, "  "), result->time, result->time % 1000 == 0 ? SHOW_SECOND : SHOW_ALL);
    if (result->has_event_time && has_times && result->event_time != result->time)
        out = moment_write(RECON_PUT(out, "  came as of "), result->event_time,
                           result->event_time % 1000 == 0 ? SHOW_SECOND : SHOW_ALL);
    if (result->type != RECON_RESULT_FOUND) {
        out = style_write(writer, RECON_PUT(out, "  "), style_dim);
        out = style_write(writer, place_write(writer, out, result), style_end);
    }
    return out;
}

int recon_result_table_write(struct recon_result_writer *writer, const struct recon_result *result,
                             struct recon_buffer *buffer)
{
    const int status = recon_buffer_reserve(buffer, LINE_SIZE_MAX);
    if (status != RECON_OK)
        return status;
    char *out = buffer->bytes + buffer->size;
    out = result->type == RECON_RESULT_METRIC ? metric_write(writer, out, result) : break_write(writer, out, result);
    *out++ = '\n';
    buffer->size = (size_t)(out - buffer->bytes);
    return RECON_OK;
}
