/*
 * See arena.h.
 *
 * Invariants
 *  1. A region's bit is set exactly while its unit belongs to a block.
 *  2. No region of a kind before `open` has a free unit.
 *
 * First fit, from the oldest region on: what stays lies close together. Blocks of 64 KiB, which an engine takes for
 * what is pending and gives back soon, have regions of their own: so that whole huge pages come free.
 */
#define _DEFAULT_SOURCE

#include "service/arena.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "service/populate.h"

#define UNIT_BYTES ((size_t)4096)
#define HUGE_BYTES ((size_t)2 << 20)
#define REGION_BYTES ((size_t)32 << 20)
#define UNIT_COUNT (REGION_BYTES / UNIT_BYTES)
#define WORD_COUNT (UNIT_COUNT / 64)
#define HUGE_UNITS (HUGE_BYTES / UNIT_BYTES)
#define HUGE_COUNT (REGION_BYTES / HUGE_BYTES)
#define LINE_BYTES ((size_t)64)
#define SHORT_LIVED_UNITS ((size_t)65536 / UNIT_BYTES)

enum kind { KIND_SHORT_LIVED, KIND_ANY_OTHER, KIND_COUNT };

/* Huge pages that hold nothing any more and are kept all the same, as the next block takes them without their being
 * cleared: one, and one more for so many that hold something, at most so many of each kind: what is pending comes and
 * goes. */
#define WARM_SHARE 16
static const size_t warm_count_max[] = {[KIND_SHORT_LIVED] = 8, [KIND_ANY_OTHER] = 2};
/* Huge pages that are asked for ahead of the first one that was never taken from, likewise, once so many hold
 * something: what is smaller is done before it would pay. They may be a next region's. */
#define AHEAD_SHARE 64
#define AHEAD_COUNT_MAX 4
#define AHEAD_FROM 8

struct region {
    char *bytes;
    struct region *next; /* of its kind: the next younger one */
    size_t number;       /* by age */
    enum kind kind;
    size_t free_count;  /* units */
    size_t search_from; /* no free unit is before this word */
    size_t no_run_of;   /* so many free units or more are known not to lie side by side */
    uint32_t warm;      /* bits of its huge pages that hold nothing and were kept */
    size_t asked;       /* huge pages before it were taken from, or asked for ahead */
    uint64_t taken[WORD_COUNT];
};

struct recon_arena {
    struct region **regions; /* by address */
    size_t count;
    size_t capacity;
    struct region *newest[KIND_COUNT];
    struct region *open[KIND_COUNT];
    size_t warm_count[KIND_COUNT];
    size_t taken_units;
    struct recon_populator *populator; /* NULL: not yet, or there can be none */
    bool was_populator_tried;
    bool is_kept;     /* nothing goes back to the kernel */
    bool was_refused; /* the system gave no more memory */
};

struct recon_arena *recon_arena_new(void)
{
    return calloc(1, sizeof(struct recon_arena));
}

void recon_arena_free(struct recon_arena *arena)
{
    if (arena == NULL)
        return;
    recon_populator_free(arena->populator);
    for (size_t i = 0; i < arena->count; i++) {
        assert(arena->regions[i]->free_count == UNIT_COUNT);
        munmap(arena->regions[i]->bytes, REGION_BYTES);
        free(arena->regions[i]);
    }
    free(arena->regions);
    free(arena);
}

