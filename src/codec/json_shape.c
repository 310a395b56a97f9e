/*
 * Shapes, and documents held against them.
 *
 * 1. A shape comes from a document without escapes that was walked whole, so its keys are texts as they are written. A
 *    key that is written with an escape differs from them and is walked.
 * 2. Forms and keys are compared in vectors of 16 bytes, under masks; all differences are gathered before one look.
 * 3. Keys are only compared where they could lead to something: within what nobody wants any text may be a key.
 */
#include "codec/json_shape.h"

#include <stdlib.h>
#include <string.h>

#include "codec/json_scan.h"
#include "codec/json_text.h"
#include "codec/json_token.h"
#include "codec/little_endian.h"
#include "recon/status.h"

#define SHAPE_COUNT 8
#define TOKEN_COUNT_MAX 128
#define CHECK_COUNT_MAX 64
#define VECTOR_BYTES 16
#define VECTOR_COUNT_MAX (TOKEN_COUNT_MAX / VECTOR_BYTES + 1)
/* What learning costs. A line that fits earns 1, and so do a few that fit none, so that lines which are never alike are
 * not learnt from again and again. */
#define LEARN_COST 8
#define CREDIT_MAX (4 * SHAPE_COUNT * LEARN_COST)
#define MISSES_PER_CREDIT 16
/* By quotes alone: a line that fits saves a quarter of what one costs that does not. Where too few do, blocks are
 * scanned whole for a while. */
#define QUOTED_COUNT_MAX 128
#define QUOTED_SCALAR_COUNT_MAX 32
#define QUOTED_BYTES_MAX 48 /* of text between two values */
#define QUOTED_COST 4
#define QUOTED_CREDIT_MAX 256
#define QUOTED_CREDIT_BEGIN 64
#define QUOTED_PAUSE_BLOCKS 32
/* After so many lines in a row that fitted none, only each eighth is tried. */
#define MISS_COUNT_COLD 64

typedef uint64_t vector __attribute__((vector_size(VECTOR_BYTES)));
_Static_assert(VECTOR_COUNT_MAX *VECTOR_BYTES <= RECON_JSON_SCAN_SLACK, "forms are readable behind the last");

/* Bytes that must be there, from a token's position on. */
struct check {
    vector bytes;
    vector mask;
    uint32_t token;
    int32_t distance;
};

/* A value that is a text and wanted; or a number or name, and wanted by path or (RECON_PATH_NONE) only judged. */
struct value {
    uint32_t token;
    uint32_t path;
};

/* A number or a name: as many bytes behind one quote, up to as many before the next. */
struct between {
    uint32_t token;
    uint32_t behind;
    uint32_t before;
    uint32_t path;
};

/* What a shape is by its text; tokens are quotes and control characters. */
struct quoted {
    uint32_t token_count; /* with the LF; 0: it is not known */
    uint32_t lead;        /* bytes before the first */
    uint32_t check_count;
    uint32_t text_count; /* that are wanted */
    uint32_t scalar_count;
    struct check checks[CHECK_COUNT_MAX];
    struct value texts[RECON_JSON_KEY_COUNT_MAX];
    struct between scalars[QUOTED_SCALAR_COUNT_MAX];
};

struct shape {
    uint32_t token_count;
    uint32_t vector_count; /* of forms, among them that of the line's end */
    uint32_t check_count;
    uint32_t text_count;
    uint32_t scalar_count;
    uint32_t absent_count;
    vector forms[VECTOR_COUNT_MAX];
    vector masks[VECTOR_COUNT_MAX];
    struct check checks[CHECK_COUNT_MAX];
    struct value texts[RECON_JSON_KEY_COUNT_MAX]; /* in their order */
    struct value scalars[TOKEN_COUNT_MAX];
    uint32_t absent[RECON_JSON_KEY_COUNT_MAX]; /* paths that nothing stands at */
    struct quoted quoted;
};

struct recon_json_shapes {
    uint32_t path_count;
    uint32_t credit;
    uint32_t miss_count;      /* since a line fitted */
    uint32_t next;            /* to be forgotten for a new one */
    const struct shape *last; /* that fitted */
    bool has_learnt;
    int32_t quoted_credit;
    uint32_t quoted_pause; /* blocks that are scanned whole */
    struct shape shapes[SHAPE_COUNT];
};

