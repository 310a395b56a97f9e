/*
 * See kafka_topics.h.
 */
#include "io/kafka_topics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/kafka_client_private.h"
#include "recon/status.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TIMEOUT_MS 10000

struct recon_kafka_topics {
    const struct recon_kafka_options *options; /* first: the log's call-back looks for it here */
    rd_kafka_t *client;
    rd_kafka_queue_t *answers; /* to deletions; NULL: none was asked for yet */
    bool may_pass;
    char message[1024];
};

int recon_kafka_topics_new(const struct recon_kafka_options *options, struct recon_kafka_topics **topics, char *error,
                           size_t error_size)
{
    static const struct recon_kafka_property fixed[] = {{"isolation.level", "read_uncommitted"}};
    struct recon_kafka_topics *made = calloc(1, sizeof *made);
    if (made == NULL)
        return RECON_ERROR_MEMORY;
    made->options = options;
    const int status = recon_kafka_client_new(RD_KAFKA_CONSUMER, options, NULL, 0, fixed, COUNT(fixed), NULL, made,
                                              &made->client, error, error_size);
    if (status != RECON_OK) {
        free(made);
        return status;
    }
    *topics = made;
    return RECON_OK;
}

void recon_kafka_topics_free(struct recon_kafka_topics *topics)
{
    if (topics == NULL)
        return;
    if (topics->answers != NULL)
        rd_kafka_queue_destroy(topics->answers);
    rd_kafka_destroy(topics->client);
    free(topics);
}

static int fail(struct recon_kafka_topics *topics, const char *topic, rd_kafka_resp_err_t code, const char *mend)
{
    topics->may_pass = code != RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION && code != RD_KAFKA_RESP_ERR_INVALID_CONFIG &&
                       code != RD_KAFKA_RESP_ERR_POLICY_VIOLATION && code != RD_KAFKA_RESP_ERR_INVALID_PARTITIONS &&
                       code != RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR &&
                       code != RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED;
    snprintf(topics->message, sizeof topics->message, "topic %s: %s%s", topic, rd_kafka_err2str(code), mend);
    return RECON_ERROR_IO;
}

int recon_kafka_topics_partitions(struct recon_kafka_topics *topics, const char *topic, int32_t *count)
{
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_topic_t *handle = rd_kafka_topic_new(topics->client, topic, NULL);
    if (handle == NULL)
        return fail(topics, topic, rd_kafka_last_error(), "");
    const rd_kafka_resp_err_t code = rd_kafka_metadata(topics->client, 0, handle, &metadata, TIMEOUT_MS);
    rd_kafka_topic_destroy(handle);
    rd_kafka_poll(topics->client, 0);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return fail(topics, topic, code, "");
    int32_t found = 0;
    rd_kafka_resp_err_t of_topic = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    if (metadata->topic_cnt == 1) {
        found = metadata->topics[0].partition_cnt;
        of_topic = metadata->topics[0].err;
    }
    rd_kafka_metadata_destroy(metadata);
    if (of_topic == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        found = 0;
    else if (of_topic != RD_KAFKA_RESP_ERR_NO_ERROR)
        return fail(topics, topic, of_topic, "");
    *count = found;
    return RECON_OK;
}

static rd_kafka_resp_err_t create(struct recon_kafka_topics *topics, rd_kafka_NewTopic_t *wanted)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(topics->client);
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(topics->client, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    char text[256];
    rd_kafka_AdminOptions_set_request_timeout(options, TIMEOUT_MS, text, sizeof text);
    rd_kafka_AdminOptions_set_operation_timeout(options, TIMEOUT_MS, text, sizeof text);
    rd_kafka_CreateTopics(topics->client, &wanted, 1, options, queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, TIMEOUT_MS + 5000);
    rd_kafka_resp_err_t code = event == NULL ? RD_KAFKA_RESP_ERR__TIMED_OUT : rd_kafka_event_error(event);
    const rd_kafka_CreateTopics_result_t *result = event != NULL ? rd_kafka_event_CreateTopics_result(event) : NULL;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR && result != NULL) {
        size_t count = 0;
        const rd_kafka_topic_result_t **results = rd_kafka_CreateTopics_result_topics(result, &count);
        if (count == 1)
            code = rd_kafka_topic_result_error(results[0]);
    }
    if (event != NULL)
        rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    return code;
}

