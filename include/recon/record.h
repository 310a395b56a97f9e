/*
 * What goes into the engine (records) and what comes out of it (results).
 *
 * Times are signed 64-bit milliseconds since the Unix epoch. Texts are borrowed: a record's texts must live until
 * the call that takes the record has returned and its results were drained; a result's texts live until the next
 * call to the object that gave it.
 */
#ifndef RECON_RECORD_H
#define RECON_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Also stand for -infinity and +infinity: the watermark before the first rise and after the end of all inputs; an
 * unset bound. */
#define RECON_TIME_MIN INT64_MIN
#define RECON_TIME_MAX INT64_MAX

/* A text that is not owned; bytes == NULL: there is none. Not terminated by NUL. */
struct recon_text {
    const char *bytes;
    uint32_t size;
};

/* Keyed 128-bit hash of an identity. The caller makes it (src/codec/key.h does, with SipHash-2-4-128); all homes
 * that share a state must use the same seed. The engine keeps 88 bits of it: see matcher.h for what that means. */
struct recon_key {
    uint64_t high;
    uint64_t low;
};

enum recon_stream { RECON_STREAM_AUDIT = 0, RECON_STREAM_EVENTS = 1 };
#define RECON_STREAM_COUNT 2

enum recon_record_kind {
    RECON_KIND_RECORD = 0,    /* to be reconciled */
    RECON_KIND_HEARTBEAT = 1, /* says how far event time has come; only stream, partition and time count */
    RECON_KIND_REJECTED = 2,  /* could not be read; reason says why */
};

enum recon_reason {
    RECON_REASON_NONE = 0,
    RECON_REASON_MALFORMED,
    RECON_REASON_UNMAPPED,
    RECON_REASON_NO_ID,
    RECON_REASON_NO_SOURCE,
    RECON_REASON_NO_TIME,
    RECON_REASON_FUTURE, /* given by the engine only */
    RECON_REASON_COUNT
};

struct recon_record {
    struct recon_key key; /* unused for heartbeats and rejected records */
    int64_t time;         /* event time in ms; valid if has_time */
    int64_t emitted_time; /* audit: when the source emitted it, in ms; valid if has_emitted_time */
    int64_t offset;       /* valid if has_offset */
    uint32_t partition;   /* within its stream, from 0 */
    uint32_t place;       /* among several that have one offset, from 1; 0: the only one */
    uint8_t stream;       /* enum recon_stream */
    uint8_t kind;         /* enum recon_record_kind */
    uint8_t reason;       /* enum recon_reason, for RECON_KIND_REJECTED */
    /* An event of kind RECORD without a time is one whose time could not be read (reason no_time unless its
     * audit record is there). An audit record without a time is a rejected one. */
    bool has_time;
    bool has_emitted_time;
    bool has_offset;
    struct recon_text id;
    struct recon_text source;
    struct recon_text context; /* audit only */
};

enum recon_result_type {
    RECON_RESULT_METRIC = 0,
    RECON_RESULT_MISSING,
    RECON_RESULT_FOUND,
    RECON_RESULT_UNAUDITED,
    RECON_RESULT_AUDITED,
    RECON_RESULT_DUPLICATE,
    RECON_RESULT_TOO_LATE,
    RECON_RESULT_REJECTED,
    RECON_RESULT_TYPE_COUNT
};

/* Bits for recon_settings.report; metrics are always reported. */
#define RECON_REPORT(type) (UINT32_C(1) << (type))
#define RECON_REPORT_DEFAULT                                                                                           \
    (RECON_REPORT(RECON_RESULT_MISSING) | RECON_REPORT(RECON_RESULT_FOUND) | RECON_REPORT(RECON_RESULT_TOO_LATE) |     \
     RECON_REPORT(RECON_RESULT_REJECTED))
#define RECON_REPORT_ALL ((UINT32_C(1) << RECON_RESULT_TYPE_COUNT) - 1)

enum recon_basis { RECON_BASIS_WATERMARK = 0, RECON_BASIS_TIMEOUT = 1, RECON_BASIS_END = 2 };

/* What one window counts. completeness in percent is 100 * matched / expected. */
struct recon_counts {
    uint64_t expected;
    uint64_t matched;
    uint64_t missing;
    uint64_t duplicate_audits;
    uint64_t duplicate_events;
    uint64_t unaudited;
    uint64_t unjudged_audits;
};

/* A result. Which fields have a value depends on the type; the others are zero, absent or false:
 *   metric     start, end, counts, revision, watermark, basis
 *   missing    id, source, time, emitted_time, context, partition, offset (the audit record's), watermark, basis
 *   found      id, source, time (the audit record's), event_time (if the event has one), watermark
 *   unaudited  id, source, time, partition, offset (the event record's), watermark, basis
 *   audited    id, source, time, partition, offset (the event record's), watermark
 *   duplicate, too_late   stream, id, source, time, partition, offset (the record's own), watermark
 *   rejected   stream, reason, partition, offset, and id, source, time where they could be read
 */
struct recon_result {
    uint8_t type;   /* enum recon_result_type */
    uint8_t stream; /* enum recon_stream: whose partition and offset these are */
    uint8_t basis;  /* enum recon_basis */
    uint8_t reason; /* enum recon_reason */
    bool has_time;
    bool has_event_time;
    bool has_emitted_time;
    bool has_offset;
    uint32_t partition;
    uint32_t place; /* of duplicate, too_late, rejected: the record's own */
    int64_t offset;
    int64_t time;
    int64_t event_time;
    int64_t emitted_time;
    int64_t watermark; /* RECON_TIME_MIN and RECON_TIME_MAX: infinite, printed as null */
    struct recon_text id;
    struct recon_text source;
    struct recon_text context;
    /* metric */
    int64_t start; /* of the window, ms; clamped to RECON_TIME_MIN where the window begins before it */
    int64_t end;   /* exclusive; clamped to RECON_TIME_MAX likewise */
    uint64_t revision;
    struct recon_counts counts;
};

/* "missing", "no_id", "audit", "timeout": the names that files and topics use; static. */
const char *recon_result_type_name(int type);
const char *recon_reason_name(int reason);
const char *recon_stream_name(int stream);
const char *recon_basis_name(int basis);

#ifdef __cplusplus
}
#endif
#endif
