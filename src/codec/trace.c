/*
 * Reading traces: from the values of a line's fields to one call on the engine.
 *
 * 1. The first line that is not blank is the head where it has no `at`; its defaults hold otherwise.
 * 2. What a step's texts point to is the parser's or reader->id, and lives until the next line.
 * 3. reader->partition_count follows the `start` lines, so that each names the partition it adds.
 */
#include "codec/trace.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/text_form.h"
#include "codec/time_text.h"
#include "codec/trace_json.h"
#include "core/limits.h"
#include "recon/status.h"

struct recon_trace_reader {
    uint8_t seed[RECON_SEED_SIZE_BYTES];
    bool has_begun; /* a line that is not blank was read */
    struct recon_trace_head head;
    uint32_t partition_count[RECON_STREAM_COUNT];
    struct recon_partition_name *names[RECON_STREAM_COUNT]; /* owned, topics too; head.names borrows them */
    struct recon_trace_json *json;
    struct recon_buffer id; /* an ID that was made from fields or from an integer */
    struct recon_trace_value values[RECON_TRACE_FIELD_COUNT];
    const struct recon_trace_value *items;
    char error[256];
};

static int fault(struct recon_trace_reader *reader, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int fault(struct recon_trace_reader *reader, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reader->error, sizeof reader->error, format, arguments);
    va_end(arguments);
    return RECON_ERROR_INVALID;
}

int recon_trace_reader_new(const uint8_t seed[RECON_SEED_SIZE_BYTES], bool source_in_identity,
                           struct recon_trace_reader **reader)
{
    struct recon_trace_reader *made = calloc(1, sizeof *made);
    if (made == NULL)
        return RECON_ERROR_MEMORY;
    made->json = recon_trace_json_new();
    if (made->json == NULL) {
        free(made);
        return RECON_ERROR_MEMORY;
    }
    memcpy(made->seed, seed, sizeof made->seed);
    made->head.source_in_identity = source_in_identity;
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
        made->head.partition_count[stream] = made->partition_count[stream] = 1;
    recon_buffer_init(&made->id);
    *reader = made;
    return RECON_OK;
}

void recon_trace_reader_free(struct recon_trace_reader *reader)
{
    if (reader == NULL)
        return;
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++) {
        for (uint32_t i = 0; reader->names[stream] != NULL && i < reader->head.partition_count[stream]; i++)
            free((char *)reader->names[stream][i].topic);
        free(reader->names[stream]);
    }
    recon_buffer_deinit(&reader->id);
    recon_trace_json_free(reader->json);
    free(reader);
}

const struct recon_trace_head *recon_trace_reader_head(const struct recon_trace_reader *reader)
{
    return &reader->head;
}

const char *recon_trace_reader_error(const struct recon_trace_reader *reader)
{
    return reader->error;
}

/* --- fields ---------------------------------------------------------------------------------------------------- */

static bool is_text(const struct recon_trace_value *value, const char *text)
{
    const size_t size = strlen(text);
    return value->kind == RECON_TRACE_TEXT && value->text.size == size && memcmp(value->text.bytes, text, size) == 0;
}

static bool is_absent(const struct recon_trace_reader *reader, enum recon_trace_field field)
{
    return reader->values[field].kind == RECON_TRACE_ABSENT;
}

/* Absent: leaves *number and *has_value. */
static int integer_read(struct recon_trace_reader *reader, enum recon_trace_field field, int64_t min, int64_t max,
                        int64_t *number, bool *has_value)
{
    const struct recon_trace_value *value = &reader->values[field];
    if (value->kind == RECON_TRACE_ABSENT)
        return RECON_OK;
    if (value->kind != RECON_TRACE_INTEGER || value->integer < min || value->integer > max)
        return fault(reader, "`%s` must be a whole number from %" PRId64 " to %" PRId64, recon_trace_field_names[field],
                     min, max);
    *number = value->integer;
    *has_value = true;
    return RECON_OK;
}

