#include "random_trace.h"

#include <stdlib.h>

#include "random.h"

__extension__ typedef __int128 wide;

/* What a step may be. */
enum step {
    STEP_AUDIT,      /* an audit record of any identity */
    STEP_EVENT,      /* an event of any identity */
    STEP_PAIR,       /* both, in either order */
    STEP_REPEAT,     /* a record that was there before, again */
    STEP_REJECTED,   /* could not be read */
    STEP_NO_TIME,    /* a record whose time could not be read */
    STEP_POISONED,   /* a time far ahead */
    STEP_OLD,        /* a time far behind */
    STEP_HEARTBEAT,  /* in one partition */
    STEP_HEARTBEATS, /* in all of them: the watermark moves */
    STEP_LEAP,       /* event time leaps ahead */
    STEP_CLOCK,      /* the clock moves */
    STEP_SILENCE,    /* the clock moves by about the idle timeout */
    STEP_ALIVE,
    STEP_ADD,
    STEP_END,
    STEP_ILLEGAL, /* what must be refused */
    STEP_COUNT
};

#define PARTITION_COUNT_MAX 12
#define MANY_STEP_COUNT 5000

struct generator {
    struct random random;
    struct trace *trace;
    uint32_t weights[STEP_COUNT];
    uint32_t weight_sum;
    int64_t now;
    wide cursor;       /* where event time is */
    wide advance;      /* it moves by up to so much a record */
    wide disorder;     /* times lie up to so much off the cursor */
    uint64_t id_count; /* in use at a time */
    uint64_t id_slide; /* after so many steps they move on by one; 0: never */
    uint64_t steps;
    bool clock_follows;   /* the clock is never behind the cursor by much: skew has a meaning */
    uint64_t tick_one_in; /* how often the clock moves of itself */
    uint64_t tick_ms;
    uint64_t apart_one_in; /* how often a record's time is not its identity's */
    unsigned text_count;   /* of sources and contexts in use */
    struct recon_key key_and, key_or;
    bool keys_share_high; /* they differ only in the bits of their low part that are kept */
    bool id_has_time[TRACE_ID_COUNT];
    int64_t id_time[TRACE_ID_COUNT];
    uint32_t partition_count[RECON_STREAM_COUNT];
    bool ended[RECON_STREAM_COUNT][PARTITION_COUNT_MAX];
};

static uint64_t below(struct generator *generator, uint64_t bound)
{
    return random_below(&generator->random, bound);
}

static bool one_in(struct generator *generator, uint64_t n)
{
    return random_one_in(&generator->random, n);
}

static int64_t saturated(wide time)
{
    if (time > INT64_MAX)
        return INT64_MAX;
    return time < INT64_MIN ? INT64_MIN : (int64_t)time;
}

/* 0 to bound. */
static wide wide_up_to(struct generator *generator, wide bound)
{
    uint64_t range = bound >= INT64_MAX ? INT64_MAX : (uint64_t)bound;
    return (wide)below(generator, range + 1);
}

/* A time span of any size, small ones as often as large ones. */
static int64_t any_span(struct generator *generator)
{
    return (int64_t)(random_next(&generator->random) >> (1 + below(generator, 63)));
}

/* --- settings --------------------------------------------------------------------------------------------------- */

static int64_t draw_interval(struct generator *generator)
{
    static const int64_t intervals[] = {1, 2, 3, 5, 7, 10, 10, 10, 10, 60, 1000, 3600000};
    if (one_in(generator, 12))
        return any_span(generator) + 1 > 0 ? any_span(generator) / 2 + 1 : INT64_MAX;
    if (one_in(generator, 24))
        return INT64_MAX - (int64_t)below(generator, 2);
    return intervals[below(generator, sizeof intervals / sizeof intervals[0])];
}

/* A duration in proportion to the interval, or of any size, or none. */
static int64_t draw_duration(struct generator *generator, int64_t interval, uint64_t unset_one_in)
{
    if (one_in(generator, unset_one_in))
        return RECON_DURATION_UNSET;
    switch (below(generator, 9)) {
    case 0:
        return 0;
    case 1:
        return 1 + (int64_t)below(generator, 3);
    case 2:
        return interval / 2;
    case 3:
        return interval;
    case 4:
        return saturated((wide)interval * 3 + wide_up_to(generator, interval));
    case 5:
        return saturated((wide)interval * (wide)below(generator, 60));
    case 6:
        return one_in(generator, 4) ? INT64_MAX - 1 : any_span(generator);
    default:
        return saturated(wide_up_to(generator, (wide)interval * 8));
    }
}

