/*
 * Avro values in binary: the fields that a plan wants, found without building anything else.
 *
 * Knows nothing of files: a datum is bytes and its writer's schema, as well from a container's block as behind the five
 * bytes of Confluent's framing. Single-threaded.
 *
 * What a value is to the plan: int and long their digits; a timestamp an instant; a date the text `2013-02-08`; a
 * local timestamp a text without an offset, so that the mapping's zone counts; string, enum and a UUID their text;
 * bytes and fixed a text if they are UTF-8. Decimals, floats, booleans, records, lists and maps are no texts: a context
 * gets them as JSON. A field is looked up by the writer's names, through unions and maps; not in lists.
 */
#ifndef RECON_CODEC_AVRO_VALUE_H
#define RECON_CODEC_AVRO_VALUE_H

#include "codec/avro_schema.h"
#include "codec/format.h"

struct recon_avro_finder;

/* plan and schema are borrowed. RECON_OK, RECON_ERROR_MEMORY, or RECON_ERROR_INVALID with the fault set: a required
 * field that the schema hasn't, or no record to look into. */
int recon_avro_finder_new(const struct recon_plan *plan, const struct recon_avro_schema *schema,
                          struct recon_fault *fault, struct recon_avro_finder **finder);
void recon_avro_finder_free(struct recon_avro_finder *finder);

/* For every path of the plan, what it could find by the schema alone: something, or RECON_FOUND_ABSENT. */
const struct recon_found *recon_avro_finder_expected(struct recon_avro_finder *finder);

struct recon_avro_datum {
    const struct recon_found *found; /* as many as the plan has paths */
    const char *record;              /* the record's full name; NULL: the datum is null */
    bool is_text;                    /* false: a text that was looked at is not UTF-8, or too long as JSON */
};

/* Reads one datum from the start of bytes; *used: its size. What is found lives until the next call, and no longer
 * than bytes. RECON_OK, RECON_ERROR_MEMORY, or RECON_ERROR_DAMAGED where the bytes are no datum of the schema. */
int recon_avro_finder_read(struct recon_avro_finder *finder, const char *bytes, size_t size, size_t *used,
                           struct recon_avro_datum *datum);

#endif
