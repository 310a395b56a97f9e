/*
 * Frozen snapshots: what is written is what was there, whatever the engine does meanwhile, and the engine does not
 * notice.
 */
#include "engine_kit.h"

#include "recon/snapshot.h"

struct bytes {
    unsigned char *bytes;
    size_t size;
};

/* One call's piece; false: that was all. */
static bool take_piece(struct recon_snapshot_writer *writer, struct bytes *all, size_t piece)
{
    size_t size = 0;
    all->bytes = realloc(all->bytes, all->size + piece);
    assert_non_null(all->bytes);
    assert_int_equal(recon_snapshot_writer_next(writer, all->bytes + all->size, piece, &size), RECON_OK);
    all->size += size;
    return size > 0;
}

static struct bytes snapshot_of(struct recon_engine *engine)
{
    struct recon_snapshot_writer *writer;
    struct bytes all = {0};
    assert_int_equal(recon_snapshot_writer_new(engine, RECON_SNAPSHOT_ALL, &writer), RECON_OK);
    while (take_piece(writer, &all, 50000))
        ;
    recon_snapshot_writer_free(writer);
    return all;
}

static struct recon_snapshot_writer *frozen_of(struct recon_engine *engine)
{
    struct recon_snapshot_writer *writer;
    assert_int_equal(recon_snapshot_writer_new(engine, RECON_SNAPSHOT_ALL, &writer), RECON_OK);
    assert_int_equal(recon_snapshot_writer_freeze(writer), RECON_OK);
    return writer;
}

static struct recon_engine *engine_new(const struct recon_settings *settings)
{
    struct recon_engine *engine;
    assert_int_equal(recon_engine_new(settings, &engine), RECON_OK);
    assert_int_equal(recon_engine_clock(engine, 0), RECON_OK);
    return engine;
}

/* Records of IDs `from` to `to` - 1 in one stream, ID i at i ms; all that they cause is taken. */
static int say(struct recon_engine *engine, int stream, uint64_t from, uint64_t to)
{
    static const char context[100];
    for (uint64_t i = from; i < to; i++) {
        struct recon_record record = {.stream = (uint8_t)stream, .time = (int64_t)i, .has_time = true};
        record.key = kit_key(i);
        record.id = (struct recon_text){(const char *)&i, sizeof(i)};
        record.context = (struct recon_text){context, i % 50 == 0 ? sizeof(context) : 0};
        size_t handled;
        size_t taken = 0;
        struct recon_result results[16];
        int status = recon_engine_records(engine, &record, 1, &handled);
        while (status == RECON_OK && (status = recon_engine_next(engine, results, 16, &taken)) == RECON_OK && taken > 0)
            ;
        if (status != RECON_OK)
            return status;
    }
    return RECON_OK;
}

static void a_frozen_snapshot_is_what_was_there_whatever_is_done_meanwhile(void **state)
{
    (void)state;
    static const uint32_t groups[] = {1, 7, 32768};
    for (unsigned i = 0; i < 3; i++) {
        struct recon_settings settings = kit_settings(1000, 1000000, 30000);
        settings.key_group_count = groups[i];
        struct recon_engine *engine = engine_new(&settings);
        assert_int_equal(say(engine, RECON_STREAM_AUDIT, 0, 60000), RECON_OK);
        assert_int_equal(say(engine, RECON_STREAM_EVENTS, 0, 20000), RECON_OK);
        struct bytes wanted = snapshot_of(engine);
        struct recon_snapshot_writer *writer = frozen_of(engine);
        struct bytes given = {0};
        uint64_t step = 0;
        /* Pairs come together, identities are added, and then leaps of the watermark make the rest missing and over. */
        for (; take_piece(writer, &given, 30000); step++) {
            assert_int_equal(say(engine, RECON_STREAM_EVENTS, 20000 + step * 200, 20000 + step * 200 + 200), RECON_OK);
            assert_int_equal(say(engine, RECON_STREAM_AUDIT, 60000 + step * 900, 60000 + step * 900 + 900), RECON_OK);
            if (step % 40 == 9)
                for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
                    assert_int_equal(say(engine, stream, 1040000 + step * 900, 1040001 + step * 900), RECON_OK);
        }
        recon_snapshot_writer_free(writer);
        assert_true(step > 20);
        assert_int_equal(given.size, wanted.size);
        assert_memory_equal(given.bytes, wanted.bytes, wanted.size);
        free(given.bytes);
        free(wanted.bytes);
        assert_int_equal(recon_engine_memory_bytes(engine), held_bytes);
        recon_engine_free(engine);
        assert_int_equal(held_bytes, 0);
    }
}