static int64_t draw_base(struct generator *generator, int64_t interval)
{
    switch (below(generator, 12)) {
    case 0:
        return INT64_MIN;
    case 1:
        return saturated(INT64_MIN + wide_up_to(generator, (wide)interval * 6));
    case 2:
        return saturated(INT64_MAX - wide_up_to(generator, (wide)interval * 200));
    case 3:
        return INT64_MAX;
    case 4:
        return any_span(generator);
    case 5:
        return -any_span(generator);
    case 6:
        return saturated(-(wide)interval * 5);
    case 7:
        return INT64_C(1700000000000);
    default:
        return 0;
    }
}

static uint32_t draw_report(struct generator *generator)
{
    switch (below(generator, 5)) {
    case 0:
        return RECON_REPORT_DEFAULT;
    case 1:
        return (uint32_t)below(generator, RECON_REPORT_ALL + 1);
    case 2:
        return 0;
    default:
        return RECON_REPORT_ALL;
    }
}

static void draw_settings(struct generator *generator, int64_t base)
{
    static const uint32_t key_groups[] = {1, 2, 3, 16, 128, 128, 1000, 32768};
    struct recon_settings *settings = &generator->trace->settings;
    int64_t o = settings->interval_ms;
    settings->out_of_orderness_ms = one_in(generator, 3) ? 0 : draw_duration(generator, o, 12);
    settings->retention_ms = draw_duration(generator, o, 5);
    settings->idle_timeout_ms = RECON_DURATION_UNSET;
    if (one_in(generator, 2)) {
        int64_t z = one_in(generator, 4) ? draw_duration(generator, o, 12) : 1 + (int64_t)below(generator, 100);
        settings->idle_timeout_ms = z > 0 ? z : 1;
    }
    settings->max_future_skew_ms = one_in(generator, 2) ? RECON_DURATION_UNSET : draw_duration(generator, o, 8);
    settings->from_ms = RECON_TIME_MIN;
    settings->to_ms = RECON_TIME_MAX;
    if (one_in(generator, 4))
        settings->from_ms = saturated((wide)base + wide_up_to(generator, (wide)o * 4) - o);
    if (one_in(generator, 4)) {
        wide from = settings->from_ms != RECON_TIME_MIN ? settings->from_ms : base;
        settings->to_ms = saturated(from + 1 + wide_up_to(generator, (wide)o * 16));
    }
    if (settings->to_ms <= settings->from_ms)
        settings->from_ms = RECON_TIME_MIN;
    if (settings->to_ms == RECON_TIME_MIN)
        settings->to_ms = RECON_TIME_MAX;
    settings->report = draw_report(generator);
    settings->key_group_count = key_groups[below(generator, sizeof key_groups / sizeof key_groups[0])];
    settings->memory_limit_bytes = UINT64_MAX;
    settings->key_fingerprint = random_next(&generator->random);
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++) {
        uint32_t count = one_in(generator, 2) ? 1 : (uint32_t)below(generator, 4);
        settings->partition_count[stream] = count;
        generator->partition_count[stream] = count;
    }
    if (generator->partition_count[0] + generator->partition_count[1] == 0 && !one_in(generator, 10))
        generator->partition_count[1] = settings->partition_count[1] = 1;
}