static int time_read(struct recon_trace_reader *reader, enum recon_trace_field field, int64_t *time_ms, bool *has_value)
{
    const struct recon_trace_value *value = &reader->values[field];
    if (value->kind == RECON_TRACE_ABSENT)
        return RECON_OK;
    if (value->kind == RECON_TRACE_INTEGER)
        *time_ms = value->integer;
    else if (value->kind != RECON_TRACE_TEXT || !recon_time_parse(value->text.bytes, value->text.size, NULL, time_ms))
        return fault(reader, "`%s` must be a whole number of milliseconds or a time like 2013-02-08T11:00:00Z",
                     recon_trace_field_names[field]);
    *has_value = true;
    return RECON_OK;
}

/* Absent or empty: leaves *text as it is. */
static int text_read(struct recon_trace_reader *reader, enum recon_trace_field field, uint32_t size_max,
                     struct recon_text *text)
{
    const struct recon_trace_value *value = &reader->values[field];
    if (value->kind == RECON_TRACE_ABSENT)
        return RECON_OK;
    if (value->kind != RECON_TRACE_TEXT)
        return fault(reader, "`%s` must be a text", recon_trace_field_names[field]);
    if (value->text.size > size_max)
        return fault(reader, "`%s` is longer than %" PRIu32 " bytes", recon_trace_field_names[field], size_max);
    if (value->text.size > 0)
        *text = value->text;
    return RECON_OK;
}

static int flag_read(struct recon_trace_reader *reader, enum recon_trace_field field, bool *flag)
{
    const struct recon_trace_value *value = &reader->values[field];
    if (value->kind != RECON_TRACE_ABSENT && value->kind != RECON_TRACE_BOOLEAN)
        return fault(reader, "`%s` must be true", recon_trace_field_names[field]);
    *flag = value->boolean;
    return RECON_OK;
}

/* One field of an ID as a text; digits are laid down in reader->id, which must have the room. False: it is none. */
static bool id_part_read(struct recon_trace_reader *reader, const struct recon_trace_value *value,
                         struct recon_text *part)
{
    char *digits = reader->id.bytes + reader->id.size;
    char *end;
    switch (value->kind) {
    case RECON_TRACE_TEXT:
        *part = value->text;
        return part->size > 0;
    case RECON_TRACE_INTEGER:
        end = recon_integer_write(digits, value->integer);
        break;
    case RECON_TRACE_UNSIGNED:
        end = recon_unsigned_write(digits, value->number);
        break;
    default:
        return false;
    }
    *part = (struct recon_text){digits, (uint32_t)(end - digits)};
    reader->id.size += part->size;
    return true;
}

static int id_fault(struct recon_trace_reader *reader)
{
    return fault(reader, "`id` must be a text, a whole number, or a list of up to %d of these, none of them empty",
                 RECON_ID_FIELD_COUNT_MAX);
}

/* Joins the parts of a composite ID behind the digits in reader->id. */
static int id_join(struct recon_trace_reader *reader, struct recon_trace_step *step)
{
    char *start = reader->id.bytes + reader->id.size;
    char *out = start;
    for (size_t i = 0; i < step->id_part_count; i++) {
        if (i > 0)
            *out++ = '|';
        memcpy(out, step->id_parts[i].bytes, step->id_parts[i].size);
        out += step->id_parts[i].size;
    }
    step->record.id = (struct recon_text){start, (uint32_t)(out - start)};
    return RECON_OK;
}

