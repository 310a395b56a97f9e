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
    FLAG("quiet", 'q', "Leave out summary, progress and warnings: standard error gets errors alone."),
    FLAG("help", 'h', "This text."),
};
GROUP(general_group, "General", false, general);

static const struct recon_option_spec help_only[] = {
    FLAG("man", 0, "Print all of it as a manual page: recon help --man | man -l -"),
    FLAG("help", 'h', "This text."),
};
GROUP(help_group, "General", false, help_only);

static const struct recon_option_spec results[] = {
    {"output", 'o', RECON_OPTION_VALUE, "FILE", NULL, "Write the results to FILE, not to standard output."},
    CHOICE("results", "FORMAT", "ndjson|csv|table",
           "ndjson (one JSON object a line), csv or table. Default: a table where a terminal reads it, else ndjson."),
};
GROUP(results_group, "Results", false, results);

static const struct recon_option_spec report[] = {
    VALUE("report", "TYPES",
          "Which results are written besides the metrics, joined by commas: missing, found, unaudited, audited, "
          "duplicate, too_late, rejected. '' for none. Default: missing,found,too_late,rejected. The counts in the "
          "metrics do not depend on it."),
};
GROUP(report_group, "What is reported", true, report);

static const struct recon_option_spec settings[] = {
    VALUE("interval", "DURATION",
          "o: length of a window of the metrics, in event time. Default of check: 1h; replay "
          "needs one."),
    VALUE("out-of-orderness", "DURATION",
          "n: how far behind the newest record a record may come and still be on time. An ID is missing once the "
          "inputs are this far past its time. Default: all is judged at the end."),
    VALUE("retention", "DURATION",
          "m: how long an ID is remembered, so that a late record still corrects what was reported; what comes later "
          "is too late. Default: to the end."),
    VALUE("idle-timeout", "DURATION",
          "z: how long results wait for an input that has gone silent; 'never': for ever. Plays no part in files. "
          "Default: never."),
    VALUE("max-future-skew", "DURATION",
          "How far ahead of the clock an event time may lie; records further ahead are rejected. 'any': believe all. "
          "Default of check: 1d, of replay: any."),
    VALUE("from", "TIME", "Judge only audit records from this time on: 2013-02-08 or 2013-02-08T11:00:00Z."),
    VALUE("to", "TIME", "Judge only audit records before this time."),
    VALUE("identity", "WHAT", "What makes two records one event: id, or source,id. Default: id."),
    VALUE("name", "NAME", "A name for all of it; the service needs one, files do not."),
};
GROUP(settings_group, "Settings (a DURATION is 250ms, 30s, 5m, 2h, 7d or PT5M)", true, settings);

static const struct recon_option_spec mapping[] = {
    VALUE("id", "FIELDS",
          "The ID: a field (order.id), a JSON Pointer (/order/id) or a column; several joined by commas are one ID of "
          "several parts (carrier,flight,date). Default: id."),
    VALUE("time", "FIELD",
          "The event time. Default: event_time in the audit stream, else time. Where there is none at all, check "
          "compares IDs alone."),
    VALUE("source", "FIELD", "The source. Default: source in the audit stream and in CloudEvents."),
    CHOICE("format", "FORMAT", "auto|json|csv|cloudevents|avro",
           "auto, json (one object a line), csv, cloudevents or avro. Default: auto, by name and content."),
    CHOICE("time-unit", "UNIT", "s|ms|us|ns", "Of times that are integers: s, ms, us or ns. Default: ms."),
    VALUE("zone", "ZONE", "Time zone of times that have no offset: Europe/Paris. Default: UTC."),
};
GROUP(mapping_group, "Where the fields are, in both streams", true, mapping);

