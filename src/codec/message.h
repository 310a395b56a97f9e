/*
 * Kafka messages to records: what stands in one message's key, value, headers and timestamp, by a stream's mapping.
 *
 * One decoder reads one stream, from any of its partitions. It does no I/O: where a message is written with a schema
 * that is in a registry, it says which, and the caller fetches it and hands it in.
 *
 *     while ((status = recon_message_decode(decoder, &message, batch)) == RECON_MESSAGE_SCHEMA_WANTED) {
 *         const struct recon_schema_wanted *wanted = recon_message_decoder_wanted(decoder);
 *         ... ask the registry ...
 *         recon_message_decoder_schema(decoder, wanted, json, size, error, sizeof error);   or NULL, 0: there is none
 *     }
 *
 * A message gives no record (it was ignored, or is a tombstone: both are counted in the batch), one, or several (a
 * batch of CloudEvents). One that can't be read gives a rejected record, never a status: a status is about memory.
 * Single-threaded, no globals: different decoders may run on different threads at once.
 */
#ifndef RECON_CODEC_MESSAGE_H
#define RECON_CODEC_MESSAGE_H

#include "codec/batch.h"
#include "codec/key.h"
#include "codec/mapping.h"

/* value.bytes == NULL: a header without a value. Of several with one name the last counts. */
struct recon_message_header {
    struct recon_text name;
    struct recon_text value;
};

#define RECON_TIMESTAMP_NONE INT64_C(-1) /* as Kafka has it */

/* Borrowed for the call that is given it. A text of no bytes has bytes != NULL; NULL: there is none. */
struct recon_message {
    struct recon_text key;
    struct recon_text value; /* none: a tombstone */
    const struct recon_message_header *headers;
    size_t header_count;
    int64_t timestamp_ms; /* or RECON_TIMESTAMP_NONE */
    int64_t offset;
    uint32_t partition; /* as records have it: within the stream */
};

struct recon_message_decoder_options {
    const struct recon_stream_mapping *mapping; /* as recon_config_finish leaves it for run and Flink; borrowed */
    int stream;                                 /* enum recon_stream */
    bool source_in_identity;
    uint8_t seed[RECON_SEED_SIZE_BYTES];
    size_t value_bytes_max; /* a longer value is rejected as malformed; 0: the default of limits.h */
    /* Keys are left to recon_message_keys, which makes many at once for less. */
    bool keys_later;
};

struct recon_message_decoder;

/* RECON_OK, RECON_ERROR_MEMORY, or RECON_ERROR_INVALID with why in error (error_size bytes, terminated): a zone that is
 * not known, a format that messages don't have. */
int recon_message_decoder_new(const struct recon_message_decoder_options *options,
                              struct recon_message_decoder **decoder, char *error, size_t error_size);
void recon_message_decoder_free(struct recon_message_decoder *decoder);

/* What recon_message_decode returns besides a negative status. */
enum recon_message_outcome {
    RECON_MESSAGE_DONE = 0,
    RECON_MESSAGE_SCHEMA_WANTED = 1, /* nothing was done: hand the schema in and decode the same message again */
};

/*
 * Decodes one message and pushes what it holds to the batch, whose texts are its own; records of a batch of CloudEvents
 * have their `place` set, from 1. RECON_ERROR_MEMORY: nothing was pushed, the same call may be made again.
 *
 * The batch may come to hold more than RECON_BATCH_RECORD_COUNT records: clear it when it suits.
 */
int recon_message_decode(struct recon_message_decoder *decoder, const struct recon_message *message,
                         struct recon_batch *batch);

/*
 * Looks at the values of messages that are to be decoded next, in this order, all at once, which makes decoding JSON
 * cheaper and changes nothing else. Returns how many it is done with, of count at least 1: call it again from there on.
 * Until then those values must stay as they are, or their messages not be decoded.
 */
size_t recon_message_scan(struct recon_message_decoder *decoder, const struct recon_text *values, size_t count);

/* Where options.keys_later: the keys of all records in the batch that have none yet. */
void recon_message_keys(const struct recon_message_decoder *decoder, struct recon_batch *batch);

/* Whether messages' headers are looked at: without them a message is the same where they are not. */
bool recon_message_decoder_reads_headers(const struct recon_message_decoder *decoder);

/* A schema of the registry. */
struct recon_schema_wanted {
    bool is_guid;
    uint32_t id;      /* where it is an ID: GET /schemas/ids/ID */
    uint8_t guid[16]; /* where it is a GUID, in the order of its text: GET /schemas/guids/GUID */
    char text[40];    /* the ID's digits or the GUID's text, terminated */
};

/* What was wanted last; the decoder's own. */
const struct recon_schema_wanted *recon_message_decoder_wanted(const struct recon_message_decoder *decoder);

/*
 * The schema: its Avro JSON, with all that it refers to in it (the registry's `format=resolved`), copied; or the whole
 * of the registry's answer, an object with that as the text `schema`. json NULL: the registry says that there is none,
 * which is remembered, and messages with it are rejected as malformed. RECON_OK; RECON_ERROR_MEMORY; or
 * RECON_ERROR_INVALID with why in error: this is no Avro schema, which is remembered likewise.
 */
int recon_message_decoder_schema(struct recon_message_decoder *decoder, const struct recon_schema_wanted *wanted,
                                 const char *json, size_t size, char *error, size_t error_size);

/* Asks again for the schemas that there were none of. */
void recon_message_decoder_forget_absent(struct recon_message_decoder *decoder);

#endif
