/*
 * recon size: the memory and the processors that a load needs.
 *
 * The model, whose figures docs/performance.md explains:
 *
 *     IDs        rate * (retention + out-of-orderness + delay): from an ID's first record until it is forgotten
 *     pending    rate * delay, and for n those whose event does not come: their texts are kept
 *     missing    reported, and remembered for m with their source, so that they can be found
 *     bytes      IDs * 22.5 + (pending and missing) * (their texts and what is kept beside them)
 *     seconds    of a processor for each second: records * (ns to decode + ns to join)
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/options.h"
#include "generate/options.h"

/* Bytes of the table for an ID, what is free in it and what is over and not swept yet included. */
#define ID_BYTES 22.5
/* Kept beside the texts of a record that waits and that has an offset, and the pages' slack. */
#define PENDING_HEAD_BYTES 64.0
#define PENDING_SLACK 1.08
/* Of `recon check`: batches, buffers and pages that are kept warm. */
#define COMMAND_BYTES (52.0 * 1024 * 1024)
/* One matcher takes no more (include/recon/matcher.h). */
#define MATCHER_ID_COUNT_MAX 268435455.0
/* A JSON line of 250 bytes, and a record joined at 10^6 and at 2 * 10^7 IDs. */
#define DECODE_NS 220.0
#define JOIN_NS_SMALL 100.0
#define JOIN_NS_LARGE 160.0
#define RATE_MAX 1e9

struct load {
    double rate; /* audited events a second */
    int64_t retention_ms;
    int64_t out_of_orderness_ms;
    int64_t delay_ms;
    uint32_t missing; /* parts of RECON_GENERATE_WHOLE */
    uint32_t duplicates;
    uint64_t id_bytes;
    uint64_t source_bytes;
    uint64_t context_bytes;
};

struct need {
    double ids;
    double pending;
    double missing;
    double id_bytes; /* of all of them */
    double pending_bytes;
    double decode; /* processors */
    double join;
};

static double share(uint32_t parts)
{
    return (double)parts / RECON_GENERATE_WHOLE;
}

static struct need reckon(const struct load *load)
{
    struct need need = {0};
    double delay_s = (double)load->delay_ms / 1000;
    double wait_s = (double)load->out_of_orderness_ms / 1000;
    double retention_s = (double)load->retention_ms / 1000;
    need.ids = load->rate * (retention_s + wait_s + delay_s);
    need.pending = load->rate * (delay_s + share(load->missing) * wait_s);
    need.missing = load->rate * share(load->missing) * retention_s;
    double texts = (double)(load->id_bytes + load->source_bytes + load->context_bytes);
    need.id_bytes = need.ids * ID_BYTES;
    need.pending_bytes = PENDING_SLACK * (need.pending + need.missing) * (PENDING_HEAD_BYTES + texts);
    double records = load->rate * 2 * (1 + share(load->duplicates));
    double growth = need.ids > 1e6 ? log10(need.ids / 1e6) / log10(20) : 0;
    need.decode = records * DECODE_NS * 1e-9;
    need.join = records * (JOIN_NS_SMALL + growth * (JOIN_NS_LARGE - JOIN_NS_SMALL)) * 1e-9;
    return need;
}

/* `200000/s`, `12M/h`, `5k`: a number, perhaps of thousands or millions, a unit of time. */
static bool rate_parse(const char *text, double *rate)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || !(value > 0) || text[0] == '-' || text[0] == '+')
        return false;
    if (*end == 'k' || *end == 'M')
        value *= *end++ == 'k' ? 1e3 : 1e6;
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"", 1}, {"/s", 1}, {"/min", 60}, {"/m", 60}, {"/h", 3600}, {"/d", 86400}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(end, units[i].name) != 0)
            continue;
        *rate = value / units[i].seconds;
        return *rate <= RATE_MAX;
    }
    return false;
}

