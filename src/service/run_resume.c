/*
 * How a run that has a journal begins: from the newest snapshot that the journal bears out, or from the journal's
 * beginning; then all that was done since is done again, with what is published withheld.
 *
 * The journal is gone through twice: to know how much was published and which snapshots it bears out, and to do it
 * again. Where to read on comes from it and the snapshot alone.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recon/status.h"
#include "service/bytes.h"
#include "service/run_state.h"

#define WAIT_MS 100
#define ENTRY_COUNT 16

struct candidate {
    uint64_t number;
    FILE *file; /* behind the head */
    struct recon_buffer bytes;
    struct recon_snapshot_head head;
    bool is_borne_out;
};

struct resume {
    struct recon_run *run;
    struct candidate *candidates; /* the newest first */
    size_t candidate_count;
    int64_t first; /* of the journal's offsets; end: behind the last */
    int64_t end;
    bool has_entry;
    uint64_t first_number;
    struct recon_buffer settings; /* the last in an entry */
    /* While it is done again. */
    bool settings_differ; /* of the last entry's or snapshot's from what they are now */
    char difference[512];
    bool is_refused; /* as it could be gone on under the settings of then */
};

/* --- the journal ------------------------------------------------------------------------------------------------- */

typedef int (*entry_handler)(struct resume *resume, const struct recon_journal_entry *entry, int64_t offset,
                             struct recon_text bytes);

static int entry_give(struct resume *resume, const struct recon_kafka_message *message, uint64_t *number,
                      bool *has_number, entry_handler handle)
{
    struct recon_run *run = resume->run;
    struct recon_journal_entry entry;
    int status = recon_journal_entry_read(message->value, &entry);
    if (status == RECON_OK && *has_number && entry.number != *number)
        status = RECON_ERROR_DAMAGED;
    if (status == RECON_OK) {
        *number = entry.number + 1;
        *has_number = true;
        status = handle(resume, &entry, message->offset, message->value);
    }
    if (status == RECON_ERROR_DAMAGED || status == RECON_ERROR_VERSION)
        status = run_fail(run, status, "topic %s, offset %lld: %s", run->journal_topic, (long long)message->offset,
                          recon_status_text(status));
    return status;
}

/* Gives each entry from an offset on, in turn, up to the end that the journal had. */
static int journal_read(struct resume *resume, int64_t first, entry_handler handle)
{
    struct recon_run *run = resume->run;
    const struct recon_kafka_bounds bounds = {.before = resume->end, .count_max = ENTRY_COUNT, .size_max = SIZE_MAX};
    struct recon_kafka_taken taken = {.position = first};
    struct recon_kafka_reader *reader = NULL;
    uint64_t number = 0;
    bool has_number = false;
    if (first >= resume->end)
        return RECON_OK;
    int status = recon_kafka_reader_new(&run->kafka, &reader, run->message, run->message_size);
    if (status == RECON_OK)
        status = recon_kafka_reader_add(reader, run->journal_topic, 0, first, -1);
    while (status == RECON_OK && taken.position < resume->end) {
        run_beat(run);
        status = run_is_stopped(run) ? RUN_STOPPED : recon_kafka_reader_wait(reader, WAIT_MS);
        if (status == RECON_OK)
            status = recon_kafka_slot_take(recon_kafka_reader_slot(reader, 0), &bounds, &taken);
        if (status == RECON_ERROR_IO)
            status =
                run_fail(run, status, "%s", taken.error[0] != '\0' ? taken.error : recon_kafka_reader_message(reader));
        for (size_t i = 0; i < taken.count && status == RECON_OK; i++)
            status = entry_give(resume, &taken.messages[i], &number, &has_number, handle);
        recon_kafka_taken_release(&taken);
    }
    recon_kafka_taken_deinit(&taken);
    recon_kafka_reader_free(reader);
    return status;
}

