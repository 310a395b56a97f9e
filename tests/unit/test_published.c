/*
 * What was published, read back: nothing is said twice, revisions go on, what was missing is found.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/id_text.h"
#include "codec/result_message.h"
#include "recon/status.h"
#include "service/published.h"

#define NAME "a name/with more"

static const struct recon_partition_name name_of_partition = {.topic = "or/ders", .partition = 3};

static struct recon_text text(const char *bytes)
{
    return (struct recon_text){bytes, (uint32_t)strlen(bytes)};
}

static struct recon_result_messenger *messenger_make(void)
{
    struct recon_result_messenger *messenger = NULL;
    const struct recon_result_messenger_options options = {
        .name = NAME, .names = {&name_of_partition, &name_of_partition}, .name_count = {1, 1}};
    assert_int_equal(recon_result_messenger_new(&options, &messenger), RECON_OK);
    return messenger;
}

static struct recon_published *published_make(bool source_in_identity)
{
    struct recon_published *published = NULL;
    assert_int_equal(recon_published_new(NAME, source_in_identity, &published), RECON_OK);
    return published;
}

/* As if it had been published and read back. */
static void say(struct recon_published *published, const struct recon_result *result)
{
    struct recon_result_messenger *messenger = messenger_make();
    struct recon_result_message message;
    assert_int_equal(recon_result_messenger_make(messenger, result, &message), RECON_OK);
    assert_int_equal(recon_published_read(published, message.key, message.value), RECON_OK);
    recon_result_messenger_free(messenger);
}

static bool judge(struct recon_published *published, struct recon_result *result)
{
    struct recon_result_messenger *messenger = messenger_make();
    struct recon_result_message message;
    assert_int_equal(recon_result_messenger_make(messenger, result, &message), RECON_OK);
    const bool is_new = recon_published_judge(published, result, message.key);
    recon_result_messenger_free(messenger);
    return is_new;
}

static struct recon_result metric(int64_t start, uint64_t matched, uint64_t revision)
{
    return (struct recon_result){.type = RECON_RESULT_METRIC,
                                 .start = start,
                                 .end = start + 10,
                                 .revision = revision,
                                 .watermark = start + 20,
                                 .basis = RECON_BASIS_WATERMARK,
                                 .counts = {.expected = 10, .matched = matched, .missing = 10 - matched}};
}

static struct recon_result missing(const char *id, const char *source, int64_t time)
{
    return (struct recon_result){.type = RECON_RESULT_MISSING,
                                 .id = text(id),
                                 .source = text(source),
                                 .has_time = true,
                                 .time = time,
                                 .watermark = time + 100,
                                 .basis = RECON_BASIS_TIMEOUT};
}

static struct recon_result found(const char *id, const char *source, int64_t time)
{
    struct recon_result result = missing(id, source, time);
    result.type = RECON_RESULT_FOUND;
    return result;
}

static struct recon_record event(const char *id, const char *source, int64_t time)
{
    return (struct recon_record){
        .stream = RECON_STREAM_EVENTS, .id = text(id), .source = text(source), .has_time = true, .time = time};
}

static void a_window_is_said_again_only_where_it_changed_and_its_revisions_rise(void **state)
{
    (void)state;
    struct recon_published *published = published_make(false);
    struct recon_result one = metric(1000, 7, 0);
    say(published, &one);
    one = metric(1000, 8, 4);
    say(published, &one);
    one = metric(1000, 8, 0);
    assert_false(judge(published, &one));
    one = metric(1000, 9, 0);
    assert_true(judge(published, &one));
    assert_int_equal(one.revision, 5);
    one = metric(1000, 9, 1);
    assert_false(judge(published, &one));
    one = metric(1000, 10, 1);
    assert_true(judge(published, &one));
    assert_int_equal(one.revision, 6);
    one = metric(2000, 10, 0);
    assert_true(judge(published, &one));
    assert_int_equal(one.revision, 0);
    recon_published_free(published);
}

