/*
 * Reading ahead: each slot's messages come in order, decoded as the run itself would, whatever the threads do; what a
 * run does not take is bounded; a schema that is not known, and an error, come where they stood.
 *
 * The slots are made up: what has come of them is counted, and a take gives some of it.
 */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "message_kit.h"
#include "recon/status.h"
#include "service/ahead.h"
#include "service/record_digest.h"

#define SLOT_COUNT 5
#define VALUE_SIZE 64
#define LIMIT_S 30

/* What a slot is taken from. */
struct source {
    struct bench *bench;
    uint32_t number;
    int wake;       /* the thread's */
    uint64_t come;  /* messages that there are */
    uint64_t taken; /* of these */
    uint64_t fails; /* at this offset, if it is not 0 */
    uint32_t random;
    bool is_avro;
};

struct bench {
    struct kit kit;
    struct recon_ahead *ahead;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* something was taken, or the run was woken */
    bool is_awake;
    struct source sources[SLOT_COUNT];
};

static void value_write(const struct source *source, uint64_t offset, char *value)
{
    memset(value, 0, VALUE_SIZE);
    if (source->is_avro) { /* schema 7: one text and one long, in zigzag */
        static const char frame[] = {0, 0, 0, 0, 7, 2};
        memcpy(value, frame, sizeof frame);
        value[6] = (char)('a' + offset % 26);
        value[7] = 8;
    } else {
        snprintf(value, VALUE_SIZE, "{\"id\":\"%u-%llu\",\"time\":%llu}", source->number, (unsigned long long)offset,
                 (unsigned long long)offset);
    }
}

static size_t value_size(const struct source *source, const char *value)
{
    return source->is_avro ? 8 : strlen(value);
}

/* Values live behind the messages. */
static int take(void *from, const struct recon_kafka_bounds *bounds, struct recon_kafka_taken *taken)
{
    struct source *source = from;
    struct bench *bench = source->bench;
    int status = RECON_OK;
    assert_int_equal(bounds->before, RECON_TIME_MAX);
    assert_int_equal(bounds->size_max, RECON_AHEAD_SIZE);
    if (taken->messages == NULL)
        taken->messages = malloc(bounds->count_max * (sizeof *taken->messages + VALUE_SIZE));
    assert_non_null(taken->messages);
    char *values = (char *)(taken->messages + bounds->count_max);
    pthread_mutex_lock(&bench->lock);
    source->random = source->random * 1664525 + 1013904223;
    size_t wanted = 1 + (source->random >> 16) % bounds->count_max;
    while (taken->count < wanted && source->taken < source->come && status == RECON_OK) {
        if (source->fails != 0 && source->taken == source->fails) {
            status = RECON_ERROR_IO;
            snprintf(taken->error, sizeof taken->error, "slot %u is broken", source->number);
            break;
        }
        char *value = values + taken->count * VALUE_SIZE;
        value_write(source, source->taken, value);
        taken->messages[taken->count++] = (struct recon_kafka_message){
            .value = {value, (uint32_t)value_size(source, value)},
            .timestamp_ms = RECON_KAFKA_TIMESTAMP_NONE,
            .offset = (int64_t)source->taken++,
        };
    }
    taken->position = (int64_t)source->taken;
    pthread_cond_broadcast(&bench->changed);
    pthread_mutex_unlock(&bench->lock);
    return status;
}

static void wake(void *context)
{
    struct bench *bench = context;
    pthread_mutex_lock(&bench->lock);
    bench->is_awake = true;
    pthread_cond_broadcast(&bench->changed);
    pthread_mutex_unlock(&bench->lock);
}

/* Under the lock. */
static void wait_for_change(struct bench *bench)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += LIMIT_S;
    assert_int_equal(pthread_cond_timedwait(&bench->changed, &bench->lock, &end), 0);
}

static void come(struct source *source, uint64_t count)
{
    static const uint64_t one = 1;
    pthread_mutex_lock(&source->bench->lock);
    source->come += count;
    pthread_mutex_unlock(&source->bench->lock);
    assert_int_equal(write(source->wake, &one, sizeof one), sizeof one);
}

/* Waits until so many were taken of a slot. */
static void taken_await(struct source *source, uint64_t count)
{
    pthread_mutex_lock(&source->bench->lock);
    while (source->taken < count)
        wait_for_change(source->bench);
    pthread_mutex_unlock(&source->bench->lock);
}