/* No line fits it: none begins with this byte. */
static void forget(struct shape *shape)
{
    memset(shape, 0, sizeof *shape);
    shape->vector_count = 1;
    shape->forms[0] = shape->masks[0] = ~(vector){0};
}

int recon_json_shapes_new(uint32_t path_count, struct recon_json_shapes **shapes)
{
    struct recon_json_shapes *made = aligned_alloc(_Alignof(struct recon_json_shapes), sizeof *made);
    if (!made)
        return RECON_ERROR_MEMORY;
    memset(made, 0, sizeof *made);
    for (uint32_t i = 0; i < SHAPE_COUNT; i++)
        forget(&made->shapes[i]);
    made->last = made->shapes;
    made->path_count = path_count;
    made->credit = CREDIT_MAX;
    made->quoted_credit = QUOTED_CREDIT_BEGIN;
    *shapes = made;
    return RECON_OK;
}

void recon_json_shapes_free(struct recon_json_shapes *shapes)
{
    free(shapes);
}

static inline vector load(const void *bytes)
{
    vector loaded;
    memcpy(&loaded, bytes, sizeof loaded);
    return loaded;
}

static inline bool fits(const struct shape *shape, const struct recon_json_tokens *tokens)
{
    vector wrong = {0};
    if (tokens->forms[shape->token_count] != '\n')
        return false;
    for (uint32_t i = 0; i < shape->vector_count; i++)
        wrong |= (load(tokens->forms + (size_t)i * VECTOR_BYTES) ^ shape->forms[i]) & shape->masks[i];
    if ((wrong[0] | wrong[1]) != 0 ||
        (uint32_t)tokens->positions[shape->token_count] + RECON_JSON_SHAPE_SLACK > tokens->readable)
        return false;
    for (uint32_t i = 0; i < shape->check_count; i++) {
        const struct check *check = &shape->checks[i];
        wrong |= (load(tokens->base + tokens->positions[check->token] + check->distance) ^ check->bytes) & check->mask;
    }
    return (wrong[0] | wrong[1]) == 0;
}

/* Passes over the escapes that stand before position end. */
static bool pass_escapes(struct recon_json_tokens *tokens, uint32_t end)
{
    while (*tokens->escapes < end) {
        const char *behind = recon_json_escape_end(tokens->base + *tokens->escapes, tokens->base + end);
        if (!behind)
            return false;
        do /* two, of a surrogate pair */
            tokens->escapes++;
        while (*tokens->escapes < (uint32_t)(behind - tokens->base));
    }
    return true;
}

/* All escapes up to the position end; those of wanted texts are undone. */
static __attribute__((noinline)) bool read_escapes(const struct value *texts, uint32_t text_count,
                                                   struct recon_json_tokens *tokens, uint32_t end,
                                                   struct recon_found *found)
{
    for (uint32_t i = 0; i < text_count; i++) {
        struct recon_text *text = &found[texts[i].path].text;
        const uint32_t start = tokens->positions[texts[i].token] + 1;
        const uint32_t close = start + text->size;
        if (!pass_escapes(tokens, start))
            return false;
        if (*tokens->escapes >= close)
            continue;
        char *behind = recon_json_unescape(tokens->base + start, tokens->base + close, tokens->scratch);
        if (!behind)
            return false;
        *text = (struct recon_text){.bytes = tokens->scratch, .size = (uint32_t)(behind - tokens->scratch)};
        tokens->scratch = behind;
        while (*tokens->escapes < close)
            tokens->escapes++;
    }
    return pass_escapes(tokens, end);
}

/* Of numbers the usual ones: at most 8 bytes, of which one may be a point. False: it may be one all the same. */
static inline bool is_short_number(const char *token, const char *next)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const ptrdiff_t size = next - token;
    if (size > 8)
        return false;
    const uint64_t digits = recon_load_le64(token) ^ ones * '0';
    const uint64_t above = (digits & ones * 0x7f) + ones * (0x7f - 9); /* bit 7 of each that is more than 9, */
    const uint64_t others = (above | digits) & (ones * 0x80) & (~UINT64_C(0) >> (64 - 8 * size)); /* and of no digit */
    const ptrdiff_t point = others == 0 ? size : __builtin_ctzll(others) / 8;
    if (*token == '0' && point > 1)
        return false;
    return others == 0 || (point > 0 && point + 1 < size && token[point] == '.' && (others & (others - 1)) == 0);
}