static void a_break_is_said_once_and_found_once(void **state)
{
    (void)state;
    struct recon_published *published = published_make(false);
    struct recon_result one = missing("a/\"b\"%", "shop", 500);
    struct recon_result back;
    say(published, &one);
    assert_int_equal(recon_published_open_count(published), 1);
    assert_false(judge(published, &one));
    /* The engine knows of it: it will say itself that it is found. */
    struct recon_record came = event("a/\"b\"%", "", 700);
    assert_false(recon_published_arrived(published, &came, RECON_TIME_MIN, &back));
    one = found("a/\"b\"%", "shop", 500);
    assert_true(judge(published, &one));
    assert_false(judge(published, &one));
    one = missing("other", "shop", 500);
    assert_true(judge(published, &one));
    one = found("other", "shop", 500);
    assert_true(judge(published, &one));
    recon_published_free(published);
}

static void ids_whose_fields_hold_bars_stay_apart(void **state)
{
    (void)state;
    static const char one_id[] = {'a', '|', 'b', (char)RECON_ID_JOINT, 'c', '\0'};
    static const char other_id[] = {'a', (char)RECON_ID_JOINT, 'b', '|', 'c', '\0'};
    struct recon_published *published = published_make(false);
    struct recon_result one = missing(one_id, "", 500);
    struct recon_result back;
    say(published, &one);
    struct recon_record came = event(other_id, "", 700);
    assert_false(recon_published_arrived(published, &came, RECON_TIME_MIN, &back));
    came = event(one_id, "", 700);
    assert_true(recon_published_arrived(published, &came, RECON_TIME_MIN, &back));
    recon_published_free(published);
}

static void one_that_the_engine_does_not_know_of_is_found_when_its_event_comes(void **state)
{
    (void)state;
    struct recon_published *published = published_make(false);
    struct recon_result one = missing("a", "sh/op", 500);
    struct recon_result back;
    say(published, &one);
    struct recon_record came = event("a", "", 700);
    assert_false(recon_published_arrived(published, &came, 501, &back)); /* over */
    came.kind = RECON_KIND_REJECTED;
    assert_false(recon_published_arrived(published, &came, 500, &back));
    came.kind = RECON_KIND_RECORD;
    assert_true(recon_published_arrived(published, &came, 500, &back));
    assert_int_equal(back.type, RECON_RESULT_FOUND);
    assert_int_equal(back.time, 500);
    assert_int_equal(back.event_time, 700);
    assert_int_equal(back.source.size, 5);
    assert_memory_equal(back.source.bytes, "sh/op", 5);
    assert_false(recon_published_arrived(published, &came, 500, &back));
    /* The engine may come to it later, as the event lies before the audit record now. */
    assert_false(judge(published, &one));
    one = found("a", "sh/op", 500);
    assert_false(judge(published, &one));
    recon_published_free(published);
}

static void a_break_that_was_taken_back_is_open_no_more_and_sources_count_where_they_do(void **state)
{
    (void)state;
    struct recon_published *published = published_make(true);
    struct recon_result one = missing("a", "x", 500);
    struct recon_result back;
    say(published, &one);
    one = found("a", "x", 500);
    say(published, &one);
    one = missing("a", "y", 600);
    say(published, &one);
    assert_int_equal(recon_published_open_count(published), 1);
    struct recon_record came = event("a", "x", 700);
    assert_false(recon_published_arrived(published, &came, RECON_TIME_MIN, &back));
    came = event("a", "y", 700);
    assert_true(recon_published_arrived(published, &came, RECON_TIME_MIN, &back));
    assert_int_equal(back.time, 600);
    recon_published_free(published);
}

static void what_is_of_one_record_is_said_once(void **state)
{
    (void)state;
    struct recon_published *published = published_make(false);
    struct recon_result one = {.type = RECON_RESULT_REJECTED,
                               .stream = RECON_STREAM_EVENTS,
                               .reason = RECON_REASON_NO_ID,
                               .has_offset = true,
                               .offset = 7};
    say(published, &one);
    assert_false(judge(published, &one));
    one.offset = 8;
    assert_true(judge(published, &one));
    recon_published_free(published);
}

