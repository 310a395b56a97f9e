/*
 * Snapshots: the whole state as versioned, checksummed bytes, written and read in pieces, divided by key group.
 *
 * A snapshot is a sequence of sections:
 *
 *     head      the watermark: partitions, clock, W and R                 copy it to every engine that goes on
 *     counts    windows, counts under way, sums since the start           to one engine
 *     group g   the identities of one key group, with their W and R       to one engine each; empty ones are left out
 *     end       how much there was: a whole snapshot is known to be whole
 *
 * Each section says what it is and carries its own checksums, so that sections can be kept apart and dealt out anew: an
 * object restored from some groups has just those identities. docs/architecture.md has the format.
 *
 * A snapshot can be taken only while no results wait (RECON_ERROR_UNDRAINED). Reading builds a new object; what is
 * damaged, truncated, of a newer version or of other settings is refused with a status, and nothing else is touched.
 */
#ifndef RECON_SNAPSHOT_H
#define RECON_SNAPSHOT_H

#include "recon/engine.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What to write: a group's number, or one of these. ALL is head, counts, groups and end. */
enum recon_snapshot_part { RECON_SNAPSHOT_ALL = -1, RECON_SNAPSHOT_HEAD = -2, RECON_SNAPSHOT_COUNTS = -3 };

/* --- writing --------------------------------------------------------------------------------------------------- */

struct recon_snapshot_writer;

/* What is written must not change until the writer is freed (but see recon_snapshot_writer_freeze), and is freed after
 * it; the writer's memory counts as its. part: enum recon_snapshot_part or a key group. RECON_OK,
 * RECON_ERROR_UNDRAINED, RECON_ERROR_MEMORY. */
int recon_snapshot_writer_new(struct recon_engine *engine, int part, struct recon_snapshot_writer **writer);
/* Of parts that compose: a watermark has a head, a matcher groups and counts (those under way, and sums), a windows
 * counts. */
int recon_snapshot_writer_new_watermark(struct recon_watermark *watermark, const struct recon_settings *settings,
                                        struct recon_snapshot_writer **writer);
int recon_snapshot_writer_new_matcher(struct recon_matcher *matcher, int part, struct recon_snapshot_writer **writer);
int recon_snapshot_writer_new_windows(struct recon_windows *windows, struct recon_snapshot_writer **writer);
void recon_snapshot_writer_free(struct recon_snapshot_writer *writer);

/* Gives up to capacity (at least 1) bytes; *size = 0: that was all. After an error the writer can only be freed. */
int recon_snapshot_writer_next(struct recon_snapshot_writer *writer, void *bytes, size_t capacity, size_t *size);

/*
 * Writing while the engine goes on. A writer that is frozen right after it was made gives what was there then, whatever
 * calls are made between those of recon_snapshot_writer_next; all by one thread at a time. An engine or a matcher has
 * one frozen writer at a time at the most.
 *
 *     recon_snapshot_writer_new(engine, RECON_SNAPSHOT_ALL, &writer);   recon_snapshot_writer_freeze(writer);
 *     while work and writing go on: some calls of the engine, recon_snapshot_writer_next(writer, bytes, 65536, &size)
 *     recon_snapshot_writer_free(writer);
 *
 * Freezing makes the head and the counts (some 150 bytes and 100 ns a window) and nothing of the identities, however
 * many there are. From then on the first change of an identity that was not written yet keeps what it was, for 20
 * bytes and 0.1 us, and its texts for longer. A call of recon_snapshot_writer_next does what its capacity asks for, 0.1
 * us an identity, and no more than a few ms besides. Freed half-way, the writer gives back what it kept: 0.1 us for
 * each record whose texts were; whoever wants no pause then goes on to the end and throws the bytes away.
 *
 * The memory is the engine's and held to its limit: where the limit is reached the writer is given up
 * (recon_snapshot_writer_next says RECON_ERROR_MEMORY) and the engine goes on.
 */
/* RECON_OK; RECON_ERROR_MEMORY: the writer can only be freed. */
int recon_snapshot_writer_freeze(struct recon_snapshot_writer *writer);
/* A matcher's writer that has given its part, whole, goes on with a key group, which lies behind those before: how the
 * key groups of one moment are kept apart. Of a frozen writer the first part is RECON_SNAPSHOT_COUNTS, or the counts
 * are not to be had. */
void recon_snapshot_writer_turn(struct recon_snapshot_writer *writer, uint32_t group);

/* --- reading --------------------------------------------------------------------------------------------------- */

struct recon_snapshot_reader;

enum recon_snapshot_target {
    RECON_SNAPSHOT_ENGINE,
    RECON_SNAPSHOT_MATCHER,
    RECON_SNAPSHOT_WINDOWS,
    RECON_SNAPSHOT_WATERMARK,
};

/* settings as for recon_engine_new; interval, key_group_count and key_fingerprint must be those of the snapshot;
 * partition_count is ignored, for the snapshot says it; the others may differ and hold from then on. */
int recon_snapshot_reader_new(const struct recon_settings *settings, enum recon_snapshot_target target,
                              struct recon_snapshot_reader **reader);
void recon_snapshot_reader_free(struct recon_snapshot_reader *reader);

/* Takes bytes in pieces of any size; sections in any order. What the target has no part for is passed over. After an
 * error the reader can only be freed. */
int recon_snapshot_reader_feed(struct recon_snapshot_reader *reader, const void *bytes, size_t size);

/* All was fed: gives the object, which the caller then owns, and frees the reader (not so on an error). is_whole: the
 * bytes must be one whole snapshot (RECON_ERROR_TRUNCATED if not). Otherwise what came counts: an engine needs a head;
 * a matcher goes on from the lowest W and R of its groups, a watermark (which needs one head or more, all of as many
 * partitions) from the lowest of everything in its heads; call recon_watermark_resume then. */
int recon_snapshot_reader_finish_engine(struct recon_snapshot_reader *reader, bool is_whole,
                                        struct recon_engine **engine);
int recon_snapshot_reader_finish_matcher(struct recon_snapshot_reader *reader, struct recon_matcher **matcher);
int recon_snapshot_reader_finish_windows(struct recon_snapshot_reader *reader, struct recon_windows **windows);
int recon_snapshot_reader_finish_watermark(struct recon_snapshot_reader *reader, struct recon_watermark **watermark);

#ifdef __cplusplus
}
#endif
#endif
