/*
 * CSV by RFC 4180 with a header line, in UTF-8. Every field is a text; an empty one is an empty text.
 *
 * 1. A record's offset is the number of its first line; the header is line 1 (or later: blank lines count too).
 * 2. Blank lines are no records, also in a file of one column: there an empty ID is written `""`.
 * 3. A record with more or fewer fields than the header, with a NUL or with anything but UTF-8 is malformed.
 * 4. Where quotes are wrong (one within an unquoted field, text behind a closing one, one that is never closed) or a
 *    record is longer than record_bytes_max, the record's first line is malformed and reading goes on with the next
 * line: a quote too many costs its line, and what looks like records behind it is read as such.
 * 5. What is decoded is the same however the bytes are cut: a record is judged once it is whole, or too long.
 * 6. Usual lines (csv_cuts.h) are read many at a time; whatever is not quite usual is left to the reader of one record.
 *
 * libcsv was looked at: it goes byte by byte through a callback a field, takes stray quotes as text or else stops at
 * them, and does not say which line it is at.
 */
#include <assert.h>
#include <stdlib.h>

#include "codec/csv_cuts.h"
#include "codec/csv_header.h"
#include "codec/csv_record.h"
#include "codec/format.h"
#include "codec/utf8.h"
#include "recon/status.h"

/* Bytes by which a record that is not whole can be longer than what it turns out to be: CR, LF. */
#define LINE_END_BYTES 2
/* So many lines are read before records are made of them. */
#define LINE_COUNT 32

/* Usual lines, of which `taken` bytes and `line` lines were taken; the rest is at the front of what is fed next. */
struct usual {
    struct recon_csv_cuts cuts;
    uint32_t taken;
    uint32_t line;
};

struct csv_reader {
    const struct recon_plan *plan; /* borrowed, as the fault */
    struct recon_fault *fault;
    bool has_begun; /* a byte order mark, if any, was passed */
    bool has_header;
    bool is_skipping; /* the rest of a line that was given up is still to come */
    int64_t line;     /* that the next byte to be taken is on */
    size_t searched;  /* the first bytes that were not taken yet have no line end */
    struct recon_csv_header header;
    struct recon_found *found;      /* LINE_COUNT times as many as the plan has paths; what is no column stays absent */
    struct recon_csv_field *fields; /* as many as header.count */
    char *scratch;                  /* for fields with doubled quotes */
    size_t scratch_size;
    struct usual usual;
};

/* What one call of feed works on. */
struct input {
    const char *bytes;
    size_t size;
    size_t at; /* taken so far */
    bool last;
    struct recon_csv_scanner scanner;
};

static int csv_new(const struct recon_plan *plan, struct recon_fault *fault, void **reader)
{
    struct csv_reader *made = calloc(1, sizeof *made); /* pages of which nothing is used cost nothing */
    if (made == NULL)
        return RECON_ERROR_MEMORY;
    made->plan = plan;
    made->fault = fault;
    made->line = 1;
    *reader = made;
    return RECON_OK;
}

static void csv_free(void *opaque)
{
    struct csv_reader *reader = opaque;
    if (reader == NULL)
        return;
    recon_csv_header_deinit(&reader->header);
    free(reader->found);
    free(reader->fields);
    free(reader->scratch);
    free(reader);
}

/* False: more bytes are needed to tell. */
static bool skip_mark(struct csv_reader *reader, struct input *input)
{
    static const char mark[] = "\xef\xbb\xbf";
    const size_t size = input->size < 3 ? input->size : 3;
    if (memcmp(input->bytes, mark, size) == 0) {
        if (size < 3 && !input->last)
            return false;
        input->at = size == 3 ? 3 : 0;
    }
    reader->has_begun = true;
    return true;
}

/* Passes over the first line at input->at, or as much of it as there is; the line then goes on to be skipped. */
static void skip_line(struct csv_reader *reader, struct input *input)
{
    const char *newline = memchr(input->bytes + input->at, '\n', input->size - input->at);
    reader->is_skipping = newline == NULL;
    input->at = newline == NULL ? input->size : (size_t)(newline - input->bytes) + 1;
    reader->line += newline != NULL;
}

