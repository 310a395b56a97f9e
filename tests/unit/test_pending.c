/*
 * Pending records and their deadlines: blocks that don't overlap, memory that goes back, and the order in which
 * records fall due, against sorting.
 */
#include "engine_kit.h"

#include "core/deadlines.h"
#include "core/pending.h"

static struct recon_memory memory;

static int set_up(void **state)
{
    (void)state;
    memory = (struct recon_memory){.allocator = {kit_allocate, kit_release, NULL}, .limit_bytes = UINT64_MAX};
    return 0;
}

static void blocks_keep_their_bytes_and_all_memory_goes_back(void **state)
{
    (void)state;
    enum { COUNT = 4000 };
    static const size_t sizes[] = {0, 1, 36, 100, 511, 700, 4000, 20000, 30000, 100000};
    static pending_handle handles[COUNT];
    struct pending_pool pool;
    pending_pool_init(&pool, &memory);
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < COUNT; i++) {
            struct pending *record;
            size_t size = sizes[kit_key(i + round).low % (i % 50 == 0 ? 10 : 6)];
            handles[i] = pending_new(&pool, size, &record);
            assert_int_not_equal(handles[i], 0);
            assert_ptr_equal(record, pending_at(&pool, handles[i]));
            assert_int_equal((uintptr_t)record % 16, 0);
            memset(record, 0, sizeof *record);
            record->context_size = (uint32_t)size;
            memset(record->tail, (int)(i % 251), size);
        }
        for (unsigned i = 0; i < COUNT; i++) {
            unsigned number = i * 1237 % COUNT;
            const struct pending *record = pending_at(&pool, handles[number]);
            for (size_t at = 0; at < record->context_size; at++)
                assert_int_equal((unsigned char)record->tail[at], number % 251);
            pending_free(&pool, handles[number]);
        }
        /* The page table and one spare page stay. */
        assert_true(memory.used_bytes < 65536 + 65536);
    }
    pending_pool_deinit(&pool);
    assert_int_equal(memory.used_bytes, 0);
    assert_int_equal(held_bytes, 0);
}

static void without_memory_there_is_no_record_and_nothing_changes(void **state)
{
    (void)state;
    struct pending_pool pool;
    struct pending *record;
    pending_pool_init(&pool, &memory);
    memory.limit_bytes = 70000;
    unsigned count = 0;
    while (pending_new(&pool, 36, &record) != 0)
        count++;
    assert_null(record);
    assert_in_range(count, 500, 700);
    assert_int_equal(pending_new(&pool, 5000, &record), 0);
    memory.limit_bytes = UINT64_MAX;
    assert_int_not_equal(pending_new(&pool, 36, &record), 0);
    pending_pool_deinit(&pool);
    assert_int_equal(held_bytes, 0);
}

static pending_handle add(struct deadlines *deadlines, int64_t time, uint64_t arrival, int64_t watermark)
{
    struct pending *record;
    pending_handle handle = pending_new(deadlines->pool, 0, &record);
    assert_int_not_equal(handle, 0);
    record->time = time;
    record->arrival = arrival;
    assert_int_equal(deadlines_reserve(deadlines), RECON_OK);
    deadlines_add(deadlines, handle, record, watermark);
    return handle;
}

static pending_handle take(struct deadlines *deadlines, int64_t watermark)
{
    pending_handle handle;
    assert_int_equal(deadlines_take(deadlines, watermark, &handle), RECON_OK);
    return handle;
}

/* Times near each other, far apart, and at the ends of 64 bits. */
static int64_t a_time(uint64_t number)
{
    struct recon_key random = kit_key(number);
    switch (random.high % 5) {
    case 0:
        return (int64_t)(random.low % 300);
    case 1:
        return (int64_t)(random.low % 100000) - 50000;
    case 2:
        return (int64_t)random.low;
    case 3:
        return INT64_MAX - (int64_t)(random.low % 3);
    default:
        return INT64_MIN + 1 + (int64_t)(random.low % 3);
    }
}

