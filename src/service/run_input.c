/*
 * What a run reads: partitions in turn, the clock between them, and which inputs are alive.
 *
 * A partition is silent only once all that it had was read. The broker is asked for the ends of all partitions now and
 * then; once a partition is read to an answer's end, all that it had when that was asked has been read (caught_up_ms).
 * Where that was half an idle_timeout ago or longer, something older may be unread: the partition is said to be alive.
 * An answer counts from when it was asked for, so that a broker that is away, slow or paused is no silence; and the
 * ends include open transactions, so that one that hangs is none.
 *
 * The clock moves in steps of at most half an idle_timeout, so that a process that was held up, or down, can say
 * between them what is alive. If the wall clock falls, this one waits for it, and that is told once.
 *
 * A step of the clock that caused no result and left R where it was is not kept once the next step of the clock follows
 * it: the second alone does the same. (Between two such steps inputs can only become idle. So W, which need not have
 * risen half-way, rises to the same; and R, which rises only while not all are idle, would have risen at the first.)
 * So a journal does not grow while nothing happens.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recon/status.h"
#include "service/run_state.h"

#define TICK_MS_MAX 100
/* So long nothing was heard of the brokers when others are asked about them; then twice as long, and so on. */
#define DEAF_MS INT64_C(30000)
#define PLANTED_DEAF_MS INT64_C(500)
#define ASK_MS_MAX 1000
/* So far the wall clock jumps without a word. */
#define CLOCK_JUMP_MS 1000
/* The clock is not followed for longer than that at a time: there is more to look after. */
#define ADVANCE_MS 100
#define WAIT_MS 20

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

static int64_t sum(int64_t a, int64_t b)
{
    return a > INT64_MAX - b ? INT64_MAX : a + b;
}

/* RECON_DURATION_UNSET: no input is ever idle. */
static int64_t idle_timeout(const struct recon_run *run)
{
    return run->options.config->settings.idle_timeout_ms;
}

/* In a build for tests: the first clients are to hear nothing, or each second one. */
static bool is_kept_from_hearing(struct recon_run *run, size_t client)
{
    return (run->tally->deaf == 0 && !run_point(run, "hearing")) || (client == 1 && !run_point(run, "hearing-second"));
}

/* --- partitions -------------------------------------------------------------------------------------------------- */

int run_partition(struct recon_run *run, int stream, size_t topic, int32_t topic_partition, int64_t offset)
{
    struct run_slot *slots = realloc(run->slots, (run->slot_count + 1) * sizeof *slots);
    if (slots == NULL)
        return RECON_ERROR_MEMORY;
    run->slots = slots;
    const struct recon_text name = {run->topics[topic], (uint32_t)strlen(run->topics[topic])};
    const struct recon_journal_step step = {
        .kind = RECON_STEP_PARTITION,
        .stream = (uint8_t)stream,
        .topic = name,
        .topic_partition = topic_partition,
        .first = offset,
    };
    const uint32_t number = recon_steps_partition_count(run->steps, stream);
    int status = recon_kafka_reader_add(run->reader, run->topics[topic], topic_partition, offset,
                                        recon_ahead_wake_fd(run->ahead));
    if (status == RECON_ERROR_IO)
        return run_fail(run, status, "%s", recon_kafka_reader_message(run->reader));
    if (status == RECON_OK)
        status = recon_ahead_add(run->ahead, recon_kafka_reader_slot(run->reader, (uint32_t)run->slot_count), stream,
                                 number, offset);
    if (status == RECON_OK)
        status = run_note(run, &step);
    if (status != RECON_OK)
        return status;
    run->slots[run->slot_count++] = (struct run_slot){
        .stream = (uint8_t)stream,
        .partition = number,
        .topic = topic,
        .topic_partition = topic_partition,
        .position = offset,
        .caught_up_ms = RECON_TIME_MIN,
        .alive_ms = RECON_TIME_MIN,
    };
    /* Results that its coming causes may be of any partition: names first. */
    status = recon_steps_partition(run->steps, stream, name, topic_partition);
    size_t count = 0;
    const struct recon_partition_name *names = recon_steps_names(run->steps, stream, &count);
    recon_result_messenger_names(run->messenger, stream, names, count);
    return status;
}

