/*
 * JSON lines: cuts bytes into lines and reads the object on each.
 *
 * A line ends with LF (a CR before it is white space to JSON) or with the file. Blank lines are passed over but
 * counted; a byte order mark at the start is, too, and not counted. One object a line: an object over several lines
 * is as many malformed ones. A line longer than the limit is reported as malformed once and then dropped as it comes.
 *
 * Lines are scanned a block at a time, since a line alone is too short for vector code: where most are much like lines
 * before them only for quotes, else for all that the walk wants to know. One bad line spoils the scan of its block,
 * which is then done over line by line: the outcome of a line does not depend on its neighbours.
 */
#ifndef RECON_CODEC_JSON_LINES_H
#define RECON_CODEC_JSON_LINES_H

#include "codec/extract.h"

struct recon_json_lines;

enum recon_json_line {
    RECON_JSON_LINE_NONE = 0, /* no whole line is left in the bytes */
    RECON_JSON_LINE_OBJECT,
    RECON_JSON_LINE_MALFORMED,
};

/* paths are borrowed for its life. RECON_OK or RECON_ERROR_MEMORY. */
int recon_json_lines_new(const struct recon_path *paths, uint32_t path_count, size_t line_bytes_max,
                         struct recon_json_lines **lines);
void recon_json_lines_free(struct recon_json_lines *lines);

/*
 * Reads the next line that is not blank from bytes + *used on, and objects on the lines right behind it, count_max
 * lines at most, and moves *used behind them. found has count_max times path_count elements; they are the lines' until
 * the next call, their texts borrowed from bytes and from lines. *number gets the first one's number (from 1), *count
 * how many there are: more than one are objects all. last: the file ends with these bytes.
 *
 * Returns enum recon_json_line, or RECON_ERROR_MEMORY. With RECON_JSON_LINE_NONE, bytes + *used on must be fed again,
 * with more behind them; so must they whenever a caller stops before.
 */
int recon_json_lines_next(struct recon_json_lines *lines, const char *bytes, size_t size, bool last, size_t *used,
                          uint32_t count_max, struct recon_found *found, int64_t *number, uint32_t *count);

#endif