static int entry_look(struct resume *resume, const struct recon_journal_entry *entry, int64_t offset,
                      struct recon_text bytes)
{
    struct recon_run *run = resume->run;
    if (!resume->has_entry)
        resume->first_number = entry->number;
    resume->has_entry = true;
    run->entry_count = entry->number + 1;
    run->withheld_count = entry->result_count;
    if (entry->settings.size > 0) {
        resume->settings.size = 0;
        const int status = recon_buffer_reserve(&resume->settings, entry->settings.size);
        if (status != RECON_OK)
            return status;
        recon_bytes_put(&resume->settings, entry->settings.bytes, entry->settings.size);
    }
    for (size_t i = 0; i < resume->candidate_count; i++) {
        struct candidate *one = &resume->candidates[i];
        if (one->head.entry_offset == offset)
            one->is_borne_out = one->head.entry_number == entry->number &&
                                one->head.entry_hash == recon_bytes_hash(bytes) &&
                                one->head.record_count == entry->record_count && one->head.hash == entry->hash &&
                                one->head.result_count == entry->result_count;
    }
    return RECON_OK;
}

/* --- doing it again ---------------------------------------------------------------------------------------------- */

static int topic_of(const struct recon_run *run, struct recon_text name, int stream, size_t *topic)
{
    for (size_t i = 0; i < run->topic_count; i++)
        if (strlen(run->topics[i]) == name.size && memcmp(run->topics[i], name.bytes, name.size) == 0 &&
            run_is_audit(run, i) == (stream == RECON_STREAM_AUDIT)) {
            *topic = i;
            return RECON_OK;
        }
    return RECON_ERROR_DAMAGED;
}

static int range_is_gone(struct recon_run *run, const struct run_slot *slot, const struct recon_journal_step *step,
                         const char *why)
{
    return run_fail(run, RUN_UNSOUND,
                    "topic %s, partition %d: offsets %lld to %lld, which were read before, are to be read again, and "
                    "%s (retention, compaction, or a topic made anew)",
                    run_topic(run, slot), (int)slot->topic_partition, (long long)step->first, (long long)step->end - 1,
                    why);
}

static int reread_range(struct recon_run *run, const struct recon_journal_step *step)
{
    size_t slot = 0;
    while (slot < run->slot_count &&
           (run->slots[slot].stream != step->stream || run->slots[slot].partition != step->partition))
        slot++;
    if (slot == run->slot_count || run->slots[slot].is_gone)
        return RECON_ERROR_DAMAGED;
    size_t done = 0;
    int status = RECON_OK;
    while (status == RECON_OK && done < step->count) {
        size_t count = 0;
        run_beat(run);
        status = run_take(run, slot, step->end, step->count - done, &count);
        done += count;
        if (status == RECON_ERROR_IO && run->is_lost)
            return range_is_gone(run, &run->slots[slot], step, "they are gone");
        if (status != RECON_OK || count > 0)
            continue;
        if (run->slots[slot].position >= step->end)
            return range_is_gone(run, &run->slots[slot], step, "some are gone");
        status = run_is_stopped(run) ? RUN_STOPPED : run_wait(run, WAIT_MS);
    }
    recon_steps_schemas_forget(run->steps, step->stream);
    return status;
}

static int end_again(struct recon_run *run, const struct recon_journal_step *step)
{
    for (size_t i = 0; i < run->slot_count; i++) {
        struct run_slot *slot = &run->slots[i];
        if (slot->stream != step->stream || slot->partition != step->partition || !slot->is_gone || slot->is_ended)
            continue;
        slot->is_ended = true;
        return recon_steps_end(run->steps, step->stream, step->partition);
    }
    return RECON_ERROR_DAMAGED;
}