int run_partition_gone(struct recon_run *run, const struct recon_snapshot_partition *gone)
{
    struct run_slot *slots = realloc(run->slots, (run->slot_count + 1) * sizeof *slots);
    if (slots == NULL)
        return RECON_ERROR_MEMORY;
    run->slots = slots;
    const uint32_t number = recon_steps_partition_count(run->steps, gone->stream);
    int status = recon_kafka_reader_add_none(run->reader);
    if (status == RECON_OK)
        status = recon_ahead_add(run->ahead, NULL, gone->stream, number, gone->position);
    if (status != RECON_OK)
        return status;
    run->slots[run->slot_count++] = (struct run_slot){
        .stream = gone->stream,
        .partition = number,
        .topic_partition = gone->topic_partition,
        .position = gone->position,
        .is_gone = true,
        .is_ended = gone->is_ended,
        .caught_up_ms = RECON_TIME_MIN,
        .alive_ms = RECON_TIME_MIN,
    };
    status = recon_steps_partition(run->steps, gone->stream, gone->topic, gone->topic_partition);
    size_t count = 0;
    const struct recon_partition_name *names = recon_steps_names(run->steps, gone->stream, &count);
    recon_result_messenger_names(run->messenger, gone->stream, names, count);
    return status;
}

const char *run_topic(const struct recon_run *run, const struct run_slot *slot)
{
    size_t count = 0;
    return recon_steps_names(run->steps, slot->stream, &count)[slot->partition].topic;
}

/* Ends partitions that are gone, once each stream has others: until then event time waits for those. */
static int gone_end(struct recon_run *run)
{
    bool is_read[RECON_STREAM_COUNT] = {false, false};
    int status = RECON_OK;
    for (size_t i = 0; i < run->slot_count; i++)
        is_read[run->slots[i].stream] = is_read[run->slots[i].stream] || !run->slots[i].is_gone;
    for (size_t i = 0; i < run->slot_count && is_read[0] && is_read[1] && status == RECON_OK; i++) {
        struct run_slot *slot = &run->slots[i];
        if (!slot->is_gone || slot->is_ended)
            continue;
        const struct recon_journal_step step = {
            .kind = RECON_STEP_END, .stream = slot->stream, .partition = slot->partition};
        run_log(run, 5, "topic %s, partition %d is not read any more", run_topic(run, slot),
                (int)slot->topic_partition);
        status = run_note(run, &step);
        slot->is_ended = true;
        if (status == RECON_OK)
            status = recon_steps_end(run->steps, slot->stream, slot->partition);
    }
    return status;
}

/* Where a partition that comes is read from: its beginning; or, where it was read once and was gone, where that was. */
static int64_t partition_begin(const struct recon_run *run, int stream, const char *topic, int32_t partition,
                               int64_t first)
{
    for (size_t i = 0; i < run->slot_count; i++) {
        const struct run_slot *slot = &run->slots[i];
        if (slot->is_gone && slot->stream == stream && slot->topic_partition == partition &&
            strcmp(run_topic(run, slot), topic) == 0 && slot->position > first)
            first = slot->position;
    }
    return first;
}

/* Of a topic, that are read. */
static int32_t partition_count(const struct recon_run *run, size_t topic)
{
    int32_t count = 0;
    for (size_t i = 0; i < run->slot_count; i++)
        count += !run->slots[i].is_gone && run->slots[i].topic == topic;
    return count;
}

/* Adds partitions that have come. */
static int partitions_look(struct recon_run *run)
{
    const size_t audit_count = run->options.config->streams[RECON_STREAM_AUDIT].topic_count;
    if (is_kept_from_hearing(run, 0))
        return RECON_OK;
    for (size_t topic = 0; topic < run->topic_count; topic++) {
        int32_t known = partition_count(run, topic);
        const int32_t count = recon_kafka_reader_partition_count(run->reader, topic);
        for (; known < count; known++) {
            int64_t first = 0;
            int64_t end = 0;
            int32_t fresh = 0;
            /* The client that asks learns of it by the first question. Not there for all brokers yet: the next answer
             * is soon. */
            if (recon_kafka_topics_partitions(run->asker, run->topics[topic], &fresh) != RECON_OK ||
                recon_kafka_topics_range(run->asker, run->topics[topic], known, &first, &end) != RECON_OK) {
                run_log(run, 4, "waiting: %s", recon_kafka_topics_message(run->asker));
                return RECON_OK;
            }
            run_log(run, 6, "new partition %d of topic %s", (int)known, run->topics[topic]);
            const int stream = topic < audit_count ? RECON_STREAM_AUDIT : RECON_STREAM_EVENTS;
            first = partition_begin(run, stream, run->topics[topic], known, first);
            const int status = run_partition(run, stream, topic, known, first);
            if (status != RECON_OK)
                return status;
        }
    }
    return RECON_OK;
}

