/*
 * Avro object container files: a header with the writer's schema, then blocks of records.
 *
 *     header --> block head --> block body --> records --> block head ...
 *
 * 1. A record's offset is its number in the file, from 1.
 * 2. The body of a block is copied as it comes; its sync marker is taken once its last record was: so bytes are left
 *    as long as records are. A block, packed and unpacked, is at most BLOCK_BYTES_MAX; a claim of more takes no memory.
 * 3. A block is decoded only if the marker behind it is right. Records before a fault count; the fault names the number
 *    of the first that was not decoded. There is no going on behind it: it is not known how many records were lost.
 *
 * The blocks are framed and walked here and in avro_value.c, not by libavro: it reads files by itself, takes memory for
 * any size that it is told, recurses as deep as the data says, and knows no logical types.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "codec/avro_binary.h"
#include "codec/avro_codec.h"
#include "codec/avro_value.h"
#include "codec/format.h"
#include "recon/status.h"

#define BLOCK_BYTES_MAX ((size_t)256 << 20)
#define SYNC_BYTES 16
#define MAGIC "Obj\x01"
#define MAGIC_BYTES 4

enum state { STATE_HEADER, STATE_BLOCK_HEAD, STATE_BLOCK_BODY, STATE_RECORDS };

struct avro_reader {
    const struct recon_plan *plan; /* borrowed, as the fault */
    struct recon_fault *fault;
    enum state state;
    struct recon_avro_schema *schema;
    struct recon_avro_finder *finder;
    enum recon_avro_codec codec;
    char sync[SYNC_BYTES];
    int64_t decoded_count;          /* records of the file so far */
    int64_t left_count;             /* of the block */
    size_t body_size;               /* what the block's head says */
    struct recon_avro_buffer body;  /* as it comes */
    struct recon_avro_buffer plain; /* decompressed */
    const char *at;                 /* within the block's records */
    const char *end;
};

/* What one call of feed works on. */
struct input {
    const char *bytes;
    size_t size;
    size_t at; /* taken so far */
    bool last;
};

static int avro_new(const struct recon_plan *plan, struct recon_fault *fault, void **reader)
{
    struct avro_reader *made = calloc(1, sizeof *made);
    if (made == NULL)
        return RECON_ERROR_MEMORY;
    made->plan = plan;
    made->fault = fault;
    *reader = made;
    return RECON_OK;
}

static void avro_free(void *opaque)
{
    struct avro_reader *reader = opaque;
    if (reader == NULL)
        return;
    recon_avro_finder_free(reader->finder);
    recon_avro_schema_free(reader->schema);
    recon_avro_buffer_deinit(&reader->body);
    recon_avro_buffer_deinit(&reader->plain);
    free(reader);
}

/* What counts in the header; texts are borrowed from the bytes. */
struct header {
    const char *schema;
    size_t schema_size;
    const char *codec;
    size_t codec_size;
    char sync[SYNC_BYTES];
};

static bool is_key(const char *key, size_t size, const char *name)
{
    return size == strlen(name) && memcmp(key, name, size) == 0;
}

static enum recon_avro_step take_metadata(struct recon_avro_cursor *cursor, struct header *header)
{
    int64_t count, size_bytes;
    enum recon_avro_step step;
    while ((step = recon_avro_take_long(cursor, &count)) == RECON_AVRO_DONE && count != 0) {
        if (count == INT64_MIN)
            return RECON_AVRO_DAMAGED;
        if (count < 0 && (step = recon_avro_take_long(cursor, &size_bytes)) != RECON_AVRO_DONE)
            return step;
        for (count = count < 0 ? -count : count; count > 0; count--) {
            const char *key, *value;
            size_t key_size, value_size;
            step = recon_avro_take_bytes(cursor, &key, &key_size);
            if (step == RECON_AVRO_DONE)
                step = recon_avro_take_bytes(cursor, &value, &value_size);
            if (step != RECON_AVRO_DONE)
                return step;
            if (is_key(key, key_size, "avro.schema")) {
                header->schema = value;
                header->schema_size = value_size;
            } else if (is_key(key, key_size, "avro.codec")) {
                header->codec = value;
                header->codec_size = value_size;
            }
        }
    }
    return step;
}

static enum recon_avro_step take_header(struct recon_avro_cursor *cursor, struct header *header)
{
    const size_t size = (size_t)(cursor->end - cursor->at);
    if (memcmp(cursor->at, MAGIC, size < MAGIC_BYTES ? size : MAGIC_BYTES) != 0)
        return RECON_AVRO_DAMAGED;
    if (size < MAGIC_BYTES)
        return RECON_AVRO_MORE;
    cursor->at += MAGIC_BYTES;
    const enum recon_avro_step step = take_metadata(cursor, header);
    if (step != RECON_AVRO_DONE)
        return step;
    if (cursor->end - cursor->at < SYNC_BYTES)
        return RECON_AVRO_MORE;
    memcpy(header->sync, cursor->at, SYNC_BYTES);
    cursor->at += SYNC_BYTES;
    return RECON_AVRO_DONE;
}

