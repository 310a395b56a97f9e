/*
 * The header line. All names are copied out once, for the mapping's look-up and for the texts of faults.
 */
#include "codec/csv_header.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec/nearest.h"
#include "recon/status.h"

struct names {
    char *text; /* all of them, each with a NUL */
    const char **items;
    size_t count;
};

static void names_deinit(struct names *names)
{
    free(names->text);
    free(names->items);
}

static int names_init(struct names *names, const char *bytes, const struct recon_csv_shape *shape)
{
    const size_t count = shape->field_count;
    *names = (struct names){.count = count};
    size_t *columns = calloc(count, sizeof *columns);
    struct recon_csv_field *fields = malloc(count * sizeof *fields);
    names->items = malloc(count * sizeof *names->items);
    names->text = malloc(shape->end + count);
    int status = RECON_ERROR_MEMORY;
    if (columns == NULL || fields == NULL || names->items == NULL || names->text == NULL)
        goto cleanup;
    for (size_t i = 0; i < count; i++)
        columns[i] = i;
    struct recon_csv_scanner scanner;
    struct recon_csv_shape again;
    recon_csv_scanner_start(&scanner, bytes, shape->next, 0);
    recon_csv_record(&scanner, 0, true, columns, count, fields, &again);
    char *to = names->text;
    for (size_t i = 0; i < count; i++) {
        names->items[i] = to;
        to += recon_csv_unquote(&fields[i], to);
        *to++ = '\0';
    }
    status = RECON_OK;
cleanup:
    free(columns);
    free(fields);
    if (status != RECON_OK)
        names_deinit(names);
    return status;
}

static int fault_absent(const struct names *names, const char *wanted, int64_t line, struct recon_fault *fault)
{
    const long long number = line;
    const char *nearest = recon_word_nearest(wanted, names->items, names->count);
    char list[140] = "";
    size_t used = 0;
    for (size_t i = 0; i < names->count && used < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s`%.40s`", i == 0 ? "" : ", ", names->items[i]);
    const char *dots = used < sizeof list ? "" : "...";
    if (nearest != NULL)
        return recon_fault_set(fault, "line %lld: no column `%.40s`, did you mean `%.40s`? The columns are %s%s",
                               number, wanted, nearest, list, dots);
    const char separator = names->count > 1 ? '\0' : names->items[0][strcspn(names->items[0], ";\t|")];
    if (separator != '\0')
        return recon_fault_set(fault,
                               "line %lld: no column `%.40s`; columns are separated by `%s`, but must be by commas",
                               number, wanted, separator == '\t' ? "tab" : (const char[]){separator, '\0'});
    if (strchr(names->items[names->count - 1], '\r') != NULL)
        return recon_fault_set(fault, "line %lld: no column `%.40s`; lines end with CR alone, but must with LF or CRLF",
                               number, wanted);
    return recon_fault_set(fault, "line %lld: no column `%.40s`; the columns are %s%s", number, wanted, list, dots);
}

static int find_columns(struct recon_csv_header *header, const struct recon_plan *plan, const struct names *names,
                        int64_t line, struct recon_fault *fault)
{
    for (uint32_t i = 0; i < plan->path_count; i++) {
        const struct recon_path *path = &plan->paths[i];
        if (path->kind != RECON_FIELD_VALUE)
            continue;
        size_t column = names->count;
        for (size_t j = 0; j < names->count; j++) {
            if (strcmp(names->items[j], path->text) != 0)
                continue;
            if (column < names->count)
                return recon_fault_set(fault, "line %lld: the columns %zu and %zu are both called `%.40s`: rename one",
                                       (long long)line, column + 1, j + 1, path->text);
            column = j;
        }
        if (column == names->count) {
            if (path->required)
                return fault_absent(names, path->text, line, fault);
            continue;
        }
        size_t place = header->count++; /* put where columns rise */
        for (; place > 0 && header->columns[place - 1] > column; place--) {
            header->columns[place] = header->columns[place - 1];
            header->paths[place] = header->paths[place - 1];
        }
        header->columns[place] = column;
        header->paths[place] = i;
    }
    return RECON_OK;
}

int recon_csv_header_init(struct recon_csv_header *header, const struct recon_plan *plan, const char *bytes,
                          const struct recon_csv_shape *shape, int64_t line, struct recon_fault *fault)
{
    struct names names;
    int status = names_init(&names, bytes, shape);
    if (status != RECON_OK)
        return status;
    *header = (struct recon_csv_header){.column_count = shape->field_count};
    const size_t room = plan->path_count > 0 ? plan->path_count : 1;
    header->columns = malloc(room * sizeof *header->columns);
    header->paths = malloc(room * sizeof *header->paths);
    if (header->columns == NULL || header->paths == NULL)
        status = RECON_ERROR_MEMORY;
    else
        status = find_columns(header, plan, &names, line, fault);
    names_deinit(&names);
    if (status != RECON_OK)
        recon_csv_header_deinit(header);
    return status;
}

void recon_csv_header_deinit(struct recon_csv_header *header)
{
    free(header->columns);
    free(header->paths);
    *header = (struct recon_csv_header){0};
}
