/*
 * Windows: counts, revisions and the metrics that follow.
 *
 *     open ──end passed──> closed, emitted (revision 0) ──counts changed──> queued ──an end passed──> emitted again
 *       └────────────────────────────────────────────────────────R──────────────────────────────────> forgotten
 *
 * Invariants
 *  1. A window is in the queue exactly while is_queued; every window that was never emitted, or whose counts are not
 *     those last emitted, is.
 *  2. Every window is in ages once. Runs are in order and don't touch.
 *  3. No window is remembered for which R >= end - 1 + m.
 *
 * A step emits first the closed windows of the queue, in order, with the empty ones whose end was passed just now among
 * them; then what is to be forgotten leaves. Nothing is looked at that is neither emitted nor forgotten.
 */
#include "recon/windows.h"

#include <assert.h>
#include <string.h>

#include "core/counts.h"
#include "core/event_time.h"
#include "core/windows_state.h"
#include "recon/status.h"

int recon_windows_init(struct recon_windows *windows, const struct recon_settings *settings,
                       struct recon_memory *memory)
{
    *windows = (struct recon_windows){.memory = memory, .settings = *settings};
    windows->bound = (struct recon_rise){.watermark = RECON_TIME_MIN, .retention_bound = RECON_TIME_MIN};
    windows->next_close_at = RECON_TIME_MIN;
    windows->next_forget_at = RECON_TIME_MIN;
    window_map_init(&windows->map, memory);
    index_heap_init(&windows->queue, memory);
    index_heap_init(&windows->ages, memory);
    return RECON_OK;
}

void recon_windows_deinit(struct recon_windows *windows)
{
    recon_memory_give(windows->memory, windows->windows, windows->window_capacity * sizeof(*windows->windows));
    recon_memory_give(windows->memory, windows->runs, windows->run_capacity * sizeof(*windows->runs));
    window_map_deinit(&windows->map);
    index_heap_deinit(&windows->queue);
    index_heap_deinit(&windows->ages);
}

int recon_windows_new(const struct recon_settings *settings, struct recon_windows **windows)
{
    assert(recon_settings_check(settings, NULL) == RECON_OK);
    struct recon_memory account = {.allocator = settings->allocator, .limit_bytes = settings->memory_limit_bytes};
    struct recon_windows *made = recon_memory_take(&account, sizeof(*made));
    struct recon_memory *memory = recon_memory_take(&account, sizeof(*memory));
    if (made == NULL || memory == NULL) {
        recon_memory_give(&account, memory, sizeof(*memory));
        recon_memory_give(&account, made, sizeof(*made));
        return RECON_ERROR_MEMORY;
    }
    *memory = account;
    (void)recon_windows_init(made, settings, memory);
    *windows = made;
    return RECON_OK;
}

void recon_windows_free(struct recon_windows *windows)
{
    if (windows == NULL)
        return;
    recon_windows_deinit(windows);
    struct recon_memory account = *windows->memory;
    recon_memory_give(&account, windows->memory, sizeof(*windows->memory));
    recon_memory_give(&account, windows, sizeof(*windows));
}

uint64_t recon_windows_memory_bytes(const struct recon_windows *windows)
{
    return windows->memory->used_bytes;
}

void recon_windows_memory_limit(struct recon_windows *windows, uint64_t limit_bytes)
{
    windows->memory->limit_bytes = limit_bytes;
}

/* The last window whose end - 1 is at or before the bound; false if there is none in 64 bits. bound is not
 * -infinity. */
static bool last_closed(int64_t bound, int64_t interval_ms, int64_t *index)
{
    if (bound == RECON_TIME_MIN)
        return false;
    if (bound == RECON_TIME_MAX)
        *index = INT64_MAX;
    else
        *index = floor_divide(bound + 1, interval_ms) - 1;
    return true;
}

/* The last window that R is over with. */
static bool last_forgotten(const struct recon_windows *windows, int64_t retention_bound, int64_t *index)
{
    if (retention_bound == RECON_TIME_MAX) {
        *index = INT64_MAX;
        return true;
    }
    if (windows->settings.retention_ms == RECON_DURATION_UNSET || retention_bound == RECON_TIME_MIN)
        return false;
    int64_t bound;
    if (__builtin_sub_overflow(retention_bound, windows->settings.retention_ms, &bound))
        return false;
    *index = floor_divide(bound + 1, windows->settings.interval_ms) - 1;
    return true;
}