static int give_up_line(struct csv_reader *reader, struct input *input, struct recon_batch *batch)
{
    const int status = recon_extract_malformed(reader->plan, reader->line, batch);
    if (status == RECON_OK)
        skip_line(reader, input);
    return status;
}

static bool is_clean(const struct input *input, const struct recon_csv_shape *shape)
{
    const char *start = input->bytes + input->at;
    const size_t size = shape->end - input->at;
    return (input->scanner.nul_end <= input->at || memchr(start, '\0', size) == NULL) &&
           (input->scanner.foreign_end <= input->at || recon_utf8_is_valid(start, size));
}

static void take_record(struct csv_reader *reader, struct input *input, const struct recon_csv_shape *shape)
{
    reader->line += (int64_t)shape->newline_count + 1;
    input->at = shape->next;
}

static int read_header(struct csv_reader *reader, struct input *input, enum recon_csv_outcome outcome,
                       const struct recon_csv_shape *shape)
{
    const long long line = reader->line;
    const size_t size_max = reader->plan->record_bytes_max;
    /* How much of it there is: as much as there must be to tell what is wrong, so that every cut gives the same fault.
     */
    size_t size = input->size - input->at;
    if (outcome == RECON_CSV_RECORD || outcome == RECON_CSV_STRAY_QUOTE)
        size = shape->end - input->at;
    if (size > size_max + (outcome == RECON_CSV_RECORD ? 0 : LINE_END_BYTES))
        return recon_fault_set(reader->fault, "line %lld: the header is longer than %zu bytes; is this CSV?", line,
                               size_max);
    if (outcome == RECON_CSV_STRAY_QUOTE)
        return recon_fault_set(reader->fault, "line %lld: a quote in the header is neither at a column's start nor end",
                               line);
    if (outcome == RECON_CSV_UNCLOSED_QUOTE)
        return recon_fault_set(reader->fault, "line %lld: a quote in the header is never closed", line);
    if (!is_clean(input, shape))
        return recon_fault_set(reader->fault, "line %lld: the header is not UTF-8; `iconv -t UTF-8` can make it so",
                               line);

    struct recon_csv_shape relative = *shape;
    relative.end -= input->at;
    relative.next -= input->at;
    struct recon_csv_header header;
    int status = recon_csv_header_init(&header, reader->plan, input->bytes + input->at, &relative, line, reader->fault);
    if (status != RECON_OK)
        return status;
    reader->found = calloc(((size_t)reader->plan->path_count + 1) * LINE_COUNT, sizeof *reader->found);
    reader->fields = calloc(header.count + 1, sizeof *reader->fields);
    if (reader->found == NULL || reader->fields == NULL) {
        free(reader->found);
        free(reader->fields);
        reader->found = NULL;
        reader->fields = NULL;
        recon_csv_header_deinit(&header);
        return RECON_ERROR_MEMORY;
    }
    reader->header = header;
    reader->has_header = true;
    take_record(reader, input, shape);
    return RECON_OK;
}

/* Points reader->found at the fields' texts. */
static int fill_found(struct csv_reader *reader, size_t record_size)
{
    char *to = reader->scratch;
    for (size_t i = 0; i < reader->header.count; i++) {
        const struct recon_csv_field *field = &reader->fields[i];
        struct recon_found *found = &reader->found[reader->header.paths[i]];
        found->kind = RECON_FOUND_CELL;
        found->text = (struct recon_text){.bytes = field->bytes, .size = (uint32_t)field->size};
        if (!field->has_doubled)
            continue;
        if (reader->scratch_size < record_size) {
            /* The first such field of the record: nothing points into the old bytes. */
            assert(to == reader->scratch);
            free(reader->scratch);
            reader->scratch_size = 0;
            reader->scratch = to = malloc(record_size);
            if (to == NULL)
                return RECON_ERROR_MEMORY;
            reader->scratch_size = record_size;
        }
        found->text.bytes = to;
        found->text.size = (uint32_t)recon_csv_unquote(field, to);
        to += found->text.size;
    }
    return RECON_OK;
}

