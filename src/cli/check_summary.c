/*
 * See check_summary.h. Only rows that say something are printed.
 */
#include "cli/check_summary.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "cli/command.h"

#define COUNT_TEXT_SIZE 32

__extension__ typedef unsigned __int128 uint128;

bool recon_percent_parse(const char *text, struct recon_percent *percent)
{
    uint64_t value = 0;
    size_t digit_count = 0;
    for (; isdigit((unsigned char)*text) && digit_count < 4; text++, digit_count++)
        value = value * 10 + (uint64_t)(*text - '0');
    uint64_t scale = 1000000;
    bool has_digits = digit_count > 0;
    value *= scale;
    if (*text == '.') {
        for (text++; isdigit((unsigned char)*text) && scale > 1; text++, has_digits = true) {
            scale /= 10;
            value += (uint64_t)(*text - '0') * scale;
        }
    }
    if (*text == '%')
        text++;
    if (!has_digits || *text != '\0' || value > RECON_PERCENT_MILLIONTHS_MAX)
        return false;
    percent->millionths = (uint32_t)value;
    return true;
}

/* With a comma at every thousand. */
static const char *count_text(uint64_t count, char text[COUNT_TEXT_SIZE])
{
    char digits[COUNT_TEXT_SIZE];
    int size = snprintf(digits, sizeof digits, "%" PRIu64, count);
    char *at = text;
    for (int i = 0; i < size; i++) {
        if (i > 0 && (size - i) % 3 == 0)
            *at++ = ',';
        *at++ = digits[i];
    }
    *at = '\0';
    return text;
}

/* Rounded down, so that 100 % is said of nothing less. */
static const char *share_text(uint64_t part, uint64_t whole, char text[COUNT_TEXT_SIZE])
{
    uint64_t hundredths = (uint64_t)((uint128)part * 10000 / whole);
    if (hundredths % 100 == 0)
        snprintf(text, COUNT_TEXT_SIZE, "%" PRIu64 " %%", hundredths / 100);
    else
        snprintf(text, COUNT_TEXT_SIZE, "%" PRIu64 ".%02" PRIu64 " %%", hundredths / 100, hundredths % 100);
    return text;
}

static uint64_t rejected_count(const struct recon_matcher_stats *stats, int stream)
{
    uint64_t count = 0;
    for (int reason = 0; reason < RECON_REASON_COUNT; reason++)
        count += stats->rejected[stream][reason];
    return count;
}

struct recon_verdict recon_verdict_of(const struct recon_check_totals *totals, struct recon_percent mark)
{
    const struct recon_matcher_stats *stats = &totals->stats;
    struct recon_verdict verdict = {
        .audited = stats->accepted[RECON_STREAM_AUDIT],
        .arrived = stats->matched[RECON_STREAM_AUDIT] + stats->forgotten_matched[RECON_STREAM_AUDIT],
        .unjudged = rejected_count(stats, RECON_STREAM_AUDIT) + stats->too_late[RECON_STREAM_AUDIT],
    };
    verdict.is_enough =
        (uint128)verdict.arrived * RECON_PERCENT_MILLIONTHS_MAX >= (uint128)verdict.audited * mark.millionths;
    verdict.exit_status = verdict.is_enough && verdict.unjudged == 0 ? RECON_EXIT_OK : RECON_EXIT_INCOMPLETE;
    return verdict;
}

/* --- rows ------------------------------------------------------------------------------------------------------ */

static void print_row(FILE *file, const char *name, uint64_t count, const char *rest)
{
    char text[COUNT_TEXT_SIZE];
    fprintf(file, "  %-18s %14s%s%s\n", name, count_text(count, text), rest[0] != '\0' ? "  " : "", rest);
}

static void print_some(FILE *file, const char *name, uint64_t count, const char *rest)
{
    if (count > 0)
        print_row(file, name, count, rest);
}

static void print_stream(FILE *file, const char *name, uint64_t count, size_t file_count)
{
    char rest[64];
    snprintf(rest, sizeof rest, "in %zu file%s", file_count, file_count == 1 ? "" : "s");
    print_row(file, name, count, rest);
}