static void records_fall_due_in_order_of_time_and_arrival(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    static pending_handle handles[COUNT];
    static struct deadlines deadlines;
    struct pending_pool pool;
    pending_pool_init(&pool, &memory);
    deadlines_init(&deadlines, &pool);
    for (unsigned i = 0; i < COUNT; i++)
        handles[i] = add(&deadlines, a_time(i), i, INT64_MIN);
    for (unsigned i = 0; i < COUNT; i += 3)
        deadlines_remove(&deadlines, pending_at(&pool, handles[i]));
    int64_t watermarks[] = {INT64_MIN + 2, -40000, -3, 150, 99, 150, 100000, INT64_MAX - 2, INT64_MAX};
    int64_t last_time = INT64_MIN;
    uint64_t last_arrival = 0;
    unsigned taken = 0;
    for (unsigned i = 0; i < sizeof(watermarks) / sizeof(watermarks[0]); i++) {
        pending_handle handle;
        while ((handle = take(&deadlines, watermarks[i])) != 0) {
            const struct pending *record = pending_at(&pool, handle);
            assert_true(deadlines_may_be_due(&deadlines, record->time) || record->time <= watermarks[i]);
            assert_true(record->time <= watermarks[i]);
            assert_true(record->time > last_time || (record->time == last_time && record->arrival > last_arrival));
            assert_int_not_equal(record->arrival % 3, 0);
            last_time = record->time;
            last_arrival = record->arrival;
            taken++;
        }
        /* What is left is not due. */
        for (unsigned j = 0; i == 3 && j < COUNT; j++)
            if (j % 3 != 0 && a_time(j) <= watermarks[i])
                assert_true(a_time(j) <= last_time);
    }
    assert_int_equal(taken, COUNT - COUNT / 3);
    assert_int_equal(deadlines.count, 0);
    deadlines_deinit(&deadlines);
    pending_pool_deinit(&pool);
}

static void late_records_come_first_in_order_of_arrival(void **state)
{
    (void)state;
    static struct deadlines deadlines;
    static const int64_t times[] = {50, 100, 20, 101, 99};
    static const uint64_t expected[] = {0, 1, 2, 4, 3};
    struct pending_pool pool;
    pending_pool_init(&pool, &memory);
    deadlines_init(&deadlines, &pool);
    for (unsigned i = 0; i < 5; i++)
        add(&deadlines, times[i], i, 100);
    assert_true(deadlines_may_be_due(&deadlines, 100));
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(pending_at(&pool, take(&deadlines, 101))->arrival, expected[i]);
    assert_int_equal(take(&deadlines, INT64_MAX), 0);
    deadlines_deinit(&deadlines);
    pending_pool_deinit(&pool);
}

/* What the wheel should give: of those that wait and are due, the first late one, or else the earliest one. */
static size_t next_due(const int64_t *times, const bool *is_late, const bool *is_out, size_t count, int64_t watermark)
{
    size_t best = count;
    for (size_t i = 0; i < count; i++) {
        if (is_out[i] || (!is_late[i] && times[i] > watermark))
            continue;
        if (is_late[i])
            return i;
        if (best == count || times[i] < times[best])
            best = i;
    }
    return best;
}