static int read_record(struct csv_reader *reader, struct input *input, enum recon_csv_outcome outcome,
                       const struct recon_csv_shape *shape, struct recon_batch *batch)
{
    if (outcome != RECON_CSV_RECORD || shape->end - input->at > reader->plan->record_bytes_max)
        return give_up_line(reader, input, batch);
    int status;
    if (shape->field_count != reader->header.column_count || !is_clean(input, shape)) {
        status = recon_extract_malformed(reader->plan, reader->line, batch);
    } else {
        status = fill_found(reader, shape->end - input->at);
        if (status == RECON_OK)
            status = recon_extract(reader->plan, reader->found, NULL, reader->line, batch);
    }
    if (status == RECON_OK)
        take_record(reader, input, shape);
    return status;
}

/* Finds the usual lines from input->at on, unless there are some left. False: there are none. */
static bool find_usual(struct csv_reader *reader, const struct input *input)
{
    struct usual *usual = &reader->usual;
    /* What was read otherwise was a line of them, or there are none. */
    while (usual->line < usual->cuts.line_count && usual->taken > usual->cuts.places[usual->cuts.ends[usual->line]])
        usual->line++;
    if (usual->line < usual->cuts.line_count)
        return true;
    recon_csv_cuts_find(&usual->cuts, input->bytes + input->at, input->size - input->at);
    usual->taken = usual->line = 0;
    return usual->cuts.line_count > 0;
}

/* Reads usual lines from input->at on, up to one that has not as many fields as the header, or is not of UTF-8, or too
 * long, or blank, or that may have doubled quotes in what is wanted. Returns how many. */
static uint32_t read_usual(struct csv_reader *reader, struct input *input, uint32_t count_max)
{
    struct usual *usual = &reader->usual;
    const struct recon_csv_cuts *cuts = &usual->cuts;
    const struct recon_csv_header *header = &reader->header;
    const char *bytes = input->bytes + input->at - usual->taken;
    struct recon_found *found = reader->found;
    uint32_t count = 0;
    for (; cuts->is_utf8 && count < count_max && usual->line < cuts->line_count; count++, usual->line++) {
        const uint32_t first = usual->line > 0 ? (uint32_t)cuts->ends[usual->line - 1] + 1 : 0;
        const uint32_t last = cuts->ends[usual->line];
        const char *start = bytes + usual->taken;
        const char *end = bytes + cuts->places[last];
        const char *next = end + 1;
        end -= end > start && end[-1] == '\r';
        if (last - first + 1 != header->column_count || end == start ||
            (size_t)(end - start) > reader->plan->record_bytes_max)
            break;
        bool is_doubled = false;
        for (size_t i = 0; i < header->count; i++) {
            const uint32_t cut = first + (uint32_t)header->columns[i];
            struct recon_csv_field field;
            recon_csv_field_between(cut > first ? bytes + cuts->places[cut - 1] + 1 : start,
                                    cut < last ? bytes + cuts->places[cut] : end, &field);
            is_doubled |= field.has_doubled && cuts->has_doubled && memchr(field.bytes, '"', field.size) != NULL;
            found[header->paths[i]].kind = RECON_FOUND_CELL;
            found[header->paths[i]].text.bytes = field.bytes;
            found[header->paths[i]].text.size = (uint32_t)field.size;
        }
        if (is_doubled)
            break;
        found += reader->plan->path_count;
        usual->taken = (uint32_t)(next - bytes);
    }
    input->at = (size_t)(bytes - input->bytes) + usual->taken;
    return count;
}

/* Whether it is worth while to look at the record at input->at: not if it is one that was looked at before, and no
 * line end has come. */
static bool has_news(struct csv_reader *reader, const struct input *input)
{
    const size_t searched = reader->searched, rest = input->size - input->at;
    reader->searched = 0;
    if (searched == 0 || input->last || rest > reader->plan->record_bytes_max + LINE_END_BYTES || searched > rest)
        return true;
    if (memchr(input->bytes + input->at + searched, '\n', rest - searched) != NULL)
        return true;
    reader->searched = rest;
    return false;
}

