/*
 * The schemas of a registry that messages were written with, as they come to be known; and what Confluent's framing
 * says of a message.
 *
 * A schema is known, or known to be absent or none that can be used. Single-threaded; inside of src/codec only.
 */
#ifndef RECON_CODEC_MESSAGE_SCHEMA_H
#define RECON_CODEC_MESSAGE_SCHEMA_H

#include "codec/avro_value.h"
#include "codec/message.h"

/* Plans that bytes are read by: values of messages that are Avro, of CloudEvents in binary mode with such data, and
 * keys. */
#define RECON_REGISTRY_PLAN_COUNT 3

struct recon_registry_schema;

struct recon_registry {
    struct recon_registry_schema **slots; /* open addressing; NULL: free */
    size_t slot_count;                    /* a power of two, or 0 */
    size_t count;
    struct recon_registry_schema *latest; /* the one found last, NULL: none */
};

void recon_registry_deinit(struct recon_registry *registry);

/* False: not known yet. *schema NULL: it is absent, or none that can be used. */
bool recon_registry_find(struct recon_registry *registry, const struct recon_schema_wanted *key,
                         struct recon_registry_schema **schema);

/* As recon_message_decoder_schema. */
int recon_registry_add(struct recon_registry *registry, const struct recon_schema_wanted *key, const char *json,
                       size_t size, char *error, size_t error_size);
void recon_registry_forget_absent(struct recon_registry *registry);

/* What reads values of the schema by the plan; number is the plan's, below RECON_REGISTRY_PLAN_COUNT, and always the
 * same for it. *finder stays NULL where the values have nothing to look into. RECON_OK or RECON_ERROR_MEMORY. */
int recon_registry_finder(struct recon_registry_schema *schema, const struct recon_plan *plan, int number,
                          struct recon_avro_finder **finder);

/* Takes the framing apart: the schema's ID or GUID from the header that may hold it (header.bytes NULL: none), else
 * from the front of the value or key. False: it is not framed. */
bool recon_framing_read(struct recon_text header, struct recon_text value, struct recon_schema_wanted *key,
                        struct recon_text *payload);
/* Fills the key's text. */
void recon_framing_text(struct recon_schema_wanted *key);

#endif
