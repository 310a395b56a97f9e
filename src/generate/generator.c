/*
 * Each stream is a lane: IDs are born in it in order of time, wait in a heap until they arrive, and are written.
 *
 *     birth -> heap, by (arrival, i, copy) -> line
 *
 * 1. A lane writes what arrives at or before the time of its latest birth before the next birth; so lines are in order
 *    of (arrival, i, copy), whatever the buffers' sizes.
 * 2. Both lanes go forward by births in turn, so that the truth's order too is a function of the options alone.
 */
#include "generate/generator.h"

#include <assert.h>
#include <stdlib.h>

#include "recon/record.h"
#include "recon/status.h"

#define HEAP_FANOUT 4
#define HEAP_CAPACITY_FIRST 1024

struct waiting {
    int64_t arrival;
    uint64_t tag; /* i * 2 + copy */
};

struct lane {
    int stream;
    uint64_t born;    /* IDs so far */
    int64_t now;      /* time of the latest birth */
    int64_t time_max; /* of the lines written */
    struct waiting *heap;
    size_t heap_count;
    size_t heap_capacity;
    size_t heap_count_max;
    struct recon_second_text seconds[2]; /* event time; emitted time */
};

struct recon_generator {
    struct recon_plan plan;
    struct lane lanes[RECON_STREAM_COUNT];
    struct recon_second_text truth_second;
    struct recon_generate_counts counts;
};

static bool precedes(struct waiting a, struct waiting b)
{
    return a.arrival < b.arrival || (a.arrival == b.arrival && a.tag < b.tag);
}

static int heap_push(struct lane *lane, struct waiting entry)
{
    if (lane->heap_count == lane->heap_capacity) {
        size_t capacity = lane->heap_capacity > 0 ? 2 * lane->heap_capacity : HEAP_CAPACITY_FIRST;
        struct waiting *heap =
            capacity <= SIZE_MAX / sizeof *heap ? realloc(lane->heap, capacity * sizeof *heap) : NULL;
        if (heap == NULL)
            return RECON_ERROR_MEMORY;
        lane->heap = heap;
        lane->heap_capacity = capacity;
    }
    size_t at = lane->heap_count++;
    if (lane->heap_count > lane->heap_count_max)
        lane->heap_count_max = lane->heap_count;
    while (at > 0) {
        size_t parent = (at - 1) / HEAP_FANOUT;
        if (!precedes(entry, lane->heap[parent]))
            break;
        lane->heap[at] = lane->heap[parent];
        at = parent;
    }
    lane->heap[at] = entry;
    return RECON_OK;
}

static struct waiting heap_pop(struct lane *lane)
{
    struct waiting first = lane->heap[0];
    struct waiting moved = lane->heap[--lane->heap_count];
    size_t count = lane->heap_count;
    size_t at = 0;
    for (;;) {
        size_t child = at * HEAP_FANOUT + 1;
        if (child >= count)
            break;
        size_t behind = child + HEAP_FANOUT < count ? child + HEAP_FANOUT : count;
        size_t least = child;
        while (++child < behind)
            if (precedes(lane->heap[child], lane->heap[least]))
                least = child;
        if (!precedes(lane->heap[least], moved))
            break;
        lane->heap[at] = lane->heap[least];
        at = least;
    }
    if (count > 0)
        lane->heap[at] = moved;
    return first;
}

static void write_truth(struct recon_generator *generator, struct recon_generate_buffer *buffers, uint64_t i,
                        int64_t time, const struct recon_truth *truth)
{
    struct recon_generate_buffer *to = &buffers[RECON_GENERATE_TRUTH];
    char *end = recon_line_truth(&generator->plan, i, time, truth, &generator->truth_second, to->bytes + to->size);
    to->size = (size_t)(end - to->bytes);
    generator->counts.lines[RECON_GENERATE_TRUTH]++;
}

/* How late a line is that stands late_ms behind: RECON_REACH_COUNT for not at all. */
static int reach_of(const struct recon_generate_options *options, int64_t late_ms)
{
    if (late_ms <= options->disorder_ms)
        return RECON_REACH_COUNT;
    if (late_ms <= options->out_of_orderness_ms)
        return RECON_REACH_WITHIN_N;
    return late_ms <= options->out_of_orderness_ms + options->retention_ms ? RECON_REACH_WITHIN_M
                                                                           : RECON_REACH_BEYOND_M;
}

/* The truth of the line that is about to be written behind lines up to lane->time_max. */
static void judge(struct recon_generator *generator, struct recon_generate_buffer *buffers, const struct lane *lane,
                  uint64_t i, bool second_copy, int64_t time)
{
    static const char *const reach_names[] = {"within_n", "within_m", "beyond_m", NULL};
    struct recon_generate_counts *counts = &generator->counts;
    int64_t late_ms = lane->time_max > time ? lane->time_max - time : 0;
    int reach = reach_of(&generator->plan.options, late_ms);
    struct recon_truth truth = {.reach = reach_names[reach], .late_ms = late_ms};
    bool is_event = lane->stream == RECON_STREAM_EVENTS;
    int64_t end;
    if (second_copy) {
        truth.fate = "doubled";
        truth.stream = recon_stream_name(lane->stream);
        counts->doubled[lane->stream]++;
    } else if (is_event && recon_plan_fate(&generator->plan, i) == RECON_FATE_UNAUDITED) {
        truth.fate = "unaudited";
        counts->unaudited++;
    } else if (reach != RECON_REACH_COUNT) {
        truth.fate = "late";
        counts->late[reach]++;
    } else {
        return;
    }
    if (is_event && !second_copy && reach != RECON_REACH_COUNT) {
        truth.stalled = recon_plan_is_stalled(&generator->plan, recon_plan_source(&generator->plan, i), time, &end);
        counts->stalled += truth.stalled;
    }
    write_truth(generator, buffers, i, time, &truth);
}

