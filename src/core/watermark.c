/*
 * The watermark: partitions, idleness, and the rule for a silent input.
 *
 * Invariants
 *  1. bound.watermark and bound.retention_bound never fall; retention_bound <= watermark.
 *  2. While !stale, no partition's state nor the clock has changed in a way that could raise either.
 *  3. now < idle_check_at unless stale: until then no active partition can have become idle.
 *
 * A candidate is computed anew, over all partitions, only when stale: when the partition that holds the watermark
 * moved, one was added, ended, woke or may have gone idle, or while the clock alone drives event time.
 */
#include "recon/watermark.h"

#include <assert.h>
#include <string.h>

#include "core/event_time.h"
#include "core/limits.h"
#include "core/memory.h"
#include "core/watermark_state.h"
#include "recon/status.h"

/* now - since >= z, whatever the distance; z is set. */
static bool has_passed_idle_timeout(const struct recon_watermark *watermark, int64_t since_ms)
{
    return (uint64_t)watermark->now_ms - (uint64_t)since_ms >= (uint64_t)watermark->idle_timeout_ms;
}

static bool is_idle(const struct recon_watermark *watermark, const struct partition *partition)
{
    if (watermark->idle_timeout_ms == RECON_DURATION_UNSET)
        return false;
    return has_passed_idle_timeout(watermark, partition->last_ms);
}

static int partitions_reserve(struct recon_watermark *watermark, int stream, uint32_t count)
{
    struct partition_list *list = &watermark->partitions[stream];
    if (count <= list->capacity)
        return RECON_OK;
    if (count > RECON_PARTITION_COUNT_MAX)
        return RECON_ERROR_FULL;
    uint32_t capacity = list->capacity == 0 ? 4 : list->capacity * 2;
    if (capacity < count)
        capacity = count;
    struct partition *items = recon_memory_take(watermark->memory, capacity * sizeof(*items));
    if (items == NULL)
        return RECON_ERROR_MEMORY;
    if (list->count > 0)
        memcpy(items, list->items, list->count * sizeof(*items));
    recon_memory_give(watermark->memory, list->items, list->capacity * sizeof(*items));
    list->items = items;
    list->capacity = capacity;
    return RECON_OK;
}

int recon_watermark_init(struct recon_watermark *watermark, const struct recon_settings *settings,
                         struct recon_memory *memory)
{
    *watermark = (struct recon_watermark){
        .memory = memory,
        .out_of_orderness_ms = settings->out_of_orderness_ms,
        .idle_timeout_ms = settings->idle_timeout_ms,
        .max_future_skew_ms = settings->max_future_skew_ms,
        .now_ms = RECON_TIME_MIN,
        .silence_ms = RECON_TIME_MIN,
        .largest_time = RECON_TIME_MIN,
        .idle_check_at_ms = RECON_TIME_MAX,
        .bound = {.watermark = RECON_TIME_MIN, .retention_bound = RECON_TIME_MIN, .basis = RECON_BASIS_WATERMARK},
    };
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
        for (uint32_t i = 0; i < settings->partition_count[stream]; i++) {
            int status = recon_watermark_add(watermark, stream, NULL);
            if (status != RECON_OK) {
                recon_watermark_deinit(watermark);
                return status;
            }
        }
    watermark->stale = false;
    return RECON_OK;
}

void recon_watermark_deinit(struct recon_watermark *watermark)
{
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++) {
        struct partition_list *list = &watermark->partitions[stream];
        recon_memory_give(watermark->memory, list->items, list->capacity * sizeof(*list->items));
        *list = (struct partition_list){0};
    }
}

int recon_watermark_new(const struct recon_settings *settings, struct recon_watermark **watermark)
{
    assert(recon_settings_check(settings, NULL) == RECON_OK);
    struct recon_memory account = {.allocator = settings->allocator, .limit_bytes = settings->memory_limit_bytes};
    struct recon_watermark *made = recon_memory_take(&account, sizeof(*made));
    if (made == NULL)
        return RECON_ERROR_MEMORY;
    struct recon_memory *memory = recon_memory_take(&account, sizeof(*memory));
    int status = RECON_ERROR_MEMORY;
    if (memory == NULL)
        goto fail;
    *memory = account;
    status = recon_watermark_init(made, settings, memory);
    if (status != RECON_OK)
        goto fail;
    *watermark = made;
    return RECON_OK;
fail:
    recon_memory_give(&account, memory, sizeof(*memory));
    recon_memory_give(&account, made, sizeof(*made));
    return status;
}

void recon_watermark_free(struct recon_watermark *watermark)
{
    if (watermark == NULL)
        return;
    recon_watermark_deinit(watermark);
    struct recon_memory account = *watermark->memory;
    recon_memory_give(&account, watermark->memory, sizeof(*watermark->memory));
    recon_memory_give(&account, watermark, sizeof(*watermark));
}

