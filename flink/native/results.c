/*
 * See results.h.
 */
#include "results.h"

#include <string.h>

#include "cursor.h"
#include "packed.h"
#include "recon/status.h"

#define FRAME_FIXED_BYTES 8

int results_init(struct results *results, const struct flink_settings *settings)
{
    *results = (struct results){0};
    struct recon_result_messenger_options options = {.name = settings->name, .partition_bits = PACKED_PARTITION_BITS};
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++) {
        options.names[stream] = settings->names[stream].items;
        options.name_count[stream] = settings->names[stream].count;
    }
    return recon_result_messenger_new(&options, &results->messenger);
}

void results_deinit(struct results *results)
{
    recon_result_messenger_free(results->messenger);
    results->messenger = NULL;
}

void results_names(struct results *results, const struct flink_settings *settings)
{
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
        recon_result_messenger_names(results->messenger, stream, settings->names[stream].items,
                                     settings->names[stream].count);
}

static size_t frame_size(const struct recon_result_message *message)
{
    size_t size = FRAME_FIXED_BYTES + 8 + (size_t)message->key.size + message->value.size;
    for (size_t i = 0; i < message->header_count; i++)
        size += 8 + (size_t)message->headers[i].name.size + message->headers[i].value.size;
    return size;
}

static uint8_t *put_text(uint8_t *to, struct recon_text text)
{
    store_u32(to, text.size);
    if (text.size > 0)
        memcpy(to + 4, text.bytes, text.size);
    return to + 4 + text.size;
}

static void frame_write(const struct results *results, uint8_t *to)
{
    const struct recon_result_message *message = &results->message;
    store_u32(to, (uint32_t)results->message_size);
    to[4] = results->message_type;
    to[5] = (uint8_t)message->target;
    store_u16(to + 6, (uint32_t)message->header_count);
    to = put_text(put_text(to + FRAME_FIXED_BYTES, message->key), message->value);
    for (size_t i = 0; i < message->header_count; i++)
        to = put_text(put_text(to, message->headers[i].name), message->headers[i].value);
}

/* The next message, if there is one; a negative status. */
static int message_make(struct results *results, results_next *next, void *object)
{
    if (results->done == results->count) {
        results->done = results->count = 0;
        const int status = next(object, results->taken, RESULTS_TAKEN_AT_ONCE, &results->count);
        if (status != RECON_OK || results->count == 0)
            return status;
    }
    const struct recon_result *result = &results->taken[results->done];
    const int status = recon_result_messenger_make(results->messenger, result, &results->message);
    if (status != RECON_OK)
        return status;
    results->message_type = result->type;
    results->message_size = frame_size(&results->message);
    results->has_message = true;
    results->done++;
    return RECON_OK;
}

int results_drain(struct results *results, results_next *next, void *object, uint8_t *bytes, size_t capacity,
                  size_t *size, bool *is_more)
{
    *is_more = false;
    for (;;) {
        if (!results->has_message) {
            const int status = message_make(results, next, object);
            if (status != RECON_OK || !results->has_message)
                return status;
        }
        if (results->message_size > capacity - *size) {
            *is_more = true;
            return RECON_OK;
        }
        frame_write(results, bytes + *size);
        *size += results->message_size;
        results->has_message = false;
    }
}