static inline bool read_values(const struct shape *shape, const struct recon_json_tokens *tokens,
                               struct recon_found *found)
{
    for (uint32_t i = 0; i < shape->absent_count; i++)
        found[shape->absent[i]].kind = RECON_FOUND_ABSENT;
    for (uint32_t i = 0; i < shape->text_count; i++) {
        const struct value *value = &shape->texts[i];
        const char *start = tokens->base + tokens->positions[value->token] + 1;
        const char *close = recon_json_find_close(tokens->base + tokens->positions[value->token + 1]);
        found[value->path].kind = RECON_FOUND_TEXT;
        found[value->path].text = (struct recon_text){.bytes = start, .size = (uint32_t)(close - start)};
    }
    for (uint32_t i = 0; i < shape->scalar_count; i++) {
        const struct value *value = &shape->scalars[i];
        const char *token = tokens->base + tokens->positions[value->token];
        const char *next = tokens->base + tokens->positions[value->token + 1];
        if (value->path != RECON_PATH_NONE
                ? !recon_json_read_scalar(token, next, &found[value->path])
                : !is_short_number(token, next) && !recon_json_read_scalar(token, next, NULL))
            return false;
    }
    return true;
}

/* The shape that the line has, which is not the last one's; NULL: none that is known, or it was not looked for. */
static __attribute__((noinline)) const struct shape *find_shape(const struct recon_json_shapes *shapes,
                                                                const struct recon_json_tokens *tokens)
{
    if (shapes->miss_count < MISS_COUNT_COLD || shapes->miss_count % 8 == 0)
        for (uint32_t i = 0; i < SHAPE_COUNT; i++)
            if (fits(&shapes->shapes[i], tokens))
                return &shapes->shapes[i];
    return NULL;
}

uint32_t recon_json_shapes_read(struct recon_json_shapes *shapes, struct recon_json_tokens *lines, uint32_t start,
                                size_t line_bytes_max, uint32_t count_max, struct recon_found *found)
{
    struct recon_json_tokens tokens = *lines; /* its address is not taken, so that it stays in registers */
    const struct shape *shape = shapes->last;
    uint32_t count = 0;
    for (; count < count_max; count++, found += shapes->path_count) {
        if (!fits(shape, &tokens)) {
            const struct recon_json_tokens line = tokens;
            const struct shape *other = find_shape(shapes, &line);
            shapes->miss_count += !other && count == 0; /* else it comes again as the first */
            if (!other)
                break;
            shape = other;
        }
        shapes->miss_count = 0;
        const uint32_t end = tokens.positions[shape->token_count];
        if (end - start > line_bytes_max || !read_values(shape, &tokens, found))
            break;
        if (*tokens.escapes < end) {
            struct recon_json_tokens line = tokens;
            if (!read_escapes(shape->texts, shape->text_count, &line, end, found))
                break;
            tokens.escapes = line.escapes;
            tokens.scratch = line.scratch;
        }
        tokens.positions += shape->token_count + 1;
        tokens.forms += shape->token_count + 1;
        start = end + 1;
    }
    *lines = tokens;
    shapes->last = shape;
    shapes->credit = shapes->credit + count < CREDIT_MAX ? shapes->credit + count : CREDIT_MAX;
    return count;
}

bool recon_json_shapes_want_quotes(struct recon_json_shapes *shapes)
{
    if (!shapes->has_learnt)
        return false;
    if (shapes->quoted_pause == 0)
        return true;
    shapes->quoted_pause--;
    return false;
}

bool recon_json_shapes_are_new(const struct recon_json_shapes *shapes)
{
    return !shapes->has_learnt;
}

/* Whether the line's text is the shape's: then its tokens are, too, as what is between two checks has none. */
static inline bool fits_quoted(const struct quoted *quoted, const struct recon_json_tokens *tokens,
                               uint32_t token_count, uint32_t start)
{
    if (quoted->token_count - 1 >= token_count || tokens->positions[0] != start + quoted->lead)
        return false;
    vector wrong = {0};
    for (uint32_t i = 0; i < quoted->check_count; i++) {
        const struct check *check = &quoted->checks[i];
        wrong |= (load(tokens->base + tokens->positions[check->token] + check->distance) ^ check->bytes) & check->mask;
    }
    return (wrong[0] | wrong[1]) == 0;
}

