#include "core/matcher_view.h"

#include <assert.h>
#include <string.h>

#include "recon/status.h"

/* What a walk passes over in one go, 5 to 10 ns each: at most a millisecond or so. */
#define SKIP_COUNT_MAX 100000

static void position_behind(struct matcher_view *view, struct recon_key key)
{
    view->is_at_end = !table_key_next(&key);
    view->position = key;
}

/* --- life ------------------------------------------------------------------------------------------------------ */

static void give_up(void *context)
{
    matcher_view_give_up(context);
}

static void set_reclaim(struct matcher_view *view, bool is_set)
{
    struct recon_memory *memory = view->matcher->memory;
    memory->reclaim = is_set ? give_up : NULL;
    memory->reclaim_context = is_set ? view : NULL;
}

void matcher_view_init(struct matcher_view *view, struct recon_matcher *matcher)
{
    *view = (struct matcher_view){.matcher = matcher, .bound = matcher->bound, .arrival_next = matcher->arrival_next};
    view->skips_left = SKIP_COUNT_MAX;
    matcher_view_enter(view, 0);
}

int matcher_view_freeze(struct matcher_view *view)
{
    struct recon_matcher *matcher = view->matcher;
    assert(matcher->view == NULL && !view->is_frozen);
    int status = table_init(&view->before, matcher->memory);
    if (status != RECON_OK)
        return status;
    view->is_frozen = true;
    matcher->view = view;
    set_reclaim(view, true);
    return RECON_OK;
}

/* The before-image no longer refers to its record. */
static void image_drop(struct matcher_view *view, struct table_entry *image)
{
    if (table_state_of(image) == TABLE_PENDING) {
        struct pending_pool *pool = &view->matcher->pool;
        pending_handle handle = (pending_handle)table_payload_of(image);
        struct pending *record = pending_at(pool, handle);
        if (record->state == PENDING_RELEASED)
            pending_free(pool, handle);
        else
            record->frozen_state = 0;
    }
    table_set(image, TABLE_ABSENT, 0);
}

/* Drops the images from the position on, up to this key if it is not NULL. (Those before were when they were passed.)
 */
static void images_drop(struct matcher_view *view, const struct recon_key *end)
{
    if (view->is_at_end)
        return;
    struct table_entry *image;
    table_cursor_seek(&view->before, view->position, &view->images);
    for (; (image = table_cursor_entry(&view->before, &view->images)) != NULL; table_cursor_pass(&view->images)) {
        if (end != NULL && !table_is_before(table_key_of(image), *end))
            break;
        image_drop(view, image);
    }
}

void matcher_view_deinit(struct matcher_view *view)
{
    if (!view->is_frozen)
        return;
    images_drop(view, NULL);
    table_deinit(&view->before);
    set_reclaim(view, false);
    view->matcher->view = NULL;
    view->is_frozen = false;
}

void matcher_view_give_up(struct matcher_view *view)
{
    matcher_view_deinit(view);
    view->is_given_up = true;
}

/* --- the walk -------------------------------------------------------------------------------------------------- */

static void seek(struct matcher_view *view)
{
    table_cursor_seek(&view->matcher->table, view->position, &view->live);
    if (view->is_frozen)
        table_cursor_seek(&view->before, view->position, &view->images);
}

void matcher_view_hold(struct matcher_view *view)
{
    if (!view->is_frozen)
        return;
    set_reclaim(view, false);
    view->skips_left = SKIP_COUNT_MAX;
    seek(view);
}

void matcher_view_let_go(struct matcher_view *view)
{
    if (view->is_frozen)
        set_reclaim(view, true);
}

void matcher_view_enter(struct matcher_view *view, uint64_t key_high)
{
    struct recon_key key = {.high = key_high};
    if (!view->is_at_end && table_is_before(view->position, key)) {
        if (view->is_frozen)
            images_drop(view, &key);
        view->position = key;
    }
    seek(view);
}

static enum view_step identity_give(const struct matcher_view *view, const struct table_entry *entry, bool is_image,
                                    struct view_identity *identity)
{
    *identity = (struct view_identity){.entry = *entry, .is_image = is_image};
    if (table_state_of(entry) == TABLE_PENDING) {
        identity->record = pending_at(&view->matcher->pool, (pending_handle)table_payload_of(entry));
        identity->state = is_image ? identity->record->frozen_state : identity->record->state;
    }
    return VIEW_IDENTITY;
}

