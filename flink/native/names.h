/*
 * The topics of a job by number, for each stream. Number 0 is no topic; then come those that the state knew, in its
 * order, and then those of the configuration that are new. So a record that waits keeps its topic whatever the
 * configuration lists now; records that come have numbers of another kind, which are turned into these.
 *
 * On the wire a topic's number is a hash of its name, so that records that are in flight in a checkpoint keep their
 * topic as well: FNV-1a of its bytes, folded to 16 bits, 1 for 0; of two topics of one configuration with the same one,
 * the later gets the next that is free. io.recon.flink.ReconSettings has the same rule.
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
    uint32_t *numbers; /* of the configuration's topics, in its order */
    uint32_t number_count;
    uint32_t *slots;         /* WIRE << 16 | number, by WIRE; 0: free */
    uint32_t slot_count;     /* a power of two */
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

/* A topic's number on the wire, unless another of the configuration has it. */
uint32_t names_wire(const char *topic);

/* The partition of a record that comes, as results are to have it; false: no such topic. */
static inline bool names_translate(const struct names *names, uint32_t *partition, unsigned bits)
{
    const uint32_t wire = *partition >> bits;
    if (wire == 0)
        return true;
    uint32_t at = wire & (names->slot_count - 1);
    while (names->slots[at] != 0 && names->slots[at] >> 16 != wire)
        at = (at + 1) & (names->slot_count - 1);
    const uint32_t number = names->slots[at] & UINT32_C(0xffff);
    *partition = number << bits | (*partition & ((UINT32_C(1) << bits) - 1));
    return number != 0;
}

#endif
