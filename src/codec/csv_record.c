/*
 * The grammar of a record. A field begins with a quote or has none; a quoted one ends at a quote that is not doubled,
 * and then a comma, the end of the line or the end of the input must follow. Spaces are part of a field. A line ends
 * with LF or CRLF; a CR anywhere else is part of its field.
 */
#include "codec/csv_record.h"

static void field_between(const char *start, const char *end, struct recon_csv_field *field)
{
    recon_csv_field_between(start, end, field);
    field->has_doubled = field->has_doubled && memchr(field->bytes, '"', field->size) != NULL;
}

enum recon_csv_outcome recon_csv_record(struct recon_csv_scanner *scanner, size_t start, bool last,
                                        const size_t *columns, size_t column_count, struct recon_csv_field *fields,
                                        struct recon_csv_shape *shape)
{
    const char *bytes = scanner->bytes;
    const size_t size = scanner->size;
    const size_t newlines_before = recon_csv_scanner_newlines(scanner, start);
    size_t field_start = start, column = 0, wanted = 0, at, end;
    for (bool is_last = false; !is_last; field_start = at + 1, column++) {
        if (!recon_csv_scanner_next(scanner, &at))
            at = size;
        if (scanner->fault <= at) {
            shape->end = scanner->fault;
            return RECON_CSV_STRAY_QUOTE;
        }
        if (at == size && !last)
            return RECON_CSV_MORE;
        if (at == size && scanner->is_within)
            return RECON_CSV_UNCLOSED_QUOTE;
        end = at;
        is_last = at == size || bytes[at] == '\n';
        if (is_last && end > field_start && bytes[end - 1] == '\r')
            end--;
        for (; wanted < column_count && columns[wanted] == column; wanted++)
            field_between(bytes + field_start, bytes + end, &fields[wanted]);
    }
    *shape = (struct recon_csv_shape){
        .end = end,
        .next = at < size ? at + 1 : size,
        .field_count = column,
        .newline_count = recon_csv_scanner_newlines(scanner, at) - newlines_before,
        .is_blank = end == start,
    };
    return RECON_CSV_RECORD;
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