static void draw_weights(struct generator *generator)
{
    static const uint32_t usual[STEP_COUNT] = {
        [STEP_AUDIT] = 20,  [STEP_EVENT] = 20,   [STEP_PAIR] = 20,   [STEP_REPEAT] = 4,    [STEP_REJECTED] = 2,
        [STEP_NO_TIME] = 2, [STEP_POISONED] = 2, [STEP_OLD] = 3,     [STEP_HEARTBEAT] = 4, [STEP_HEARTBEATS] = 5,
        [STEP_LEAP] = 1,    [STEP_CLOCK] = 5,    [STEP_SILENCE] = 2, [STEP_ALIVE] = 3,     [STEP_ADD] = 1,
        [STEP_END] = 1,     [STEP_ILLEGAL] = 1,
    };
    static const uint32_t factors[] = {0, 1, 1, 1, 1, 4, 20};
    generator->weight_sum = 0;
    for (int step = 0; step < STEP_COUNT; step++) {
        uint32_t factor = factors[below(generator, sizeof factors / sizeof factors[0])];
        if ((step == STEP_END || step == STEP_ADD) && factor > 1)
            factor = 2;
        generator->weights[step] = usual[step] * factor;
        generator->weight_sum += generator->weights[step];
    }
    if (generator->weight_sum == 0)
        generator->weights[STEP_AUDIT] = generator->weight_sum = 1;
}

static void draw_times(struct generator *generator, int64_t base)
{
    static const uint64_t id_counts[] = {1, 2, 4, 12, 12, 40, 200, 2000};
    static const uint64_t one_in_counts[] = {1, 3, 10, 1000};
    wide o = generator->trace->settings.interval_ms;
    const wide steps[] = {0, 1, o / 8, o / 2, o, 2 * o, 10 * o};
    generator->cursor = base;
    generator->advance = steps[below(generator, sizeof steps / sizeof steps[0])];
    generator->disorder = steps[below(generator, sizeof steps / sizeof steps[0])];
    if (one_in(generator, 3) && generator->trace->settings.out_of_orderness_ms != RECON_DURATION_UNSET)
        generator->disorder = (wide)generator->trace->settings.out_of_orderness_ms + 1;
    generator->id_count = id_counts[below(generator, sizeof id_counts / sizeof id_counts[0])];
    generator->id_slide = one_in(generator, 2) ? 0 : 1 + below(generator, 8);
    generator->apart_one_in = one_in_counts[below(generator, 4)];
    generator->tick_one_in = one_in_counts[below(generator, 4)];
    generator->tick_ms = 1 + below(generator, one_in(generator, 3) ? 1000 : 10);
    generator->clock_follows = one_in(generator, 2);
    generator->text_count = 1 + (unsigned)below(generator, TRACE_TEXT_COUNT);
    generator->now = generator->clock_follows || one_in(generator, 2) ? base : (int64_t)below(generator, 100);
    if (one_in(generator, 20))
        generator->now = one_in(generator, 2) ? INT64_MIN : INT64_MAX - (int64_t)below(generator, 100000);
    generator->keys_share_high = one_in(generator, 16);
    /* Some keys share many bits: they land in the same place of a table. */
    generator->key_and = (struct recon_key){UINT64_MAX, UINT64_MAX};
    generator->key_or = (struct recon_key){0, 0};
    if (one_in(generator, 4)) {
        uint64_t mask = UINT64_C(0xffffffff) << (below(generator, 2) * 32);
        uint64_t *and_of = one_in(generator, 2) ? &generator->key_and.high : &generator->key_and.low;
        *and_of = ~mask;
        if (one_in(generator, 2))
            *(and_of == &generator->key_and.high ? &generator->key_or.high : &generator->key_or.low) = mask;
    }
}

/* A long trace is about many identities at once: steps that move the watermark are rare. */
static void draw_many(struct generator *generator)
{
    static const uint64_t id_counts[] = {5000, 12000, 30000};
    generator->id_count = id_counts[below(generator, sizeof id_counts / sizeof id_counts[0])];
    generator->id_slide = one_in(generator, 2) ? 0 : 1 + below(generator, 3);
    generator->advance = 0;
    generator->tick_one_in = 1000;
    generator->apart_one_in = 1000;
    generator->text_count = 2;
    for (int step = 0; step < STEP_COUNT; step++) {
        uint32_t weight = step <= STEP_REPEAT ? 100 + (uint32_t)below(generator, 1000) : 1;
        generator->weight_sum += weight - generator->weights[step];
        generator->weights[step] = weight;
    }
    generator->weight_sum -= generator->weights[STEP_END];
    generator->weights[STEP_END] = 0;
    struct recon_settings *settings = &generator->trace->settings;
    if (settings->retention_ms < settings->interval_ms)
        settings->retention_ms = RECON_DURATION_UNSET;
}

