/*
 * Help, laid out from the table of spec.c in 80 columns.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/options.h"
#include "codec/nearest.h"

#define WIDTH 80
#define OPTION_COLUMN 30

struct style {
    const char *bold;
    const char *plain;
};

bool recon_terminal_has_color(int file)
{
    const char *no_color = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    return (no_color == NULL || *no_color == '\0') && isatty(file) && terminal != NULL && strcmp(terminal, "dumb") != 0;
}

/* Prints a text from the present column on, broken between words, its further lines from the column indent on. An empty
 * line in it parts paragraphs. */
static void wrap(const char *text, size_t column, size_t indent)
{
    while (*text != '\0') {
        if (*text == '\n') {
            printf("\n\n%*s", (int)indent, "");
            column = indent;
            text += strspn(text, "\n");
            continue;
        }
        size_t size = strcspn(text, " \n");
        if (column > indent && column + 1 + size > WIDTH) {
            printf("\n%*s", (int)indent, "");
            column = indent;
        }
        if (column > indent) {
            putchar(' ');
            column++;
        }
        fwrite(text, 1, size, stdout);
        column += size;
        text += size;
        text += strspn(text, " ");
    }
    putchar('\n');
}

static void print_option(const struct recon_option_spec *option, struct style style)
{
    char left[80];
    int size = option->letter != 0 ? snprintf(left, sizeof left, "  -%c, --%s", option->letter, option->name)
                                   : snprintf(left, sizeof left, "      --%s", option->name);
    printf("%s%s%s", style.bold, left, style.plain);
    if (option->value_name != NULL)
        size += printf(" %s%s", option->value_name, option->kind == RECON_OPTION_LIST ? "..." : "");
    if ((size_t)size + 2 > OPTION_COLUMN)
        printf("\n%*s", OPTION_COLUMN, "");
    else
        printf("%*s", OPTION_COLUMN - size, "");
    wrap(option->help, OPTION_COLUMN, OPTION_COLUMN);
}

static void print_examples(const char *examples)
{
    while (*examples != '\0') {
        size_t size = strcspn(examples, "\n");
        printf("%s%.*s\n", size == 0 ? "" : "  ", (int)size, examples);
        examples += size + (examples[size] == '\n' ? 1 : 0);
    }
}

static void print_command(const struct recon_command_spec *command, struct style style)
{
    printf("%sUsage:%s recon %s %s\n\n", style.bold, style.plain, command->name, command->usage);
    wrap(command->about, 0, 0);
    for (size_t g = 0; command->groups[g] != NULL; g++) {
        printf("\n%s%s:%s\n", style.bold, command->groups[g]->title, style.plain);
        for (size_t i = 0; i < command->groups[g]->count; i++)
            print_option(&command->groups[g]->options[i], style);
    }
    printf("\n%sExit status:%s\n", style.bold, style.plain);
    print_examples(recon_command_status(command));
    printf("\n%sExamples:%s\n", style.bold, style.plain);
    print_examples(command->examples);
}

static void print_all(struct style style)
{
    printf("%sUsage:%s recon COMMAND [ARGUMENT]...\n\n", style.bold, style.plain);
    wrap("Reconciles two streams: the audit stream says what must exist, the event stream what did arrive. recon says "
         "which IDs are missing, which came late, and how complete every window of time is.",
         0, 0);
    printf("\n%sCommands:%s\n", style.bold, style.plain);
    size_t count = 0;
    const struct recon_command_spec *commands = recon_command_specs(&count);
    for (size_t i = 0; i < count; i++)
        printf("  %s%-10s%s %s\n", style.bold, commands[i].name, style.plain, commands[i].summary);
    printf("\n%sOptions:%s\n"
           "  -h, --help     this text; 'recon COMMAND --help' for one command\n"
           "  -V, --version  the version\n"
           "\n%sExamples:%s\n"
           "  recon check --audit sent.ndjson --events arrived.ndjson\n"
           "  recon help check\n",
           style.bold, style.plain, style.bold, style.plain);
}

int recon_help_print(const char *name)
{
    struct style style =
        recon_terminal_has_color(STDOUT_FILENO) ? (struct style){"\033[1m", "\033[0m"} : (struct style){"", ""};
    if (name == NULL) {
        print_all(style);
        return RECON_EXIT_OK;
    }
    const struct recon_command_spec *command = recon_command_spec_find(name);
    if (command != NULL) {
        print_command(command, style);
        return RECON_EXIT_OK;
    }
    size_t count = 0;
    const struct recon_command_spec *commands = recon_command_specs(&count);
    const char *names[16];
    for (size_t i = 0; i < count && i < 16; i++)
        names[i] = commands[i].name;
    const char *nearest = recon_word_nearest(name, names, count < 16 ? count : 16);
    fprintf(stderr, "recon help: unknown command '%s'", name);
    if (nearest != NULL)
        fprintf(stderr, "; did you mean '%s'?", nearest);
    fputs("\nTry 'recon help'.\n", stderr);
    return RECON_EXIT_FAILED;
}

int recon_command_help(int argc, char **argv)
{
    struct recon_arguments arguments;
    recon_arguments_parse(&arguments, "help", argc, argv);
    int status = RECON_EXIT_FAILED;
    if (arguments.help)
        status = recon_help_print("help");
    else if (recon_arguments_refuse(&arguments))
        status = RECON_EXIT_FAILED;
    else if (recon_arguments_has(&arguments, "man"))
        status = recon_manual_print();
    else
        status = recon_help_print(arguments.positional_count == 1 ? arguments.positionals[0] : NULL);
    recon_arguments_deinit(&arguments);
    return status;
}
