/*
 * Reads topics of Kafka from their beginning to their end and drops every message: what reading costs whatever is done
 * with it. bench_kafka_consume BROKERS TOPIC...
 *
 * Prints messages and seconds, from the first message to the last. The client is set as the service sets its own.
 */
#define _POSIX_C_SOURCE 200809L

#include <librdkafka/rdkafka.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BATCH_COUNT 1000
#define TIMEOUT_MS 10000
#define BATCH_TIMEOUT_MS 100 /* the last batch is not filled */

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char text[256];
    if (rd_kafka_conf_set(conf, name, value, text, sizeof text) != RD_KAFKA_CONF_OK) {
        fprintf(stderr, "%s: %s\n", name, text);
        exit(2);
    }
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static size_t assign(rd_kafka_t *client, char **topics, int count)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(16);
    for (int i = 0; i < count; i++) {
        const struct rd_kafka_metadata *metadata;
        rd_kafka_topic_t *topic = rd_kafka_topic_new(client, topics[i], NULL);
        if (rd_kafka_metadata(client, 0, topic, &metadata, TIMEOUT_MS) != RD_KAFKA_RESP_ERR_NO_ERROR) {
            fprintf(stderr, "%s: no answer of the broker\n", topics[i]);
            exit(2);
        }
        for (int k = 0; k < metadata->topics[0].partition_cnt; k++)
            rd_kafka_topic_partition_list_add(list, topics[i], metadata->topics[0].partitions[k].id)->offset =
                RD_KAFKA_OFFSET_BEGINNING;
        rd_kafka_metadata_destroy(metadata);
        rd_kafka_topic_destroy(topic);
    }
    const size_t partitions = (size_t)list->cnt;
    rd_kafka_assign(client, list);
    rd_kafka_topic_partition_list_destroy(list);
    return partitions;
}

int main(int argc, char **argv)
{
    static rd_kafka_message_t *messages[BATCH_COUNT];
    char text[256];
    uint64_t count = 0;
    uint64_t bytes = 0;
    double first = 0;
    double last = 0;
    if (argc < 3) {
        fprintf(stderr, "usage: bench_kafka_consume BROKERS TOPIC...\n");
        return 2;
    }
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", argv[1]);
    set(conf, "group.id", "bench");
    set(conf, "isolation.level", "read_committed");
    set(conf, "enable.auto.commit", "false");
    set(conf, "enable.partition.eof", "true");
    set(conf, "check.crcs", "true");
    set(conf, "fetch.wait.max.ms", "100");
    set(conf, "fetch.queue.backoff.ms", "2");
    set(conf, "queued.max.messages.kbytes", "3072");
    rd_kafka_t *client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
    if (client == NULL) {
        fprintf(stderr, "%s\n", text);
        return 2;
    }
    rd_kafka_poll_set_consumer(client);
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(client);
    size_t left = assign(client, argv + 2, argc - 2);
    while (left > 0) {
        const ssize_t got = rd_kafka_consume_batch_queue(queue, BATCH_TIMEOUT_MS, messages, BATCH_COUNT);
        for (ssize_t i = 0; i < got; i++) {
            if (messages[i]->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
                left--;
            } else if (messages[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
                if (count++ == 0)
                    first = now_s();
                bytes += messages[i]->len;
            }
            rd_kafka_message_destroy(messages[i]);
        }
        last = got > 0 && left > 0 ? now_s() : last;
    }
    printf("{\"messages\": %llu, \"bytes\": %llu, \"seconds\": %.3f}\n", (unsigned long long)count,
           (unsigned long long)bytes, last - first);
    rd_kafka_queue_destroy(queue);
    rd_kafka_consumer_close(client);
    rd_kafka_destroy(client);
    return 0;
}
