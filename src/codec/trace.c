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
#include <stdlib.h>
#include <string.h>

#include "codec/trace_state.h"
#include "core/limits.h"
#include "recon/status.h"

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

/* --- the other lines ------------------------------------------------------------------------------------------- */

static int reason_read(struct recon_trace_reader *reader, struct recon_record *record)
{
    for (int reason = RECON_REASON_MALFORMED; reason < RECON_REASON_FUTURE; reason++) {
        if (recon_trace_value_is(&reader->values[RECON_TRACE_REJECTED], recon_reason_name(reason))) {
            record->reason = (uint8_t)reason;
            return RECON_OK;
        }
    }
    return recon_trace_fault(reader, "`rejected` must be malformed, unmapped, no_id, no_source or no_time");
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
    const bool is_rejected = !recon_trace_is_absent(reader, RECON_TRACE_REJECTED);
    step->kind = RECON_TRACE_RECORD;
    record->kind = is_heartbeat ? RECON_KIND_HEARTBEAT : is_rejected ? RECON_KIND_REJECTED : RECON_KIND_RECORD;
    int status = recon_trace_time_read(reader, RECON_TRACE_TIME, &record->time, &record->has_time);
    if (status != RECON_OK)
        return status;
    if (is_heartbeat)
        return record->has_time ? RECON_OK : recon_trace_fault(reader, "a heartbeat must have a `time`");
    if (is_rejected && (status = reason_read(reader, record)) != RECON_OK)
        return status;
    if ((status = recon_trace_id_read(reader, step)) != RECON_OK ||
        (status = recon_trace_text_read(reader, RECON_TRACE_SOURCE, RECON_SOURCE_SIZE_BYTES_MAX, &record->source)) !=
            RECON_OK ||
        (status = recon_trace_integer_read(reader, RECON_TRACE_OFFSET, INT64_MIN, INT64_MAX, &record->offset,
                                           &record->has_offset)) != RECON_OK)
        return status;
    if (is_rejected)
        return RECON_OK;
    if (record->stream == RECON_STREAM_AUDIT &&
        ((status = recon_trace_time_read(reader, RECON_TRACE_EMITTED, &record->emitted_time,
                                         &record->has_emitted_time)) != RECON_OK ||
         (status = recon_trace_text_read(reader, RECON_TRACE_CONTEXT, RECON_CONTEXT_SIZE_BYTES_MAX,
                                         &record->context)) != RECON_OK))
        return status;
    if (record->id.size == 0)
        return recon_trace_fault(reader, "a record must have an `id` (say `rejected` where it had none)");
    if (reader->head.source_in_identity && record->source.size == 0) {
        /* As a decoder does where the source is part of the identity and is not there. */
        record->kind = RECON_KIND_REJECTED;
        record->reason = RECON_REASON_NO_SOURCE;
        record->has_emitted_time = false;
        record->emitted_time = 0;
        record->context = (struct recon_text){0};
        return RECON_OK;
    }
    key_make(reader, step);
    return RECON_OK;
}

/* Which of the kinds that exclude one another the line says; FIELD_COUNT: none of them. */
static int kind_read(struct recon_trace_reader *reader, enum recon_trace_field *kind)
{
    static const enum recon_trace_field flags[] = {RECON_TRACE_HEARTBEAT, RECON_TRACE_ALIVE_FLAG,
                                                   RECON_TRACE_START_FLAG, RECON_TRACE_END_FLAG};
    *kind = recon_trace_is_absent(reader, RECON_TRACE_REJECTED) ? RECON_TRACE_FIELD_COUNT : RECON_TRACE_REJECTED;
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        bool is_set = false;
        const int status = recon_trace_flag_read(reader, flags[i], &is_set);
        if (status != RECON_OK)
            return status;
        if (is_set && *kind != RECON_TRACE_FIELD_COUNT)
            return recon_trace_fault(reader, "a line can't say both `%s` and `%s`", recon_trace_field_names[*kind],
                                     recon_trace_field_names[flags[i]]);
        if (is_set)
            *kind = flags[i];
    }
    return RECON_OK;
}

/* A line of another kind must not look like a record that would then be lost. */
static int record_fields_refuse(struct recon_trace_reader *reader, enum recon_trace_field kind)
{
    static const enum recon_trace_field fields[] = {RECON_TRACE_ID,      RECON_TRACE_SOURCE,  RECON_TRACE_TIME,
                                                    RECON_TRACE_EMITTED, RECON_TRACE_CONTEXT, RECON_TRACE_OFFSET};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const bool is_heartbeats = fields[i] != RECON_TRACE_ID && fields[i] != RECON_TRACE_EMITTED;
        if (!recon_trace_is_absent(reader, fields[i]) && !(kind == RECON_TRACE_HEARTBEAT && is_heartbeats))
            return recon_trace_fault(reader, "a line with `%s` is no record and can't say `%s`",
                                     recon_trace_field_names[kind], recon_trace_field_names[fields[i]]);
    }
    return RECON_OK;
}

