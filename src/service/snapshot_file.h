/*
 * Snapshots as files: written on a thread of their own, under another name until they are whole.
 *
 *     open ─> pieces* ─> end ─> sync ─> rename ─> sync of the directory ─> those no longer wanted removed ─> WHOLE
 *        └────────┴───────┴──────┴───────┴──────────> FAILED (the unfinished file is removed if it can be)
 *
 * A file is DIRECTORY/NAME.NUMBER.snapshot, its number twenty digits; an unfinished one has `.partial` behind that. So
 * one directory may serve several names, and be shared by several machines.
 *
 * One thread gives pieces and never waits for the disk unless it asks to; what it and the writing thread share is under
 * one lock, and at most RECON_SNAPSHOT_PIECE_COUNT pieces are under way.
 */
#ifndef RECON_SERVICE_SNAPSHOT_FILE_H
#define RECON_SERVICE_SNAPSHOT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECON_SNAPSHOT_PIECE_BYTES ((size_t)256 * 1024)
#define RECON_SNAPSHOT_PIECE_COUNT 8

struct recon_snapshot_file;

enum recon_snapshot_file_state {
    RECON_SNAPSHOT_FILE_OPEN, /* not done yet */
    RECON_SNAPSHOT_FILE_WHOLE,
    RECON_SNAPSHOT_FILE_FAILED,
};

/* Which files are wanted no longer once this one is whole: all of this name below keep_from, and those of the list
 * (copied). */
struct recon_snapshot_file_options {
    const char *directory; /* made where it is not there */
    const char *name;
    uint64_t number;
    uint64_t keep_from;
    const uint64_t *unwanted;
    size_t unwanted_count;
    bool (*point)(void *context, const char *name); /* told before each step; false: it fails there. NULL: none */
    void *context;
};

/* Strings are copied. RECON_OK or RECON_ERROR_MEMORY. */
int recon_snapshot_file_new(const struct recon_snapshot_file_options *options, struct recon_snapshot_file **file);

/* Room for a piece of RECON_SNAPSHOT_PIECE_BYTES; NULL: the disk is behind, or all is over. With may_wait it waits
 * for room, and NULL means that it failed. */
void *recon_snapshot_file_piece(struct recon_snapshot_file *file, bool may_wait);
/* That piece has so many bytes now, at least one. */
void recon_snapshot_file_put(struct recon_snapshot_file *file, size_t size);
/* That was all of it. */
void recon_snapshot_file_end(struct recon_snapshot_file *file);

/* message: of a failure, names the place. Waits up to wait_ms while it is OPEN. */
enum recon_snapshot_file_state recon_snapshot_file_look(struct recon_snapshot_file *file, int wait_ms, char *message,
                                                        size_t message_size);
/* One that is not done is given up; its thread ends by itself, after the call of the system that it is in. */
void recon_snapshot_file_free(struct recon_snapshot_file *file);

/* --- what is there ----------------------------------------------------------------------------------------------- */

/* The numbers of the whole snapshots of a name, the highest first, to be freed by the caller. RECON_OK (also where
 * there is no such directory), RECON_ERROR_MEMORY, or RECON_ERROR_IO with errno. */
int recon_snapshot_list(const char *directory, const char *name, uint64_t **numbers, size_t *count);
/* The path of one, to be freed by the caller; NULL when memory is out. */
char *recon_snapshot_path(const char *directory, const char *name, uint64_t number);

#endif