static bool is_in_run(const struct recon_windows *windows, int64_t index)
{
    uint32_t low = 0;
    uint32_t high = windows->run_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (windows->runs[middle].last < index)
            low = middle + 1;
        else
            high = middle;
    }
    return low < windows->run_count && windows->runs[low].first <= index;
}

static int windows_reserve(struct recon_windows *windows)
{
    int status = window_map_reserve(&windows->map, 1);
    if (status == RECON_OK)
        status = index_heap_reserve(&windows->queue);
    if (status == RECON_OK)
        status = index_heap_reserve(&windows->ages);
    if (status != RECON_OK || windows->window_capacity == windows->map.capacity)
        return status;
    uint32_t capacity = windows->map.capacity;
    struct window *larger = recon_memory_take(windows->memory, capacity * sizeof(*larger));
    if (larger == NULL)
        return windows->map.count < windows->window_capacity ? RECON_OK : RECON_ERROR_MEMORY;
    if (windows->map.count > 0)
        memcpy(larger, windows->windows, windows->map.count * sizeof(*larger));
    recon_memory_give(windows->memory, windows->windows, windows->window_capacity * sizeof(*larger));
    windows->windows = larger;
    windows->window_capacity = capacity;
    return RECON_OK;
}

/* Makes a window that is not there; room was made. */
static struct window *window_new(struct recon_windows *windows, int64_t index)
{
    uint32_t number = window_map_add(&windows->map, index);
    windows->windows[number] = (struct window){.revision_next = is_in_run(windows, index) ? 1 : 0};
    index_heap_push(&windows->ages, index);
    if (!windows->has_earliest || index < windows->earliest) {
        windows->has_earliest = true;
        windows->earliest = index;
    }
    return &windows->windows[number];
}

int recon_windows_add(struct recon_windows *windows, int64_t window_index, const struct recon_counts *counts)
{
    int status = windows_reserve(windows);
    if (status != RECON_OK)
        return status;
    uint32_t number = window_map_find(&windows->map, window_index);
    struct window *window = number == WINDOW_MAP_NONE ? window_new(windows, window_index) : &windows->windows[number];
    counts_add(&window->counts, counts);
    if (!window->is_queued) {
        window->is_queued = true;
        index_heap_push(&windows->queue, window_index);
    }
    return RECON_OK;
}

/* From which W on another window closes, and from which R on another may be forgotten. */
static void next_thresholds(struct recon_windows *windows)
{
    int64_t index;
    windows->next_close_at = RECON_TIME_MIN;
    if (windows->bound.watermark == RECON_TIME_MAX)
        windows->next_close_at = RECON_TIME_MAX;
    else if (windows->has_closed)
        windows->next_close_at = window_last(windows->closed_last + 1, windows->settings.interval_ms);
    windows->next_forget_at = RECON_TIME_MAX;
    if (windows->settings.retention_ms == RECON_DURATION_UNSET || windows->bound.retention_bound == RECON_TIME_MAX)
        return;
    if (last_forgotten(windows, windows->bound.retention_bound, &index))
        index++;
    else
        index = floor_divide(RECON_TIME_MIN, windows->settings.interval_ms);
    windows->next_forget_at =
        time_plus(window_last(index, windows->settings.interval_ms), windows->settings.retention_ms);
}

static void take_over(struct recon_windows *windows, const struct recon_rise *rise)
{
    windows->bound = *rise;
    windows->has_closed = last_closed(rise->watermark, windows->settings.interval_ms, &windows->closed_last);
    next_thresholds(windows);
}

bool recon_windows_rise_matters(struct recon_windows *windows, const struct recon_rise *rise)
{
    if (rise->watermark >= windows->next_close_at || rise->retention_bound >= windows->next_forget_at)
        return true;
    windows->bound = *rise;
    return false;
}

/* Which empty windows this step makes: those whose end was passed just now, after the earliest, overlapping [from, to),
 * with end > W' - m. */
