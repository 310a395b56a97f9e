/*
 * See kafka_reader.h.
 *
 * Each slot has librdkafka's own queue of its partition, taken out of the common one, and a block of messages that were
 * taken from that queue and not yet given on. Answers to questions come to a queue of theirs. All queues write to an
 * eventfd when something comes to them while they are empty: the reader's own, which is what recon_kafka_reader_wait
 * waits for, or that of the thread which takes a slot's messages.
 */
#define _POSIX_C_SOURCE 200809L

#include "io/kafka_reader.h"

#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "io/kafka_client_private.h"
#include "recon/status.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BLOCK_COUNT 256 /* messages taken from a queue at once */
#define HEADER_COUNT_MAX 4096
#define ASK_TIMEOUT_MS 10000

struct recon_kafka_given {
    rd_kafka_message_t *message;
};

/* Of its taker's thread: position, block, first, count. Of the reader's: the end. The rest stays as it was made. */
struct recon_kafka_slot {
    struct recon_kafka_reader *reader;
    char *topic;
    int32_t partition;
    rd_kafka_queue_t *queue;
    int64_t position;
    bool has_end;
    int64_t end;
    int64_t end_asked_ms;
    rd_kafka_message_t *block[BLOCK_COUNT]; /* NULL: given on */
    size_t first;                           /* the first not given on */
    size_t count;
};

struct recon_kafka_reader {
    const struct recon_kafka_options *options; /* first: the log's call-back looks for it here */
    rd_kafka_t *client;
    rd_kafka_queue_t *common;  /* what is of no partition */
    rd_kafka_queue_t *answers; /* to questions */
    int wake;                  /* eventfd */
    struct recon_kafka_slot **slots;
    size_t slot_count;
    int unanswered;  /* questions that are under way */
    bool has_failed; /* the last answer about ends */
    int64_t asked_ms;
    char **topics; /* last asked for */
    int32_t *partition_counts;
    size_t topic_count;
    char message[1024];
};

static int fail(struct recon_kafka_reader *reader, const char *what, const char *why)
{
    snprintf(reader->message, sizeof reader->message, "%s: %s", what, why);
    return RECON_ERROR_IO;
}

static void wake_by(int wake, rd_kafka_queue_t *queue)
{
    static const uint64_t one = 1;
    rd_kafka_queue_io_event_enable(queue, wake, &one, sizeof one);
}

int recon_kafka_reader_new(const struct recon_kafka_options *options, struct recon_kafka_reader **reader, char *error,
                           size_t error_size)
{
    static const struct recon_kafka_property defaults[] = {
        {"queued.max.messages.kbytes", "8192"}, /* of each partition */
        {"fetch.queue.backoff.ms", "5"},
        {"fetch.wait.max.ms", "100"},
        {"fetch.error.backoff.ms", "100"},
        {"check.crcs", "true"},
        /* By this alone it learns that there is a controller again, which answers need. */
        {"topic.metadata.refresh.interval.ms", "5000"},
    };
    static const struct recon_kafka_property fixed[] = {
        {"group.id", "recon"}, /* never joined */
        {"isolation.level", "read_committed"},
        {"auto.offset.reset", "error"},
        {"enable.auto.commit", "false"},
        {"enable.partition.eof", "true"},
        {"enable.auto.offset.store", "false"},
    };
    struct recon_kafka_reader *made = calloc(1, sizeof *made);
    if (made == NULL)
        return RECON_ERROR_MEMORY;
    made->options = options;
    made->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    int status = made->wake < 0 ? RECON_ERROR_MEMORY : RECON_OK;
    if (status == RECON_OK)
        status = recon_kafka_client_new(RD_KAFKA_CONSUMER, options, defaults, COUNT(defaults), fixed, COUNT(fixed),
                                        NULL, made, &made->client, error, error_size);
    if (status != RECON_OK) {
        recon_kafka_reader_free(made);
        return status;
    }
    rd_kafka_poll_set_consumer(made->client);
    made->common = rd_kafka_queue_get_consumer(made->client);
    made->answers = rd_kafka_queue_new(made->client);
    wake_by(made->wake, made->common);
    wake_by(made->wake, made->answers);
    *reader = made;
    return RECON_OK;
}

