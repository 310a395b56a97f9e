/*
 * Lines, blocks of them, and what is known of the block at hand.
 *
 * 1. The block is a run of whole lines of which block.start bytes were taken; the rest is at the front of what is fed
 *    next. Positions count from the block's start.
 * 2. block.start == block.size: there is no block.
 * 3. `tail_searched` bytes at the front are known to hold no line end, so that a long line that comes in small pieces
 *    is not searched again and again.
 */
#define _GNU_SOURCE

#include "codec/json_lines.h"

#include <stdlib.h>
#include <string.h>

#include "codec/json_index.h"
#include "codec/json_walk.h"
#include "recon/status.h"

/* Block, positions and the lines' own bytes stay within a usual second-level cache. */
#define BLOCK_SIZE_BYTES ((size_t)32 << 10)
/* What is kept of the scratch space once a huge line is done. */
#define SCRATCH_SIZE_BYTES_KEPT ((size_t)1 << 20)

struct block {
    uint32_t start;
    uint32_t size;
    uint32_t backslash;       /* no backslash lies in [start, backslash); at size: none is left */
    const uint32_t *position; /* of the next token */
    bool spoilt;              /* not indexed: each line by itself */
};

struct recon_json_lines {
    struct recon_json_tree *tree;
    struct recon_json_index *index;
    size_t line_bytes_max;
    int64_t number; /* of the line that comes next */
    struct block block;
    size_t tail_searched;
    bool started;  /* past the byte order mark */
    bool dropping; /* within a line that is too long */
    char *scratch;
    size_t scratch_size;
    uint32_t guesses[RECON_JSON_GUESS_COUNT]; /* the walk's */
};

int recon_json_lines_new(const struct recon_path *paths, uint32_t path_count, size_t line_bytes_max,
                         struct recon_json_lines **lines)
{
    struct recon_json_lines *made = calloc(1, sizeof *made);
    if (!made)
        return RECON_ERROR_MEMORY;
    made->line_bytes_max = line_bytes_max;
    made->number = 1;
    int status = recon_json_tree_new(paths, path_count, &made->tree);
    if (status == RECON_OK)
        status = recon_json_index_new(&made->index);
    if (status != RECON_OK) {
        recon_json_lines_free(made);
        return status;
    }
    *lines = made;
    return RECON_OK;
}

void recon_json_lines_free(struct recon_json_lines *lines)
{
    if (!lines)
        return;
    recon_json_tree_free(lines->tree);
    recon_json_index_free(lines->index);
    free(lines->scratch);
    free(lines);
}

/* False: more bytes must tell whether there is a byte order mark. */
static bool skip_mark(struct recon_json_lines *lines, const char *bytes, size_t size, bool last, size_t *used)
{
    static const char mark[] = {'\xef', '\xbb', '\xbf'};
    size_t given = size < sizeof mark ? size : sizeof mark;
    bool same = memcmp(bytes, mark, given) == 0;
    if (same && given < sizeof mark && !last)
        return false;
    if (same && given == sizeof mark)
        *used += sizeof mark;
    lines->started = true;
    return true;
}

/* Drops bytes of a line that is too long; true once it has ended. */
static bool drop(struct recon_json_lines *lines, const char *bytes, size_t size, size_t *used)
{
    const char *newline = memchr(bytes + *used, '\n', size - *used);
    *used = newline ? (size_t)(newline + 1 - bytes) : size;
    if (!newline)
        return false;
    lines->dropping = false;
    lines->number++;
    return true;
}

enum search { SEARCH_BLOCK, SEARCH_TOO_LONG, SEARCH_MORE };

/* Finds the next block in rest; with SEARCH_BLOCK and SEARCH_TOO_LONG *block_size is how many bytes that is. */
static enum search find_block(struct recon_json_lines *lines, const char *rest, size_t size, bool last,
                              size_t *block_size)
{
    size_t near = size < BLOCK_SIZE_BYTES ? size : BLOCK_SIZE_BYTES;
    size_t searched = lines->tail_searched;
    lines->tail_searched = 0;
    const char *newline = searched < near ? memrchr(rest + searched, '\n', near - searched) : NULL;
    if (!newline && searched < size) {
        size_t from = searched > near ? searched : near;
        newline = memchr(rest + from, '\n', size - from);
    }
    size_t line_size = newline ? (size_t)(newline - rest) : size;
    bool one_line = !newline || line_size >= near;
    *block_size = newline ? line_size + 1 : size;
    if (one_line && line_size > lines->line_bytes_max)
        return SEARCH_TOO_LONG;
    if (newline || last)
        return SEARCH_BLOCK;
    lines->tail_searched = size;
    return SEARCH_MORE;
}