/* A number or a name that is not short, or is wanted; it must be all there is. */
static __attribute__((noinline)) bool read_between(const char *token, const char *next, struct recon_found *found)
{
    struct recon_found unwanted = {.kind = RECON_FOUND_ABSENT};
    struct recon_found *to = found ? found : &unwanted;
    return recon_json_read_scalar(token, next, to) && to->text.bytes + to->text.size == next;
}

static inline bool read_quoted(const struct shape *shape, const struct recon_json_tokens *tokens,
                               struct recon_found *found)
{
    const struct quoted *quoted = &shape->quoted;
    for (uint32_t i = 0; i < shape->absent_count; i++)
        found[shape->absent[i]].kind = RECON_FOUND_ABSENT;
    for (uint32_t i = 0; i < quoted->text_count; i++) {
        const struct value *value = &quoted->texts[i];
        const uint32_t open = tokens->positions[value->token], close = tokens->positions[value->token + 1];
        found[value->path].kind = RECON_FOUND_TEXT;
        found[value->path].text = (struct recon_text){.bytes = tokens->base + open + 1, .size = close - open - 1};
    }
    for (uint32_t i = 0; i < quoted->scalar_count; i++) {
        const struct between *value = &quoted->scalars[i];
        const char *token = tokens->base + tokens->positions[value->token] + value->behind;
        const char *next = tokens->base + tokens->positions[value->token + 1] - value->before;
        if (next <= token || !((value->path == RECON_PATH_NONE && is_short_number(token, next)) ||
                               read_between(token, next, value->path != RECON_PATH_NONE ? &found[value->path] : NULL)))
            return false;
    }
    return true;
}

/* As find_shape, by quotes. */
static __attribute__((noinline)) const struct shape *find_quoted(const struct recon_json_shapes *shapes,
                                                                 const struct recon_json_tokens *tokens,
                                                                 uint32_t token_count, uint32_t start)
{
    for (uint32_t i = 0; i < SHAPE_COUNT; i++) {
        const struct quoted *quoted = &shapes->shapes[i].quoted;
        if (quoted->token_count > 0 && fits_quoted(quoted, tokens, token_count, start))
            return &shapes->shapes[i];
    }
    return NULL;
}

/* Notes how many lines fitted, and that one more did not. */
static void settle_quoted(struct recon_json_shapes *shapes, uint32_t count, bool has_missed)
{
    const int32_t credit = shapes->quoted_credit + (int32_t)count - (has_missed ? QUOTED_COST : 0);
    shapes->quoted_credit = credit < QUOTED_CREDIT_MAX ? credit : QUOTED_CREDIT_MAX;
    if (credit >= 0)
        return;
    shapes->quoted_credit = QUOTED_CREDIT_BEGIN;
    shapes->quoted_pause = QUOTED_PAUSE_BLOCKS;
}

uint32_t recon_json_shapes_read_quoted(struct recon_json_shapes *shapes, struct recon_json_tokens *lines,
                                       uint32_t token_count, uint32_t start, size_t line_bytes_max, uint32_t count_max,
                                       struct recon_found *found)
{
    struct recon_json_tokens tokens = *lines; /* its address is not taken, so that it stays in registers */
    const struct shape *shape = shapes->last;
    uint32_t count = 0;
    for (; count < count_max && token_count > 0; count++, found += shapes->path_count) {
        if (!fits_quoted(&shape->quoted, &tokens, token_count, start)) {
            const struct recon_json_tokens line = tokens;
            const struct shape *other = find_quoted(shapes, &line, token_count, start);
            if (!other)
                break;
            shape = other;
        }
        const struct quoted *quoted = &shape->quoted;
        const uint32_t end = tokens.positions[quoted->token_count - 1];
        if (end - start > line_bytes_max || !read_quoted(shape, &tokens, found))
            break;
        if (*tokens.escapes < end) {
            struct recon_json_tokens line = tokens;
            if (!read_escapes(quoted->texts, quoted->text_count, &line, end, found))
                break;
            tokens.escapes = line.escapes;
            tokens.scratch = line.scratch;
        }
        tokens.positions += quoted->token_count;
        token_count -= quoted->token_count;
        start = end + 1;
    }
    *lines = tokens;
    shapes->last = shape;
    settle_quoted(shapes, count, count < count_max && token_count > 0);
    return count;
}