/* --- silence ----------------------------------------------------------------------------------------------------- */

static void lag_look(struct recon_run *run)
{
    for (size_t i = 0; i < run->slot_count; i++) {
        struct run_slot *slot = &run->slots[i];
        int64_t asked = 0;
        int64_t end = 0;
        /* The oldest end that is not read to counts, until it is: a newer one would never be reached by a reader that
         * is always a little behind. */
        if (!slot->is_checked && recon_kafka_reader_end(run->reader, (uint32_t)i, &asked, &end) &&
            asked > slot->caught_up_ms) {
            slot->is_checked = true;
            slot->check_asked_ms = asked;
            slot->check_end = end;
        }
        if (slot->is_checked && slot->position >= slot->check_end) {
            slot->is_checked = false;
            slot->caught_up_ms = slot->check_asked_ms;
        }
    }
}

static int say_alive(struct recon_run *run, struct run_slot *slot)
{
    const struct recon_journal_step step = {
        .kind = RECON_STEP_ALIVE, .stream = slot->stream, .partition = slot->partition};
    const int status = run_note(run, &step);
    if (status != RECON_OK)
        return status;
    slot->alive_ms = recon_steps_now(run->steps);
    return recon_steps_alive(run->steps, slot->stream, slot->partition);
}

int run_alive_all(struct recon_run *run)
{
    int status = RECON_OK;
    for (size_t i = 0; i < run->slot_count && status == RECON_OK; i++)
        if (!run->slots[i].is_ended)
            status = say_alive(run, &run->slots[i]);
    return status;
}

static int64_t retention_bound(const struct recon_run *run)
{
    struct recon_rise current = {.retention_bound = RECON_TIME_MIN};
    if (recon_steps_engine(run->steps) != NULL)
        recon_engine_current(recon_steps_engine(run->steps), &current);
    return current.retention_bound;
}

static int clock_tell(struct recon_run *run, int64_t now_ms)
{
    const struct recon_journal_step step = {.kind = RECON_STEP_CLOCK, .at = now_ms};
    const bool is_first = recon_steps_engine(run->steps) == NULL;
    const int64_t bound = retention_bound(run);
    const uint64_t result_count = run->result_count;
    if (run->quiet_end > 0 && run->quiet_end == run->journal_steps.size)
        run->journal_steps.size = run->quiet_begin;
    run->quiet_end = 0;
    int status = run_note(run, &step);
    const size_t end = run->journal_steps.size;
    if (status == RECON_OK)
        status = recon_steps_clock(run->steps, now_ms);
    if (status == RECON_OK && !is_first && run->result_count == result_count && retention_bound(run) == bound) {
        run->quiet_begin = run->noted_at;
        run->quiet_end = end;
    }
    return status;
}

static int clock_step(struct recon_run *run, int64_t now_ms)
{
    const int64_t timeout = idle_timeout(run);
    int status = clock_tell(run, now_ms);
    for (size_t i = 0; timeout != RECON_DURATION_UNSET && i < run->slot_count && status == RECON_OK; i++) {
        struct run_slot *slot = &run->slots[i];
        const bool is_behind = slot->caught_up_ms == RECON_TIME_MIN || now_ms - slot->caught_up_ms >= timeout / 2;
        if (is_behind && !slot->is_gone && (slot->alive_ms == RECON_TIME_MIN || now_ms - slot->alive_ms >= timeout / 4))
            status = say_alive(run, slot);
    }
    return status;
}

int run_advance(struct recon_run *run, int64_t now_ms)
{
    const int64_t timeout = idle_timeout(run);
    const int64_t stride = timeout == RECON_DURATION_UNSET || timeout < 4 ? INT64_MAX : timeout / 4;
    const int64_t until = recon_clock_monotonic_ms() + ADVANCE_MS;
    int64_t now = recon_steps_now(run->steps);
    int status = RECON_OK;
    if (now == RECON_TIME_MIN)
        return clock_step(run, now_ms);
    while (status == RECON_OK && now < now_ms && recon_clock_monotonic_ms() < until) {
        now = now_ms - now > stride ? now + stride : now_ms;
        status = clock_step(run, now);
    }
    return status;
}

/* In a build for tests: off by what a file says. */
static int64_t wall_ms(void)
{
    int64_t now_ms = recon_clock_wall_ms();
#ifdef RECON_TEST_POINTS
    const char *path = getenv("RECON_CLOCK_OFF_BY");
    FILE *file = path != NULL ? fopen(path, "re") : NULL;
    char text[32];
    if (file != NULL && fgets(text, sizeof text, file) != NULL)
        now_ms += strtoll(text, NULL, 10);
    if (file != NULL)
        fclose(file);
#endif
    return now_ms;
}

