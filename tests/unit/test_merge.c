/*
 * The merge of bounded inputs: its order is that of the rule taken by its word, record by record.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recon/status.h"
#include "service/merge.h"

#define INPUT_COUNT_MAX 9
#define RECORD_COUNT_MAX 200

struct input {
    struct recon_record records[RECORD_COUNT_MAX];
    size_t count;
    size_t next;
    size_t given;
    int64_t max;
    bool is_out;
};

static uint64_t random_state;

static uint64_t random_below(uint64_t bound)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (random_state >> 33) % bound;
}

/* The rule: the lowest max, the first of equals. count: all are out. */
static size_t naive_next(const struct input *inputs, size_t count)
{
    size_t best = count;
    for (size_t i = 0; i < count; i++)
        if (!inputs[i].is_out && (best == count || inputs[i].max < inputs[best].max))
            best = i;
    return best;
}

static void naive_saw(struct input *input, const struct recon_record *record, int64_t time_max)
{
    if (record->kind != RECON_KIND_REJECTED && record->has_time && record->time <= time_max &&
        record->time > input->max)
        input->max = record->time;
}

static void run(uint64_t seed, int64_t spread)
{
    static struct input inputs[INPUT_COUNT_MAX];
    random_state = seed;
    size_t count = 1 + random_below(INPUT_COUNT_MAX);
    for (size_t i = 0; i < count; i++) {
        inputs[i] = (struct input){.count = random_below(RECORD_COUNT_MAX), .max = RECON_TIME_MIN};
        int64_t time = 0;
        for (size_t k = 0; k < inputs[i].count; k++) {
            time += (int64_t)random_below((uint64_t)spread);
            inputs[i].records[k] = (struct recon_record){
                .time = time - (int64_t)random_below(20),
                .has_time = random_below(10) != 0,
                .kind = (uint8_t)(random_below(8) == 0 ? 1 + random_below(2) : RECON_KIND_RECORD),
                .offset = (int64_t)(i * RECORD_COUNT_MAX + k),
            };
            if (random_below(30) == 0)
                inputs[i].records[k].time += 5000; /* not believed */
        }
    }
    struct recon_merge merge;
    assert_int_equal(recon_merge_init(&merge, count, 1000, 3000), RECON_OK);
    uint32_t number = 0;
    while (recon_merge_next(&merge, &number)) {
        struct recon_record gathered[7];
        size_t gathered_count = recon_merge_gather(&merge, gathered, 1 + random_below(7));
        for (size_t i = 0; i < gathered_count; i++) {
            struct input *input = &inputs[naive_next(inputs, count)];
            const struct recon_record *expected = &input->records[input->next++];
            assert_int_equal(gathered[i].offset, expected->offset);
            naive_saw(input, expected, 4000);
        }
        if (gathered_count > 0)
            continue;
        assert_int_equal(number, naive_next(inputs, count));
        struct input *input = &inputs[number];
        if (input->given == input->count) {
            input->is_out = true;
            recon_merge_out(&merge);
            continue;
        }
        /* It stops only where there is no more: what is at hand was gathered. */
        assert_int_equal(input->next, input->given);
        /* Batches of any size: the order must not depend on it. */
        size_t batch = 1 + random_below(40);
        if (batch > input->count - input->given)
            batch = input->count - input->given;
        recon_merge_give(&merge, &input->records[input->given], batch);
        input->given += batch;
    }
    assert_int_equal(naive_next(inputs, count), count);
    recon_merge_deinit(&merge);
}

static void the_order_is_the_rules_whatever_the_batches(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 2000; seed++)
        run(seed, seed % 3 == 0 ? 2 : 50);
}

static struct recon_record at(int64_t time, int64_t offset)
{
    return (struct recon_record){.time = time, .has_time = true, .offset = offset};
}

/* Gathers all that is at hand and compares the records' offsets. */
static void expect_offsets(struct recon_merge *merge, const int64_t *offsets, size_t count)
{
    struct recon_record gathered[10];
    assert_int_equal(recon_merge_gather(merge, gathered, 10), count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(gathered[i].offset, offsets[i]);
}

static void expect_next(const struct recon_merge *merge, uint32_t expected)
{
    uint32_t number = 9;
    assert_true(recon_merge_next(merge, &number));
    assert_int_equal(number, expected);
}

static void of_equals_the_first_is_next(void **state)
{
    (void)state;
    struct recon_merge merge;
    assert_int_equal(recon_merge_init(&merge, 2, 0, RECON_DURATION_UNSET), RECON_OK);
    const struct recon_record first[] = {at(5, 1), at(5, 2), at(6, 3)};
    const struct recon_record second[] = {at(5, 11), at(5, 12), at(7, 13)};
    expect_next(&merge, 0);
    recon_merge_give(&merge, first, 3);
    /* The other has no time yet: it is behind as soon as this one has. */
    expect_offsets(&merge, (int64_t[]){1}, 1);
    expect_next(&merge, 1);
    recon_merge_give(&merge, second, 3);
    /* At 5 the second is not the first of equals; the first still is, and at 6 no longer. */
    expect_offsets(&merge, (int64_t[]){11, 2, 3, 12, 13}, 5);
    expect_next(&merge, 0);
    recon_merge_deinit(&merge);
}

static void the_ends_of_time_are_no_trap(void **state)
{
    (void)state;
    struct recon_merge merge;
    assert_int_equal(recon_merge_init(&merge, 2, RECON_TIME_MAX - 5, 100), RECON_OK);
    const struct recon_record late[] = {at(RECON_TIME_MAX, 1), at(RECON_TIME_MAX, 2), at(3, 3)};
    const struct recon_record early[] = {at(RECON_TIME_MIN + 1, 11), at(RECON_TIME_MIN, 12)};
    recon_merge_give(&merge, late, 3);
    expect_offsets(&merge, (int64_t[]){1}, 1);
    expect_next(&merge, 1);
    recon_merge_give(&merge, early, 2);
    expect_offsets(&merge, (int64_t[]){11, 12}, 2);
    recon_merge_out(&merge);
    expect_next(&merge, 0);
    expect_offsets(&merge, (int64_t[]){2, 3}, 2);
    recon_merge_out(&merge);
    uint32_t number = 9;
    assert_false(recon_merge_next(&merge, &number));
    recon_merge_deinit(&merge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_order_is_the_rules_whatever_the_batches),
        cmocka_unit_test(of_equals_the_first_is_next),
        cmocka_unit_test(the_ends_of_time_are_no_trap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
