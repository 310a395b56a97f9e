#include "model.h"

#include <assert.h>
#include <stdlib.h>

#include "recon/status.h"

__extension__ typedef __int128 wide;

/* Beyond every sum of a few 64-bit numbers. */
#define MINUS_INFINITY (-((wide)1 << 100))
#define PLUS_INFINITY ((wide)1 << 100)

struct partition {
    wide max;  /* MINUS_INFINITY: none yet */
    wide last; /* valid once the clock has been told */
    bool ended;
};

struct partitions {
    struct partition *at;
    size_t count;
};

struct identity {
    struct recon_key key;
    bool has_audit;
    bool has_event;
    bool reported; /* missing or unaudited, while one side is absent */
    wide time;     /* the audit record's, or the event's while there is no audit record */
    struct recon_record audit;
    struct recon_record event;
};

struct window {
    wide index; /* [index * o, (index + 1) * o) */
    struct recon_counts counts;
    struct recon_counts emitted; /* valid if emissions > 0 */
    uint64_t emissions;
};

struct model {
    struct recon_settings settings;
    wide n, m, z, skew, from, to; /* infinite: unset */
    wide now;                     /* MINUS_INFINITY: not told yet */
    wide w, r;
    uint8_t basis;       /* of the last rise */
    wide all_idle_last;  /* when rule 3 last was in force; MINUS_INFINITY: never */
    wide earliest_start; /* of the earliest window there has been; PLUS_INFINITY: none yet */
    struct partitions partitions[RECON_STREAM_COUNT];

    struct identity *identities; /* in order of arrival of what they wait with */
    uint64_t *lows;              /* of their keys, in the same order: what a search reads */
    size_t identity_count, identity_capacity, low_capacity;
    struct window *windows; /* in no order */
    size_t window_count, window_capacity;
    struct recon_result *results;
    size_t result_count, result_capacity;

    struct recon_matcher_stats sums; /* those that only grow */
};

/* --- lists ------------------------------------------------------------------------------------------------------ */

static void *grown(void *list, size_t count, size_t *capacity, size_t size_bytes)
{
    if (count < *capacity)
        return list;
    *capacity = *capacity == 0 ? 16 : *capacity * 2;
    list = realloc(list, *capacity * size_bytes);
    if (list == NULL)
        abort();
    return list;
}

static struct recon_result *add_result(struct model *model, enum recon_result_type type)
{
    model->results = grown(model->results, model->result_count, &model->result_capacity, sizeof *model->results);
    struct recon_result *result = &model->results[model->result_count++];
    *result = (struct recon_result){.type = (uint8_t)type};
    return result;
}

static bool is_reported(const struct model *model, enum recon_result_type type)
{
    return type == RECON_RESULT_METRIC || (model->settings.report & RECON_REPORT(type)) != 0;
}

static struct identity *find_identity(struct model *model, struct recon_key key)
{
    for (size_t i = 0; i < model->identity_count; i++)
        if (model->lows[i] == key.low && model->identities[i].key.high == key.high)
            return &model->identities[i];
    return NULL;
}

static struct identity *add_identity(struct model *model, struct recon_key key, int64_t time)
{
    model->identities =
        grown(model->identities, model->identity_count, &model->identity_capacity, sizeof *model->identities);
    model->lows = grown(model->lows, model->identity_count, &model->low_capacity, sizeof *model->lows);
    model->lows[model->identity_count] = key.low;
    struct identity *identity = &model->identities[model->identity_count++];
    *identity = (struct identity){.key = key, .time = time};
    return identity;
}

/* --- time ------------------------------------------------------------------------------------------------------- */

static wide duration(int64_t ms)
{
    return ms == RECON_DURATION_UNSET ? PLUS_INFINITY : ms;
}

/* An infinite time is told by the ends of 64 bits. */
static int64_t narrow(wide time)
{
    if (time < INT64_MIN)
        return RECON_TIME_MIN;
    if (time > INT64_MAX)
        return RECON_TIME_MAX;
    return (int64_t)time;
}

/* R >= time + m. Unset m: only at the end. */
static bool is_over(const struct model *model, wide r, wide time)
{
    if (r == PLUS_INFINITY)
        return true;
    if (r == MINUS_INFINITY || model->m == PLUS_INFINITY)
        return false;
    return r >= time + model->m;
}

static bool is_outside(const struct model *model, wide time)
{
    return time < model->from || time >= model->to;
}

