/*
 * Results as Kafka messages: CloudEvents in binary mode. The value is the result's JSON, the attributes are headers.
 *
 * Keys, so that a compacted topic holds the last word on each thing:
 *
 *     NAME/metric/START                                metric
 *     NAME/presence/SOURCE/ID                          missing, found
 *     NAME/audit/SOURCE/ID                             unaudited, audited
 *     NAME/TYPE/TOPIC/PARTITION/OFFSET[/PLACE]         duplicate, too_late, rejected
 *
 * Each part is percent-encoded: every byte but letters, digits, `-`, `.`, `_` and `~`. A part that the result hasn't
 * is empty. The fields of an ID are joined by an encoded `|`; where one holds a `|` itself, by a plain one. No I/O;
 * single-threaded.
 */
#ifndef RECON_CODEC_RESULT_MESSAGE_H
#define RECON_CODEC_RESULT_MESSAGE_H

#include "codec/message.h"
#include "codec/result_writer.h"

enum recon_result_target { RECON_TARGET_METRICS = 0, RECON_TARGET_BREAKS = 1 };

#define RECON_RESULT_HEADER_COUNT_MAX 6

struct recon_result_message {
    int target; /* enum recon_result_target: which topic */
    struct recon_text key;
    struct recon_text value;
    size_t header_count; /* ce_specversion, ce_id, ce_source, ce_type, ce_time if it has one, content-type */
    struct recon_message_header headers[RECON_RESULT_HEADER_COUNT_MAX];
};

struct recon_result_messenger_options {
    const char *name; /* the configuration's; copied */
    /* For each stream what its partitions are called, borrowed; see recon_result_writer_options. */
    const struct recon_partition_name *names[RECON_STREAM_COUNT];
    size_t name_count[RECON_STREAM_COUNT];
    uint8_t partition_bits;
};

struct recon_result_messenger;

int recon_result_messenger_new(const struct recon_result_messenger_options *options,
                               struct recon_result_messenger **messenger);
void recon_result_messenger_free(struct recon_result_messenger *messenger);
/* Names may grow while it runs. */
void recon_result_messenger_names(struct recon_result_messenger *messenger, int stream,
                                  const struct recon_partition_name *names, size_t count);

/* Makes the message of one result; its texts live until the next call. RECON_OK or RECON_ERROR_MEMORY. */
int recon_result_messenger_make(struct recon_result_messenger *messenger, const struct recon_result *result,
                                struct recon_result_message *message);

#endif
