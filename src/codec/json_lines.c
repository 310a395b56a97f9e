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

#include "codec/json_scan.h"
#include "codec/json_shape.h"
#include "recon/status.h"

/* More than any line in a block that is scanned looks at. */
#define READABLE_BYTES_MAX ((size_t)2 * RECON_JSON_SCAN_BYTES)
/* What is kept of the scratch space once a huge line is done. */
#define SCRATCH_SIZE_BYTES_KEPT ((size_t)1 << 20)

enum block_kind {
    BLOCK_SCANNED,
    BLOCK_QUOTED, /* scanned for quotes; a line that has no text that is known is scanned by itself */
    BLOCK_SPOILT, /* the scan found nothing that holds: each line by itself */
};

struct block {
    uint32_t start;
    uint32_t size;
    enum block_kind kind;
    uint32_t token_count; /* of a quoted one */
    /* How much of what was found belongs to lines that were taken: */
    uint32_t token;
    uint32_t escape;
};

struct recon_json_lines {
    struct recon_json_tree *tree;
    struct recon_json_index *index;
    struct recon_json_scan *scan;
    struct recon_json_scan *alone; /* of a line of a quoted block */
    struct recon_json_shapes *shapes;
    uint32_t *positions; /* a scanned line's, for the walk */
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
    if (status == RECON_OK)
        status = recon_json_shapes_new(path_count, &made->shapes);
    made->scan = calloc(1, sizeof *made->scan); /* behind a line's tokens anything may be read, but it must be set */
    made->alone = calloc(1, sizeof *made->alone);
    made->scratch = malloc(RECON_JSON_SCAN_BYTES);
    made->scratch_size = RECON_JSON_SCAN_BYTES;
    made->positions = malloc((RECON_JSON_SCAN_BYTES + RECON_JSON_INDEX_ENDS) * sizeof *made->positions);
    if (status == RECON_OK && (!made->scan || !made->alone || !made->scratch || !made->positions))
        status = RECON_ERROR_MEMORY;
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
    recon_json_shapes_free(lines->shapes);
    free(lines->scan);
    free(lines->alone);
    free(lines->positions);
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
    size_t near = size < RECON_JSON_SCAN_BYTES ? size : RECON_JSON_SCAN_BYTES;
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

/* Scans a block, or a line by itself. */
static int scan_whole(struct recon_json_lines *lines, struct recon_json_scan *scan, const char *bytes, size_t size,
                      struct block *block)
{
    int status = RECON_ERROR_INVALID; /* one huge line */
    if (size <= RECON_JSON_SCAN_BYTES)
        status = recon_json_scan_run(scan, lines->index, bytes, (uint32_t)size);
    if (status != RECON_OK && status != RECON_ERROR_INVALID)
        return status;
    *block = (struct block){.size = (uint32_t)size, .kind = status == RECON_OK ? BLOCK_SCANNED : BLOCK_SPOILT};
    return RECON_OK;
}

static void scan_quotes(struct recon_json_lines *lines, const char *bytes, size_t size)
{
    uint32_t token_count = 0;
    const int status = recon_json_scan_quotes(lines->scan, bytes, (uint32_t)size, &token_count);
    lines->block = (struct block){
        .size = (uint32_t)size, .kind = status == RECON_OK ? BLOCK_QUOTED : BLOCK_SPOILT, .token_count = token_count};
}

/* How much of a block can be scanned for quotes: lines behind which so much is readable; 0: none. */
static size_t quoted_size(const char *rest, size_t size, size_t readable)
{
    if (size > RECON_JSON_SCAN_BYTES || readable <= RECON_JSON_SHAPE_SLACK || !recon_json_scan_has_quotes())
        return 0;
    const size_t most = readable - RECON_JSON_SHAPE_SLACK;
    const char *newline = memrchr(rest, '\n', size < most ? size : most);
    return newline ? (size_t)(newline + 1 - rest) : 0;
}

/* size: of the block that was found; readable: how many bytes there are. */
static int begin_block(struct recon_json_lines *lines, const char *rest, size_t size, size_t readable)
{
    const size_t quoted = quoted_size(rest, size, readable);
    if (quoted > 0 && recon_json_shapes_want_quotes(lines->shapes)) {
        scan_quotes(lines, rest, quoted);
        return RECON_OK;
    }
    /* The first lines by themselves: those behind them may be like them. */
    if (quoted > 0 && recon_json_shapes_are_new(lines->shapes))
        size = (size_t)((const char *)memchr(rest, '\n', quoted) + 1 - rest);
    return scan_whole(lines, lines->scan, rest, size, &lines->block);
}

/* Scratch space for a line's texts without their escapes, which are never longer than the line. */
static int reserve_scratch(struct recon_json_lines *lines, size_t size)
{
    if (lines->scratch_size >= size &&
        (lines->scratch_size <= SCRATCH_SIZE_BYTES_KEPT || size > SCRATCH_SIZE_BYTES_KEPT))
        return RECON_OK;
    size_t wanted = size < RECON_JSON_SCAN_BYTES ? RECON_JSON_SCAN_BYTES : size;
    char *scratch = malloc(wanted);
    if (!scratch)
        return RECON_ERROR_MEMORY;
    free(lines->scratch);
    lines->scratch = scratch;
    lines->scratch_size = wanted;
    return RECON_OK;
}

static int walk(struct recon_json_lines *lines, struct recon_json_document *document, struct recon_found *found)
{
    document->scratch = lines->scratch;
    document->guesses = lines->guesses;
    return recon_json_walk(lines->tree, document, found) ? RECON_JSON_LINE_OBJECT : RECON_JSON_LINE_MALFORMED;
}

/* Reads a line of a spoilt block, size bytes without its end. RECON_JSON_LINE_NONE: it is blank. */
static int read_alone(struct recon_json_lines *lines, const char *line, uint32_t size, struct recon_found *found)
{
    if (size > lines->line_bytes_max)
        return RECON_JSON_LINE_MALFORMED;
    struct recon_json_document document = {.bytes = line, .end = size};
    int status = recon_json_index_run(lines->index, line, size, &document.position);
    if (status != RECON_OK)
        return status == RECON_ERROR_INVALID ? RECON_JSON_LINE_MALFORMED : status;
    if (*document.position >= size)
        return RECON_JSON_LINE_NONE;
    document.backslash = memchr(line, '\\', size);
    if (document.backslash) {
        status = reserve_scratch(lines, size);
        if (status != RECON_OK)
            return status;
    }
    return walk(lines, &document, found);
}

/* Reads the line at the position start, of so many tokens, by itself; never fails. */
static int read_scanned(struct recon_json_lines *lines, const struct recon_json_tokens *tokens, const char *line,
                        uint32_t start, uint32_t count, struct recon_found *found)
{
    const uint32_t end = tokens->positions[count];
    if (end - start > lines->line_bytes_max)
        return RECON_JSON_LINE_MALFORMED;
    if (count == 0)
        return RECON_JSON_LINE_NONE;
    for (uint32_t i = 0; i < count; i++)
        lines->positions[i] = tokens->positions[i];
    for (uint32_t i = 0; i < RECON_JSON_INDEX_ENDS; i++)
        lines->positions[count + i] = end;
    const bool has_escapes = *tokens->escapes < end;
    struct recon_json_keys keys; /* most of it is for keys to come */
    keys.count = 0;
    keys.is_whole = true;
    struct recon_json_document document = {
        .bytes = line,
        .origin = start,
        .end = end,
        .position = lines->positions,
        .backslash = has_escapes ? tokens->base + *tokens->escapes : NULL,
        .keys = !has_escapes && recon_json_shapes_want(lines->shapes) ? &keys : NULL,
    };
    int kind = walk(lines, &document, found);
    if (kind == RECON_JSON_LINE_OBJECT && document.keys)
        recon_json_shapes_learn(lines->shapes, lines->tree, tokens, start, count, &keys);
    return kind;
}

/* Where a block's next tokens are; so many bytes are readable from line on, which is where it starts. */
static struct recon_json_tokens tokens_of(const struct recon_json_lines *lines, const struct recon_json_scan *scan,
                                          const struct block *block, const char *line, uint32_t readable)
{
    return (struct recon_json_tokens){
        .base = line - block->start,
        .positions = &scan->tokens[block->token],
        .forms = &scan->forms[block->token],
        .escapes = &scan->escapes[block->escape],
        .readable = block->start + readable,
        .scratch = lines->scratch,
    };
}

/* Reads lines of a scanned block from its start on; *taken gets their bytes with their ends. */
static int read_block(struct recon_json_lines *lines, const struct recon_json_scan *scan, struct block *block,
                      const char *line, uint32_t readable, uint32_t count_max, uint32_t *taken,
                      struct recon_found *found, uint32_t *count)
{
    struct recon_json_tokens tokens = tokens_of(lines, scan, block, line, readable);
    int kind = RECON_JSON_LINE_OBJECT;
    *count = recon_json_shapes_read(lines->shapes, &tokens, block->start, lines->line_bytes_max, count_max, found);
    if (*count == 0) {
        *count = 1;
        const size_t left = sizeof scan->forms - block->token;
        const uint8_t *newline = memchr(tokens.forms, '\n', left); /* each line has one */
        const uint32_t token_count = (uint32_t)(newline - tokens.forms);
        kind = read_scanned(lines, &tokens, line, block->start, token_count, found);
        tokens.positions += token_count + 1;
        while (*tokens.escapes < tokens.positions[-1])
            tokens.escapes++;
    }
    block->token = (uint32_t)(tokens.positions - scan->tokens);
    block->escape = (uint32_t)(tokens.escapes - scan->escapes);
    const uint32_t behind = (uint32_t)tokens.positions[-1] + 1; /* the last line may have no end */
    *taken = (behind < block->size ? behind : block->size) - block->start;
    return kind;
}

/* Reads the line at a spoilt block's start; *taken gets its bytes with its end. */
static int read_spoilt(struct recon_json_lines *lines, const char *line, uint32_t *taken, struct recon_found *found)
{
    const uint32_t left = lines->block.size - lines->block.start;
    const char *newline = memchr(line, '\n', left);
    const uint32_t size = newline ? (uint32_t)(newline - line) : left;
    *taken = size + (newline != NULL);
    return read_alone(lines, line, size, found);
}

/* Reads lines of a quoted block, likewise. */
static int read_quoted(struct recon_json_lines *lines, const char *line, uint32_t readable, uint32_t count_max,
                       uint32_t *taken, struct recon_found *found, uint32_t *count)
{
    struct block *block = &lines->block;
    struct recon_json_tokens tokens = tokens_of(lines, lines->scan, block, line, readable);
    *count = recon_json_shapes_read_quoted(lines->shapes, &tokens, block->token_count - block->token, block->start,
                                           lines->line_bytes_max, count_max, found);
    int kind = RECON_JSON_LINE_OBJECT;
    if (*count > 0) {
        *taken = (uint32_t)tokens.positions[-1] + 1 - block->start;
    } else {
        const char *newline = memchr(line, '\n', block->size - block->start);
        struct block alone;
        int status = scan_whole(lines, lines->alone, line, (size_t)(newline + 1 - line), &alone);
        if (status != RECON_OK)
            return status;
        *count = 1;
        kind = alone.kind == BLOCK_SCANNED
                   ? read_block(lines, lines->alone, &alone, line, readable, 1, taken, found, count)
                   : read_spoilt(lines, line, taken, found);
        const uint32_t behind = block->start + *taken;
        while (*tokens.positions < behind && tokens.positions < lines->scan->tokens + block->token_count)
            tokens.positions++;
        while (*tokens.escapes < behind)
            tokens.escapes++;
    }
    block->token = (uint32_t)(tokens.positions - lines->scan->tokens);
    block->escape = (uint32_t)(tokens.escapes - lines->scan->escapes);
    return kind;
}

int recon_json_lines_next(struct recon_json_lines *lines, const char *bytes, size_t size, bool last, size_t *used,
                          uint32_t count_max, struct recon_found *found, int64_t *number, uint32_t *count)
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
                *count = 1;
                lines->dropping = true;
                *used += block_size - 1;
                return RECON_JSON_LINE_MALFORMED;
            }
            int status = begin_block(lines, line, block_size, size - *used);
            if (status != RECON_OK)
                return status;
        }

        uint32_t taken = 0;
        const size_t readable = size - *used < READABLE_BYTES_MAX ? size - *used : READABLE_BYTES_MAX;
        *count = 1;
        int kind;
        if (block->kind == BLOCK_QUOTED)
            kind = read_quoted(lines, line, (uint32_t)readable, count_max, &taken, found, count);
        else if (block->kind == BLOCK_SCANNED)
            kind = read_block(lines, lines->scan, block, line, (uint32_t)readable, count_max, &taken, found, count);
        else
            kind = read_spoilt(lines, line, &taken, found);
        if (kind < 0)
            return kind;
        *number = lines->number;
        lines->number += *count;
        *used += taken;
        block->start += taken;
        if (kind != RECON_JSON_LINE_NONE)
            return kind;
    }
    return RECON_JSON_LINE_NONE;
}