static int step_again(struct recon_run *run, const struct recon_journal_step *step)
{
    size_t topic = 0;
    if (step->kind != RECON_STEP_PARTITION && step->kind != RECON_STEP_CLOCK && step->kind != RECON_STEP_ABSENT &&
        step->kind != RECON_STEP_ANEW &&
        (step->partition >= recon_steps_partition_count(run->steps, step->stream) ||
         recon_steps_now(run->steps) == RECON_TIME_MIN))
        return RECON_ERROR_DAMAGED;
    switch (step->kind) {
    case RECON_STEP_PARTITION:
        if (topic_of(run, step->topic, step->stream, &topic) != RECON_OK)
            return RECON_ERROR_DAMAGED;
        return run_partition(run, step->stream, topic, step->topic_partition, step->first);
    case RECON_STEP_CLOCK:
        return recon_steps_clock(run->steps, step->at);
    case RECON_STEP_RANGE:
        return reread_range(run, step);
    case RECON_STEP_ABSENT:
        return run_schema_absent(run, step);
    case RECON_STEP_ALIVE:
        return recon_steps_alive(run->steps, step->stream, step->partition);
    case RECON_STEP_END:
        return end_again(run, step);
    case RECON_STEP_ANEW:
        return run_fail(run, RUN_UNSOUND, "the run was begun anew since");
    default:
        return RECON_ERROR_VERSION;
    }
}

/* What is read again must be read under the settings it was read under. */
static int settings_follow(struct resume *resume, struct recon_text settings)
{
    struct recon_run *run = resume->run;
    if (settings.size > 0) {
        if (run->settings.size == 0) {
            const int status = run_settings_adopt(run, settings);
            if (status != RECON_OK)
                return status;
        }
        resume->settings_differ = !run_settings_are(run, settings, resume->difference, sizeof resume->difference);
    }
    return RECON_OK;
}

static int entry_again(struct resume *resume, const struct recon_journal_entry *entry, int64_t offset,
                       struct recon_text bytes)
{
    struct recon_run *run = resume->run;
    struct recon_text steps = entry->steps;
    int status = settings_follow(resume, entry->settings);
    if (status == RECON_OK && resume->settings_differ) {
        char last[sizeof resume->difference];
        const struct recon_text settings = {resume->settings.bytes, (uint32_t)resume->settings.size};
        /* Where they had changed since, there are none that all could be read again under. */
        resume->is_refused = resume->is_refused || !run_settings_are(run, settings, last, sizeof last);
        return run_fail(run, RUN_UNSOUND, "what is to be read again was read under other settings: %s",
                        resume->difference);
    }
    if (status == RECON_OK && run->steps == NULL)
        status = run_steps_make(run);
    while (status == RECON_OK) {
        struct recon_journal_step step;
        status = recon_journal_step_read(&steps, &step);
        if (status == RECON_OK && step.kind == 0)
            break;
        if (status == RECON_OK)
            status = run_is_stopped(run) ? RUN_STOPPED : run_turn(run);
        if (status == RECON_OK)
            status = step_again(run, &step);
    }
    if (status != RECON_OK)
        return status;
    if (entry->record_count != recon_steps_record_count(run->steps) || entry->hash != recon_steps_hash(run->steps))
        return run_fail(run, RUN_UNSOUND,
                        "what was read before is not what is read now: after entry %llu of topic %s the records differ "
                        "(%llu then, %llu now)",
                        (unsigned long long)entry->number, run->journal_topic, (unsigned long long)entry->record_count,
                        (unsigned long long)recon_steps_record_count(run->steps));
    run->entry_offset = offset;
    run->entry_hash = recon_bytes_hash(bytes);
    return RECON_OK;
}

/* --- snapshots --------------------------------------------------------------------------------------------------- */

