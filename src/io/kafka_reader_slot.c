/*
 * See kafka_reader.h: what came of a slot, taken by the thread that the slot is of.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/kafka_reader_private.h"
#include "recon/status.h"

#define HEADER_COUNT_MAX 4096

/* What a broker that is away, slow or changing says, or one that does not let us read yet: it may pass. */
bool recon_kafka_may_pass(rd_kafka_resp_err_t code)
{
    switch (code) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
    case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
    case RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
        return true;
    default:
        return false;
    }
}

static int lost(const struct recon_kafka_slot *slot, const char *why, struct recon_kafka_taken *taken)
{
    int64_t first = -1;
    int64_t end = -1;
    taken->is_lost = true;
    rd_kafka_query_watermark_offsets(slot->client->kafka, slot->topic, slot->partition, &first, &end, 5000);
    snprintf(
        taken->error, sizeof taken->error,
        "topic %s, partition %d: reading was to go on at offset %lld, which is not there any more (the topic has %lld "
        "to %lld; %s). What lies between is lost to the reconciliation",
        slot->topic, (int)slot->partition, (long long)slot->position, (long long)first, (long long)end, why);
    return RECON_ERROR_IO;
}

/* What came to a slot's queue and is no message. */
static int judge(struct recon_kafka_slot *slot, const rd_kafka_message_t *event, struct recon_kafka_taken *taken)
{
    if (event->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        if (event->offset > slot->position)
            slot->position = event->offset;
        return RECON_OK;
    }
    if (event->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET || event->err == RD_KAFKA_RESP_ERR__LOG_TRUNCATION ||
        event->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE)
        return lost(slot, rd_kafka_message_errstr(event), taken);
    if (recon_kafka_may_pass(event->err)) {
        recon_kafka_log(slot->reader->options, 4, "kafka: topic %s, partition %d: %s", slot->topic,
                        (int)slot->partition, rd_kafka_message_errstr(event));
        return RECON_OK;
    }
    snprintf(taken->error, sizeof taken->error, "topic %s, partition %d, offset %lld: %s", slot->topic,
             (int)slot->partition, (long long)event->offset, rd_kafka_message_errstr(event));
    return RECON_ERROR_IO;
}

static bool reserve(void **array, size_t *capacity, size_t wanted, size_t size)
{
    if (wanted <= *capacity)
        return true;
    size_t more = *capacity == 0 ? 256 : *capacity;
    while (more < wanted)
        more *= 2;
    void *grown = realloc(*array, more * size);
    if (grown == NULL)
        return false;
    *array = grown;
    *capacity = more;
    return true;
}

static struct recon_text text_of(const void *bytes, size_t size)
{
    return (struct recon_text){.bytes = bytes, .size = (uint32_t)size};
}

/* Headers are named by place while they may move: fix_headers makes pointers of them. */
static bool add_headers(struct recon_kafka_taken *taken, const rd_kafka_message_t *from,
                        struct recon_kafka_message *message)
{
    rd_kafka_headers_t *headers = NULL;
    const char *name;
    const void *value;
    size_t size;
    if (rd_kafka_message_headers(from, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return true;
    while (message->header_count < HEADER_COUNT_MAX &&
           rd_kafka_header_get_all(headers, message->header_count, &name, &value, &size) ==
               RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (!reserve((void **)&taken->fields, &taken->field_capacity, taken->field_count + 1, sizeof *taken->fields))
            return false;
        taken->fields[taken->field_count++] = (struct recon_kafka_field){
            .name = text_of(name, strlen(name)), .value = text_of(value, value != NULL ? size : 0)};
        message->header_count++;
    }
    return true;
}

static void fix_headers(struct recon_kafka_taken *taken)
{
    size_t first = 0;
    for (size_t i = 0; i < taken->count && taken->field_count > 0; i++) {
        taken->messages[i].headers = taken->messages[i].header_count > 0 ? taken->fields + first : NULL;
        first += taken->messages[i].header_count;
    }
}

/* Fills the slot's block. False: nothing has come. */
static bool fetch(struct recon_kafka_slot *slot)
{
    if (slot->first < slot->count)
        return true;
    if (slot->queue == NULL)
        return false;
    const ssize_t got = rd_kafka_consume_batch_queue(slot->queue, 0, slot->block, RECON_KAFKA_BLOCK_COUNT);
    slot->first = 0;
    slot->count = got > 0 ? (size_t)got : 0;
    return slot->count > 0;
}

static bool add(struct recon_kafka_taken *taken, rd_kafka_message_t *event, bool has_headers)
{
    if (!reserve((void **)&taken->given, &taken->given_capacity, taken->given_count + 1, sizeof *taken->given) ||
        !reserve((void **)&taken->messages, &taken->message_capacity, taken->count + 1, sizeof *taken->messages))
        return false;
    rd_kafka_timestamp_type_t kind;
    const int64_t timestamp = rd_kafka_message_timestamp(event, &kind);
    struct recon_kafka_message *message = &taken->messages[taken->count];
    *message = (struct recon_kafka_message){
        .key = text_of(event->key, event->key != NULL ? event->key_len : 0),
        .value = text_of(event->payload, event->payload != NULL ? event->len : 0),
        .timestamp_ms = kind == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? RECON_KAFKA_TIMESTAMP_NONE : timestamp,
        .offset = event->offset,
    };
    if (has_headers && !add_headers(taken, event, message))
        return false;
    taken->given[taken->given_count++].message = event;
    taken->count++;
    return true;
}

int recon_kafka_slot_take(struct recon_kafka_slot *slot, const struct recon_kafka_bounds *bounds,
                          struct recon_kafka_taken *taken)
{
    size_t size = 0;
    int status = RECON_OK;
    assert(taken->given_count == 0);
    while (taken->count < bounds->count_max && size < bounds->size_max && status == RECON_OK && fetch(slot)) {
        rd_kafka_message_t *event = slot->block[slot->first];
        if (event->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            slot->first++;
            status = judge(slot, event, taken);
            rd_kafka_message_destroy(event);
            continue;
        }
        if (event->offset >= bounds->before) {
            /* What lies between is none that is given. */
            if (slot->position < bounds->before)
                slot->position = bounds->before;
            break;
        }
        if (!add(taken, event, bounds->has_headers)) {
            status = RECON_ERROR_MEMORY;
            break;
        }
        size += event->key_len + event->len;
        slot->position = event->offset + 1;
        slot->first++;
    }
    fix_headers(taken);
    taken->position = slot->position;
    return status;
}

void recon_kafka_taken_release(struct recon_kafka_taken *taken)
{
    for (size_t i = 0; i < taken->given_count; i++)
        rd_kafka_message_destroy(taken->given[i].message);
    taken->given_count = 0;
    taken->field_count = 0;
    taken->count = 0;
}

void recon_kafka_taken_deinit(struct recon_kafka_taken *taken)
{
    recon_kafka_taken_release(taken);
    free(taken->messages);
    free(taken->given);
    free(taken->fields);
    *taken = (struct recon_kafka_taken){0};
}
