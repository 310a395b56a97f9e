/*
 * What a format found in a record, made a recon_record: the rules that all formats share. Which schema fits, what an
 * ID, a source and a time may be, the order of the reasons for a rejection (malformed, unmapped, no_id, no_source,
 * no_time), heartbeats, ignored records, bounds of sizes and the key are decided here and nowhere else.
 *
 * A rejected record carries what could be read of id, source and time. An event whose time can't be read stays
 * RECON_KIND_RECORD with has_time = false; an audit record is rejected as no_time.
 */
#ifndef RECON_CODEC_EXTRACT_H
#define RECON_CODEC_EXTRACT_H

#include "codec/plan.h"

enum recon_found_kind {
    RECON_FOUND_ABSENT = 0, /* no such field, or null */
    RECON_FOUND_TEXT,
    RECON_FOUND_CELL,    /* a text of a format that has no types (CSV): as a time, digits are an integer */
    RECON_FOUND_INTEGER, /* text is its decimal digits: no plus, no leading zeros, any length, `-0` is `0` */
    RECON_FOUND_TIME,    /* an instant that the format itself knows (Avro's timestamps): time_ms, and text its digits */
    RECON_FOUND_OTHER,   /* fraction, boolean, list, object; text is how it is written, for contexts */
};

/* What stands at one path. The text is borrowed until recon_extract has returned. */
struct recon_found {
    enum recon_found_kind kind;
    struct recon_text text;
    int64_t time_ms; /* of RECON_FOUND_TIME */
};

/* Makes the record of found (plan->path_count of them) and pushes it to the batch, or counts it as ignored.
 * avro_record: full name of the writer's record, NULL in other formats. offset: line or record, from 1.
 * RECON_OK, or RECON_ERROR_MEMORY: then the batch is as it was and the same call may be made again. */
int recon_extract(const struct recon_plan *plan, const struct recon_found *found, const char *avro_record,
                  int64_t offset, struct recon_batch *batch);

/* The same for count records, found one after the other, whose offsets rise by one. The batch may hold some of them
 * where memory runs out. */
int recon_extract_many(const struct recon_plan *plan, const struct recon_found *found, uint32_t count, int64_t offset,
                       struct recon_batch *batch);

/* Kafka: does without the value what can be done without it. found says what key, headers and timestamp hold; of a
 * tombstone (has_value false) fields of the value are absent, else they have no meaning yet. *is_done: recon_extract's
 * work is done; not so for a tombstone: it makes no record. Errors as above. */
int recon_extract_early(const struct recon_plan *plan, const struct recon_found *found, bool has_value, int64_t offset,
                        struct recon_batch *batch, bool *is_done);

/* Pushes the rejection of something that is no record of the format at all. Errors as above. */
int recon_extract_malformed(const struct recon_plan *plan, int64_t offset, struct recon_batch *batch);

/* Where plan->keys_later: makes the keys of the batch's records since it was called last. */
void recon_extract_keys(const struct recon_plan *plan, struct recon_batch *batch);

/* True if one of the schemas finds something where it has its time: for recon_decoder_has_time. */
bool recon_extract_sees_time(const struct recon_plan *plan, const struct recon_found *found);

#endif