/* Reads the head, so that the file stands behind it. */
static int head_load(struct candidate *one)
{
    char prefix[RECON_SNAPSHOT_HEAD_PREFIX_BYTES];
    size_t size = 0;
    if (fread(prefix, 1, sizeof prefix, one->file) != sizeof prefix)
        return ferror(one->file) ? RECON_ERROR_IO : RECON_ERROR_TRUNCATED;
    int status = recon_snapshot_head_size(prefix, &size);
    if (status == RECON_OK)
        status = recon_buffer_reserve(&one->bytes, size);
    if (status != RECON_OK)
        return status;
    memcpy(one->bytes.bytes, prefix, sizeof prefix);
    if (fread(one->bytes.bytes + sizeof prefix, 1, size - sizeof prefix, one->file) != size - sizeof prefix)
        return ferror(one->file) ? RECON_ERROR_IO : RECON_ERROR_TRUNCATED;
    one->bytes.size = size;
    status = recon_snapshot_head_read((struct recon_text){one->bytes.bytes, (uint32_t)size}, &one->head);
    return status == RECON_OK && one->head.entry_number != one->number ? RECON_ERROR_DAMAGED : status;
}

static void candidate_deinit(struct candidate *one)
{
    if (one->file != NULL)
        fclose(one->file);
    recon_buffer_deinit(&one->bytes);
    free(one->head.partitions);
}

static int candidate_open(struct recon_run *run, struct candidate *one, uint64_t number)
{
    *one = (struct candidate){.number = number};
    recon_buffer_init(&one->bytes);
    char *path = recon_snapshot_path(run->options.config->state_directory, run->options.config->name, number);
    if (path == NULL)
        return RECON_ERROR_MEMORY;
    one->file = fopen(path, "rbe");
    free(path);
    const int status = one->file == NULL ? RECON_ERROR_IO : head_load(one);
    if (status != RECON_OK) {
        run_snapshot_refuse(run, number, status == RECON_ERROR_IO ? strerror(errno) : recon_status_text(status));
        candidate_deinit(one);
    }
    return status;
}

/* Whatever can't be read is told, and the run begins without it. */
static int candidates_find(struct resume *resume)
{
    struct recon_run *run = resume->run;
    const struct recon_config *config = run->options.config;
    uint64_t *numbers = NULL;
    size_t count = 0;
    int status = recon_snapshot_list(config->state_directory, config->name, &numbers, &count);
    if (status == RECON_ERROR_IO) {
        run_log(run, 4, "no snapshot can be read: %s: %s", config->state_directory, strerror(errno));
        return RECON_OK;
    }
    if (status != RECON_OK)
        return status;
    resume->candidates = calloc(count + 1, sizeof *resume->candidates);
    if (resume->candidates == NULL)
        status = RECON_ERROR_MEMORY;
    for (size_t i = 0; i < count && status == RECON_OK; i++)
        if (candidate_open(run, &resume->candidates[resume->candidate_count], numbers[i]) == RECON_OK)
            resume->candidate_count++;
    free(numbers);
    return status;
}

static void candidates_free(struct resume *resume)
{
    for (size_t i = 0; i < resume->candidate_count; i++)
        candidate_deinit(&resume->candidates[i]);
    free(resume->candidates);
}

/* Nothing is read and nothing known: another beginning may be tried. */
static int inputs_reset(struct recon_run *run)
{
    run_abort(run);
    run->snapshots.has_kept = false;
    recon_published_free(run->published);
    run->published = NULL;
    recon_steps_free(run->steps);
    run->steps = NULL;
    run_inputs_free(run);
    run->is_lost = false;
    run->slot_count = 0;
    run->settings.size = 0;
    run->result_count = 0;
    run->message[0] = '\0';
    return run_inputs_make(run);
}

static int partitions_restore(struct recon_run *run, const struct recon_snapshot_head *head)
{
    int status = RECON_OK;
    for (size_t i = 0; i < head->partition_count && status == RECON_OK; i++) {
        const struct recon_snapshot_partition *one = &head->partitions[i];
        size_t topic = 0;
        if (one->is_ended || topic_of(run, one->topic, one->stream, &topic) != RECON_OK)
            status = run_partition_gone(run, one);
        else
            status = run_partition(run, one->stream, topic, one->topic_partition, one->position);
        if (status == RECON_OK)
            recon_steps_time_restore(run->steps, one->stream, run->slots[run->slot_count - 1].partition, one->time_max);
    }
    return status;
}

