/*
 * Sinks of bytes: standard output, or a file that appears whole.
 *
 * A named file is written as `NAME.partial`, which grows as results come and can be followed; when the sink is closed
 * it is flushed to the disk and takes its name in one step. So a file under its own name is whole, and a run that was
 * killed or failed leaves NAME as it was and what there is under `.partial`. What is no regular file (a device, a
 * FIFO) is written to directly.
 *
 * Single-threaded each. The process must ignore SIGPIPE.
 */
#ifndef RECON_IO_SINK_H
#define RECON_IO_SINK_H

#include <stddef.h>

#define RECON_SINK_PARTIAL_SUFFIX ".partial"

struct recon_sink;

/* name NULL or `-`: standard output. RECON_OK, RECON_ERROR_IO or RECON_ERROR_MEMORY; then message (message_size bytes,
 * terminated) says `NAME: why`. */
int recon_sink_open(const char *name, struct recon_sink **sink, char *message, size_t message_size);

/* Writes all bytes. RECON_ERROR_IO: recon_sink_message says why, recon_sink_is_pipe_closed whether the reader left. */
int recon_sink_write(struct recon_sink *sink, const void *bytes, size_t size);
const char *recon_sink_message(const struct recon_sink *sink);
int recon_sink_is_pipe_closed(const struct recon_sink *sink);

/* All was written: flushes, closes, and gives the file its name; the last chance for an error (a full disk may say so
 * only now; then the file stays `.partial`). The sink is gone after it. */
int recon_sink_close(struct recon_sink *sink, char *message, size_t message_size);

/* The run failed: closes, and leaves what was written as `NAME.partial`. The sink is gone after it; NULL is fine. */
void recon_sink_abandon(struct recon_sink *sink);

/* `NAME.partial` while the file does not have its own name, NULL for what is written directly. Lives with the sink. */
const char *recon_sink_partial_name(const struct recon_sink *sink);

#endif