/* Leaves the step without an ID where there is none. */
static int id_read(struct recon_trace_reader *reader, struct recon_trace_step *step)
{
    const struct recon_trace_value *value = &reader->values[RECON_TRACE_ID];
    if (value->kind == RECON_TRACE_ABSENT || is_text(value, ""))
        return RECON_OK;
    const bool is_list = value->kind == RECON_TRACE_LIST;
    const size_t count = is_list ? value->item_count : 1;
    if (count == 0 || count > RECON_ID_FIELD_COUNT_MAX)
        return id_fault(reader);
    reader->id.size = 0;
    int status = recon_buffer_reserve(&reader->id, RECON_ID_FIELD_COUNT_MAX * RECON_INTEGER_SIZE_MAX);
    if (status != RECON_OK)
        return status;
    size_t size = count - 1;
    for (size_t i = 0; i < count; i++) {
        if (!id_part_read(reader, is_list ? &reader->items[value->item_first + i] : value, &step->id_parts[i]))
            return id_fault(reader);
        size += step->id_parts[i].size;
    }
    if (size > RECON_ID_SIZE_BYTES_MAX)
        return fault(reader, "`id` is longer than %d bytes", RECON_ID_SIZE_BYTES_MAX);
    if (count == 1) {
        step->record.id = step->id_parts[0];
        return RECON_OK;
    }
    /* The room was made for the digits, which must not move: parts point to them. */
    step->id_part_count = count;
    const char *before = reader->id.bytes;
    status = recon_buffer_reserve(&reader->id, size);
    if (status != RECON_OK)
        return status;
    for (size_t i = 0; i < count && before != reader->id.bytes; i++)
        if ((is_list ? reader->items[value->item_first + i] : *value).kind != RECON_TRACE_TEXT)
            step->id_parts[i].bytes = reader->id.bytes + (step->id_parts[i].bytes - before);
    return id_join(reader, step);
}

/* --- the first line -------------------------------------------------------------------------------------------- */

/* `orders/0`: topic orders, partition 0. */
static int name_read(struct recon_trace_reader *reader, const struct recon_trace_value *value,
                     struct recon_partition_name *name)
{
    const char *bytes = value->text.bytes;
    size_t slash = value->kind == RECON_TRACE_TEXT ? value->text.size : 0;
    while (slash > 0 && bytes[slash - 1] != '/')
        slash--;
    uint64_t partition = 0;
    bool is_name = slash > 1 && slash < value->text.size;
    for (size_t i = slash; is_name && i < value->text.size; i++) {
        is_name = bytes[i] >= '0' && bytes[i] <= '9' && partition <= UINT32_MAX;
        partition = partition * 10 + (uint64_t)(bytes[i] - '0');
    }
    if (!is_name || partition > UINT32_MAX || memchr(bytes, 0, slash) != NULL)
        return fault(reader, "`partitions`: a name must be a topic and a number, like \"orders/0\"");
    char *topic = malloc(slash);
    if (topic == NULL)
        return RECON_ERROR_MEMORY;
    memcpy(topic, bytes, slash - 1);
    topic[slash - 1] = '\0';
    *name = (struct recon_partition_name){topic, (uint32_t)partition};
    return RECON_OK;
}

static int names_read(struct recon_trace_reader *reader, int stream, const struct recon_trace_value *list)
{
    const uint32_t count = (uint32_t)list->item_count;
    reader->head.partition_count[stream] = 0;
    reader->names[stream] = calloc(count > 0 ? count : 1, sizeof *reader->names[stream]);
    if (reader->names[stream] == NULL)
        return RECON_ERROR_MEMORY;
    reader->head.names[stream] = reader->names[stream];
    for (uint32_t i = 0; i < count; i++) {
        const int status = name_read(reader, &reader->items[list->item_first + i], &reader->names[stream][i]);
        if (status != RECON_OK)
            return status;
        reader->head.partition_count[stream]++;
    }
    return RECON_OK;
}

static int partitions_read(struct recon_trace_reader *reader, int stream, enum recon_trace_field field)
{
    const struct recon_trace_value *value = &reader->values[field];
    int status = RECON_OK;
    if (value->kind == RECON_TRACE_LIST && value->item_count <= RECON_PARTITION_COUNT_MAX) {
        status = names_read(reader, stream, value);
    } else if (value->kind == RECON_TRACE_INTEGER && value->integer >= 0 &&
               value->integer <= RECON_PARTITION_COUNT_MAX) {
        reader->head.partition_count[stream] = (uint32_t)value->integer;
    } else if (value->kind != RECON_TRACE_ABSENT) {
        return fault(reader, "`%s` must be a number up to %d or a list of names like \"orders/0\"",
                     recon_trace_field_names[field], RECON_PARTITION_COUNT_MAX);
    }
    reader->partition_count[stream] = reader->head.partition_count[stream];
    return status;
}

