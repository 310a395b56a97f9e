/*
 * See json_block.h.
 *
 * 1. Each document is copied, and an LF put behind it, which is a token where the document has ended. One that stands
 *    within a document is white space: a token, too, that the walk is not shown.
 * 2. Where the scan fails, as some document is no UTF-8 or has a text without an end, it says nothing of any of them:
 *    then none was scanned.
 * 3. Only what begins as an object is scanned. What is hardly ever asked for is not for a while.
 */
#include "codec/json_block.h"

#include <stdlib.h>
#include <string.h>

#include "codec/json_scan.h"
#include "recon/status.h"

#define DOCUMENT_COUNT_MAX 512
/* So many blocks are let pass where of the last one few documents were asked for. */
#define PAUSE_COUNT 16

struct document {
    const char *bytes; /* the caller's */
    uint32_t size;
    uint32_t end; /* the position of the LF behind it */
};

struct recon_json_block {
    struct recon_json_index *index;
    struct recon_json_scan scan;
    char bytes[RECON_JSON_SCAN_BYTES + RECON_JSON_SHAPE_SLACK];
    char scratch[RECON_JSON_SCAN_BYTES];
    uint32_t positions[RECON_JSON_SCAN_BYTES + RECON_JSON_INDEX_ENDS]; /* a document's, for the walk */
    struct document documents[DOCUMENT_COUNT_MAX];
    size_t count;
    size_t next;      /* behind the document at hand */
    size_t use_count; /* documents that were found */
    size_t pause;     /* blocks that are not scanned */
    uint32_t size;    /* bytes */
    /* The first token and the first escape of the document at hand, or of the first: */
    uint32_t token;
    uint32_t escape;
    uint32_t token_behind; /* the first of the document behind, if that was read */
};

int recon_json_block_new(struct recon_json_block **block)
{
    struct recon_json_block *made = calloc(1, sizeof *made); /* behind the last token anything may be read */
    const int status = made != NULL ? recon_json_index_new(&made->index) : RECON_ERROR_MEMORY;
    if (status != RECON_OK) {
        recon_json_block_free(made);
        return status;
    }
    *block = made;
    return RECON_OK;
}

void recon_json_block_free(struct recon_json_block *block)
{
    if (block == NULL)
        return;
    recon_json_index_free(block->index);
    free(block);
}

/* Copies documents, as many as there is room for. */
static size_t gather(struct recon_json_block *block, const struct recon_text *values, size_t count)
{
    size_t taken = 0;
    uint32_t size = 0;
    while (taken < count && taken < DOCUMENT_COUNT_MAX) {
        const struct recon_text value = values[taken];
        if (value.size == 0 || value.size >= RECON_JSON_SCAN_BYTES - size || value.bytes[0] != '{')
            break;
        memcpy(block->bytes + size, value.bytes, value.size);
        size += value.size;
        block->documents[taken++] = (struct document){.bytes = value.bytes, .size = value.size, .end = size};
        block->bytes[size++] = '\n';
    }
    block->size = size;
    return taken;
}

size_t recon_json_block_scan(struct recon_json_block *block, const struct recon_text *values, size_t count)
{
    if (block->use_count * 4 < block->count)
        block->pause = PAUSE_COUNT;
    block->count = block->next = block->use_count = 0;
    block->token = block->escape = block->token_behind = 0;
    if (block->pause > 0) {
        block->pause--;
        return count < DOCUMENT_COUNT_MAX ? count : DOCUMENT_COUNT_MAX;
    }
    const size_t taken = gather(block, values, count);
    if (taken == 0)
        return count > 0 ? 1 : 0;
    if (recon_json_scan_run(&block->scan, block->index, block->bytes, block->size) == RECON_OK)
        block->count = taken;
    return taken;
}

bool recon_json_block_find(struct recon_json_block *block, struct recon_text value)
{
    size_t found = block->next;
    while (found < block->count &&
           (block->documents[found].bytes != value.bytes || block->documents[found].size != value.size))
        found++;
    if (found >= block->count)
        return false;
    const uint32_t start = found > 0 ? block->documents[found - 1].end + 1 : 0;
    if (block->token < block->token_behind)
        block->token = block->token_behind;
    while (block->scan.tokens[block->token] < start)
        block->token++;
    while (block->scan.escapes[block->escape] < start)
        block->escape++;
    block->next = found + 1;
    block->use_count++;
    return true;
}

/* Puts the document's tokens where the walk wants them; returns how many there are, LFs among them. */
static uint32_t spread(struct recon_json_block *block, const struct recon_json_tokens *tokens, uint32_t end,
                       uint32_t *kept)
{
    uint32_t count = 0;
    uint32_t put = 0;
    for (; tokens->positions[count] < end; count++)
        if (tokens->forms[count] != '\n')
            block->positions[put++] = tokens->positions[count];
    for (uint32_t i = 0; i < RECON_JSON_INDEX_ENDS; i++)
        block->positions[put + i] = end;
    *kept = put;
    return count;
}

bool recon_json_block_read(struct recon_json_block *block, const struct recon_json_tree *tree,
                           struct recon_json_known *known, struct recon_found *found)
{
    const struct document *at = &block->documents[block->next - 1];
    const uint32_t start = at->end - at->size;
    const struct recon_json_tokens tokens = {
        .base = block->bytes,
        .positions = &block->scan.tokens[block->token],
        .forms = &block->scan.forms[block->token],
        .escapes = &block->scan.escapes[block->escape],
        .readable = block->size + RECON_JSON_SHAPE_SLACK,
        .scratch = block->scratch,
    };
    uint32_t count;
    struct recon_json_tokens behind = tokens;
    if (recon_json_shapes_read(known->shapes, &behind, start, SIZE_MAX, 1, found) > 0) {
        count = (uint32_t)(behind.positions - tokens.positions) - 1;
        while (tokens.positions[count] < at->end && tokens.forms[count] == '\n')
            count++;
        if (tokens.positions[count] == at->end) {
            block->token_behind = block->token + count + 1;
            return true;
        }
    }
    uint32_t kept = 0;
    count = spread(block, &tokens, at->end, &kept);
    const bool has_escapes = *tokens.escapes < at->end;
    struct recon_json_keys keys; /* most of it is for keys to come */
    keys.count = 0;
    keys.is_whole = true;
    struct recon_json_document document = {
        .bytes = block->bytes + start,
        .origin = start,
        .end = at->end,
        .position = block->positions,
        .backslash = has_escapes ? tokens.base + *tokens.escapes : NULL,
        .scratch = block->scratch,
        .guesses = known->guesses,
        .keys = !has_escapes && kept == count && recon_json_shapes_want(known->shapes) ? &keys : NULL,
    };
    const bool is_object = recon_json_walk(tree, &document, found);
    if (is_object && document.keys != NULL)
        recon_json_shapes_learn(known->shapes, tree, &tokens, start, count, &keys);
    return is_object;
}