static int engine_restore(struct recon_run *run, struct candidate *one)
{
    char bytes[32768];
    size_t size;
    int status = RECON_OK;
    while (status == RECON_OK && (size = fread(bytes, 1, sizeof bytes, one->file)) > 0)
        status = run_is_stopped(run) ? RUN_STOPPED : recon_steps_restore(run->steps, bytes, size);
    if (status == RECON_OK && ferror(one->file))
        return RECON_ERROR_IO;
    return status == RECON_OK
               ? recon_steps_restored(run->steps, one->head.now_ms, one->head.record_count, one->head.hash)
               : status;
}

/* RECON_ERROR_DAMAGED, _TRUNCATED, _VERSION, _IO: it can't be gone on from, another one may. */
static int candidate_restore(struct resume *resume, struct candidate *one)
{
    struct recon_run *run = resume->run;
    int status = inputs_reset(run);
    if (status == RECON_OK)
        status = settings_follow(resume, one->head.settings);
    if (status == RECON_OK)
        status = run_steps_make(run);
    if (status == RECON_OK)
        status = partitions_restore(run, &one->head);
    if (status == RECON_OK)
        status = engine_restore(run, one);
    if (status != RECON_OK)
        return status;
    run->result_count = one->head.result_count;
    if (one->head.published.size > 0) {
        const struct recon_config *config = run->options.config;
        status = recon_published_new(config->name, config->source_in_identity, &run->published);
        if (status == RECON_OK)
            status = recon_published_load(run->published, one->head.published);
        if (status != RECON_OK)
            return status;
    }
    run->entry_offset = one->head.entry_offset;
    run->entry_hash = one->head.entry_hash;
    run_snapshot_keep(run, one->number, one->head.entry_offset, one->head.now_ms);
    return RECON_OK;
}

static bool is_of_no_use(int status)
{
    return status == RECON_ERROR_DAMAGED || status == RECON_ERROR_TRUNCATED || status == RECON_ERROR_VERSION ||
           status == RECON_ERROR_IO;
}

/* The newest one that can be gone on from; first: the offset to go on at. RUN_UNSOUND: none can. */
static int snapshot_restore(struct resume *resume, int64_t *first)
{
    struct recon_run *run = resume->run;
    int status = RUN_UNSOUND;
    for (size_t i = 0; i < resume->candidate_count && status == RUN_UNSOUND; i++) {
        struct candidate *one = &resume->candidates[i];
        if (!one->is_borne_out) {
            char why[160];
            snprintf(why, sizeof why, "it follows entry %llu, and the journal has another one or none at its offset",
                     (unsigned long long)one->number);
            run_snapshot_refuse(run, one->number, why);
            continue;
        }
        status = candidate_restore(resume, one);
        if (!is_of_no_use(status)) {
            *first = one->head.entry_offset + 1;
            break;
        }
        run_snapshot_refuse(run, one->number, recon_status_text(status));
        run->message[0] = '\0';
        status = RUN_UNSOUND;
    }
    return status;
}

/* --- a start ----------------------------------------------------------------------------------------------------- */

static int do_again(struct resume *resume, int64_t first)
{
    struct recon_run *run = resume->run;
    run_log(run, 6, "going on from the journal: %llu entries, %llu results are published",
            (unsigned long long)run->entry_count, (unsigned long long)run->withheld_count);
    run->is_rereading = true;
    const int status = journal_read(resume, first, entry_again);
    run->is_rereading = false;
    if (status == RECON_OK && run->result_count < run->withheld_count)
        return run_fail(run, RUN_UNSOUND, "topic %s says that more results are published than what was read gives",
                        run->journal_topic);
    return status;
}

