/*
 * See names.h.
 */
#include "names.h"

#include <stdlib.h>
#include <string.h>

#include "recon/status.h"

static int append(struct names *names, struct recon_text text)
{
    if (names->count == NAMES_COUNT_MAX)
        return RECON_ERROR_INVALID;
    struct recon_partition_name *items = realloc(names->items, (names->count + 1) * sizeof *items);
    if (items == NULL)
        return RECON_ERROR_MEMORY;
    names->items = items;
    items[names->count] = (struct recon_partition_name){0};
    if (text.bytes != NULL) {
        char *topic = malloc((size_t)text.size + 1);
        if (topic == NULL)
            return RECON_ERROR_MEMORY;
        memcpy(topic, text.bytes, text.size);
        topic[text.size] = '\0';
        items[names->count].topic = topic;
    }
    names->count++;
    return RECON_OK;
}

static bool is_named(const struct names *names, uint32_t number, struct recon_text text)
{
    const char *topic = names->items[number].topic;
    return topic != NULL && strlen(topic) == text.size && memcmp(topic, text.bytes, text.size) == 0;
}

/* The topic's number; it gets the next one where it has none. */
static int find(struct names *names, struct recon_text text, uint32_t *number)
{
    for (*number = 1; *number < names->count; ++*number)
        if (is_named(names, *number, text))
            return RECON_OK;
    return append(names, text);
}

uint32_t names_wire(const char *topic)
{
    uint32_t hash = UINT32_C(2166136261);
    for (const char *at = topic; *at != '\0'; at++)
        hash = (hash ^ (unsigned char)*at) * UINT32_C(16777619);
    hash = (hash ^ hash >> 16) & UINT32_C(0xffff);
    return hash != 0 ? hash : 1;
}

/* The slot of a number on the wire, or the free one where it belongs. */
static uint32_t *slot_of(const struct names *names, uint32_t wire)
{
    uint32_t at = wire & (names->slot_count - 1);
    while (names->slots[at] != 0 && names->slots[at] >> 16 != wire)
        at = (at + 1) & (names->slot_count - 1);
    return &names->slots[at];
}

/* Numbers on the wire: of the configuration's topics, then of those that a state alone knew. */
static int make_slots(struct names *names)
{
    uint32_t slot_count = 4;
    while (slot_count < 2 * (names->count + names->number_count))
        slot_count *= 2;
    uint32_t *slots = calloc(slot_count, sizeof *slots);
    if (slots == NULL)
        return RECON_ERROR_MEMORY;
    free(names->slots);
    names->slots = slots;
    names->slot_count = slot_count;
    for (uint32_t i = 0; i < names->number_count; i++) {
        uint32_t wire = names_wire(names->items[names->numbers[i]].topic);
        while (*slot_of(names, wire) != 0)
            wire = wire % UINT32_C(0xffff) + 1;
        *slot_of(names, wire) = wire << 16 | names->numbers[i];
    }
    for (uint32_t number = 1; number < names->count; number++) {
        const uint32_t wire = names_wire(names->items[number].topic);
        uint32_t *slot = slot_of(names, wire);
        if (*slot == 0)
            *slot = wire << 16 | number;
    }
    return RECON_OK;
}

int names_init(struct names *names, struct cursor *cursor)
{
    *names = (struct names){0};
    const uint32_t count = cursor_u32(cursor);
    if (cursor->is_short || count >= NAMES_COUNT_MAX)
        return RECON_ERROR_INVALID;
    names->numbers = calloc(count + 1, sizeof *names->numbers);
    int status = names->numbers == NULL ? RECON_ERROR_MEMORY : append(names, (struct recon_text){0});
    for (; names->number_count < count && status == RECON_OK; names->number_count++) {
        const struct recon_text text = cursor_text(cursor);
        status = text.bytes == NULL ? RECON_ERROR_INVALID : find(names, text, &names->numbers[names->number_count]);
    }
    if (status == RECON_OK)
        status = make_slots(names);
    if (status != RECON_OK)
        names_deinit(names);
    return status;
}

void names_deinit(struct names *names)
{
    for (uint32_t i = 0; i < names->count; i++)
        free((void *)(uintptr_t)names->items[i].topic);
    free(names->items);
    free(names->numbers);
    free(names->slots);
    *names = (struct names){0};
}

/* The state's order first: a list with the state's topics, behind them those that it had not. */
int names_restore(struct names *names, struct cursor *cursor)
{
    struct names merged = {0};
    const uint32_t count = cursor_u32(cursor);
    if (cursor->is_short || count >= NAMES_COUNT_MAX)
        return RECON_ERROR_DAMAGED;
    int status = append(&merged, (struct recon_text){0});
    for (uint32_t i = 0; i < count && status == RECON_OK; i++) {
        const struct recon_text text = cursor_text(cursor);
        if (text.bytes == NULL)
            status = RECON_ERROR_DAMAGED;
        else if (i < names->restored_count && !is_named(names, i + 1, text))
            status = RECON_ERROR_MISMATCH;
        else
            status = append(&merged, text);
    }
    /* What was known before: from an earlier part of the state, or from the configuration. */
    for (uint32_t i = 1; i < names->count && status == RECON_OK; i++) {
        uint32_t number = 0;
        const struct recon_text text = {names->items[i].topic, (uint32_t)strlen(names->items[i].topic)};
        status = find(&merged, text, &number);
        for (uint32_t k = 0; k < names->number_count && status == RECON_OK; k++)
            if (names->numbers[k] == i)
                names->numbers[k] = number | UINT32_C(1) << 31; /* done */
    }
    for (uint32_t k = 0; k < names->number_count; k++)
        names->numbers[k] &= ~(UINT32_C(1) << 31);
    struct recon_partition_name *items = names->items;
    const uint32_t old_count = names->count;
    if (status == RECON_OK) {
        names->items = merged.items;
        names->count = merged.count;
        if (count > names->restored_count)
            names->restored_count = count;
        merged.items = items;
        merged.count = old_count;
    }
    names_deinit(&merged);
    return status == RECON_OK ? make_slots(names) : status;
}

size_t names_size(const struct names *names)
{
    size_t size = 4;
    for (uint32_t i = 1; i < names->count; i++)
        size += 4 + strlen(names->items[i].topic);
    return size;
}

uint8_t *names_write(const struct names *names, uint8_t *to)
{
    store_u32(to, names->count - 1);
    to += 4;
    for (uint32_t i = 1; i < names->count; i++) {
        const size_t size = strlen(names->items[i].topic);
        store_u32(to, (uint32_t)size);
        memcpy(to + 4, names->items[i].topic, size);
        to += 4 + size;
    }
    return to;
}
