#define _POSIX_C_SOURCE 200809L

#include "message_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "print_record.h"
#include "recon/status.h"

void kit_init(struct kit *kit, int stream, const char *identity, const char *keys)
{
    static const char form[] = "name: n\ninterval: 1m\nout_of_orderness: 0s\nretention: 1h\nidentity: %s\n"
                               "kafka: {bootstrap.servers: b}\n%s: {topics: [x]%s%s}\n%s: {topics: [y], source: s}\n";
    char yaml[4096];
    struct recon_config_errors errors = {0};
    memset(kit, 0, sizeof *kit);
    const int size = snprintf(yaml, sizeof yaml, form, identity, recon_stream_name(stream), keys[0] ? ", " : "", keys,
                              recon_stream_name(!stream));
    assert_in_range(size, 1, sizeof yaml - 1);
    recon_config_init(&kit->config);
    int status = recon_config_parse(&kit->config, yaml, (size_t)size, "c.yaml", NULL, &errors);
    if (status == RECON_OK)
        status = recon_config_finish(&kit->config, RECON_HOME_FLINK, &errors);
    if (status != RECON_OK)
        fail_msg("%s", errors.count > 0 ? errors.lines[0] : "no configuration");
    recon_config_errors_deinit(&errors);

    char error[200] = "";
    struct recon_message_decoder_options options = {.mapping = &kit->config.streams[stream].mapping,
                                                    .stream = stream,
                                                    .source_in_identity = kit->config.source_in_identity};
    for (int i = 0; i < RECON_SEED_SIZE_BYTES; i++)
        options.seed[i] = (uint8_t)i;
    if (recon_message_decoder_new(&options, &kit->decoder, error, sizeof error) != RECON_OK)
        fail_msg("%s", error);
    recon_batch_init(&kit->batch);
}

void kit_deinit(struct kit *kit)
{
    recon_message_decoder_free(kit->decoder);
    recon_config_deinit(&kit->config);
    recon_batch_deinit(&kit->batch);
}

/* A block of just these bytes, so that a sanitizer sees a read past them. */
static struct recon_text block(const char *bytes, size_t size)
{
    if (bytes == NULL)
        return (struct recon_text){0};
    if (size == 0)
        size = strlen(bytes);
    char *copy = malloc(size > 0 ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    return (struct recon_text){copy, (uint32_t)size};
}

static void block_free(struct recon_text text)
{
    free((void *)(uintptr_t)text.bytes);
}

/* Hands in what the registry has. False: it can't be reached. */
static bool answer(struct kit *kit, FILE *out)
{
    const struct recon_schema_wanted *wanted = recon_message_decoder_wanted(kit->decoder);
    fprintf(out, "wanted %s\n", wanted->text);
    for (size_t i = 0; i < kit->schema_count; i++) {
        if (strcmp(kit->schemas[i].text, wanted->text) != 0)
            continue;
        char error[200] = "";
        const char *json = kit->schemas[i].json;
        const int status =
            recon_message_decoder_schema(kit->decoder, wanted, json, json ? strlen(json) : 0, error, sizeof error);
        if (status == RECON_ERROR_INVALID)
            fprintf(out, "fault %s\n", error);
        else
            assert_int_equal(status, RECON_OK);
        return true;
    }
    return false;
}

char *kit_run(struct kit *kit, const struct kit_message *told)
{
    struct recon_message_header headers[KIT_HEADER_COUNT_MAX];
    struct recon_message message = {.key = block(told->key, told->key_size),
                                    .value = block(told->value, told->value_size),
                                    .headers = headers,
                                    .timestamp_ms = told->timestamp_ms ? told->timestamp_ms : RECON_TIMESTAMP_NONE,
                                    .offset = KIT_OFFSET,
                                    .partition = KIT_PARTITION};
    for (; message.header_count < KIT_HEADER_COUNT_MAX && told->headers[message.header_count].name != NULL;
         message.header_count++) {
        const size_t i = message.header_count;
        headers[i].name = block(told->headers[i].name, 0);
        headers[i].value = block(told->headers[i].value, told->headers[i].value_size);
    }
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    recon_batch_clear(&kit->batch);
    int status;
    if (KIT_SCANS) {
        const struct recon_text values[] = {message.value, {"{\"id\":\"next\"}", 13}};
        assert_in_range(recon_message_scan(kit->decoder, values, 2), 1, 2);
    }
    while ((status = recon_message_decode(kit->decoder, &message, &kit->batch)) == RECON_MESSAGE_SCHEMA_WANTED) {
        assert_int_equal(kit->batch.count, 0);
        if (!answer(kit, out))
            break;
    }
    assert_true(status >= 0);
    /* A record's texts are the batch's. */
    block_free(message.key);
    block_free(message.value);
    for (size_t i = 0; i < message.header_count; i++) {
        block_free(headers[i].name);
        block_free(headers[i].value);
    }
    for (size_t i = 0; i < kit->batch.count; i++) {
        const struct recon_record *record = &kit->batch.records[i];
        assert_true(record->has_offset);
        assert_int_equal(record->offset, KIT_OFFSET);
        assert_int_equal(record->partition, KIT_PARTITION);
        print_record(out, record);
    }
    if (kit->batch.ignored > 0)
        fprintf(out, "ignored %llu\n", (unsigned long long)kit->batch.ignored);
    if (kit->batch.tombstones > 0)
        fprintf(out, "tombstones %llu\n", (unsigned long long)kit->batch.tombstones);
    fclose(out);
    return text;
}

void kit_expect(struct kit *kit, const struct kit_message *message, const char *expected)
{
    char *text = kit_run(kit, message);
    assert_string_equal(text, expected);
    free(text);
}

void kit_expect_value(struct kit *kit, const char *value, const char *expected)
{
    kit_expect(kit, &(struct kit_message){.value = value}, expected);
}
