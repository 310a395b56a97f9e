/*
 * The configuration: YAML 1.2 core to plain data, with every fault named at once as FILE:LINE:COLUMN.
 *
 * Owns its texts. Single-threaded. The same file configures `check`, `run` and the Flink job; sections of other homes
 * are checked for form and otherwise passed over.
 */
#ifndef RECON_CONFIG_CONFIG_H
#define RECON_CONFIG_CONFIG_H

#include "codec/mapping.h"
#include "recon/settings.h"

enum recon_home { RECON_HOME_CHECK, RECON_HOME_REPLAY, RECON_HOME_RUN, RECON_HOME_FLINK };

enum recon_start { RECON_START_EARLIEST, RECON_START_LATEST, RECON_START_TIME };

/* `key: value` pairs handed to a client as they are. */
struct recon_property {
    char *name;
    char *value;
};
struct recon_properties {
    struct recon_property *items;
    size_t count;
};

struct recon_stream_config {
    char **topics;
    size_t topic_count;
    struct recon_stream_mapping mapping;
};

/* Where what was set stands, for messages of recon_config_finish; the configuration's own. */
struct recon_config_origin;

struct recon_config {
    struct recon_config_origin *origin;
    char *name;        /* NULL: none */
    bool has_interval; /* set by file or option */
    bool has_max_future_skew;
    bool has_idle_timeout;
    /* Durations and the rest as they are set; RECON_DURATION_UNSET where not. partition_count, key_group_count,
     * memory_limit_bytes and allocator are not the configuration's. */
    struct recon_settings settings;
    bool source_in_identity;
    enum recon_start start;
    int64_t start_time_ms;
    struct recon_properties kafka;
    struct recon_properties librdkafka;
    struct recon_properties flink;
    struct recon_stream_config streams[RECON_STREAM_COUNT];
    char *state_directory;
    int64_t snapshot_interval_ms;
    char *http_host;    /* an address, not a name; NULL: no HTTP */
    uint16_t http_port; /* 0: any that is free */
    char *metrics_topic;
    char *breaks_topic;
};

/* Faults, in order of place; printed one a line by whoever asked for them. */
struct recon_config_errors {
    char **lines; /* `FILE:LINE:COLUMN: what, did you mean …` or `--option: what` */
    size_t count;
    uint64_t *places; /* what the lines are ordered by */
};
void recon_config_errors_deinit(struct recon_config_errors *errors);
/* Adds a line at the end, printf-like. Ends the process where there is no memory for it: a fault is never lost. */
void recon_config_errors_add(struct recon_config_errors *errors, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void recon_config_init(struct recon_config *config);
void recon_config_deinit(struct recon_config *config);

/* Parses text (the file's bytes) into config. file_name is for messages. environment(name) gives a variable's value or
 * NULL (getenv, or a test's). Returns RECON_OK, RECON_ERROR_INVALID (then errors holds at least one line) or
 * RECON_ERROR_MEMORY. */
int recon_config_parse(struct recon_config *config, const char *text, size_t size, const char *file_name,
                       const char *(*environment)(const char *name), struct recon_config_errors *errors);

/* Sets one key as the command line does: option is the name without its dashes (`interval`, `audit-id`, `time-unit`).
 * Overrides what the file said; but where a stream has `schemas:`, each with its own mapping, an option for its mapping
 * is refused. An option for both streams also overrides one for one of them that came before it. RECON_OK,
 * RECON_ERROR_INVALID with a line added, or RECON_ERROR_MEMORY. */
int recon_config_option(struct recon_config *config, const char *option, const char *value,
                        struct recon_config_errors *errors);
/* True where the name is an option of recon_config_option; *nearest (may be NULL) otherwise gets the likeliest meant
 * (static) or NULL. */
bool recon_config_option_known(const char *option, const char **nearest);

/* After all was set, once, also where there were faults (they are not named again, nor what they may cause): fills the
 * home's defaults, reads `key`, `header.NAME` and `timestamp` in mappings as Kafka's for run and Flink (in files they
 * are fields like any other), and adds lines for what is missing or contradicts itself (no interval for replay; name,
 * o, n, m for run and Flink; identity source,id with a source mapped in one stream alone; from >= to). */
int recon_config_finish(struct recon_config *config, enum recon_home home, struct recon_config_errors *errors);

#endif
