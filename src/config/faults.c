/*
 * Faults: an array, sorted when they are handed out.
 */
#define _POSIX_C_SOURCE 200809L
#include "config/faults.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recon/status.h"

void recon_faults_deinit(struct recon_faults *faults)
{
    for (size_t i = 0; i < faults->count; i++)
        free(faults->items[i].text);
    free(faults->items);
    *faults = (struct recon_faults){0};
}

/* A message is one line of this size at most, bytes. */
#define TEXT_SIZE_MAX 600

/* The texts of a configuration are anybody's: no control character of theirs reaches a terminal, and none is endless.
 * size: what the whole text would have. */
static void make_printable(char text[TEXT_SIZE_MAX + sizeof "..."], size_t size)
{
    if (size > TEXT_SIZE_MAX) {
        for (size = TEXT_SIZE_MAX; size > 0 && ((unsigned char)text[size] & 0xC0) == 0x80;)
            size--;
        memcpy(text + size, "...", sizeof "...");
    }
    for (char *at = text; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        /* C1 controls are 0xC2 0x80 to 0xC2 0x9F in UTF-8. */
        if (byte < 0x20 || byte == 0x7F || (byte == 0xC2 && (unsigned char)at[1] < 0xA0))
            *at = '?';
    }
}

void recon_faults_add_for(struct recon_faults *faults, uint32_t homes, struct recon_place place, const char *format,
                          ...)
{
    /* `KEY: what`, `--KEY: what` on the command line, or `what` alone. */
    char text[TEXT_SIZE_MAX + sizeof "..."] = "";
    size_t size = 0;
    if (place.key != NULL)
        size = (size_t)snprintf(text, sizeof text, "%s%s: ", place.line == 0 ? "--" : "", place.key);
    if (size < sizeof text) {
        va_list arguments;
        va_start(arguments, format);
        size += (size_t)vsnprintf(text + size, sizeof text - size, format, arguments);
        va_end(arguments);
    }
    make_printable(text, size);
    struct recon_fault *items = realloc(faults->items, (faults->count + 1) * sizeof *items);
    if (items != NULL)
        faults->items = items;
    char *copy = strdup(text);
    if (items == NULL || copy == NULL) {
        faults->no_memory = true;
        free(copy);
        return;
    }
    items[faults->count] = (struct recon_fault){.line = place.line,
                                                .column = place.column,
                                                .option = place.line == 0 && place.key != NULL,
                                                .order = faults->count,
                                                .homes = homes,
                                                .text = copy};
    faults->count++;
}

static int compare(const void *left, const void *right)
{
    const struct recon_fault *a = left;
    const struct recon_fault *b = right;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    if (a->column != b->column)
        return a->column < b->column ? -1 : 1;
    return a->order < b->order ? -1 : 1;
}

/* Values that count for several schemas are read several times: a fault of theirs is named once. */
static bool same(const struct recon_fault *a, const struct recon_fault *b)
{
    return a->line == b->line && a->column == b->column && strcmp(a->text, b->text) == 0;
}

static void hand_out(const struct recon_fault *fault, const char *file_name, struct recon_config_errors *errors)
{
    /* A place in the file comes before the command line and before what is missing. */
    uint64_t place = fault->line == 0 ? RECON_PLACE_NONE : ((uint64_t)fault->line << 32) | fault->column;
    if (file_name == NULL || fault->option) {
        recon_config_errors_add(errors, "%s", fault->text);
        return;
    }
    if (fault->line == 0) {
        recon_config_errors_add(errors, "%s: %s", file_name, fault->text);
        return;
    }
    size_t size = strlen(file_name) + strlen(fault->text) + sizeof ":4294967295:4294967295: ";
    char *line = malloc(size);
    if (line != NULL)
        snprintf(line, size, "%s:%u:%u: %s", file_name, fault->line, fault->column, fault->text);
    recon_config_errors_insert(errors, place, line);
}

int recon_faults_move(struct recon_faults *faults, uint32_t homes, const char *file_name,
                      struct recon_config_errors *errors)
{
    if (faults->no_memory)
        return RECON_ERROR_MEMORY;
    if (faults->count > 1)
        qsort(faults->items, faults->count, sizeof *faults->items, compare);
    size_t kept = 0;
    int status = RECON_OK;
    struct recon_fault last = {0};
    for (size_t i = 0; i < faults->count; i++) {
        struct recon_fault fault = faults->items[i];
        if ((fault.homes & homes) == 0) {
            faults->items[kept++] = fault;
            continue;
        }
        status = RECON_ERROR_INVALID;
        if (last.text == NULL || !same(&last, &fault))
            hand_out(&fault, file_name, errors);
        free(last.text);
        last = fault;
    }
    free(last.text);
    faults->count = kept;
    return status;
}
