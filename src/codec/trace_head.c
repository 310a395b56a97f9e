/*
 * A trace's first line: how many partitions there are, what they are called, and what an identity is.
 */
#include <stdlib.h>
#include <string.h>

#include "codec/trace_state.h"
#include "core/limits.h"
#include "recon/status.h"

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
        return recon_trace_fault(reader, "`partitions`: a name must be a topic and a number, like \"orders/0\"");
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
        return recon_trace_fault(reader, "`%s` must be a number up to %d or a list of names like \"orders/0\"",
                                 recon_trace_field_names[field], RECON_PARTITION_COUNT_MAX);
    }
    reader->partition_count[stream] = reader->head.partition_count[stream];
    return status;
}

int recon_trace_head_read(struct recon_trace_reader *reader, struct recon_trace_step *step)
{
    const struct recon_trace_value *partitions = &reader->values[RECON_TRACE_PARTITIONS];
    const struct recon_trace_value *identity = &reader->values[RECON_TRACE_IDENTITY];
    if (partitions->kind == RECON_TRACE_ABSENT && identity->kind == RECON_TRACE_ABSENT)
        return recon_trace_fault(reader,
                                 "a line must say `at`; the first one may say `partitions` and `identity` instead");
    if (partitions->kind != RECON_TRACE_ABSENT && partitions->kind != RECON_TRACE_OBJECT)
        return recon_trace_fault(reader, "`partitions` must be an object with `audit` and `events`");
    if (identity->kind != RECON_TRACE_ABSENT) {
        const bool has_source = recon_trace_value_is(identity, "source,id");
        if (!has_source && !recon_trace_value_is(identity, "id"))
            return recon_trace_fault(reader, "`identity` must be \"id\" or \"source,id\"");
        reader->head.has_identity = true;
        reader->head.source_in_identity = has_source;
    }
    int status = partitions_read(reader, RECON_STREAM_AUDIT, RECON_TRACE_PARTITIONS_AUDIT);
    if (status == RECON_OK)
        status = partitions_read(reader, RECON_STREAM_EVENTS, RECON_TRACE_PARTITIONS_EVENTS);
    step->kind = RECON_TRACE_HEAD;
    return status;
}
