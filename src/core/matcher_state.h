/*
 * The matcher's state, for the parts of the core that embed or save it.
 */
#ifndef RECON_CORE_MATCHER_STATE_H
#define RECON_CORE_MATCHER_STATE_H

#include "core/deadlines.h"
#include "core/event_time.h"
#include "core/memory.h"
#include "core/partial_counts.h"
#include "core/pending.h"
#include "core/table.h"
#include "recon/matcher.h"

struct matcher_view;

/* Identities that came in order of key, from key groups side by side. */
struct restore_run {
    uint64_t first; /* key_high */
    uint64_t last;
    uint64_t count;
    uint64_t count_before; /* the last key group */
    uint32_t group;
};

/* Which of an identity's texts a later result will want: all bits of their sizes, or none. */
struct wanted_texts {
    uint32_t id;
    uint32_t source;
    uint32_t context;
};

/* Records that the memory is asked for ahead, one group after the other. */
#define MATCHER_AHEAD 32

/* Where a record's identity was when the memory was asked for it, or would have been put: good while nothing in the
 * table has moved (its version is the same) and, of an absent one, while nothing was put into the block. */
struct matcher_hint {
    struct table_place place;
    uint64_t used; /* of place.block */
};

/* Of the group whose records are being handled. */
struct matcher_ahead {
    uint64_t version; /* the table's, when the hints were made */
    struct matcher_hint hints[MATCHER_AHEAD];
};

struct recon_matcher {
    struct recon_memory *memory;
    struct recon_settings settings;
    struct wanted_texts wanted[RECON_STREAM_COUNT]; /* of a pending record, by its stream: as the settings say */
    struct table table;
    struct pending_pool pool;
    struct deadlines deadlines;
    struct partial_counts partial;
    struct recon_rise bound;    /* W and R */
    struct recon_rise target;   /* of the step under way, if is_rising */
    struct recon_result direct; /* what the last record caused, if has_direct */
    pending_handle restored;    /* while a snapshot is read: what is to go into the deadlines */
    pending_handle spent;       /* taken out of the state, but its texts are in results not yet done with */
    struct restore_run run;     /* likewise */
    uint64_t arrival_next;
    int64_t time_base;     /* of times in the table, if has_time_base */
    uint64_t sweep_credit; /* entries that may be looked at for what is over */
    uint32_t sweep_slot;
    bool has_time_base;
    bool has_direct;
    bool is_rising;
    struct matcher_ahead ahead;
    struct matcher_view *view; /* frozen: a snapshot is under way while the matcher goes on; NULL: none */
    struct recon_matcher_stats stats;
};

int recon_matcher_init(struct recon_matcher *matcher, const struct recon_settings *settings,
                       struct recon_memory *memory);
void recon_matcher_deinit(struct recon_matcher *matcher);

/* Before so many records are handled one after another: asks the memory for what they will want, and makes their hints.
 */
void recon_matcher_ask_ahead(struct recon_matcher *matcher, const struct recon_record *records, size_t count);
/* The hint of the record at `at`, which is to be handled now; from 0 on, one after another. */
static inline const struct matcher_hint *matcher_hint(struct recon_matcher *matcher, const struct recon_record *records,
                                                      size_t count, size_t at)
{
    if (at % MATCHER_AHEAD == 0)
        recon_matcher_ask_ahead(matcher, records + at, count - at < MATCHER_AHEAD ? count - at : MATCHER_AHEAD);
    return &matcher->ahead.hints[at % MATCHER_AHEAD];
}
/* While it rises: the same for the entries of what falls due next, so many of them as is returned. */
size_t recon_matcher_prefetch_due(struct recon_matcher *matcher);

/* One record, with its hint. RECON_OK, and has_direct says whether it caused a result; or a status, and nothing has
 * changed. */
int recon_matcher_handle(struct recon_matcher *matcher, int64_t now_ms, const struct recon_record *record,
                         const struct matcher_hint *hint);

/* The step to this W and R reports nothing: it is done at once, in place of recon_matcher_rise. */
bool recon_matcher_rise_quietly(struct recon_matcher *matcher, const struct recon_rise *rise);

/* Whether results of the type are wanted. */
static inline bool matcher_reports(const struct recon_matcher *matcher, int type)
{
    return (matcher->settings.report & RECON_REPORT(type)) != 0;
}

/* Whether a record that falls due stays, as a later result wants its texts. */
static inline bool matcher_keeps_due(const struct recon_matcher *matcher, const struct pending *record)
{
    return record->state == PENDING_AUDIT ? record->has_source && matcher_reports(matcher, RECON_RESULT_FOUND)
                                          : matcher_reports(matcher, RECON_RESULT_AUDITED);
}

