/*
 * The walk over one document's tokens.
 *
 * 1. The index has judged UTF-8, control characters in texts and the pairing of quotes already; the walk judges the
 *    grammar, numbers, names (true, false, null) and escapes. Together that is all of RFC 8259.
 * 2. A byte is only looked at where its token is known to lie before the document's end. Positions rise, so one look at
 *    a later one vouches for those before: of a member (key, colon, value and what follows) for four tokens at once.
 *    Behind the last position stand enough that are past every end.
 * 3. A number or a name ends before the token that follows it or in a byte that is none of its own, so its bytes need
 *    no bounds of their own.
 * 4. Nothing is copied but texts with escapes that are wanted, and nothing measured but what is wanted.
 * 5. Objects and lists that are open are on a stack of bounded depth, not on the program's.
 */
#include "codec/json_walk.h"

#include <string.h>

#include "codec/json_text.h"
#include "codec/json_token.h"
#include "codec/limits.h"

#define IS_OBJECT UINT32_MAX

/* An object or list that is open. */
struct level {
    const char *start;
    uint32_t node;
    uint32_t item; /* the list's item at hand, from 0; or IS_OBJECT */
};

struct walk {
    const struct recon_json_node *nodes;
    struct recon_found *found;
    const char *base;      /* where position 0 is */
    uint32_t end;          /* the document's, as a position */
    const char *limit;     /* likewise */
    const char *backslash; /* the next one that was not looked at; the limit: there is none */
    char *scratch;         /* what is free of it */
    uint32_t *guess;       /* for the next key that may be wanted; at guesses_end: there is none */
    uint32_t *guesses_end;
    struct recon_json_keys *keys; /* the record of them; NULL: none is made */
    const uint32_t *first;        /* token */
};

static inline const char *at(const struct walk *walk, uint32_t position)
{
    return walk->base + position;
}

/* Undoes the escapes of the text whose opening quote is at token. keep: what is written must outlive the next text. */
static bool unescape(struct walk *walk, const char *token, const char *next, bool keep, struct recon_text *text)
{
    const char *close = recon_json_find_close(next);
    char *end = recon_json_unescape(token + 1, close, walk->scratch);
    if (!end)
        return false;
    *text = (struct recon_text){.bytes = walk->scratch, .size = (uint32_t)(end - walk->scratch)};
    if (keep)
        walk->scratch = end;
    const char *backslash = memchr(close, '\\', (size_t)(walk->limit - close));
    walk->backslash = backslash ? backslash : walk->limit;
    return true;
}

/* The text whose opening quote is at token, before the token next. */
static inline bool read_text(struct walk *walk, const char *token, const char *next, bool keep, struct recon_text *text)
{
    if (walk->backslash < next)
        return unescape(walk, token, next, keep, text);
    *text = (struct recon_text){.bytes = token + 1, .size = (uint32_t)(recon_json_find_close(next) - (token + 1))};
    return true;
}

/* Where what stands at the node is to be put; NULL: nobody wants it. */
static inline struct recon_found *found_at(const struct walk *walk, uint32_t node)
{
    const uint32_t path = walk->nodes[node].path;
    return path == RECON_PATH_NONE ? NULL : &walk->found[path];
}

/* The text at token, which is wanted or has escapes. */
static inline bool read_value_text(struct walk *walk, const char *token, const char *next, uint32_t node)
{
    uint32_t path = walk->nodes[node].path;
    if (path == RECON_PATH_NONE) {
        struct recon_text unwanted;
        return read_text(walk, token, next, false, &unwanted);
    }
    walk->found[path].kind = RECON_FOUND_TEXT;
    return read_text(walk, token, next, true, &walk->found[path].text);
}

