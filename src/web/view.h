/*
 * A run's view with all that it points to, owned by whoever has it; and what more than one page says of it.
 */
#ifndef RECON_WEB_VIEW_H
#define RECON_WEB_VIEW_H

#include "service/run_view.h"

struct recon_web_view {
    struct recon_run_view view;
    struct recon_run_tally tally;
    struct recon_run_partition partitions[];
};

/* NULL: out of memory. */
struct recon_web_view *recon_web_view_copy(const struct recon_run_view *view);
void recon_web_view_free(struct recon_web_view *view);

/* Records between what was read and the end that the broker told last; markers of transactions may count. */
int64_t recon_web_lag(const struct recon_run_partition *partition);
const char *recon_web_phase_name(enum recon_run_phase phase);

#endif
