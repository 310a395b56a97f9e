/*
 * The identity table: what was put is found, what was removed is not, at every size; and what it costs.
 */
#include "engine_kit.h"

#include "core/table.h"
#include "recon/status.h"

static struct recon_memory memory;

static int set_up(void **state)
{
    (void)state;
    memory = (struct recon_memory){.allocator = {kit_allocate, kit_release, NULL}, .limit_bytes = UINT64_MAX};
    return 0;
}

static int put(struct table *table, uint64_t number, int64_t time)
{
    struct recon_key key = kit_key(number);
    while (table_room(table, table_slot_of(table, key.high)) == 0) {
        int status = table_grow(table, key);
        if (status != RECON_OK)
            return status;
    }
    const struct table_place place = table_find(table, key);
    table_put(table, &place, key, TABLE_MATCHED, number & TABLE_PAYLOAD_MASK, time);
    return RECON_OK;
}

static bool has(const struct table *table, uint64_t number)
{
    struct table_place place = table_find(table, kit_key(number));
    if (place.entry != NULL)
        assert_int_equal(table_payload_of(place.entry), number);
    return place.entry != NULL;
}

static void every_entry_is_found_while_segments_grow_when_they_are_full(void **state)
{
    (void)state;
    struct table table;
    assert_int_equal(table_init(&table, &memory), RECON_OK);
    for (uint64_t i = 0; i < 300000; i++) {
        assert_false(has(&table, i));
        assert_int_equal(put(&table, i, 0), RECON_OK);
        assert_true(has(&table, i));
        if (i > 20000 && i % 1000 == 0)
            assert_in_range(memory.used_bytes * 10 / table.entry_count, 160, 230);
    }
    for (uint64_t i = 0; i < 300000; i++)
        assert_true(has(&table, i));
    assert_int_equal(table.entry_count, 300000);
    table_deinit(&table);
    assert_int_equal(memory.used_bytes, 0);
}

static void every_entry_is_found_while_segments_grow_in_turn_at_some_20_bytes_each(void **state)
{
    (void)state;
    struct table table;
    assert_int_equal(table_init(&table, &memory), RECON_OK);
    for (uint64_t i = 0; i < 1000000; i++) {
        uint32_t slot;
        while (i % 64 == 0 && table_next_turn(&table, &slot))
            table_grow_ahead(&table, slot);
        assert_false(has(&table, i));
        assert_int_equal(put(&table, i, 0), RECON_OK);
        assert_true(has(&table, i));
        if (i > 100000 && i % 1000 == 0)
            assert_in_range(memory.used_bytes * 10 / table.entry_count, 195, 206);
    }
    for (uint64_t i = 0; i < 1000000; i++)
        assert_true(has(&table, i));
    table_deinit(&table);
    assert_int_equal(memory.used_bytes, 0);
}

static void removing_leaves_every_other_entry_where_it_is_found(void **state)
{
    (void)state;
    struct table table;
    assert_int_equal(table_init(&table, &memory), RECON_OK);
    for (uint64_t i = 0; i < 20000; i++)
        assert_int_equal(put(&table, i, 0), RECON_OK);
    for (uint64_t i = 0; i < 20000; i++) {
        uint64_t number = i * 7919 % 20000;
        table_remove(&table, table_find(&table, kit_key(number)));
        assert_false(has(&table, number));
        for (uint64_t j = i + 1; j < i + 20 && j < 20000; j++)
            assert_true(has(&table, j * 7919 % 20000));
    }
    assert_int_equal(table.entry_count, 0);
    table_deinit(&table);
}

static uint64_t asked_for;
static uint64_t forgotten;

/* Of a pending entry. */
static bool is_old(const void *context, const struct table_entry *entry, int64_t *time)
{
    (void)context;
    assert_int_equal(table_state_of(entry), TABLE_PENDING);
    *time = (int64_t)table_payload_of(entry);
    return *time < 9000;
}

static void note_asked_for(const void *context, const struct table_entry *entry)
{
    (void)context;
    assert_int_equal(table_state_of(entry), TABLE_PENDING);
    asked_for++;
}

static void note_forgotten(void *context, const struct table_entry *entry)
{
    (void)context;
    assert_true(table_payload_of(entry) < 9000);
    forgotten++;
}