static inline uint64_t load64(const char *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

static inline uint32_t load32(const char *bytes)
{
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

static inline uint16_t load16(const char *bytes)
{
    uint16_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

/* memcmp for keys, most of which are short: without a call. */
static inline bool same_bytes(const char *a, const char *b, size_t size)
{
    if (size > 16)
        return memcmp(a, b, size) == 0;
    if (size >= 8)
        return load64(a) == load64(b) && load64(a + size - 8) == load64(b + size - 8);
    if (size >= 4)
        return load32(a) == load32(b) && load32(a + size - 4) == load32(b + size - 4);
    if (size >= 2)
        return load16(a) == load16(b) && a[size - 1] == b[size - 1];
    return size == 0 || *a == *b;
}

static inline bool is_key(const struct recon_json_node *node, struct recon_text key)
{
    return node->key_size == key.size && same_bytes(node->key, key.bytes, key.size);
}

/* The node under parent that the key leads to. What is known of it is forgotten: the last of equal keys counts. */
static inline uint32_t find_key(struct walk *walk, uint32_t parent, struct recon_text key)
{
    const struct recon_json_node *nodes = walk->nodes;
    const uint32_t end = nodes[parent].end;
    if ((nodes[parent].key_sizes >> key.size % 64 & 1) == 0)
        return RECON_JSON_NOBODY;
    uint32_t none = RECON_JSON_NOBODY;
    uint32_t *guess = walk->guess < walk->guesses_end ? walk->guess++ : &none;
    uint32_t node = *guess;
    if (nodes[node].parent != parent || !is_key(&nodes[node], key)) {
        node = parent + 1;
        while (node < end && !is_key(&nodes[node], key))
            node = nodes[node].end;
        if (node >= end)
            return RECON_JSON_NOBODY;
        *guess = node;
    }
    /* What stands at the key itself takes the place of what stood there; what was found under it must go. */
    for (uint32_t under = node + 1; under < nodes[node].end; under++)
        if (nodes[under].path != RECON_PATH_NONE)
            walk->found[nodes[under].path].kind = RECON_FOUND_ABSENT;
    return node;
}

static uint32_t find_item(const struct walk *walk, uint32_t parent, uint32_t item)
{
    const struct recon_json_node *nodes = walk->nodes;
    for (uint32_t node = parent + 1; node < nodes[parent].end; node = nodes[node].end)
        if (nodes[node].item == item)
            return node;
    return RECON_JSON_NOBODY;
}

/* The key whose opening quote is at token, in an object that stands at parent. */
static inline bool read_key(struct walk *walk, const char *token, const char *colon, uint32_t parent, uint32_t *node)
{
    *node = RECON_JSON_NOBODY;
    if (parent == RECON_JSON_NOBODY && walk->backslash >= colon)
        return true;
    struct recon_text key;
    if (!read_text(walk, token, colon, false, &key))
        return false;
    *node = find_key(walk, parent, key);
    return true;
}

/* Writes down the key at token, which leads to node, where the object at parent has something that is wanted. */
static void note_key(struct walk *walk, const uint32_t *token, uint32_t parent, uint32_t node)
{
    struct recon_json_keys *keys = walk->keys;
    if (parent == RECON_JSON_NOBODY)
        return;
    keys->is_whole &= keys->count < RECON_JSON_KEY_COUNT_MAX;
    if (!keys->is_whole)
        return;
    keys->tokens[keys->count] = (uint32_t)(token - walk->first);
    keys->nodes[keys->count++] = node;
}

/* The object or list was wanted as a whole and has been closed at token. */
static inline void keep_level(const struct walk *walk, const struct level *level, const char *token)
{
    if (level->node == RECON_JSON_NOBODY)
        return;
    uint32_t path = walk->nodes[level->node].path;
    if (path == RECON_PATH_NONE)
        return;
    walk->found[path].kind = RECON_FOUND_OTHER;
    walk->found[path].text = (struct recon_text){.bytes = level->start, .size = (uint32_t)(token + 1 - level->start)};
}

/* Walks the object or list that opens at *position and moves *position over what was looked at. */
static bool walk_object(struct walk *walk, const uint32_t **position)
{
    struct level levels[RECON_JSON_DEPTH_MAX];
    struct level *level = levels;
    const char *const base = walk->base;
    const uint32_t end = walk->end;
    const uint32_t *next = *position;  /* the token that was not looked at yet */
    uint32_t parent = RECON_JSON_ROOT; /* the node of what is open */
    bool is_object = base[*next] == '{';
    uint32_t node = RECON_JSON_ROOT;
    const char *token = base + *next;
    const char *follower;
    bool good = false;
    goto open;

    for (;;) {
        /* A member, which is four tokens with what follows it, or an item, which is two. */
        node = RECON_JSON_NOBODY;
        if (is_object) {
            if (next[3] >= end)
                break;
            const char *key = base + next[0];
            const char *colon = base + next[1];
            if (*key != '"' || *colon != ':')
                break;
            if ((parent != RECON_JSON_NOBODY || walk->backslash < colon) && !read_key(walk, key, colon, parent, &node))
                break;
            if (walk->keys != NULL)
                note_key(walk, next, parent, node);
            next += 2;
        } else {
            if (next[1] >= end)
                break;
            if (parent != RECON_JSON_NOBODY) {
                node = find_item(walk, parent, level->item++);
                if (walk->keys != NULL)
                    walk->keys->is_whole = false;
            }
        }
        token = base + next[0];
        follower = base + next[1];
        if (*token == '"') {
            if ((node != RECON_JSON_NOBODY || walk->backslash < follower) &&
                !read_value_text(walk, token, follower, node))
                break;
        } else if (*token == '{' || *token == '[') {
            if (++level == levels + RECON_JSON_DEPTH_MAX)
                break;
            parent = node;
            is_object = *token == '{';
        open:
            *level = (struct level){.start = token, .node = node, .item = is_object ? IS_OBJECT : 0};
            if (next[1] >= end)
                break;
            follower = base + next[1];
            if (*follower != (is_object ? '}' : ']')) {
                next++;
                continue;
            }
        } else if (node != RECON_JSON_NOBODY || !recon_json_is_plain_number(token, follower)) {
            if (!recon_json_read_scalar(token, follower, found_at(walk, node)))
                break;
        }
        next += 2;

        /* What follows a value: any number of closings, then a comma. */
        token = follower;
        while (*token != ',') {
            if (*token != (is_object ? '}' : ']'))
                goto done;
            keep_level(walk, level, token);
            if (level == levels) {
                good = true;
                goto done;
            }
            level--;
            parent = level->node;
            is_object = level->item == IS_OBJECT;
            if (*next >= end)
                goto done;
            token = base + *next++;
        }
    }
done:
    *position = next;
    return good;
}

static void begin(const struct recon_json_tree *tree, const struct recon_json_document *document,
                  struct recon_found *found, struct walk *walk)
{
    const char *limit = document->bytes + (document->end - document->origin);
    for (uint32_t i = 0; i < tree->path_count; i++)
        found[i].kind = RECON_FOUND_ABSENT;
    walk->nodes = tree->nodes;
    walk->found = found;
    walk->base = document->bytes - document->origin;
    walk->end = document->end;
    walk->limit = limit;
    walk->backslash = document->backslash ? document->backslash : limit;
    walk->scratch = document->scratch;
    walk->guess = document->guesses;
    walk->keys = document->keys;
    walk->first = document->position;
    walk->guesses_end = document->guesses ? document->guesses + RECON_JSON_GUESS_COUNT : NULL;
}

bool recon_json_walk(const struct recon_json_tree *tree, struct recon_json_document *document,
                     struct recon_found *found)
{
    if (*document->position >= document->end)
        return false;
    struct walk walk;
    begin(tree, document, found, &walk);
    const char token = *at(&walk, *document->position);
    return (token == '{' || (token == '[' && document->may_be_list)) && walk_object(&walk, &document->position) &&
           *document->position >= document->end;
}

/* An item that is neither object nor list. */
static bool walk_scalar(struct walk *walk, const uint32_t **position)
{
    if ((*position)[1] >= walk->end)
        return false;
    const char *token = at(walk, (*position)[0]);
    const char *follower = at(walk, (*position)[1]);
    struct recon_text unwanted;
    const bool good = *token == '"' ? read_text(walk, token, follower, false, &unwanted)
                                    : recon_json_read_scalar(token, follower, NULL);
    ++*position;
    return good;
}

enum recon_json_item recon_json_walk_item(const struct recon_json_tree *tree, struct recon_json_document *document,
                                          bool is_first, struct recon_found *found)
{
    struct walk walk;
    begin(tree, document, found, &walk);
    const uint32_t **position = &document->position;
    if (**position >= walk.end)
        return RECON_JSON_ITEM_BROKEN;
    char token = *at(&walk, *(*position)++);
    if (token != (is_first ? '[' : ',') && (is_first || token != ']'))
        return RECON_JSON_ITEM_BROKEN;
    if (token != ']' && **position >= walk.end)
        return RECON_JSON_ITEM_BROKEN;
    if (is_first && *at(&walk, **position) == ']') {
        ++*position;
        token = ']';
    }
    if (token == ']')
        return **position >= walk.end ? RECON_JSON_ITEM_NONE : RECON_JSON_ITEM_BROKEN;
    token = *at(&walk, **position);
    const bool is_scalar = token != '{' && token != '[';
    const bool good = is_scalar ? walk_scalar(&walk, position) : walk_object(&walk, position);
    document->backslash = walk.backslash;
    if (!good)
        return RECON_JSON_ITEM_BROKEN;
    return token == '{' ? RECON_JSON_ITEM_OBJECT : RECON_JSON_ITEM_OTHER;
}
