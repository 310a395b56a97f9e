/*
 * The parser of command lines.
 */
#include "cli/options.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "codec/nearest.h"
#include "codec/result_writer.h"

static void *enlarge(void *block, size_t size)
{
    assert(size > 0);
    void *larger = realloc(block, size);
    if (larger == NULL) {
        fputs("recon: out of memory while reading the command line\n", stderr);
        exit(RECON_EXIT_FAILED);
    }
    return larger;
}

static bool same_name(const char *name, const char *word, size_t word_size)
{
    return strlen(name) == word_size && memcmp(name, word, word_size) == 0;
}

/* The option of that name (letter 0) or letter; *configures says whether its group does. */
static const struct recon_option_spec *find(const struct recon_command_spec *command, const char *word,
                                            size_t word_size, char letter, bool *configures)
{
    for (size_t g = 0; command->groups[g] != NULL; g++) {
        const struct recon_option_group *group = command->groups[g];
        for (size_t i = 0; i < group->count; i++) {
            const struct recon_option_spec *option = &group->options[i];
            if (letter != 0 ? option->letter == letter : same_name(option->name, word, word_size)) {
                *configures = group->configures;
                return option;
            }
        }
    }
    return NULL;
}

/* The option of a command that an unknown one likely was; NULL: none. */
static const struct recon_option_spec *find_nearest(const struct recon_command_spec *command, const char *word)
{
    size_t count = 0;
    const char **names = NULL;
    for (size_t g = 0; command->groups[g] != NULL; g++) {
        const struct recon_option_group *group = command->groups[g];
        names = enlarge(names, (count + group->count) * sizeof *names);
        for (size_t i = 0; i < group->count; i++)
            names[count++] = group->options[i].name;
    }
    const char *nearest = recon_word_nearest(word, names, count);
    free(names);
    bool configures = false;
    return nearest == NULL ? NULL : find(command, nearest, strlen(nearest), 0, &configures);
}

/* Adds the fault; returns of which kind the option likely is: its values then are no arguments of their own. */
static enum recon_option_kind refuse_unknown(struct recon_arguments *arguments, const char *argument)
{
    size_t size = strcspn(argument, "=");
    char word[65];
    const struct recon_option_spec *nearest = NULL;
    if (argument[1] == '-' && size - 2 < sizeof word) {
        memcpy(word, argument + 2, size - 2);
        word[size - 2] = '\0';
        nearest = find_nearest(arguments->command, word);
    }
    if (nearest != NULL)
        recon_config_errors_add(&arguments->errors, "%.*s: unknown option; did you mean --%s?", (int)size, argument,
                                nearest->name);
    else
        recon_config_errors_add(&arguments->errors, "%.*s: unknown option", (int)size, argument);
    if (nearest != NULL)
        return nearest->kind;
    return arguments->command->positional_count_max == 0 ? RECON_OPTION_LIST : RECON_OPTION_FLAG;
}

/* Whether the value is one of `a|b|c`; *index gets which. */
static bool choose(const char *choices, const char *value, int *index)
{
    int number = 0;
    for (const char *at = choices;; number++) {
        size_t size = strcspn(at, "|");
        if (same_name(value, at, size)) {
            *index = number;
            return true;
        }
        if (at[size] == '\0')
            return false;
        at += size + 1;
    }
}

static void refuse_choice(struct recon_arguments *arguments, const struct recon_option_spec *option, const char *value)
{
    char list[256];
    size_t size = 0;
    for (const char *at = option->choices; *at != '\0' && size + 5 < sizeof list; at++) {
        if (*at == '|') {
            const char *joint = strchr(at + 1, '|') == NULL ? " or " : ", ";
            size_t joint_size = strlen(joint);
            memcpy(list + size, joint, joint_size);
            size += joint_size;
        } else {
            list[size++] = *at;
        }
    }
    list[size] = '\0';
    recon_config_errors_add(&arguments->errors, "--%s: '%s' is not one of %s", option->name, value, list);
}

