#include "subject.h"

#include <stdlib.h>

#include "frozen.h"
#include "sharded.h"
#include "snapshots.h"

#define ATTEMPT_COUNT_MAX 400
#define FAILURES_PATIENCE 20
#define ABORT_ONE_IN 100

/* After a call: true if it is to be made again, with more memory. */
static bool again(struct subject *subject, int status)
{
    if (status != RECON_ERROR_MEMORY || subject->attempts >= ATTEMPT_COUNT_MAX) {
        subject->attempts = 0;
        subject->allocator.fail_one_in = subject->options.allocator_fail_one_in;
        return false;
    }
    subject->attempts++;
    if (subject->limit_bytes != UINT64_MAX) {
        subject->limit_bytes += subject->limit_bytes / 8 + random_below(&subject->random, 512) + 1;
        subject->settings.memory_limit_bytes = subject->limit_bytes;
        if (subject->engine != NULL)
            recon_engine_memory_limit(subject->engine, subject->limit_bytes);
    } else if (subject->options.allocator_fail_one_in == 0) {
        return false; /* there was memory enough */
    }
    if (subject->attempts > FAILURES_PATIENCE)
        subject->allocator.fail_one_in = 0;
    return true;
}

int subject_init(struct subject *subject, const struct recon_settings *settings, const struct subject_options *options,
                 uint64_t seed)
{
    *subject = (struct subject){.options = *options, .settings = *settings, .random = {random_mix(seed ^ 0x5ab)}};
    subject->limit_bytes = options->memory_limit_bytes;
    subject->settings.memory_limit_bytes = options->memory_limit_bytes;
    subject->allocator.random.counter = random_mix(seed ^ 0xa110c);
    subject->allocator.fail_one_in = options->allocator_fail_one_in;
    subject->settings.allocator = test_allocator_of(&subject->allocator);
    int status;
    if (options->shard_count > 0)
        return sharded_new(&subject->settings, options->shard_count, &subject->sharded);
    do
        status = recon_engine_new(&subject->settings, &subject->engine);
    while (again(subject, status));
    return status;
}

static void frozen_end(struct subject *subject, uint32_t number)
{
    frozen_free(subject->frozen[number]);
    subject->frozen[number] = NULL;
}

static void frozen_end_all(struct subject *subject)
{
    for (uint32_t i = 0; i < FROZEN_COUNT_MAX; i++)
        frozen_end(subject, i);
}

void subject_deinit(struct subject *subject)
{
    frozen_end_all(subject);
    recon_engine_free(subject->engine);
    sharded_free(subject->sharded);
    subject->engine = NULL;
    subject->sharded = NULL;
}

int subject_clock(struct subject *subject, int64_t now_ms)
{
    int status;
    do
        status = subject->sharded != NULL ? sharded_clock(subject->sharded, now_ms)
                                          : recon_engine_clock(subject->engine, now_ms);
    while (again(subject, status));
    return status;
}

int subject_records(struct subject *subject, const struct recon_record *records, size_t count, size_t *handled)
{
    if (subject->sharded != NULL)
        return sharded_records(subject->sharded, records, count, handled);
    int status;
    size_t done = 0;
    do {
        size_t some = 0;
        status = recon_engine_records(subject->engine, records + done, count - done, &some);
        done += some;
    } while (again(subject, status));
    *handled = done;
    return status;
}

int subject_alive(struct subject *subject, int stream, uint32_t partition)
{
    int status;
    do
        status = subject->sharded != NULL ? sharded_alive(subject->sharded, stream, partition)
                                          : recon_engine_alive(subject->engine, stream, partition);
    while (again(subject, status));
    return status;
}

int subject_partition_add(struct subject *subject, int stream, uint32_t *partition)
{
    int status;
    do
        status = subject->sharded != NULL ? sharded_partition_add(subject->sharded, stream, partition)
                                          : recon_engine_partition_add(subject->engine, stream, partition);
    while (again(subject, status));
    return status;
}

