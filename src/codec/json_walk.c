/*
 * The walk over one document's tokens.
 *
 * 1. The index has judged UTF-8, control characters in texts and the pairing of quotes already; the walk judges the
 *    grammar, numbers, names (true, false, null) and escapes. Together that is all of RFC 8259.
 * 2. Every token is taken by next_token, which gives 0 at the document's end and stays there.
 * 3. Nothing is copied but texts with escapes that are wanted.
 * 4. Node 0 of the tree is the root; as a key's node it means that nobody wants what is under the key.
 */
#include "codec/json_walk.h"

#include <stdlib.h>
#include <string.h>

#include "codec/limits.h"
#include "recon/status.h"

#define NOBODY 0
#define NO_ITEM UINT32_MAX

/* Nodes stand in depth-first order: those under one are the ones after it, up to its end. */
struct node {
    const char *key;
    uint32_t key_size;
    uint32_t end;
    uint32_t path; /* RECON_PATH_NONE: only on the way to others */
    uint32_t item; /* the key as an index of a list; NO_ITEM: it is none */
};

struct recon_json_tree {
    uint32_t count;
    struct node nodes[];
};

struct walk {
    const struct recon_json_document *document;
    const struct node *nodes;
    struct recon_found *found;
    const uint32_t *position; /* of the token that comes next */
    const char *token;        /* the token taken last */
    const char *limit;        /* the document's end */
    char *scratch;
    uint32_t depth;
};

static uint32_t item_of(const char *key)
{
    /* RFC 6901: digits without leading zeros. Nine of them are more than any list here has items. */
    size_t size = strlen(key);
    if (size == 0 || size > 9 || (key[0] == '0' && size > 1) || strspn(key, "0123456789") != size)
        return NO_ITEM;
    return (uint32_t)strtoul(key, NULL, 10);
}

/* Adds the nodes under those steps that stem has in common with paths, depth steps so far. */
static void add_nodes(struct recon_json_tree *tree, const struct recon_path *paths, uint32_t path_count,
                      const struct recon_path *stem, size_t depth)
{
    for (uint32_t i = 0; i < path_count; i++) {
        const struct recon_path *path = &paths[i];
        if (path->kind != RECON_FIELD_VALUE || path->step_count <= depth)
            continue;
        bool ours = true;
        for (size_t step = 0; step < depth && ours; step++)
            ours = strcmp(path->steps[step], stem->steps[step]) == 0;
        /* The first path with this step at this depth makes the node, for all of them. */
        for (uint32_t before = 0; before < i && ours; before++) {
            const struct recon_path *other = &paths[before];
            bool same = other->kind == RECON_FIELD_VALUE && other->step_count > depth;
            for (size_t step = 0; step <= depth && same; step++)
                same = strcmp(other->steps[step], path->steps[step]) == 0;
            ours = !same;
        }
        if (!ours)
            continue;
        struct node *node = &tree->nodes[tree->count++];
        const char *key = path->steps[depth];
        *node =
            (struct node){.key = key, .key_size = (uint32_t)strlen(key), .path = RECON_PATH_NONE, .item = item_of(key)};
        for (uint32_t j = i; j < path_count; j++) {
            bool same = paths[j].kind == RECON_FIELD_VALUE && paths[j].step_count == depth + 1;
            for (size_t step = 0; step <= depth && same; step++)
                same = strcmp(paths[j].steps[step], path->steps[step]) == 0;
            if (same)
                node->path = j;
        }
        add_nodes(tree, paths, path_count, path, depth + 1);
        node->end = tree->count;
    }
}

int recon_json_tree_new(const struct recon_path *paths, uint32_t path_count, struct recon_json_tree **tree)
{
    size_t node_count = 1;
    for (uint32_t i = 0; i < path_count; i++)
        node_count += paths[i].step_count;
    struct recon_json_tree *made = calloc(1, sizeof *made + node_count * sizeof made->nodes[0]);
    if (!made)
        return RECON_ERROR_MEMORY;
    made->count = 1;
    made->nodes[0] = (struct node){.key = "", .path = RECON_PATH_NONE, .item = NO_ITEM};
    add_nodes(made, paths, path_count, NULL, 0);
    made->nodes[0].end = made->count;
    *tree = made;
    return RECON_OK;
}

