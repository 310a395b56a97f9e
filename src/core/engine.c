/*
 * The engine: the entry points, and the only control flow between the three parts.
 *
 *     READY ──record with a result──> DIRECT ──W or R rises too──> STEPPING
 *       │ └──W or R rises───────────> MATCHING <──────────────────────┘
 *       │                                │ nothing more due
 *       │                             COUNTING
 *       │                                │ all counts are with the windows
 *       └<──no metric more── WINDOWS <───┘
 *
 * Every call but recon_engine_next wants READY. A step that can cause nothing is done at once, in READY.
 */
#include "recon/engine.h"

#include <assert.h>
#include <string.h>

#include "core/engine_state.h"
#include "core/event_time.h"

int recon_engine_new(const struct recon_settings *settings, struct recon_engine **engine)
{
    if (recon_settings_check(settings, NULL) != RECON_OK)
        return RECON_ERROR_INVALID;
    struct recon_memory memory = {.allocator = settings->allocator, .limit_bytes = settings->memory_limit_bytes};
    struct recon_engine *made = recon_memory_take(&memory, sizeof(*made));
    if (made == NULL)
        return RECON_ERROR_MEMORY;
    memset(made, 0, sizeof(*made));
    made->memory = memory;
    made->settings = *settings;
    int status = recon_watermark_init(&made->watermark, settings, &made->memory);
    if (status != RECON_OK)
        goto fail;
    status = recon_matcher_init(&made->matcher, settings, &made->memory);
    if (status != RECON_OK) {
        recon_watermark_deinit(&made->watermark);
        goto fail;
    }
    (void)recon_windows_init(&made->windows, settings, &made->memory);
    *engine = made;
    return RECON_OK;
fail:
    memory = made->memory;
    recon_memory_give(&memory, made, sizeof(*made));
    return status;
}

void recon_engine_free(struct recon_engine *engine)
{
    if (engine == NULL)
        return;
    recon_windows_deinit(&engine->windows);
    recon_matcher_deinit(&engine->matcher);
    recon_watermark_deinit(&engine->watermark);
    struct recon_memory memory = engine->memory;
    recon_memory_give(&memory, engine, sizeof(*engine));
}

static bool is_undrained(const struct recon_engine *engine)
{
    return engine->phase != ENGINE_READY || engine->has_held;
}

/* Begins the step to engine->rise; one that causes nothing is done at once. */
static void begin_step(struct recon_engine *engine)
{
    engine->phase = ENGINE_READY;
    if (!recon_matcher_rise_quietly(&engine->matcher, &engine->rise)) {
        int status = recon_matcher_rise(&engine->matcher, &engine->rise);
        assert(status == RECON_OK);
        (void)status;
        engine->phase = ENGINE_MATCHING;
    } else if (recon_windows_rise_matters(&engine->windows, &engine->rise)) {
        engine->phase = ENGINE_COUNTING;
    }
}

/* Hands the matcher's counts to the windows. */
static int move_counts(struct recon_engine *engine)
{
    for (;;) {
        if (!engine->has_counts) {
            engine->has_counts = recon_matcher_counts_take(&engine->matcher, &engine->counts_index, &engine->counts);
            if (!engine->has_counts)
                return RECON_OK;
        }
        int status = recon_windows_add(&engine->windows, engine->counts_index, &engine->counts);
        if (status != RECON_OK)
            return status;
        engine->has_counts = false;
    }
}

/* Goes on with the step: up to capacity results; fewer only where all is done or a status says why. */
static int make_results(struct recon_engine *engine, struct recon_result *results, size_t capacity, size_t *count)
{
    size_t taken = 0;
    int status = RECON_OK;
    while (engine->phase != ENGINE_READY && taken < capacity) {
        size_t more = 0;
        switch (engine->phase) {
        case ENGINE_DIRECT:
            status = recon_matcher_next(&engine->matcher, results, 1, &taken);
            assert(status == RECON_OK && taken == 1);
            engine->phase = ENGINE_READY;
            if (engine->has_rise) {
                engine->has_rise = false;
                engine->phase = ENGINE_STEPPING;
            }
            /* Its texts live until the next call: no step may begin in this one. */
            *count = taken;
            return RECON_OK;
        case ENGINE_STEPPING:
            begin_step(engine);
            break;
        case ENGINE_MATCHING:
            status = recon_matcher_next(&engine->matcher, results, capacity, &more);
            if (status == RECON_OK && !engine->matcher.is_rising)
                engine->phase = ENGINE_COUNTING;
            else if (more > 0)
                capacity = more; /* full, or out of memory for the next one: the texts of these must live */
            break;
        case ENGINE_COUNTING:
            status = move_counts(engine);
            if (status == RECON_OK)
                status = recon_windows_rise(&engine->windows, &engine->rise);
            if (status == RECON_OK)
                engine->phase = ENGINE_WINDOWS;
            break;
        case ENGINE_WINDOWS:
            status = recon_windows_next(&engine->windows, results + taken, capacity - taken, &more);
            if (status == RECON_OK && engine->windows.phase == WINDOWS_IDLE)
                engine->phase = ENGINE_READY;
            break;
        case ENGINE_READY:
            break;
        }
        taken += more;
        if (status != RECON_OK) {
            *count = taken;
            return taken > 0 ? RECON_OK : status;
        }
    }
    *count = taken;
    return RECON_OK;
}