static void take(struct recon_arguments *arguments, const struct recon_option_spec *option, bool configures,
                 const char *value)
{
    arguments->items = enlarge(arguments->items, (arguments->count + 1) * sizeof *arguments->items);
    arguments->items[arguments->count++] =
        (struct recon_argument){.option = option, .configures = configures, .value = value};
    int choice = 0;
    if (value != NULL && option->choices != NULL && !choose(option->choices, value, &choice)) {
        refuse_choice(arguments, option, value);
        arguments->count--; /* the configuration shall not refuse it again */
        return;
    }
    if (strcmp(option->name, "quiet") == 0) {
        arguments->quiet = true;
    } else if (strcmp(option->name, "help") == 0) {
        arguments->help = true;
    } else if (strcmp(option->name, "output") == 0) {
        arguments->output = value;
        if (value != NULL && value[0] == '\0')
            recon_config_errors_add(&arguments->errors, "--output: '' names no file");
    } else if (strcmp(option->name, "results") == 0) {
        arguments->results = RECON_RESULTS_NDJSON + choice; /* the choices are in the order of the enum */
    }
}

static void take_positional(struct recon_arguments *arguments, const char *text)
{
    arguments->positionals =
        enlarge(arguments->positionals, (arguments->positional_count + 1) * sizeof *arguments->positionals);
    arguments->positionals[arguments->positional_count++] = text;
}

/* `-` is an argument: standard input. */
static bool is_option(const char *argument)
{
    return argument[0] == '-' && argument[1] != '\0';
}

/* Reads the option at argv[index] with its values; returns the index behind them. */
static int parse_option(struct recon_arguments *arguments, int index, int argc, char **argv)
{
    const char *argument = argv[index++];
    bool is_long = argument[1] == '-';
    size_t name_size = strcspn(argument, "=");
    const char *value = is_long && argument[name_size] == '=' ? argument + name_size + 1 : NULL;
    bool configures = false;
    const struct recon_option_spec *option =
        is_long                 ? find(arguments->command, argument + 2, name_size - 2, 0, &configures)
        : (argument[2] == '\0') ? find(arguments->command, "", 0, argument[1], &configures)
                                : NULL;
    if (option == NULL) {
        enum recon_option_kind kind = refuse_unknown(arguments, argument);
        bool has_values = kind != RECON_OPTION_FLAG && value == NULL;
        while (has_values && index < argc && !is_option(argv[index])) {
            index++;
            has_values = kind == RECON_OPTION_LIST;
        }
        return index;
    }
    if (option->kind == RECON_OPTION_FLAG) {
        if (value != NULL)
            recon_config_errors_add(&arguments->errors, "--%s takes no value", option->name);
        else
            take(arguments, option, configures, NULL);
        return index;
    }
    if (value != NULL) {
        take(arguments, option, configures, value);
        return index;
    }
    /* A negative number or time may be a value; what begins with two dashes is the next option. */
    if (index >= argc || strncmp(argv[index], "--", 2) == 0 ||
        (option->kind == RECON_OPTION_LIST && is_option(argv[index]))) {
        recon_config_errors_add(&arguments->errors, "--%s needs a value: --%s %s%s", option->name, option->name,
                                option->value_name, option->kind == RECON_OPTION_LIST ? "..." : "");
        return index;
    }
    take(arguments, option, configures, argv[index++]);
    while (option->kind == RECON_OPTION_LIST && index < argc && !is_option(argv[index]))
        take(arguments, option, configures, argv[index++]);
    return index;
}

static void check_positionals(struct recon_arguments *arguments)
{
    const struct recon_command_spec *command = arguments->command;
    for (size_t i = command->positional_count_max; i < arguments->positional_count; i++)
        recon_config_errors_add(&arguments->errors, "unexpected argument '%s'", arguments->positionals[i]);
    if (arguments->positional_count < command->positional_count_min)
        recon_config_errors_add(&arguments->errors, "%s is missing: recon %s %s", command->positional_name,
                                command->name, command->usage);
}