int recon_watermark_clock(struct recon_watermark *watermark, int64_t now_ms)
{
    if (now_ms < watermark->now_ms)
        return RECON_ERROR_CLOCK;
    if (!watermark->has_clock) {
        watermark->has_clock = true;
        watermark->stale = true;
        for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
            for (uint32_t i = 0; i < watermark->partitions[stream].count; i++)
                watermark->partitions[stream].items[i].last_ms = now_ms;
    }
    watermark->now_ms = now_ms;
    if (watermark->is_clock_driven || now_ms >= watermark->idle_check_at_ms)
        watermark->stale = true;
    return RECON_OK;
}

int64_t recon_watermark_now(const struct recon_watermark *watermark)
{
    return watermark->now_ms;
}

bool recon_watermark_is_poisoned(const struct recon_watermark *watermark, int64_t time_ms)
{
    return time_is_poisoned(watermark->now_ms, watermark->max_future_skew_ms, time_ms);
}

int recon_watermark_partition_check(const struct recon_watermark *watermark, int stream, uint32_t partition)
{
    assert(stream == RECON_STREAM_AUDIT || stream == RECON_STREAM_EVENTS);
    return watermark_partition_check(watermark, stream, partition);
}

void recon_watermark_saw(struct recon_watermark *watermark, int stream, uint32_t partition, int64_t time_ms)
{
    watermark_saw(watermark, stream, partition, time_ms);
}

int recon_watermark_alive(struct recon_watermark *watermark, int stream, uint32_t partition)
{
    int status = recon_watermark_partition_check(watermark, stream, partition);
    if (status != RECON_OK)
        return status;
    struct partition *alive = &watermark->partitions[stream].items[partition];
    alive->last_ms = watermark->now_ms;
    watermark->stale = true;
    return RECON_OK;
}

int recon_watermark_waited(struct recon_watermark *watermark, int stream, uint32_t partition, int64_t since_ms)
{
    int status = recon_watermark_partition_check(watermark, stream, partition);
    if (status != RECON_OK || watermark->idle_timeout_ms == RECON_DURATION_UNSET)
        return status;
    struct partition *waited = &watermark->partitions[stream].items[partition];
    int64_t last_ms = time_minus(watermark->now_ms, watermark->idle_timeout_ms);
    if (since_ms < last_ms)
        last_ms = since_ms;
    if (last_ms < waited->last_ms)
        waited->last_ms = last_ms;
    watermark->stale = true;
    return RECON_OK;
}

void recon_watermark_resume(struct recon_watermark *watermark, int64_t now_ms)
{
    watermark->has_clock = true;
    watermark->now_ms = now_ms;
    watermark->stale = true;
    if (watermark->was_silent && watermark->silence_ms > now_ms)
        watermark->silence_ms = now_ms;
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
        for (uint32_t i = 0; i < watermark->partitions[stream].count; i++)
            watermark->partitions[stream].items[i].last_ms = now_ms;
}

int recon_watermark_add(struct recon_watermark *watermark, int stream, uint32_t *partition)
{
    assert(stream == RECON_STREAM_AUDIT || stream == RECON_STREAM_EVENTS);
    struct partition_list *list = &watermark->partitions[stream];
    int status = partitions_reserve(watermark, stream, list->count + 1);
    if (status != RECON_OK)
        return status;
    list->items[list->count] = (struct partition){.max = RECON_TIME_MIN, .last_ms = watermark->now_ms};
    if (partition != NULL)
        *partition = list->count;
    list->count++;
    watermark->stale = true;
    return RECON_OK;
}

int recon_watermark_end(struct recon_watermark *watermark, int stream, uint32_t partition)
{
    int status = recon_watermark_partition_check(watermark, stream, partition);
    if (status != RECON_OK)
        return status;
    watermark->partitions[stream].items[partition].has_ended = true;
    watermark->stale = true;
    return RECON_OK;
}

/* What the partitions look like at this moment. */
struct survey {
    uint32_t count;     /* all there have been */
    uint32_t open;      /* not ended */
    uint32_t active;    /* neither ended nor idle */
    bool is_unseen;     /* an active one has shown no time yet */
    int64_t lowest;     /* min of max of the active ones that have one */
    int64_t last_ms;    /* max of last of those not ended */
    int64_t idle_at_ms; /* the first moment at which an active one may be idle */
};

static struct survey survey_partitions(struct recon_watermark *watermark)
{
    struct survey survey = {.lowest = RECON_TIME_MAX, .last_ms = RECON_TIME_MIN, .idle_at_ms = RECON_TIME_MAX};
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++) {
        struct partition_list *list = &watermark->partitions[stream];
        survey.count += list->count;
        for (uint32_t i = 0; i < list->count; i++) {
            struct partition *partition = &list->items[i];
            if (partition->has_ended)
                continue;
            survey.open++;
            if (partition->last_ms > survey.last_ms)
                survey.last_ms = partition->last_ms;
            partition->is_idle = is_idle(watermark, partition);
            if (partition->is_idle)
                continue;
            survey.active++;
            if (!partition->has_max)
                survey.is_unseen = true;
            else if (partition->max < survey.lowest)
                survey.lowest = partition->max;
            if (watermark->idle_timeout_ms != RECON_DURATION_UNSET) {
                int64_t idle_at = time_plus(partition->last_ms, watermark->idle_timeout_ms);
                if (idle_at < survey.idle_at_ms)
                    survey.idle_at_ms = idle_at;
            }
        }
    }
    return survey;
}

