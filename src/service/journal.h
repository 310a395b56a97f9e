/*
 * The journal: what the engine was told, in order, so that it can be told again. One entry a transaction.
 *
 * An entry says which offsets were taken in which order, each other call of the engine, a hash and a count of all
 * records decoded so far, and how many results are published so far. A transaction may end while results of its last
 * step still wait: the entry has the step, and the count of results says how far it got. Entries are numbered without
 * gaps.
 *
 *     RCNJ, version, flags                       6 bytes
 *     number, record_count, hash, result_count   8 bytes each, little-endian
 *     size of settings, settings                 varint, bytes; the first entry and whenever they change
 *     steps                                      to the end
 *
 * A step is its kind, a byte, and its numbers as zigzag varints. What a version does not know, a newer one wrote: it is
 * refused. flags are for what later versions add at the front of the steps; 0 here. No I/O; single-threaded.
 */
#ifndef RECON_SERVICE_JOURNAL_H
#define RECON_SERVICE_JOURNAL_H

#include "codec/result_writer.h"
#include "recon/record.h"

#define RECON_JOURNAL_VERSION 1

struct recon_journal_entry {
    uint64_t number;
    uint64_t record_count; /* decoded since the first entry */
    uint64_t hash;         /* of these */
    uint64_t result_count; /* published since the first entry */
    struct recon_text settings;
    struct recon_text steps;
};

enum recon_journal_kind {
    RECON_STEP_PARTITION = 1, /* the stream's next partition: topic, its number there, where reading begins */
    RECON_STEP_CLOCK = 2,     /* at */
    RECON_STEP_RANGE = 3,     /* count messages of a partition, from one offset to before another */
    RECON_STEP_ALIVE = 4,     /* a partition */
    RECON_STEP_END = 5,       /* a partition */
    RECON_STEP_ABSENT = 6, /* of a stream's next range, a schema that the registry has not: topic is its ID or GUID */
    RECON_STEP_ANEW = 7,   /* begun anew: nothing before it counts but what is published, numbers go on */
};

struct recon_journal_step {
    uint8_t kind;
    uint8_t stream;
    uint32_t partition; /* within the stream */
    int64_t at;         /* ms */
    int64_t first;      /* offset */
    int64_t end;        /* offset behind the last */
    uint32_t count;
    struct recon_text topic;
    int32_t topic_partition;
};

/* Appends. RECON_OK or RECON_ERROR_MEMORY; then nothing was appended. */
int recon_journal_step_write(const struct recon_journal_step *step, struct recon_buffer *buffer);
int recon_journal_entry_write(const struct recon_journal_entry *entry, struct recon_buffer *buffer);

/* Takes an entry apart; its texts are parts of bytes. RECON_OK; RECON_ERROR_DAMAGED: no entry; RECON_ERROR_VERSION. */
int recon_journal_entry_read(struct recon_text bytes, struct recon_journal_entry *entry);
/* Takes the next step off the front of steps; kind 0: there is none. RECON_OK or RECON_ERROR_DAMAGED. */
int recon_journal_step_read(struct recon_text *steps, struct recon_journal_step *step);

#endif
