/*
 * The list of faults.
 */
#define _POSIX_C_SOURCE 200809L
#include "config/faults.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void recon_config_errors_deinit(struct recon_config_errors *errors)
{
    for (size_t i = 0; i < errors->count; i++)
        free(errors->lines[i]);
    free(errors->lines);
    free(errors->places);
    *errors = (struct recon_config_errors){0};
}

/* With the longest name of a file, 4 KiB. What is longer is cut. */
#define LINE_SIZE_MAX 8192

/* A fault must not be lost for want of memory, or bad input would pass for good: the process ends. */
static _Noreturn void out_of_memory(void)
{
    fputs("recon: out of memory while listing faults\n", stderr);
    exit(2);
}

void recon_config_errors_insert(struct recon_config_errors *errors, uint64_t place, char *line)
{
    char **lines = realloc(errors->lines, (errors->count + 1) * sizeof *lines);
    if (lines != NULL)
        errors->lines = lines;
    uint64_t *places = realloc(errors->places, (errors->count + 1) * sizeof *places);
    if (places != NULL)
        errors->places = places;
    if (line == NULL || lines == NULL || places == NULL)
        out_of_memory();
    size_t at = errors->count++;
    for (; at > 0 && places[at - 1] > place; at--) {
        lines[at] = lines[at - 1];
        places[at] = places[at - 1];
    }
    lines[at] = line;
    places[at] = place;
}

void recon_config_errors_add(struct recon_config_errors *errors, const char *format, ...)
{
    char text[LINE_SIZE_MAX];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    char *line = size < 0 ? NULL : strdup(text);
    recon_config_errors_insert(errors, RECON_PLACE_NONE, line);
}