bool recon_json_shapes_want(struct recon_json_shapes *shapes)
{
    shapes->credit += shapes->miss_count % MISSES_PER_CREDIT == 0 && shapes->credit < CREDIT_MAX;
    return shapes->credit >= LEARN_COST && shapes->path_count <= RECON_JSON_KEY_COUNT_MAX;
}

/* What must be there of a text with its quotes, which begins at the token. */
static bool add_checks(struct shape *shape, const struct recon_json_tokens *tokens, uint32_t token)
{
    const char *start = tokens->base + tokens->positions[token];
    const char *end = recon_json_find_close(tokens->base + tokens->positions[token + 1]) + 1;
    if (end - start > RECON_JSON_SHAPE_SLACK)
        return false;
    for (const char *at = start; at < end; at += VECTOR_BYTES) {
        if (shape->check_count == CHECK_COUNT_MAX)
            return false;
        const size_t size = end - at < VECTOR_BYTES ? (size_t)(end - at) : VECTOR_BYTES;
        struct check *check = &shape->checks[shape->check_count++];
        *check = (struct check){.token = token, .distance = (int32_t)(at - start)};
        memcpy(&check->bytes, at, size);
        memset(&check->mask, 0xff, size);
    }
    return true;
}

static bool is_scalar(uint8_t form)
{
    return memchr("\"{}[]:,\n", form, 8) == NULL;
}

/* Whether a key before led to the same: what was found below that one is forgotten then. */
static bool is_again(const struct recon_json_keys *keys, uint32_t key)
{
    for (uint32_t i = 0; i < key; i++)
        if (keys->nodes[i] == keys->nodes[key] && keys->nodes[i] != RECON_JSON_NOBODY)
            return true;
    return false;
}

/* The values that are wanted; false: of a kind that shapes don't tell. paths: what each token is wanted as. */
static bool add_wanted(struct recon_json_shapes *shapes, struct shape *shape, const struct recon_json_tree *tree,
                       const struct recon_json_tokens *tokens, uint32_t count, const struct recon_json_keys *keys,
                       uint32_t *paths)
{
    bool seen[RECON_JSON_KEY_COUNT_MAX] = {false};
    for (uint32_t i = 0; i < count; i++)
        paths[i] = RECON_PATH_NONE;
    for (uint32_t i = 0; i < keys->count; i++) {
        if (is_again(keys, i) || !add_checks(shape, tokens, keys->tokens[i]))
            return false;
        const uint32_t path = tree->nodes[keys->nodes[i]].path;
        if (path == RECON_PATH_NONE)
            continue;
        const uint32_t token = keys->tokens[i] + 2;
        const uint8_t form = tokens->forms[token];
        if (form == '{' || form == '[')
            return false;
        seen[path] = true;
        paths[token] = path;
        if (form == '"')
            shape->texts[shape->text_count++] = (struct value){.token = token, .path = path};
    }
    for (uint32_t i = 0; i < count; i++)
        if (is_scalar(tokens->forms[i]))
            shape->scalars[shape->scalar_count++] = (struct value){.token = i, .path = paths[i]};
    for (uint32_t i = 0; i < shapes->path_count; i++)
        if (!seen[i])
            shape->absent[shape->absent_count++] = i;
    return true;
}

/* The line that a shape's text is taken from. */
struct model {
    const char *line;
    uint32_t size; /* with its LF */
    uint32_t token_count;
    uint32_t tokens[QUOTED_COUNT_MAX]; /* quotes and control characters */
    uint32_t next;                     /* of them: the first that was not passed */
    uint32_t done;                     /* bytes */
};

static bool find_tokens(struct model *model)
{
    for (uint32_t i = 0; i < model->size; i++) {
        if (model->line[i] != '"' && (unsigned char)model->line[i] >= 0x20)
            continue;
        if (model->token_count == QUOTED_COUNT_MAX)
            return false;
        model->tokens[model->token_count++] = i;
    }
    return true;
}

