/*
 * The journal: an entry reads back as it was written, and what is none is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "recon/status.h"
#include "service/bytes.h"
#include "service/journal.h"

static struct recon_text text(const char *bytes)
{
    return (struct recon_text){bytes, (uint32_t)strlen(bytes)};
}

static void same_text(struct recon_text one, struct recon_text other)
{
    assert_int_equal(one.size, other.size);
    if (one.size > 0)
        assert_memory_equal(one.bytes, other.bytes, one.size);
}

static const int64_t numbers[] = {0, 1, 63, 64, 127, 128, 1700000000000, INT64_MAX - 1};
#define NUMBER_COUNT (sizeof numbers / sizeof numbers[0])

static void steps_make(struct recon_buffer *buffer)
{
    for (size_t i = 0; i < NUMBER_COUNT; i++) {
        const int64_t number = numbers[i];
        const struct recon_journal_step steps[] = {
            {.kind = RECON_STEP_PARTITION, .stream = 1, .topic = text("orders"), .topic_partition = 7, .first = number},
            {.kind = RECON_STEP_CLOCK, .at = -number},
            {.kind = RECON_STEP_RANGE, .stream = 0, .partition = 3, .first = number, .end = number + 1, .count = 1},
            {.kind = RECON_STEP_ALIVE, .stream = 1, .partition = UINT32_MAX},
            {.kind = RECON_STEP_END, .stream = 0, .partition = 0},
            {.kind = RECON_STEP_ABSENT, .stream = 1, .topic = text("4711")},
            {.kind = RECON_STEP_ANEW},
        };
        for (size_t k = 0; k < sizeof steps / sizeof steps[0]; k++)
            assert_int_equal(recon_journal_step_write(&steps[k], buffer), RECON_OK);
    }
}

static void an_entry_reads_back_as_it_was_written(void **state)
{
    (void)state;
    struct recon_buffer steps;
    struct recon_buffer bytes;
    recon_buffer_init(&steps);
    recon_buffer_init(&bytes);
    steps_make(&steps);
    const struct recon_journal_entry entry = {
        .number = 5,
        .record_count = UINT64_MAX,
        .hash = UINT64_C(0x0123456789abcdef),
        .result_count = 77,
        .settings = text("interval: 5\n"),
        .steps = {steps.bytes, (uint32_t)steps.size},
    };
    struct recon_journal_entry read;
    assert_int_equal(recon_journal_entry_write(&entry, &bytes), RECON_OK);
    assert_int_equal(recon_journal_entry_read((struct recon_text){bytes.bytes, (uint32_t)bytes.size}, &read), RECON_OK);
    assert_int_equal(read.number, entry.number);
    assert_int_equal(read.record_count, entry.record_count);
    assert_int_equal(read.hash, entry.hash);
    assert_int_equal(read.result_count, entry.result_count);
    same_text(read.settings, entry.settings);
    same_text(read.steps, entry.steps);
    for (size_t i = 0; i < NUMBER_COUNT; i++) {
        struct recon_journal_step step;
        assert_int_equal(recon_journal_step_read(&read.steps, &step), RECON_OK);
        assert_int_equal(step.kind, RECON_STEP_PARTITION);
        assert_int_equal(step.stream, 1);
        assert_int_equal(step.topic_partition, 7);
        assert_int_equal(step.first, numbers[i]);
        same_text(step.topic, text("orders"));
        assert_int_equal(recon_journal_step_read(&read.steps, &step), RECON_OK);
        assert_int_equal(step.kind, RECON_STEP_CLOCK);
        assert_int_equal(step.at, -numbers[i]);
        assert_int_equal(recon_journal_step_read(&read.steps, &step), RECON_OK);
        assert_int_equal(step.kind, RECON_STEP_RANGE);
        assert_int_equal(step.partition, 3);
        assert_int_equal(step.first, numbers[i]);
        assert_int_equal(step.end, numbers[i] + 1);
        assert_int_equal(step.count, 1);
        assert_int_equal(recon_journal_step_read(&read.steps, &step), RECON_OK);
        assert_int_equal(step.kind, RECON_STEP_ALIVE);
        assert_int_equal(step.partition, UINT32_MAX);
        assert_int_equal(recon_journal_step_read(&read.steps, &step), RECON_OK);
        assert_int_equal(step.kind, RECON_STEP_END);
        assert_int_equal(recon_journal_step_read(&read.steps, &step), RECON_OK);
        assert_int_equal(step.kind, RECON_STEP_ABSENT);
        assert_int_equal(step.stream, 1);
        same_text(step.topic, text("4711"));
        assert_int_equal(recon_journal_step_read(&read.steps, &step), RECON_OK);
        assert_int_equal(step.kind, RECON_STEP_ANEW);
    }
    struct recon_journal_step none;
    assert_int_equal(recon_journal_step_read(&read.steps, &none), RECON_OK);
    assert_int_equal(none.kind, 0);
    recon_buffer_deinit(&steps);
    recon_buffer_deinit(&bytes);
}

/* Wherever it is cut, it is refused or has fewer steps; nothing is read behind its end (the sanitizers look). */
static void an_entry_that_is_cut_short_gives_no_step_that_was_not_there(void **state)
{
    (void)state;
    struct recon_buffer steps;
    recon_buffer_init(&steps);
    steps_make(&steps);
    for (size_t size = 0; size < steps.size; size++) {
        char *const copy = test_malloc(size + 1);
        memcpy(copy, steps.bytes, size);
        struct recon_text rest = {copy, (uint32_t)size};
        struct recon_journal_step step;
        size_t count = 0;
        int status;
        while ((status = recon_journal_step_read(&rest, &step)) == RECON_OK && step.kind != 0)
            count++;
        assert_true(status == RECON_OK || status == RECON_ERROR_DAMAGED);
        assert_true(count < 7 * NUMBER_COUNT);
        test_free(copy);
    }
    recon_buffer_deinit(&steps);
}

