/*
 * One CSV record by RFC 4180: where its fields are. No state, no I/O, no allocation. Any thread.
 */
#ifndef RECON_CODEC_CSV_RECORD_H
#define RECON_CODEC_CSV_RECORD_H

#include "codec/csv_scan.h"

enum recon_csv_outcome {
    RECON_CSV_RECORD,
    RECON_CSV_MORE,           /* it may go on behind the bytes that are there */
    RECON_CSV_STRAY_QUOTE,    /* within an unquoted field, or a closing one with more of the field behind it */
    RECON_CSV_UNCLOSED_QUOTE, /* the input ends within a quoted field */
};

struct recon_csv_field {
    const char *bytes; /* within quotes, if it has some */
    size_t size;
    bool has_doubled; /* every quote in it is written twice */
};

/* Valid for RECON_CSV_RECORD; end also for RECON_CSV_STRAY_QUOTE: the byte that shows it. */
struct recon_csv_shape {
    size_t end;  /* of its last field, quotes included */
    size_t next; /* where the next record begins */
    size_t field_count;
    size_t newline_count; /* within quotes */
    bool is_blank;        /* an empty line */
};

/* Reads the record that begins at start, where scanner must stand. fields[i] gets the column columns[i] if the record
 * has it; columns rise, and the same one may be there several times. last: the input ends with the scanner's bytes. */
enum recon_csv_outcome recon_csv_record(struct recon_csv_scanner *scanner, size_t start, bool last,
                                        const size_t *columns, size_t column_count, struct recon_csv_field *fields,
                                        struct recon_csv_shape *shape);

/* The text between two cuts, which have no fault between them; end: without CR. has_doubled is left to be found out.
 * (Member by member: a struct put together and then copied costs more than finding it.) */
static inline void recon_csv_field_between(const char *start, const char *end, struct recon_csv_field *field)
{
    const bool is_quoted = start < end && *start == '"';
    field->bytes = start + is_quoted;
    field->size = (size_t)(end - start) - 2 * is_quoted;
    field->has_doubled = is_quoted;
}

/* Writes the field with its quotes single again; to has room for field->size. Returns the size. */
size_t recon_csv_unquote(const struct recon_csv_field *field, char *to);

#endif
