/*
 * Where results go: written in the chosen form, in large pieces, to standard output or a file.
 *
 * Single-threaded.
 */
#ifndef RECON_CLI_OUTPUT_H
#define RECON_CLI_OUTPUT_H

#include "codec/result_writer.h"

struct recon_output;

struct recon_output_options {
    const char *name; /* as for recon_sink_open */
    int format;       /* enum recon_result_format; -1: a table where a terminal reads it, else NDJSON */
    uint32_t report;  /* RECON_REPORT bits of what is written; metrics always are */
    bool timeless;
    const struct recon_partition_name *partition_names[RECON_STREAM_COUNT]; /* borrowed; NULL: none */
    size_t partition_name_count[RECON_STREAM_COUNT];
};

/* Whether to open output would write over input: it is that file, by whatever name, or the one that is written until
 * the results are whole. False where either is NULL or none. */
bool recon_output_is_input(const char *output, const char *input);

/* RECON_OK; else message says `NAME: why`. */
int recon_output_open(const struct recon_output_options *options, struct recon_output **output, char *message,
                      size_t message_size);

/* Writes results. On an error recon_output_message says `NAME: why`; it is empty where the reader of a pipe left, which
 * is to end the run quietly. */
int recon_output_results(struct recon_output *output, const struct recon_result *results, size_t count);
/* Hands on what was held back, for the next result may be long in coming. Errors as above. */
int recon_output_flush(struct recon_output *output);
const char *recon_output_message(const struct recon_output *output);
/* True where a terminal reads it. */
bool recon_output_is_terminal(const struct recon_output *output);
/* `FILE.partial` while the file does not have its own name; NULL: written directly. */
const char *recon_output_partial_name(const struct recon_output *output);

/* All results were written: ends a table, flushes, and gives a file its name. Errors as above, with
 * recon_output_message; the output must still be freed. */
int recon_output_finish(struct recon_output *output);

/* Without recon_output_finish before it: the run failed, a file stays `.partial`. NULL is fine. */
void recon_output_free(struct recon_output *output);

#endif
