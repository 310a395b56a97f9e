#include "generate/plan.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "recon/record.h"
#include "recon/status.h"

#define SECOND_MS 1000
#define DAY_MS INT64_C(86400000)
/* All times are written with four digits of the year. */
#define TIME_FIRST INT64_C(-62135596800000)  /* 0001-01-01 */
#define TIME_BEHIND INT64_C(253370764800000) /* 9999-01-01 */
/* Ordinary disorder is up to disorder_ms, halved 0 to 15 times: mostly small, now and then large. */
#define HALVINGS 16

/* David Stafford's thirteenth mix of 64 bits: a bijection in which each bit depends on every other. */
static uint64_t mix(uint64_t word)
{
    word = (word ^ (word >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ (word >> 27)) * UINT64_C(0x94d049bb133111eb);
    return word ^ (word >> 31);
}

void recon_generate_options_init(struct recon_generate_options *options)
{
    *options = (struct recon_generate_options){
        .start_ms = INT64_C(1704067200000), /* 2024-01-01 */
        .source_count = 8,
        .out_of_orderness_ms = 60000,
        .retention_ms = 3600000,
        .disorder_ms = 10000,
        .share = {[RECON_SHARE_LOSS] = 1000000,
                  [RECON_SHARE_UNAUDITED] = 100000,
                  [RECON_SHARE_LATE_WITHIN_N] = 10000000,
                  [RECON_SHARE_LATE_WITHIN_M] = 1000000,
                  [RECON_SHARE_LATE_BEYOND_M] = 100000,
                  [RECON_SHARE_DUPLICATES] = 1000000},
        .stall_count = 1,
        .stall_ms = 600000,
    };
}

static int64_t span_of(const struct recon_generate_options *options)
{
    if (options->rate == 0)
        return DAY_MS;
    uint64_t last = options->id_count > 0 ? options->id_count - 1 : 0;
    return (int64_t)(last * SECOND_MS / options->rate) + 1;
}

bool recon_generate_stalls_fit(const struct recon_generate_options *options)
{
    return options->stall_count == 0 || options->stall_ms <= span_of(options) / options->stall_count;
}

int recon_generate_options_check(const struct recon_generate_options *options, char *message, size_t message_size)
{
    const char *what = NULL;
    uint64_t sum = 0;
    for (int i = 0; i < RECON_FATE_COUNT; i++)
        sum += options->share[i];
    if (options->id_count > RECON_GENERATE_ID_COUNT_MAX)
        what = "--ids: at most 10^11";
    else if (options->rate > RECON_GENERATE_RATE_MAX)
        what = "--rate: at most 10^9 a second";
    else if (options->source_count < 1 || options->source_count > RECON_GENERATE_SOURCE_COUNT_MAX)
        what = "--sources: 1 to 1000";
    else if (options->out_of_orderness_ms > RECON_GENERATE_DURATION_MAX ||
             options->retention_ms > RECON_GENERATE_DURATION_MAX || options->stall_ms > RECON_GENERATE_DURATION_MAX)
        what = "a duration: at most 3652 days";
    else if (options->disorder_ms > options->out_of_orderness_ms)
        what = "--disorder: at most --out-of-orderness, for what is further behind is late";
    else if (sum > RECON_GENERATE_WHOLE || options->share[RECON_SHARE_DUPLICATES] > RECON_GENERATE_WHOLE)
        what = "the shares of --loss, --unaudited and --late-... add up to more than 100 %";
    else if (options->share[RECON_SHARE_LATE_WITHIN_N] > 0 && options->disorder_ms == options->out_of_orderness_ms)
        what =
            "--late-within-n: no delay lies between --disorder and --out-of-orderness; lower --disorder, or set this "
            "to 0";
    else if (options->share[RECON_SHARE_LATE_WITHIN_M] > 0 && options->retention_ms == 0)
        what = "--late-within-m: --retention is 0; raise it, or set this to 0";
    else if (options->stall_count > RECON_GENERATE_STALL_COUNT_MAX)
        what = "--stalls: at most 10^6";
    else if (!recon_generate_stalls_fit(options))
        what = "--stalls: together longer than the time that the events span; lower --rate, --stalls or "
               "--stall-duration";
    else if (options->start_ms < TIME_FIRST || options->start_ms >= TIME_BEHIND ||
             span_of(options) >= TIME_BEHIND - options->start_ms)
        what = "--start: the events would not lie between the years 1 and 9998; change --start, or raise --rate";
    if (what == NULL)
        return RECON_OK;
    snprintf(message, message_size, "%s", what);
    return RECON_ERROR_INVALID;
}

/* Parts of 10^9 to parts of 2^32. */
static uint64_t binary_share(uint64_t parts)
{
    return (parts << 32) / RECON_GENERATE_WHOLE;
}

void recon_plan_init(struct recon_plan *plan, const struct recon_generate_options *options)
{
    memset(plan, 0, sizeof *plan);
    plan->options = *options;
    for (int draw = 0; draw < RECON_DRAW_COUNT; draw++)
        plan->key[draw] = mix(mix(options->seed + UINT64_C(0x9e3779b97f4a7c15)) + (uint64_t)draw + 1);
    plan->step_ms = options->rate == 0 ? (uint64_t)DAY_MS : SECOND_MS;
    plan->step_count = options->rate == 0 ? options->id_count + (options->id_count == 0) : options->rate;
    plan->span_ms = span_of(options);
    plan->slot_ms = options->stall_count > 0 ? plan->span_ms / options->stall_count : 0;
    uint64_t sum = 0;
    for (int fate = 0; fate < RECON_FATE_COUNT; fate++) {
        sum += options->share[fate];
        plan->share_end[fate] = binary_share(sum);
    }
    plan->share_duplicates = binary_share(options->share[RECON_SHARE_DUPLICATES]);
}

uint64_t recon_plan_draw(const struct recon_plan *plan, int draw, uint64_t i)
{
    return mix(plan->key[draw] + i * UINT64_C(0x9e3779b97f4a7c15));
}

int64_t recon_plan_time(const struct recon_plan *plan, uint64_t i)
{
    return plan->options.start_ms + (int64_t)(i * plan->step_ms / plan->step_count);
}

enum recon_fate recon_plan_fate(const struct recon_plan *plan, uint64_t i)
{
    uint64_t drawn = recon_plan_draw(plan, RECON_DRAW_FATE, i) >> 32;
    if (drawn >= plan->share_end[RECON_FATE_COUNT - 1])
        return RECON_FATE_ORDINARY;
    int fate = 0;
    while (drawn >= plan->share_end[fate])
        fate++;
    return (enum recon_fate)fate;
}

uint32_t recon_plan_source(const struct recon_plan *plan, uint64_t i)
{
    return (uint32_t)((recon_plan_draw(plan, RECON_DRAW_SOURCE, i) >> 32) * plan->options.source_count >> 32);
}

/* 0 to most, and mostly much less. */
static int64_t ordinary_delay(uint64_t drawn, int64_t most)
{
    uint64_t bound = ((uint64_t)most >> (drawn % HALVINGS)) + 1;
    return (int64_t)(drawn / HALVINGS % bound);
}

/* After least, up to most. */
static int64_t delay_between(uint64_t drawn, int64_t least, int64_t most)
{
    assert(least < most);
    return least + 1 + (int64_t)(drawn % (uint64_t)(most - least));
}

int64_t recon_plan_arrival(const struct recon_plan *plan, int stream, uint64_t i, enum recon_fate fate, int64_t time)
{
    const struct recon_generate_options *options = &plan->options;
    uint64_t drawn = recon_plan_draw(plan, RECON_DRAW_DELAY + stream, i);
    if (stream == RECON_STREAM_AUDIT)
        return time + ordinary_delay(drawn, options->disorder_ms);
    int64_t n = options->out_of_orderness_ms;
    int64_t m = options->retention_ms;
    int64_t arrival = time;
    if (fate == RECON_FATE_LATE_WITHIN_N)
        arrival += delay_between(drawn, options->disorder_ms, n);
    else if (fate == RECON_FATE_LATE_WITHIN_M)
        arrival += delay_between(drawn, n, n + m);
    else if (fate == RECON_FATE_LATE_BEYOND_M)
        arrival += delay_between(drawn, n + m, n + m + n + m / 4 + SECOND_MS);
    else
        arrival += ordinary_delay(drawn, options->disorder_ms);
    int64_t end;
    if (options->stall_count > 0 && recon_plan_is_stalled(plan, recon_plan_source(plan, i), time, &end) &&
        arrival < end)
        arrival = end;
    return arrival;
}

bool recon_plan_is_doubled(const struct recon_plan *plan, int stream, uint64_t i)
{
    return recon_plan_draw(plan, RECON_DRAW_DOUBLE + stream, i) >> 32 < plan->share_duplicates;
}

int64_t recon_plan_second_arrival(const struct recon_plan *plan, int stream, uint64_t i, int64_t arrival)
{
    uint64_t drawn = recon_plan_draw(plan, RECON_DRAW_SECOND + stream, i);
    return arrival + ordinary_delay(drawn, plan->options.out_of_orderness_ms + plan->options.retention_ms);
}

bool recon_plan_is_stalled(const struct recon_plan *plan, uint32_t source, int64_t time, int64_t *end_ms)
{
    const struct recon_generate_options *options = &plan->options;
    if (options->stall_count == 0)
        return false;
    /* The last slot's remainder belongs to no stall. */
    uint64_t stall = (uint64_t)(time - options->start_ms) / (uint64_t)plan->slot_ms;
    if (stall >= options->stall_count)
        return false;
    uint64_t which = recon_plan_draw(plan, RECON_DRAW_STALL, stall);
    if (which % options->source_count != source)
        return false;
    uint64_t room = (uint64_t)(plan->slot_ms - options->stall_ms) + 1;
    int64_t begin = options->start_ms + (int64_t)stall * plan->slot_ms +
                    (int64_t)(recon_plan_draw(plan, RECON_DRAW_STALL + 1, stall) % room);
    if (time < begin || time >= begin + options->stall_ms)
        return false;
    *end_ms = begin + options->stall_ms;
    return true;
}
