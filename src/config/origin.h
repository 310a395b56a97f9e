/*
 * What the parts of the configuration share, and where what was set stands: kept beside it, for the faults that show
 * only when all of it is known.
 */
#ifndef RECON_CONFIG_ORIGIN_H
#define RECON_CONFIG_ORIGIN_H

#include "config/faults.h"
#include "config/yaml_tree.h"

/* Bits of recon_config_origin.seen. */
enum recon_config_seen {
    RECON_SEEN_NAME = 1,
    RECON_SEEN_INTERVAL = 2,
    RECON_SEEN_OUT_OF_ORDERNESS = 4,
    RECON_SEEN_RETENTION = 8,
    RECON_SEEN_SERVERS = 16,
    RECON_SEEN_TOPICS = 32, /* of the audit stream; the next bit: of the event stream */
};

struct recon_config_origin {
    char *file_name; /* NULL: no file was read */
    unsigned seen;   /* keys that are there, be their values good or not: they are not missing */
    bool faulty;     /* some value was not taken: what seems to be missing may be that */
    bool unreadable; /* the file was not read to its end */
    /* Faults of some homes only, such as a variable that `check` does without. */
    struct recon_faults deferred;
    struct recon_place from;
    struct recon_place to;
    struct recon_place identity;
    struct recon_place streams[RECON_STREAM_COUNT];
    struct recon_place schemas[RECON_STREAM_COUNT]; /* line 0: the stream has none */
    struct recon_place output;
    bool has_http; /* where it listens was said, be it nowhere */
};

/* The configuration's origin, made where there is none; NULL: out of memory. */
struct recon_config_origin *recon_config_origin_get(struct recon_config *config);

/* A stream's one mapping without `schemas:`, made where there is none; NULL: out of memory. */
struct recon_mapping *recon_config_mapping_get(struct recon_config *config, int stream);

/* What the functions that read the file's parts are given. */
struct recon_config_reader {
    struct recon_config *config;
    struct recon_faults *faults;
};

/* Reads `audit:` or `events:` with the mapping keys that stand at the top for both. top: the whole file. */
void recon_config_stream_read(struct recon_config *config, struct recon_faults *faults,
                              const struct recon_yaml_node *top, int stream);

/* Read the sections of section.c; context: struct recon_config_reader. */
void recon_config_kafka_read(void *context, const struct recon_yaml_item *item);
void recon_config_librdkafka_read(void *context, const struct recon_yaml_item *item);
void recon_config_flink_read(void *context, const struct recon_yaml_item *item);
void recon_config_state_read(void *context, const struct recon_yaml_item *item);
void recon_config_http_read(void *context, const struct recon_yaml_item *item);
void recon_config_output_read(void *context, const struct recon_yaml_item *item);

#endif