static struct bench *bench_new(const char *keys, size_t threads)
{
    char error[256] = "";
    struct bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    kit_init(&bench->kit, RECON_STREAM_EVENTS, "id", keys);
    pthread_mutex_init(&bench->lock, NULL);
    pthread_cond_init(&bench->changed, NULL);
    struct recon_ahead_options options = {.thread_count = threads, .take = take, .wake = wake, .context = bench};
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
        options.decoders[stream] = (struct recon_message_decoder_options){
            .mapping = &bench->kit.config.streams[RECON_STREAM_EVENTS].mapping, .stream = RECON_STREAM_EVENTS};
    assert_int_equal(recon_ahead_new(&options, &bench->ahead, error, sizeof error), RECON_OK);
    for (uint32_t i = 0; i < SLOT_COUNT; i++) {
        struct source *source = &bench->sources[i];
        *source = (struct source){.bench = bench, .number = i, .wake = recon_ahead_wake_fd(bench->ahead), .random = i};
        assert_int_equal(recon_ahead_add(bench->ahead, source, RECON_STREAM_EVENTS, i, 0), RECON_OK);
    }
    return bench;
}

static void bench_free(struct bench *bench)
{
    recon_ahead_free(bench->ahead);
    kit_deinit(&bench->kit);
    pthread_cond_destroy(&bench->changed);
    pthread_mutex_destroy(&bench->lock);
    free(bench);
}

/* A block's messages are the next of its slot, and its records what the kit's own decoder makes of them. */
static void block_check(struct bench *bench, const struct recon_ahead_block *block, const struct source *source,
                        uint64_t *next)
{
    char value[VALUE_SIZE];
    for (size_t i = 0; i < block->count; i++) {
        assert_int_equal(block->messages[i].offset, (*next)++);
        if (i >= block->decoded_count)
            continue;
        assert_int_equal(block->messages[i].record_end, i + 1);
        value_write(source, *next - 1, value);
        const struct recon_message message = {.value = {value, (uint32_t)value_size(source, value)},
                                              .timestamp_ms = RECON_TIMESTAMP_NONE,
                                              .offset = (int64_t)*next - 1,
                                              .partition = source->number};
        recon_batch_clear(&bench->kit.batch);
        assert_int_equal(recon_message_decode(bench->kit.decoder, &message, &bench->kit.batch), RECON_OK);
        assert_int_equal(bench->kit.batch.count, 1);
        assert_int_equal(block->digests[i], recon_record_digest(&block->batch.records[i]));
        assert_int_equal(block->batch.records[i].time, bench->kit.batch.records[0].time);
        assert_int_equal(block->batch.records[i].partition, source->number);
    }
}

static struct recon_ahead_block *block_await(struct bench *bench, size_t slot)
{
    struct recon_ahead_block *block;
    while ((block = recon_ahead_look(bench->ahead, slot)) == NULL) {
        if (!recon_ahead_is_idle(bench->ahead))
            continue;
        pthread_mutex_lock(&bench->lock);
        while (!bench->is_awake)
            wait_for_change(bench);
        bench->is_awake = false;
        pthread_mutex_unlock(&bench->lock);
    }
    return block;
}

static void in_order_with(size_t threads)
{
    const uint64_t count = 20000;
    struct bench *bench = bench_new("format: json", threads);
    uint64_t next[SLOT_COUNT] = {0};
    uint64_t asked = 0;
    for (size_t i = 0; i < SLOT_COUNT; i++)
        come(&bench->sources[i], count / 2);
    for (size_t slot = 0; next[0] + next[1] + next[2] + next[3] + next[4] < SLOT_COUNT * count; slot++) {
        const size_t one = slot % SLOT_COUNT;
        if (next[one] == count)
            continue;
        if (next[one] >= count / 2 && (asked & 1U << one) == 0) {
            asked |= 1U << one;
            come(&bench->sources[one], count - count / 2);
        }
        const struct recon_ahead_block *block = block_await(bench, one);
        assert_int_equal(block->status, RECON_OK);
        assert_int_equal(block->decoded_count, block->count);
        block_check(bench, block, &bench->sources[one], &next[one]);
        recon_ahead_give_back(bench->ahead, one);
    }
    bench_free(bench);
}

static void each_slots_messages_come_in_order_decoded(void **state)
{
    (void)state;
    for (size_t threads = 1; threads <= 3; threads++)
        in_order_with(threads);
}