static void print_rejected(FILE *file, const struct recon_matcher_stats *stats, int stream)
{
    char reasons[256];
    size_t size = 0;
    reasons[0] = '\0';
    for (int reason = 1; reason < RECON_REASON_COUNT && size < sizeof reasons; reason++) {
        uint64_t count = stats->rejected[stream][reason];
        if (count > 0)
            size += (size_t)snprintf(reasons + size, sizeof reasons - size, "%s%s %" PRIu64, size > 0 ? ", " : "",
                                     recon_reason_name(reason), count);
    }
    print_some(file, stream == RECON_STREAM_AUDIT ? "unreadable audits" : "unreadable events",
               rejected_count(stats, stream), reasons);
}

static void print_verdict(FILE *file, struct recon_verdict verdict, struct recon_percent mark)
{
    char audited[COUNT_TEXT_SIZE];
    char missing[COUNT_TEXT_SIZE];
    char unjudged[COUNT_TEXT_SIZE];
    count_text(verdict.audited, audited);
    count_text(verdict.audited - verdict.arrived, missing);
    count_text(verdict.unjudged, unjudged);
    bool is_all = verdict.arrived == verdict.audited;
    fputs(verdict.exit_status == RECON_EXIT_OK ? "OK: " : "NOT OK: ", file);
    if (verdict.audited == 0)
        fputs("nothing was audited", file);
    else if (is_all)
        fprintf(file, "every audited ID arrived (%s)", audited);
    else
        fprintf(file, "%s of %s audited IDs did not arrive", missing, audited);
    if (!is_all && mark.millionths < RECON_PERCENT_MILLIONTHS_MAX)
        fprintf(file, ", which is %s than --fail-under allows", verdict.is_enough ? "no more" : "more");
    if (verdict.unjudged > 0)
        fprintf(file, ", %s %s audit record%s could not be judged", is_all ? "but" : "and", unjudged,
                verdict.unjudged == 1 ? "" : "s");
    fputs(".\n", file);
}

void recon_summary_print(FILE *file, const struct recon_check_totals *totals,
                         const struct recon_summary_options *options)
{
    const struct recon_matcher_stats *stats = &totals->stats;
    struct recon_verdict verdict = recon_verdict_of(totals, options->mark);
    char rest[64] = "";
    print_stream(file, "audit records", totals->records[RECON_STREAM_AUDIT], options->file_count[RECON_STREAM_AUDIT]);
    print_stream(file, "event records", totals->records[RECON_STREAM_EVENTS], options->file_count[RECON_STREAM_EVENTS]);
    print_row(file, "audited IDs", verdict.audited, "");
    if (verdict.audited > 0)
        share_text(verdict.arrived, verdict.audited, rest);
    print_row(file, "arrived", verdict.arrived, rest);
    print_row(file, "missing", verdict.audited - verdict.arrived, "");
    print_some(file, "found late", stats->found, "reported missing, then arrived");
    print_some(file, "unaudited events", stats->unaudited - stats->audited, "");
    print_some(file, "duplicate audits", stats->duplicates[RECON_STREAM_AUDIT], "");
    print_some(file, "duplicate events", stats->duplicates[RECON_STREAM_EVENTS], "");
    print_some(file, "audits too late", stats->too_late[RECON_STREAM_AUDIT], "behind retention: not judged");
    print_some(file, "events too late", stats->too_late[RECON_STREAM_EVENTS], "behind retention");
    print_some(file, "outside from, to", stats->outside, "not judged");
    print_rejected(file, stats, RECON_STREAM_AUDIT);
    print_rejected(file, stats, RECON_STREAM_EVENTS);
    print_some(file, "ignored", totals->ignored[RECON_STREAM_AUDIT] + totals->ignored[RECON_STREAM_EVENTS],
               "by a schema with `ignore`");
    fprintf(file, "  %-18s %13" PRId64 ".%01" PRId64 " s\n", "took", options->taken_ms / 1000,
            options->taken_ms % 1000 / 100);
    print_verdict(file, verdict, options->mark);
}
