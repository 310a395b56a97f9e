/*
 * How a format plugs into the decoder.
 *
 * decoder.c finds out the format, makes the plan (plan.h) and hands all bytes of the file on to one reader. A reader
 * cuts the bytes into records, looks up plan->paths in each and calls recon_extract, or recon_extract_malformed where
 * there is no record to look into. What a format provides is one constant of the type below, declared here and
 * entered in the table of decoder.c.
 *
 * A reader is single-threaded, has no globals, and leaves no byte unaccounted for: each is part of a record, or of
 * what stands around records by the format's own rules (blank lines, a header, a byte order mark at the start).
 */
#ifndef RECON_CODEC_FORMAT_H
#define RECON_CODEC_FORMAT_H

#include "codec/extract.h"

/* The text of a fault that no further byte can mend. */
struct recon_fault {
    char text[256];
};
/* Names line or column and the mend, without the file's name; cut where it is too long. Returns
 * RECON_ERROR_INVALID. */
int recon_fault_set(struct recon_fault *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct recon_format_ops {
    /* Makes a reader for one file; plan and fault are borrowed for its life. RECON_OK or RECON_ERROR_MEMORY. */
    int (*new)(const struct recon_plan *plan, struct recon_fault *fault, void **reader);
    void (*free)(void *reader); /* NULL is allowed */
    /* The contract of recon_decoder_feed, with the byte order mark still there. May keep what it found out about
     * bytes that it did not take: they are fed again. RECON_ERROR_INVALID only after recon_fault_set; the decoder
     * doesn't call again after it. A call with the batch full must take nothing. */
    int (*feed)(void *reader, const char *bytes, size_t size, bool last, size_t *used, struct recon_batch *batch);
    /* Whether a record (or the header) in the file's first bytes has something at the time's default name: 1, 0, or
     * -1 if not even one record (or the header) is whole in them. Only asked where no schema maps a time. */
    int (*has_time)(const struct recon_plan *plan, const char *bytes, size_t size, bool last);
};

/* JSON lines and CloudEvents in JSON lines: one reader, other default names. */
extern const struct recon_format_ops recon_format_json;
extern const struct recon_format_ops recon_format_csv;
extern const struct recon_format_ops recon_format_avro;

#endif
