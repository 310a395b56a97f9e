/*
 * Traces: NDJSON that fixes everything an engine is told, clock and order of arrival included; read and written.
 *
 * No I/O: lines are fed as they are read, lines are appended to a buffer. Single-threaded.
 *
 *     recon_trace_reader_line(reader, line, size, &step)
 *     step.kind HEAD:  make the engine only now; recon_trace_reader_head says with how many partitions
 *     step.kind BLANK: nothing to do
 *     any other:       recon_trace_reader_clock(reader, engine, &step);   drain the engine
 *                      recon_trace_reader_apply(reader, engine, &step);   drain the engine
 *
 * A line is judged whole: one JSON object in UTF-8 (a carriage return before its end is a space). A line of nothing
 * but spaces is passed over, and so is a byte order mark at the start. Fields that are not named here are passed over,
 * but a number anywhere must fit 64 bits; one that is named here must not come twice and must be of its type; null
 * stands for absent. `id`, `context` and so on where the line's kind has no use for them are passed over too. A record
 * without an ID, or without the source where that is part of the identity, is not of the form.
 */
#ifndef RECON_CODEC_TRACE_H
#define RECON_CODEC_TRACE_H

#include "codec/key.h"
#include "codec/mapping.h"
#include "codec/result_writer.h"
#include "recon/engine.h"

enum recon_trace_kind {
    RECON_TRACE_BLANK,  /* nothing on the line */
    RECON_TRACE_HEAD,   /* the first line, if it has no `at` */
    RECON_TRACE_CLOCK,  /* `at` alone */
    RECON_TRACE_RECORD, /* record, heartbeat or rejected: record.kind says */
    RECON_TRACE_ALIVE,
    RECON_TRACE_START, /* record.partition is the one that is added */
    RECON_TRACE_END,
};

/* What the first line says, or its defaults. */
struct recon_trace_head {
    bool has_identity; /* it names one */
    bool source_in_identity;
    uint32_t partition_count[RECON_STREAM_COUNT];
    const struct recon_partition_name *names[RECON_STREAM_COUNT]; /* NULL: no names */
};

/* One line. stream and partition are the record's also where it is none. Texts are borrowed. */
struct recon_trace_step {
    enum recon_trace_kind kind;
    int64_t at; /* ms */
    struct recon_record record;
    /* The ID's fields where it has several (record.id is then all of them, joined by `|`); else count 0. */
    struct recon_text id_parts[RECON_ID_FIELD_COUNT_MAX];
    size_t id_part_count;
};

struct recon_trace_reader;

/* source_in_identity holds where the trace does not name an identity itself. RECON_OK or RECON_ERROR_MEMORY. */
int recon_trace_reader_new(const uint8_t seed[RECON_SEED_SIZE_BYTES], bool source_in_identity,
                           struct recon_trace_reader **reader);
void recon_trace_reader_free(struct recon_trace_reader *reader);

/* Reads the next line, with or without its line end. The step's texts live until the next line is read. RECON_OK;
 * RECON_ERROR_INVALID: not of the form; RECON_ERROR_MEMORY. */
int recon_trace_reader_line(struct recon_trace_reader *reader, const char *line, size_t size,
                            struct recon_trace_step *step);
/* Lives as long as the reader; known once the first line that is not blank was read. */
const struct recon_trace_head *recon_trace_reader_head(const struct recon_trace_reader *reader);

/* Tells the engine, which must hold no results. Any status of the engine's; RECON_ERROR_CLOCK, _PARTITION and _ENDED
 * are faults of the line. */
int recon_trace_reader_clock(struct recon_trace_reader *reader, struct recon_engine *engine,
                             const struct recon_trace_step *step);
int recon_trace_reader_apply(struct recon_trace_reader *reader, struct recon_engine *engine,
                             const struct recon_trace_step *step);

/* What was wrong in the last call that failed, without the line's number. */
const char *recon_trace_reader_error(const struct recon_trace_reader *reader);

/* Append a line. What they write reads back as the same, but that bytes which are no UTF-8 become U+FFFD. RECON_OK or
 * RECON_ERROR_MEMORY; then nothing was appended. */
int recon_trace_head_write(const struct recon_trace_head *head, struct recon_buffer *buffer);
int recon_trace_step_write(const struct recon_trace_step *step, struct recon_buffer *buffer);

#endif