static const struct recon_option_spec audit_mapping[] = {
    VALUE("audit-id", "FIELDS", "As --id."),
    VALUE("audit-time", "FIELD", "As --time."),
    VALUE("audit-source", "FIELD", "As --source."),
    CHOICE("audit-format", "FORMAT", "auto|json|csv|cloudevents|avro", "As --format."),
    CHOICE("audit-time-unit", "UNIT", "s|ms|us|ns", "As --time-unit."),
    VALUE("audit-zone", "ZONE", "As --zone."),
    VALUE("audit-emitted", "FIELD",
          "The time at which the source sent it, shown with what is missing. Default: "
          "emitted_time."),
    VALUE("audit-context", "FIELD", "A text for whoever looks into what is missing. Default: context."),
};
GROUP(audit_mapping_group, "In the audit stream alone (they override those of both)", true, audit_mapping);

static const struct recon_option_spec events_mapping[] = {
    VALUE("events-id", "FIELDS", "As --id."),
    VALUE("events-time", "FIELD", "As --time."),
    VALUE("events-source", "FIELD", "As --source."),
    CHOICE("events-format", "FORMAT", "auto|json|csv|cloudevents|avro", "As --format."),
    CHOICE("events-time-unit", "UNIT", "s|ms|us|ns", "As --time-unit."),
    VALUE("events-zone", "ZONE", "As --zone."),
};
GROUP(events_mapping_group, "In the event stream alone", true, events_mapping);

static const struct recon_option_spec check[] = {
    LIST("audit", "FILE",
         "Files of the audit stream, up to the next option; .gz and .zst are read as they are, - is standard input."),
    LIST("events", "FILE", "Files of the event stream, likewise."),
};
GROUP(check_group, "Inputs", false, check);

static const struct recon_option_spec check_run[] = {
    VALUE("fail-under", "PERCENT", "How much must have arrived in the end for exit status 0: 99.9. Default: 100."),
    VALUE("memory-limit", "SIZE",
          "Memory for the IDs that are remembered: 4G, 500M. Default: three quarters of the machine's."),
    VALUE("now", "TIME", "The clock that --max-future-skew rests on. Default: the present."),
};
GROUP(check_run_group, "The run", false, check_run);

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
           "Judge it for check, replay, run (the service) or flink (the Flink job): with what that one demands, such "
           "as topics or a name, and the variables that it needs. Default: what all of them need."),
};
GROUP(validate_group, "Options", false, validate);

static const struct recon_option_spec size[] = {
    VALUE("rate", "RATE", "Audited events: 200000/s, 5k/s, 12M/h. Without a unit of time: a second."),
    VALUE("retention", "DURATION", "m: how long an ID is remembered."),
    VALUE("out-of-orderness", "DURATION", "n: how long results wait for stragglers. Default: 1m."),
    VALUE("delay", "DURATION", "From an ID's first record in either stream to its second one, usually. Default: 1s."),
    VALUE("missing", "SHARE", "Events that do not come, or late: 0.1% or 0.001. Default: 0.1%."),
    VALUE("duplicates", "SHARE", "Records that come twice; they cost time alone. Default: 0."),
    VALUE("id-bytes", "NUMBER", "Of an ID. Default: 36."),
    VALUE("source-bytes", "NUMBER", "Of an audit record's source. Default: 8."),
    VALUE("context-bytes", "NUMBER", "Of an audit record's context. Default: 80."),
};
GROUP(size_group, "Options", false, size);

static const struct recon_option_spec run[] = {
    VALUE(
        "record", "FILE",
        "Write all that the engine was told to FILE, a trace: recon replay of it says what was published. It is whole "
        "when the service ends in good order; until then it is FILE.partial."),
    CHOICE("log", "FORM", "text|json", "How lines on standard error look: text, or json for machines. Default: text."),
};
GROUP(run_group, "Options", false, run);

