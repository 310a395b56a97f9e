/*
 * The engine's state, for the parts of the core that save it.
 */
#ifndef RECON_CORE_ENGINE_STATE_H
#define RECON_CORE_ENGINE_STATE_H

#include "core/matcher_state.h"
#include "core/memory.h"
#include "core/watermark_state.h"
#include "core/windows_state.h"
#include "recon/engine.h"

enum engine_phase {
    ENGINE_READY = 0,
    ENGINE_DIRECT,   /* a record's own result waits, and then perhaps a step */
    ENGINE_STEPPING, /* a step is to begin */
    ENGINE_MATCHING, /* a step: what falls due in the matcher */
    ENGINE_COUNTING, /* the matcher's counts go to the windows */
    ENGINE_WINDOWS,  /* metrics */
};

struct recon_engine {
    struct recon_memory memory;
    struct recon_settings settings;
    struct recon_watermark watermark;
    struct recon_matcher matcher;
    struct recon_windows windows;
    enum engine_phase phase;
    struct recon_rise rise;   /* the step under way or to come */
    bool has_rise;            /* a step comes behind the record's own result */
    struct recon_result held; /* made already, and first to be taken, if has_held */
    bool has_held;
    /* Counts taken from the matcher that the windows had no memory for yet. */
    bool has_counts;
    int64_t counts_index;
    struct recon_counts counts;
};

#endif