/* Looks whether W or R rises, and goes on as far as the first result: what causes none leaves the engine READY. What a
 * record itself caused comes first. */
static void look_at_watermark(struct recon_engine *engine)
{
    if (recon_watermark_rise(&engine->watermark, &engine->rise)) {
        if (engine->phase == ENGINE_DIRECT)
            engine->has_rise = true;
        else
            begin_step(engine);
    }
    while (engine->phase != ENGINE_READY && !engine->has_held) {
        size_t count;
        int status = make_results(engine, &engine->held, 1, &count);
        engine->has_held = count > 0;
        if (status != RECON_OK)
            return; /* recon_engine_next will say so */
    }
}

int recon_engine_clock(struct recon_engine *engine, int64_t now_ms)
{
    if (is_undrained(engine))
        return RECON_ERROR_UNDRAINED;
    int status = recon_watermark_clock(&engine->watermark, now_ms);
    if (status == RECON_OK)
        look_at_watermark(engine);
    return status;
}

int recon_engine_alive(struct recon_engine *engine, int stream, uint32_t partition)
{
    if (is_undrained(engine))
        return RECON_ERROR_UNDRAINED;
    int status = recon_watermark_alive(&engine->watermark, stream, partition);
    if (status == RECON_OK)
        look_at_watermark(engine);
    return status;
}

int recon_engine_partition_add(struct recon_engine *engine, int stream, uint32_t *partition)
{
    if (is_undrained(engine))
        return RECON_ERROR_UNDRAINED;
    int status = recon_watermark_add(&engine->watermark, stream, partition);
    if (status == RECON_OK)
        look_at_watermark(engine);
    return status;
}

int recon_engine_partition_end(struct recon_engine *engine, int stream, uint32_t partition)
{
    if (is_undrained(engine))
        return RECON_ERROR_UNDRAINED;
    int status = recon_watermark_end(&engine->watermark, stream, partition);
    if (status == RECON_OK)
        look_at_watermark(engine);
    return status;
}

static int handle_record(struct recon_engine *engine, const struct recon_record *record,
                         const struct matcher_hint *hint)
{
    struct recon_watermark *watermark = &engine->watermark;
    int status = watermark_partition_check(watermark, record->stream, record->partition);
    if (status == RECON_OK)
        status = recon_matcher_handle(&engine->matcher, watermark->now_ms, record, hint);
    if (status != RECON_OK)
        return status;
    if (engine->matcher.has_direct)
        engine->phase = ENGINE_DIRECT;
    if (record->kind != RECON_KIND_REJECTED && record->has_time &&
        !time_is_poisoned(watermark->now_ms, watermark->max_future_skew_ms, record->time))
        watermark_saw(watermark, record->stream, record->partition, record->time);
    if (watermark->stale || engine->phase != ENGINE_READY)
        look_at_watermark(engine);
    return RECON_OK;
}

int recon_engine_records(struct recon_engine *engine, const struct recon_record *records, size_t count, size_t *handled)
{
    *handled = 0;
    if (is_undrained(engine))
        return RECON_ERROR_UNDRAINED;
    assert(engine->watermark.has_clock);
    recon_matcher_sweep(&engine->matcher, count);
    size_t done = 0;
    int status = RECON_OK;
    while (done < count && !is_undrained(engine)) {
        const struct matcher_hint *hint = matcher_hint(&engine->matcher, records, count, done);
        status = handle_record(engine, &records[done], hint);
        if (status != RECON_OK)
            break;
        done++;
    }
    *handled = done;
    return status;
}

int recon_engine_next(struct recon_engine *engine, struct recon_result *results, size_t capacity, size_t *count)
{
    assert(capacity > 0);
    if (!engine->has_held)
        return make_results(engine, results, capacity, count);
    /* Its texts live until the next call: nothing more may be made in this one. */
    results[0] = engine->held;
    engine->has_held = false;
    *count = 1;
    return RECON_OK;
}

void recon_engine_current(const struct recon_engine *engine, struct recon_rise *current)
{
    recon_watermark_current(&engine->watermark, current);
}

bool recon_engine_holder(const struct recon_engine *engine, int *stream, uint32_t *partition)
{
    return recon_watermark_holder(&engine->watermark, stream, partition);
}

void recon_engine_stats(const struct recon_engine *engine, struct recon_matcher_stats *stats)
{
    recon_matcher_stats(&engine->matcher, stats);
}

uint64_t recon_engine_memory_bytes(const struct recon_engine *engine)
{
    return engine->memory.used_bytes;
}

void recon_engine_memory_limit(struct recon_engine *engine, uint64_t limit_bytes)
{
    engine->memory.limit_bytes = limit_bytes;
}
