/*
 * Snapshots of a run: made now and then, so that a start need not read everything again.
 *
 *     none under way ─ due: what was made is committed ─> given in pieces, between steps ─> written, synced, renamed
 *          ^                                                     │                                │
 *          └──────────── it failed: told, tried again ───────────┘                  the journal is trimmed
 *
 * 1. One begins between two steps, when all that was made is committed and the commit is confirmed: what it holds is
 *    what the journal's last entry says, neither more nor less. So no file can take its name before that.
 * 2. Its bytes are made while the run goes on, for SLICE_MS at a time, and written by a thread of their own
 *    (snapshot_file.h); a disk that is slow, full or gone holds nothing up.
 * 3. The last two whole ones are kept; the journal's entries before the older one's are not needed any more.
 */
#include <stdlib.h>
#include <string.h>

#include "recon/status.h"
#include "service/run_state.h"

#ifdef RECON_TEST_POINTS
#include <signal.h>
#endif

#define LAST_SLICE_MS 100 /* where nothing else is to be done */
#define SLICE_MS 5
#define DISCARD_BYTES 16384
#define SLOW_MS 60000
/* After one failed, at the most. */
#define RETRY_MS 10000

/* In a build for tests, RECON_KILL_AT=NAME:COUNT ends the process as `kill -9` does when it comes to a place for the
 * COUNT-th time, and RECON_FAIL_AT=NAME makes what follows fail. */
bool run_point(void *context, const char *name)
{
    (void)context;
#ifdef RECON_TEST_POINTS
    static long passed;
    const char *kill_at = getenv("RECON_KILL_AT");
    const char *fail_at = getenv("RECON_FAIL_AT");
    const size_t size = strlen(name);
    if (kill_at != NULL && strncmp(kill_at, name, size) == 0 && kill_at[size] == ':' &&
        __atomic_add_fetch(&passed, 1, __ATOMIC_RELAXED) == strtol(kill_at + size + 1, NULL, 10))
        raise(SIGKILL);
    return fail_at == NULL || strcmp(fail_at, name) != 0;
#else
    (void)name;
    return true;
#endif
}

static void give_up(struct run_snapshots *snapshots)
{
    recon_snapshot_file_free(snapshots->file);
    snapshots->file = NULL;
    if (snapshots->writer != NULL)
        recon_snapshot_writer_free(snapshots->writer);
    snapshots->writer = NULL;
}

void run_snapshots_deinit(struct recon_run *run)
{
    give_up(&run->snapshots);
    recon_buffer_deinit(&run->snapshots.head);
    free(run->snapshots.unsound);
}

void run_snapshot_refuse(struct recon_run *run, uint64_t number, const char *why)
{
    struct run_snapshots *snapshots = &run->snapshots;
    char *path = recon_snapshot_path(run->options.config->state_directory, run->options.config->name, number);
    run_log(run, 4, "snapshot %s is not gone on from: %s", path != NULL ? path : "", why);
    free(path);
    uint64_t *more = realloc(snapshots->unsound, (snapshots->unsound_count + 1) * sizeof *more);
    if (more == NULL) /* it stays where it is */
        return;
    snapshots->unsound = more;
    more[snapshots->unsound_count++] = number;
}

void run_snapshot_keep(struct recon_run *run, uint64_t number, int64_t offset, int64_t now_ms)
{
    run->snapshots.has_kept = true;
    run->snapshots.kept_number = number;
    run->snapshots.kept_offset = offset;
    run->snapshot_ms = now_ms;
}

/* --- the journal behind the older one ------------------------------------------------------------------------------
 */

static void trim(struct recon_run *run, int64_t offset)
{
#ifdef RECON_TEST_POINTS
    if (getenv("RECON_JOURNAL_WHOLE") != NULL)
        return;
#endif
    recon_kafka_topics_delete_before(run->asker, run->journal_topic, 0, offset);
    run->snapshots.was_deleting = true;
}

static void trim_look(struct recon_run *run)
{
    int status = RECON_OK;
    if (!run->snapshots.was_deleting || !recon_kafka_topics_deleted(run->asker, &status))
        return;
    run->snapshots.was_deleting = false;
    if (status != RECON_OK)
        run_log(run, 4, "the journal grows: entries that are not needed any more could not be deleted: %s",
                recon_kafka_topics_message(run->asker));
}

/* --- one --------------------------------------------------------------------------------------------------------- */

/* Forgets what was published before a beginning anew and can't change any more. */
static void published_trim(struct recon_run *run)
{
    const struct recon_settings *settings = &run->options.config->settings;
    struct recon_rise current;
    if (run->published == NULL)
        return;
    recon_engine_current(recon_steps_engine(run->steps), &current);
    if (current.retention_bound > RECON_TIME_MIN / 2)
        recon_published_trim(run->published, current.retention_bound - settings->retention_ms - settings->interval_ms,
                             RECON_TIME_MIN);
}