static int head_read(struct recon_trace_reader *reader, struct recon_trace_step *step)
{
    const struct recon_trace_value *partitions = &reader->values[RECON_TRACE_PARTITIONS];
    const struct recon_trace_value *identity = &reader->values[RECON_TRACE_IDENTITY];
    if (partitions->kind == RECON_TRACE_ABSENT && identity->kind == RECON_TRACE_ABSENT)
        return fault(reader, "a line must say `at`; the first one may say `partitions` and `identity` instead");
    if (partitions->kind != RECON_TRACE_ABSENT && partitions->kind != RECON_TRACE_OBJECT)
        return fault(reader, "`partitions` must be an object with `audit` and `events`");
    if (identity->kind != RECON_TRACE_ABSENT) {
        const bool has_source = is_text(identity, "source,id");
        if (!has_source && !is_text(identity, "id"))
            return fault(reader, "`identity` must be \"id\" or \"source,id\"");
        reader->head.has_identity = true;
        reader->head.source_in_identity = has_source;
    }
    int status = partitions_read(reader, RECON_STREAM_AUDIT, RECON_TRACE_PARTITIONS_AUDIT);
    if (status == RECON_OK)
        status = partitions_read(reader, RECON_STREAM_EVENTS, RECON_TRACE_PARTITIONS_EVENTS);
    step->kind = RECON_TRACE_HEAD;
    return status;
}

/* --- the other lines ------------------------------------------------------------------------------------------- */

static int reason_read(struct recon_trace_reader *reader, struct recon_record *record)
{
    for (int reason = RECON_REASON_MALFORMED; reason < RECON_REASON_FUTURE; reason++) {
        if (is_text(&reader->values[RECON_TRACE_REJECTED], recon_reason_name(reason))) {
            record->reason = (uint8_t)reason;
            return RECON_OK;
        }
    }
    return fault(reader, "`rejected` must be malformed, unmapped, no_id, no_source or no_time");
}

static void key_make(struct recon_trace_reader *reader, struct recon_trace_step *step)
{
    struct recon_text parts[1 + RECON_ID_FIELD_COUNT_MAX];
    size_t count = 0;
    if (reader->head.source_in_identity)
        parts[count++] = step->record.source;
    if (step->id_part_count == 0)
        parts[count++] = step->record.id;
    for (size_t i = 0; i < step->id_part_count; i++)
        parts[count++] = step->id_parts[i];
    step->record.key = recon_key_hash(reader->seed, parts, count);
}

/* A record, a heartbeat, or one that could not be read. */
static int record_read(struct recon_trace_reader *reader, struct recon_trace_step *step, bool is_heartbeat)
{
    struct recon_record *record = &step->record;
    const bool is_rejected = !is_absent(reader, RECON_TRACE_REJECTED);
    step->kind = RECON_TRACE_RECORD;
    record->kind = is_heartbeat ? RECON_KIND_HEARTBEAT : is_rejected ? RECON_KIND_REJECTED : RECON_KIND_RECORD;
    int status = time_read(reader, RECON_TRACE_TIME, &record->time, &record->has_time);
    if (status != RECON_OK)
        return status;
    if (is_heartbeat)
        return record->has_time ? RECON_OK : fault(reader, "a heartbeat must have a `time`");
    if (is_rejected && (status = reason_read(reader, record)) != RECON_OK)
        return status;
    if ((status = id_read(reader, step)) != RECON_OK ||
        (status = text_read(reader, RECON_TRACE_SOURCE, RECON_SOURCE_SIZE_BYTES_MAX, &record->source)) != RECON_OK ||
        (status = integer_read(reader, RECON_TRACE_OFFSET, INT64_MIN, INT64_MAX, &record->offset,
                               &record->has_offset)) != RECON_OK)
        return status;
    if (is_rejected)
        return RECON_OK;
    if (record->stream == RECON_STREAM_AUDIT &&
        ((status = time_read(reader, RECON_TRACE_EMITTED, &record->emitted_time, &record->has_emitted_time)) !=
             RECON_OK ||
         (status = text_read(reader, RECON_TRACE_CONTEXT, RECON_CONTEXT_SIZE_BYTES_MAX, &record->context)) != RECON_OK))
        return status;
    if (record->id.size == 0)
        return fault(reader, "a record must have an `id` (say `rejected` where it had none)");
    if (reader->head.source_in_identity && record->source.size == 0)
        return fault(reader, "a record must have a `source`, for it is part of the identity");
    key_make(reader, step);
    return RECON_OK;
}

