/*
 * What the engine is told in a run, one step after the other: a run that goes on and one that is read again from its
 * journal make the same calls here, and so the same results in the same order.
 *
 * Owns the engine and the decoders. Each step's results are given to emit as they are made; a status that it returns
 * ends the step, after which this can only be freed. Single-threaded.
 */
#ifndef RECON_SERVICE_STEPS_H
#define RECON_SERVICE_STEPS_H

#include "codec/message.h"
#include "config/config.h"
#include "recon/engine.h"
#include "recon/snapshot.h"

struct recon_steps;

struct recon_steps_options {
    const struct recon_config *config; /* as recon_config_finish leaves it for run; borrowed */
    int64_t from_ms;                   /* no audit record before it is judged */
    int (*emit)(void *context, const struct recon_result *result);
    void *context;
    /* Hands the decoder a schema that it wants, or that there is none (recon_message_decoder_schema). RECON_OK, or a
     * status that ends the decoding. */
    int (*schema)(void *context, const struct recon_schema_wanted *wanted, struct recon_message_decoder *decoder);
    /* Every call of the engine as a trace's line, if there is such a function. */
    int (*record)(void *context, const char *bytes, size_t size);
};

/* Fills in how a stream's messages are decoded here; borrows of config. */
void recon_steps_decoder(const struct recon_config *config, int stream, struct recon_message_decoder_options *options);

/* RECON_OK, RECON_ERROR_MEMORY, or RECON_ERROR_INVALID with why in error. */
int recon_steps_new(const struct recon_steps_options *options, struct recon_steps **steps, char *error,
                    size_t error_size);
void recon_steps_free(struct recon_steps *steps);

/* Each: RECON_OK, a status of the engine's, emit's or record's; recon_steps_message says more where there is more. */

/* The stream's next partition. Before the first clock it is there from the start. */
int recon_steps_partition(struct recon_steps *steps, int stream, struct recon_text topic, int32_t topic_partition);
int recon_steps_clock(struct recon_steps *steps, int64_t now_ms);
int recon_steps_alive(struct recon_steps *steps, int stream, uint32_t partition);
/* Nothing more comes of this partition. */
int recon_steps_end(struct recon_steps *steps, int stream, uint32_t partition);
/* Tells the engine records of one partition, which count for the hash from here. digests: of these; NULL: not made. */
int recon_steps_handle(struct recon_steps *steps, const struct recon_record *records, const uint64_t *digests,
                       size_t count);
/* Decodes one message here, behind those since recon_steps_clear. No step is made. */
int recon_steps_decode(struct recon_steps *steps, int stream, const struct recon_message *message);
void recon_steps_clear(struct recon_steps *steps);
/* What was decoded so. */
const struct recon_batch *recon_steps_batch(const struct recon_steps *steps);
/* Messages that made no record, by intent, as a batch counts them. */
void recon_steps_pass_over(struct recon_steps *steps, int stream, const struct recon_batch *batch);
/* Messages are decoded as if the registry had said that there is no such schema, until that is forgotten. RECON_OK or
 * RECON_ERROR_MEMORY. */
int recon_steps_schema_absent(struct recon_steps *steps, int stream, const struct recon_schema_wanted *wanted);
void recon_steps_schemas_forget(struct recon_steps *steps, int stream);

/* --- the whole state ---------------------------------------------------------------------------------------------- */

/* Between two steps, after the first clock: a writer of the engine as it is now, to be freed before this is. */
int recon_steps_snapshot(struct recon_steps *steps, struct recon_snapshot_writer **writer);
/* In place of all steps up to a snapshot, but for those that add partitions, which are made: takes the engine's bytes
 * in pieces, then what is counted here. After an error this can only be freed. */
int recon_steps_restore(struct recon_steps *steps, const void *bytes, size_t size);
int recon_steps_restored(struct recon_steps *steps, int64_t now_ms, uint64_t record_count, uint64_t hash);
/* The largest time of a partition that is restored. */
void recon_steps_time_restore(struct recon_steps *steps, int stream, uint32_t partition, int64_t time_max);

/* --- what there is ----------------------------------------------------------------------------------------------- */

/* Decoded so far, and a hash of it. */
uint64_t recon_steps_record_count(const struct recon_steps *steps);
uint64_t recon_steps_hash(const struct recon_steps *steps);
/* RECON_TIME_MIN before the first. */
int64_t recon_steps_now(const struct recon_steps *steps);
uint32_t recon_steps_partition_count(const struct recon_steps *steps, int stream);
/* The largest believable time decoded of a partition; RECON_TIME_MIN: none yet. */
int64_t recon_steps_time_max(const struct recon_steps *steps, int stream, uint32_t partition);
/* The names of a stream's partitions; moved by recon_steps_partition. */
const struct recon_partition_name *recon_steps_names(const struct recon_steps *steps, int stream, size_t *count);
/* NULL before the first clock. */
const struct recon_engine *recon_steps_engine(const struct recon_steps *steps);
/* Messages that made no record, by intent. */
void recon_steps_passed_over(const struct recon_steps *steps, int stream, uint64_t *ignored, uint64_t *tombstones);
/* What the engine may hold. */
uint64_t recon_steps_memory_limit(const struct recon_steps *steps);
const char *recon_steps_message(const struct recon_steps *steps);

#endif