/* Two engines are told the same; one writes a frozen snapshot meanwhile, to its end or not. */
static void no_frozen_snapshot_leaves_anything_behind(void **state)
{
    (void)state;
    for (int is_aborted = 0; is_aborted < 2; is_aborted++) {
        struct recon_settings settings = kit_settings(1000, 1000000, 1000000);
        struct recon_engine *engines[2];
        for (unsigned i = 0; i < 2; i++) {
            engines[i] = engine_new(&settings);
            assert_int_equal(say(engines[i], RECON_STREAM_AUDIT, 0, 50000), RECON_OK);
            struct recon_snapshot_writer *writer = i == 0 ? NULL : frozen_of(engines[i]);
            assert_int_equal(say(engines[i], RECON_STREAM_EVENTS, 0, 25000), RECON_OK);
            struct bytes given = {0};
            for (unsigned piece = 0; i == 1 && (!is_aborted || piece < 20) && take_piece(writer, &given, 50000);
                 piece++)
                ;
            assert_int_equal(say(engines[i], RECON_STREAM_EVENTS, 25000, 49000), RECON_OK);
            recon_snapshot_writer_free(writer);
            free(given.bytes);
        }
        assert_int_equal(recon_engine_memory_bytes(engines[0]), recon_engine_memory_bytes(engines[1]));
        struct bytes one = snapshot_of(engines[0]);
        struct bytes other = snapshot_of(engines[1]);
        assert_int_equal(one.size, other.size);
        assert_memory_equal(one.bytes, other.bytes, one.size);
        free(one.bytes);
        free(other.bytes);
        recon_engine_free(engines[0]);
        recon_engine_free(engines[1]);
        assert_int_equal(held_bytes, 0);
    }
}

static void short_of_memory_the_snapshot_is_given_up_and_not_the_engine(void **state)
{
    (void)state;
    struct recon_settings settings = kit_settings(1000, 1000000, 1000000);
    struct recon_engine *engine = engine_new(&settings);
    assert_int_equal(say(engine, RECON_STREAM_AUDIT, 0, 50000), RECON_OK);
    uint64_t alone = recon_engine_memory_bytes(engine);
    struct recon_snapshot_writer *writer = frozen_of(engine);
    recon_engine_memory_limit(engine, recon_engine_memory_bytes(engine) + 100000);
    /* Matching frees records: the engine needs no more than it had. */
    assert_int_equal(say(engine, RECON_STREAM_EVENTS, 0, 50000), RECON_OK);
    assert_true(recon_engine_memory_bytes(engine) < alone);
    unsigned char bytes[100];
    size_t size = 0;
    assert_int_equal(recon_snapshot_writer_next(writer, bytes, sizeof(bytes), &size), RECON_ERROR_MEMORY);
    recon_snapshot_writer_free(writer);

    /* The engine's own need takes what the next one has kept. */
    struct recon_engine *other = engine_new(&settings);
    assert_int_equal(say(other, RECON_STREAM_AUDIT, 0, 50000), RECON_OK);
    writer = frozen_of(other);
    assert_int_equal(say(other, RECON_STREAM_EVENTS, 0, 50000), RECON_OK);
    recon_engine_memory_limit(other, recon_engine_memory_bytes(other));
    assert_int_equal(say(other, RECON_STREAM_AUDIT, 50000, 80000), RECON_OK);
    assert_int_equal(recon_snapshot_writer_next(writer, bytes, sizeof(bytes), &size), RECON_ERROR_MEMORY);
    recon_snapshot_writer_free(writer);
    recon_engine_free(other);
    recon_engine_free(engine);
    assert_int_equal(held_bytes, 0);
}

static void what_came_since_is_passed_over_a_piece_at_a_time(void **state)
{
    (void)state;
    for (uint32_t groups = 1; groups <= 128; groups += 127) {
        struct recon_settings settings = kit_settings(1000, 1000000, 1000000);
        settings.key_group_count = groups;
        struct recon_engine *engine = engine_new(&settings);
        assert_int_equal(say(engine, RECON_STREAM_AUDIT, 0, 10), RECON_OK);
        struct recon_matcher_stats wanted;
        recon_engine_stats(engine, &wanted);
        struct recon_snapshot_writer *writer = frozen_of(engine);
        assert_int_equal(say(engine, RECON_STREAM_AUDIT, 10, 450010), RECON_OK);
        struct bytes given = {0};
        unsigned calls = 0;
        while (take_piece(writer, &given, 65536))
            calls++;
        assert_in_range(calls, 4, 20); /* 10^5 at a time */
        recon_snapshot_writer_free(writer);
        struct recon_snapshot_reader *reader;
        struct recon_engine *again;
        assert_int_equal(recon_snapshot_reader_new(&settings, RECON_SNAPSHOT_ENGINE, &reader), RECON_OK);
        assert_int_equal(recon_snapshot_reader_feed(reader, given.bytes, given.size), RECON_OK);
        assert_int_equal(recon_snapshot_reader_finish_engine(reader, true, &again), RECON_OK);
        struct recon_matcher_stats stats;
        recon_engine_stats(again, &stats);
        assert_memory_equal(&stats, &wanted, sizeof(stats));
        free(given.bytes);
        recon_engine_free(again);
        recon_engine_free(engine);
        assert_int_equal(held_bytes, 0);
    }
}

