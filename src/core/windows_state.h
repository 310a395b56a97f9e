/*
 * The windows' state, for the parts of the core that embed or save it.
 */
#ifndef RECON_CORE_WINDOWS_STATE_H
#define RECON_CORE_WINDOWS_STATE_H

#include "core/index_heap.h"
#include "core/memory.h"
#include "core/window_map.h"
#include "recon/windows.h"

struct window {
    struct recon_counts counts;
    struct recon_counts emitted; /* as last emitted, if revision_next > 0 */
    uint64_t revision_next;
    bool is_queued; /* in the heap of what may have to be emitted */
};

/* Windows without any record that were made and emitted because their end was passed: no more is kept of them. One that
 * counts something later becomes a window of its own and then no longer counts as one of the run. */
struct empty_run {
    int64_t first;
    int64_t last;
};

enum windows_phase { WINDOWS_IDLE = 0, WINDOWS_EMITTING, WINDOWS_FORGETTING };

struct recon_windows {
    struct recon_memory *memory;
    struct recon_settings settings;
    struct window_map map;
    struct window *windows; /* by the map's numbers */
    uint32_t window_capacity;
    struct index_heap queue; /* windows that may have to be emitted once closed */
    struct index_heap ages;  /* all windows, for forgetting the oldest first */
    struct empty_run *runs;  /* in order */
    uint32_t run_count;
    uint32_t run_capacity;
    int64_t earliest; /* index of the earliest window there has been, if has_earliest */
    bool has_earliest;
    struct recon_rise bound;
    int64_t closed_last; /* the last window closed under bound, if has_closed */
    bool has_closed;
    /* Nothing is due before W reaches the one or R the other. */
    int64_t next_close_at;
    int64_t next_forget_at;
    enum windows_phase phase;
    struct recon_rise target;
    int64_t target_closed; /* the last window closed under target; valid while has_target_closed */
    bool has_target_closed;
    int64_t empty_next; /* empty windows yet to be made and emitted in this step */
    int64_t empty_last;
    bool has_empty;
};

int recon_windows_init(struct recon_windows *windows, const struct recon_settings *settings,
                       struct recon_memory *memory);
void recon_windows_deinit(struct recon_windows *windows);

/* False: the step emits and forgets nothing, whatever counts are still to come; it has been taken over. */
bool recon_windows_rise_matters(struct recon_windows *windows, const struct recon_rise *rise);

/* Restoring a snapshot. */
int recon_windows_restore(struct recon_windows *windows, int64_t index, const struct window *window);
int recon_windows_restore_run(struct recon_windows *windows, struct empty_run run);
void recon_windows_restore_bound(struct recon_windows *windows, const struct recon_rise *bound);

#endif
