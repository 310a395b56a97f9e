/*
 * Sinks of bytes: standard output, a file that appears whole or as it grows.
 */
#ifndef RECON_IO_SINK_H
#define RECON_IO_SINK_H

#include <stddef.h>

struct recon_sink;

/* name NULL or `-`: standard output. Otherwise the file is made or emptied. Errors as recon_source_open. */
int recon_sink_open(const char *name, struct recon_sink **sink, char *message, size_t message_size);

/* Writes all bytes. RECON_ERROR_IO: recon_sink_message says why, recon_sink_is_pipe_closed whether the reader left. */
int recon_sink_write(struct recon_sink *sink, const void *bytes, size_t size);
const char *recon_sink_message(const struct recon_sink *sink);
int recon_sink_is_pipe_closed(const struct recon_sink *sink);

/* Flushes and closes; the last chance for an error (a full disk may say so only now). The sink is gone after it. */
int recon_sink_close(struct recon_sink *sink, char *message, size_t message_size);

#endif
