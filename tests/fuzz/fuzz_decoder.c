/*
 * The decoder as it meets a file it knows nothing of: format by content, default names and some that are mapped. The
 * first two bytes of an input choose the settings, the rest is the file.
 */
#define _POSIX_C_SOURCE 200809L

#include <string.h>

#include "fuzz.h"
#include "pieces.h"
#include "recon/status.h"

static void map(struct recon_field *field, const char *text)
{
    if (recon_field_parse(text, false, field) != RECON_OK)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const names[] = {NULL, "a.json", "a.csv", "a.avro"};
    static const enum recon_format formats[] = {RECON_FORMAT_AUTO, RECON_FORMAT_JSON, RECON_FORMAT_CLOUDEVENTS,
                                                RECON_FORMAT_CSV};
    if (size < 2)
        return 0;
    struct recon_mapping schemas[2];
    recon_mapping_init(&schemas[0]);
    recon_mapping_init(&schemas[1]);
    struct recon_stream_mapping mapping = {.schemas = schemas, .schema_count = 1 + (bytes[0] >> 1 & 1)};
    struct recon_decoder_options options = {
        .mapping = &mapping,
        .stream = bytes[0] & 1,
        .partition = 3,
        .source_in_identity = bytes[0] >> 2 & 1,
        .timeless = (bytes[0] >> 3 & 3) == 3,
        .file_name = names[bytes[0] >> 5 & 3],
        .record_bytes_max = bytes[1] >> 7 ? 40 : 0,
    };
    struct recon_mapping *schema = &schemas[mapping.schema_count - 1];
    if (mapping.schema_count == 2) {
        schemas[0].has_when = true;
        schemas[0].ignore = bytes[1] >> 4 & 1;
        schemas[0].heartbeat = bytes[1] >> 5 & 1;
        schemas[0].when.cloudevents_type = bytes[1] >> 6 & 1 ? strdup("t") : NULL;
        map(&schemas[0].when.field, "kind");
        schemas[0].when.field_equals = strdup("k");
    }
    schema->format = formats[bytes[1] & 3];
    schema->time_unit = (enum recon_time_unit)(bytes[1] & 3);
    if (bytes[1] >> 2 & 1) {
        map(&schema->id[0], "id");
        map(&schema->id[1], "a.b");
        schema->id_count = 2;
    }
    if (bytes[1] >> 3 & 1)
        map(&schema->context, "/list/1");

    pieces_check(&options, bytes + 2, size - 2, (uint32_t)(bytes[0] * 2654435761u + bytes[1] + size));
    recon_mapping_deinit(&schemas[0]);
    recon_mapping_deinit(&schemas[1]);
    return 0;
}