/* --- steps ------------------------------------------------------------------------------------------------------ */

static unsigned draw_id(struct generator *generator)
{
    uint64_t first = generator->id_slide == 0 ? 0 : generator->steps / generator->id_slide;
    return (unsigned)((first + below(generator, generator->id_count)) % TRACE_ID_COUNT);
}

static int64_t draw_time(struct generator *generator)
{
    generator->cursor += wide_up_to(generator, generator->advance);
    if (generator->cursor > INT64_MAX)
        generator->cursor = INT64_MAX;
    wide off = wide_up_to(generator, generator->disorder);
    if (one_in(generator, 4))
        off = -off;
    return saturated(generator->cursor - off);
}

static int64_t time_of_id(struct generator *generator, unsigned id)
{
    if (!generator->id_has_time[id] || one_in(generator, generator->apart_one_in == 1 ? 2 : 50)) {
        generator->id_has_time[id] = true;
        generator->id_time[id] = draw_time(generator);
    }
    return one_in(generator, generator->apart_one_in * 4) ? draw_time(generator) : generator->id_time[id];
}

/* Mostly one that is there and has not ended. */
static uint32_t draw_partition(struct generator *generator, int stream)
{
    uint32_t count = generator->partition_count[stream];
    for (int attempt = 0; attempt < 4; attempt++) {
        uint32_t partition = (uint32_t)below(generator, count);
        if (partition < count && !generator->ended[stream][partition])
            return partition;
    }
    return (uint32_t)below(generator, count + 1);
}

static bool is_open(const struct generator *generator, int stream, uint32_t partition)
{
    return partition < generator->partition_count[stream] && !generator->ended[stream][partition];
}

static void tick(struct generator *generator, uint64_t ms)
{
    generator->now = saturated((wide)generator->now + (wide)ms);
}

static struct recon_record *add_record(struct generator *generator, int stream)
{
    uint32_t partition = draw_partition(generator, stream);
    if (!is_open(generator, stream, partition) && !one_in(generator, 8)) {
        stream = !stream;
        partition = draw_partition(generator, stream);
    }
    if (generator->clock_follows && generator->now < generator->cursor && one_in(generator, 2))
        generator->now = (int64_t)generator->cursor;
    struct recon_record *record = &trace_append(generator->trace, OP_RECORD, generator->now)->record;
    record->stream = (uint8_t)stream;
    record->partition = partition;
    if (one_in(generator, 2)) {
        record->has_offset = true;
        record->offset = one_in(generator, 20) ? INT64_MIN : (int64_t)generator->steps;
    }
    return record;
}

static void fill_texts(struct generator *generator, struct recon_record *record)
{
    record->source = trace_text((unsigned)below(generator, generator->text_count));
    if (record->stream != RECON_STREAM_AUDIT)
        return;
    record->context = trace_text((unsigned)below(generator, generator->text_count));
    if (one_in(generator, 2)) {
        record->has_emitted_time = true;
        record->emitted_time = one_in(generator, 20) ? INT64_MAX : (int64_t)generator->steps * 3;
    }
}

static struct recon_record *add_record_of(struct generator *generator, int stream, unsigned id)
{
    struct recon_record *record = add_record(generator, stream);
    struct random key = {id + generator->trace->seed * TRACE_ID_COUNT};
    record->key.high = (random_next(&key) & generator->key_and.high) | generator->key_or.high;
    record->key.low = (random_next(&key) & generator->key_and.low) | generator->key_or.low;
    if (generator->keys_share_high) /* an odd factor: no two numbers have the same 24 bits */
        record->key = (struct recon_key){UINT64_C(0x5eed) << (id % 3 * 20), (uint64_t)id * 0x9e3779 << 40};
    record->id = trace_id(id);
    record->has_time = true;
    record->time = time_of_id(generator, id);
    fill_texts(generator, record);
    return record;
}

static void add_heartbeat(struct generator *generator, int stream, uint32_t partition, int64_t time)
{
    struct recon_record *record = &trace_append(generator->trace, OP_RECORD, generator->now)->record;
    record->kind = RECON_KIND_HEARTBEAT;
    record->stream = (uint8_t)stream;
    record->partition = partition;
    record->has_time = true;
    record->time = time;
}

