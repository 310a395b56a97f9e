/*
 * See progress.h.
 */
#define _DEFAULT_SOURCE

#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "codec/time_text.h"
#include "io/clock.h"

/* A run that is over sooner shows nothing. */
#define FIRST_MS 500
#define REDRAW_MS 200

void recon_progress_init(struct recon_progress *progress, bool is_wanted)
{
    const char *terminal = getenv("TERM");
    bool can_wipe = terminal != NULL && strcmp(terminal, "dumb") != 0;
    int64_t now = recon_clock_monotonic_ms();
    *progress = (struct recon_progress){
        .is_on = is_wanted && can_wipe && isatty(STDERR_FILENO),
        .start_ms = now,
        .drawn_ms = now + FIRST_MS - REDRAW_MS,
    };
}

void recon_progress_draw(struct recon_progress *progress, const struct recon_check_progress *now)
{
    if (!progress->is_on)
        return;
    int64_t now_ms = recon_clock_monotonic_ms();
    if (now_ms - progress->drawn_ms < REDRAW_MS)
        return;
    progress->drawn_ms = now_ms;
    progress->is_drawn = true;
    uint64_t taken_ms = (uint64_t)(now_ms - progress->start_ms);
    char line[160];
    int size = 0;
    if (now->total_bytes > 0)
        size = snprintf(line, sizeof line, "%3" PRIu64 " %% of %.1f GB", now->taken_bytes * 100 / now->total_bytes,
                        (double)now->total_bytes / 1e9);
    else
        size = snprintf(line, sizeof line, "%.1f GB", (double)now->taken_bytes / 1e9);
    size += snprintf(line + size, sizeof line - (size_t)size, "  %" PRIu64 " records  %" PRIu64 "/s", now->record_count,
                     now->record_count * 1000 / (taken_ms > 0 ? taken_ms : 1));
    if (now->watermark != RECON_TIME_MIN && now->watermark != RECON_TIME_MAX) {
        char time[RECON_TIME_TEXT_SIZE_MAX];
        int time_size = (int)recon_time_format(now->watermark, time);
        snprintf(line + size, sizeof line - (size_t)size, "  judged up to %.*s", time_size, time);
    }
    /* A line that wraps could not be wiped. */
    struct winsize window;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0 && window.ws_col <= strlen(line))
        line[window.ws_col - 1] = '\0';
    /* In one write: over the old line, then what is left of it wiped. Nothing is blanked first, so nothing flickers. */
    fprintf(stderr, "\r%s\033[K", line);
    fflush(stderr);
}

void recon_progress_wipe(struct recon_progress *progress)
{
    if (!progress->is_drawn)
        return;
    progress->is_drawn = false;
    fputs("\r\033[K", stderr);
    fflush(stderr);
}