/* The number of messages in so many blocks is up to the source: what is bounded is blocks. */
static void what_a_slow_run_does_not_take_is_bounded(void **state)
{
    (void)state;
    struct bench *bench = bench_new("format: json", 2);
    const uint64_t most = (uint64_t)RECON_AHEAD_BLOCK_COUNT * RECON_AHEAD_MESSAGE_COUNT;
    uint64_t next = 0;
    for (size_t i = 0; i < SLOT_COUNT; i++)
        come(&bench->sources[i], UINT64_C(1) << 40);
    /* Slot 0 shares its thread with 2 and 4, which nobody takes of. */
    while (next < 20 * most) {
        block_check(bench, block_await(bench, 0), &bench->sources[0], &next);
        recon_ahead_give_back(bench->ahead, 0);
    }
    pthread_mutex_lock(&bench->lock);
    for (size_t i = 1; i < SLOT_COUNT; i++)
        assert_true(bench->sources[i].taken <= most);
    assert_true(bench->sources[0].taken <= next + most);
    pthread_mutex_unlock(&bench->lock);
    bench_free(bench);
}

static void an_unknown_schema_leaves_messages_to_the_run_until_it_is_handed_in(void **state)
{
    (void)state;
    static const char json[] = "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"id\",\"type\":\"string\"},"
                               "{\"name\":\"time\",\"type\":\"long\"}]}";
    const struct recon_schema_wanted wanted = {.id = 7, .text = "7"};
    struct bench *bench = bench_new("format: avro", 1);
    struct source *source = &bench->sources[0];
    char why[160];
    uint64_t next = 0;
    assert_int_equal(recon_message_decoder_schema(bench->kit.decoder, &wanted, json, sizeof json - 1, why, sizeof why),
                     RECON_OK);
    source->is_avro = true;
    for (int round = 0; round < 3; round++) {
        come(source, 1);
        struct recon_ahead_block *block = block_await(bench, 0);
        assert_int_equal(block->status, RECON_OK);
        assert_int_equal(block->count, 1);
        assert_int_equal(block->decoded_count, round < 2 ? 0 : 1);
        assert_int_equal(block->taken.count, round < 2 ? 1 : 0);
        if (round < 2)
            assert_int_equal(block->taken.messages[0].value.bytes[6], 'a' + round);
        block_check(bench, block, source, &next);
        recon_ahead_give_back(bench->ahead, 0);
        /* What was handed in counts once it is said so. */
        if (round == 0)
            assert_int_equal(recon_ahead_schema(bench->ahead, &wanted, json, sizeof json - 1), RECON_OK);
        else
            recon_ahead_schemas_open(bench->ahead);
    }
    bench_free(bench);
}

static void an_error_comes_behind_what_came_before_it(void **state)
{
    (void)state;
    struct bench *bench = bench_new("format: json", 1);
    uint64_t next = 0;
    uint64_t other = 0;
    bench->sources[1].fails = 1000;
    come(&bench->sources[1], 2000);
    int status = RECON_OK;
    while (status == RECON_OK) {
        const struct recon_ahead_block *block = block_await(bench, 1);
        status = block->status;
        block_check(bench, block, &bench->sources[1], &next);
        if (status != RECON_OK)
            assert_string_equal(block->taken.error, "slot 1 is broken");
        recon_ahead_give_back(bench->ahead, 1);
    }
    assert_int_equal(status, RECON_ERROR_IO);
    assert_int_equal(next, 1000);
    /* Nothing comes of it any more, and the others go on. */
    come(&bench->sources[1], 1);
    come(&bench->sources[0], 700);
    while (other < 700) {
        block_check(bench, block_await(bench, 0), &bench->sources[0], &other);
        recon_ahead_give_back(bench->ahead, 0);
    }
    assert_null(recon_ahead_look(bench->ahead, 1));
    bench_free(bench);
}

static void it_ends_while_there_is_much_to_do(void **state)
{
    (void)state;
    struct bench *bench = bench_new("format: json", 3);
    for (size_t i = 0; i < SLOT_COUNT; i++)
        come(&bench->sources[i], UINT64_C(1) << 40);
    taken_await(&bench->sources[3], 1);
    bench_free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_slots_messages_come_in_order_decoded),
        cmocka_unit_test(what_a_slow_run_does_not_take_is_bounded),
        cmocka_unit_test(an_unknown_schema_leaves_messages_to_the_run_until_it_is_handed_in),
        cmocka_unit_test(an_error_comes_behind_what_came_before_it),
        cmocka_unit_test(it_ends_while_there_is_much_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
