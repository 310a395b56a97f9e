/*
 * Status codes of the recon library: one enum, one table of texts.
 *
 * Every function that can fail for a reason outside the program returns one of these; RECON_OK is 0 and every
 * failure is negative. Out-parameters are untouched on failure unless a function says otherwise. A call that
 * breaks a function's contract (a NULL where none is allowed, records before the clock was set) is an assertion.
 */
#ifndef RECON_STATUS_H
#define RECON_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

enum recon_status {
    RECON_OK = 0,
    RECON_ERROR_MEMORY = -1,    /* the memory limit would be passed, or the allocator had nothing left */
    RECON_ERROR_CLOCK = -2,     /* the processing clock went backwards */
    RECON_ERROR_PARTITION = -3, /* no such partition */
    RECON_ERROR_ENDED = -4,     /* the partition has ended */
    RECON_ERROR_UNDRAINED = -5, /* results wait to be taken first */
    RECON_ERROR_DAMAGED = -6,   /* snapshot: a checksum or a structure is wrong */
    RECON_ERROR_TRUNCATED = -7, /* snapshot: it ends too early */
    RECON_ERROR_VERSION = -8,   /* snapshot: written by another version, one that can't be read */
    RECON_ERROR_MISMATCH = -9,  /* snapshot: other settings (interval, identity, seed, key groups) */
    RECON_ERROR_INVALID = -10,  /* a setting or a value that is not legal */
    RECON_ERROR_IO = -11,       /* the operating system refused; errno says why */
    RECON_ERROR_FULL = -12,     /* a bound of limits.h is reached */
};

/* The text of a status, for people; never NULL, static. Any thread. */
const char *recon_status_text(int status);

#ifdef __cplusplus
}
#endif
#endif
