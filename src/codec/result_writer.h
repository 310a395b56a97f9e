/*
 * Results to bytes: NDJSON, CSV or a table for people. No I/O: bytes are appended to a buffer.
 */
#ifndef RECON_CODEC_RESULT_WRITER_H
#define RECON_CODEC_RESULT_WRITER_H

#include "recon/record.h"

enum recon_result_format { RECON_RESULTS_NDJSON, RECON_RESULTS_CSV, RECON_RESULTS_TABLE };

/* Bytes that grow; owned by whoever holds the struct. */
struct recon_buffer {
    char *bytes;
    size_t size;
    size_t capacity;
};
void recon_buffer_init(struct recon_buffer *buffer);
void recon_buffer_deinit(struct recon_buffer *buffer);
/* Room for size more bytes at the end; RECON_OK or RECON_ERROR_MEMORY. */
int recon_buffer_reserve(struct recon_buffer *buffer, size_t size);

/* What a partition is called in results; topic NULL: the field is left out. In files the topic is the file's name. */
struct recon_partition_name {
    const char *topic;
    uint32_t partition;
};

struct recon_result_writer_options {
    enum recon_result_format format;
    bool timeless; /* only IDs are compared: start, end and times are null or left out */
    bool color;    /* table only */
    /* For each stream the names of its partitions, borrowed. NULL: no topic, the partition as it is. */
    const struct recon_partition_name *names[RECON_STREAM_COUNT];
    size_t name_count[RECON_STREAM_COUNT];
    /* Not 0: the low bits of a partition are its number within the topic, the bits above choose among the names, which
     * are topics then. */
    uint8_t partition_bits;
};

struct recon_result_writer;

int recon_result_writer_new(const struct recon_result_writer_options *options, struct recon_result_writer **writer);
void recon_result_writer_free(struct recon_result_writer *writer);
/* Names may grow while it runs. */
void recon_result_writer_names(struct recon_result_writer *writer, int stream, const struct recon_partition_name *names,
                               size_t count);

/* Appends one result. NDJSON: one object and a newline. A table shows what a person can read as it comes. */
int recon_result_writer_write(struct recon_result_writer *writer, const struct recon_result *result,
                              struct recon_buffer *buffer);
/* Appends what stands at the end (a table's last lines). */
int recon_result_writer_finish(struct recon_result_writer *writer, struct recon_buffer *buffer);

#endif
