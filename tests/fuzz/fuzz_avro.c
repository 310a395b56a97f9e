/* Avro: object files; and what is none, as a schema in JSON, a NUL, and one datum. */
#include <stdlib.h>
#include <string.h>

#include "codec/avro_schema.h"
#include "codec/avro_value.h"
#include "decode_twice.h"
#include "fuzz.h"
#include "recon/status.h"

static void require(int condition)
{
    if (!condition)
        abort();
}

static void read_datum(const struct recon_decoder_options *options, const char *bytes, size_t size)
{
    const char *datum_start = memchr(bytes, '\0', size);
    if (datum_start == NULL)
        return;
    struct recon_plan *plan;
    struct recon_fault fault;
    struct recon_avro_schema *schema;
    struct recon_avro_finder *finder;
    const char *what;
    char message[120];
    if (recon_avro_schema_new(bytes, (size_t)(datum_start - bytes), &schema, message, sizeof message) != RECON_OK)
        return;
    require(recon_plan_new(options, RECON_FORMAT_AVRO, &plan, &what) == RECON_OK);
    if (recon_avro_finder_new(plan, schema, &fault, &finder) == RECON_OK) {
        const size_t rest = size - (size_t)(datum_start + 1 - bytes);
        char *copy = malloc(rest > 0 ? rest : 1);
        require(copy != NULL);
        memcpy(copy, datum_start + 1, rest);
        struct recon_avro_datum datum;
        struct recon_batch batch;
        size_t used = 0;
        recon_batch_init(&batch);
        if (recon_avro_finder_read(finder, copy, rest, &used, &datum) == RECON_OK) {
            require(used <= rest);
            require(recon_extract(plan, datum.found, datum.record, 1, &batch) == RECON_OK);
        }
        recon_batch_deinit(&batch);
        free(copy);
        recon_avro_finder_free(finder);
    }
    recon_plan_free(plan);
    recon_avro_schema_free(schema);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct recon_mapping schemas[2];
    if (schemas[0].id_count == 0) {
        for (size_t i = 0; i < 2; i++) {
            recon_mapping_init(&schemas[i]);
            schemas[i].format = RECON_FORMAT_AVRO;
            schemas[i].has_when = i == 0;
            schemas[i].id_count = 1;
            require(recon_field_parse(i == 0 ? "nested.id" : "id", false, &schemas[i].id[0]) == RECON_OK);
            require(recon_field_parse(i == 0 ? "date" : "time", false, &schemas[i].time) == RECON_OK);
            require(recon_field_parse(i == 0 ? "nested" : "before", false, &schemas[i].context) == RECON_OK);
        }
        require((schemas[0].when.avro_record = calloc(1, 8)) != NULL);
        memcpy(schemas[0].when.avro_record, "Types", 5);
    }
    const struct recon_stream_mapping mapping = {.schemas = schemas, .schema_count = 2};
    const struct recon_decoder_options options = {
        .mapping = &mapping, .stream = RECON_STREAM_AUDIT, .file_name = "fuzz.avro", .timeless = size % 2 == 0};
    const char *text = (const char *)bytes;
    if (size > 3 && memcmp(text, "Obj", 3) == 0)
        decode_twice(&options, text, size, 1 + size % 61);
    else
        read_datum(&options, text, size);
    return 0;
}