/* Reads the record at input->at by itself. *is_more: it may go on behind the bytes that are there. */
static int read_one(struct csv_reader *reader, struct input *input, struct recon_batch *batch, bool *is_more)
{
    struct recon_csv_shape shape;
    recon_csv_scanner_start(&input->scanner, input->bytes, input->size, input->at);
    const enum recon_csv_outcome outcome = recon_csv_record(
        &input->scanner, input->at, input->last, reader->header.columns, reader->header.count, reader->fields, &shape);
    const size_t rest = input->size - input->at;
    *is_more = outcome == RECON_CSV_MORE && rest <= reader->plan->record_bytes_max + LINE_END_BYTES;
    if (*is_more) {
        if (memchr(input->bytes + input->at, '\n', rest) == NULL)
            reader->searched = rest;
        return RECON_OK;
    }
    if (outcome == RECON_CSV_RECORD && shape.is_blank) {
        take_record(reader, input, &shape);
        return RECON_OK;
    }
    if (!reader->has_header)
        return read_header(reader, input, outcome, &shape);
    return read_record(reader, input, outcome, &shape, batch);
}

static int read_all(struct csv_reader *reader, struct input *input, struct recon_batch *batch)
{
    if (!reader->has_begun && !skip_mark(reader, input))
        return RECON_OK;
    if (reader->is_skipping)
        skip_line(reader, input);
    if (reader->is_skipping || !has_news(reader, input))
        return RECON_OK;
    bool is_more = false;
    while (!is_more && input->at < input->size && batch->count < RECON_BATCH_RECORD_COUNT) {
        int status = RECON_OK;
        if (reader->has_header && find_usual(reader, input)) {
            const uint32_t room = (uint32_t)(RECON_BATCH_RECORD_COUNT - batch->count);
            const uint32_t count = read_usual(reader, input, room < LINE_COUNT ? room : LINE_COUNT);
            if (count > 0)
                status = recon_extract_many(reader->plan, reader->found, count, reader->line, batch);
            reader->line += count;
            if (count > 0 && status == RECON_OK)
                continue;
        }
        const size_t at = input->at;
        if (status == RECON_OK)
            status = read_one(reader, input, batch, &is_more);
        reader->usual.taken += (uint32_t)(input->at - at);
        if (status != RECON_OK)
            return status;
    }
    return RECON_OK;
}

static int csv_feed(void *opaque, const char *bytes, size_t size, bool last, size_t *used, struct recon_batch *batch)
{
    struct input input = {.bytes = bytes, .size = size, .last = last};
    const int status =
        size == 0 || batch->count >= RECON_BATCH_RECORD_COUNT ? RECON_OK : read_all(opaque, &input, batch);
    *used = input.at;
    return status;
}

static int csv_has_time(const struct recon_plan *plan, const char *bytes, size_t size, bool last)
{
    struct recon_fault fault;
    struct recon_batch batch;
    void *opaque;
    if (csv_new(plan, &fault, &opaque) != RECON_OK)
        return -1;
    struct csv_reader *reader = opaque;
    struct input input = {.bytes = bytes, .size = size, .last = last};
    recon_batch_init(&batch);
    int answer = -1;
    const int status = size > 0 ? read_all(reader, &input, &batch) : RECON_OK;
    if (status == RECON_ERROR_INVALID) {
        answer = 0; /* a header without what is required, the time perhaps; if not, decoding ends with the same fault */
    } else if (status == RECON_OK && reader->has_header) {
        static const char column[] = "column";
        memset(reader->found, 0, plan->path_count * sizeof *reader->found);
        for (size_t i = 0; i < reader->header.count; i++)
            reader->found[reader->header.paths[i]] =
                (struct recon_found){.kind = RECON_FOUND_CELL, .text = {.bytes = column, .size = sizeof column - 1}};
        answer = recon_extract_sees_time(plan, reader->found);
    }
    recon_batch_deinit(&batch);
    csv_free(reader);
    return answer;
}

const struct recon_format_ops recon_format_csv = {
    .new = csv_new, .free = csv_free, .feed = csv_feed, .has_time = csv_has_time};
