/*
 * Sources of bytes: files, plain or compressed, pipes and standard input.
 *
 * Single-threaded each but for what says otherwise; different sources may be read on different threads at once.
 */
#ifndef RECON_IO_SOURCE_H
#define RECON_IO_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct recon_source;

/* Opens a file by its name, `-` for standard input. Compression (.gz, .zst) is told by the first bytes, not the name.
 * RECON_OK, RECON_ERROR_IO or RECON_ERROR_MEMORY; then message (message_size bytes, terminated) says `NAME: why`. A
 * directory is refused. */
int recon_source_open(const char *name, struct recon_source **source, char *message, size_t message_size);
void recon_source_close(struct recon_source *source);

/* Reads up to capacity bytes after decompression; *size = 0: the end. RECON_ERROR_IO (unreadable), RECON_ERROR_DAMAGED
 * (broken compression) or RECON_ERROR_TRUNCATED (compressed data that ends too early), with recon_source_message. */
int recon_source_read(struct recon_source *source, void *bytes, size_t capacity, size_t *size);
const char *recon_source_message(const struct recon_source *source);

/* Ends a read of a pipe or a terminal that waits for bytes, and all later ones: RECON_ERROR_IO. A regular file, which
 * never waits for long, goes on. Any thread, while the source is open. */
void recon_source_interrupt(struct recon_source *source);

/* A read would wait just now for whoever writes to a pipe or a terminal. (One that has begun to come compressed may
 * wait all the same.) */
bool recon_source_would_wait(const struct recon_source *source);
/* What poll() can be asked about; -1: nothing ever waits for long. */
int recon_source_descriptor(const struct recon_source *source);

/* For progress: bytes of the file taken so far, and its size (0 if not known). Any thread. */
void recon_source_progress(const struct recon_source *source, uint64_t *taken_bytes, uint64_t *total_bytes);

#endif