enum view_step matcher_view_next(struct matcher_view *view, struct view_identity *identity)
{
    while (!view->is_at_end) {
        const struct table_entry *live = table_cursor_entry(&view->matcher->table, &view->live);
        const struct table_entry *image = view->is_frozen ? table_cursor_entry(&view->before, &view->images) : NULL;
        if (image == NULL || (live != NULL && table_is_before(table_key_of(live), table_key_of(image))))
            return live == NULL ? VIEW_END : identity_give(view, live, false, identity);
        if (live != NULL && !table_is_before(table_key_of(image), table_key_of(live)))
            table_cursor_pass(&view->live); /* what it is now */
        if (table_state_of(image) != TABLE_ABSENT)
            return identity_give(view, image, true, identity);
        position_behind(view, table_key_of(image));
        table_cursor_pass(&view->images);
        if (--view->skips_left == 0)
            return VIEW_PAUSE;
    }
    return VIEW_END;
}

/* Records lie anywhere: asks the memory for that of an entry some places ahead. */
#define PREFETCH_PLACES 12

static void prefetch_ahead(const struct matcher_view *view)
{
    if (view->live.at + PREFETCH_PLACES >= view->live.count)
        return;
    const struct table_entry *entry = view->live.list[view->live.at + PREFETCH_PLACES];
    if (table_state_of(entry) != TABLE_PENDING)
        return;
    const char *line = (const char *)pending_at(&view->matcher->pool, (pending_handle)table_payload_of(entry));
    __builtin_prefetch(line);
    __builtin_prefetch(line + 64);
    __builtin_prefetch(line + 128);
}

void matcher_view_pass(struct matcher_view *view, const struct view_identity *identity)
{
    position_behind(view, table_key_of(&identity->entry));
    if (!identity->is_image) {
        prefetch_ahead(view);
        table_cursor_pass(&view->live);
        return;
    }
    image_drop(view, table_cursor_entry(&view->before, &view->images));
    table_cursor_pass(&view->images);
}

size_t matcher_view_pass_run(struct matcher_view *view, uint64_t last, struct table_entry *entries, size_t capacity)
{
    if (view->is_at_end)
        return 0;
    const struct table *table = &view->matcher->table;
    const struct table_entry *image = view->is_frozen ? table_cursor_entry(&view->before, &view->images) : NULL;
    if (image != NULL && image->key_high <= last) {
        if (image->key_high == 0)
            return 0;
        last = image->key_high - 1;
    }
    size_t count = 0;
    while (count < capacity) {
        const struct table_entry *entry = table_cursor_entry(table, &view->live);
        if (entry == NULL || entry->key_high > last || table_state_of(entry) == TABLE_PENDING)
            break;
        entries[count++] = *entry;
        table_cursor_pass(&view->live);
    }
    if (count > 0)
        position_behind(view, table_key_of(&entries[count - 1]));
    return count;
}

/* --- before-images --------------------------------------------------------------------------------------------- */

void recon_matcher_view_note(struct recon_matcher *matcher, struct recon_key key, const struct table_entry *entry)
{
    struct matcher_view *view = matcher->view;
    key.low &= TABLE_KEY_LOW_MASK;
    if (view->is_at_end || table_is_before(key, view->position))
        return;
    struct table_place place = table_find(&view->before, key);
    if (place.entry != NULL)
        return;
    set_reclaim(view, false);
    while (table_room(&view->before, place.slot) == 0) {
        if (table_grow(&view->before, key) != RECON_OK) {
            matcher_view_give_up(view);
            return;
        }
        place = table_find(&view->before, key);
    }
    enum table_state state = entry == NULL ? TABLE_ABSENT : table_state_of(entry);
    table_put(&view->before, &place, key, state, entry == NULL ? 0 : table_payload_of(entry), 0);
    if (state == TABLE_PENDING) {
        struct pending *record = pending_at(&matcher->pool, (pending_handle)table_payload_of(entry));
        record->frozen_state = record->state;
    }
    set_reclaim(view, true);
}

void recon_matcher_view_part(struct recon_matcher *matcher, pending_handle handle)
{
    struct pending *record = pending_at(&matcher->pool, handle);
    if (record->frozen_state == 0)
        return;
    struct matcher_view *view = matcher->view;
    struct table_place place =
        table_find(&view->before, (struct recon_key){.high = record->key_high, .low = record->key_low});
    assert(place.entry != NULL && table_payload_of(place.entry) == handle);
    struct pending *copy;
    size_t tail_size = pending_more_size(record) + pending_text_size(record);
    set_reclaim(view, false);
    pending_handle copied = pending_new(&matcher->pool, tail_size, &copy);
    if (copied == 0) {
        matcher_view_give_up(view);
        return;
    }
    memcpy(copy, record, offsetof(struct pending, tail) + tail_size);
    copy->state = PENDING_RELEASED;
    table_set(place.entry, TABLE_PENDING, copied);
    record->frozen_state = 0;
    set_reclaim(view, true);
}