static int head_make(struct recon_run *run)
{
    struct run_snapshots *snapshots = &run->snapshots;
    struct recon_snapshot_partition *partitions = calloc(run->slot_count + 1, sizeof *partitions);
    if (partitions == NULL)
        return RECON_ERROR_MEMORY;
    for (size_t i = 0; i < run->slot_count; i++) {
        const struct run_slot *slot = &run->slots[i];
        const char *topic = run_topic(run, slot);
        partitions[i] = (struct recon_snapshot_partition){
            .stream = slot->stream,
            .is_ended = slot->is_ended,
            .topic = {topic, (uint32_t)strlen(topic)},
            .topic_partition = slot->topic_partition,
            .position = slot->position,
            .time_max = recon_steps_time_max(run->steps, slot->stream, slot->partition),
        };
    }
    struct recon_buffer published;
    recon_buffer_init(&published);
    int status = run->published != NULL ? recon_published_write(run->published, &published) : RECON_OK;
    const struct recon_snapshot_head head = {
        .entry_number = run->entry_count - 1,
        .entry_offset = run->entry_offset,
        .entry_hash = run->entry_hash,
        .record_count = recon_steps_record_count(run->steps),
        .hash = recon_steps_hash(run->steps),
        .result_count = run->result_count,
        .now_ms = recon_steps_now(run->steps),
        .settings = {run->settings.bytes, (uint32_t)run->settings.size},
        .published = {published.bytes, (uint32_t)published.size},
        .partitions = partitions,
        .partition_count = run->slot_count,
    };
    snapshots->number = head.entry_number;
    snapshots->offset = head.entry_offset;
    snapshots->now_ms = head.now_ms;
    snapshots->head.size = 0;
    snapshots->head_done = 0;
    if (status == RECON_OK)
        status = recon_snapshot_head_write(&head, &snapshots->head);
    recon_buffer_deinit(&published);
    free(partitions);
    return status;
}

static int begin(struct recon_run *run)
{
    struct run_snapshots *snapshots = &run->snapshots;
    published_trim(run);
    int status = head_make(run);
    if (status == RECON_OK)
        status = recon_steps_snapshot(run->steps, &snapshots->writer);
    if (status == RECON_OK)
        status = recon_snapshot_writer_freeze(snapshots->writer);
    const struct recon_snapshot_file_options options = {
        .directory = run->options.config->state_directory,
        .name = run->options.config->name,
        .number = snapshots->number,
        .keep_from = snapshots->has_kept ? snapshots->kept_number : 0,
        .unwanted = snapshots->unsound,
        /* What could not be gone on from stays until there are two that can. */
        .unwanted_count = snapshots->has_kept ? snapshots->unsound_count : 0,
        .point = run_point,
    };
    snapshots->slow_ms = recon_clock_monotonic_ms() + SLOW_MS;
    if (status == RECON_OK)
        status = recon_snapshot_file_new(&options, &snapshots->file);
    if (status != RECON_OK)
        give_up(snapshots);
    return status;
}

/* Fills a piece. size 0: that was all. */
static int piece_fill(struct recon_run *run, char *piece, size_t *size)
{
    struct run_snapshots *snapshots = &run->snapshots;
    int status = RECON_OK;
    size_t more = snapshots->head.size - snapshots->head_done;
    more = more > RECON_SNAPSHOT_PIECE_BYTES ? RECON_SNAPSHOT_PIECE_BYTES : more;
    memcpy(piece, snapshots->head.bytes + snapshots->head_done, more);
    snapshots->head_done += more;
    *size = more;
    while (status == RECON_OK && *size < RECON_SNAPSHOT_PIECE_BYTES) {
        status =
            recon_snapshot_writer_next(snapshots->writer, piece + *size, RECON_SNAPSHOT_PIECE_BYTES - *size, &more);
        if (status != RECON_OK || more == 0)
            break;
        *size += more;
    }
    return status;
}

/* Gives pieces until a time of the steady clock, or until the disk is behind. may_wait: waits for it. */
static int give(struct recon_run *run, int64_t until_ms, bool may_wait)
{
    struct run_snapshots *snapshots = &run->snapshots;
    char *piece;
    while (snapshots->writer != NULL && recon_clock_monotonic_ms() < until_ms &&
           (piece = recon_snapshot_file_piece(snapshots->file, may_wait)) != NULL) {
        size_t size = 0;
        const int status = piece_fill(run, piece, &size);
        if (status != RECON_OK)
            return status;
        if (size > 0) {
            recon_snapshot_file_put(snapshots->file, size);
            continue;
        }
        recon_snapshot_writer_free(snapshots->writer);
        snapshots->writer = NULL;
        recon_snapshot_file_end(snapshots->file);
    }
    return RECON_OK;
}

/* What is frozen is not let go of at once, which takes long where much of it has changed: it is read to its end. */
static void discard(struct recon_run *run)
{
    struct run_snapshots *snapshots = &run->snapshots;
    const int64_t until_ms = recon_clock_monotonic_ms() + SLICE_MS;
    char piece[DISCARD_BYTES];
    size_t size = sizeof piece;
    int status = RECON_OK;
    while (status == RECON_OK && size > 0 && recon_clock_monotonic_ms() < until_ms)
        status = recon_snapshot_writer_next(snapshots->writer, piece, sizeof piece, &size);
    if (status == RECON_OK && size > 0)
        return;
    recon_snapshot_writer_free(snapshots->writer);
    snapshots->writer = NULL;
}

