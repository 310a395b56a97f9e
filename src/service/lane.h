/*
 * A lane: one input file with the thread that reads and decodes it, and the ring of batches between that thread and
 * the one that takes them.
 *
 *     opened -> started -> ended (all batches taken, or a fault)
 *
 * The ring is bounded, so a lane holds at most its buffer (which grows to the longest record) and batch_count batches,
 * however long its file is. All functions are for the thread that takes.
 */
#ifndef RECON_SERVICE_LANE_H
#define RECON_SERVICE_LANE_H

#include "codec/decoder.h"

struct recon_lane;

struct recon_lane_options {
    const char *name;                     /* of the file; `-`: standard input; borrowed */
    struct recon_decoder_options decoder; /* what it borrows must outlive the lane; file_name is set by the lane */
    size_t batch_count;                   /* in the ring, at least 2 */
    size_t buffer_bytes;                  /* at the start */
};

/* RECON_OK or an error, then message says `NAME: why`. */
int recon_lane_open(const struct recon_lane_options *options, struct recon_lane **lane, char *message,
                    size_t message_size);
/* Stops the thread wherever it is, waits for it, and closes the file. NULL is fine. */
void recon_lane_free(struct recon_lane *lane);

/* Whether records have a time, as recon_decoder_has_time says it of the file's first bytes, which are kept: its answer,
 * or RECON_LANE_UNKNOWN, where more must come of a pipe. Does not wait; before the start. Once there is an answer, a
 * call reads on as far as there is room, so that who writes several pipes in turn need not wait. is_pressed: no more
 * may come until this file is read, so a "no" of what there is will do. */
#define RECON_LANE_UNKNOWN 2
int recon_lane_has_time(struct recon_lane *lane, bool is_pressed);
/* There is an answer and no room to read on: who writes to it waits. */
bool recon_lane_is_full(const struct recon_lane *lane);
/* What poll() is to be asked about before the next call; -1: nothing. */
int recon_lane_descriptor(const struct recon_lane *lane);

/* Makes the decoder and the thread. */
int recon_lane_start(struct recon_lane *lane, bool timeless, char *message, size_t message_size);

/* False where recon_lane_next would wait just now. */
bool recon_lane_is_ready(struct recon_lane *lane);

/* Gives the former batch back and waits for the next; *batch NULL: the file is at its end. On an error
 * recon_lane_message says `NAME: why`; what came before it was given by earlier calls. A batch is never empty unless it
 * tells of ignored records. */
int recon_lane_next(struct recon_lane *lane, struct recon_batch **batch);
const char *recon_lane_message(const struct recon_lane *lane);

/* Asks the thread to end soon; recon_lane_free would wait for many one after the other without. */
void recon_lane_stop(struct recon_lane *lane);

void recon_lane_progress(const struct recon_lane *lane, uint64_t *taken_bytes, uint64_t *total_bytes);

#endif