static void slot_free(struct recon_kafka_slot *slot)
{
    for (size_t i = slot->first; i < slot->count; i++)
        rd_kafka_message_destroy(slot->block[i]);
    if (slot->queue != NULL) {
        rd_kafka_queue_io_event_enable(slot->queue, -1, NULL, 0);
        rd_kafka_queue_destroy(slot->queue);
    }
    free(slot->topic);
    free(slot);
}

static void topics_free(struct recon_kafka_reader *reader)
{
    for (size_t i = 0; i < reader->topic_count; i++)
        free(reader->topics[i]);
    free(reader->topics);
    free(reader->partition_counts);
    reader->topics = NULL;
    reader->partition_counts = NULL;
    reader->topic_count = 0;
}

void recon_kafka_reader_free(struct recon_kafka_reader *reader)
{
    if (reader == NULL)
        return;
    for (size_t i = 0; i < reader->slot_count; i++)
        slot_free(reader->slots[i]);
    if (reader->answers != NULL) {
        rd_kafka_queue_io_event_enable(reader->answers, -1, NULL, 0);
        rd_kafka_queue_destroy(reader->answers);
    }
    if (reader->common != NULL) {
        rd_kafka_queue_io_event_enable(reader->common, -1, NULL, 0);
        rd_kafka_queue_destroy(reader->common);
    }
    if (reader->client != NULL) {
        rd_kafka_consumer_close(reader->client);
        rd_kafka_destroy(reader->client);
    }
    if (reader->wake >= 0)
        close(reader->wake);
    topics_free(reader);
    free(reader->slots);
    free(reader);
}

