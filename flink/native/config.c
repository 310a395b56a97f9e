/*
 * NativeConfig: what a configuration says, for Java.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/result_writer.h"
#include "cursor.h"
#include "jni_support.h"
#include "recon/status.h"

/* --- variables -------------------------------------------------------------------------------------------------- */

struct variable {
    char *name;
    char *value;
};

struct variables {
    struct variable *items;
    size_t count;
    bool *used;
};

/* recon_config_parse asks by name alone: this thread's, while it parses. */
static _Thread_local const struct variables *asked;

static const char *value_of(const char *name)
{
    for (size_t i = 0; i < asked->count; i++)
        if (strcmp(asked->items[i].name, name) == 0) {
            asked->used[i] = true;
            return asked->items[i].value;
        }
    return NULL;
}

static char *copy_of(struct recon_text text)
{
    char *copy = malloc((size_t)text.size + 1);
    if (copy == NULL)
        return NULL;
    if (text.size > 0)
        memcpy(copy, text.bytes, text.size);
    copy[text.size] = '\0';
    return copy;
}

static void variables_deinit(struct variables *variables)
{
    for (size_t i = 0; i < variables->count; i++) {
        free(variables->items[i].name);
        free(variables->items[i].value);
    }
    free(variables->items);
    free(variables->used);
}

static int variables_read(struct variables *variables, struct cursor cursor)
{
    while (cursor.left > 0) {
        const struct recon_text name = cursor_text(&cursor), value = cursor_text(&cursor);
        if (cursor.is_short)
            return RECON_ERROR_INVALID;
        struct variable *items = realloc(variables->items, (variables->count + 1) * sizeof *items);
        if (items == NULL)
            return RECON_ERROR_MEMORY;
        variables->items = items;
        items[variables->count] = (struct variable){copy_of(name), copy_of(value)};
        variables->count++;
        if (items[variables->count - 1].name == NULL || items[variables->count - 1].value == NULL)
            return RECON_ERROR_MEMORY;
    }
    variables->used = calloc(variables->count + 1, sizeof *variables->used);
    return variables->used == NULL ? RECON_ERROR_MEMORY : RECON_OK;
}

/* --- parsing ---------------------------------------------------------------------------------------------------- */

static void throw_faults(JNIEnv *env, int status, const struct recon_config_errors *errors)
{
    size_t size = 1;
    for (size_t i = 0; i < errors->count; i++)
        size += strlen(errors->lines[i]) + 1;
    char *all = malloc(size);
    if (all == NULL || errors->count == 0) {
        free(all);
        throw_status(env, status, "configuration");
        return;
    }
    char *end = all;
    for (size_t i = 0; i < errors->count; i++)
        end += sprintf(end, "%s%s", i == 0 ? "" : "\n", errors->lines[i]);
    throw_message(env, status, "%s", all);
    free(all);
}

bool flink_config_parse(JNIEnv *env, jbyteArray text, jbyteArray file, jbyteArray given, struct recon_config *config,
                        bool **used, size_t *variable_count)
{
    struct recon_config_errors errors = {0};
    struct variables variables = {0};
    size_t text_size = 0, file_size = 0, given_size = 0;
    uint8_t *text_bytes = bytes_of(env, text, &text_size);
    uint8_t *file_bytes = text_bytes == NULL ? NULL : bytes_of(env, file, &file_size);
    uint8_t *given_bytes = file_bytes == NULL ? NULL : bytes_of(env, given, &given_size);
    int status = RECON_ERROR_MEMORY;
    recon_config_init(config);
    if (given_bytes == NULL)
        goto done;
    status = variables_read(&variables, (struct cursor){given_bytes, given_size, false});
    if (status == RECON_OK) {
        asked = &variables;
        status = recon_config_parse(config, (const char *)text_bytes, text_size, (const char *)file_bytes, value_of,
                                    &errors);
        asked = NULL;
    }
    if (status == RECON_OK)
        status = recon_config_finish(config, RECON_HOME_FLINK, &errors);
    if (status == RECON_OK && errors.count > 0)
        status = RECON_ERROR_INVALID;
    if (status != RECON_OK)
        throw_faults(env, status, &errors);
    if (status == RECON_OK && used != NULL) {
        *used = variables.used;
        *variable_count = variables.count;
        variables.used = NULL;
    }
done:
    variables_deinit(&variables);
    recon_config_errors_deinit(&errors);
    free(given_bytes);
    free(file_bytes);
    free(text_bytes);
    if (status != RECON_OK)
        recon_config_deinit(config);
    return status == RECON_OK;
}

