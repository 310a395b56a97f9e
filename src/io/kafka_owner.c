/*
 * See kafka_owner.h.
 *
 * Assignment is cooperative and sticky: whoever joins takes nothing away from the owner. An assignment of nothing says
 * that another has it.
 */
#include "io/kafka_owner.h"

#include <stdio.h>
#include <stdlib.h>

#include "io/kafka_client_private.h"
#include "recon/status.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct recon_kafka_owner {
    const struct recon_kafka_options *options; /* first: the log's call-back looks for it here */
    rd_kafka_t *client;
    enum recon_kafka_ownership state;
};

static void assigned(struct recon_kafka_owner *owner, rd_kafka_topic_partition_list_t *partitions)
{
    for (int i = 0; i < partitions->cnt; i++)
        partitions->elems[i].offset = RD_KAFKA_OFFSET_END;
    if (partitions->cnt > 0)
        owner->state = RECON_KAFKA_OURS;
    else if (owner->state == RECON_KAFKA_UNKNOWN)
        owner->state = RECON_KAFKA_THEIRS;
}

static void on_rebalance(rd_kafka_t *client, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *partitions,
                         void *opaque)
{
    struct recon_kafka_owner *owner = opaque;
    rd_kafka_error_t *error;
    if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        assigned(owner, partitions);
        error = rd_kafka_incremental_assign(client, partitions);
        rd_kafka_pause_partitions(client, partitions);
    } else {
        if (partitions->cnt > 0 && owner->state == RECON_KAFKA_OURS)
            owner->state = RECON_KAFKA_UNKNOWN;
        error = rd_kafka_incremental_unassign(client, partitions);
    }
    if (error != NULL) {
        recon_kafka_log(owner->options, 4, "kafka: taking turns: %s", rd_kafka_error_string(error));
        rd_kafka_error_destroy(error);
    }
}

static void prepare(rd_kafka_conf_t *conf, void *opaque)
{
    (void)opaque;
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
}

static int subscribe(struct recon_kafka_owner *owner, const char *topic, char *error, size_t error_size)
{
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, topic, RD_KAFKA_PARTITION_UA);
    const rd_kafka_resp_err_t code = rd_kafka_subscribe(owner->client, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return RECON_OK;
    snprintf(error, error_size, "topic %s: %s", topic, rd_kafka_err2str(code));
    return RECON_ERROR_INVALID;
}

int recon_kafka_owner_new(const struct recon_kafka_options *options, const char *group, const char *topic,
                          struct recon_kafka_owner **owner, char *error, size_t error_size)
{
    static const struct recon_kafka_property defaults[] = {
        {"session.timeout.ms", "10000"},
        {"heartbeat.interval.ms", "1000"},
        {"fetch.wait.max.ms", "100"},
        {"topic.metadata.refresh.interval.ms", "5000"},
    };
    const struct recon_kafka_property fixed[] = {
        {"group.id", group},
        {"partition.assignment.strategy", "cooperative-sticky"},
        {"enable.auto.commit", "false"},
        {"auto.offset.reset", "latest"},
    };
    struct recon_kafka_owner *made = calloc(1, sizeof *made);
    if (made == NULL)
        return RECON_ERROR_MEMORY;
    made->options = options;
    int status = recon_kafka_client_new(RD_KAFKA_CONSUMER, options, defaults, COUNT(defaults), fixed, COUNT(fixed),
                                        prepare, made, &made->client, error, error_size);
    if (status == RECON_OK) {
        rd_kafka_poll_set_consumer(made->client);
        status = subscribe(made, topic, error, error_size);
    }
    if (status != RECON_OK) {
        recon_kafka_owner_free(made);
        return status;
    }
    *owner = made;
    return RECON_OK;
}

void recon_kafka_owner_free(struct recon_kafka_owner *owner)
{
    if (owner == NULL)
        return;
    if (owner->client != NULL) {
        rd_kafka_consumer_close(owner->client);
        rd_kafka_destroy(owner->client);
    }
    free(owner);
}

enum recon_kafka_ownership recon_kafka_owner_look(struct recon_kafka_owner *owner, int timeout_ms)
{
    rd_kafka_message_t *event;
    while ((event = rd_kafka_consumer_poll(owner->client, timeout_ms)) != NULL) {
        if (event->err != RD_KAFKA_RESP_ERR_NO_ERROR)
            recon_kafka_log(owner->options, 4, "kafka: taking turns: %s", rd_kafka_message_errstr(event));
        rd_kafka_message_destroy(event);
        timeout_ms = 0;
    }
    return owner->state;
}