/* time - n - 1, never +infinity; -infinity where n is unset. */
static int64_t behind(const struct recon_watermark *watermark, int64_t time)
{
    if (watermark->out_of_orderness_ms == RECON_DURATION_UNSET)
        return RECON_TIME_MIN;
    return time_minus(time_minus(time, 1), watermark->out_of_orderness_ms);
}

/* Rule 3: event time goes on at the pace of the clock. */
static int64_t clock_candidate(const struct recon_watermark *watermark, int64_t last_ms)
{
    if (!watermark->has_largest || watermark->out_of_orderness_ms == RECON_DURATION_UNSET)
        return RECON_TIME_MIN;
    /* now >= last; the sum is taken before n + 1 so that only a sum past the end saturates, to no more than the
     * largest finite W. */
    uint64_t elapsed = (uint64_t)watermark->now_ms - (uint64_t)last_ms;
    uint64_t back = (uint64_t)watermark->out_of_orderness_ms + 1;
    if (elapsed < back) {
        uint64_t down = back - elapsed;
        uint64_t room = (uint64_t)watermark->largest_time - (uint64_t)RECON_TIME_MIN;
        if (down == 0 && watermark->largest_time == RECON_TIME_MAX)
            return RECON_TIME_MAX - 1;
        return down > room ? RECON_TIME_MIN : (int64_t)((uint64_t)watermark->largest_time - down);
    }
    uint64_t up = elapsed - back;
    uint64_t room = (uint64_t)(RECON_TIME_MAX - 1) - (uint64_t)watermark->largest_time;
    if (watermark->largest_time == RECON_TIME_MAX || up > room)
        return RECON_TIME_MAX - 1;
    return (int64_t)((uint64_t)watermark->largest_time + up);
}

bool recon_watermark_rise(struct recon_watermark *watermark, struct recon_rise *rise)
{
    if (!watermark->stale || !watermark->has_clock)
        return false;
    watermark->stale = false;
    struct survey survey = survey_partitions(watermark);
    watermark->idle_check_at_ms = survey.idle_at_ms;
    watermark->lowest_max = survey.is_unseen ? RECON_TIME_MIN : survey.lowest;
    watermark->is_clock_driven = false;
    if (survey.count == 0)
        return false;

    int64_t candidate;
    bool is_bound_rising = true;
    uint8_t basis;
    if (survey.open == 0) {
        candidate = RECON_TIME_MAX;
        basis = RECON_BASIS_END;
    } else if (survey.active > 0) {
        candidate = survey.is_unseen ? RECON_TIME_MIN : behind(watermark, survey.lowest);
        basis = survey.active < survey.open ? RECON_BASIS_TIMEOUT : RECON_BASIS_WATERMARK;
        if (watermark->was_silent) {
            /* R stands still until z after the silence. */
            is_bound_rising = watermark->idle_timeout_ms == RECON_DURATION_UNSET ||
                              has_passed_idle_timeout(watermark, watermark->silence_ms);
            watermark->is_clock_driven = !is_bound_rising;
        }
    } else {
        candidate = clock_candidate(watermark, survey.last_ms);
        basis = RECON_BASIS_TIMEOUT;
        is_bound_rising = false;
        watermark->was_silent = true;
        watermark->silence_ms = watermark->now_ms;
        watermark->is_clock_driven = true;
    }

    struct recon_rise risen = watermark->bound;
    if (candidate > risen.watermark)
        risen.watermark = candidate;
    if (is_bound_rising && candidate > risen.retention_bound)
        risen.retention_bound = candidate;
    if (risen.watermark == watermark->bound.watermark && risen.retention_bound == watermark->bound.retention_bound)
        return false;
    risen.basis = basis;
    watermark->bound = risen;
    *rise = risen;
    return true;
}

void recon_watermark_current(const struct recon_watermark *watermark, struct recon_rise *current)
{
    *current = watermark->bound;
}

bool recon_watermark_holder(const struct recon_watermark *watermark, int *stream, uint32_t *partition)
{
    const struct partition *holder = NULL;
    for (int s = 0; s < RECON_STREAM_COUNT; s++) {
        const struct partition_list *list = &watermark->partitions[s];
        for (uint32_t i = 0; i < list->count; i++) {
            const struct partition *item = &list->items[i];
            if (item->has_ended || is_idle(watermark, item))
                continue;
            if (holder == NULL || (holder->has_max && (!item->has_max || item->max < holder->max))) {
                holder = item;
                *stream = s;
                *partition = i;
            }
        }
    }
    return holder != NULL;
}
