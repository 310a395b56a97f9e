/*
 * A CSV file's header line: which columns the mapping's fields are.
 */
#ifndef RECON_CODEC_CSV_HEADER_H
#define RECON_CODEC_CSV_HEADER_H

#include "codec/csv_record.h"
#include "codec/format.h"

/* Owns its arrays, which have count elements: in the column columns[i] is what the plan wants for paths[i]. Columns
 * rise. */
struct recon_csv_header {
    size_t column_count; /* of the file */
    size_t count;
    size_t *columns;
    uint32_t *paths;
};

/* bytes: the header's record, of the given shape and line. RECON_OK, RECON_ERROR_MEMORY, or RECON_ERROR_INVALID with
 * the fault set where a required column is absent, or a column that is asked for is there twice. */
int recon_csv_header_init(struct recon_csv_header *header, const struct recon_plan *plan, const char *bytes,
                          const struct recon_csv_shape *shape, int64_t line, struct recon_fault *fault);
void recon_csv_header_deinit(struct recon_csv_header *header);

#endif
