#include "frozen.h"

#include <stdlib.h>
#include <string.h>

#define GROUP_COUNT_MAX 200
#define CALL_COUNT_MAX 4
#define PIECE_SIZE_BYTES_MAX 3000

struct frozen {
    struct recon_snapshot_writer *writer;
    struct bytes expected;
    struct bytes actual;
    uint32_t groups[GROUP_COUNT_MAX]; /* of a matcher: those to come, in order */
    uint32_t group_count;
    uint32_t group_next;
};

static int writer_new(struct recon_engine *engine, struct recon_matcher *matcher, int part,
                      struct recon_snapshot_writer **writer)
{
    return engine != NULL ? recon_snapshot_writer_new(engine, part, writer)
                          : recon_snapshot_writer_new_matcher(matcher, part, writer);
}

static int take(struct frozen *frozen, struct recon_engine *engine, struct recon_matcher *matcher, int part,
                struct random *random)
{
    struct recon_snapshot_writer *writer;
    int status = writer_new(engine, matcher, part, &writer);
    return status == RECON_OK ? snapshot_take(writer, random, &frozen->expected) : status;
}

/* All of them, or some where they are many or now and then. */
static void choose_groups(struct frozen *frozen, uint32_t key_group_count, struct random *random)
{
    uint32_t step = key_group_count > GROUP_COUNT_MAX ? key_group_count / 4 : random_one_in(random, 3) ? 3 : 1;
    for (uint32_t group = 0; group < key_group_count; group += 1 + (uint32_t)random_below(random, step))
        if (frozen->group_count < GROUP_COUNT_MAX)
            frozen->groups[frozen->group_count++] = group;
}

struct frozen *frozen_new(struct recon_engine *engine, struct recon_matcher *matcher, uint32_t key_group_count,
                          struct random *random)
{
    struct frozen *frozen = calloc(1, sizeof *frozen);
    if (frozen == NULL)
        abort();
    if (engine == NULL)
        choose_groups(frozen, key_group_count, random);
    int first = engine != NULL ? RECON_SNAPSHOT_ALL : RECON_SNAPSHOT_COUNTS;
    int status = take(frozen, engine, matcher, first, random);
    for (uint32_t i = 0; status == RECON_OK && i < frozen->group_count; i++)
        status = take(frozen, NULL, matcher, (int)frozen->groups[i], random);
    if (status == RECON_OK)
        status = writer_new(engine, matcher, first, &frozen->writer);
    if (status == RECON_OK)
        status = recon_snapshot_writer_freeze(frozen->writer);
    if (status == RECON_OK)
        return frozen;
    if (status != RECON_ERROR_MEMORY)
        abort();
    frozen_free(frozen);
    return NULL;
}

void frozen_free(struct frozen *frozen)
{
    if (frozen == NULL)
        return;
    recon_snapshot_writer_free(frozen->writer);
    bytes_deinit(&frozen->expected);
    bytes_deinit(&frozen->actual);
    free(frozen);
}

const char *frozen_pump(struct frozen *frozen, struct random *random, bool may_give_up, bool *is_over)
{
    *is_over = false;
    for (uint64_t calls = random_below(random, CALL_COUNT_MAX); calls > 0; calls--) {
        uint8_t piece[PIECE_SIZE_BYTES_MAX];
        size_t size = 0;
        int status =
            recon_snapshot_writer_next(frozen->writer, piece, 1 + random_below(random, PIECE_SIZE_BYTES_MAX), &size);
        if (status == RECON_ERROR_MEMORY && may_give_up) {
            *is_over = true;
            return NULL;
        }
        if (status != RECON_OK)
            return "it was given up though there was memory";
        bytes_append(&frozen->actual, piece, size);
        if (size > 0)
            continue;
        if (frozen->group_next < frozen->group_count) {
            recon_snapshot_writer_turn(frozen->writer, frozen->groups[frozen->group_next++]);
            continue;
        }
        *is_over = true;
        bool is_same = frozen->actual.size == frozen->expected.size &&
                       memcmp(frozen->actual.at, frozen->expected.at, frozen->expected.size) == 0;
        return is_same ? NULL : "it is not what was there when it was frozen";
    }
    return NULL;
}