/* The times that the table holds itself: 2.1 years to both sides of the first one. Sums are modulo 2^64. */
static inline bool matcher_time_fits(struct recon_matcher *matcher, int64_t time, uint64_t *payload)
{
    if (!matcher->has_time_base) {
        matcher->has_time_base = true;
        matcher->time_base = time;
    }
    *payload = (uint64_t)time - (uint64_t)matcher->time_base + (UINT64_C(1) << (TABLE_PAYLOAD_BITS - 1));
    return *payload <= TABLE_PAYLOAD_MASK;
}

static inline int64_t matcher_time_of(const struct recon_matcher *matcher, uint64_t payload)
{
    return table_time_of(matcher->time_base, payload);
}

/* The record is out of the state; it is given back once its texts are out of use. */
static inline void matcher_spend(struct recon_matcher *matcher, pending_handle handle)
{
    pending_at(&matcher->pool, handle)->link = matcher->spent;
    matcher->spent = handle;
}

/* While a view is frozen: the identity is about to change; entry NULL: to be made. */
void recon_matcher_view_note(struct recon_matcher *matcher, struct recon_key key, const struct table_entry *entry);
/* The record's time is about to change: its before-image gets a record of its own. */
void recon_matcher_view_part(struct recon_matcher *matcher, pending_handle handle);

static inline void matcher_note(struct recon_matcher *matcher, const struct table_entry *entry)
{
    if (matcher->view != NULL)
        recon_matcher_view_note(matcher, (struct recon_key){.high = entry->key_high, .low = entry->rest}, entry);
}

/* The matcher is done with the record, and no result has its texts. */
static inline void matcher_release(struct recon_matcher *matcher, pending_handle handle)
{
    if (matcher->view != NULL && pending_at(&matcher->pool, handle)->frozen_state != 0)
        pending_at(&matcher->pool, handle)->state = PENDING_RELEASED;
    else
        pending_free(&matcher->pool, handle);
}

/* Time of an entry, whatever its state. */
static inline int64_t recon_matcher_entry_time(const struct recon_matcher *matcher, const struct table_entry *entry)
{
    if (table_state_of(entry) == TABLE_PENDING)
        return pending_at(&matcher->pool, (pending_handle)table_payload_of(entry))->time;
    return matcher_time_of(matcher, table_payload_of(entry));
}

/* Whether R is over with an entry; its time in any case. */
static inline bool recon_matcher_entry_is_over(const struct recon_matcher *matcher, const struct table_entry *entry,
                                               int64_t *time)
{
    *time = recon_matcher_entry_time(matcher, entry);
    if (!time_is_over(matcher->bound.retention_bound, *time, matcher->settings.retention_ms))
        return false;
    if (table_state_of(entry) != TABLE_PENDING)
        return true;
    /* One that was not reported yet is reported first. (As R <= W it can be over only where m was made smaller.) */
    const int state = pending_at(&matcher->pool, (pending_handle)table_payload_of(entry))->state;
    return state != PENDING_AUDIT && state != PENDING_EVENT;
}

/* Accounts for an entry that is removed because it is over, and gives back its record. */
void recon_matcher_forget(struct recon_matcher *matcher, const struct table_entry *entry);
/* Removes what is over from a segment; false if there was surely nothing. */
bool recon_matcher_purge(struct recon_matcher *matcher, uint32_t slot);
/* Between records: a share of the table is looked through for what is over. */
void recon_matcher_sweep(struct recon_matcher *matcher, size_t record_count);

/* Gives back the records whose texts were in results. */
void recon_matcher_settle_spent(struct recon_matcher *matcher);
static inline void recon_matcher_settle(struct recon_matcher *matcher)
{
    if (matcher->spent != 0)
        recon_matcher_settle_spent(matcher);
}

/* --- restoring a snapshot -------------------------------------------------------------------------------------- */

/* A pending record as it was saved: its fields (link and spot are not used), and what is in its tail. */
struct saved_pending {
    const struct pending *fields;
    struct pending_place place;
    int64_t emitted_time;
    const char *texts;
};

/* Identities of this key group follow. */
void recon_matcher_restore_group(struct recon_matcher *matcher, uint32_t group);
/* Puts an identity as it was: RECON_OK, RECON_ERROR_DAMAGED (it is there, or its state is none), RECON_ERROR_MEMORY or
 * RECON_ERROR_FULL. waiting is NULL for a table_state other than TABLE_PENDING. */
int recon_matcher_restore(struct recon_matcher *matcher, struct recon_key key, int state, int64_t time,
                          const struct saved_pending *waiting);
/* All identities are there: W and R are set, and what waits is put in order. RECON_OK or RECON_ERROR_MEMORY. */
int recon_matcher_restore_end(struct recon_matcher *matcher);

#endif