static void arrive(struct recon_generator *generator, struct lane *lane, struct recon_generate_buffer *buffers)
{
    struct waiting entry = heap_pop(lane);
    uint64_t i = entry.tag / 2;
    int64_t time = recon_plan_time(&generator->plan, i);
    judge(generator, buffers, lane, i, entry.tag & 1, time);
    if (time > lane->time_max)
        lane->time_max = time;

    struct recon_generate_buffer *to = &buffers[lane->stream];
    char *end = to->bytes + to->size;
    if (lane->stream == RECON_STREAM_AUDIT)
        end = recon_line_audit(&generator->plan, i, time, entry.arrival, lane->seconds, end);
    else
        end = recon_line_event(&generator->plan, i, time, &lane->seconds[0], end);
    to->size = (size_t)(end - to->bytes);
    generator->counts.lines[lane->stream]++;
}

static int bear(struct recon_generator *generator, struct lane *lane, struct recon_generate_buffer *buffers)
{
    const struct recon_plan *plan = &generator->plan;
    uint64_t i = lane->born++;
    int64_t time = recon_plan_time(plan, i);
    lane->now = time;
    enum recon_fate fate = recon_plan_fate(plan, i);
    if (lane->stream == RECON_STREAM_EVENTS && fate == RECON_FATE_LOST) {
        struct recon_truth truth = {.fate = "lost"};
        generator->counts.lost++;
        write_truth(generator, buffers, i, time, &truth);
        return RECON_OK;
    }
    if (lane->stream == RECON_STREAM_AUDIT && fate == RECON_FATE_UNAUDITED)
        return RECON_OK;
    int64_t arrival = recon_plan_arrival(plan, lane->stream, i, fate, time);
    int status = heap_push(lane, (struct waiting){.arrival = arrival, .tag = 2 * i});
    if (status == RECON_OK && recon_plan_is_doubled(plan, lane->stream, i)) {
        arrival = recon_plan_second_arrival(plan, lane->stream, i, arrival);
        status = heap_push(lane, (struct waiting){.arrival = arrival, .tag = 2 * i + 1});
    }
    return status;
}

int recon_generator_new(const struct recon_generate_options *options, struct recon_generator **generator)
{
    char message[256];
    if (recon_generate_options_check(options, message, sizeof message) != RECON_OK)
        return RECON_ERROR_INVALID;
    struct recon_generator *made = calloc(1, sizeof *made);
    if (made == NULL)
        return RECON_ERROR_MEMORY;
    recon_plan_init(&made->plan, options);
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
        made->lanes[stream] = (struct lane){.stream = stream, .now = INT64_MIN, .time_max = INT64_MIN};
    *generator = made;
    return RECON_OK;
}

void recon_generator_free(struct recon_generator *generator)
{
    if (generator == NULL)
        return;
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
        free(generator->lanes[stream].heap);
    free(generator);
}

int recon_generator_next(struct recon_generator *generator,
                         struct recon_generate_buffer buffers[RECON_GENERATE_FILE_COUNT], bool *done)
{
    uint64_t id_count = generator->plan.options.id_count;
    struct lane *audit = &generator->lanes[RECON_STREAM_AUDIT];
    struct lane *events = &generator->lanes[RECON_STREAM_EVENTS];
    *done = false;
    for (;;) {
        for (int file = 0; file < RECON_GENERATE_FILE_COUNT; file++) {
            assert(buffers[file].capacity >= RECON_GENERATE_LINE_SIZE_MAX);
            if (buffers[file].capacity - buffers[file].size < RECON_GENERATE_LINE_SIZE_MAX)
                return RECON_OK;
        }
        bool audit_rests = audit->born == id_count && audit->heap_count == 0;
        struct lane *lane = audit->born > events->born || audit_rests ? events : audit;
        bool all_born = lane->born == id_count;
        if (lane->heap_count > 0 && (all_born || lane->heap[0].arrival <= lane->now)) {
            arrive(generator, lane, buffers);
        } else if (!all_born) {
            int status = bear(generator, lane, buffers);
            if (status != RECON_OK)
                return status;
        } else {
            *done = true;
            return RECON_OK;
        }
    }
}

void recon_generator_counts(const struct recon_generator *generator, struct recon_generate_counts *counts)
{
    *counts = generator->counts;
    counts->under_way_max = generator->lanes[0].heap_count_max + generator->lanes[1].heap_count_max;
}

uint64_t recon_generator_position(const struct recon_generator *generator)
{
    return generator->lanes[RECON_STREAM_EVENTS].born;
}