static void other_names_and_what_is_none_of_ours_is_passed_over(void **state)
{
    (void)state;
    struct recon_published *published = published_make(false);
    assert_int_equal(recon_published_read(published, text("other/metric/x"), text("{\"type\":\"metric\"}")), RECON_OK);
    assert_int_equal(recon_published_read(published, text("a%20name%2Fwith%20more/metric/x"), text("")), RECON_OK);
    assert_int_equal(recon_published_read(published, text("a%20name%2Fwith%20more/metric/x"),
                                          text("{\"type\":\"metric\",\"start\":\"soon\"}")),
                     RECON_OK);
    assert_int_equal(
        recon_published_read(published, text("a%20name%2Fwith%20more/presence/%"), text("{\"type\":\"missing\"")),
        RECON_OK);
    assert_int_equal(recon_published_watermark(published), RECON_TIME_MIN);
    recon_published_free(published);
}

static void the_watermark_is_the_largest_that_no_timeout_made(void **state)
{
    (void)state;
    struct recon_published *published = published_make(false);
    struct recon_result one = missing("a", "", 100000);
    say(published, &one);
    assert_int_equal(recon_published_watermark(published), 100100);
    one = metric(1000, 1, 0);
    say(published, &one);
    one = metric(0, 1, 0);
    say(published, &one);
    assert_int_equal(recon_published_watermark(published), 1020);
    recon_published_free(published);
}

static void it_reads_back_as_it_was_written_and_can_be_trimmed(void **state)
{
    (void)state;
    struct recon_published *published = published_make(false);
    struct recon_published *again = published_make(false);
    struct recon_buffer buffer;
    recon_buffer_init(&buffer);
    for (int i = 0; i < 3000; i++) {
        char id[16];
        snprintf(id, sizeof id, "id-%d", i);
        const struct recon_result one = missing(id, i % 2 ? "shop" : "", i);
        say(published, &one);
    }
    struct recon_result one = metric(5000, 3, 2);
    say(published, &one);
    recon_published_trim(published, 1000, 1500);
    assert_int_equal(recon_published_count(published), 2001);
    assert_int_equal(recon_published_write(published, &buffer), RECON_OK);
    assert_int_equal(recon_published_load(again, (struct recon_text){buffer.bytes, (uint32_t)buffer.size}), RECON_OK);
    assert_int_equal(recon_published_count(again), 2001);
    one = metric(5000, 4, 0);
    assert_true(judge(again, &one));
    assert_int_equal(one.revision, 3);
    struct recon_result back;
    struct recon_record came = event("id-2001", "", 1);
    assert_true(recon_published_arrived(again, &came, RECON_TIME_MIN, &back));
    assert_int_equal(back.source.size, 4);
    came = event("id-1200", "", 1); /* over */
    assert_false(recon_published_arrived(again, &came, RECON_TIME_MIN, &back));
    for (uint32_t size = 0; size + 1 < buffer.size; size += 97) {
        struct recon_published *cut = published_make(false);
        (void)recon_published_load(cut, (struct recon_text){buffer.bytes, size});
        assert_true(recon_published_count(cut) <= 2001);
        recon_published_free(cut);
    }
    recon_buffer_deinit(&buffer);
    recon_published_free(published);
    recon_published_free(again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_is_said_again_only_where_it_changed_and_its_revisions_rise),
        cmocka_unit_test(a_break_is_said_once_and_found_once),
        cmocka_unit_test(ids_whose_fields_hold_bars_stay_apart),
        cmocka_unit_test(one_that_the_engine_does_not_know_of_is_found_when_its_event_comes),
        cmocka_unit_test(a_break_that_was_taken_back_is_open_no_more_and_sources_count_where_they_do),
        cmocka_unit_test(what_is_of_one_record_is_said_once),
        cmocka_unit_test(other_names_and_what_is_none_of_ours_is_passed_over),
        cmocka_unit_test(the_watermark_is_the_largest_that_no_timeout_made),
        cmocka_unit_test(it_reads_back_as_it_was_written_and_can_be_trimmed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