static void step_rejected(struct generator *generator)
{
    struct recon_record *record = add_record(generator, (int)below(generator, 2));
    record->kind = RECON_KIND_REJECTED;
    record->reason = (uint8_t)(RECON_REASON_MALFORMED + below(generator, 5));
    if (record->reason > RECON_REASON_NO_ID && one_in(generator, 2))
        record->id = trace_id(draw_id(generator));
    if (one_in(generator, 4))
        record->source = trace_text((unsigned)below(generator, generator->text_count));
    if (record->reason != RECON_REASON_NO_TIME && one_in(generator, 4)) {
        record->has_time = true;
        record->time = draw_time(generator);
    }
}

static void step_repeat(struct generator *generator)
{
    for (int attempt = 0; attempt < 8 && generator->trace->op_count > 0; attempt++) {
        struct op op = generator->trace->ops[below(generator, generator->trace->op_count)];
        if (op.kind != OP_RECORD || op.record.kind != RECON_KIND_RECORD)
            continue;
        if (!is_open(generator, op.record.stream, op.record.partition))
            continue;
        trace_append(generator->trace, OP_RECORD, generator->now)->record = op.record;
        return;
    }
}

static void step_heartbeats(struct generator *generator)
{
    int64_t time = draw_time(generator);
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
        for (uint32_t i = 0; i < generator->partition_count[stream]; i++)
            if (!generator->ended[stream][i])
                add_heartbeat(generator, stream, i, time);
}

static void step_leap(struct generator *generator)
{
    wide o = generator->trace->settings.interval_ms;
    wide leap = one_in(generator, 3) ? any_span(generator) : one_in(generator, 2) ? o * 1000000 : o * 100;
    generator->cursor = saturated(generator->cursor + leap);
}

static void step_silence(struct generator *generator)
{
    int64_t z = generator->trace->settings.idle_timeout_ms;
    if (z > 1000000)
        z = 1000;
    static const int multiples[] = {1, 1, 1, 2, 10};
    int64_t off = (int64_t)below(generator, 3) - 1;
    int64_t ms = z * multiples[below(generator, 5)] + off;
    tick(generator, ms > 0 ? (uint64_t)ms : 0);
    trace_append(generator->trace, OP_CLOCK, generator->now);
}

static void add_partition_op(struct generator *generator, enum op_kind kind, int stream, uint32_t partition)
{
    struct op *op = trace_append(generator->trace, kind, generator->now);
    op->stream = (uint8_t)stream;
    op->partition = partition;
}

static void step_add(struct generator *generator)
{
    int stream = (int)below(generator, 2);
    if (generator->partition_count[stream] == PARTITION_COUNT_MAX)
        return;
    add_partition_op(generator, OP_ADD, stream, generator->partition_count[stream]++);
}

static void end_partition(struct generator *generator, int stream, uint32_t partition)
{
    add_partition_op(generator, OP_END, stream, partition);
    if (partition < generator->partition_count[stream])
        generator->ended[stream][partition] = true;
}

static void step_illegal(struct generator *generator)
{
    int stream = (int)below(generator, 2);
    uint32_t partition = generator->partition_count[stream] + (uint32_t)below(generator, 2);
    switch (below(generator, 4)) {
    case 0:
        if (generator->now > INT64_MIN)
            trace_append(generator->trace, OP_CLOCK, generator->now - 1);
        return;
    case 1:
        add_partition_op(generator, OP_ALIVE, stream, partition);
        return;
    case 2:
        add_partition_op(generator, OP_END, stream, partition);
        return;
    default:
        add_record_of(generator, stream, draw_id(generator))->partition = UINT32_MAX - partition;
    }
}