int recon_kafka_topics_ensure(struct recon_kafka_topics *topics, const char *topic, int32_t partition_count,
                              const struct recon_kafka_property *settings, size_t setting_count)
{
    char text[256];
    int32_t there = 0;
    const int status = recon_kafka_topics_partitions(topics, topic, &there);
    if (status != RECON_OK || there > 0)
        return status;
    rd_kafka_NewTopic_t *wanted = rd_kafka_NewTopic_new(topic, partition_count, -1, text, sizeof text);
    if (wanted == NULL)
        return fail(topics, topic, RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, "");
    for (size_t i = 0; i < setting_count; i++)
        rd_kafka_NewTopic_set_config(wanted, settings[i].name, settings[i].value);
    const rd_kafka_resp_err_t code = create(topics, wanted);
    rd_kafka_NewTopic_destroy(wanted);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        return RECON_OK;
    snprintf(text, sizeof text, "; it is not there and could not be made: have it made%s%s%s%s",
             setting_count > 0 ? " with " : "", setting_count > 0 ? settings[0].name : "", setting_count > 0 ? "=" : "",
             setting_count > 0 ? settings[0].value : "");
    return fail(topics, topic, code, text);
}

int recon_kafka_topics_range(struct recon_kafka_topics *topics, const char *topic, int32_t partition, int64_t *first,
                             int64_t *end)
{
    int64_t low = 0;
    int64_t high = 0;
    const rd_kafka_resp_err_t code =
        rd_kafka_query_watermark_offsets(topics->client, topic, partition, &low, &high, TIMEOUT_MS);
    rd_kafka_poll(topics->client, 0);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return fail(topics, topic, code, "");
    *first = low;
    *end = high;
    return RECON_OK;
}

int recon_kafka_topics_offset_at(struct recon_kafka_topics *topics, const char *topic, int32_t partition,
                                 int64_t time_ms, int64_t *offset)
{
    int64_t first = 0;
    int64_t end = 0;
    const int status = recon_kafka_topics_range(topics, topic, partition, &first, &end);
    if (status != RECON_OK)
        return status;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *at = rd_kafka_topic_partition_list_add(list, topic, partition);
    at->offset = time_ms;
    rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(topics->client, list, TIMEOUT_MS);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        code = at->err;
    const int64_t found = at->offset;
    rd_kafka_topic_partition_list_destroy(list);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return fail(topics, topic, code, "");
    *offset = found >= 0 && found < end ? found : end;
    return RECON_OK;
}

void recon_kafka_topics_delete_before(struct recon_kafka_topics *topics, const char *topic, int32_t partition,
                                      int64_t offset)
{
    char text[256];
    if (topics->answers != NULL)
        rd_kafka_queue_destroy(topics->answers);
    topics->answers = rd_kafka_queue_new(topics->client);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition)->offset = offset;
    rd_kafka_DeleteRecords_t *wanted = rd_kafka_DeleteRecords_new(list);
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(topics->client, RD_KAFKA_ADMIN_OP_DELETERECORDS);
    rd_kafka_AdminOptions_set_request_timeout(options, TIMEOUT_MS, text, sizeof text);
    rd_kafka_DeleteRecords(topics->client, &wanted, 1, options, topics->answers);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_DeleteRecords_destroy(wanted);
    rd_kafka_topic_partition_list_destroy(list);
}

bool recon_kafka_topics_deleted(struct recon_kafka_topics *topics, int *status)
{
    rd_kafka_event_t *event = topics->answers != NULL ? rd_kafka_queue_poll(topics->answers, 0) : NULL;
    if (event == NULL)
        return false;
    rd_kafka_resp_err_t code = rd_kafka_event_error(event);
    const rd_kafka_DeleteRecords_result_t *result = rd_kafka_event_DeleteRecords_result(event);
    const rd_kafka_topic_partition_list_t *list =
        code == RD_KAFKA_RESP_ERR_NO_ERROR && result != NULL ? rd_kafka_DeleteRecords_result_offsets(result) : NULL;
    const char *topic = "a topic";
    if (list != NULL && list->cnt == 1) {
        code = list->elems[0].err;
        topic = list->elems[0].topic;
    }
    *status = code == RD_KAFKA_RESP_ERR_NO_ERROR ? RECON_OK : fail(topics, topic, code, "");
    rd_kafka_event_destroy(event);
    return true;
}

const char *recon_kafka_topics_message(const struct recon_kafka_topics *topics)
{
    return topics->message;
}

bool recon_kafka_topics_may_pass(const struct recon_kafka_topics *topics)
{
    return topics->may_pass;
}