static int start_read(struct recon_trace_reader *reader, struct recon_trace_step *step)
{
    const uint32_t next = reader->partition_count[step->record.stream];
    step->kind = RECON_TRACE_START;
    if (recon_trace_is_absent(reader, RECON_TRACE_PARTITION))
        step->record.partition = next;
    if (step->record.partition != next)
        return recon_trace_fault(reader, "`start` adds the next partition, which is %" PRIu32, next);
    if (next >= RECON_PARTITION_COUNT_MAX)
        return recon_trace_fault(reader, "a stream has at most %d partitions", RECON_PARTITION_COUNT_MAX);
    reader->partition_count[step->record.stream]++;
    return RECON_OK;
}

/* A line without `stream` moves the clock alone, and must not look like one where it was forgotten. */
static int clock_read(struct recon_trace_reader *reader, struct recon_trace_step *step)
{
    step->kind = RECON_TRACE_CLOCK;
    for (enum recon_trace_field field = RECON_TRACE_PARTITION; field <= RECON_TRACE_END_FLAG; field++)
        if (!recon_trace_is_absent(reader, field))
            return recon_trace_fault(reader, "a line with `%s` must say `stream`", recon_trace_field_names[field]);
    return RECON_OK;
}

static int step_read(struct recon_trace_reader *reader, struct recon_trace_step *step)
{
    struct recon_record *record = &step->record;
    int64_t partition = 0;
    bool has_at = false;
    bool has_partition = false;
    enum recon_trace_field kind;
    int status = recon_trace_integer_read(reader, RECON_TRACE_AT, INT64_MIN, INT64_MAX, &step->at, &has_at);
    if (status != RECON_OK || (status = kind_read(reader, &kind)) != RECON_OK)
        return status;
    if (!has_at)
        return recon_trace_fault(reader, "a line must say `at`");
    if (recon_trace_is_absent(reader, RECON_TRACE_STREAM))
        return clock_read(reader, step);
    if (recon_trace_value_is(&reader->values[RECON_TRACE_STREAM], recon_stream_name(RECON_STREAM_EVENTS)))
        record->stream = RECON_STREAM_EVENTS;
    else if (!recon_trace_value_is(&reader->values[RECON_TRACE_STREAM], recon_stream_name(RECON_STREAM_AUDIT)))
        return recon_trace_fault(reader, "`stream` must be \"audit\" or \"events\"");
    status = recon_trace_integer_read(reader, RECON_TRACE_PARTITION, 0, UINT32_MAX, &partition, &has_partition);
    if (status != RECON_OK)
        return status;
    record->partition = (uint32_t)partition;
    if (kind != RECON_TRACE_FIELD_COUNT && kind != RECON_TRACE_REJECTED &&
        (status = record_fields_refuse(reader, kind)) != RECON_OK)
        return status;
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
        return recon_trace_fault(reader, "`%s` comes twice", recon_trace_field_names[twice]);
    if (status == RECON_ERROR_INVALID)
        return recon_trace_fault(reader, "not a line of a trace: %s", message);
    if (status != RECON_OK)
        return status;
    if (is_first && recon_trace_is_absent(reader, RECON_TRACE_AT))
        return recon_trace_head_read(reader, step);
    if (!recon_trace_is_absent(reader, RECON_TRACE_PARTITIONS) || !recon_trace_is_absent(reader, RECON_TRACE_IDENTITY))
        return recon_trace_fault(reader, "`partitions` and `identity` stand in the first line, which has no `at`");
    return step_read(reader, step);
}

/* --- the engine ------------------------------------------------------------------------------------------------ */

int recon_trace_reader_clock(struct recon_trace_reader *reader, struct recon_engine *engine,
                             const struct recon_trace_step *step)
{
    const int status = recon_engine_clock(engine, step->at);
    if (status == RECON_ERROR_CLOCK)
        recon_trace_fault(reader, "`at` is %" PRId64 ", but the clock stood later before", step->at);
    else if (status != RECON_OK)
        recon_trace_fault(reader, "%s", recon_status_text(status));
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
        recon_trace_fault(reader, "`%s` has no partition %" PRIu32, stream, record->partition);
    else if (status == RECON_ERROR_ENDED)
        recon_trace_fault(reader, "partition %" PRIu32 " of `%s` has ended", record->partition, stream);
    else if (status != RECON_OK)
        recon_trace_fault(reader, "%s", recon_status_text(status));
    return status;
}
