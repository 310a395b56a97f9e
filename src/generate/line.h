/*
 * The lines of the generated files, about 250 bytes each.
 *
 * Every function writes at most RECON_GENERATE_LINE_SIZE_MAX bytes, the newline included, and returns the place behind
 * them. What stands in a line is a function of the plan and i alone.
 */
#ifndef RECON_GENERATE_LINE_H
#define RECON_GENERATE_LINE_H

#include "codec/time_text.h"
#include "generate/plan.h"

#define RECON_GENERATE_LINE_SIZE_MAX 640

/* The text of the last second that was written: neighbouring lines mostly share theirs. Zeroed: none yet. */
struct recon_second_text {
    bool is_set;
    int64_t second;
    char text[RECON_TIME_TEXT_SIZE_MAX];
};

/* What the truth says of one record, or of an event that never came. */
struct recon_truth {
    const char *fate;   /* lost, late, doubled, unaudited */
    const char *stream; /* NULL: not said */
    const char *reach;  /* within_n, within_m, beyond_m; NULL: not late */
    bool stalled;       /* by a stall of its source */
    int64_t late_ms;    /* how far behind the largest time in its file; valid if reach is set */
};

char *recon_line_audit(const struct recon_plan *plan, uint64_t i, int64_t time, int64_t emitted,
                       struct recon_second_text *second, char *to);
char *recon_line_event(const struct recon_plan *plan, uint64_t i, int64_t time, struct recon_second_text *second,
                       char *to);
char *recon_line_truth(const struct recon_plan *plan, uint64_t i, int64_t time, const struct recon_truth *truth,
                       struct recon_second_text *second, char *to);

#endif