static int begin_block(struct recon_json_lines *lines, const char *rest, size_t size)
{
    struct block block = {.size = (uint32_t)size};
    int status = recon_json_index_run(lines->index, rest, size, &block.position);
    if (status != RECON_OK && status != RECON_ERROR_INVALID)
        return status;
    block.spoilt = status == RECON_ERROR_INVALID;
    lines->block = block;
    return RECON_OK;
}

/* The line's first backslash; NULL: it has none. */
static const char *find_backslash(struct block *block, const char *line, uint32_t line_size)
{
    if (block->backslash < block->start || block->start == 0) {
        const char *found = memchr(line, '\\', block->size - block->start);
        block->backslash = found ? block->start + (uint32_t)(found - line) : block->size;
    }
    uint32_t distance = block->backslash - block->start;
    return distance < line_size ? line + distance : NULL;
}

/* Scratch space for a line's texts without their escapes, which are never longer than the line. */
static int reserve_scratch(struct recon_json_lines *lines, size_t size)
{
    if (lines->scratch_size >= size &&
        (lines->scratch_size <= SCRATCH_SIZE_BYTES_KEPT || size > SCRATCH_SIZE_BYTES_KEPT))
        return RECON_OK;
    size_t wanted = size < BLOCK_SIZE_BYTES ? BLOCK_SIZE_BYTES : size;
    char *scratch = malloc(wanted);
    if (!scratch)
        return RECON_ERROR_MEMORY;
    free(lines->scratch);
    lines->scratch = scratch;
    lines->scratch_size = wanted;
    return RECON_OK;
}

/* Reads the line at the block's start, which is size bytes without its end. RECON_JSON_LINE_NONE: it is blank. */
static int read_line(struct recon_json_lines *lines, const char *line, uint32_t size, struct recon_found *found)
{
    struct block *block = &lines->block;
    if (size > lines->line_bytes_max)
        return RECON_JSON_LINE_MALFORMED;
    struct recon_json_document document = {
        .bytes = line, .origin = block->start, .end = block->start + size, .guesses = lines->guesses};
    if (block->spoilt) {
        document.origin = 0;
        document.end = size;
        int status = recon_json_index_run(lines->index, line, size, &document.position);
        if (status != RECON_OK)
            return status == RECON_ERROR_INVALID ? RECON_JSON_LINE_MALFORMED : status;
    } else {
        document.position = block->position;
    }
    if (*document.position >= document.end)
        return RECON_JSON_LINE_NONE;
    document.backslash = find_backslash(block, line, size);
    if (document.backslash) {
        int status = reserve_scratch(lines, size);
        if (status != RECON_OK)
            return status;
    }
    document.scratch = lines->scratch;
    bool whole = recon_json_walk(lines->tree, &document, found);
    if (!block->spoilt)
        block->position = document.position;
    return whole ? RECON_JSON_LINE_OBJECT : RECON_JSON_LINE_MALFORMED;
}

int recon_json_lines_next(struct recon_json_lines *lines, const char *bytes, size_t size, bool last, size_t *used,
                          struct recon_found *found, int64_t *number)
{
    struct block *block = &lines->block;
    while (*used < size) {
        if (!lines->started) {
            if (!skip_mark(lines, bytes + *used, size - *used, last, used))
                break;
            continue;
        }
        if (lines->dropping) {
            if (!drop(lines, bytes, size, used))
                break;
            continue;
        }
        const char *line = bytes + *used;
        if (block->start == block->size || block->size - block->start > size - *used) {
            size_t block_size;
            enum search search = find_block(lines, line, size - *used, last, &block_size);
            if (search == SEARCH_MORE)
                break;
            if (search == SEARCH_TOO_LONG) {
                *number = lines->number;
                lines->dropping = true;
                *used += block_size - 1;
                return RECON_JSON_LINE_MALFORMED;
            }
            int status = begin_block(lines, line, block_size);
            if (status != RECON_OK)
                return status;
        }

        uint32_t left = block->size - block->start;
        const char *newline = memchr(line, '\n', left);
        uint32_t line_size = newline ? (uint32_t)(newline - line) : left;
        int kind = read_line(lines, line, line_size, found);
        if (kind < 0)
            return kind;
        *number = lines->number++;
        uint32_t taken = line_size + (newline != NULL);
        *used += taken;
        block->start += taken;
        while (!block->spoilt && *block->position < block->start)
            block->position++;
        if (kind != RECON_JSON_LINE_NONE)
            return kind;
    }
    return RECON_JSON_LINE_NONE;
}