int subject_partition_end(struct subject *subject, int stream, uint32_t partition)
{
    int status;
    do
        status = subject->sharded != NULL ? sharded_partition_end(subject->sharded, stream, partition)
                                          : recon_engine_partition_end(subject->engine, stream, partition);
    while (again(subject, status));
    return status;
}

int subject_next(struct subject *subject, struct recon_result *results, size_t capacity, size_t *count)
{
    int status;
    do
        status = subject->sharded != NULL ? sharded_next(subject->sharded, results, capacity, count)
                                          : recon_engine_next(subject->engine, results, capacity, count);
    while (again(subject, status));
    return status;
}

void subject_current(const struct subject *subject, struct recon_rise *current)
{
    if (subject->sharded != NULL)
        sharded_current(subject->sharded, current);
    else
        recon_engine_current(subject->engine, current);
}

bool subject_holder(const struct subject *subject, int *stream, uint32_t *partition)
{
    return subject->sharded != NULL ? sharded_holder(subject->sharded, stream, partition)
                                    : recon_engine_holder(subject->engine, stream, partition);
}

void subject_stats(const struct subject *subject, struct recon_matcher_stats *stats)
{
    if (subject->sharded != NULL)
        sharded_stats(subject->sharded, stats);
    else
        recon_engine_stats(subject->engine, stats);
}

static int restore_engine(struct subject *subject)
{
    struct bytes bytes = {0};
    bool is_whole;
    struct recon_engine *restored = NULL;
    int status;
    do {
        bytes.size = 0;
        status = snapshot_write_engine(subject->engine, subject->settings.key_group_count, &subject->random, &bytes,
                                       &is_whole);
    } while (again(subject, status));
    while (status == RECON_OK) {
        status = snapshot_read_engine(&subject->settings, &subject->random, bytes.at, bytes.size, is_whole, &restored);
        if (!again(subject, status))
            break;
        status = RECON_OK;
    }
    bytes_deinit(&bytes);
    if (status != RECON_OK)
        return status;
    recon_engine_free(subject->engine);
    subject->engine = restored;
    return RECON_OK;
}

const char *subject_frozen_fault(struct subject *subject)
{
    const struct subject_options *options = &subject->options;
    uint32_t count = subject->sharded != NULL ? sharded_matcher_count(subject->sharded) : 1;
    bool may_give_up = options->memory_limit_bytes != UINT64_MAX || options->allocator_fail_one_in > 0;
    const char *fault = NULL;
    for (uint32_t i = 0; fault == NULL && options->freeze_one_in > 0 && i < count; i++) {
        struct frozen **frozen = &subject->frozen[i];
        if (*frozen == NULL && random_one_in(&subject->random, options->freeze_one_in)) {
            struct recon_matcher *matcher = subject->sharded != NULL ? sharded_matcher(subject->sharded, i) : NULL;
            *frozen = frozen_new(subject->engine, matcher, subject->settings.key_group_count, &subject->random);
        } else if (*frozen != NULL) {
            bool is_over;
            fault = frozen_pump(*frozen, &subject->random, may_give_up, &is_over);
            if (is_over || random_one_in(&subject->random, ABORT_ONE_IN))
                frozen_end(subject, i);
        }
    }
    return fault;
}

int subject_restore(struct subject *subject)
{
    frozen_end_all(subject);
    if (subject->sharded != NULL)
        return sharded_deal_out(subject->sharded, &subject->random);
    return restore_engine(subject);
}

const char *subject_memory_fault(const struct subject *subject)
{
    if (subject->allocator.is_corrupted)
        return "a release of what was not allocated, or of another size";
    uint64_t held =
        subject->engine != NULL ? recon_engine_memory_bytes(subject->engine) : sharded_memory_bytes(subject->sharded);
    if (held != subject->allocator.held_bytes)
        return held < subject->allocator.held_bytes ? "more memory is held than is accounted for"
                                                    : "less memory is held than is accounted for";
    if (held > subject->limit_bytes)
        return "the memory limit was passed";
    return NULL;
}
