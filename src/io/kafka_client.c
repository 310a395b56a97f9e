/*
 * See kafka_client.h.
 */
#include "io/kafka_client_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "recon/status.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Set by each kind of client as it needs them; by a user never. */
static const char *const ours[] = {
    "auto.offset.reset", "enable.auto.commit",       "enable.auto.offset.store", "enable.partition.eof", "group.id",
    "isolation.level",   "allow.auto.create.topics", "transactional.id",         "enable.idempotence",
};

void recon_kafka_log(const struct recon_kafka_options *options, int level, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (options->log != NULL)
        options->log(options->log_context, level, text);
}

/* The first member of every client's opaque is its options. */
static void on_log(const rd_kafka_t *client, int level, const char *facility, const char *text)
{
    const struct recon_kafka_options *const *options = rd_kafka_opaque(client);
    /* A producer is given what only consumers know, and the other way about: they share the configuration. */
    if (strcmp(facility, "CONFWARN") != 0)
        recon_kafka_log(*options, level, "kafka: %s: %s", facility, text);
}

/* What was told by the log already, but for what ends a client, which the calls tell. */
static void on_error(rd_kafka_t *client, int code, const char *reason, void *opaque)
{
    const struct recon_kafka_options *const *options = opaque;
    (void)client;
    recon_kafka_log(*options, 4, "kafka: %s: %s", rd_kafka_err2name((rd_kafka_resp_err_t)code), reason);
}

static int set(rd_kafka_conf_t *conf, const struct recon_kafka_property *property, char *error, size_t error_size)
{
    char text[512];
    if (rd_kafka_conf_set(conf, property->name, property->value, text, sizeof text) == RD_KAFKA_CONF_OK)
        return RECON_OK;
    snprintf(error, error_size, "%s: %s", property->name, text);
    return RECON_ERROR_INVALID;
}

static int set_all(rd_kafka_conf_t *conf, const struct recon_kafka_property *properties, size_t count, char *error,
                   size_t error_size)
{
    int status = RECON_OK;
    for (size_t i = 0; i < count && status == RECON_OK; i++)
        status = set(conf, &properties[i], error, error_size);
    return status;
}

static int refuse_ours(const struct recon_kafka_options *options, char *error, size_t error_size)
{
    for (size_t i = 0; i < options->property_count; i++)
        for (size_t k = 0; k < COUNT(ours); k++)
            if (strcmp(options->properties[i].name, ours[k]) == 0) {
                snprintf(error, error_size,
                         "%s: is not for the configuration to set: results once and only once rest on it", ours[k]);
                return RECON_ERROR_INVALID;
            }
    return RECON_OK;
}

int recon_kafka_client_new(rd_kafka_type_t type, const struct recon_kafka_options *options,
                           const struct recon_kafka_property *defaults, size_t default_count,
                           const struct recon_kafka_property *fixed, size_t fixed_count,
                           void (*prepare)(rd_kafka_conf_t *conf, void *opaque), void *opaque, rd_kafka_t **client,
                           char *error, size_t error_size)
{
    char text[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    if (conf == NULL)
        return RECON_ERROR_MEMORY;
    rd_kafka_conf_set_opaque(conf, opaque);
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set_error_cb(conf, on_error);
    if (prepare != NULL)
        prepare(conf, opaque);
    int status = refuse_ours(options, error, error_size);
    if (status == RECON_OK)
        status = set_all(conf, defaults, default_count, error, error_size);
    if (status == RECON_OK)
        status = set_all(conf, options->properties, options->property_count, error, error_size);
    if (status == RECON_OK)
        status = set_all(conf, fixed, fixed_count, error, error_size);
    if (status != RECON_OK) {
        rd_kafka_conf_destroy(conf);
        return status;
    }
    rd_kafka_t *made = rd_kafka_new(type, conf, text, sizeof text);
    if (made == NULL) {
        rd_kafka_conf_destroy(conf);
        snprintf(error, error_size, "%s", text);
        return RECON_ERROR_INVALID;
    }
    *client = made;
    return RECON_OK;
}