static const struct recon_command_spec commands[] = {
    {
        .name = "check",
        .summary = "reconcile files: what is missing, what came late",
        .usage = "[CONFIG] --audit FILE... --events FILE... [OPTION]...",
        .about =
            "Reconciles files: the audit stream says what must exist, the event stream what did arrive. Written are "
            "a metric for each window of time (how complete it is) and what is missing, found late, too late or "
            "could not be read. A summary goes to standard error.\n"
            "No settings are needed: without any, all is judged at the end. CONFIG is a YAML file with the same "
            "names (out_of_orderness: 30m); options override it. The mapping of a stream that has 'schemas' there "
            "can be changed only there.",
        .positional_count_max = 1,
        .positional_name = "CONFIG",
        .status = "0  every audited ID arrived in the end (or --fail-under PERCENT of them), and\n"
                  "   no audit record was unreadable or too late\n"
                  "1  not so\n"
                  "2  it could not do its work: bad usage or configuration, unreadable input,\n"
                  "   full disk\n",
        .examples = "recon check --audit sent.ndjson --events arrived.csv.gz\n"
                    "recon check --audit sent.csv --events day1.csv day2.csv --id shop,order\n"
                    "recon check orders.yaml --audit sent/*.zst --events got/*.zst -o out.ndjson\n"
                    "recon check --audit a.ndjson --events b.ndjson --interval 5m \\\n"
                    "    --out-of-orderness 1m --retention 1h --id order.id --fail-under 99.9\n",
        .groups = {&check_group, &results_group, &report_group, &settings_group, &mapping_group, &audit_mapping_group,
                   &events_mapping_group, &check_run_group, &general_group},
    },
    {
        .name = "replay",
        .summary = "run a trace, which fixes records, order and clock",
        .usage = "[CONFIG] TRACE [OPTION]...",
        .about =
            "Runs a trace and writes the results. A trace is NDJSON that fixes everything the engine is told, "
            "order and clock included, so that any run can be repeated exactly; '-' is standard input. What is not "
            "set is unset: without --retention nothing is forgotten.",
        .positional_count_min = 1,
        .positional_count_max = 2,
        .positional_name = "TRACE",
        .examples = "recon replay --interval 10s --retention 5m trace.ndjson\n"
                    "zstdcat trace.zst | recon replay orders.yaml - --report missing,found\n",
        .groups = {&results_group, &report_group, &settings_group, &general_group},
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
                    "recon generate --seed 1 --ids 100000 --rate 100 --loss 1% --output data\n",
        .groups = {&generate_group, &faults_group, &general_group},
    },
    {
        .name = "validate",
        .summary = "check a configuration without running it",
        .usage = "CONFIG [OPTION]...",
        .about = "Reads a configuration as check, replay, run and the Flink job do, and either says which of them it "
                 "is good for, or names all its faults, each as FILE:LINE:COLUMN with the mend. '-' is standard input. "
                 "Nothing is connected to.",
        .positional_count_min = 1,
        .positional_count_max = 1,
        .positional_name = "CONFIG",
        .status = "0  it is good\n"
                  "2  it is not, or could not be read\n",
        .examples = "recon validate orders.yaml\n"
                    "recon validate --for run orders.yaml\n",
        .groups = {&validate_group, &general_group},
    },
    {
        .name = "size",
        .summary = "memory and cores that a load needs",
        .usage = "--rate RATE --retention DURATION [OPTION]...",
        .about = "Says how many IDs are remembered at a time, and what memory and processors that takes. Memory is "
                 "measured (docs/performance.md says how); cores are those of one machine, and yours will differ.",
        .examples = "recon size --rate 200000/s --retention 1h\n",
        .groups = {&size_group, &general_group},
    },
    {
        .name = "run",
        .summary = "the service: reads Kafka until stopped",
        .usage = "CONFIG [OPTION]...",
        .about =
            "Reads both streams from Kafka until it is stopped (SIGTERM), and writes metrics and breaks back, each "
            "once and only once, through every crash. Where it stopped is in Kafka too, in the topic "
            "recon.NAME.journal: the same configuration goes on from there.",
        .positional_count_min = 1,
        .positional_count_max = 1,
        .positional_name = "CONFIG",
        .status = "0  it was stopped\n"
                  "2  it could not go on; the last line on standard error says why\n",
        .examples = "recon run orders.yaml\n"
                    "recon run orders.yaml --log json\n",
        .groups = {&run_group, &general_group},
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

const char *recon_command_status(const struct recon_command_spec *command)
{
    return command->status != NULL ? command->status : "0  done\n2  it could not do its work\n";
}

const struct recon_command_spec *recon_command_spec_find(const char *name)
{
    for (size_t i = 0; i < COUNT(commands); i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}
