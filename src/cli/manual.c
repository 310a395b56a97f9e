/*
 * The manual page recon(1), made from the table of spec.c; the build keeps it beside the program.
 */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/options.h"

/* A text with what roff would take for its own escaped; an empty line parts paragraphs. */
static void print_text(const char *text)
{
    bool line_start = true;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '\n') {
            fputs(line_start ? ".PP\n" : "\n.PP\n", stdout);
            line_start = true;
            continue;
        }
        if (line_start && (*at == '.' || *at == '\''))
            fputs("\\&", stdout);
        if (*at == '\\')
            fputs("\\e", stdout);
        else if (*at == '-')
            fputs("\\-", stdout);
        else if (*at == '\'')
            fputs("\\(aq", stdout);
        else
            putchar(*at);
        line_start = false;
    }
    if (!line_start)
        putchar('\n');
}

/* Lines as they are. */
static void print_lines(const char *lines)
{
    puts(".PP\n.nf\n.RS 4");
    while (*lines != '\0') {
        char line[256];
        size_t size = strcspn(lines, "\n");
        snprintf(line, sizeof line, "%.*s", (int)size, lines);
        print_text(line);
        lines += size + (lines[size] == '\n' ? 1 : 0);
    }
    puts(".RE\n.fi");
}

static void print_option(const struct recon_option_spec *option)
{
    char name[128];
    snprintf(name, sizeof name, "--%s", option->name);
    puts(".TP");
    fputs("\\fB", stdout);
    if (option->letter != 0)
        printf("\\-%c\\fR, \\fB", option->letter);
    for (const char *at = name; *at != '\0'; at++)
        fputs(*at == '-' ? "\\-" : (const char[]){*at, '\0'}, stdout);
    fputs("\\fR", stdout);
    if (option->value_name != NULL)
        printf(" \\fI%s\\fR%s", option->value_name, option->kind == RECON_OPTION_LIST ? "..." : "");
    putchar('\n');
    print_text(option->help);
}

static void print_command(const struct recon_command_spec *command)
{
    printf(".SH RECON %s\n.B recon %s\n", command->name, command->name);
    print_text(command->usage);
    puts(".PP");
    print_text(command->about);
    for (size_t g = 0; command->groups[g] != NULL; g++) {
        fputs(".SS ", stdout);
        print_text(command->groups[g]->title);
        for (size_t i = 0; i < command->groups[g]->count; i++)
            print_option(&command->groups[g]->options[i]);
    }
    puts(".SS Exit status");
    print_lines(recon_command_status(command));
    puts(".SS Examples");
    print_lines(command->examples);
}

int recon_manual_print(void)
{
    size_t count = 0;
    const struct recon_command_spec *commands = recon_command_specs(&count);
    puts(".TH RECON 1 \"\" \"recon " RECON_VERSION "\" \"User Commands\"\n"
         ".SH NAME\nrecon \\- tells whether everything that a system says it sent did arrive\n"
         ".SH SYNOPSIS\n.B recon\n.I COMMAND\n[\\fIARGUMENT\\fR]...\n"
         ".SH DESCRIPTION");
    print_text("Reconciles two streams: the audit stream says what must exist, the event stream what did arrive. recon "
               "says which IDs are missing, which came late, and how complete every window of time is.");
    for (size_t i = 0; i < count; i++) {
        printf(".TP\n.B %s\n", commands[i].name);
        print_text(commands[i].summary);
    }
    for (size_t i = 0; i < count; i++)
        print_command(&commands[i]);
    puts(".SH ENVIRONMENT\n.TP\n.B NO_COLOR\nSet and not empty: nothing is coloured.\n"
         ".TP\n.I NAME\nAny variable that a configuration names as ${NAME}.\n"
         ".SH SEE ALSO\n.BR jq (1),\n.BR kcat (1),\n.BR zstd (1)");
    return RECON_EXIT_OK;
}