/* --- what it says ----------------------------------------------------------------------------------------------- */

/* Names and values, each a text; RECON_ERROR_MEMORY sticks. */
struct answer {
    struct recon_buffer buffer;
    int status;
};

static void put_text(struct answer *answer, const char *text)
{
    const size_t size = strlen(text);
    if (answer->status == RECON_OK)
        answer->status = recon_buffer_reserve(&answer->buffer, size + 4);
    if (answer->status != RECON_OK)
        return;
    store_u32((uint8_t *)answer->buffer.bytes + answer->buffer.size, (uint32_t)size);
    memcpy(answer->buffer.bytes + answer->buffer.size + 4, text, size);
    answer->buffer.size += size + 4;
}

static void put(struct answer *answer, const char *name, const char *value)
{
    if (value == NULL)
        return;
    put_text(answer, name);
    put_text(answer, value);
}

static void put_number(struct answer *answer, const char *name, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, value);
    put(answer, name, text);
}

static void put_properties(struct answer *answer, const char *section, const struct recon_properties *properties)
{
    for (size_t i = 0; i < properties->count; i++) {
        put_text(answer, section);
        put_text(answer, properties->items[i].name);
        put_text(answer, properties->items[i].value);
    }
}

static void put_all(struct answer *answer, const struct recon_config *config)
{
    static const char *const starts[] = {
        [RECON_START_EARLIEST] = "earliest", [RECON_START_LATEST] = "latest", [RECON_START_TIME] = "time"};
    static const char *const topics[] = {"audit.topic", "events.topic"};
    const struct recon_settings *settings = &config->settings;
    put(answer, "name", config->name);
    put_number(answer, "interval", settings->interval_ms);
    put_number(answer, "out_of_orderness", settings->out_of_orderness_ms);
    put_number(answer, "retention", settings->retention_ms);
    put_number(answer, "idle_timeout", settings->idle_timeout_ms);
    put_number(answer, "max_future_skew", settings->max_future_skew_ms);
    put_number(answer, "from", settings->from_ms);
    put_number(answer, "to", settings->to_ms);
    put_number(answer, "report", settings->report);
    put_number(answer, "source_in_identity", config->source_in_identity);
    put(answer, "start", starts[config->start]);
    put_number(answer, "start_time", config->start_time_ms);
    put(answer, "metrics_topic", config->metrics_topic);
    put(answer, "breaks_topic", config->breaks_topic);
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
        for (size_t i = 0; i < config->streams[stream].topic_count; i++)
            put(answer, topics[stream], config->streams[stream].topics[i]);
    put_properties(answer, "kafka", &config->kafka);
    put_properties(answer, "flink", &config->flink);
}

/* Pairs of texts, and for a property its section, name and value; then for each variable that was used `variable`, its
 * number in decimal. */
JNIEXPORT jbyteArray JNICALL Java_io_recon_flink_NativeConfig_parse(JNIEnv *env, jclass class, jbyteArray text,
                                                                    jbyteArray file, jbyteArray variables);
JNIEXPORT jbyteArray JNICALL Java_io_recon_flink_NativeConfig_parse(JNIEnv *env, jclass class, jbyteArray text,
                                                                    jbyteArray file, jbyteArray variables)
{
    (void)class;
    struct recon_config config;
    bool *used = NULL;
    size_t variable_count = 0;
    if (!flink_config_parse(env, text, file, variables, &config, &used, &variable_count))
        return NULL;
    struct answer answer = {.status = RECON_OK};
    recon_buffer_init(&answer.buffer);
    put_all(&answer, &config);
    for (size_t i = 0; i < variable_count; i++)
        if (used[i])
            put_number(&answer, "variable", (int64_t)i);
    jbyteArray array = NULL;
    if (answer.status == RECON_OK)
        array = (*env)->NewByteArray(env, (jsize)answer.buffer.size);
    else
        throw_status(env, answer.status, "configuration");
    if (array != NULL)
        (*env)->SetByteArrayRegion(env, array, 0, (jsize)answer.buffer.size, (const jbyte *)answer.buffer.bytes);
    recon_buffer_deinit(&answer.buffer);
    recon_config_deinit(&config);
    free(used);
    return array;
}