static bool is_poisoned(const struct model *model, wide time)
{
    return model->skew != PLUS_INFINITY && time > model->now + model->skew;
}

/* --- windows ---------------------------------------------------------------------------------------------------- */

static wide window_start(const struct model *model, wide index)
{
    return index * model->settings.interval_ms;
}

static wide window_end(const struct model *model, wide index)
{
    return (index + 1) * model->settings.interval_ms;
}

static wide window_index(const struct model *model, wide time)
{
    wide o = model->settings.interval_ms;
    wide index = time / o;
    if (window_start(model, index) > time)
        index--;
    return index;
}

static bool window_overlaps(const struct model *model, wide index)
{
    return window_start(model, index) < model->to && window_end(model, index) > model->from;
}

/* Makes the window if it is not there yet. */
static struct window *window_of_index(struct model *model, wide index)
{
    for (size_t i = 0; i < model->window_count; i++)
        if (model->windows[i].index == index)
            return &model->windows[i];
    model->windows = grown(model->windows, model->window_count, &model->window_capacity, sizeof *model->windows);
    struct window *window = &model->windows[model->window_count++];
    *window = (struct window){.index = index};
    if (window_start(model, index) < model->earliest_start)
        model->earliest_start = window_start(model, index);
    return window;
}

static struct recon_counts *counts_of(struct model *model, wide time)
{
    return &window_of_index(model, window_index(model, time))->counts;
}

static bool counts_are_equal(const struct recon_counts *a, const struct recon_counts *b)
{
    return a->expected == b->expected && a->matched == b->matched && a->missing == b->missing &&
           a->duplicate_audits == b->duplicate_audits && a->duplicate_events == b->duplicate_events &&
           a->unaudited == b->unaudited && a->unjudged_audits == b->unjudged_audits;
}

static bool is_to_be_emitted(const struct window *window)
{
    return window->emissions == 0 || !counts_are_equal(&window->counts, &window->emitted);
}

static void emit(struct model *model, struct window *window)
{
    struct recon_result *metric = add_result(model, RECON_RESULT_METRIC);
    metric->start = narrow(window_start(model, window->index));
    metric->end = narrow(window_end(model, window->index));
    metric->counts = window->counts;
    metric->revision = window->emissions;
    metric->watermark = narrow(model->w);
    metric->basis = model->basis;
    window->emitted = window->counts;
    window->emissions++;
}

/* --- when W or R rises ------------------------------------------------------------------------------------------ */

static void report_due_identity(struct model *model, struct identity *identity)
{
    enum recon_result_type type = identity->has_audit ? RECON_RESULT_MISSING : RECON_RESULT_UNAUDITED;
    const struct recon_record *record = identity->has_audit ? &identity->audit : &identity->event;
    identity->reported = true;
    if (type == RECON_RESULT_MISSING) {
        counts_of(model, identity->time)->missing++;
        model->sums.missing++;
    } else {
        counts_of(model, identity->time)->unaudited++;
        model->sums.unaudited++;
    }
    if (!is_reported(model, type))
        return;
    struct recon_result *result = add_result(model, type);
    result->stream = record->stream;
    result->id = record->id;
    result->source = record->source;
    result->has_time = true;
    result->time = record->time;
    result->partition = record->partition;
    result->has_offset = record->has_offset;
    result->offset = record->has_offset ? record->offset : 0;
    result->watermark = narrow(model->w);
    result->basis = model->basis;
    if (type == RECON_RESULT_MISSING) {
        result->has_emitted_time = record->has_emitted_time;
        result->emitted_time = record->has_emitted_time ? record->emitted_time : 0;
        result->context = record->context;
    }
}

struct due {
    wide time; /* MINUS_INFINITY: arrived behind W */
    size_t index;
};

