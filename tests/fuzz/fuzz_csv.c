/* CSV files. The first byte says how the file is cut and how it is read. */
#include <stdlib.h>

#include "codec/csv_record.h"
#include "decode_twice.h"
#include "fuzz.h"
#include "recon/status.h"

/* A field without quotes comes out as it went in: what a record holds never reaches outside of it. */
static void check_records(const char *bytes, size_t size)
{
    static const size_t columns[] = {0, 1, 1, 3};
    struct recon_csv_scanner scanner;
    struct recon_csv_shape shape;
    struct recon_csv_field fields[4];
    recon_csv_scanner_start(&scanner, bytes, size, 0);
    for (size_t at = 0; at < size; at = shape.next) {
        if (recon_csv_record(&scanner, at, true, columns, 4, fields, &shape) != RECON_CSV_RECORD)
            return;
        if (shape.next <= at || shape.next > size || shape.end > shape.next || shape.end < at)
            abort();
        for (size_t i = 0; i < 4 && columns[i] < shape.field_count; i++)
            if (fields[i].bytes < bytes + at || fields[i].bytes + fields[i].size > bytes + shape.end)
                abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct recon_mapping schema;
    if (size == 0)
        return 0;
    if (schema.id_count == 0) {
        recon_mapping_init(&schema);
        schema.format = RECON_FORMAT_CSV;
        schema.id_count = 2;
        if (recon_field_parse("a", false, &schema.id[0]) != RECON_OK ||
            recon_field_parse("b", false, &schema.id[1]) != RECON_OK ||
            recon_field_parse("c", false, &schema.context) != RECON_OK)
            abort();
    }
    const struct recon_stream_mapping mapping = {.schemas = &schema, .schema_count = 1};
    const struct recon_decoder_options options = {
        .mapping = &mapping,
        .stream = RECON_STREAM_AUDIT,
        .timeless = (bytes[0] & 1) != 0,
        .file_name = "fuzz.csv",
        .record_bytes_max = (bytes[0] & 2) != 0 ? 24 : 0,
    };
    decode_twice(&options, (const char *)bytes + 1, size - 1, bytes[0] >> 2);
    check_records((const char *)bytes + 1, size - 1);
    return 0;
}
