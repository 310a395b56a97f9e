/*
 * The one table of status texts, and the names that files and topics use.
 */
#include "recon/status.h"

#include <assert.h>

#include "recon/record.h"

const char *recon_status_text(int status)
{
    switch ((enum recon_status)status) {
    case RECON_OK:
        return "ok";
    case RECON_ERROR_MEMORY:
        return "out of memory, or the memory limit is reached";
    case RECON_ERROR_CLOCK:
        return "the processing clock went backwards";
    case RECON_ERROR_PARTITION:
        return "no such partition";
    case RECON_ERROR_ENDED:
        return "the partition has ended";
    case RECON_ERROR_UNDRAINED:
        return "results must be taken first";
    case RECON_ERROR_DAMAGED:
        return "damaged data";
    case RECON_ERROR_TRUNCATED:
        return "the data ends too early";
    case RECON_ERROR_VERSION:
        return "written by another version";
    case RECON_ERROR_MISMATCH:
        return "made with other settings";
    case RECON_ERROR_INVALID:
        return "not legal";
    case RECON_ERROR_IO:
        return "input or output failed";
    case RECON_ERROR_FULL:
        return "a fixed bound is reached";
    }
    return "unknown status";
}

const char *recon_result_type_name(int type)
{
    static const char *const names[RECON_RESULT_TYPE_COUNT] = {
        "metric", "missing", "found", "unaudited", "audited", "duplicate", "too_late", "rejected",
    };
    assert(type >= 0 && type < RECON_RESULT_TYPE_COUNT);
    return names[type];
}

const char *recon_reason_name(int reason)
{
    static const char *const names[RECON_REASON_COUNT] = {
        "none", "malformed", "unmapped", "no_id", "no_source", "no_time", "future",
    };
    assert(reason >= 0 && reason < RECON_REASON_COUNT);
    return names[reason];
}

const char *recon_stream_name(int stream)
{
    assert(stream == RECON_STREAM_AUDIT || stream == RECON_STREAM_EVENTS);
    return stream == RECON_STREAM_AUDIT ? "audit" : "events";
}

const char *recon_basis_name(int basis)
{
    static const char *const names[] = {"watermark", "timeout", "end"};
    assert(basis >= RECON_BASIS_WATERMARK && basis <= RECON_BASIS_END);
    return names[basis];
}