static void do_step(struct generator *generator, enum step step)
{
    int stream = (int)below(generator, 2);
    switch (step) {
    case STEP_AUDIT:
    case STEP_EVENT:
        add_record_of(generator, step == STEP_EVENT, draw_id(generator));
        return;
    case STEP_PAIR: {
        unsigned id = draw_id(generator);
        add_record_of(generator, stream, id);
        add_record_of(generator, !stream, id);
        return;
    }
    case STEP_REPEAT:
        step_repeat(generator);
        return;
    case STEP_REJECTED:
        step_rejected(generator);
        return;
    case STEP_NO_TIME: {
        struct recon_record *record = add_record_of(generator, one_in(generator, 4) ? 0 : 1, draw_id(generator));
        record->has_time = false;
        record->time = 0;
        return;
    }
    case STEP_POISONED: {
        struct recon_record *record = add_record_of(generator, stream, draw_id(generator));
        int64_t skew = generator->trace->settings.max_future_skew_ms;
        if (skew != RECON_DURATION_UNSET)
            record->time = saturated((wide)generator->now + skew + (wide)below(generator, 3));
        if (one_in(generator, 8)) {
            int64_t time = record->time;
            generator->trace->op_count--;
            add_heartbeat(generator, record->stream, record->partition, time);
        }
        return;
    }
    case STEP_OLD: {
        struct recon_record *record = add_record_of(generator, stream, draw_id(generator));
        int64_t m = generator->trace->settings.retention_ms;
        wide back = m == RECON_DURATION_UNSET ? any_span(generator) : (wide)m + (wide)below(generator, 4) - 1;
        record->time = saturated(generator->cursor - back - wide_up_to(generator, generator->disorder));
        return;
    }
    case STEP_HEARTBEAT: {
        uint32_t partition = draw_partition(generator, stream);
        if (is_open(generator, stream, partition))
            add_heartbeat(generator, stream, partition, draw_time(generator));
        return;
    }
    case STEP_HEARTBEATS:
        step_heartbeats(generator);
        return;
    case STEP_LEAP:
        step_leap(generator);
        return;
    case STEP_CLOCK:
        tick(generator, below(generator, generator->tick_ms * 4));
        trace_append(generator->trace, OP_CLOCK, generator->now);
        return;
    case STEP_SILENCE:
        step_silence(generator);
        return;
    case STEP_ALIVE:
        add_partition_op(generator, OP_ALIVE, stream, draw_partition(generator, stream));
        return;
    case STEP_ADD:
        step_add(generator);
        return;
    case STEP_END:
        end_partition(generator, stream, draw_partition(generator, stream));
        return;
    case STEP_ILLEGAL:
    case STEP_COUNT:
        step_illegal(generator);
        return;
    }
}

static enum step draw_step(struct generator *generator)
{
    uint32_t at = (uint32_t)below(generator, generator->weight_sum);
    int step = 0;
    while (at >= generator->weights[step])
        at -= generator->weights[step++];
    return (enum step)step;
}

static void end_all(struct generator *generator)
{
    int first = (int)below(generator, 2);
    for (int side = 0; side < RECON_STREAM_COUNT; side++)
        for (uint32_t i = 0; i < generator->partition_count[first ^ side]; i++)
            if (!generator->ended[first ^ side][i])
                end_partition(generator, first ^ side, i);
}

static void do_steps(struct generator *generator, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        generator->steps++;
        if (one_in(generator, generator->tick_one_in))
            tick(generator, below(generator, generator->tick_ms));
        do_step(generator, draw_step(generator));
    }
}

void random_trace(struct trace *trace, uint64_t seed, size_t step_count)
{
    static const size_t step_counts[] = {10, 30, 100, 100, 300, 600};
    *trace = (struct trace){.seed = seed};
    struct generator *generator = calloc(1, sizeof *generator);
    if (generator == NULL)
        abort();
    generator->trace = trace;
    generator->random.counter = random_mix(seed + 1);
    trace->settings.interval_ms = draw_interval(generator);
    int64_t base = draw_base(generator, trace->settings.interval_ms);
    draw_settings(generator, base);
    draw_weights(generator);
    draw_times(generator, base);
    if (step_count >= MANY_STEP_COUNT)
        draw_many(generator);
    size_t drawn = step_counts[below(generator, sizeof step_counts / sizeof step_counts[0])];
    trace_append(trace, OP_CLOCK, generator->now);
    do_steps(generator, step_count > 0 ? step_count : drawn);
    if (!one_in(generator, 3)) {
        end_all(generator);
        if (one_in(generator, 4)) {
            step_add(generator);
            do_steps(generator, 20);
        }
    }
    free(generator);
    trace_bound(trace);
}
