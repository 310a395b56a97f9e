/*
 * The model by hand: the worked example, and each rule by its own small trace. What is expected is written out from
 * the rules, so that the yardstick is itself measured.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model.h"
#include "recon/status.h"

#define AUDIT RECON_STREAM_AUDIT
#define EVENTS RECON_STREAM_EVENTS
#define UNSET RECON_DURATION_UNSET

static char lines[4096]; /* what the last operation caused, one result a line */

static void append(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void append(const char *format, ...)
{
    size_t used = strlen(lines);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(lines + used, sizeof lines - used, format, arguments);
    va_end(arguments);
}

static const char *number(int64_t time)
{
    static char texts[4][32];
    static unsigned next;
    char *text = texts[next++ % 4];
    if (time == RECON_TIME_MIN || time == RECON_TIME_MAX)
        return time == RECON_TIME_MIN ? "-inf" : "+inf";
    snprintf(text, sizeof texts[0], "%lld", (long long)time);
    return text;
}

/* "metric [0,10) e2 m1 x1 r0 w27 watermark", "missing b 5 w27", ... */
static const char *told(const struct model *model)
{
    size_t count;
    const struct recon_result *results = model_results(model, &count);
    lines[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        const struct recon_result *r = &results[i];
        static const char *const types[] = {"metric",  "missing",   "found",    "unaudited",
                                            "audited", "duplicate", "too_late", "rejected"};
        static const char *const bases[] = {"watermark", "timeout", "end"};
        append("%s%s", i > 0 ? "; " : "", types[r->type]);
        if (r->type == RECON_RESULT_METRIC) {
            append(" [%s,%s) e%u m%u x%u", number(r->start), number(r->end), (unsigned)r->counts.expected,
                   (unsigned)r->counts.matched, (unsigned)r->counts.missing);
            if (r->counts.duplicate_audits != 0)
                append(" da%u", (unsigned)r->counts.duplicate_audits);
            if (r->counts.duplicate_events != 0)
                append(" de%u", (unsigned)r->counts.duplicate_events);
            if (r->counts.unaudited != 0)
                append(" ua%u", (unsigned)r->counts.unaudited);
            if (r->counts.unjudged_audits != 0)
                append(" uj%u", (unsigned)r->counts.unjudged_audits);
            append(" r%u w%s %s", (unsigned)r->revision, number(r->watermark), bases[r->basis]);
            continue;
        }
        if (r->id.bytes != NULL)
            append(" %.*s", (int)r->id.size, r->id.bytes);
        if (r->has_time)
            append(" %s", number(r->time));
        if (r->type == RECON_RESULT_REJECTED)
            append(" reason%d", r->reason);
        else
            append(" w%s", number(r->watermark));
    }
    return lines;
}

#define assert_told(text) assert_string_equal(told(model), text)

static struct recon_settings settings_of(int64_t o, int64_t n, int64_t m)
{
    return (struct recon_settings){.interval_ms = o,
                                   .out_of_orderness_ms = n,
                                   .retention_ms = m,
                                   .idle_timeout_ms = UNSET,
                                   .max_future_skew_ms = UNSET,
                                   .from_ms = RECON_TIME_MIN,
                                   .to_ms = RECON_TIME_MAX,
                                   .report = RECON_REPORT_ALL,
                                   .key_group_count = 1,
                                   .partition_count = {1, 1}};
}

static struct recon_record record_of(int stream, const char *id, int64_t time)
{
    return (struct recon_record){.key = {.high = (uint64_t)id[0], .low = id[0] == '\0' ? 0 : (uint64_t)id[1]},
                                 .stream = (uint8_t)stream,
                                 .has_time = true,
                                 .time = time,
                                 .id = {id, (uint32_t)strlen(id)}};
}

static void record(struct model *model, int stream, const char *id, int64_t time)
{
    struct recon_record of = record_of(stream, id, time);
    assert_int_equal(model_record(model, &of), RECON_OK);
}

static void heartbeat_of(struct model *model, int stream, uint32_t partition, int64_t time)
{
    struct recon_record of = {.stream = (uint8_t)stream,
                              .partition = partition,
                              .kind = RECON_KIND_HEARTBEAT,
                              .has_time = true,
                              .time = time};
    assert_int_equal(model_record(model, &of), RECON_OK);
}

static void heartbeats(struct model *model, int64_t time)
{
    heartbeat_of(model, AUDIT, 0, time);
    heartbeat_of(model, EVENTS, 0, time);
}

static void at(struct model *model, int64_t now)
{
    assert_int_equal(model_clock(model, now), RECON_OK);
}

static void end(struct model *model, int stream)
{
    assert_int_equal(model_partition_end(model, stream, 0), RECON_OK);
}

static void worked_example(void **state)
{
    (void)state;
    struct recon_settings settings = settings_of(10, 2, 100);
    struct model *model = model_new(&settings);
    at(model, 0);
    record(model, AUDIT, "a", 0);
    assert_told("");
    at(model, 1);
    record(model, EVENTS, "a", 0);
    assert_told("");
    at(model, 2);
    record(model, AUDIT, "b", 5);
    assert_told("");
    at(model, 3);
    record(model, AUDIT, "c", 30);
    assert_told("");
    record(model, EVENTS, "c", 30);
    assert_told("missing b 5 w27; metric [0,10) e2 m1 x1 r0 w27 watermark; metric [10,20) e0 m0 x0 r0 w27 watermark");
    at(model, 4);
    record(model, EVENTS, "b", 5);
    assert_told("found b 5 w27");
    at(model, 5);
    end(model, EVENTS);
    assert_told("");
    at(model, 6);
    end(model, AUDIT);
    assert_told("metric [0,10) e2 m2 x0 r1 w+inf end; metric [30,40) e1 m1 x0 r0 w+inf end");
    model_free(model);
}

static void duplicates_count_in_the_window_of_the_first(void **state)
{
    (void)state;
    struct recon_settings settings = settings_of(10, 0, 100);
    struct model *model = model_new(&settings);
    at(model, 0);
    record(model, AUDIT, "a", 3);
    record(model, AUDIT, "a", 25);
    assert_told("duplicate a 25 w-inf");
    record(model, EVENTS, "a", 14);
    assert_told("metric [0,10) e1 m1 x0 da1 r0 w13 watermark");
    record(model, EVENTS, "a", 15);
    assert_told("duplicate a 15 w13");
    heartbeats(model, 20);
    assert_told("metric [0,10) e1 m1 x0 da1 de1 r1 w19 watermark; metric [10,20) e0 m0 x0 r0 w19 watermark");
    model_free(model);
}

static void an_event_without_audit_is_unaudited_and_then_audited(void **state)
{
    (void)state;
    struct recon_settings settings = settings_of(10, 0, 100);
    struct model *model = model_new(&settings);
    at(model, 0);
    record(model, EVENTS, "a", 5);
    heartbeats(model, 11);
    assert_told("unaudited a 5 w10; metric [0,10) e0 m0 x0 ua1 r0 w10 watermark");
    record(model, AUDIT, "a", 12);
    assert_told("audited a 5 w10");
    heartbeats(model, 21);
    assert_told("metric [0,10) e0 m0 x0 r1 w20 watermark; metric [10,20) e1 m1 x0 r0 w20 watermark");
    model_free(model);
}

static void what_is_m_behind_r_is_too_late_and_forgotten(void **state)
{
    (void)state;
    struct recon_settings settings = settings_of(10, 0, 5);
    struct model *model = model_new(&settings);
    at(model, 0);
    record(model, AUDIT, "a", 3);
    record(model, EVENTS, "a", 3);
    heartbeats(model, 8);
    record(model, AUDIT, "a", 3); /* R = 7 < 3 + 5: remembered */
    assert_told("duplicate a 3 w7");
    heartbeats(model, 9);
    record(model, AUDIT, "a", 3); /* R = 8: forgotten, and so too late */
    assert_told("too_late a 3 w8");
    record(model, EVENTS, "a", 3);
    assert_told("too_late a 3 w8");
    heartbeats(model, 10);
    assert_told("metric [0,10) e1 m1 x0 da1 uj1 r0 w9 watermark");
    record(model, EVENTS, "b", 5); /* R = 9 < 5 + 5 */
    heartbeats(model, 15);         /* reported and then forgotten; the window [0,10) too: 14 >= 9 + 5 */
    assert_told("unaudited b 5 w14; metric [0,10) e1 m1 x0 da1 ua1 uj1 r1 w14 watermark");
    model_free(model);
}

static void an_event_matches_its_audit_record_whatever_its_time(void **state)
{
    (void)state;
    struct recon_settings settings = settings_of(10, 0, 5);
    settings.max_future_skew_ms = 10;
    struct model *model = model_new(&settings);
    at(model, 0);
    record(model, AUDIT, "a", 8);
    heartbeats(model, 10);
    assert_told("missing a 8 w9; metric [0,10) e1 m0 x1 r0 w9 watermark");
    record(model, EVENTS, "a", 1); /* by its own time too late */
    assert_told("found a 8 w9");
    record(model, AUDIT, "b", 9);
    record(model, EVENTS, "b", 11); /* 11 > 0 + 10: poisoned, and yet it is b's event */
    assert_told("");
    record(model, EVENTS, "b", 11);
    assert_told("duplicate b 11 w9");
    record(model, EVENTS, "c", 11);
    assert_told("rejected c 11 reason6");
    record(model, AUDIT, "a", 11);
    assert_told("rejected a 11 reason6");
    struct recon_rise current;
    model_current(model, &current);
    assert_int_equal(current.watermark, 9);
    model_free(model);
}

static void an_event_without_a_time_needs_its_audit_record(void **state)
{
    (void)state;
    struct recon_settings settings = settings_of(10, 0, 5);
    struct model *model = model_new(&settings);
    at(model, 0);
    struct recon_record event = record_of(EVENTS, "a", 0);
    event.has_time = false;
    model_record(model, &event);
    assert_told("rejected a reason5");
    record(model, AUDIT, "a", 1);
    model_record(model, &event);
    assert_told("");
    model_record(model, &event);
    assert_told("duplicate a w-inf");
    model_free(model);
}

static void rejected_audits_are_unjudged_in_the_window_after_the_watermark(void **state)
{
    (void)state;
    struct recon_settings settings = settings_of(10, 0, 100);
    settings.to_ms = 30;
    struct model *model = model_new(&settings);
    at(model, 0);
    struct recon_record bad = {.stream = AUDIT, .kind = RECON_KIND_REJECTED, .reason = RECON_REASON_NO_ID};
    model_record(model, &bad); /* W = -infinity: no window */
    assert_told("rejected reason3");
    heartbeats(model, 10);
    assert_told("");
    model_record(model, &bad); /* W + 1 = 10 */
    heartbeats(model, 20);
    assert_told("metric [10,20) e0 m0 x0 uj1 r0 w19 watermark");
    heartbeats(model, 30);
    assert_told("metric [20,30) e0 m0 x0 r0 w29 watermark"); /* empty */
    model_record(model, &bad);                               /* [30,40) is outside */
    heartbeats(model, 50);
    assert_told("");
    model_free(model);
}

static void outside_of_from_and_to_nothing_is_judged(void **state)
{
    (void)state;
    struct recon_settings settings = settings_of(10, 0, 100);
    settings.from_ms = 15;
    settings.to_ms = 25;
    struct model *model = model_new(&settings);
    at(model, 0);
    record(model, AUDIT, "a", 14);
    record(model, EVENTS, "b", 25);
    record(model, AUDIT, "b", 25);
    heartbeats(model, 40);
    assert_told("");
    record(model, EVENTS, "b", 25);
    assert_told("duplicate b 25 w39");
    record(model, AUDIT, "b", 24);
    assert_told("");
    heartbeats(model, 41); /* no end is passed */
    assert_told("");
    heartbeats(model, 51);
    assert_told("metric [20,30) e1 m1 x0 r0 w50 watermark");
    model_free(model);
}

static void empty_windows_are_made_between_and_not_past_retention(void **state)
{
    (void)state;
    struct recon_settings settings = settings_of(10, 0, 15);
    struct model *model = model_new(&settings);
    at(model, 0);
    heartbeats(model, 1000);
    assert_told("");
    record(model, AUDIT, "a", 1001);
    record(model, EVENTS, "a", 1001);
    heartbeats(model, 10001); /* W' = 10000, the first of the empty ones ends past 9985 */
    assert_told("metric [1000,1010) e1 m1 x0 r0 w10000 watermark; metric [9990,10000) e0 m0 x0 r0 w10000 watermark; "
                "metric [9980,9990) e0 m0 x0 r0 w10000 watermark");
    record(model, AUDIT, "b", 9995);
    heartbeats(model, 10002);
    assert_told("missing b 9995 w10001");
    heartbeats(model, 10011);
    assert_told("metric [9990,10000) e1 m0 x1 r1 w10010 watermark; metric [10000,10010) e0 m0 x0 r0 w10010 watermark");
    model_free(model);
}

static void a_window_is_not_emitted_again_when_nothing_changed(void **state)
{
    (void)state;
    struct recon_settings settings = settings_of(10, 0, 100);
    struct model *model = model_new(&settings);
    at(model, 0);
    record(model, AUDIT, "a", 5);
    heartbeats(model, 10);
    assert_told("missing a 5 w9; metric [0,10) e1 m0 x1 r0 w9 watermark");
    record(model, EVENTS, "b", 6);
    record(model, AUDIT, "b", 7); /* expected 2, matched 1: changed */
    heartbeats(model, 15);        /* no end is passed: not yet */
    assert_told("");
    heartbeats(model, 20);
    assert_told("metric [0,10) e2 m1 x1 r1 w19 watermark; metric [10,20) e0 m0 x0 r0 w19 watermark");
    heartbeats(model, 30);
    assert_told("metric [20,30) e0 m0 x0 r0 w29 watermark");
    model_free(model);
}

static void an_idle_partition_is_left_out(void **state)
{
    (void)state;
    struct recon_settings settings = settings_of(10, 0, 100);
    settings.idle_timeout_ms = 50;
    settings.partition_count[EVENTS] = 2;
    struct model *model = model_new(&settings);
    at(model, 0);
    at(model, 40);
    record(model, AUDIT, "a", 5);
    heartbeats(model, 20);
    at(model, 49);
    assert_told("");
    at(model, 50); /* events/1 is silent for 50 ms */
    assert_told("missing a 5 w19; metric [0,10) e1 m0 x1 r0 w19 timeout; metric [10,20) e0 m0 x0 r0 w19 timeout");
    assert_int_equal(model_alive(model, EVENTS, 1), RECON_OK);
    heartbeats(model, 30);
    assert_told("");
    at(model, 99);
    assert_told("");
    at(model, 100); /* now all are: M + (100 - 50) - 1, the last of them at 50 */
    struct recon_rise current;
    model_current(model, &current);
    assert_int_equal(current.watermark, 79);
    assert_int_equal(current.retention_bound, 19);
    model_free(model);
}

static void after_a_silence_r_stands_still_for_z(void **state)
{
    (void)state;
    struct recon_settings settings = settings_of(10, 0, 20);
    settings.idle_timeout_ms = 50;
    struct model *model = model_new(&settings);
    struct recon_rise current;
    at(model, 0);
    heartbeats(model, 10);
    at(model, 100); /* W = 10 + 100 - 1 */
    model_current(model, &current);
    assert_int_equal(current.watermark, 109);
    assert_int_equal(current.retention_bound, 9);
    record(model, AUDIT, "a", 15); /* 9 < 15 + 20: not too late */
    assert_told("");
    at(model, 110); /* audit is awake: rule 2, basis timeout; R stands still */
    heartbeat_of(model, EVENTS, 0, 16);
    model_current(model, &current);
    assert_int_equal(current.retention_bound, 9);
    assert_int_equal(current.watermark, 109);
    heartbeats(model, 60);
    assert_told("");
    at(model, 149);
    assert_told("");
    at(model, 150); /* 50 after 100: R rises alone, to 59; both are due, and [10,20) is over: 59 >= 19 + 20 */
    model_current(model, &current);
    assert_int_equal(current.watermark, 109);
    assert_int_equal(current.retention_bound, 59);
    assert_told("missing a 15 w109; metric [10,20) e1 m0 x1 r0 w109 watermark");
    model_free(model);
}

static void after_the_end_all_is_over(void **state)
{
    (void)state;
    struct recon_settings settings = settings_of(10, UNSET, UNSET);
    struct model *model = model_new(&settings);
    at(model, 0);
    record(model, AUDIT, "b", 15);
    record(model, AUDIT, "a", 5);
    record(model, EVENTS, "c", 5);
    heartbeats(model, 1000000);
    assert_told("");
    end(model, AUDIT);
    assert_told("");
    end(model, EVENTS);
    assert_told("missing a 5 w+inf; unaudited c 5 w+inf; missing b 15 w+inf; metric [10,20) e1 m0 x1 r0 w+inf end; "
                "metric [0,10) e1 m0 x1 ua1 r0 w+inf end");
    uint32_t partition;
    assert_int_equal(model_partition_add(model, AUDIT, &partition), RECON_OK);
    assert_int_equal(partition, 1);
    struct recon_record late = record_of(AUDIT, "z", 2000000);
    late.partition = 1;
    model_record(model, &late);
    assert_told("too_late z 2000000 w+inf");
    late.partition = 0;
    assert_int_equal(model_record(model, &late), RECON_ERROR_ENDED);
    late.partition = 2;
    assert_int_equal(model_record(model, &late), RECON_ERROR_PARTITION);
    model_free(model);
}

static void times_at_the_ends_of_64_bits_are_right(void **state)
{
    (void)state;
    struct recon_settings settings = settings_of(10, 0, INT64_MAX - 1);
    struct model *model = model_new(&settings);
    at(model, INT64_MIN);
    record(model, AUDIT, "a", INT64_MIN);
    record(model, EVENTS, "b", INT64_MIN + 1);
    heartbeat_of(model, AUDIT, 0, INT64_MIN + 1); /* W = INT64_MIN stands for -infinity */
    assert_told("");
    at(model, INT64_MAX);
    record(model, AUDIT, "c", INT64_MAX);
    heartbeat_of(model, EVENTS, 0, INT64_MIN + 9); /* W = INT64_MIN + 8: [INT64_MIN - 2, INT64_MIN + 8) ends */
    assert_told("missing a -inf w-9223372036854775800; unaudited b -9223372036854775807 w-9223372036854775800; "
                "metric [-inf,-9223372036854775800) e1 m0 x1 ua1 r0 w-9223372036854775800 watermark");
    end(model, AUDIT);
    end(model, EVENTS);
    assert_told("missing c +inf w+inf; metric [9223372036854775800,+inf) e1 m0 x1 r0 w+inf end");
    model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(worked_example),
        cmocka_unit_test(duplicates_count_in_the_window_of_the_first),
        cmocka_unit_test(an_event_without_audit_is_unaudited_and_then_audited),
        cmocka_unit_test(what_is_m_behind_r_is_too_late_and_forgotten),
        cmocka_unit_test(an_event_matches_its_audit_record_whatever_its_time),
        cmocka_unit_test(an_event_without_a_time_needs_its_audit_record),
        cmocka_unit_test(rejected_audits_are_unjudged_in_the_window_after_the_watermark),
        cmocka_unit_test(outside_of_from_and_to_nothing_is_judged),
        cmocka_unit_test(empty_windows_are_made_between_and_not_past_retention),
        cmocka_unit_test(a_window_is_not_emitted_again_when_nothing_changed),
        cmocka_unit_test(an_idle_partition_is_left_out),
        cmocka_unit_test(after_a_silence_r_stands_still_for_z),
        cmocka_unit_test(after_the_end_all_is_over),
        cmocka_unit_test(times_at_the_ends_of_64_bits_are_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