/* What must be there from where the model is done up to the byte end. */
static bool add_text(struct quoted *quoted, struct model *model, uint32_t end)
{
    const uint32_t token = model->next;
    if (token == model->token_count || model->tokens[token] >= end || end - model->tokens[token] > QUOTED_BYTES_MAX ||
        model->tokens[token] - model->done > token + quoted->lead) /* what is read is within the block, as each token
                                                                      before is a byte */
        return false;
    for (uint32_t at = model->done; at < end; at += VECTOR_BYTES) {
        if (quoted->check_count == CHECK_COUNT_MAX)
            return false;
        const uint32_t size = end - at < VECTOR_BYTES ? end - at : VECTOR_BYTES;
        struct check *check = &quoted->checks[quoted->check_count++];
        *check = (struct check){.token = token, .distance = (int32_t)at - (int32_t)model->tokens[token]};
        memcpy(&check->bytes, model->line + at, size);
        memset(&check->mask, 0xff, size);
    }
    while (model->next < model->token_count && model->tokens[model->next] < end)
        model->next++;
    model->done = end;
    return true;
}

/* The text value whose first byte is at start, its token being wanted as path. */
static bool add_quoted_text(struct quoted *quoted, struct model *model, uint32_t start, uint32_t path)
{
    if (!add_text(quoted, model, start))
        return false;
    if (path != RECON_PATH_NONE)
        quoted->texts[quoted->text_count++] = (struct value){.token = model->next - 1, .path = path};
    model->done = model->tokens[model->next];
    return true;
}

static bool add_quoted_scalar(struct quoted *quoted, struct model *model, uint32_t start, uint32_t path)
{
    if (!add_text(quoted, model, start) || quoted->scalar_count == QUOTED_SCALAR_COUNT_MAX)
        return false;
    uint32_t end = start;
    while (!ends_scalar(model->line[end]))
        end++;
    quoted->scalars[quoted->scalar_count++] = (struct between){.token = model->next - 1,
                                                               .behind = start - model->tokens[model->next - 1],
                                                               .before = model->tokens[model->next] - end,
                                                               .path = path};
    model->done = end;
    return true;
}

/* The line's text; false: it has none that is simple enough. */
static bool add_quoted(struct quoted *quoted, const struct recon_json_tokens *tokens, uint32_t start, uint32_t count,
                       const uint32_t *paths)
{
    struct model model = {.line = tokens->base + start, .size = tokens->positions[count] + 1 - start};
    if (!find_tokens(&model))
        return false;
    quoted->lead = model.tokens[0];
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t place = tokens->positions[i] - start;
        const bool is_text = tokens->forms[i] == '"' && tokens->forms[i + 1] != ':';
        if ((is_text && !add_quoted_text(quoted, &model, place + 1, paths[i])) ||
            (is_scalar(tokens->forms[i]) && !add_quoted_scalar(quoted, &model, place, paths[i])))
            return false;
    }
    if (!add_text(quoted, &model, model.size))
        return false;
    quoted->token_count = model.token_count;
    return true;
}

void recon_json_shapes_learn(struct recon_json_shapes *shapes, const struct recon_json_tree *tree,
                             const struct recon_json_tokens *tokens, uint32_t start, uint32_t count,
                             const struct recon_json_keys *keys)
{
    uint32_t paths[TOKEN_COUNT_MAX];
    shapes->has_learnt = true;
    shapes->credit -= LEARN_COST;
    if (!keys->is_whole || count > TOKEN_COUNT_MAX)
        return;
    struct shape *shape = &shapes->shapes[shapes->next];
    forget(shape);
    if (!add_wanted(shapes, shape, tree, tokens, count, keys, paths))
        return;
    if (tokens->positions[count] < tokens->readable && tokens->base[tokens->positions[count]] == '\n')
        (void)add_quoted(&shape->quoted, tokens, start, count, paths);
    shape->token_count = count;
    shape->vector_count = count / VECTOR_BYTES + 1;
    shape->forms[0] = shape->masks[0] = (vector){0};
    memcpy(shape->forms, tokens->forms, count + 1);
    for (uint32_t i = 0; i <= count; i++)
        ((uint8_t *)shape->masks)[i] = is_scalar(tokens->forms[i]) ? 0 : 0xff;
    shapes->last = shape;
    shapes->next = (shapes->next + 1) % SHAPE_COUNT;
}
