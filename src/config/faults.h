/*
 * Faults as they are found, each with its place; sorted by place and named once when they are handed out.
 *
 * Single-threaded. Memory that runs out while a fault is noted is itself noted (no_memory), so that a bad configuration
 * never passes for a good one.
 */
#ifndef RECON_CONFIG_FAULTS_H
#define RECON_CONFIG_FAULTS_H

#include "config/config.h"

/* In the file: line and column from 1. line 0: on the command line, as `--key`; or, without a key, nowhere. */
struct recon_place {
    const char *key; /* whose value it is; NULL: the text of the fault names it. Read at once, not kept */
    uint32_t line;
    uint32_t column;
};

struct recon_fault {
    uint32_t line;
    uint32_t column;
    bool option;    /* on the command line */
    size_t order;   /* of finding */
    uint32_t homes; /* bits of enum recon_home: those that it keeps from working */
    char *text;
};

#define RECON_HOMES_ALL UINT32_MAX
/* A bit that is no home's: set in faults of all homes alone. */
#define RECON_HOMES_NO_MATTER_WHICH (UINT32_C(1) << 31)
#define RECON_HOME_BIT(home) (UINT32_C(1) << (home))

struct recon_faults {
    struct recon_fault *items;
    size_t count;
    bool no_memory;
};

/* Takes a text (malloc's) for a line of errors, behind those of places up to its own. */
#define RECON_PLACE_NONE UINT64_MAX
void recon_config_errors_insert(struct recon_config_errors *errors, uint64_t place, char *line);

void recon_faults_deinit(struct recon_faults *faults);

/* A fault for all homes. */
#define recon_faults_add(faults, place, ...) recon_faults_add_for(faults, RECON_HOMES_ALL, place, __VA_ARGS__)
/* For some homes only. */
void recon_faults_add_for(struct recon_faults *faults, uint32_t homes, struct recon_place place, const char *format,
                          ...) __attribute__((format(printf, 4, 5)));

/* Moves the faults of one of the homes, or more, to errors, in order of place; the others stay. file_name NULL: there
 * is no file. Returns RECON_OK (none), RECON_ERROR_INVALID or RECON_ERROR_MEMORY. */
int recon_faults_move(struct recon_faults *faults, uint32_t homes, const char *file_name,
                      struct recon_config_errors *errors);

#endif