void recon_json_tree_free(struct recon_json_tree *tree)
{
    free(tree);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static inline const char *at_position(const struct walk *walk, uint32_t position)
{
    return walk->document->bytes + (position - walk->document->origin);
}

/* The token's first byte; 0 at the end (and for a NUL byte, which starts no token of JSON). */
static inline char next_token(struct walk *walk)
{
    uint32_t position = *walk->position;
    if (position >= walk->document->end)
        return 0;
    walk->position++;
    walk->token = at_position(walk, position);
    return *walk->token;
}

/* Whether a name or a number may end before this byte; the end of the document is checked by the caller. */
static inline bool ends_scalar(char c)
{
    return is_space(c) || c == ',' || c == '}' || c == ']' || c == ':' || c == '{' || c == '[';
}

static bool read_hex4(const char *digits, const char *limit, uint32_t *value)
{
    if (limit - digits < 4)
        return false;
    *value = 0;
    for (int i = 0; i < 4; i++) {
        char c = digits[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return false;
        *value = *value << 4 | (uint32_t)digit;
    }
    return true;
}

static char *put_utf8(char *out, uint32_t point)
{
    if (point < 0x80) {
        *out++ = (char)point;
    } else if (point < 0x800) {
        *out++ = (char)(0xc0 | point >> 6);
        *out++ = (char)(0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
        *out++ = (char)(0xe0 | point >> 12);
        *out++ = (char)(0x80 | (point >> 6 & 0x3f));
        *out++ = (char)(0x80 | (point & 0x3f));
    } else {
        *out++ = (char)(0xf0 | point >> 18);
        *out++ = (char)(0x80 | (point >> 12 & 0x3f));
        *out++ = (char)(0x80 | (point >> 6 & 0x3f));
        *out++ = (char)(0x80 | (point & 0x3f));
    }
    return out;
}

/* Reads the digits of `\uXXXX`, and of a second one where the first is half a pair; *in is after the u. */
static bool read_code_point(const char **in, const char *limit, uint32_t *point)
{
    uint32_t low;
    if (!read_hex4(*in, limit, point))
        return false;
    *in += 4;
    if (*point < 0xd800 || *point > 0xdfff)
        return true;
    if (*point > 0xdbff || limit - *in < 6 || (*in)[0] != '\\' || (*in)[1] != 'u' || !read_hex4(*in + 2, limit, &low) ||
        low < 0xdc00 || low > 0xdfff)
        return false;
    *in += 6;
    *point = 0x10000 + ((*point - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

/* Writes the text without its escapes to out, which it can't outgrow; NULL where an escape is none of JSON's. */
static char *unescape(const char *in, const char *limit, char *out)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    for (;;) {
        const char *backslash = memchr(in, '\\', (size_t)(limit - in));
        size_t plain = (size_t)((backslash ? backslash : limit) - in);
        memcpy(out, in, plain);
        out += plain;
        if (!backslash)
            return out;
        in = backslash + 1;
        if (in == limit)
            return NULL;
        char c = *in++;
        const char *name = c ? strchr(names, c) : NULL;
        uint32_t point;
        if (name)
            *out++ = values[name - names];
        else if (c == 'u' && read_code_point(&in, limit, &point))
            out = put_utf8(out, point);
        else
            return NULL;
    }
}

/* The text whose opening quote was taken last, without quotes and escapes. keep: it must outlive the next text. */
static inline bool read_text(struct walk *walk, bool keep, struct recon_text *text)
{
    uint32_t next = *walk->position;
    if (next >= walk->document->end)
        return false;
    const char *start = walk->token + 1;
    const char *close = at_position(walk, next) - 1;
    while (is_space(*close))
        close--;
    if (walk->document->has_escapes && memchr(start, '\\', (size_t)(close - start))) {
        char *end = unescape(start, close, walk->scratch);
        if (!end)
            return false;
        *text = (struct recon_text){.bytes = walk->scratch, .size = (uint32_t)(end - walk->scratch)};
        if (keep)
            walk->scratch = end;
        return true;
    }
    *text = (struct recon_text){.bytes = start, .size = (uint32_t)(close - start)};
    return true;
}

static const char *skip_digits(const char *c, const char *limit)
{
    while (c < limit && *c >= '0' && *c <= '9')
        c++;
    return c;
}

/* The number whose first byte was taken last. */
static bool read_number(const struct walk *walk, struct recon_found *found)
{
    const char *start = walk->token;
    const char *limit = walk->limit;
    const char *digits = start + (*start == '-');
    const char *c = skip_digits(digits, limit);
    if (c == digits || (*digits == '0' && c - digits > 1))
        return false;
    bool integer = true;
    if (c < limit && *c == '.') {
        const char *fraction = ++c;
        c = skip_digits(c, limit);
        if (c == fraction)
            return false;
        integer = false;
    }
    if (c < limit && (*c == 'e' || *c == 'E')) {
        c++;
        if (c < limit && (*c == '+' || *c == '-'))
            c++;
        const char *exponent = c;
        c = skip_digits(c, limit);
        if (c == exponent)
            return false;
        integer = false;
    }
    if (c < limit && !ends_scalar(*c))
        return false;
    if (!found)
        return true;
    found->kind = integer ? RECON_FOUND_INTEGER : RECON_FOUND_OTHER;
    if (integer && *digits == '0')
        start = digits; /* -0 is 0 */
    found->text = (struct recon_text){.bytes = start, .size = (uint32_t)(c - start)};
    return true;
}

static bool read_name(const struct walk *walk, const char *name, uint32_t size, struct recon_found *found)
{
    const char *start = walk->token;
    if (walk->limit - start < (ptrdiff_t)size || memcmp(start, name, size) != 0 ||
        (walk->limit - start > (ptrdiff_t)size && !ends_scalar(start[size])))
        return false;
    if (found) {
        found->kind = *name == 'n' ? RECON_FOUND_ABSENT : RECON_FOUND_OTHER;
        found->text = (struct recon_text){.bytes = start, .size = size};
    }
    return true;
}

/* The node under parent that the key leads to. What is known of it is forgotten: the last of equal keys counts. */
static inline uint32_t find_key(struct walk *walk, uint32_t parent, struct recon_text key)
{
    const struct node *nodes = walk->nodes;
    uint32_t end = nodes[parent].end;
    uint32_t node = parent + 1;
    while (node < end && !(nodes[node].key_size == key.size && memcmp(nodes[node].key, key.bytes, key.size) == 0))
        node = nodes[node].end;
    if (node >= end)
        return NOBODY;
    for (uint32_t under = node; under < nodes[node].end; under++)
        if (nodes[under].path != RECON_PATH_NONE)
            walk->found[nodes[under].path].kind = RECON_FOUND_ABSENT;
    return node;
}

static uint32_t find_item(const struct walk *walk, uint32_t parent, uint32_t item)
{
    const struct node *nodes = walk->nodes;
    for (uint32_t node = parent + 1; node < nodes[parent].end; node = nodes[node].end)
        if (nodes[node].item == item)
            return node;
    return NOBODY;
}

static bool walk_value(struct walk *walk, char token, uint32_t node);

/* Members up to the closing brace; the opening one was taken. wanted: node is not NOBODY, or the root is meant. */
static bool walk_object(struct walk *walk, uint32_t node, bool wanted)
{
    char token = next_token(walk);
    if (token == '}')
        return true;
    for (;;) {
        struct recon_text key;
        if (token != '"' || !read_text(walk, false, &key) || next_token(walk) != ':')
            return false;
        uint32_t child = wanted ? find_key(walk, node, key) : NOBODY;
        if (!walk_value(walk, next_token(walk), child))
            return false;
        token = next_token(walk);
        if (token == '}')
            return true;
        if (token != ',')
            return false;
        token = next_token(walk);
    }
}

static bool walk_list(struct walk *walk, uint32_t node)
{
    char token = next_token(walk);
    if (token == ']')
        return true;
    for (uint32_t item = 0;; item++) {
        uint32_t child = node == NOBODY ? NOBODY : find_item(walk, node, item);
        if (!walk_value(walk, token, child))
            return false;
        token = next_token(walk);
        if (token == ']')
            return true;
        if (token != ',')
            return false;
        token = next_token(walk);
    }
}

/* The value whose first token was taken, and all that is in it. */
static bool walk_value(struct walk *walk, char token, uint32_t node)
{
    uint32_t path = walk->nodes[node].path;
    struct recon_found *found = path == RECON_PATH_NONE ? NULL : &walk->found[path];
    const char *start = walk->token;
    struct recon_text text;
    switch (token) {
    case '"':
        if (!read_text(walk, found != NULL, &text))
            return false;
        if (found) {
            found->kind = RECON_FOUND_TEXT;
            found->text = text;
        }
        return true;
    case '{':
    case '[':
        if (++walk->depth > RECON_JSON_DEPTH_MAX)
            return false;
        if (!(token == '{' ? walk_object(walk, node, node != NOBODY) : walk_list(walk, node)))
            return false;
        walk->depth--;
        if (found) {
            found->kind = RECON_FOUND_OTHER;
            found->text = (struct recon_text){.bytes = start, .size = (uint32_t)(walk->token + 1 - start)};
        }
        return true;
    case 't':
        return read_name(walk, "true", 4, found);
    case 'f':
        return read_name(walk, "false", 5, found);
    case 'n':
        return read_name(walk, "null", 4, found);
    default:
        return (token == '-' || (token >= '0' && token <= '9')) && read_number(walk, found);
    }
}

bool recon_json_walk(const struct recon_json_tree *tree, const struct recon_json_document *document,
                     struct recon_found *found)
{
    struct walk walk = {.document = document,
                        .nodes = tree->nodes,
                        .found = found,
                        .position = document->position,
                        .limit = document->bytes + (document->end - document->origin),
                        .scratch = document->scratch,
                        .depth = 1};
    /* Nobody's found would be the root's own: no path is empty, so it has none. */
    for (uint32_t i = 1; i < tree->count; i++)
        if (tree->nodes[i].path != RECON_PATH_NONE)
            found[tree->nodes[i].path].kind = RECON_FOUND_ABSENT;
    return next_token(&walk) == '{' && walk_object(&walk, 0, true) && *walk.position >= document->end;
}