static int assign(struct recon_kafka_reader *reader, const struct recon_kafka_slot *slot)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, slot->topic, slot->partition)->offset = slot->position;
    rd_kafka_error_t *error = rd_kafka_incremental_assign(reader->client, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (error == NULL)
        return RECON_OK;
    const int status = fail(reader, slot->topic, rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
    return status;
}

int recon_kafka_reader_add(struct recon_kafka_reader *reader, const char *topic, int32_t partition, int64_t offset,
                           int wake)
{
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
    struct recon_kafka_slot **slots = realloc(reader->slots, (reader->slot_count + 1) * sizeof *slots);
    if (slots == NULL)
        return RECON_ERROR_MEMORY;
    reader->slots = slots;
    struct recon_kafka_slot *slot = calloc(1, sizeof *slot);
    if (slot == NULL)
        return RECON_ERROR_MEMORY;
    slot->reader = reader;
    slot->topic = strdup(topic);
    slot->partition = partition;
    slot->position = offset;
    int status = RECON_ERROR_MEMORY;
    if (slot->topic == NULL)
        goto failed;
    /* Taken out of the common queue before anything can come. */
    slot->queue = rd_kafka_queue_get_partition(reader->client, topic, partition);
    if (slot->queue == NULL) {
        status = fail(reader, topic, "no such partition");
        goto failed;
    }
    rd_kafka_queue_forward(slot->queue, NULL);
    wake_by(wake >= 0 ? wake : reader->wake, slot->queue);
    status = assign(reader, slot);
    if (status != RECON_OK)
        goto failed;
    reader->slots[reader->slot_count++] = slot;
    return RECON_OK;
failed:
    slot_free(slot);
    return status;
}

int recon_kafka_reader_add_none(struct recon_kafka_reader *reader)
{
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
    struct recon_kafka_slot **slots = realloc(reader->slots, (reader->slot_count + 1) * sizeof *slots);
    if (slots == NULL)
        return RECON_ERROR_MEMORY;
    reader->slots = slots;
    struct recon_kafka_slot *slot = calloc(1, sizeof *slot);
    if (slot == NULL)
        return RECON_ERROR_MEMORY;
    slot->reader = reader;
    slot->topic = strdup("");
    if (slot->topic == NULL) {
        slot_free(slot);
        return RECON_ERROR_MEMORY;
    }
    reader->slots[reader->slot_count++] = slot;
    return RECON_OK;
}

/* --- taking ------------------------------------------------------------------------------------------------------ */

/* What a broker that is away, slow or changing says, or one that does not let us read yet: it may pass. */
static bool may_pass(rd_kafka_resp_err_t code)
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
    rd_kafka_query_watermark_offsets(slot->reader->client, slot->topic, slot->partition, &first, &end, 5000);
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
    if (may_pass(event->err)) {
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
    const ssize_t got = rd_kafka_consume_batch_queue(slot->queue, 0, slot->block, BLOCK_COUNT);
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

struct recon_kafka_slot *recon_kafka_reader_slot(const struct recon_kafka_reader *reader, uint32_t number)
{
    assert(number < reader->slot_count);
    return reader->slots[number];
}

/* --- questions --------------------------------------------------------------------------------------------------- */

static rd_kafka_AdminOptions_t *ask_options(struct recon_kafka_reader *reader, rd_kafka_admin_op_t kind)
{
    char text[256];
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(reader->client, kind);
    if (options != NULL)
        rd_kafka_AdminOptions_set_request_timeout(options, ASK_TIMEOUT_MS, text, sizeof text);
    return options;
}

static void ask_ends(struct recon_kafka_reader *reader)
{
    size_t count = 0;
    for (size_t i = 0; i < reader->slot_count; i++)
        count += reader->slots[i]->queue != NULL;
    if (count == 0)
        return;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < reader->slot_count; i++)
        if (reader->slots[i]->queue != NULL)
            rd_kafka_topic_partition_list_add(list, reader->slots[i]->topic, reader->slots[i]->partition)->offset =
                RD_KAFKA_OFFSET_SPEC_LATEST;
    rd_kafka_AdminOptions_t *options = ask_options(reader, RD_KAFKA_ADMIN_OP_LISTOFFSETS);
    rd_kafka_ListOffsets(reader->client, list, options, reader->answers);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_topic_partition_list_destroy(list);
    reader->unanswered++;
}

static bool topics_are(const struct recon_kafka_reader *reader, const char *const *topics, size_t count)
{
    bool same = count == reader->topic_count;
    for (size_t i = 0; same && i < count; i++)
        same = strcmp(topics[i], reader->topics[i]) == 0;
    return same;
}

static bool topics_set(struct recon_kafka_reader *reader, const char *const *topics, size_t count)
{
    if (topics_are(reader, topics, count))
        return true;
    topics_free(reader);
    reader->topics = calloc(count + 1, sizeof *reader->topics);
    reader->partition_counts = calloc(count + 1, sizeof *reader->partition_counts);
    if (reader->topics == NULL || reader->partition_counts == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        reader->topics[i] = strdup(topics[i]);
        if (reader->topics[i] == NULL)
            return false;
        reader->topic_count++;
    }
    return true;
}

static void ask_topics(struct recon_kafka_reader *reader, const char *const *topics, size_t count)
{
    if (count == 0 || !topics_set(reader, topics, count))
        return;
    const char **names = malloc(count * sizeof *names);
    if (names == NULL)
        return;
    memcpy(names, topics, count * sizeof *names);
    rd_kafka_TopicCollection_t *collection = rd_kafka_TopicCollection_of_topic_names(names, count);
    rd_kafka_AdminOptions_t *options = ask_options(reader, RD_KAFKA_ADMIN_OP_DESCRIBETOPICS);
    rd_kafka_DescribeTopics(reader->client, collection, options, reader->answers);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_TopicCollection_destroy(collection);
    free(names);
    reader->unanswered++;
}

void recon_kafka_reader_ask(struct recon_kafka_reader *reader, int64_t now_ms, const char *const *topics,
                            size_t topic_count)
{
    if (reader->unanswered > 0)
        return;
    reader->asked_ms = now_ms;
    ask_ends(reader);
    ask_topics(reader, topics, topic_count);
}

static void answer_ends(struct recon_kafka_reader *reader, const rd_kafka_ListOffsets_result_t *result)
{
    size_t count = 0;
    const rd_kafka_ListOffsetsResultInfo_t **infos = rd_kafka_ListOffsets_result_infos(result, &count);
    for (size_t i = 0; i < count; i++) {
        const rd_kafka_topic_partition_t *at = rd_kafka_ListOffsetsResultInfo_topic_partition(infos[i]);
        for (size_t k = 0; at->err == RD_KAFKA_RESP_ERR_NO_ERROR && k < reader->slot_count; k++) {
            struct recon_kafka_slot *slot = reader->slots[k];
            if (slot->partition != at->partition || strcmp(slot->topic, at->topic) != 0)
                continue;
            slot->has_end = true;
            slot->end = at->offset;
            slot->end_asked_ms = reader->asked_ms;
        }
    }
}

static void answer_topics(struct recon_kafka_reader *reader, const rd_kafka_DescribeTopics_result_t *result)
{
    size_t count = 0;
    const rd_kafka_TopicDescription_t **topics = rd_kafka_DescribeTopics_result_topics(result, &count);
    for (size_t i = 0; i < count; i++) {
        size_t partitions = 0;
        if (rd_kafka_error_code(rd_kafka_TopicDescription_error(topics[i])) != RD_KAFKA_RESP_ERR_NO_ERROR)
            continue;
        rd_kafka_TopicDescription_partitions(topics[i], &partitions);
        for (size_t k = 0; k < reader->topic_count; k++)
            if (strcmp(reader->topics[k], rd_kafka_TopicDescription_name(topics[i])) == 0)
                reader->partition_counts[k] = (int32_t)partitions;
    }
}

static void answers_take(struct recon_kafka_reader *reader)
{
    rd_kafka_event_t *event;
    while ((event = rd_kafka_queue_poll(reader->answers, 0)) != NULL) {
        const rd_kafka_ListOffsets_result_t *ends = rd_kafka_event_ListOffsets_result(event);
        const rd_kafka_DescribeTopics_result_t *topics = rd_kafka_event_DescribeTopics_result(event);
        if (ends != NULL || topics != NULL)
            reader->unanswered--;
        if (ends != NULL)
            reader->has_failed = rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR;
        if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR)
            recon_kafka_log(reader->options, 4, "kafka: how far the topics go is not known: %s",
                            rd_kafka_event_error_string(event));
        else if (ends != NULL)
            answer_ends(reader, ends);
        else if (topics != NULL)
            answer_topics(reader, topics);
        rd_kafka_event_destroy(event);
    }
}

