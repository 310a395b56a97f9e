/*
 * What the unit tests of the engine share: an allocator that counts, records by name, and draining.
 */
#ifndef RECON_TESTS_ENGINE_KIT_H
#define RECON_TESTS_ENGINE_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recon/engine.h"

static uint64_t held_bytes;

static void *kit_allocate(void *context, size_t size_bytes)
{
    (void)context;
    void *block = aligned_alloc(64, (size_bytes + 63) / 64 * 64);
    held_bytes += block == NULL ? 0 : size_bytes;
    return block;
}

static void kit_release(void *context, void *block, size_t size_bytes)
{
    (void)context;
    held_bytes -= size_bytes;
    free(block);
}

static inline struct recon_settings kit_settings(int64_t interval, int64_t out_of_orderness, int64_t retention)
{
    struct recon_settings settings;
    recon_settings_init(&settings);
    settings.interval_ms = interval;
    settings.out_of_orderness_ms = out_of_orderness;
    settings.retention_ms = retention;
    settings.allocator = (struct recon_allocator){kit_allocate, kit_release, NULL};
    return settings;
}

/* Keys as even as a hash's: two rounds of splitmix64's finaliser. */
static inline struct recon_key kit_key(uint64_t number)
{
    struct recon_key key;
    uint64_t *halves[] = {&key.high, &key.low};
    for (unsigned i = 0; i < 2; i++) {
        uint64_t x = (number + i * UINT64_C(0x632BE59BD9B4E019)) * UINT64_C(0x9E3779B97F4A7C15) + 1;
        x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
        x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
        *halves[i] = x ^ (x >> 31);
    }
    return key;
}

static inline struct recon_record kit_record(int stream, const char *id, int64_t time)
{
    struct recon_record record = {.stream = (uint8_t)stream, .time = time, .has_time = true};
    uint64_t number = 0;
    record.id = (struct recon_text){id, (uint32_t)strlen(id)};
    for (const char *c = id; *c != 0; c++)
        number = number * 257 + (uint64_t)*c;
    record.key = kit_key(number);
    return record;
}

#define KIT_TAKEN_MAX 64

struct kit_taken {
    struct recon_result results[KIT_TAKEN_MAX];
    char ids[KIT_TAKEN_MAX][16];
    size_t count;
};

static inline void kit_drain(struct recon_engine *engine, struct kit_taken *taken)
{
    size_t count;
    do {
        assert_true(taken->count + 2 <= KIT_TAKEN_MAX);
        assert_int_equal(recon_engine_next(engine, &taken->results[taken->count], 2, &count), RECON_OK);
        for (size_t i = 0; i < count; i++) {
            const struct recon_result *result = &taken->results[taken->count + i];
            memset(taken->ids[taken->count + i], 0, sizeof(taken->ids[0]));
            if (result->id.bytes != NULL)
                memcpy(taken->ids[taken->count + i], result->id.bytes, result->id.size);
        }
        taken->count += count;
    } while (count > 0);
}

/* Moves the clock, hands in one record, takes what comes. */
static inline void kit_say(struct recon_engine *engine, int64_t at, struct recon_record record, struct kit_taken *taken)
{
    size_t handled;
    assert_int_equal(recon_engine_clock(engine, at), RECON_OK);
    kit_drain(engine, taken);
    assert_int_equal(recon_engine_records(engine, &record, 1, &handled), RECON_OK);
    assert_int_equal(handled, 1);
    kit_drain(engine, taken);
}

#endif