static void a_purge_removes_just_what_is_over_and_shrinks(void **state)
{
    (void)state;
    struct table table;
    assert_int_equal(table_init(&table, &memory), RECON_OK);
    for (uint64_t i = 0; i < 10000; i++) {
        assert_int_equal(put(&table, i, (int64_t)i), RECON_OK);
        const struct table_place place = table_find(&table, kit_key(i));
        assert_non_null(place.entry);
        if (i % 4 == 0 && place.entry != NULL)
            table_set(place.entry, TABLE_PENDING, i);
    }
    uint64_t before = memory.used_bytes;
    const struct table_purge purge = {
        .time_base = INT64_C(1) << (TABLE_PAYLOAD_BITS - 1), /* a payload's time is the payload */
        .last = 8999,
        .ask_ahead = note_asked_for,
        .is_over = is_old,
        .forget = note_forgotten,
    };
    asked_for = forgotten = 0;
    for (uint32_t i = 0; i < table.segment_count; i++)
        table_purge(&table, table.segments[i].first_slot, &purge);
    assert_int_equal(asked_for, 2500);
    assert_int_equal(forgotten, 9000);
    assert_int_equal(table.entry_count, 1000);
    for (uint64_t i = 0; i < 10000; i++)
        assert_int_equal(has(&table, i), i >= 9000);
    assert_true(memory.used_bytes < before / 3);
    for (uint32_t i = 0; i < table.segment_count; i++)
        assert_in_range(table.segments[i].oldest, 9000, 9100);
    table_deinit(&table);
}

static void a_growth_without_memory_changes_nothing(void **state)
{
    (void)state;
    struct table table;
    assert_int_equal(table_init(&table, &memory), RECON_OK);
    uint64_t count = 0;
    memory.limit_bytes = 400000;
    while (put(&table, count, 0) == RECON_OK)
        count++;
    assert_true(count > 10000);
    assert_true(memory.used_bytes <= 400000);
    for (uint64_t i = 0; i < count; i++)
        assert_true(has(&table, i));
    memory.limit_bytes = UINT64_MAX;
    assert_int_equal(put(&table, count, 0), RECON_OK);
    assert_true(has(&table, count));
    table_deinit(&table);
    assert_int_equal(memory.used_bytes, 0);
    assert_int_equal(held_bytes, 0);
}

static void keys_that_differ_in_a_kept_bit_are_two(void **state)
{
    (void)state;
    struct table table;
    struct recon_key key = {0, 0};
    assert_int_equal(table_init(&table, &memory), RECON_OK);
    const struct table_place place = table_find(&table, key);
    table_put(&table, &place, key, TABLE_MATCHED, 1, 0);
    for (int bit = 0; bit < 64; bit++) {
        struct recon_key other = {UINT64_C(1) << bit, 0};
        assert_null(table_find(&table, other).entry);
        other = (struct recon_key){0, UINT64_C(1) << bit};
        assert_int_equal(table_find(&table, other).entry == NULL, bit >= 40);
    }
    table_deinit(&table);
}

static void keys_of_a_part_of_the_range_find_their_places_too(void **state)
{
    (void)state;
    /* In order, as a snapshot gives them; of every 16th key group; and all but equal, as no hash makes them. */
    for (unsigned kind = 0; kind < 3; kind++) {
        struct table table;
        assert_int_equal(table_init(&table, &memory), RECON_OK);
        uint64_t count = kind == 2 ? 20000 : 50000;
        for (int round = 0; round < 2; round++)
            for (uint64_t i = 0; i < count; i++) {
                struct recon_key key = kit_key(i);
                if (kind == 0)
                    key.high = i << 47 | key.high >> 17;
                else if (kind == 1)
                    key.high |= UINT64_C(15) << 60;
                else
                    key = (struct recon_key){~UINT64_C(0) - i % 7, i << 40};
                if (round == 1) {
                    assert_non_null(table_find(&table, key).entry);
                    continue;
                }
                while (table_room(&table, table_slot_of(&table, key.high)) == 0)
                    assert_int_equal(table_grow(&table, key), RECON_OK);
                const struct table_place place = table_find(&table, key);
                table_put(&table, &place, key, TABLE_MATCHED, 0, 0);
            }
        assert_int_equal(table.entry_count, count);
        table_deinit(&table);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_entry_is_found_while_segments_grow_when_they_are_full, set_up),
        cmocka_unit_test_setup(every_entry_is_found_while_segments_grow_in_turn_at_some_20_bytes_each, set_up),
        cmocka_unit_test_setup(removing_leaves_every_other_entry_where_it_is_found, set_up),
        cmocka_unit_test_setup(a_purge_removes_just_what_is_over_and_shrinks, set_up),
        cmocka_unit_test_setup(a_growth_without_memory_changes_nothing, set_up),
        cmocka_unit_test_setup(keys_of_a_part_of_the_range_find_their_places_too, set_up),
        cmocka_unit_test_setup(keys_that_differ_in_a_kept_bit_are_two, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