static void plan_empty(struct recon_windows *windows)
{
    const struct recon_settings *settings = &windows->settings;
    int64_t watermark = windows->target.watermark;
    windows->has_empty = false;
    if (!windows->has_earliest || watermark == RECON_TIME_MAX || windows->earliest == INT64_MAX)
        return;
    int64_t first = windows->earliest + 1;
    if (windows->has_closed && windows->closed_last >= first)
        first = windows->closed_last + 1; /* closed_last < INT64_MAX, as W is finite */
    int64_t oldest;
    if (settings->retention_ms != RECON_DURATION_UNSET &&
        !__builtin_sub_overflow(watermark, settings->retention_ms, &oldest)) {
        int64_t index = floor_divide(oldest, settings->interval_ms);
        first = index > first ? index : first;
    }
    int64_t from = floor_divide(settings->from_ms, settings->interval_ms);
    first = settings->from_ms != RECON_TIME_MIN && from > first ? from : first;
    int64_t last = windows->target_closed;
    if (settings->to_ms != RECON_TIME_MAX) {
        int64_t to = floor_divide(settings->to_ms - 1, settings->interval_ms);
        last = to < last ? to : last;
    }
    windows->empty_next = first;
    windows->empty_last = last;
    windows->has_empty = windows->has_target_closed && first <= last;
}

int recon_windows_rise(struct recon_windows *windows, const struct recon_rise *rise)
{
    if (windows->phase != WINDOWS_IDLE)
        return RECON_ERROR_UNDRAINED;
    assert(rise->watermark >= windows->bound.watermark && rise->retention_bound >= windows->bound.retention_bound);
    int64_t interval_ms = windows->settings.interval_ms;
    windows->target = *rise;
    windows->has_target_closed = last_closed(rise->watermark, interval_ms, &windows->target_closed);
    /* An end was passed: of a window not before the earliest, closed now and not before. */
    bool is_end_passed = windows->has_earliest && windows->has_target_closed &&
                         windows->target_closed >= windows->earliest &&
                         (!windows->has_closed || windows->target_closed > windows->closed_last);
    windows->phase = WINDOWS_FORGETTING;
    windows->has_empty = false;
    if (is_end_passed || rise->watermark == RECON_TIME_MAX) {
        windows->phase = WINDOWS_EMITTING;
        plan_empty(windows);
    }
    return RECON_OK;
}

static void fill_metric(const struct recon_windows *windows, int64_t index, const struct recon_counts *counts,
                        uint64_t revision, struct recon_result *metric)
{
    int64_t last = window_last(index, windows->settings.interval_ms);
    *metric = (struct recon_result){
        .type = RECON_RESULT_METRIC,
        .basis = windows->target.basis,
        .watermark = windows->target.watermark,
        .start = window_start(index, windows->settings.interval_ms),
        .end = time_plus(last, 1),
        .revision = revision,
        .counts = *counts,
    };
}

/* Takes the queue's first window; true if it was to be emitted. */
static bool emit_queued(struct recon_windows *windows, struct recon_result *metric)
{
    int64_t index = index_heap_pop(&windows->queue);
    struct window *window = &windows->windows[window_map_find(&windows->map, index)];
    window->is_queued = false;
    if (window->revision_next > 0 && memcmp(&window->counts, &window->emitted, sizeof(window->counts)) == 0)
        return false;
    fill_metric(windows, index, &window->counts, window->revision_next, metric);
    window->emitted = window->counts;
    window->revision_next++;
    return true;
}

/* Adds an index past all runs to the last one, or starts one. */
static int run_extend(struct recon_windows *windows, int64_t index)
{
    if (windows->run_count > 0 && windows->runs[windows->run_count - 1].last == index - 1) {
        windows->runs[windows->run_count - 1].last = index;
        return RECON_OK;
    }
    return recon_windows_restore_run(windows, (struct empty_run){index, index});
}

int recon_windows_restore_run(struct recon_windows *windows, struct empty_run run)
{
    if (windows->run_count == windows->run_capacity) {
        if (windows->run_capacity > UINT32_MAX / 2)
            return RECON_ERROR_FULL;
        uint32_t capacity = windows->run_capacity == 0 ? 4 : windows->run_capacity * 2;
        struct empty_run *runs = recon_memory_take(windows->memory, capacity * sizeof(*runs));
        if (runs == NULL)
            return RECON_ERROR_MEMORY;
        if (windows->run_count > 0)
            memcpy(runs, windows->runs, windows->run_count * sizeof(*runs));
        recon_memory_give(windows->memory, windows->runs, windows->run_capacity * sizeof(*runs));
        windows->runs = runs;
        windows->run_capacity = capacity;
    }
    windows->runs[windows->run_count++] = run;
    return RECON_OK;
}

