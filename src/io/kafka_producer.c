/*
 * See kafka_producer.h. States are librdkafka's own; a call out of order is an error of its, told as fatal.
 */
#include "io/kafka_producer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/kafka_client_private.h"
#include "recon/status.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct recon_kafka_producer {
    const struct recon_kafka_options *options; /* first: the log's call-back looks for it here */
    rd_kafka_t *client;
    char refused[512]; /* why the broker did not take a record of this transaction; empty: it did */
    char message[1024];
};

static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque)
{
    struct recon_kafka_producer *producer = opaque;
    (void)client;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR && message->_private != NULL)
        *(int64_t *)message->_private = message->offset;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR || message->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
        message->err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT || producer->refused[0] != '\0')
        return;
    snprintf(producer->refused, sizeof producer->refused, "topic %s does not take a record of %zu bytes: %s",
             message->rkt != NULL ? rd_kafka_topic_name(message->rkt) : "?", message->len,
             rd_kafka_err2str(message->err));
}

static void prepare(rd_kafka_conf_t *conf, void *opaque)
{
    (void)opaque;
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
}

int recon_kafka_producer_new(const struct recon_kafka_options *options, const char *transactional_id,
                             struct recon_kafka_producer **producer, char *error, size_t error_size)
{
    static const struct recon_kafka_property defaults[] = {
        {"partitioner", "murmur2_random"}, /* as Java's clients */
        {"compression.type", "lz4"},
        /* What is sent is seen by its commit, which sends all at once what waits. A client that has something to send
         * while its partition is not in the transaction yet asks for that without pause. */
        {"linger.ms", "200"},
    };
    const struct recon_kafka_property fixed[] = {{"transactional.id", transactional_id}};
    struct recon_kafka_producer *made = calloc(1, sizeof *made);
    if (made == NULL)
        return RECON_ERROR_MEMORY;
    made->options = options;
    const int status = recon_kafka_client_new(RD_KAFKA_PRODUCER, options, defaults, COUNT(defaults), fixed,
                                              COUNT(fixed), prepare, made, &made->client, error, error_size);
    if (status != RECON_OK) {
        free(made);
        return status;
    }
    *producer = made;
    return RECON_OK;
}

void recon_kafka_producer_free(struct recon_kafka_producer *producer)
{
    if (producer == NULL)
        return;
    rd_kafka_purge(producer->client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_destroy(producer->client);
    free(producer);
}

/* What librdkafka's manual says of errors of transactions: fatal, else to be aborted, else to be tried again; one that
 * is none of these can't be mended by the same producer. */
static enum recon_kafka_outcome judge(struct recon_kafka_producer *producer, const char *what, rd_kafka_error_t *error)
{
    if (error == NULL)
        return RECON_KAFKA_OK;
    enum recon_kafka_outcome outcome = RECON_KAFKA_FATAL;
    const rd_kafka_resp_err_t code = rd_kafka_error_code(error);
    if (rd_kafka_error_is_fatal(error))
        outcome = RECON_KAFKA_FATAL;
    else if (rd_kafka_error_txn_requires_abort(error))
        outcome = RECON_KAFKA_ABORT;
    else if (rd_kafka_error_is_retriable(error))
        outcome = RECON_KAFKA_AGAIN;
    if (code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
        code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH)
        snprintf(producer->message, sizeof producer->message,
                 "another instance of the same name has taken over, or this one was held up for longer than "
                 "transaction.timeout.ms: it must end (%s: %s)",
                 what, rd_kafka_error_string(error));
    else if (producer->refused[0] != '\0')
        snprintf(producer->message, sizeof producer->message, "%s: %s", what, producer->refused);
    else
        snprintf(producer->message, sizeof producer->message, "%s: %s", what, rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
    return outcome;
}

enum recon_kafka_outcome recon_kafka_producer_init(struct recon_kafka_producer *producer, int timeout_ms)
{
    return judge(producer, "taking over the transactions", rd_kafka_init_transactions(producer->client, timeout_ms));
}

enum recon_kafka_outcome recon_kafka_producer_begin(struct recon_kafka_producer *producer)
{
    producer->refused[0] = '\0';
    return judge(producer, "beginning a transaction", rd_kafka_begin_transaction(producer->client));
}

static rd_kafka_headers_t *headers_new(const struct recon_kafka_record *record)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(record->header_count);
    for (size_t i = 0; headers != NULL && i < record->header_count; i++) {
        const struct recon_kafka_header *header = &record->headers[i];
        if (rd_kafka_header_add(headers, header->name.bytes, (ssize_t)header->name.size, header->value.bytes,
                                (ssize_t)header->value.size) != RD_KAFKA_RESP_ERR_NO_ERROR) {
            rd_kafka_headers_destroy(headers);
            headers = NULL;
        }
    }
    return headers;
}

enum recon_kafka_outcome recon_kafka_producer_send(struct recon_kafka_producer *producer,
                                                   const struct recon_kafka_record *record)
{
    rd_kafka_headers_t *headers = headers_new(record);
    if (headers == NULL) {
        snprintf(producer->message, sizeof producer->message, "%s", recon_status_text(RECON_ERROR_MEMORY));
        return RECON_KAFKA_FATAL;
    }
    rd_kafka_vu_t arguments[] = {
        {.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = record->topic},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {(void *)(uintptr_t)record->key.bytes, record->key.size}},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {(void *)(uintptr_t)record->value.bytes, record->value.size}},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = record->offset},
    };
    rd_kafka_error_t *error = rd_kafka_produceva(producer->client, arguments, COUNT(arguments));
    if (error != NULL) {
        rd_kafka_headers_destroy(headers);
        if (rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            rd_kafka_error_destroy(error);
            rd_kafka_poll(producer->client, 100);
            snprintf(producer->message, sizeof producer->message,
                     "the broker takes results more slowly than they come");
            return RECON_KAFKA_AGAIN;
        }
        if (rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
            rd_kafka_error_destroy(error);
            snprintf(
                producer->message, sizeof producer->message,
                "a result of %u bytes is larger than message.max.bytes of the configuration allows; raise it there and "
                "on topic %s",
                record->value.size, record->topic);
            return RECON_KAFKA_FATAL;
        }
        /* The transaction has failed already, or can't go on: what it holds must never be seen. */
        const bool is_fatal = rd_kafka_fatal_error(producer->client, NULL, 0) != RD_KAFKA_RESP_ERR_NO_ERROR;
        rd_kafka_poll(producer->client, 100); /* what was refused, and why, may be told only now */
        judge(producer, "sending", error);
        return is_fatal ? RECON_KAFKA_FATAL : RECON_KAFKA_ABORT;
    }
    rd_kafka_poll(producer->client, 0);
    return RECON_KAFKA_OK;
}

enum recon_kafka_outcome recon_kafka_producer_commit(struct recon_kafka_producer *producer, int timeout_ms)
{
    return judge(producer, "committing", rd_kafka_commit_transaction(producer->client, timeout_ms));
}

enum recon_kafka_outcome recon_kafka_producer_abort(struct recon_kafka_producer *producer, int timeout_ms)
{
    return judge(producer, "aborting", rd_kafka_abort_transaction(producer->client, timeout_ms));
}

const char *recon_kafka_producer_message(const struct recon_kafka_producer *producer)
{
    return producer->message;
}
