/*
 * Snapshots at a start: which there are, and going on from the newest that is whole and that the journal bears out. One
 * that is of no use is told of, and the next tried.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recon/status.h"
#include "service/run_resume.h"

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

int run_candidates_find(struct resume *resume)
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

void run_candidates_free(struct resume *resume)
{
    for (size_t i = 0; i < resume->candidate_count; i++)
        candidate_deinit(&resume->candidates[i]);
    free(resume->candidates);
}

int run_inputs_reset(struct recon_run *run)
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
        if (one->is_ended || run_topic_find(run, one->topic, one->stream, &topic) != RECON_OK)
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
    int status = run_inputs_reset(run);
    if (status == RECON_OK)
        status = run_settings_follow(resume, one->head.settings);
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

int run_snapshot_restore(struct resume *resume, int64_t *first)
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