/* While the watermark moves on, by little or much, records come and go and others are dealt out ahead. */
static void dealing_out_ahead_changes_no_order(void **state)
{
    (void)state;
    enum { COUNT = 700 };
    static struct deadlines deadlines;
    static pending_handle handles[COUNT];
    static int64_t times[COUNT];
    static bool is_late[COUNT];
    static bool is_out[COUNT];
    static const int64_t lags[] = {300, 3000, 70000, 200000, 20000000, 5000000000};
    unsigned dealt_ahead = 0;
    for (unsigned seed = 0; seed < 120; seed++) {
        struct pending_pool pool;
        pending_pool_init(&pool, &memory);
        deadlines_init(&deadlines, &pool);
        const int64_t lag = lags[seed % 6];
        const int64_t start = (int64_t)(kit_key(seed).low % 1000000) - 500000;
        int64_t watermark = seed % 4 == 0 ? start : RECON_TIME_MIN;
        for (unsigned i = 0; i < COUNT; i++) {
            const struct recon_key random = kit_key(seed * COUNT + i);
            const int64_t now = watermark == RECON_TIME_MIN ? start : watermark;
            times[i] = now + (int64_t)(random.low >> 8) % lag - lag / 50;
            is_late[i] = times[i] <= watermark;
            is_out[i] = false;
            handles[i] = add(&deadlines, times[i], i, watermark);
            const unsigned removed = (unsigned)(random.high >> 8) % (i + 1);
            if (random.high % 3 == 0 && !is_out[removed]) {
                deadlines_remove(&deadlines, pending_at(&pool, handles[removed]));
                is_out[removed] = true;
            }
            deadlines_work(&deadlines, random.low % 4, watermark);
            for (unsigned level = 1; level < DEADLINE_LEVEL_COUNT; level++)
                dealt_ahead += deadlines.ahead[level] != DEADLINE_NOT_AHEAD;
            if ((random.high / 3 % 4 != 0 || i < seed) && i + 1 < COUNT)
                continue;
            watermark = now;
            watermark += i + 1 < COUNT ? (int64_t)(random.high >> 16) % (lag / 30) : 2 * lag;
            for (;;) {
                const size_t due = next_due(times, is_late, is_out, i + 1, watermark);
                const pending_handle taken = take(&deadlines, watermark);
                assert_int_equal(taken, due == i + 1 ? 0 : handles[due]);
                if (taken == 0)
                    break;
                is_out[due] = true;
            }
        }
        assert_int_equal(deadlines.count, 0);
        deadlines_deinit(&deadlines);
        pending_pool_deinit(&pool);
    }
    assert_true(dealt_ahead > 1000);
}

/* Chunks that lose all, some or none of their records, at the ends of their list and between. */
static void many_of_one_time_fall_due_in_order_of_arrival(void **state)
{
    (void)state;
    enum { COUNT = 10 * DEADLINE_CHUNK_HANDLES };
    static struct deadlines deadlines;
    static pending_handle handles[COUNT];
    static bool is_out[COUNT];
    for (unsigned seed = 0; seed < 200; seed++) {
        struct pending_pool pool;
        pending_pool_init(&pool, &memory);
        deadlines_init(&deadlines, &pool);
        for (unsigned i = 0; i < COUNT; i++) {
            handles[i] = add(&deadlines, 7, i, INT64_MIN);
            is_out[i] = false;
            /* Some leave while others still come. */
            const uint64_t random = kit_key(seed * COUNT + i).low;
            const unsigned number = (unsigned)(random >> 8) % (i + 1);
            if (random % 10 < seed % 10 && !is_out[number]) {
                deadlines_remove(&deadlines, pending_at(&pool, handles[number]));
                is_out[number] = true;
            }
        }
        /* All of some chunks, where the records were put in them side by side. */
        for (unsigned i = seed % 3 * DEADLINE_CHUNK_HANDLES; i < seed % 7 * DEADLINE_CHUNK_HANDLES; i++) {
            if (!is_out[i])
                deadlines_remove(&deadlines, pending_at(&pool, handles[i]));
            is_out[i] = true;
        }
        assert_int_equal(take(&deadlines, 6), 0);
        for (unsigned i = 0; i < COUNT; i++)
            if (!is_out[i])
                assert_int_equal(take(&deadlines, 7), handles[i]);
        assert_int_equal(take(&deadlines, 7), 0);
        assert_int_equal(deadlines.count, 0);
        deadlines_deinit(&deadlines);
        pending_pool_deinit(&pool);
    }
    assert_int_equal(memory.used_bytes, 0);
}

