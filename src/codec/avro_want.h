/*
 * The places in an Avro schema that a plan's paths lead to or through, and no others: all else is skipped in reading.
 *
 * A tree beside the schema's graph of types. Its depth is bounded by the paths, not by the schema, which may have
 * cycles. Immutable once made; borrows plan and schema.
 */
#ifndef RECON_CODEC_AVRO_WANT_H
#define RECON_CODEC_AVRO_WANT_H

#include "codec/avro_schema.h"
#include "codec/format.h"

struct recon_avro_want {
    const struct recon_avro_type *type;
    const char *key; /* within a map */
    uint32_t *paths; /* indexes of the plan's paths: those that end here, then those that go on */
    size_t end_count;
    size_t path_count;
    /* For each field of a record, branch of a union; for a map, for each path that goes on. NULL: skipped. */
    struct recon_avro_want **children;
    size_t child_count;
};

/* *want stays NULL where the plan wants nothing. RECON_OK, RECON_ERROR_MEMORY, or RECON_ERROR_INVALID with the fault
 * set: there is no record to look into, or too much of it. */
int recon_avro_want_new(const struct recon_plan *plan, const struct recon_avro_type *type, struct recon_fault *fault,
                        struct recon_avro_want **want);
void recon_avro_want_free(struct recon_avro_want *want);

/* Says why a path leads nowhere: names the record that it gets stuck at. Returns RECON_ERROR_INVALID. */
int recon_avro_want_fault(const struct recon_avro_type *root, const struct recon_path *path, struct recon_fault *fault);

#endif