static struct recon_matcher *matcher_of(const struct recon_settings *settings, uint64_t count)
{
    struct recon_matcher *matcher;
    assert_int_equal(recon_matcher_new(settings, &matcher), RECON_OK);
    for (uint64_t i = 0; i < count; i++) {
        struct recon_record record = {.time = (int64_t)i, .has_time = true, .key = kit_key(i)};
        size_t handled;
        assert_int_equal(recon_matcher_records(matcher, 0, &record, 1, &handled), RECON_OK);
    }
    return matcher;
}

static void the_key_groups_of_one_moment_are_kept_apart(void **state)
{
    (void)state;
    struct recon_settings settings = kit_settings(1000, 1000000, 1000000);
    settings.key_group_count = 16;
    struct recon_matcher *matcher = matcher_of(&settings, 20000);
    struct recon_matcher *unchanged = matcher_of(&settings, 20000);
    struct recon_snapshot_writer *writer;
    assert_int_equal(recon_snapshot_writer_new_matcher(matcher, RECON_SNAPSHOT_COUNTS, &writer), RECON_OK);
    assert_int_equal(recon_snapshot_writer_freeze(writer), RECON_OK);
    uint64_t next = 0;
    for (int part = 3; part < 14; part += 2) {
        int wanted_part = part == 3 ? RECON_SNAPSHOT_COUNTS : part;
        struct recon_snapshot_writer *whole;
        assert_int_equal(recon_snapshot_writer_new_matcher(unchanged, wanted_part, &whole), RECON_OK);
        struct bytes wanted = {0};
        struct bytes given = {0};
        while (take_piece(whole, &wanted, 4096))
            ;
        if (wanted_part >= 0)
            recon_snapshot_writer_turn(writer, (uint32_t)wanted_part);
        while (take_piece(writer, &given, 4096)) {
            struct recon_record record = {.stream = RECON_STREAM_EVENTS, .has_time = true, .key = kit_key(next++)};
            size_t handled;
            assert_int_equal(recon_matcher_records(matcher, 0, &record, 1, &handled), RECON_OK);
        }
        assert_int_equal(given.size, wanted.size);
        assert_memory_equal(given.bytes, wanted.bytes, wanted.size);
        recon_snapshot_writer_free(whole);
        free(given.bytes);
        free(wanted.bytes);
    }
    recon_snapshot_writer_free(writer);
    recon_matcher_free(matcher);
    recon_matcher_free(unchanged);
    assert_int_equal(held_bytes, 0);
}

static struct bytes windows_of(struct recon_windows *windows, bool is_frozen)
{
    struct recon_snapshot_writer *writer;
    struct recon_counts counts = {.expected = 1};
    struct bytes all = {0};
    assert_int_equal(recon_snapshot_writer_new_windows(windows, &writer), RECON_OK);
    if (is_frozen) {
        assert_int_equal(recon_snapshot_writer_freeze(writer), RECON_OK);
        for (int64_t window = 0; window < 10000; window += 3)
            assert_int_equal(recon_windows_add(windows, window, &counts), RECON_OK);
    }
    while (take_piece(writer, &all, 1000))
        ;
    recon_snapshot_writer_free(writer);
    return all;
}

static void counts_are_those_of_the_moment_too(void **state)
{
    (void)state;
    struct recon_settings settings = kit_settings(1000, 0, 1000000);
    struct recon_windows *windows;
    struct recon_counts counts = {.expected = 2};
    assert_int_equal(recon_windows_new(&settings, &windows), RECON_OK);
    for (int64_t window = 0; window < 5000; window++)
        assert_int_equal(recon_windows_add(windows, window, &counts), RECON_OK);
    struct bytes wanted = windows_of(windows, false);
    struct bytes given = windows_of(windows, true);
    assert_int_equal(given.size, wanted.size);
    assert_memory_equal(given.bytes, wanted.bytes, wanted.size);
    free(given.bytes);
    free(wanted.bytes);
    assert_int_equal(recon_windows_memory_bytes(windows), held_bytes);
    recon_windows_free(windows);
    assert_int_equal(held_bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frozen_snapshot_is_what_was_there_whatever_is_done_meanwhile),
        cmocka_unit_test(no_frozen_snapshot_leaves_anything_behind),
        cmocka_unit_test(short_of_memory_the_snapshot_is_given_up_and_not_the_engine),
        cmocka_unit_test(what_came_since_is_passed_over_a_piece_at_a_time),
        cmocka_unit_test(the_key_groups_of_one_moment_are_kept_apart),
        cmocka_unit_test(counts_are_those_of_the_moment_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