static void take_load(struct recon_arguments *arguments, struct load *load)
{
    const char *rate = recon_arguments_value(arguments, "rate");
    if (rate == NULL)
        recon_config_errors_add(&arguments->errors, "--rate is missing: how many events a second, as 200000/s?");
    else if (!rate_parse(rate, &load->rate))
        recon_config_errors_add(&arguments->errors, "--rate: '%s' is no rate; write 200000/s, 5k/s or 12M/h", rate);
    if (!recon_arguments_has(arguments, "retention"))
        recon_config_errors_add(&arguments->errors, "--retention is missing: how long is an ID remembered, as 1h?");
    recon_arguments_duration(arguments, "retention", &load->retention_ms);
    recon_arguments_duration(arguments, "out-of-orderness", &load->out_of_orderness_ms);
    recon_arguments_duration(arguments, "delay", &load->delay_ms);
    recon_arguments_share(arguments, "missing", &load->missing);
    recon_arguments_share(arguments, "duplicates", &load->duplicates);
    recon_arguments_integer(arguments, "id-bytes", 65535, &load->id_bytes);
    recon_arguments_integer(arguments, "source-bytes", 65535, &load->source_bytes);
    recon_arguments_integer(arguments, "context-bytes", UINT64_C(1) << 24, &load->context_bytes);
}

/* A row: name, a whole number with its digits in threes, and what it is. */
static void row(const char *name, double value, const char *unit, const char *what)
{
    char digits[32];
    char shown[48];
    snprintf(digits, sizeof digits, "%.0f", ceil(value));
    size_t size = strlen(digits);
    size_t place = 0;
    for (size_t i = 0; i < size; i++) {
        if (i > 0 && (size - i) % 3 == 0)
            shown[place++] = ',';
        shown[place++] = digits[i];
    }
    shown[place] = '\0';
    printf("%-10s %17s %-4s %s\n", name, shown, unit, what);
}

static void print(const struct need *need)
{
    double mib = 1024 * 1024;
    double all = need->id_bytes + need->pending_bytes;
    row("IDs", need->ids, "", "remembered at a time");
    row("pending", need->pending, "", "of them wait for their event, with their texts");
    row("missing", need->missing, "", "of them were reported missing and may be found yet");
    row("table", need->id_bytes / mib, "MiB", "for the IDs");
    row("texts", need->pending_bytes / mib, "MiB", "for what is pending or missing");
    row("memory", all / mib, "MiB", "for the engine: the least --memory-limit");
    row("resident", (all + COMMAND_BYTES) / mib, "MiB", "for the command with two inputs");
    printf("%-10s %17.2f %-4s %s\n", "decoding", need->decode, "cores",
           "JSON lines of 250 bytes; spread over the inputs");
    printf("%-10s %17.2f %-4s %s\n", "joining", need->join, "cores", "one thread for each matcher");
    double by_ids = ceil(need->ids / MATCHER_ID_COUNT_MAX);
    double by_time = ceil(need->join);
    row("matchers", by_ids > by_time ? by_ids : by_time, "", "at the least: more than one is what the Flink job has");
}

int recon_command_size(int argc, char **argv)
{
    struct recon_arguments arguments;
    recon_arguments_parse(&arguments, "size", argc, argv);
    int status = RECON_EXIT_OK;
    struct load load = {.out_of_orderness_ms = 60000,
                        .delay_ms = 1000,
                        .missing = RECON_GENERATE_WHOLE / 1000,
                        .id_bytes = 36,
                        .source_bytes = 8,
                        .context_bytes = 80};
    if (!arguments.help)
        take_load(&arguments, &load);
    if (arguments.help) {
        status = recon_help_print("size");
    } else if (recon_arguments_refuse(&arguments)) {
        status = RECON_EXIT_FAILED;
    } else {
        struct need need = reckon(&load);
        print(&need);
    }
    recon_arguments_deinit(&arguments);
    return status;
}