int recon_kafka_reader_wait(struct recon_kafka_reader *reader, int timeout_ms)
{
    struct pollfd wake = {.fd = reader->wake, .events = POLLIN};
    uint64_t wakes;
    if (timeout_ms > 0)
        poll(&wake, 1, timeout_ms);
    /* Emptied before the queues are looked at, so that what comes after the look wakes again. */
    const ssize_t got = read(reader->wake, &wakes, sizeof wakes);
    (void)got;
    rd_kafka_message_t *event;
    while ((event = rd_kafka_consumer_poll(reader->client, 0)) != NULL) {
        int status = RECON_OK;
        if (event->err == RD_KAFKA_RESP_ERR_NO_ERROR)
            status = fail(reader, "reading", "a message came by no partition of ours");
        else if (may_pass(event->err))
            recon_kafka_log(reader->options, 4, "kafka: %s", rd_kafka_message_errstr(event));
        else
            status = fail(reader, "reading", rd_kafka_message_errstr(event));
        rd_kafka_message_destroy(event);
        if (status != RECON_OK)
            return status;
    }
    answers_take(reader);
    return RECON_OK;
}

void recon_kafka_reader_wake(const struct recon_kafka_reader *reader)
{
    static const uint64_t one = 1;
    const ssize_t put = write(reader->wake, &one, sizeof one);
    (void)put; /* full: it is awake */
}

bool recon_kafka_reader_is_unanswered(const struct recon_kafka_reader *reader)
{
    return reader->has_failed;
}

bool recon_kafka_reader_end(const struct recon_kafka_reader *reader, uint32_t slot, int64_t *asked_ms, int64_t *end)
{
    assert(slot < reader->slot_count);
    const struct recon_kafka_slot *at = reader->slots[slot];
    if (!at->has_end)
        return false;
    *asked_ms = at->end_asked_ms;
    *end = at->end;
    return true;
}

int32_t recon_kafka_reader_partition_count(const struct recon_kafka_reader *reader, size_t index)
{
    return index < reader->topic_count ? reader->partition_counts[index] : 0;
}

const char *recon_kafka_reader_message(const struct recon_kafka_reader *reader)
{
    return reader->message;
}