static int compare_due(const void *one, const void *other)
{
    const struct due *a = one, *b = other;
    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

/* Rule 1: one side only, due, and not reported yet. First what arrived behind W before the rise, by arrival; then by
 * time and arrival. */
static void report_due(struct model *model, wide w_before)
{
    struct due *due = NULL;
    size_t count = 0, capacity = 0;
    for (size_t i = 0; i < model->identity_count; i++) {
        const struct identity *identity = &model->identities[i];
        if (identity->time > model->w || identity->reported || (identity->has_audit && identity->has_event))
            continue;
        if (!identity->has_audit && is_outside(model, identity->time))
            continue;
        due = grown(due, count, &capacity, sizeof *due);
        due[count++] = (struct due){identity->time <= w_before ? MINUS_INFINITY : identity->time, i};
    }
    if (count > 1)
        qsort(due, count, sizeof *due, compare_due);
    for (size_t i = 0; i < count; i++)
        report_due_identity(model, &model->identities[due[i].index]);
    free(due);
}

/* Rule 2. w_before is W before the rise. */
static void emit_closed(struct model *model, wide w_before)
{
    wide w = model->w;
    if (model->earliest_start == PLUS_INFINITY)
        return;
    if (w != PLUS_INFINITY) {
        /* The last end of a window with end - 1 <= W'. */
        wide end_last = window_start(model, window_index(model, w + 1));
        if (end_last - 1 <= w_before || end_last <= model->earliest_start)
            return;
        /* The empty ones. Their ends lie past W before, past the start of the earliest and past W' - m; none after the
         * last that is judged, nor before the first. */
        wide end = end_last;
        if (model->to <= end)
            end = window_end(model, window_index(model, model->to - 1));
        if (end > end_last)
            end = end_last;
        for (; end - 1 > w_before && end > model->from; end -= model->settings.interval_ms) {
            wide index = window_index(model, end - 1);
            if (window_start(model, index) <= model->earliest_start)
                break;
            if (model->m != PLUS_INFINITY && end <= w - model->m)
                break;
            if (window_overlaps(model, index))
                window_of_index(model, index);
        }
    }
    for (size_t i = 0; i < model->window_count; i++) {
        struct window *window = &model->windows[i];
        if (window_end(model, window->index) - 1 <= w && is_to_be_emitted(window))
            emit(model, window);
    }
}

/* Rule 3. */
static void forget(struct model *model)
{
    size_t kept = 0;
    for (size_t i = 0; i < model->identity_count; i++) {
        struct identity *identity = &model->identities[i];
        if (!is_over(model, model->r, identity->time)) {
            model->lows[kept] = identity->key.low;
            model->identities[kept++] = *identity;
            continue;
        }
        bool matched = identity->has_audit && identity->has_event;
        uint64_t *sums = matched ? model->sums.forgotten_matched : model->sums.forgotten_unmatched;
        sums[RECON_STREAM_AUDIT] += identity->has_audit;
        sums[RECON_STREAM_EVENTS] += identity->has_event;
    }
    model->identity_count = kept;

    kept = 0;
    for (size_t i = 0; i < model->window_count; i++) {
        struct window *window = &model->windows[i];
        if (!is_over(model, model->r, window_end(model, window->index) - 1)) {
            model->windows[kept++] = *window;
            continue;
        }
        if (is_to_be_emitted(window))
            emit(model, window);
    }
    model->window_count = kept;
}

static void rise(struct model *model, wide w, wide r, uint8_t basis)
{
    wide w_before = model->w;
    model->w = w;
    model->r = r;
    model->basis = basis;
    report_due(model, w_before);
    emit_closed(model, w_before);
    forget(model);
}

/* --- the watermark ---------------------------------------------------------------------------------------------- */

static bool is_idle(const struct model *model, const struct partition *partition)
{
    return model->z != PLUS_INFINITY && model->now - partition->last >= model->z;
}

/* The lowest max of those neither ended nor idle; PLUS_INFINITY: there are none. */
static wide lowest_max(const struct model *model)
{
    wide lowest = PLUS_INFINITY;
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
        for (size_t i = 0; i < model->partitions[stream].count; i++) {
            const struct partition *partition = &model->partitions[stream].at[i];
            if (!partition->ended && !is_idle(model, partition) && partition->max < lowest)
                lowest = partition->max;
        }
    return lowest;
}

/* A time is a finite number of 64 bits other than the two that stand for the infinities. */
static wide clamped_candidate(const struct model *model, wide event_time)
{
    if (event_time == MINUS_INFINITY || model->n == PLUS_INFINITY)
        return MINUS_INFINITY;
    wide candidate = event_time - model->n - 1;
    if (candidate <= INT64_MIN)
        return MINUS_INFINITY;
    return candidate > INT64_MAX - 1 ? INT64_MAX - 1 : candidate;
}

static void consider_rise(struct model *model)
{
    bool some_ever = false;
    bool some_left = false;  /* not ended */
    bool some_idle = false;  /* not ended, idle */
    bool some_awake = false; /* neither */
    wide idle_last_max = MINUS_INFINITY;
    wide event_time_max = MINUS_INFINITY; /* M */
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
        for (size_t i = 0; i < model->partitions[stream].count; i++) {
            const struct partition *partition = &model->partitions[stream].at[i];
            some_ever = true;
            if (partition->max > event_time_max)
                event_time_max = partition->max;
            if (partition->ended)
                continue;
            some_left = true;
            if (!is_idle(model, partition)) {
                some_awake = true;
                continue;
            }
            some_idle = true;
            if (partition->last > idle_last_max)
                idle_last_max = partition->last;
        }

    if (!some_ever)
        return; /* nothing can have ended */

    wide candidate;
    uint8_t basis;
    bool moves_r = true;
    if (!some_left) {
        candidate = PLUS_INFINITY;
        basis = RECON_BASIS_END;
    } else if (some_awake) {
        candidate = clamped_candidate(model, lowest_max(model));
        basis = some_idle ? RECON_BASIS_TIMEOUT : RECON_BASIS_WATERMARK;
        if (model->all_idle_last != MINUS_INFINITY && model->now - model->all_idle_last < model->z)
            moves_r = false;
    } else {
        model->all_idle_last = model->now;
        wide event_time =
            event_time_max == MINUS_INFINITY ? MINUS_INFINITY : event_time_max + (model->now - idle_last_max);
        candidate = clamped_candidate(model, event_time);
        basis = RECON_BASIS_TIMEOUT;
        moves_r = false;
    }
    wide w = candidate > model->w ? candidate : model->w;
    wide r = moves_r && candidate > model->r ? candidate : model->r;
    if (w > model->w || r > model->r)
        rise(model, w, r, basis);
}

static int check_partition(const struct model *model, int stream, uint32_t partition)
{
    if (partition >= model->partitions[stream].count)
        return RECON_ERROR_PARTITION;
    if (model->partitions[stream].at[partition].ended)
        return RECON_ERROR_ENDED;
    return RECON_OK;
}

static void saw(struct model *model, const struct recon_record *record)
{
    struct partition *partition = &model->partitions[record->stream].at[record->partition];
    if (record->time <= partition->max)
        return;
    partition->max = record->time;
    partition->last = model->now;
}

/* --- records ---------------------------------------------------------------------------------------------------- */

static struct recon_result *add_record_result(struct model *model, enum recon_result_type type,
                                              const struct recon_record *record)
{
    struct recon_result *result = add_result(model, type);
    result->stream = record->stream;
    result->id = record->id;
    result->source = record->source;
    result->has_time = record->has_time;
    result->time = record->has_time ? record->time : 0;
    result->partition = record->partition;
    result->has_offset = record->has_offset;
    result->offset = record->has_offset ? record->offset : 0;
    return result;
}

/* An audit record could not be judged: the window that holds W + 1 says so. */
static void count_unjudged(struct model *model)
{
    if (model->w == MINUS_INFINITY || model->w == PLUS_INFINITY)
        return;
    if (window_overlaps(model, window_index(model, model->w + 1)))
        counts_of(model, model->w + 1)->unjudged_audits++;
}

static void reject(struct model *model, const struct recon_record *record, uint8_t reason)
{
    model->sums.rejected[record->stream][reason]++;
    if (record->kind != RECON_KIND_HEARTBEAT && record->stream == RECON_STREAM_AUDIT)
        count_unjudged(model);
    if (!is_reported(model, RECON_RESULT_REJECTED))
        return;
    add_record_result(model, RECON_RESULT_REJECTED, record)->reason = reason;
}

static void too_late(struct model *model, const struct recon_record *record)
{
    model->sums.too_late[record->stream]++;
    if (record->stream == RECON_STREAM_AUDIT)
        count_unjudged(model);
    if (is_reported(model, RECON_RESULT_TOO_LATE))
        add_record_result(model, RECON_RESULT_TOO_LATE, record)->watermark = narrow(model->w);
}

static void duplicate(struct model *model, const struct identity *identity, const struct recon_record *record)
{
    model->sums.duplicates[record->stream]++;
    if (!is_outside(model, identity->time)) {
        struct recon_counts *counts = counts_of(model, identity->time);
        if (record->stream == RECON_STREAM_AUDIT)
            counts->duplicate_audits++;
        else
            counts->duplicate_events++;
    }
    if (is_reported(model, RECON_RESULT_DUPLICATE))
        add_record_result(model, RECON_RESULT_DUPLICATE, record)->watermark = narrow(model->w);
}

static void measure_times_apart(struct model *model, const struct identity *identity)
{
    if (!identity->event.has_time || identity->event.time == identity->audit.time)
        return;
    wide apart = (wide)identity->event.time - identity->audit.time;
    if (apart < 0)
        apart = -apart;
    model->sums.times_apart++;
    if ((uint64_t)apart > model->sums.times_apart_max_ms)
        model->sums.times_apart_max_ms = (uint64_t)apart;
}

static void handle_audit(struct model *model, const struct recon_record *record)
{
    if (!record->has_time) {
        reject(model, record, RECON_REASON_NO_TIME);
        return;
    }
    if (is_poisoned(model, record->time)) {
        reject(model, record, RECON_REASON_FUTURE);
        return;
    }
    if (is_outside(model, record->time)) {
        model->sums.outside++;
        return;
    }
    struct identity *identity = find_identity(model, record->key);
    if (identity != NULL && identity->has_audit) {
        duplicate(model, identity, record);
        return;
    }
    if (is_over(model, model->r, record->time)) {
        too_late(model, record);
        return;
    }
    model->sums.accepted[RECON_STREAM_AUDIT]++;
    counts_of(model, record->time)->expected++;
    if (identity == NULL) {
        identity = add_identity(model, record->key, record->time);
        identity->has_audit = true;
        identity->audit = *record;
        return;
    }
    counts_of(model, record->time)->matched++;
    if (identity->reported) {
        counts_of(model, identity->time)->unaudited--;
        model->sums.audited++;
        if (is_reported(model, RECON_RESULT_AUDITED))
            add_record_result(model, RECON_RESULT_AUDITED, &identity->event)->watermark = narrow(model->w);
    }
    identity->has_audit = true;
    identity->audit = *record;
    identity->time = record->time;
    measure_times_apart(model, identity);
}

static void match_event(struct model *model, struct identity *identity, const struct recon_record *record)
{
    model->sums.accepted[RECON_STREAM_EVENTS]++;
    counts_of(model, identity->time)->matched++;
    if (identity->reported) {
        counts_of(model, identity->time)->missing--;
        model->sums.found++;
        if (is_reported(model, RECON_RESULT_FOUND)) {
            struct recon_result *found = add_result(model, RECON_RESULT_FOUND);
            found->id = identity->audit.id;
            found->source = identity->audit.source;
            found->has_time = true;
            found->time = identity->audit.time;
            found->has_event_time = record->has_time;
            found->event_time = record->has_time ? record->time : 0;
            found->watermark = narrow(model->w);
        }
    }
    identity->has_event = true;
    identity->event = *record;
    measure_times_apart(model, identity);
}

static void handle_event(struct model *model, const struct recon_record *record)
{
    struct identity *identity = find_identity(model, record->key);
    bool has_audit = identity != NULL && identity->has_audit;
    if (!has_audit && !record->has_time) {
        reject(model, record, RECON_REASON_NO_TIME);
        return;
    }
    if (!has_audit && is_poisoned(model, record->time)) {
        reject(model, record, RECON_REASON_FUTURE);
        return;
    }
    if (identity != NULL && identity->has_event) {
        duplicate(model, identity, record);
        return;
    }
    if (has_audit) {
        match_event(model, identity, record);
        return;
    }
    if (is_over(model, model->r, record->time)) {
        too_late(model, record);
        return;
    }
    model->sums.accepted[RECON_STREAM_EVENTS]++;
    identity = add_identity(model, record->key, record->time);
    identity->has_event = true;
    identity->event = *record;
    if (!is_outside(model, record->time))
        counts_of(model, record->time);
}

/* --- operations ------------------------------------------------------------------------------------------------- */

int model_record(struct model *model, const struct recon_record *record)
{
    model->result_count = 0;
    int status = check_partition(model, record->stream, record->partition);
    if (status != RECON_OK)
        return status;
    bool moves_max = record->has_time && !is_poisoned(model, record->time);
    if (record->kind == RECON_KIND_REJECTED) {
        moves_max = false;
        reject(model, record, record->reason);
    } else if (record->kind == RECON_KIND_HEARTBEAT) {
        if (moves_max)
            model->sums.heartbeats[record->stream]++;
        else
            reject(model, record, RECON_REASON_FUTURE);
    } else if (record->stream == RECON_STREAM_AUDIT) {
        handle_audit(model, record);
    } else {
        handle_event(model, record);
    }
    if (moves_max)
        saw(model, record);
    consider_rise(model);
    return RECON_OK;
}

int model_clock(struct model *model, int64_t now_ms)
{
    model->result_count = 0;
    if (now_ms < model->now)
        return RECON_ERROR_CLOCK;
    bool first = model->now == MINUS_INFINITY;
    model->now = now_ms;
    for (int stream = 0; first && stream < RECON_STREAM_COUNT; stream++)
        for (size_t i = 0; i < model->partitions[stream].count; i++)
            model->partitions[stream].at[i].last = now_ms;
    consider_rise(model);
    return RECON_OK;
}

int model_alive(struct model *model, int stream, uint32_t partition)
{
    model->result_count = 0;
    int status = check_partition(model, stream, partition);
    if (status != RECON_OK)
        return status;
    model->partitions[stream].at[partition].last = model->now;
    consider_rise(model);
    return RECON_OK;
}

static void append_partition(struct partitions *partitions, wide last)
{
    partitions->at = realloc(partitions->at, (partitions->count + 1) * sizeof *partitions->at);
    if (partitions->at == NULL)
        abort();
    partitions->at[partitions->count++] = (struct partition){.max = MINUS_INFINITY, .last = last};
}

int model_partition_add(struct model *model, int stream, uint32_t *partition)
{
    model->result_count = 0;
    append_partition(&model->partitions[stream], model->now);
    *partition = (uint32_t)(model->partitions[stream].count - 1);
    consider_rise(model);
    return RECON_OK;
}

int model_partition_end(struct model *model, int stream, uint32_t partition)
{
    model->result_count = 0;
    int status = check_partition(model, stream, partition);
    if (status != RECON_OK)
        return status;
    model->partitions[stream].at[partition].ended = true;
    consider_rise(model);
    return RECON_OK;
}

/* --- the rest --------------------------------------------------------------------------------------------------- */

void model_change(struct model *model, const struct recon_settings *settings)
{
    model->n = duration(settings->out_of_orderness_ms);
    model->z = duration(settings->idle_timeout_ms);
    model->skew = duration(settings->max_future_skew_ms);
}

struct model *model_new(const struct recon_settings *settings)
{
    struct model *model = calloc(1, sizeof *model);
    if (model == NULL)
        abort();
    model->settings = *settings;
    model_change(model, settings);
    model->m = duration(settings->retention_ms);
    model->from = settings->from_ms == RECON_TIME_MIN ? MINUS_INFINITY : settings->from_ms;
    model->to = settings->to_ms == RECON_TIME_MAX ? PLUS_INFINITY : settings->to_ms;
    model->now = MINUS_INFINITY;
    model->w = MINUS_INFINITY;
    model->r = MINUS_INFINITY;
    model->all_idle_last = MINUS_INFINITY;
    model->earliest_start = PLUS_INFINITY;
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
        for (uint32_t i = 0; i < settings->partition_count[stream]; i++)
            append_partition(&model->partitions[stream], MINUS_INFINITY);
    return model;
}

void model_free(struct model *model)
{
    if (model == NULL)
        return;
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
        free(model->partitions[stream].at);
    free(model->identities);
    free(model->lows);
    free(model->windows);
    free(model->results);
    free(model);
}

const struct recon_result *model_results(const struct model *model, size_t *count)
{
    *count = model->result_count;
    return model->results;
}

void model_stats(const struct model *model, struct recon_matcher_stats *stats)
{
    *stats = model->sums;
    stats->identities = model->identity_count;
    for (size_t i = 0; i < model->identity_count; i++) {
        const struct identity *identity = &model->identities[i];
        if (identity->has_audit && identity->has_event) {
            stats->matched[RECON_STREAM_AUDIT]++;
            stats->matched[RECON_STREAM_EVENTS]++;
        } else {
            stats->waiting[identity->has_audit ? RECON_STREAM_AUDIT : RECON_STREAM_EVENTS]++;
            if (identity->has_audit && !identity->reported)
                stats->pending++;
        }
    }
}

void model_current(const struct model *model, struct recon_rise *current)
{
    *current =
        (struct recon_rise){.watermark = narrow(model->w), .retention_bound = narrow(model->r), .basis = model->basis};
}

bool model_is_holder(const struct model *model, int stream, uint32_t partition)
{
    if (check_partition(model, stream, partition) != RECON_OK)
        return false;
    const struct partition *of = &model->partitions[stream].at[partition];
    return !is_idle(model, of) && of->max == lowest_max(model);
}

bool model_has_holder(const struct model *model)
{
    return lowest_max(model) != PLUS_INFINITY;
}