void recon_arguments_parse(struct recon_arguments *arguments, const char *command, int argc, char **argv)
{
    *arguments = (struct recon_arguments){.command = recon_command_spec_find(command), .results = -1};
    assert(arguments->command != NULL);
    bool ended = false;
    for (int index = 1; index < argc;) {
        const char *argument = argv[index];
        if (ended || !is_option(argument)) {
            take_positional(arguments, argument);
            index++;
        } else if (strcmp(argument, "--") == 0) {
            ended = true;
            index++;
        } else {
            index = parse_option(arguments, index, argc, argv);
        }
    }
    if (!arguments->help)
        check_positionals(arguments);
}

void recon_arguments_deinit(struct recon_arguments *arguments)
{
    free(arguments->items);
    free(arguments->positionals);
    recon_config_errors_deinit(&arguments->errors);
    recon_config_errors_deinit(&arguments->config_errors);
    *arguments = (struct recon_arguments){0};
}

/* Whether a line of the configuration's faults is about an option (`--to: ...`) that contradicts the file. */
static bool names_option(const char *line)
{
    char name[32];
    size_t size = strcspn(line, ":");
    if (strncmp(line, "--", 2) != 0 || size - 2 >= sizeof name)
        return false;
    memcpy(name, line + 2, size - 2);
    name[size - 2] = '\0';
    return recon_config_option_known(name, NULL);
}

static void print_fault(const struct recon_arguments *arguments, const char *line, bool has_place)
{
    if (has_place)
        fprintf(stderr, "%s\n", line);
    else
        fprintf(stderr, "recon %s: %s\n", arguments->command->name, line);
}

bool recon_arguments_refuse(const struct recon_arguments *arguments)
{
    for (size_t i = 0; i < arguments->config_errors.count; i++)
        print_fault(arguments, arguments->config_errors.lines[i], !names_option(arguments->config_errors.lines[i]));
    for (size_t i = 0; i < arguments->errors.count; i++)
        print_fault(arguments, arguments->errors.lines[i], false);
    if (arguments->errors.count > 0)
        fprintf(stderr, "Try 'recon help %s'.\n", arguments->command->name);
    return arguments->errors.count + arguments->config_errors.count > 0;
}

const char *recon_arguments_value_at(const struct recon_arguments *arguments, const char *name, size_t index)
{
    for (size_t i = 0; i < arguments->count; i++)
        if (strcmp(arguments->items[i].option->name, name) == 0 && index-- == 0)
            return arguments->items[i].value;
    return NULL;
}

const char *recon_arguments_value(const struct recon_arguments *arguments, const char *name)
{
    for (size_t i = arguments->count; i-- > 0;)
        if (strcmp(arguments->items[i].option->name, name) == 0)
            return arguments->items[i].value;
    return NULL;
}

bool recon_arguments_has(const struct recon_arguments *arguments, const char *name)
{
    for (size_t i = 0; i < arguments->count; i++)
        if (strcmp(arguments->items[i].option->name, name) == 0)
            return true;
    return false;
}

void recon_arguments_integer(struct recon_arguments *arguments, const char *name, uint64_t max, uint64_t *value)
{
    const char *text = recon_arguments_value(arguments, name);
    if (text == NULL)
        return;
    uint64_t number = 0;
    bool good = *text != '\0';
    for (const char *at = text; good && *at != '\0'; at++) {
        uint64_t digit = (uint64_t)(unsigned char)*at - '0';
        good = digit <= 9 && number <= (max - digit) / 10 && digit <= max;
        number = number * 10 + digit;
    }
    if (good)
        *value = number;
    else
        recon_config_errors_add(&arguments->errors, "--%s: '%s' is not a whole number from 0 to %llu", name, text,
                                (unsigned long long)max);
}
