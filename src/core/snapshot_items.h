/*
 * From a snapshot's items to the object that is being built.
 */
#ifndef RECON_CORE_SNAPSHOT_ITEMS_H
#define RECON_CORE_SNAPSHOT_ITEMS_H

#include "core/engine_state.h"
#include "core/snapshot_format.h"

struct snapshot_builder {
    struct recon_settings settings;
    struct recon_engine *engine;
    /* NULL: the target has no such part, and what is said of it is passed over. */
    struct recon_watermark *watermark;
    struct recon_matcher *matcher;
    struct recon_windows *windows;
    /* The section under way. */
    int section;
    uint32_t group;
    bool has_settings;
    /* A lone watermark: of several heads the lowest of everything counts. */
    bool is_merging;
    bool is_first_head;
    uint32_t head_partition_count[RECON_STREAM_COUNT]; /* that the head under way has named */
    /* What came. */
    bool has_head;
    bool has_bound; /* W and R from a group */
    bool has_counts;
    bool has_end;
    struct recon_rise bound;
    uint64_t identity_count;
    uint64_t identity_count_stated;
    uint32_t section_count;
    uint32_t section_count_stated;
};

int snapshot_builder_section(struct snapshot_builder *builder, int section, uint32_t group);
/* One item: its type and body. RECON_ERROR_DAMAGED where it is not one, or says what can't be. */
int snapshot_builder_item(struct snapshot_builder *builder, const unsigned char *item, size_t size);
int snapshot_builder_section_end(struct snapshot_builder *builder);
int snapshot_builder_finish(struct snapshot_builder *builder, bool is_whole);

#endif