static int use_header(struct avro_reader *reader, const struct header *header)
{
    char message[120], codec[24] = "";
    if (header->codec != NULL && !recon_avro_codec_by_name(header->codec, header->codec_size, &reader->codec)) {
        for (size_t i = 0; i < header->codec_size && i + 1 < sizeof codec; i++)
            codec[i] = header->codec[i] < 0x21 || header->codec[i] > 0x7e ? '?' : header->codec[i];
        return recon_fault_set(reader->fault, "its codec `%s` is not known here: %s are", codec,
                               RECON_AVRO_CODEC_NAMES);
    }
    if (header->schema == NULL)
        return recon_fault_set(reader->fault, "the header has no schema");
    assert(header->sync != NULL);
    memcpy(reader->sync, header->sync, SYNC_BYTES);
    int status = RECON_OK;
    if (reader->schema == NULL)
        status = recon_avro_schema_new(header->schema, header->schema_size, &reader->schema, message, sizeof message);
    if (status == RECON_ERROR_INVALID)
        return recon_fault_set(reader->fault, "%s", message);
    if (status != RECON_OK)
        return status;
    return recon_avro_finder_new(reader->plan, reader->schema, reader->fault, &reader->finder);
}

static int read_header(struct avro_reader *reader, struct input *input, bool *is_done)
{
    const size_t given = input->size - input->at, most = reader->plan->record_bytes_max;
    struct recon_avro_cursor cursor = {.at = input->bytes + input->at};
    cursor.end = cursor.at + (given < most ? given : most);
    struct header header = {.schema = NULL};
    if (cursor.at == cursor.end) { /* a file without a byte is one without a record, as in the other formats */
        *is_done = true;
        return RECON_OK;
    }
    const enum recon_avro_step step = take_header(&cursor, &header);
    if (step == RECON_AVRO_DAMAGED)
        return recon_fault_set(reader->fault, "it is no Avro object file, or its header is damaged");
    if (step == RECON_AVRO_MORE) {
        if (given > most)
            return recon_fault_set(reader->fault, "its header is longer than %zu bytes", most);
        if (input->last)
            return recon_fault_set(reader->fault, "it ends within the header of an Avro object file");
        *is_done = true;
        return RECON_OK;
    }
    const int status = use_header(reader, &header);
    if (status != RECON_OK)
        return status;
    input->at = (size_t)(cursor.at - input->bytes);
    reader->state = STATE_BLOCK_HEAD;
    return RECON_OK;
}

static int fault_block(struct avro_reader *reader, const char *what)
{
    return recon_fault_set(reader->fault, "record %lld: %s", (long long)reader->decoded_count + 1, what);
}

static int read_block_head(struct avro_reader *reader, struct input *input, bool *is_done)
{
    struct recon_avro_cursor cursor = {.at = input->bytes + input->at, .end = input->bytes + input->size};
    int64_t count = 0, size = 0;
    if (cursor.at == cursor.end) {
        *is_done = true;
        return RECON_OK;
    }
    enum recon_avro_step step = recon_avro_take_long(&cursor, &count);
    if (step == RECON_AVRO_DONE)
        step = recon_avro_take_long(&cursor, &size);
    if (step == RECON_AVRO_MORE) {
        *is_done = true;
        return input->last ? fault_block(reader, "the file ends within a block") : RECON_OK;
    }
    if (step == RECON_AVRO_DAMAGED || count < 0 || size < 0)
        return fault_block(reader, "the block that begins here is damaged");
    if ((uint64_t)size > BLOCK_BYTES_MAX)
        return fault_block(reader, "the block that begins here is damaged, or larger than 256 MiB");
    input->at = (size_t)(cursor.at - input->bytes);
    reader->left_count = count;
    reader->body_size = (size_t)size;
    reader->body.size = 0;
    reader->state = STATE_BLOCK_BODY;
    return RECON_OK;
}

static int unpack_block(struct avro_reader *reader)
{
    const struct recon_avro_buffer *records = &reader->body;
    if (reader->codec != RECON_AVRO_CODEC_NULL && reader->left_count > 0) {
        const int status = recon_avro_codec_decode(reader->codec, reader->body.bytes, reader->body.size,
                                                   BLOCK_BYTES_MAX, &reader->plain);
        if (status == RECON_ERROR_FULL)
            return fault_block(reader, "the block that begins here is larger than 256 MiB");
        if (status == RECON_ERROR_DAMAGED)
            return fault_block(reader, "the block that begins here is damaged: it can't be decompressed");
        if (status != RECON_OK)
            return status;
        records = &reader->plain;
    }
    /* Every record has bytes: the finder refuses schemas without. */
    if ((uint64_t)reader->left_count > records->size)
        return fault_block(reader, "the block that begins here is damaged: it has more records than bytes");
    reader->at = records->bytes;
    reader->end = reader->left_count == 0 ? reader->at : records->bytes + records->size;
    reader->state = STATE_RECORDS;
    return RECON_OK;
}

