/*
 * The grammar of a record. A field begins with a quote or has none; a quoted one ends at a quote that is not doubled,
 * and then a comma, the end of the line or the end of the input must follow. Spaces are part of a field. A line ends
 * with LF or CRLF; a CR anywhere else is part of its field.
 */
#include "codec/csv_record.h"

/* From behind the opening quote to the closing one. Sets *close to it. */
static enum recon_csv_outcome find_close(struct recon_csv_scanner *scanner, bool last, struct recon_csv_field *field,
                                         size_t *close, size_t *newline_count)
{
    size_t at;
    while (recon_csv_scanner_next(scanner, &at)) {
        const char special = scanner->bytes[at];
        if (special == '\n')
            ++*newline_count;
        if (special != '"')
            continue;
        if (at + 1 == scanner->size && !last)
            return RECON_CSV_MORE;
        if (at + 1 == scanner->size || scanner->bytes[at + 1] != '"') {
            *close = at;
            return RECON_CSV_RECORD;
        }
        field->has_doubled = true;
        recon_csv_scanner_next(scanner, &at);
    }
    return last ? RECON_CSV_UNCLOSED_QUOTE : RECON_CSV_MORE;
}

/* A quoted field whose first quote the scanner has just given. *at: what ends it, the size at the end of the input;
 * *end: behind its closing quote, or the byte that shows that it is none. */
static enum recon_csv_outcome quoted_field(struct recon_csv_scanner *scanner, size_t start, bool last,
                                           struct recon_csv_field *field, size_t *at, size_t *end,
                                           size_t *newline_count)
{
    size_t close = 0;
    *field = (struct recon_csv_field){.bytes = scanner->bytes + start + 1};
    const enum recon_csv_outcome outcome = find_close(scanner, last, field, &close, newline_count);
    if (outcome != RECON_CSV_RECORD)
        return outcome;
    field->size = close - start - 1;
    size_t behind = close + 1;
    if (behind < scanner->size && scanner->bytes[behind] == '\r')
        behind++;
    if (behind == scanner->size && !last)
        return RECON_CSV_MORE;
    *at = behind;
    *end = close + 1;
    if (behind == scanner->size)
        return RECON_CSV_RECORD;
    if (scanner->bytes[behind] != '\n' && (scanner->bytes[behind] != ',' || behind > close + 1)) {
        *end = behind;
        return RECON_CSV_STRAY_QUOTE;
    }
    recon_csv_scanner_next(scanner, at);
    return RECON_CSV_RECORD;
}

enum recon_csv_outcome recon_csv_record(struct recon_csv_scanner *scanner, size_t start, bool last,
                                        const size_t *columns, size_t column_count, struct recon_csv_field *fields,
                                        struct recon_csv_shape *shape)
{
    const char *bytes = scanner->bytes;
    const size_t size = scanner->size;
    size_t field_start = start, column = 0, wanted = 0, newline_count = 0;
    for (;; column++) {
        struct recon_csv_field field = {.bytes = bytes + field_start};
        size_t at, end;
        if (!recon_csv_scanner_next(scanner, &at))
            at = size;
        if (at == size && !last)
            return RECON_CSV_MORE;
        if (at < size && bytes[at] == '"') {
            shape->end = at;
            if (at != field_start)
                return RECON_CSV_STRAY_QUOTE;
            const enum recon_csv_outcome outcome =
                quoted_field(scanner, field_start, last, &field, &at, &end, &newline_count);
            if (outcome == RECON_CSV_STRAY_QUOTE)
                shape->end = end;
            if (outcome != RECON_CSV_RECORD)
                return outcome;
        } else {
            end = at;
            if ((at == size || bytes[at] == '\n') && end > field_start && bytes[end - 1] == '\r')
                end--;
            field.size = end - field_start;
        }
        while (wanted < column_count && columns[wanted] == column)
            fields[wanted++] = field;
        if (at < size && bytes[at] == ',') {
            field_start = at + 1;
            continue;
        }
        *shape = (struct recon_csv_shape){
            .end = end,
            .next = at < size ? at + 1 : size,
            .field_count = column + 1,
            .newline_count = newline_count,
            .is_blank = end == start,
        };
        return RECON_CSV_RECORD;
    }
}

size_t recon_csv_unquote(const struct recon_csv_field *field, char *to)
{
    const char *at = field->bytes, *end = field->bytes + field->size;
    char *out = to;
    while (at < end) {
        const char *quote = memchr(at, '"', (size_t)(end - at));
        const size_t size = (size_t)((quote ? quote + 1 : end) - at); /* the first quote of the two goes along */
        memcpy(out, at, size);
        out += size;
        at += size + (quote ? 1 : 0);
    }
    return (size_t)(out - to);
}
