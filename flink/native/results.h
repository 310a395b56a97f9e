/*
 * Results on their way out: taken from a matcher or a windows, made into Kafka messages and laid down in a buffer, one
 * frame each, little-endian:
 *
 *     size u32 (of the whole), type u8, target u8, header count u16, key text, value text, and for each header its name
 *     and value texts
 *
 * where a text is a size u32 and bytes. A message that has no room waits for the next buffer.
 */
#ifndef RECON_FLINK_RESULTS_H
#define RECON_FLINK_RESULTS_H

#include "codec/result_message.h"
#include "settings.h"

#define RESULTS_TAKEN_AT_ONCE 16

struct results {
    struct recon_result_messenger *messenger;
    struct recon_result taken[RESULTS_TAKEN_AT_ONCE];
    size_t count;
    size_t done;
    bool has_message;
    uint8_t message_type;
    struct recon_result_message message;
    size_t message_size;
};

typedef int results_next(void *object, struct recon_result *results, size_t capacity, size_t *count);

int results_init(struct results *results, const struct flink_settings *settings);
void results_deinit(struct results *results);
/* The settings' names have changed. */
void results_names(struct results *results, const struct flink_settings *settings);

/* Adds frames behind *size as long as there are results and there is room; *is_more: there was none for the next, which
 * takes results->message_size. */
int results_drain(struct results *results, results_next *next, void *object, uint8_t *bytes, size_t capacity,
                  size_t *size, bool *is_more);

#endif