/* Tells once of a wall clock that does not go on with the steady one. */
static void clock_look(struct recon_run *run, int64_t now_ms)
{
    const int64_t apart_ms = now_ms - recon_clock_monotonic_ms();
    const int64_t ahead_ms = apart_ms - run->clocks_apart_ms;
    if (run->has_clocks_apart && ahead_ms >= CLOCK_JUMP_MS)
        run_log(run, 4,
                "the wall clock has jumped ahead by %lld s: it is followed in steps of a quarter of idle_timeout, and "
                "no more is read until it is reached",
                (long long)(ahead_ms / 1000));
    run->clocks_apart_ms = apart_ms;
    run->has_clocks_apart = true;
    const int64_t back_ms = recon_steps_now(run->steps) - now_ms;
    if (back_ms >= CLOCK_JUMP_MS && !run->is_clock_back)
        run_log(run, 4,
                "the wall clock is %lld s behind where it was: until it is there again, no more inputs become idle",
                (long long)(back_ms / 1000));
    run->is_clock_back = back_ms >= CLOCK_JUMP_MS || (run->is_clock_back && back_ms > 0);
}

/* --- records ----------------------------------------------------------------------------------------------------- */

/* The lowest time of the partitions that have more to read, as one may of which no end is known yet: RECON_TIME_MIN
 * where nothing of one was read that has a time. RECON_TIME_MAX: none has more. */
static int64_t behind_time(const struct recon_run *run)
{
    int64_t low = RECON_TIME_MAX;
    for (size_t i = 0; i < run->slot_count; i++) {
        const struct run_slot *slot = &run->slots[i];
        const int64_t time = recon_steps_time_max(run->steps, slot->stream, slot->partition);
        const bool is_unknown = slot->caught_up_ms == RECON_TIME_MIN && !slot->is_gone;
        if ((slot->is_checked || is_unknown) && time < low)
            low = time;
    }
    return low;
}

/* Something of each partition, but of those that are far ahead of one that has more to read: what they hold would wait
 * in memory for it. */
static int round_read(struct recon_run *run, bool *any)
{
    const struct recon_settings *settings = &run->options.config->settings;
    const int64_t ahead_ms = sum(settings->interval_ms, settings->out_of_orderness_ms);
    const int64_t behind = behind_time(run);
    int status = RECON_OK;
    *any = false;
    for (size_t i = 0; i < run->slot_count && status == RECON_OK; i++) {
        const struct run_slot *slot = &run->slots[i];
        const int64_t time = recon_steps_time_max(run->steps, slot->stream, slot->partition);
        size_t count = 0;
        const size_t client = recon_kafka_reader_client(i);
        if ((behind != RECON_TIME_MAX && time > sum(behind, ahead_ms)) || is_kept_from_hearing(run, client))
            continue;
        status = run_take(run, i, INT64_MAX, SIZE_MAX, &count);
        *any = *any || count > 0;
        run->has_read[client] |= count > 0;
    }
    return status;
}

/* Whether a new client sees something to read of one's slots; or, where it is the first, which asks about topics,
 * partitions that are not read yet. Waits for each answer, and for none behind one that does not come. */
static bool is_more_for_others(struct recon_run *run, size_t client)
{
    char message[256];
    struct recon_kafka_topics *asker = NULL;
    bool is_more = false;
    if (recon_kafka_topics_new(&run->kafka, &asker, message, sizeof message) != RECON_OK)
        return false;
    for (size_t i = 0; i < run->slot_count && !is_more; i++) {
        const struct run_slot *slot = &run->slots[i];
        int64_t first = 0;
        int64_t end = 0;
        run_beat(run);
        if (slot->is_gone || recon_kafka_reader_client(i) != client)
            continue;
        if (recon_kafka_topics_range(asker, run->topics[slot->topic], slot->topic_partition, &first, &end) != RECON_OK)
            break;
        is_more = end > slot->position;
    }
    for (size_t topic = 0; client == 0 && topic < run->topic_count && !is_more; topic++) {
        int32_t count = 0;
        run_beat(run);
        if (recon_kafka_topics_partitions(asker, run->topics[topic], &count) != RECON_OK)
            break;
        is_more = count > partition_count(run, topic);
    }
    recon_kafka_topics_free(asker);
    return is_more;
}

/* A broker that was shut out of its cluster for a moment may answer that there are no brokers at all; librdkafka then
 * forgets all that it knew, and does not come back (its issue 5301). Nothing is read any more and no question answered,
 * which is also what it is like when the brokers are away: so another client is asked. */