static void failed(struct recon_run *run, const char *why)
{
    struct run_snapshots *snapshots = &run->snapshots;
    const int64_t interval = run->options.config->snapshot_interval_ms;
    run_log(run, 4, "no snapshot could be made, a start will take longer: %s", why);
    snapshots->was_told = false;
    recon_snapshot_file_free(snapshots->file);
    snapshots->file = NULL;
    snapshots->next_ms = recon_clock_monotonic_ms() + (interval < RETRY_MS ? interval : RETRY_MS);
}

static void whole(struct recon_run *run)
{
    struct run_snapshots *snapshots = &run->snapshots;
    if (!snapshots->was_told)
        run_log(run, 6, "snapshots are made; the last one has all up to entry %llu",
                (unsigned long long)snapshots->number);
    snapshots->was_told = true;
    if (snapshots->has_kept) {
        snapshots->unsound_count = 0;
        trim(run, snapshots->kept_offset);
    }
    run_snapshot_keep(run, snapshots->number, snapshots->offset, snapshots->now_ms);
    /* An entry behind it has them, so that a journal that is trimmed does. */
    run->settings_are_due = true;
    give_up(snapshots);
}

static void look(struct recon_run *run, int wait_ms)
{
    char why[512] = "";
    switch (recon_snapshot_file_look(run->snapshots.file, wait_ms, why, sizeof why)) {
    case RECON_SNAPSHOT_FILE_OPEN:
        if (recon_clock_monotonic_ms() >= run->snapshots.slow_ms) {
            run_log(run, 4, "a snapshot has been under way for long: %s is slow or hangs. Nothing waits for it",
                    run->options.config->state_directory);
            run->snapshots.slow_ms += SLOW_MS;
        }
        return;
    case RECON_SNAPSHOT_FILE_FAILED:
        failed(run, why);
        return;
    case RECON_SNAPSHOT_FILE_WHOLE:
        whole(run);
    }
}

/* What there is to be had in a snapshot that is not in the last one. */
static bool is_news(const struct recon_run *run)
{
    const struct run_snapshots *snapshots = &run->snapshots;
    return run->entry_count > 0 && (!snapshots->has_kept || run->entry_count - 1 != snapshots->kept_number);
}

bool run_snapshot_is_under_way(const struct recon_run *run)
{
    return run->snapshots.file != NULL || run->snapshots.writer != NULL;
}

int run_snapshot_tick(struct recon_run *run)
{
    struct run_snapshots *snapshots = &run->snapshots;
    int status = RECON_OK;
    trim_look(run);
    if (snapshots->file == NULL && snapshots->writer != NULL) {
        discard(run);
        return RECON_OK;
    }
    if (snapshots->file == NULL) {
        const int64_t now = recon_clock_monotonic_ms();
        if (snapshots->next_ms == 0)
            snapshots->next_ms = now + run->options.config->snapshot_interval_ms;
        if (now < snapshots->next_ms)
            return RECON_OK;
        snapshots->next_ms = now + run->options.config->snapshot_interval_ms;
        if (!is_news(run) && run->dirty_since_ms == 0)
            return RECON_OK;
        status = run_commit(run);
        if (status != RECON_OK)
            return status;
        status = begin(run);
    }
    /* At most half of the time is the snapshot's. */
    if (status == RECON_OK && recon_clock_monotonic_ms() - snapshots->given_ms >= SLICE_MS) {
        status = give(run, recon_clock_monotonic_ms() + SLICE_MS, false);
        snapshots->given_ms = recon_clock_monotonic_ms();
    }
    if (status != RECON_OK)
        failed(run, recon_status_text(status));
    else
        look(run, 0);
    return RECON_OK;
}

static bool is_late(struct recon_run *run)
{
    if (run_is_stopped(run) && run->stop_deadline_ms == 0)
        run->stop_deadline_ms = recon_clock_monotonic_ms() + RUN_STOP_PATIENCE_MS;
    return run->stop_deadline_ms != 0 && recon_clock_monotonic_ms() >= run->stop_deadline_ms;
}

void run_snapshot_last(struct recon_run *run)
{
    struct run_snapshots *snapshots = &run->snapshots;
    give_up(snapshots);
    if (!is_news(run) || begin(run) != RECON_OK)
        return;
    while (snapshots->file != NULL && !is_late(run) && run_turn(run) == RECON_OK) {
        run_beat(run);
        const int status = give(run, recon_clock_monotonic_ms() + LAST_SLICE_MS, false);
        if (status != RECON_OK)
            failed(run, recon_status_text(status));
        else
            look(run, 10);
    }
    if (snapshots->file != NULL)
        run_log(run, 5, "the last snapshot was not done in time: the next start goes on from the one before");
}