/* Which of the kinds that exclude one another the line says; FIELD_COUNT: none of them. */
static int kind_read(struct recon_trace_reader *reader, enum recon_trace_field *kind)
{
    static const enum recon_trace_field flags[] = {RECON_TRACE_HEARTBEAT, RECON_TRACE_ALIVE_FLAG,
                                                   RECON_TRACE_START_FLAG, RECON_TRACE_END_FLAG};
    *kind = is_absent(reader, RECON_TRACE_REJECTED) ? RECON_TRACE_FIELD_COUNT : RECON_TRACE_REJECTED;
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        bool is_set = false;
        const int status = flag_read(reader, flags[i], &is_set);
        if (status != RECON_OK)
            return status;
        if (is_set && *kind != RECON_TRACE_FIELD_COUNT)
            return fault(reader, "a line can't say both `%s` and `%s`", recon_trace_field_names[*kind],
                         recon_trace_field_names[flags[i]]);
        if (is_set)
            *kind = flags[i];
    }
    return RECON_OK;
}

static int start_read(struct recon_trace_reader *reader, struct recon_trace_step *step)
{
    const uint32_t next = reader->partition_count[step->record.stream];
    step->kind = RECON_TRACE_START;
    if (is_absent(reader, RECON_TRACE_PARTITION))
        step->record.partition = next;
    if (step->record.partition != next)
        return fault(reader, "`start` adds the next partition, which is %" PRIu32, next);
    if (next >= RECON_PARTITION_COUNT_MAX)
        return fault(reader, "a stream has at most %d partitions", RECON_PARTITION_COUNT_MAX);
    reader->partition_count[step->record.stream]++;
    return RECON_OK;
}

/* A line without `stream` moves the clock alone, and must not look like one where it was forgotten. */
static int clock_read(struct recon_trace_reader *reader, struct recon_trace_step *step)
{
    step->kind = RECON_TRACE_CLOCK;
    for (enum recon_trace_field field = RECON_TRACE_PARTITION; field <= RECON_TRACE_END_FLAG; field++)
        if (!is_absent(reader, field))
            return fault(reader, "a line with `%s` must say `stream`", recon_trace_field_names[field]);
    return RECON_OK;
}

static int step_read(struct recon_trace_reader *reader, struct recon_trace_step *step)
{
    struct recon_record *record = &step->record;
    int64_t partition = 0;
    bool has_at = false;
    bool has_partition = false;
    enum recon_trace_field kind;
    int status = integer_read(reader, RECON_TRACE_AT, INT64_MIN, INT64_MAX, &step->at, &has_at);
    if (status != RECON_OK || (status = kind_read(reader, &kind)) != RECON_OK)
        return status;
    if (!has_at)
        return fault(reader, "a line must say `at`");
    if (is_absent(reader, RECON_TRACE_STREAM))
        return clock_read(reader, step);
    if (is_text(&reader->values[RECON_TRACE_STREAM], recon_stream_name(RECON_STREAM_EVENTS)))
        record->stream = RECON_STREAM_EVENTS;
    else if (!is_text(&reader->values[RECON_TRACE_STREAM], recon_stream_name(RECON_STREAM_AUDIT)))
        return fault(reader, "`stream` must be \"audit\" or \"events\"");
    status = integer_read(reader, RECON_TRACE_PARTITION, 0, UINT32_MAX, &partition, &has_partition);
    if (status != RECON_OK)
        return status;
    record->partition = (uint32_t)partition;
    switch (kind) {
    case RECON_TRACE_ALIVE_FLAG:
        step->kind = RECON_TRACE_ALIVE;
        return RECON_OK;
    case RECON_TRACE_END_FLAG:
        step->kind = RECON_TRACE_END;
        return RECON_OK;
    case RECON_TRACE_START_FLAG:
        return start_read(reader, step);
    default:
        return record_read(reader, step, kind == RECON_TRACE_HEARTBEAT);
    }
}