static int again_from_beginning(struct resume *resume)
{
    const int status = inputs_reset(resume->run);
    return status == RECON_OK ? do_again(resume, resume->first) : status;
}

static int again_from_snapshot(struct resume *resume)
{
    struct recon_run *run = resume->run;
    int64_t first = 0;
    run->is_rereading = true;
    const int status = snapshot_restore(resume, &first);
    run->is_rereading = false;
    if (status == RECON_OK && run->record != NULL)
        run_log(run, 4, "the trace begins with entry %llu, and can't be repeated by itself",
                (unsigned long long)run->snapshots.kept_number + 1);
    return status == RECON_OK ? do_again(resume, first) : status;
}

/* Says why that was no way to begin. RUN_UNSOUND: to be tried in another way. */
static int next_way(struct recon_run *run, int status)
{
    if (status == RUN_UNSOUND && run->message[0] != '\0')
        run_log(run, 4, "%s", run->message);
    return status;
}

static int state_restore(struct resume *resume)
{
    struct recon_run *run = resume->run;
    const bool is_whole = resume->first_number == 0;
    /* A trace that is to be repeated begins at the beginning. */
    const bool is_traced = is_whole && run->record != NULL;
    int status = RUN_UNSOUND;
    if (is_traced)
        status = next_way(run, again_from_beginning(resume));
    if (status == RUN_UNSOUND)
        status = next_way(run, again_from_snapshot(resume));
    if (status == RUN_UNSOUND && is_whole && !is_traced)
        status = next_way(run, again_from_beginning(resume));
    const struct recon_text settings = {resume->settings.bytes, (uint32_t)resume->settings.size};
    if (status == RUN_UNSOUND && resume->is_refused && !run->is_settling &&
        run_settings_then(run, settings, &run->then)) {
        run_log(run, 5,
                "the settings have changed (%s): what was read since the last snapshot is read again under "
                "those of then first",
                resume->difference);
        return RUN_SETTLE;
    }
    if (status == RUN_UNSOUND && resume->is_refused)
        return run_fail(run, RECON_ERROR_MISMATCH,
                        "the settings are not those that '%s' has run with: %s. What it read since its last snapshot "
                        "is to be read again under those: take them back, start it and stop it in good order once; "
                        "then it goes on under others",
                        run->options.config->name, resume->difference);
    return status;
}

static int resume_from(struct resume *resume)
{
    struct recon_run *run = resume->run;
    int status = state_restore(resume);
    if (status == RUN_UNSOUND) {
        run_log(run, 4, "there is no sound snapshot, and what was read can't be read again from the beginning");
        status = inputs_reset(run);
        return status == RECON_OK
                   ? run_start_anew(run, (struct recon_text){resume->settings.bytes, (uint32_t)resume->settings.size})
                   : status;
    }
    if (status != RECON_OK)
        return status;
    run_log(run, 6, "all is read again: %llu records", (unsigned long long)recon_steps_record_count(run->steps));
    if (run->is_settling)
        return RECON_OK;
    run->settings_are_due = true;
    /* Being down was no silence of the inputs. */
    if (recon_steps_now(run->steps) != RECON_TIME_MIN)
        status = run_alive_all(run);
    return status == RECON_OK ? run_advance(run, recon_clock_wall_ms()) : status;
}

int run_resume(struct recon_run *run, bool *found)
{
    struct resume resume = {.run = run};
    recon_buffer_init(&resume.settings);
    int status = run_ask_range(run, run->journal_topic, 0, &resume.first, &resume.end);
    if (status == RECON_OK)
        status = candidates_find(&resume);
    if (status == RECON_OK)
        status = journal_read(&resume, resume.first, entry_look);
    *found = resume.has_entry;
    if (status == RECON_OK && *found)
        status = resume_from(&resume);
    candidates_free(&resume);
    recon_buffer_deinit(&resume.settings);
    return status;
}
