/*
 * What was published, as its parts see it; inside of src/service/published*.c only.
 */
#ifndef RECON_SERVICE_PUBLISHED_STATE_H
#define RECON_SERVICE_PUBLISHED_STATE_H

#include "service/published.h"

enum kind { NOTHING, WINDOW, PRESENCE, AUDIT, PLACE };

struct thing {
    uint64_t hash;
    int64_t time;      /* of a window its start; RECON_TIME_MAX: none is known */
    uint64_t revision; /* of a window: the last one */
    uint64_t counts;   /* of that: their hash */
    uint8_t kind;
    bool is_closed;  /* PRESENCE, AUDIT: what was missing was found */
    bool is_known;   /* ... the engine knows of it by itself */
    uint32_t source; /* ... where the audit record's or event's source is among the texts */
    uint32_t source_size;
};

struct recon_published {
    struct recon_buffer name; /* as keys begin: percent-encoded, and a slash */
    bool source_in_identity;
    struct thing *things;
    size_t capacity; /* a power of two */
    size_t count;
    struct recon_buffer texts;
    struct recon_buffer scratch;
    int64_t watermark; /* the largest with basis `watermark` */
    int64_t watermark_any;
};

/* What is known by a hash; made if it is not. NULL when memory is out. */
struct thing *published_have(struct recon_published *published, uint64_t hash, enum kind kind);

uint64_t published_hash(enum kind kind, const struct recon_text *parts, size_t count);
uint64_t published_window_hash(int64_t start);
uint64_t published_identity_hash(const struct recon_published *published, enum kind kind, struct recon_text source,
                                 struct recon_text id);
uint64_t published_counts_hash(const struct recon_counts *counts);

#endif
