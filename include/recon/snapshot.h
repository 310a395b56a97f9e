/*
 * Snapshots: the whole state as versioned, checksummed bytes, written and read in pieces, divided by key group.
 *
 * A snapshot is a sequence of sections: one head (settings, watermark, windows) and one for each key group that holds
 * something. Each section stands alone (it says what it is, and carries its checksum), so that they can be kept
 * apart and dealt out anew: an engine restored from the head and some of the groups has just those identities.
 *
 * A snapshot can be taken only while no results wait (RECON_ERROR_UNDRAINED). Reading builds a new object; one that
 * is damaged, truncated, of a newer version or of other settings is refused with a status, and nothing else is
 * touched.
 */
#ifndef RECON_SNAPSHOT_H
#define RECON_SNAPSHOT_H

#include "recon/engine.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- writing --------------------------------------------------------------------------------------------------- */

struct recon_snapshot_writer;

/* The engine must not change until the writer is freed. key_group: RECON_SNAPSHOT_ALL, RECON_SNAPSHOT_HEAD or one
 * group's number. The writer's memory counts as the engine's. */
#define RECON_SNAPSHOT_ALL (-1)
#define RECON_SNAPSHOT_HEAD (-2)
int recon_snapshot_writer_new(struct recon_engine *engine, int key_group, struct recon_snapshot_writer **writer);
void recon_snapshot_writer_free(struct recon_snapshot_writer *writer);

/* Fills up to capacity (at least 1) bytes; *size = 0: that was all. */
int recon_snapshot_writer_next(struct recon_snapshot_writer *writer, void *bytes, size_t capacity, size_t *size);

/* --- reading --------------------------------------------------------------------------------------------------- */

struct recon_snapshot_reader;

/* settings as for recon_engine_new; interval, key_group_count and key_fingerprint must be those of the snapshot;
 * partition_count is ignored, for the snapshot says it; the others may differ and hold from then on. */
int recon_snapshot_reader_new(const struct recon_settings *settings, struct recon_snapshot_reader **reader);
void recon_snapshot_reader_free(struct recon_snapshot_reader *reader);

/* Takes bytes in pieces of any size. After an error the reader can only be freed. */
int recon_snapshot_reader_feed(struct recon_snapshot_reader *reader, const void *bytes, size_t size);

/* All was fed: gives the engine, which the caller then owns. RECON_ERROR_TRUNCATED if a section is not whole or
 * the head is missing. Sections of several engines may be fed to one reader: of the heads the one with the lowest
 * watermark counts, their counts are added (see docs/architecture.md). */
int recon_snapshot_reader_finish(struct recon_snapshot_reader *reader, struct recon_engine **engine);

#ifdef __cplusplus
}
#endif
#endif
