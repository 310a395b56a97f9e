/*
 * The identities of a matcher in order of their keys: as they are or, frozen, as they were while the matcher goes on.
 *
 * A frozen view keeps what an identity was before its first change since then, or that it was not there (its
 * before-image), unless the walk has passed it already; the walk merges these with the table. Its position is a key, so
 * it does not matter what the table does to its segments meanwhile.
 *
 * Invariants, while frozen
 *  1. An identity that was not passed and has no before-image is as it was.
 *  2. A record's frozen_state is set exactly while a before-image refers to it, which then owns it if the matcher is
 *     done with it (PENDING_RELEASED).
 *  3. The matcher never runs short of memory that the view holds: the view is given up first.
 */
#ifndef RECON_CORE_MATCHER_VIEW_H
#define RECON_CORE_MATCHER_VIEW_H

#include "core/matcher_state.h"

struct matcher_view {
    struct recon_matcher *matcher;
    struct recon_rise bound; /* the matcher's, as of then */
    uint64_t arrival_next;
    struct recon_key position; /* identities before it were passed, or are not wanted; valid unless is_at_end */
    bool is_at_end;
    bool is_frozen;
    bool is_given_up;
    uint32_t skips_left;        /* before-images of nothing that may still be passed over */
    struct table before;        /* while is_frozen */
    struct table_cursor live;   /* in the matcher's table */
    struct table_cursor images; /* in before */
};

enum view_step {
    VIEW_END,
    VIEW_IDENTITY,
    VIEW_PAUSE, /* much was passed over: nothing more in this call, so that it stays short */
};

struct view_identity {
    struct table_entry entry;
    struct pending *record; /* NULL: none */
    uint8_t state;          /* the record's, as of then */
    bool is_image;
};

void matcher_view_init(struct matcher_view *view, struct recon_matcher *matcher);
/* The matcher may change from now on, and has one frozen view at the most. RECON_OK or RECON_ERROR_MEMORY. */
int matcher_view_freeze(struct matcher_view *view);
/* The matcher is as if there had been no view. Also gives up what is frozen. */
void matcher_view_deinit(struct matcher_view *view);
/* The same for want of memory: what comes then is of no use. */
void matcher_view_give_up(struct matcher_view *view);

/* While it is walked the view must not be given up by whoever takes memory: put around. Calls of the matcher may have
 * been made between. */
void matcher_view_hold(struct matcher_view *view);
void matcher_view_let_go(struct matcher_view *view);

/* Goes on at this key_high at the earliest; never back. */
void matcher_view_enter(struct matcher_view *view, uint64_t key_high);
/* The first identity from the position on. */
enum view_step matcher_view_next(struct matcher_view *view, struct view_identity *identity);
/* That one is done with. entries: copies of those from the position on up to this key_high, as far as they are one
 * behind the other, have no record and no before-image, and there are no more than capacity; they are done with, too.
 */
size_t matcher_view_pass_run(struct matcher_view *view, uint64_t last, struct table_entry *entries, size_t capacity);
void matcher_view_pass(struct matcher_view *view, const struct view_identity *identity);

#endif