static int hearing_look(struct recon_run *run, size_t client)
{
    const int64_t steady = recon_clock_monotonic_ms();
    const bool is_planted = is_kept_from_hearing(run, client);
    const bool any = run->has_read[client];
    run->has_read[client] = false;
    _Static_assert(RECON_RUN_CLIENT_COUNT == RECON_KAFKA_CLIENT_COUNT, "each client has its count");
    uint64_t *deaf_in_row = &run->tally->deaf_in_row[client];
    if (any)
        *deaf_in_row = 0;
    if (!is_planted && (any || !recon_kafka_reader_is_unanswered(run->reader, client)))
        run->heard_ms[client] = steady;
    const int64_t patience_ms = (is_planted ? PLANTED_DEAF_MS : DEAF_MS) << (*deaf_in_row < 6 ? *deaf_in_row : 6);
    if (steady - run->heard_ms[client] < patience_ms)
        return RECON_OK;
    run->heard_ms[client] = steady;
    if (!is_more_for_others(run, client))
        return RECON_OK;
    run->tally->deaf++;
    ++*deaf_in_row;
    run_log(run, 4,
            "kafka: the client has lost the brokers for good, though they are there: all clients are made anew");
    return RUN_DEAF;
}

int run_live(struct recon_run *run)
{
    const int64_t timeout = idle_timeout(run);
    const int64_t tick_ms = clamp(timeout / 20, 1, TICK_MS_MAX);
    const int64_t ask_ms = clamp(timeout / 8, 10, ASK_MS_MAX);
    int64_t next_tick = 0;
    int64_t next_ask = 0;
    bool any = false;
    bool is_advancing = false; /* our clock is behind the wall clock: what is read now would have come too soon */
    int status = RECON_OK;
    recon_ahead_schemas_open(run->ahead);
    for (size_t i = 0; i < RECON_KAFKA_CLIENT_COUNT; i++)
        run->heard_ms[i] = recon_clock_monotonic_ms();
    while (status == RECON_OK && !run_is_stopped(run)) {
        const int64_t steady = recon_clock_monotonic_ms();
        if (steady >= next_ask) {
            if (run_point(run, "ends"))
                recon_kafka_reader_ask(run->reader, recon_steps_now(run->steps), run->topics, run->topic_count);
            next_ask = steady + ask_ms;
        }
        status = run_wait(run, any ? 0 : (int)clamp(tick_ms, 1, WAIT_MS));
        if (status != RECON_OK)
            return status;
        const int64_t began_ms = recon_clock_monotonic_ms();
        const double committed_s = run->tally->commits.seconds;
        bool is_in_snapshot = run_snapshot_is_under_way(run);
        lag_look(run);
        run_beat(run);
        status = run_turn(run);
        if (status != RECON_OK)
            return status;
        if (is_advancing || recon_clock_monotonic_ms() >= next_tick) {
            const int64_t now_ms = wall_ms();
            clock_look(run, now_ms);
            status = run_advance(run, now_ms);
            is_advancing = recon_steps_now(run->steps) < now_ms;
            next_tick = recon_clock_monotonic_ms() + tick_ms;
        }
        if (status == RECON_OK)
            status = partitions_look(run);
        if (status == RECON_OK)
            status = gone_end(run);
        any = is_advancing;
        if (status == RECON_OK && !is_advancing)
            status = round_read(run, &any);
        for (size_t i = 0; i < RECON_KAFKA_CLIENT_COUNT && status == RECON_OK; i++) {
            if (is_advancing)
                run->heard_ms[i] = recon_clock_monotonic_ms();
            else
                status = hearing_look(run, i);
        }
        if (status == RECON_OK && run_commit_is_due(run))
            status = run_commit(run);
        if (status == RECON_OK)
            status = run_snapshot_tick(run);
        is_in_snapshot = is_in_snapshot || run_snapshot_is_under_way(run);
        const double commits_ms = (run->tally->commits.seconds - committed_s) * 1000;
        run_tally_round(run->tally, recon_clock_monotonic_ms() - began_ms - (int64_t)(commits_ms + 0.5),
                        is_in_snapshot);
    }
    if (run->stop_deadline_ms == 0)
        run->stop_deadline_ms = recon_clock_monotonic_ms() + RUN_STOP_PATIENCE_MS;
    if (status == RECON_OK)
        status = run_commit(run);
    if (status == RECON_OK)
        run_snapshot_last(run);
    return status;
}
