/*
 * How a run that has a journal begins: from the newest snapshot that the journal bears out, or from the journal's
 * beginning; then all that was done since is done again, with what is published withheld.
 *
 * The journal is gone through twice: to know how much was published and which snapshots it bears out, and to do it
 * again. Where to read on comes from it and the snapshot alone.
 */
#include <string.h>

#include "recon/status.h"
#include "service/bytes.h"
#include "service/run_resume.h"

#define WAIT_MS 100
#define ENTRY_COUNT 16

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

/* What is read again must be read under the settings it was read under. */
int run_settings_follow(struct resume *resume, struct recon_text settings)
{
    struct recon_run *run = resume->run;
    if (settings.size > 0) {
        if (run->settings.size == 0) {
            const int status = run_settings_adopt(run, settings);
            if (status != RECON_OK)
                return status;
        }
        resume->settings_differ = !run_settings_are(run, settings, resume->difference, sizeof resume->difference);
        resume->decoder_differs = !run_settings_decoder_is_ours(run, settings);
    }
    return RECON_OK;
}

static int entry_again(struct resume *resume, const struct recon_journal_entry *entry, int64_t offset,
                       struct recon_text bytes)
{
    struct recon_run *run = resume->run;
    struct recon_text steps = entry->steps;
    int status = run_settings_follow(resume, entry->settings);
    if (status == RECON_OK && resume->settings_differ) {
        if (resume->decoder_differs)
            return run_fail(run, RUN_UNSOUND,
                            "what is to be read again was read by a version of recon that decodes otherwise: %s",
                            resume->difference);
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
            status = run_step_again(run, &step);
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
    const int status = run_inputs_reset(resume->run);
    return status == RECON_OK ? do_again(resume, resume->first) : status;
}

static int again_from_snapshot(struct resume *resume)
{
    struct recon_run *run = resume->run;
    int64_t first = 0;
    run->is_rereading = true;
    const int status = run_snapshot_restore(resume, &first);
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
        status = run_inputs_reset(run);
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
        status = run_candidates_find(&resume);
    if (status == RECON_OK)
        status = journal_read(&resume, resume.first, entry_look);
    *found = resume.has_entry;
    if (status == RECON_OK && *found)
        status = resume_from(&resume);
    run_candidates_free(&resume);
    recon_buffer_deinit(&resume.settings);
    return status;
}
