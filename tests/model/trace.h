/*
 * A trace: settings, and the operations that an engine is told, one after another.
 *
 * Every operation moves the clock to `at` first, as in a trace file. Where `at` is below the clock, the operation is
 * that fall alone, which must be refused. Records name a partition that may not be there, or may have ended.
 *
 * Texts belong to a table of this file that is made on first use and never changes, so traces can be copied freely.
 */
#ifndef RECON_TESTS_MODEL_TRACE_H
#define RECON_TESTS_MODEL_TRACE_H

#include <stdio.h>

#include "recon/record.h"
#include "recon/settings.h"

enum op_kind { OP_CLOCK, OP_RECORD, OP_ALIVE, OP_ADD, OP_END };
#define OP_KIND_COUNT 5

struct op {
    int64_t at; /* ms */
    uint8_t kind;
    uint8_t stream;     /* OP_ALIVE, OP_ADD, OP_END */
    uint32_t partition; /* OP_ALIVE, OP_END */
    struct recon_record record;
};

struct trace {
    uint64_t seed;                  /* of all that is drawn while it runs: batch sizes, capacities */
    struct recon_settings settings; /* without allocator */
    struct op *ops;                 /* owned */
    size_t op_count;
    size_t op_capacity;
};

void trace_deinit(struct trace *trace);
struct op *trace_append(struct trace *trace, enum op_kind kind, int64_t at);
void trace_copy(struct trace *copy, const struct trace *trace);

/* Are the empty windows that it makes few enough for a test? */
bool trace_is_bounded(const struct trace *trace);
/* Makes it so, by shortening the retention. */
void trace_bound(struct trace *trace);

/* As settings for people and lines for `recon replay`. */
void trace_print(const struct trace *trace, FILE *file);

/* Identity number 0 to TRACE_ID_COUNT - 1: its text. Texts 0 to TRACE_TEXT_COUNT - 1: 0 is none, 1 is empty, the rest
 * grows. */
#define TRACE_ID_COUNT 65536
#define TRACE_TEXT_COUNT 8
struct recon_text trace_id(unsigned number);
struct recon_text trace_text(unsigned number);

#endif
