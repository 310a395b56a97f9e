/*
 * The topics of a job by number, for each stream. Number 0 is no topic; then come those that the state knew, in its
 * order, and then those of the configuration that are new. So a record that waits keeps its topic whatever the
 * configuration lists now; records that come have the configuration's numbers, which are turned into these.
 *
 * Owns its texts.
 */
#ifndef RECON_FLINK_NAMES_H
#define RECON_FLINK_NAMES_H

#include "codec/result_writer.h"
#include "cursor.h"

#define NAMES_COUNT_MAX 65536

struct names {
    struct recon_partition_name *items;
    uint32_t count;
    uint32_t *numbers; /* of the configuration's topics, from 1; numbers[0] = 0 */
    uint32_t number_count;
    uint32_t restored_count; /* the first so many behind number 0 are as a state had them */
};

/* From a count u32 and texts: the configuration's. RECON_OK, RECON_ERROR_MEMORY, RECON_ERROR_INVALID. */
int names_init(struct names *names, struct cursor *cursor);
void names_deinit(struct names *names);

/* What a state knew, in the form that names_write gives; before any record came. Several must agree as far as both go
 * (RECON_ERROR_MISMATCH). */
int names_restore(struct names *names, struct cursor *cursor);
size_t names_size(const struct names *names);
uint8_t *names_write(const struct names *names, uint8_t *to);

/* The partition of a record that comes, as results are to have it; false: no such topic. */
static inline bool names_translate(const struct names *names, uint32_t *partition, unsigned bits)
{
    const uint32_t topic = *partition >> bits;
    if (topic >= names->number_count)
        return false;
    *partition = names->numbers[topic] << bits | (*partition & ((UINT32_C(1) << bits) - 1));
    return true;
}

#endif
