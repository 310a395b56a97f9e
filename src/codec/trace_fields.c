/*
 * A trace's fields by their types.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "codec/id_text.h"
#include "codec/text_form.h"
#include "codec/time_text.h"
#include "codec/trace_state.h"
#include "core/limits.h"
#include "recon/status.h"

int recon_trace_fault(struct recon_trace_reader *reader, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reader->error, sizeof reader->error, format, arguments);
    va_end(arguments);
    return RECON_ERROR_INVALID;
}

bool recon_trace_value_is(const struct recon_trace_value *value, const char *text)
{
    const size_t size = strlen(text);
    return value->kind == RECON_TRACE_TEXT && value->text.size == size && memcmp(value->text.bytes, text, size) == 0;
}

bool recon_trace_is_absent(const struct recon_trace_reader *reader, enum recon_trace_field field)
{
    return reader->values[field].kind == RECON_TRACE_ABSENT;
}

int recon_trace_integer_read(struct recon_trace_reader *reader, enum recon_trace_field field, int64_t min, int64_t max,
                             int64_t *number, bool *has_value)
{
    const struct recon_trace_value *value = &reader->values[field];
    if (value->kind == RECON_TRACE_ABSENT)
        return RECON_OK;
    if (value->kind != RECON_TRACE_INTEGER || value->integer < min || value->integer > max)
        return recon_trace_fault(reader, "`%s` must be a whole number from %" PRId64 " to %" PRId64,
                                 recon_trace_field_names[field], min, max);
    *number = value->integer;
    *has_value = true;
    return RECON_OK;
}

int recon_trace_time_read(struct recon_trace_reader *reader, enum recon_trace_field field, int64_t *time_ms,
                          bool *has_value)
{
    const struct recon_trace_value *value = &reader->values[field];
    if (value->kind == RECON_TRACE_ABSENT)
        return RECON_OK;
    if (value->kind == RECON_TRACE_INTEGER)
        *time_ms = value->integer;
    else if (value->kind != RECON_TRACE_TEXT || !recon_time_parse(value->text.bytes, value->text.size, NULL, time_ms))
        return recon_trace_fault(reader,
                                 "`%s` must be a whole number of milliseconds or a time like 2013-02-08T11:00:00Z",
                                 recon_trace_field_names[field]);
    *has_value = true;
    return RECON_OK;
}

int recon_trace_text_read(struct recon_trace_reader *reader, enum recon_trace_field field, uint32_t size_max,
                          struct recon_text *text)
{
    const struct recon_trace_value *value = &reader->values[field];
    if (value->kind == RECON_TRACE_ABSENT)
        return RECON_OK;
    if (value->kind != RECON_TRACE_TEXT)
        return recon_trace_fault(reader, "`%s` must be a text", recon_trace_field_names[field]);
    if (value->text.size > size_max)
        return recon_trace_fault(reader, "`%s` is longer than %" PRIu32 " bytes", recon_trace_field_names[field],
                                 size_max);
    if (value->text.size > 0)
        *text = value->text;
    return RECON_OK;
}

int recon_trace_flag_read(struct recon_trace_reader *reader, enum recon_trace_field field, bool *flag)
{
    const struct recon_trace_value *value = &reader->values[field];
    if (value->kind != RECON_TRACE_ABSENT && value->kind != RECON_TRACE_BOOLEAN)
        return recon_trace_fault(reader, "`%s` must be true", recon_trace_field_names[field]);
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
    return recon_trace_fault(reader,
                             "`id` must be a text, a whole number, or a list of up to %d of these, none of them empty",
                             RECON_ID_FIELD_COUNT_MAX);
}

/* Joins the parts of a composite ID behind the digits in reader->id. */
static int id_join(struct recon_trace_reader *reader, struct recon_trace_step *step)
{
    char *start = reader->id.bytes + reader->id.size;
    char *out = start;
    const char joint = recon_id_joint(step->id_parts, step->id_part_count);
    for (size_t i = 0; i < step->id_part_count; i++) {
        if (i > 0)
            *out++ = joint;
        memcpy(out, step->id_parts[i].bytes, step->id_parts[i].size);
        out += step->id_parts[i].size;
    }
    step->record.id = (struct recon_text){start, (uint32_t)(out - start)};
    return RECON_OK;
}

int recon_trace_id_read(struct recon_trace_reader *reader, struct recon_trace_step *step)
{
    const struct recon_trace_value *value = &reader->values[RECON_TRACE_ID];
    if (value->kind == RECON_TRACE_ABSENT || recon_trace_value_is(value, ""))
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
        return recon_trace_fault(reader, "`id` is longer than %d bytes", RECON_ID_SIZE_BYTES_MAX);
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
