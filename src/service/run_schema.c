/*
 * Schemas of a registry, for the messages that are written with one.
 *
 * While the registry can't be reached, the run waits with the message that needs it: nothing is passed over. What was
 * taken before is committed meanwhile, as the message's own step is written down only once it is decoded.
 *
 * That the registry has no such schema is part of the order of consumption: a range of messages of which that was said
 * has the schemas before it in the journal, and decoding them again does not ask. It holds for that range alone.
 */
#include <stdlib.h>
#include <string.h>

#include "recon/status.h"
#include "service/run_state.h"

#define PREFIX "schema.registry."

static bool is_stopped(void *context)
{
    struct recon_run *run = context;
    run_beat(run);
    return run_is_stopped(run);
}

bool run_schema_property(const char *name)
{
    return strncmp(name, PREFIX, strlen(PREFIX)) == 0;
}

static void properties_take(const struct recon_properties *from, struct recon_registry_property *properties,
                            size_t *count)
{
    for (size_t i = 0; i < from->count; i++)
        if (run_schema_property(from->items[i].name))
            properties[(*count)++] =
                (struct recon_registry_property){from->items[i].name + strlen(PREFIX), from->items[i].value};
}

int run_schema_client(struct recon_run *run)
{
    const struct recon_config *config = run->options.config;
    size_t count = 0;
    struct recon_registry_property *properties =
        calloc(config->kafka.count + config->librdkafka.count + 1, sizeof *properties);
    if (properties == NULL)
        return RECON_ERROR_MEMORY;
    properties_take(&config->kafka, properties, &count);
    properties_take(&config->librdkafka, properties, &count); /* these count where both are there */
    const struct recon_registry_options options = {
        .properties = properties, .property_count = count, .is_stopped = is_stopped, .context = run};
    const int status = recon_registry_client_new(&options, &run->registry, run->message, run->message_size);
    free(properties);
    return status;
}

/* *json NULL: there is none. */
static int fetch(struct recon_run *run, const struct recon_schema_wanted *wanted, const char **json, size_t *size)
{
    *json = NULL;
    *size = 0;
    for (;;) {
        switch (recon_registry_client_ask(run->registry, wanted->is_guid, wanted->text, json, size)) {
        case RECON_REGISTRY_OK:
            return RECON_OK;
        case RECON_REGISTRY_ABSENT:
            run_log(run, 4, "the schema registry has no schema %s: messages with it are rejected", wanted->text);
            return RECON_OK;
        case RECON_REGISTRY_NONE:
            return run_fail(run, RECON_ERROR_INVALID,
                            "a message is written with schema %s of a registry, and none is named: "
                            "'librdkafka: {schema.registry.url: ...}'",
                            wanted->text);
        case RECON_REGISTRY_AGAIN:
            break;
        }
        run_log(run, 4, "waiting: %s", recon_registry_client_message(run->registry));
        int status = run_pause(run);
        if (status == RECON_OK && !run->is_rereading && run->steps != NULL && run_commit_is_due(run))
            status = run_commit(run);
        if (status != RECON_OK)
            return status;
    }
}

int run_schema_give(void *context, const struct recon_schema_wanted *wanted, struct recon_message_decoder *decoder)
{
    struct recon_run *run = context;
    char why[256] = "";
    const char *json = NULL;
    size_t size = 0;
    int status = fetch(run, wanted, &json, &size);
    if (status == RECON_OK && json == NULL)
        status = recon_buffer_reserve(&run->absent, sizeof *wanted);
    if (status != RECON_OK)
        return status;
    if (json == NULL) {
        memcpy(run->absent.bytes + run->absent.size, wanted, sizeof *wanted);
        run->absent.size += sizeof *wanted;
    }
    status = recon_message_decoder_schema(decoder, wanted, json, size, why, sizeof why);
    if (status == RECON_OK && json != NULL)
        return recon_ahead_schema(run->ahead, wanted, json, size);
    if (status != RECON_ERROR_INVALID)
        return status;
    run_log(run, 4, "%s: messages with it are rejected", why);
    return RECON_OK;
}

int run_schema_decode(struct recon_run *run, struct recon_message_decoder *decoder, const struct recon_message *message,
                      struct recon_batch *batch)
{
    int status;
    while ((status = recon_message_decode(decoder, message, batch)) == RECON_MESSAGE_SCHEMA_WANTED) {
        const struct recon_schema_wanted wanted = *recon_message_decoder_wanted(decoder);
        status = run_schema_give(run, &wanted, decoder);
        run->absent.size = 0;
        if (status != RECON_OK)
            break;
    }
    return status;
}

int run_schema_note(struct recon_run *run, int stream)
{
    int status = RECON_OK;
    if (run->absent.size == 0)
        return RECON_OK;
    for (size_t at = 0; at < run->absent.size && status == RECON_OK; at += sizeof(struct recon_schema_wanted)) {
        struct recon_schema_wanted wanted;
        memcpy(&wanted, run->absent.bytes + at, sizeof wanted);
        const struct recon_journal_step step = {
            .kind = RECON_STEP_ABSENT,
            .stream = (uint8_t)stream,
            .topic = {wanted.text, (uint32_t)strlen(wanted.text)},
        };
        status = run_note(run, &step);
    }
    run->absent.size = 0;
    if (!run->is_rereading)
        recon_steps_schemas_forget(run->steps, stream);
    return status;
}

static int digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* The ID or GUID that a text is. */
static bool wanted_read(struct recon_text text, struct recon_schema_wanted *wanted)
{
    size_t count = 0; /* of hexadecimal digits */
    uint64_t id = 0;
    *wanted = (struct recon_schema_wanted){.is_guid = memchr(text.bytes, '-', text.size) != NULL};
    if (text.size == 0 || text.size >= sizeof wanted->text)
        return false;
    memcpy(wanted->text, text.bytes, text.size);
    for (uint32_t i = 0; i < text.size; i++) {
        const int value = digit(text.bytes[i]);
        if (wanted->is_guid && text.bytes[i] == '-')
            continue;
        if (value < 0 || (!wanted->is_guid && value > 9) || count >= 2 * sizeof wanted->guid)
            return false;
        if (wanted->is_guid)
            wanted->guid[count / 2] = (uint8_t)(wanted->guid[count / 2] << 4 | value);
        id = id * 10 + (uint64_t)value;
        count++;
    }
    wanted->id = (uint32_t)id;
    return wanted->is_guid ? count == 2 * sizeof wanted->guid : count <= 10 && id <= UINT32_MAX;
}

int run_schema_absent(struct recon_run *run, const struct recon_journal_step *step)
{
    struct recon_schema_wanted wanted;
    if (!wanted_read(step->topic, &wanted))
        return RECON_ERROR_DAMAGED;
    return recon_steps_schema_absent(run->steps, step->stream, &wanted);
}