static bool is_blank(const char *line, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r' && line[i] != '\n')
            return false;
    return true;
}

int recon_trace_reader_line(struct recon_trace_reader *reader, const char *line, size_t size,
                            struct recon_trace_step *step)
{
    *step = (struct recon_trace_step){.kind = RECON_TRACE_BLANK};
    if (!reader->has_begun && size >= 3 && memcmp(line, "\xEF\xBB\xBF", 3) == 0) {
        line += 3;
        size -= 3;
    }
    if (is_blank(line, size))
        return RECON_OK;
    const bool is_first = !reader->has_begun;
    reader->has_begun = true;
    const char *message = NULL;
    enum recon_trace_field twice;
    const int status =
        recon_trace_json_parse(reader->json, line, size, reader->values, &reader->items, &message, &twice);
    if (status == RECON_ERROR_INVALID && twice != RECON_TRACE_FIELD_COUNT)
        return fault(reader, "`%s` comes twice", recon_trace_field_names[twice]);
    if (status == RECON_ERROR_INVALID)
        return fault(reader, "not a line of a trace: %s", message);
    if (status != RECON_OK)
        return status;
    if (is_first && is_absent(reader, RECON_TRACE_AT))
        return head_read(reader, step);
    if (!is_absent(reader, RECON_TRACE_PARTITIONS) || !is_absent(reader, RECON_TRACE_IDENTITY))
        return fault(reader, "`partitions` and `identity` stand in the first line, which has no `at`");
    return step_read(reader, step);
}

/* --- the engine ------------------------------------------------------------------------------------------------ */

int recon_trace_reader_clock(struct recon_trace_reader *reader, struct recon_engine *engine,
                             const struct recon_trace_step *step)
{
    const int status = recon_engine_clock(engine, step->at);
    if (status == RECON_ERROR_CLOCK)
        fault(reader, "`at` is %" PRId64 ", but the clock stood later before", step->at);
    else if (status != RECON_OK)
        fault(reader, "%s", recon_status_text(status));
    return status;
}

int recon_trace_reader_apply(struct recon_trace_reader *reader, struct recon_engine *engine,
                             const struct recon_trace_step *step)
{
    const struct recon_record *record = &step->record;
    const char *stream = recon_stream_name(record->stream);
    uint32_t added = record->partition;
    size_t handled = 0;
    int status = RECON_OK;
    switch (step->kind) {
    case RECON_TRACE_RECORD:
        status = recon_engine_records(engine, record, 1, &handled);
        break;
    case RECON_TRACE_ALIVE:
        status = recon_engine_alive(engine, record->stream, record->partition);
        break;
    case RECON_TRACE_START:
        status = recon_engine_partition_add(engine, record->stream, &added);
        assert(status != RECON_OK || added == record->partition);
        break;
    case RECON_TRACE_END:
        status = recon_engine_partition_end(engine, record->stream, record->partition);
        break;
    case RECON_TRACE_BLANK:
    case RECON_TRACE_HEAD:
    case RECON_TRACE_CLOCK:
        break;
    }
    if (status == RECON_ERROR_PARTITION)
        fault(reader, "`%s` has no partition %" PRIu32, stream, record->partition);
    else if (status == RECON_ERROR_ENDED)
        fault(reader, "partition %" PRIu32 " of `%s` has ended", record->partition, stream);
    else if (status != RECON_OK)
        fault(reader, "%s", recon_status_text(status));
    return status;
}
