/*
 * The commands and their options.
 */
#include "cli/spec.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FLAG(name, letter, help)                                                                                       \
    {                                                                                                                  \
        name, letter, RECON_OPTION_FLAG, NULL, NULL, help                                                              \
    }
#define VALUE(name, value_name, help)                                                                                  \
    {                                                                                                                  \
        name, 0, RECON_OPTION_VALUE, value_name, NULL, help                                                            \
    }
#define LIST(name, value_name, help)                                                                                   \
    {                                                                                                                  \
        name, 0, RECON_OPTION_LIST, value_name, NULL, help                                                             \
    }
#define CHOICE(name, value_name, choices, help)                                                                        \
    {                                                                                                                  \
        name, 0, RECON_OPTION_VALUE, value_name, choices, help                                                         \
    }
#define GROUP(variable, title, configures, options)                                                                    \
    static const struct recon_option_group variable = {title, configures, COUNT(options), options}

static const struct recon_option_spec general[] = {
    FLAG("quiet", 'q', "Say nothing but errors on standard error."),
    FLAG("help", 'h', "This text."),
};
GROUP(general_group, "General", false, general);

static const struct recon_option_spec help_only[] = {
    FLAG("help", 'h', "This text."),
};
GROUP(help_group, "General", false, help_only);

static const struct recon_option_spec results[] = {
    {"output", 'o', RECON_OPTION_VALUE, "FILE", NULL, "Write the results to FILE instead of standard output."},
    CHOICE("results", "FORMAT", "ndjson|csv|table",
           "How results are written: ndjson, csv or table. Default: a table on a terminal, else ndjson."),
};
GROUP(results_group, "Results", false, results);

static const struct recon_option_spec settings[] = {
    VALUE("name", "NAME", "Name of what is reconciled."),
    VALUE("interval", "DURATION", "Length of a metrics window, in event time."),
    VALUE("out-of-orderness", "DURATION",
          "How far behind the newest record one may come and still be on time. Default: all is judged at the end."),
    VALUE("retention", "DURATION",
          "How long an ID is remembered, so that a late record still corrects what was reported. Default: to the end."),
    VALUE("idle-timeout", "DURATION", "How long results wait for an input that stands still. Default: for ever."),
    VALUE("max-future-skew", "DURATION", "How far ahead of the clock an event time may lie; later ones are rejected."),
    VALUE("from", "TIME", "Judge only audit records from this time on."),
    VALUE("to", "TIME", "Judge only audit records before this time."),
    VALUE("identity", "WHAT", "What tells records apart: id or source,id. Default: id."),
    VALUE("report", "TYPES",
          "Which results are written besides metrics, joined by commas: missing, found, unaudited, audited, duplicate, "
          "too_late, rejected. Default: missing,found,too_late,rejected."),
};
GROUP(settings_group, "Settings (they override CONFIG)", true, settings);

static const struct recon_option_spec mapping[] = {
    VALUE("id", "FIELDS", "Field of the ID, or several joined by commas: carrier,flight,date."),
    VALUE("time", "FIELD", "Field of the event time."),
    VALUE("source", "FIELD", "Field of the source."),
    VALUE("format", "FORMAT", "auto, json, csv, cloudevents or avro. Default: auto."),
    VALUE("time-unit", "UNIT", "Unit of times that are integers: s, ms, us or ns. Default: ms."),
    VALUE("zone", "ZONE", "Time zone of times without an offset: Europe/Paris. Default: UTC."),
    VALUE("audit-id", "FIELDS", "The same, for the audit stream alone:"),
    VALUE("audit-time", "FIELD", ""),
    VALUE("audit-source", "FIELD", ""),
    VALUE("audit-format", "FORMAT", ""),
    VALUE("audit-time-unit", "UNIT", ""),
    VALUE("audit-zone", "ZONE", ""),
    VALUE("audit-emitted", "FIELD", "Field of the time the source sent the event."),
    VALUE("audit-context", "FIELD", "Field of a text that is shown with what is missing."),
    VALUE("events-id", "FIELDS", "The same, for the event stream alone:"),
    VALUE("events-time", "FIELD", ""),
    VALUE("events-source", "FIELD", ""),
    VALUE("events-format", "FORMAT", ""),
    VALUE("events-time-unit", "UNIT", ""),
    VALUE("events-zone", "ZONE", ""),
};
GROUP(mapping_group, "Where the fields are", true, mapping);

static const struct recon_option_spec check[] = {
    LIST("audit", "FILE", "Files of the audit stream; .gz and .zst are read as they are, - is standard input."),
    LIST("events", "FILE", "Files of the event stream."),
    VALUE("fail-under", "PERCENT", "Lower mark than 100 for what must have arrived in the end for exit status 0."),
    VALUE("memory-limit", "SIZE", "Memory for the IDs that are remembered: 4G, 500M. Default: three quarters of all."),
    VALUE("now", "TIME", "The clock that --max-future-skew rests on. Default: the present."),
};
GROUP(check_group, "Inputs", false, check);

static const struct recon_option_spec generate[] = {
    VALUE("seed", "NUMBER", "The same seed makes the same bytes, on every machine. Default: 0."),
    VALUE("ids", "NUMBER", "How many IDs, up to 10^11. They are not held in memory."),
    {"output", 'o', RECON_OPTION_VALUE, "DIRECTORY", NULL, "Where the three files go; made where it is not there."},
    FLAG("force", 'f', "Replace files that are there."),
    VALUE("start", "TIME", "Time of the first event. Default: 2024-01-01T00:00:00Z."),
    VALUE("rate", "NUMBER", "IDs a second of event time. Default: as many as make it one day."),
    VALUE("sources", "NUMBER", "How many sources send them. Default: 8."),
    VALUE("out-of-orderness", "DURATION", "What lateness is measured by: n, as recon check is told it. Default: 1m."),
    VALUE("retention", "DURATION", "Likewise m. Default: 1h."),
};
GROUP(generate_group, "Options", false, generate);