/* The next metric of the emitting phase: 1 made, 0 none left, or a status. */
static int emit_next(struct recon_windows *windows, struct recon_result *metric)
{
    for (;;) {
        bool is_queued =
            windows->queue.count > 0 && windows->has_target_closed && windows->queue.items[0] <= windows->target_closed;
        bool is_empty = windows->has_empty && (!is_queued || windows->empty_next <= windows->queue.items[0]);
        if (!is_empty && !is_queued)
            return 0;
        if (!is_empty) {
            if (emit_queued(windows, metric))
                return 1;
            continue;
        }
        int64_t index = windows->empty_next;
        /* One that is in the queue is no empty one, but stands in the run: so that the run goes on behind it. */
        bool is_own = is_queued && windows->queue.items[0] == index;
        int status = run_extend(windows, index);
        if (status != RECON_OK)
            return status;
        windows->has_empty = index < windows->empty_last;
        windows->empty_next = index + (windows->has_empty ? 1 : 0);
        if (is_own)
            continue;
        struct recon_counts none = {0};
        fill_metric(windows, index, &none, 0, metric);
        return 1;
    }
}

static void forget_runs(struct recon_windows *windows, int64_t last)
{
    uint32_t gone = 0;
    while (gone < windows->run_count && windows->runs[gone].last <= last)
        gone++;
    if (gone > 0) {
        memmove(windows->runs, windows->runs + gone, (windows->run_count - gone) * sizeof(*windows->runs));
        windows->run_count -= gone;
    }
    if (windows->run_count > 0 && windows->runs[0].first <= last)
        windows->runs[0].first = last + 1;
}

/* The next metric of a window that is to be forgotten, while it forgets: 1 made, 0 all done. */
static int forget_next(struct recon_windows *windows, struct recon_result *metric)
{
    int64_t last;
    if (!last_forgotten(windows, windows->target.retention_bound, &last))
        return 0;
    while (windows->queue.count > 0 && windows->queue.items[0] <= last)
        if (emit_queued(windows, metric))
            return 1;
    while (windows->ages.count > 0 && windows->ages.items[0] <= last) {
        uint32_t number = window_map_find(&windows->map, index_heap_pop(&windows->ages));
        window_map_remove(&windows->map, number);
        windows->windows[number] = windows->windows[windows->map.count];
    }
    forget_runs(windows, last);
    return 0;
}

int recon_windows_next(struct recon_windows *windows, struct recon_result *results, size_t capacity, size_t *count)
{
    size_t taken = 0;
    assert(capacity > 0);
    while (windows->phase != WINDOWS_IDLE && taken < capacity) {
        int made = windows->phase == WINDOWS_EMITTING ? emit_next(windows, &results[taken])
                                                      : forget_next(windows, &results[taken]);
        if (made < 0) {
            *count = taken;
            return taken > 0 ? RECON_OK : made;
        }
        if (made > 0) {
            taken++;
        } else if (windows->phase == WINDOWS_EMITTING) {
            windows->phase = WINDOWS_FORGETTING;
        } else {
            take_over(windows, &windows->target);
            windows->phase = WINDOWS_IDLE;
        }
    }
    *count = taken;
    return RECON_OK;
}

int recon_windows_restore(struct recon_windows *windows, int64_t index, const struct window *window)
{
    int status = windows_reserve(windows);
    if (status != RECON_OK)
        return status;
    if (window_map_find(&windows->map, index) != WINDOW_MAP_NONE)
        return RECON_ERROR_DAMAGED;
    struct window *made = window_new(windows, index);
    *made = *window;
    if (made->is_queued)
        index_heap_push(&windows->queue, index);
    return RECON_OK;
}

void recon_windows_restore_bound(struct recon_windows *windows, const struct recon_rise *bound)
{
    take_over(windows, bound);
}