/* Memory at a huge page's edge; NULL when there is none. */
static char *map_huge(size_t size_bytes)
{
    char *bytes =
        mmap(NULL, size_bytes + HUGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (bytes == MAP_FAILED)
        return NULL;
    size_t before = (HUGE_BYTES - (uintptr_t)bytes % HUGE_BYTES) % HUGE_BYTES;
    if (before > 0)
        munmap(bytes, before);
    if (before < HUGE_BYTES)
        munmap(bytes + before + size_bytes, HUGE_BYTES - before);
    (void)madvise(bytes + before, size_bytes, MADV_HUGEPAGE); /* without them it is only slower */
    return bytes + before;
}

static struct region *region_new(struct recon_arena *arena, enum kind kind)
{
    if (arena->count == arena->capacity) {
        size_t capacity = arena->capacity == 0 ? 16 : arena->capacity * 2;
        struct region **regions = realloc(arena->regions, capacity * sizeof(struct region *));
        if (regions == NULL)
            return NULL;
        arena->regions = regions;
        arena->capacity = capacity;
    }
    struct region *region = calloc(1, sizeof(*region));
    if (region == NULL)
        return NULL;
    region->bytes = map_huge(REGION_BYTES);
    if (region->bytes == NULL) {
        free(region);
        return NULL;
    }
    region->free_count = UNIT_COUNT;
    region->no_run_of = UNIT_COUNT + 1;
    region->kind = kind;
    region->number = arena->count;
    if (arena->newest[kind] != NULL)
        arena->newest[kind]->next = region;
    if (arena->open[kind] == NULL)
        arena->open[kind] = region;
    arena->newest[kind] = region;
    size_t place = arena->count++;
    for (; place > 0 && arena->regions[place - 1]->bytes > region->bytes; place--)
        arena->regions[place] = arena->regions[place - 1];
    arena->regions[place] = region;
    return region;
}

static bool is_taken(const struct region *region, size_t unit)
{
    return (region->taken[unit / 64] >> (unit % 64) & 1) != 0;
}

/* The first unit from this one on that is taken, or that is free; UNIT_COUNT: none. */
static size_t next_unit(const struct region *region, size_t unit, bool taken)
{
    uint64_t flip = taken ? 0 : UINT64_MAX;
    for (; unit < UNIT_COUNT; unit = (unit / 64 + 1) * 64) {
        uint64_t word = (region->taken[unit / 64] ^ flip) >> (unit % 64);
        if (word != 0)
            return unit + (size_t)__builtin_ctzll(word);
    }
    return UNIT_COUNT;
}

/* First unit of a run of free ones; UNIT_COUNT: none so long. */
static size_t run_find(struct region *region, size_t wanted)
{
    if (wanted >= region->no_run_of || region->free_count < wanted)
        return UNIT_COUNT;
    while (region->search_from < WORD_COUNT && region->taken[region->search_from] == UINT64_MAX)
        region->search_from++;
    for (size_t end = region->search_from * 64; end < UNIT_COUNT;) {
        size_t first = next_unit(region, end, false);
        end = next_unit(region, first, true);
        if (end - first >= wanted)
            return first;
    }
    region->no_run_of = wanted;
    return UNIT_COUNT;
}

static void run_mark(struct region *region, size_t first, size_t count, bool taken)
{
    for (size_t unit = first; unit < first + count; unit++) {
        uint64_t bit = UINT64_C(1) << (unit % 64);
        assert(is_taken(region, unit) != taken);
        region->taken[unit / 64] ^= bit;
    }
    region->free_count += taken ? (size_t)0 - count : count;
    if (taken)
        return;
    region->no_run_of = UNIT_COUNT + 1;
    if (first / 64 < region->search_from)
        region->search_from = first / 64;
}

/* The huge pages that the run lies in are not empty any more. */
static void warm_take(struct recon_arena *arena, struct region *region, size_t first, size_t count)
{
    for (size_t huge = first / HUGE_UNITS; huge <= (first + count - 1) / HUGE_UNITS; huge++) {
        arena->warm_count[region->kind] -= region->warm >> huge & 1;
        region->warm &= ~(UINT32_C(1) << huge);
    }
}

/* One, and one more for so many huge pages that hold something. */
static size_t idle_max(const struct recon_arena *arena, size_t share, size_t most)
{
    size_t count = 1 + arena->taken_units / HUGE_UNITS / share;
    return count < most ? count : most;
}

/* Asks for the region's huge pages before this one, but for those that it need not. */
static void ask(struct recon_arena *arena, struct region *region, size_t end)
{
    if (end <= region->asked)
        return;
    if (!arena->was_populator_tried) {
        arena->was_populator_tried = true;
        arena->populator = recon_populator_new();
    }
    if (arena->populator != NULL)
        recon_populator_ask(arena->populator, region->bytes + region->asked * HUGE_BYTES,
                            (end - region->asked) * HUGE_BYTES);
    region->asked = end;
}

/* A block was taken that ends before this huge page: those from it on are wanted next. */
static void ask_ahead(struct recon_arena *arena, struct region *region, size_t huge)
{
    if (arena->taken_units < AHEAD_FROM * HUGE_UNITS)
        return;
    if (region->asked < huge)
        region->asked = huge;
    size_t end = huge + idle_max(arena, AHEAD_SHARE, AHEAD_COUNT_MAX);
    ask(arena, region, end < HUGE_COUNT ? end : HUGE_COUNT);
    if (end <= HUGE_COUNT)
        return;
    struct region *next = region->next != NULL ? region->next : region_new(arena, region->kind);
    if (next != NULL)
        ask(arena, next, end - HUGE_COUNT);
}

static void *block_mark(struct recon_arena *arena, struct region *region, size_t first, size_t unit_count)
{
    run_mark(region, first, unit_count, true);
    warm_take(arena, region, first, unit_count);
    arena->taken_units += unit_count;
    ask_ahead(arena, region, (first + unit_count - 1) / HUGE_UNITS + 1);
    return region->bytes + first * UNIT_BYTES;
}

static void *arena_take(struct recon_arena *arena, size_t unit_count)
{
    enum kind kind = unit_count == SHORT_LIVED_UNITS ? KIND_SHORT_LIVED : KIND_ANY_OTHER;
    struct region **open = &arena->open[kind];
    while (*open != NULL && (*open)->free_count == 0 && (*open)->next != NULL)
        *open = (*open)->next;
    for (struct region *region = *open; region != NULL; region = region->next) {
        size_t first = run_find(region, unit_count);
        if (first < UNIT_COUNT)
            return block_mark(arena, region, first, unit_count);
    }
    struct region *region = region_new(arena, kind);
    if (region == NULL)
        return NULL;
    return block_mark(arena, region, 0, unit_count);
}

static struct region *region_of(struct recon_arena *arena, const char *block)
{
    size_t low = 0;
    size_t high = arena->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (arena->regions[middle]->bytes <= block)
            low = middle;
        else
            high = middle;
    }
    return arena->regions[low];
}

