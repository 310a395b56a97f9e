/*
 * A schema registry's client, by its REST API: the schemas that messages were written with, by ID or GUID.
 *
 * An answer is kept, so that each schema is asked for once; that there is none is kept for a while, and asked again
 * then. Single-threaded. A call waits for the registry, some seconds at most.
 */
#ifndef RECON_IO_REGISTRY_H
#define RECON_IO_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>

/* As the configuration has it, without `schema.registry.`: url (several by commas), basic.auth.user.info
 * (user:password), bearer.auth.token, ssl.ca.location, ssl.certificate.location, ssl.key.location, ssl.key.password.
 * Borrowed. */
struct recon_registry_property {
    const char *name;
    const char *value;
};

struct recon_registry_options {
    const struct recon_registry_property *properties;
    size_t property_count;
    /* True: a call that waits is to be given up; asked about once a second. */
    bool (*is_stopped)(void *context);
    void *context;
};

struct recon_registry_client;

enum recon_registry_outcome {
    RECON_REGISTRY_OK = 0,
    RECON_REGISTRY_ABSENT, /* the registry says that it has no such schema */
    RECON_REGISTRY_AGAIN,  /* it can't be reached, or answers with an error: make the call again later */
    RECON_REGISTRY_NONE,   /* no registry is named in the configuration */
};

/* RECON_OK, RECON_ERROR_MEMORY, or RECON_ERROR_INVALID with why in error: a property that there is not. */
int recon_registry_client_new(const struct recon_registry_options *options, struct recon_registry_client **client,
                              char *error, size_t error_size);
void recon_registry_client_free(struct recon_registry_client *client);

/* The registry's whole answer for an ID's digits or a GUID's text. OK: *json lives until the next call. */
enum recon_registry_outcome recon_registry_client_ask(struct recon_registry_client *client, bool is_guid,
                                                      const char *text, const char **json, size_t *size);
/* Why the last call said AGAIN: which registry, and what it did. */
const char *recon_registry_client_message(const struct recon_registry_client *client);

#endif
