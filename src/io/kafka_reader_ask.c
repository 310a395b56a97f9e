/*
 * See kafka_reader.h: how far the partitions go, and how many there are.
 */
#define _POSIX_C_SOURCE 200809L

#include "io/kafka_reader_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "recon/status.h"

#define ASK_TIMEOUT_MS 10000

void recon_kafka_reader_topics_free(struct recon_kafka_reader *reader)
{
    for (size_t i = 0; i < reader->topic_count; i++)
        free(reader->topics[i]);
    free(reader->topics);
    free(reader->partition_counts);
    reader->topics = NULL;
    reader->partition_counts = NULL;
    reader->topic_count = 0;
}

static rd_kafka_AdminOptions_t *ask_options(const struct recon_kafka_reading_client *client, rd_kafka_admin_op_t kind)
{
    char text[256];
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(client->kafka, kind);
    if (options != NULL)
        rd_kafka_AdminOptions_set_request_timeout(options, ASK_TIMEOUT_MS, text, sizeof text);
    return options;
}

static bool is_asked(const struct recon_kafka_slot *slot, const struct recon_kafka_reading_client *client)
{
    return slot->client == client && slot->queue != NULL;
}

static void ask_ends(const struct recon_kafka_reader *reader, struct recon_kafka_reading_client *client)
{
    size_t count = 0;
    for (size_t i = 0; i < reader->slot_count; i++)
        count += is_asked(reader->slots[i], client);
    if (count == 0)
        return;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < reader->slot_count; i++)
        if (is_asked(reader->slots[i], client))
            rd_kafka_topic_partition_list_add(list, reader->slots[i]->topic, reader->slots[i]->partition)->offset =
                RD_KAFKA_OFFSET_SPEC_LATEST;
    rd_kafka_AdminOptions_t *options = ask_options(client, RD_KAFKA_ADMIN_OP_LISTOFFSETS);
    rd_kafka_ListOffsets(client->kafka, list, options, client->answers);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_topic_partition_list_destroy(list);
    client->unanswered++;
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
    recon_kafka_reader_topics_free(reader);
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

static void ask_topics(struct recon_kafka_reader *reader, struct recon_kafka_reading_client *client,
                       const char *const *topics, size_t count)
{
    if (count == 0 || !topics_set(reader, topics, count))
        return;
    const char **names = malloc(count * sizeof *names);
    if (names == NULL)
        return;
    memcpy(names, topics, count * sizeof *names);
    rd_kafka_TopicCollection_t *collection = rd_kafka_TopicCollection_of_topic_names(names, count);
    rd_kafka_AdminOptions_t *options = ask_options(client, RD_KAFKA_ADMIN_OP_DESCRIBETOPICS);
    rd_kafka_DescribeTopics(client->kafka, collection, options, client->answers);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_TopicCollection_destroy(collection);
    free(names);
    client->unanswered++;
}

void recon_kafka_reader_ask(struct recon_kafka_reader *reader, int64_t now_ms, const char *const *topics,
                            size_t topic_count)
{
    for (size_t i = 0; i < RECON_KAFKA_CLIENT_COUNT; i++) {
        struct recon_kafka_reading_client *client = &reader->clients[i];
        if (client->unanswered > 0)
            continue;
        client->asked_ms = now_ms;
        client->was_answered = false;
        ask_ends(reader, client);
        if (i == 0)
            ask_topics(reader, client, topics, topic_count);
    }
}

static void answer_ends(const struct recon_kafka_reader *reader, const struct recon_kafka_reading_client *client,
                        const rd_kafka_ListOffsets_result_t *result)
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
            slot->end_asked_ms = client->asked_ms;
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

static void answers_take(struct recon_kafka_reader *reader, struct recon_kafka_reading_client *client)
{
    rd_kafka_event_t *event;
    while ((event = rd_kafka_queue_poll(client->answers, 0)) != NULL) {
        const rd_kafka_ListOffsets_result_t *ends = rd_kafka_event_ListOffsets_result(event);
        const rd_kafka_DescribeTopics_result_t *topics = rd_kafka_event_DescribeTopics_result(event);
        if (ends != NULL || topics != NULL) {
            client->was_answered = client->was_answered || rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR;
            client->unanswered--;
            client->has_failed = client->unanswered == 0 ? !client->was_answered : client->has_failed;
        }
        if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR)
            recon_kafka_log(reader->options, 4, "kafka: how far the topics go is not known: %s",
                            rd_kafka_event_error_string(event));
        else if (ends != NULL)
            answer_ends(reader, client, ends);
        else if (topics != NULL)
            answer_topics(reader, topics);
        rd_kafka_event_destroy(event);
    }
}

void recon_kafka_reader_answers(struct recon_kafka_reader *reader)
{
    for (size_t i = 0; i < RECON_KAFKA_CLIENT_COUNT; i++)
        answers_take(reader, &reader->clients[i]);
}

bool recon_kafka_reader_is_unanswered(const struct recon_kafka_reader *reader, size_t client)
{
    return reader->clients[client].has_failed;
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
