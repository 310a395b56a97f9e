/*
 * One line on a terminal that says how far a run is. It is redrawn in place, at most a few times a second, and is wiped
 * before anything else is written to the terminal.
 */
#ifndef RECON_CLI_PROGRESS_H
#define RECON_CLI_PROGRESS_H

#include <stdbool.h>

#include "service/check.h"

struct recon_progress {
    bool is_on;
    bool is_drawn;
    int64_t start_ms; /* monotonic */
    int64_t drawn_ms;
};

/* On where standard error is a terminal and is_wanted. */
void recon_progress_init(struct recon_progress *progress, bool is_wanted);
void recon_progress_draw(struct recon_progress *progress, const struct recon_check_progress *now);
void recon_progress_wipe(struct recon_progress *progress);

#endif
