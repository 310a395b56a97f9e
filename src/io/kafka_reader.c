/*
 * See kafka_reader.h.
 *
 * A client of librdkafka has one thread for each broker, which asks for more only once it has gone through all that it
 * was given. So there are several clients, and slots are theirs in turn: while one goes through an answer, the broker
 * makes the other's.
 *
 * Each slot has librdkafka's own queue of its partition, taken out of the common one, and a block of messages that were
 * taken from that queue and not yet given on. Answers to questions come to a queue of theirs. All queues write to an
 * eventfd when something comes to them while they are empty: the reader's own, which is what recon_kafka_reader_wait
 * waits for, or that of the thread which takes a slot's messages.
 */
#define _POSIX_C_SOURCE 200809L

#include "io/kafka_reader_private.h"

#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "recon/status.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

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

static void listen_to(const struct recon_kafka_reader *reader, struct recon_kafka_reading_client *client)
{
    rd_kafka_poll_set_consumer(client->kafka);
    client->common = rd_kafka_queue_get_consumer(client->kafka);
    client->answers = rd_kafka_queue_new(client->kafka);
    wake_by(reader->wake, client->common);
    wake_by(reader->wake, client->answers);
}

int recon_kafka_reader_new(const struct recon_kafka_options *options, struct recon_kafka_reader **reader, char *error,
                           size_t error_size)
{
    static const struct recon_kafka_property defaults[] = {
        /* Of each partition; more than is fetched at once (fetch.message.max.bytes), and little enough to be in a cache
         * when it is taken. */
        {"queued.max.messages.kbytes", "3072"},
        {"fetch.queue.backoff.ms", "2"},
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
    for (size_t i = 0; i < RECON_KAFKA_CLIENT_COUNT && status == RECON_OK; i++) {
        struct recon_kafka_reading_client *client = &made->clients[i];
        status = recon_kafka_client_new(RD_KAFKA_CONSUMER, options, defaults, COUNT(defaults), fixed, COUNT(fixed),
                                        NULL, made, &client->kafka, error, error_size);
        if (status == RECON_OK)
            listen_to(made, client);
    }
    if (status != RECON_OK) {
        recon_kafka_reader_free(made);
        return status;
    }
    *reader = made;
    return RECON_OK;
}

static void queue_free(rd_kafka_queue_t *queue)
{
    if (queue == NULL)
        return;
    rd_kafka_queue_io_event_enable(queue, -1, NULL, 0);
    rd_kafka_queue_destroy(queue);
}

static void client_deinit(struct recon_kafka_reading_client *client)
{
    queue_free(client->answers);
    queue_free(client->common);
    if (client->kafka == NULL)
        return;
    rd_kafka_consumer_close(client->kafka);
    rd_kafka_destroy(client->kafka);
}

static void slot_free(struct recon_kafka_slot *slot)
{
    for (size_t i = slot->first; i < slot->count; i++)
        rd_kafka_message_destroy(slot->block[i]);
    queue_free(slot->queue);
    free(slot->topic);
    free(slot);
}

void recon_kafka_reader_free(struct recon_kafka_reader *reader)
{
    if (reader == NULL)
        return;
    for (size_t i = 0; i < reader->slot_count; i++)
        slot_free(reader->slots[i]);
    for (size_t i = 0; i < RECON_KAFKA_CLIENT_COUNT; i++)
        client_deinit(&reader->clients[i]);
    if (reader->wake >= 0)
        close(reader->wake);
    recon_kafka_reader_topics_free(reader);
    free(reader->slots);
    free(reader);
}

static int assign(struct recon_kafka_reader *reader, const struct recon_kafka_slot *slot)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, slot->topic, slot->partition)->offset = slot->position;
    rd_kafka_error_t *error = rd_kafka_incremental_assign(slot->client->kafka, list);
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
    slot->client = &reader->clients[recon_kafka_reader_client(reader->slot_count)];
    slot->topic = strdup(topic);
    slot->partition = partition;
    slot->position = offset;
    int status = RECON_ERROR_MEMORY;
    if (slot->topic == NULL)
        goto failed;
    /* Taken out of the common queue before anything can come. */
    slot->queue = rd_kafka_queue_get_partition(slot->client->kafka, topic, partition);
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
    slot->client = &reader->clients[recon_kafka_reader_client(reader->slot_count)];
    slot->topic = strdup("");
    if (slot->topic == NULL) {
        slot_free(slot);
        return RECON_ERROR_MEMORY;
    }
    reader->slots[reader->slot_count++] = slot;
    return RECON_OK;
}

struct recon_kafka_slot *recon_kafka_reader_slot(const struct recon_kafka_reader *reader, uint32_t number)
{
    assert(number < reader->slot_count);
    return reader->slots[number];
}

static int events_take(struct recon_kafka_reader *reader, const struct recon_kafka_reading_client *client)
{
    rd_kafka_message_t *event;
    int status = RECON_OK;
    while (status == RECON_OK && (event = rd_kafka_consumer_poll(client->kafka, 0)) != NULL) {
        if (event->err == RD_KAFKA_RESP_ERR_NO_ERROR)
            status = fail(reader, "reading", "a message came by no partition of ours");
        else if (recon_kafka_may_pass(event->err))
            recon_kafka_log(reader->options, 4, "kafka: %s", rd_kafka_message_errstr(event));
        else
            status = fail(reader, "reading", rd_kafka_message_errstr(event));
        rd_kafka_message_destroy(event);
    }
    return status;
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
    int status = RECON_OK;
    for (size_t i = 0; i < RECON_KAFKA_CLIENT_COUNT && status == RECON_OK; i++)
        status = events_take(reader, &reader->clients[i]);
    if (status == RECON_OK)
        recon_kafka_reader_answers(reader);
    return status;
}

void recon_kafka_reader_wake(const struct recon_kafka_reader *reader)
{
    static const uint64_t one = 1;
    const ssize_t put = write(reader->wake, &one, sizeof one);
    (void)put; /* full: it is awake */
}

size_t recon_kafka_reader_client(size_t slot)
{
    return slot % RECON_KAFKA_CLIENT_COUNT;
}

const char *recon_kafka_reader_message(const struct recon_kafka_reader *reader)
{
    return reader->message;
}