static void arena_give(struct recon_arena *arena, char *block, size_t unit_count)
{
    struct region *region = region_of(arena, block);
    size_t first = (size_t)(block - region->bytes) / UNIT_BYTES;
    run_mark(region, first, unit_count, false);
    arena->taken_units -= unit_count;
    if (region->number < arena->open[region->kind]->number)
        arena->open[region->kind] = region;
    size_t warm_max = idle_max(arena, WARM_SHARE, warm_count_max[region->kind]);
    /* Huge pages that hold nothing any more. */
    for (size_t huge = first / HUGE_UNITS; huge <= (first + unit_count - 1) / HUGE_UNITS; huge++) {
        bool is_free = true;
        for (size_t word = huge * HUGE_UNITS / 64; word < (huge + 1) * HUGE_UNITS / 64; word++)
            is_free &= region->taken[word] == 0;
        if (!is_free)
            continue;
        if (arena->is_kept || arena->warm_count[region->kind] < warm_max) {
            arena->warm_count[region->kind]++;
            region->warm |= UINT32_C(1) << huge;
        } else {
            (void)madvise(region->bytes + huge * HUGE_BYTES, HUGE_BYTES, MADV_DONTNEED);
        }
    }
}

static void *take(struct recon_arena *arena, size_t size_bytes)
{
    if (size_bytes > SIZE_MAX / 2)
        return NULL;
    if (size_bytes < UNIT_BYTES)
        return aligned_alloc(LINE_BYTES, (size_bytes + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES);
    if (size_bytes > REGION_BYTES)
        return map_huge((size_bytes + HUGE_BYTES - 1) / HUGE_BYTES * HUGE_BYTES);
    return arena_take(arena, (size_bytes + UNIT_BYTES - 1) / UNIT_BYTES);
}

static void *allocate(void *context, size_t size_bytes)
{
    struct recon_arena *arena = context;
    void *block = take(arena, size_bytes);
    arena->was_refused |= block == NULL;
    return block;
}

void recon_arena_keep(struct recon_arena *arena)
{
    arena->is_kept = true;
}

bool recon_arena_was_refused(const struct recon_arena *arena)
{
    return arena->was_refused;
}

static void release(void *context, void *block, size_t size_bytes)
{
    if (size_bytes < UNIT_BYTES)
        free(block);
    else if (size_bytes > REGION_BYTES)
        munmap(block, (size_bytes + HUGE_BYTES - 1) / HUGE_BYTES * HUGE_BYTES);
    else
        arena_give(context, block, (size_bytes + UNIT_BYTES - 1) / UNIT_BYTES);
}

struct recon_allocator recon_arena_allocator(struct recon_arena *arena)
{
    return (struct recon_allocator){.allocate = allocate, .release = release, .context = arena};
}
