/*
 * A start that goes on: what its parts share; inside of src/service/run_*.c only.
 *
 * run_resume.c goes through the journal; run_restore.c takes a snapshot up; run_again.c makes a step again.
 */
#ifndef RECON_SERVICE_RUN_RESUME_H
#define RECON_SERVICE_RUN_RESUME_H

#include <stdio.h>

#include "service/run_state.h"

struct candidate {
    uint64_t number;
    FILE *file; /* behind the head */
    struct recon_buffer bytes;
    struct recon_snapshot_head head;
    bool is_borne_out;
};

struct resume {
    struct recon_run *run;
    struct candidate *candidates; /* the newest first */
    size_t candidate_count;
    int64_t first; /* of the journal's offsets; end: behind the last */
    int64_t end;
    bool has_entry;
    uint64_t first_number;
    struct recon_buffer settings; /* the last in an entry */
    /* While it is done again. */
    bool settings_differ; /* of the last entry's or snapshot's from what they are now */
    bool decoder_differs; /* ... and among them what no configuration can change back */
    char difference[512];
    bool is_refused; /* as it could be gone on under the settings of then */
};

/* run_resume.c: notes whether settings that something was made under are those of now. */
int run_settings_follow(struct resume *resume, struct recon_text settings);

/* run_restore.c */
/* Whatever can't be read is told, and the run begins without it. */
int run_candidates_find(struct resume *resume);
void run_candidates_free(struct resume *resume);
/* Nothing is read and nothing known: another beginning may be tried. */
int run_inputs_reset(struct recon_run *run);
/* The newest one that can be gone on from; first: the offset to go on at. RUN_UNSOUND: none can. */
int run_snapshot_restore(struct resume *resume, int64_t *first);

/* run_again.c */
/* Which of run->topics a name is; RECON_ERROR_DAMAGED: none of that stream. */
int run_topic_find(const struct recon_run *run, struct recon_text name, int stream, size_t *topic);
/* Makes a step of the journal again. */
int run_step_again(struct recon_run *run, const struct recon_journal_step *step);

#endif