static void what_is_no_entry_or_a_newer_one_is_refused(void **state)
{
    (void)state;
    struct recon_buffer bytes;
    recon_buffer_init(&bytes);
    const struct recon_journal_entry entry = {.number = 1};
    struct recon_journal_entry read;
    assert_int_equal(recon_journal_entry_write(&entry, &bytes), RECON_OK);
    const struct recon_text whole = {bytes.bytes, (uint32_t)bytes.size};
    assert_int_equal(recon_journal_entry_read(whole, &read), RECON_OK);
    for (uint32_t size = 0; size < whole.size; size++)
        assert_int_equal(recon_journal_entry_read((struct recon_text){bytes.bytes, size}, &read), RECON_ERROR_DAMAGED);
    bytes.bytes[4]++;
    assert_int_equal(recon_journal_entry_read(whole, &read), RECON_ERROR_VERSION);
    bytes.bytes[4]--;
    bytes.bytes[5] = 1;
    assert_int_equal(recon_journal_entry_read(whole, &read), RECON_ERROR_VERSION);
    bytes.bytes[0] = 'X';
    assert_int_equal(recon_journal_entry_read(whole, &read), RECON_ERROR_DAMAGED);
    assert_int_equal(recon_journal_entry_read((struct recon_text){NULL, 0}, &read), RECON_ERROR_DAMAGED);
    recon_buffer_deinit(&bytes);
}

static void bytes_of_any_size_have_a_hash_that_each_of_them_changes(void **state)
{
    static const uint32_t sizes[] = {0, 1, 512, 65535, 131102, 131103, 196605, 1 << 20};
    static char bytes[1 << 20];
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const struct recon_text whole = {bytes, sizes[i]};
        const uint64_t hash = recon_bytes_hash(whole);
        assert_true(recon_bytes_hash(whole) == hash);
        for (uint32_t at = 0; at < whole.size; at += whole.size / 7 + 1) {
            bytes[at] ^= 1;
            assert_true(recon_bytes_hash(whole) != hash);
            bytes[at] ^= 1;
        }
        if (whole.size > 0)
            assert_true(recon_bytes_hash((struct recon_text){bytes, whole.size - 1}) != hash);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_reads_back_as_it_was_written),
        cmocka_unit_test(an_entry_that_is_cut_short_gives_no_step_that_was_not_there),
        cmocka_unit_test(what_is_no_entry_or_a_newer_one_is_refused),
        cmocka_unit_test(bytes_of_any_size_have_a_hash_that_each_of_them_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