static void what_there_was_no_memory_to_deal_out_is_dealt_out_later(void **state)
{
    (void)state;
    enum { LIST_COUNT = 256, COUNT = LIST_COUNT * (2 * DEADLINE_CHUNK_HANDLES + 1) }; /* a third chunk in each list */
    static struct deadlines deadlines;
    struct pending_pool pool;
    pending_pool_init(&pool, &memory);
    deadlines_init(&deadlines, &pool);
    for (unsigned i = 0; i < COUNT; i++)
        add(&deadlines, i == 0 ? 0 : (1 << 24) + (int64_t)(i % LIST_COUNT) * 65536 + i % 7, i, INT64_MIN);
    unsigned refused = 0;
    unsigned taken = 0;
    int64_t last_time = INT64_MIN;
    uint64_t last_arrival = 0;
    uint64_t room = 0;
    while (taken < COUNT) {
        pending_handle handle;
        memory.limit_bytes = memory.used_bytes + room;
        int status = deadlines_take(&deadlines, INT64_MAX, &handle);
        if (status != RECON_OK) {
            assert_int_equal(status, RECON_ERROR_MEMORY);
            assert_int_equal(deadlines_peek(&deadlines, INT64_MAX, &handle, 1), 0);
            refused++;
            room = 65536;
            continue;
        }
        room = 0;
        assert_int_not_equal(handle, 0);
        const struct pending *record = pending_at(&pool, handle);
        assert_true(record->time > last_time || (record->time == last_time && record->arrival > last_arrival));
        last_time = record->time;
        last_arrival = record->arrival;
        taken++;
    }
    memory.limit_bytes = UINT64_MAX;
    assert_true(refused > 0);
    assert_int_equal(take(&deadlines, INT64_MAX), 0);
    deadlines_deinit(&deadlines);
    pending_pool_deinit(&pool);
}

/* More chunks than a page of numbers has; every seventh record is matched, so that chunks have gaps. */
static void numbers_of_chunks_are_used_again(void **state)
{
    (void)state;
    enum { COUNT = 2 * DEADLINE_PAGE_CHUNKS * DEADLINE_CHUNK_HANDLES + 1000 };
    static struct deadlines deadlines;
    struct pending_pool pool;
    pending_pool_init(&pool, &memory);
    deadlines_init(&deadlines, &pool);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < COUNT; i++) {
            const pending_handle handle = add(&deadlines, (int64_t)round * 1000 + 10, i, (int64_t)round * 1000);
            if (i % 7 == 0) {
                deadlines_remove(&deadlines, pending_at(&pool, handle));
                pending_free(&pool, handle);
            }
        }
        for (unsigned i = 0; i < COUNT; i++) {
            if (i % 7 == 0)
                continue;
            const pending_handle handle = take(&deadlines, (int64_t)round * 1000 + 20);
            assert_int_not_equal(handle, 0);
            assert_int_equal(pending_at(&pool, handle)->arrival, i);
            pending_free(&pool, handle);
        }
        assert_int_equal(take(&deadlines, (int64_t)round * 1000 + 20), 0);
        assert_int_equal(deadlines.count, 0);
        assert_int_equal(deadlines.page_count, 3);
    }
    deadlines_deinit(&deadlines);
    pending_pool_deinit(&pool);
    assert_int_equal(memory.used_bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(blocks_keep_their_bytes_and_all_memory_goes_back, set_up),
        cmocka_unit_test_setup(without_memory_there_is_no_record_and_nothing_changes, set_up),
        cmocka_unit_test_setup(records_fall_due_in_order_of_time_and_arrival, set_up),
        cmocka_unit_test_setup(dealing_out_ahead_changes_no_order, set_up),
        cmocka_unit_test_setup(many_of_one_time_fall_due_in_order_of_arrival, set_up),
        cmocka_unit_test_setup(what_there_was_no_memory_to_deal_out_is_dealt_out_later, set_up),
        cmocka_unit_test_setup(numbers_of_chunks_are_used_again, set_up),
        cmocka_unit_test_setup(late_records_come_first_in_order_of_arrival, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