static const struct recon_option_spec faults[] = {
    VALUE("loss", "SHARE", "IDs whose event never comes. Default: 0.1%."),
    VALUE("late-within-n", "SHARE", "Events further behind than --disorder, but on time. Default: 1%."),
    VALUE("late-within-m", "SHARE", "Events that come when they were missed, but are found. Default: 0.1%."),
    VALUE("late-beyond-m", "SHARE", "Events that come when their ID is forgotten: too late. Default: 0.01%."),
    VALUE("unaudited", "SHARE", "Events without an audit record. Default: 0.01%."),
    VALUE("duplicates", "SHARE", "Records that come twice, in each of the two files. Default: 0.1%."),
    VALUE("disorder", "DURATION", "How far behind any record may be; mostly it is less. Default: n / 6."),
    VALUE("stalls", "NUMBER", "How often a source's events stop, to come all at once. Default: 1, if there is room."),
    VALUE("stall-duration", "DURATION", "For how long they stop. Default: 10m."),
};
GROUP(faults_group, "What goes wrong (a SHARE is 0.1% or 0.001)", false, faults);

static const struct recon_option_spec validate[] = {
    CHOICE("for", "HOME", "check|replay|run|flink",
           "Judge the file for check, replay, run or flink: also what only that home demands."),
};
GROUP(validate_group, "Options", false, validate);

static const struct recon_option_spec size[] = {
    VALUE("rate", "NUMBER", "Records a second."),
    VALUE("retention", "DURATION", "How long an ID is remembered."),
};
GROUP(size_group, "Options", false, size);

static const struct recon_command_spec commands[] = {
    {
        .name = "check",
        .summary = "reconcile files: what is missing, what came late, how complete each window is",
        .usage = "[CONFIG] --audit FILE... --events FILE... [OPTION]...",
        .about = "Reconciles bounded inputs and writes the results: one metric for each window of time, and what is "
                 "missing, found late, too late or could not be read. A summary goes to standard error.",
        .positional_count_max = 1,
        .positional_name = "CONFIG",
        .status = "0  every audited ID arrived in the end, and no audit record was unreadable\n"
                  "   or too late\n"
                  "1  not so\n"
                  "2  it could not do its work: bad usage or configuration, unreadable input,\n"
                  "   full disk\n",
        .examples = "recon check --audit sent.ndjson --events arrived.ndjson\n",
        .groups = {&check_group, &results_group, &settings_group, &mapping_group, &general_group},
    },
    {
        .name = "replay",
        .summary = "run a trace: records, clock and arrival order as it fixes them",
        .usage = "[CONFIG] TRACE [OPTION]...",
        .about = "Runs a trace, which fixes everything the engine is told, and writes the results.",
        .positional_count_min = 1,
        .positional_count_max = 2,
        .positional_name = "TRACE",
        .examples = "recon replay --interval 10ms trace.ndjson\n",
        .groups = {&results_group, &settings_group, &general_group},
    },
    {
        .name = "generate",
        .summary = "make two streams with a known truth, by seed",
        .usage = "--seed S --ids N --output DIRECTORY [OPTION]...",
        .about = "Makes audit.ndjson, events.ndjson and truth.ndjson: orders as sources say they sent them, as they "
                 "arrived, and one line for each ID that is lost, late, doubled or unaudited. With the same n and m "
                 "`recon check` reports just what the truth says.\n"
                 "Lines that are under way cost 16 bytes of memory each; nothing else grows with the number of IDs.",
        .examples = "recon generate --seed 1 --ids 1000000 --output data\n"
                    "recon generate --seed 1 --ids 100000 --rate 100 --loss 1% --stalls 3 --output data\n",
        .groups = {&generate_group, &faults_group, &general_group},
    },
    {
        .name = "validate",
        .summary = "check a configuration without running it",
        .usage = "CONFIG [OPTION]...",
        .about = "Checks a configuration and names all its faults, each with its line and column.",
        .positional_count_min = 1,
        .positional_count_max = 1,
        .positional_name = "CONFIG",
        .examples = "recon validate orders.yaml\n",
        .groups = {&validate_group, &general_group},
    },
    {
        .name = "size",
        .summary = "bytes and cores that a load needs",
        .usage = "--rate RATE --retention DURATION [OPTION]...",
        .about = "Says how many bytes and cores a load needs.",
        .examples = "recon size --rate 200000/s --retention 1h\n",
        .groups = {&size_group, &general_group},
    },
    {
        .name = "run",
        .summary = "the service: reads Kafka until stopped",
        .usage = "CONFIG",
        .about = "Reads the streams from Kafka until it is stopped, and writes the results back.",
        .positional_count_min = 1,
        .positional_count_max = 1,
        .positional_name = "CONFIG",
        .examples = "recon run orders.yaml\n",
        .groups = {&general_group},
    },
    {
        .name = "help",
        .summary = "this list, or the help of one command",
        .usage = "[COMMAND]",
        .about = "Prints the list of commands, or the help of one.",
        .positional_count_max = 1,
        .positional_name = "COMMAND",
        .examples = "recon help check\n",
        .groups = {&help_group},
    },
};

const struct recon_command_spec *recon_command_specs(size_t *count)
{
    *count = COUNT(commands);
    return commands;
}

const struct recon_command_spec *recon_command_spec_find(const char *name)
{
    for (size_t i = 0; i < COUNT(commands); i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}