static int read_block_body(struct avro_reader *reader, struct input *input, bool *is_done)
{
    size_t step = reader->body_size - reader->body.size;
    if (step > input->size - input->at)
        step = input->size - input->at;
    if (step > 0) {
        const int status = recon_avro_buffer_reserve(&reader->body, reader->body.size + step);
        if (status != RECON_OK)
            return status;
        memcpy(reader->body.bytes + reader->body.size, input->bytes + input->at, step);
        reader->body.size += step;
        input->at += step;
    }
    if (reader->body.size < reader->body_size || input->size - input->at < SYNC_BYTES) {
        *is_done = true;
        return input->last ? fault_block(reader, "the file ends within a block") : RECON_OK;
    }
    if (memcmp(input->bytes + input->at, reader->sync, SYNC_BYTES) != 0)
        return fault_block(reader, "the block that begins here is damaged: no sync marker follows it");
    return unpack_block(reader);
}

static int read_record(struct avro_reader *reader, struct recon_batch *batch)
{
    struct recon_avro_datum datum;
    size_t used = 0;
    const int64_t number = reader->decoded_count + 1;
    int status = recon_avro_finder_read(reader->finder, reader->at, (size_t)(reader->end - reader->at), &used, &datum);
    if (status == RECON_ERROR_DAMAGED)
        return fault_block(reader, "it is damaged, and so may be those behind it");
    if (status == RECON_OK)
        status = datum.is_text ? recon_extract(reader->plan, datum.found, datum.record, number, batch)
                               : recon_extract_malformed(reader->plan, number, batch);
    if (status != RECON_OK)
        return status;
    reader->at += used;
    reader->decoded_count = number;
    reader->left_count--;
    return RECON_OK;
}

static int read_records(struct avro_reader *reader, struct input *input, struct recon_batch *batch, bool *is_done)
{
    while (reader->left_count > 0 && batch->count < RECON_BATCH_RECORD_COUNT) {
        const int status = read_record(reader, batch);
        if (status != RECON_OK)
            return status;
    }
    if (reader->left_count > 0 || input->size - input->at < SYNC_BYTES) {
        *is_done = true;
        return RECON_OK;
    }
    if (reader->at != reader->end)
        return fault_block(reader, "the block before it is damaged: it has bytes behind its last record");
    input->at += SYNC_BYTES; /* checked before the first record */
    reader->state = STATE_BLOCK_HEAD;
    return RECON_OK;
}

static int avro_feed(void *opaque, const char *bytes, size_t size, bool last, size_t *used, struct recon_batch *batch)
{
    struct avro_reader *reader = opaque;
    struct input input = {.bytes = bytes, .size = size, .last = last};
    int status = RECON_OK;
    bool is_done = batch->count >= RECON_BATCH_RECORD_COUNT || (size == 0 && !last);
    while (status == RECON_OK && !is_done) {
        switch (reader->state) {
        case STATE_HEADER:
            status = read_header(reader, &input, &is_done);
            break;
        case STATE_BLOCK_HEAD:
            status = read_block_head(reader, &input, &is_done);
            break;
        case STATE_BLOCK_BODY:
            status = read_block_body(reader, &input, &is_done);
            break;
        case STATE_RECORDS:
            status = read_records(reader, &input, batch, &is_done);
            break;
        }
    }
    *used = input.at;
    return status;
}

static int avro_has_time(const struct recon_plan *plan, const char *bytes, size_t size, bool last)
{
    struct recon_fault fault;
    void *opaque;
    if (avro_new(plan, &fault, &opaque) != RECON_OK)
        return -1;
    struct avro_reader *reader = opaque;
    struct input input = {.bytes = bytes, .size = size, .last = last};
    bool is_done;
    int answer = -1;
    const int status = size > 0 ? read_header(reader, &input, &is_done) : RECON_OK;
    if (status == RECON_ERROR_INVALID)
        answer = 0; /* as in CSV */
    else if (status == RECON_OK && reader->state != STATE_HEADER)
        answer = recon_extract_sees_time(plan, recon_avro_finder_expected(reader->finder));
    avro_free(reader);
    return answer;
}

const struct recon_format_ops recon_format_avro = {
    .new = avro_new, .free = avro_free, .feed = avro_feed, .has_time = avro_has_time};
