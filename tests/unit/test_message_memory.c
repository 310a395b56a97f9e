/*
 * Memory of the message decoder: none is taken for a message once what there is has grown, and where there is none, the
 * call fails, leaves the batch as it was, and may be made again.
 *
 * The linker puts the three functions below between the decoder and the allocator.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "message_kit.h"
#include "recon/status.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);

static size_t taken_count;
static size_t left_count = SIZE_MAX; /* allocations until there is no more memory */

static bool has_memory(void)
{
    taken_count++;
    if (left_count == 0)
        return false;
    left_count--;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return has_memory() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return has_memory() ? __real_calloc(count, size) : NULL;
}

void *__wrap_realloc(void *block, size_t size)
{
    return has_memory() ? __real_realloc(block, size) : NULL;
}

static const char event[] =
    "{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"s\",\"time\":\"1970-01-01\",\"id\":\"a\\u0062\"}";
static const char list[] =
    "[{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"s\",\"time\":\"1970-01-01\",\"id\":\"a\"},{},{}]";
static const char schema[] = "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"id\",\"type\":\"string\"},"
                             "{\"name\":\"time\",\"type\":\"long\"}]}";

#define TEXT(literal)                                                                                                  \
    {                                                                                                                  \
        literal, sizeof(literal) - 1                                                                                   \
    }

static const struct recon_message_header headers[] = {{TEXT("ce_specversion"), TEXT("1.0")},
                                                      {TEXT("ce_id"), TEXT("a")},
                                                      {TEXT("content-type"), TEXT("application/json")}};
static const struct recon_message messages[] = {
    {.value = TEXT("{\"id\":\"a\",\"time\":1}")},
    {.value = TEXT(event)},
    {.value = TEXT(list)},
    {.value = TEXT("{\"n\":1}"), .headers = headers, .header_count = 3},
    {.value = TEXT("\0\0\0\0\1\2a\2")},
    {.value = TEXT("no JSON")},
    {.value = TEXT("{")},
    {.key = TEXT("k")},
};
#define MESSAGE_COUNT (sizeof messages / sizeof messages[0])

static int decode(struct kit *kit, const struct recon_message *message)
{
    int status;
    while ((status = recon_message_decode(kit->decoder, message, &kit->batch)) == RECON_MESSAGE_SCHEMA_WANTED) {
        status = recon_message_decoder_schema(kit->decoder, recon_message_decoder_wanted(kit->decoder), schema,
                                              sizeof schema - 1, NULL, 0);
        if (status != RECON_OK)
            return status;
    }
    return status;
}

static void a_message_takes_no_memory_once_what_there_is_has_grown(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit, RECON_STREAM_EVENTS, "id", "");
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < MESSAGE_COUNT; i++) {
            taken_count = 0;
            assert_int_equal(decode(&kit, &messages[i]), RECON_OK);
            recon_batch_clear(&kit.batch);
            if (round > 0 && taken_count > 0)
                fail_msg("message %zu took memory %zu times", i, taken_count);
        }
    }
    kit_deinit(&kit);
}

static void without_memory_the_batch_is_as_it_was_and_the_call_may_be_made_again(void **state)
{
    (void)state;
    size_t failures = 0;
    for (size_t i = 0; i < MESSAGE_COUNT; i++) {
        for (size_t left = 0;; left++) {
            struct kit kit;
            kit_init(&kit, RECON_STREAM_EVENTS, "id", "");
            left_count = left;
            const int status = decode(&kit, &messages[i]);
            left_count = SIZE_MAX;
            if (status != RECON_OK) {
                assert_int_equal(status, RECON_ERROR_MEMORY);
                assert_int_equal(kit.batch.count, 0);
                assert_int_equal(kit.batch.ignored + kit.batch.tombstones, 0);
                failures++;
                assert_int_equal(decode(&kit, &messages[i]), RECON_OK);
            }
            const size_t made = kit.batch.count + kit.batch.tombstones;
            assert_int_equal(made, messages[i].value.bytes == list ? 3 : 1);
            kit_deinit(&kit);
            if (status == RECON_OK)
                break;
        }
    }
    assert_true(failures > MESSAGE_COUNT);
}

static void without_memory_in_the_middle_of_a_batch_none_of_it_is_there(void **state)
{
    (void)state;
    static char value[2048];
    size_t failures = 0;
    const size_t count = RECON_BATCH_RECORD_COUNT + 1;
    value[0] = '[';
    for (size_t i = 0; i < count; i++)
        memcpy(value + 1 + 3 * i, i + 1 < count ? "{}," : "{}]", 3);
    const struct recon_message message = {.value = {value, (uint32_t)(1 + 3 * count)}};
    for (size_t left = 0;; left++) {
        struct kit kit;
        kit_init(&kit, RECON_STREAM_EVENTS, "id", "format: cloudevents");
        left_count = left;
        const int status = decode(&kit, &message);
        left_count = SIZE_MAX;
        assert_int_equal(kit.batch.count, status == RECON_OK ? count : 0);
        failures += status != RECON_OK;
        kit_deinit(&kit);
        if (status == RECON_OK)
            break;
    }
    assert_true(failures >= 2); /* the batch's records, and more of them */
}

static void without_memory_no_decoder_is_made(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit, RECON_STREAM_EVENTS, "id", "zone: Europe/Paris");
    struct recon_message_decoder_options options = {.mapping = &kit.config.streams[RECON_STREAM_EVENTS].mapping,
                                                    .stream = RECON_STREAM_EVENTS};
    struct recon_message_decoder *decoder = NULL;
    size_t left = 0;
    int status;
    char error[200];
    do {
        left_count = left++;
        status = recon_message_decoder_new(&options, &decoder, error, sizeof error);
        left_count = SIZE_MAX;
        assert_true(status == RECON_OK || (status == RECON_ERROR_MEMORY && decoder == NULL));
    } while (status != RECON_OK);
    assert_true(left > 10);
    recon_message_decoder_free(decoder);
    kit_deinit(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_takes_no_memory_once_what_there_is_has_grown),
        cmocka_unit_test(without_memory_the_batch_is_as_it_was_and_the_call_may_be_made_again),
        cmocka_unit_test(without_memory_in_the_middle_of_a_batch_none_of_it_is_there),
        cmocka_unit_test(without_memory_no_decoder_is_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
