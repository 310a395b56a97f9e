/*
 * recon run: the service, until it is stopped (SIGTERM, SIGINT). SIGHUP changes nothing.
 *
 * Standard error gets one line an event. Exit status 0: it was stopped; 2: it could not go on, or bad usage.
 */
#define _POSIX_C_SOURCE 200809L

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/configure.h"
#include "cli/notify.h"
#include "cli/options.h"
#include "codec/result_writer.h"
#include "codec/text_form.h"
#include "codec/time_text.h"
#include "io/clock.h"
#include "recon/status.h"
#include "service/run.h"
#include "web/server.h"

#define LEVEL_WARNING 4
#define LEVEL_INFO 6
/* Lines that begin alike are one trouble, of which one line a second is told. */
#define TROUBLE_COUNT 32
#define TROUBLE_SIZE 40

struct trouble {
    char begins[TROUBLE_SIZE];
    int64_t told_ms;
};

struct log {
    pthread_mutex_t mutex;
    bool is_json;
    bool is_quiet;
    struct trouble troubles[TROUBLE_COUNT];
    size_t next; /* the one to be forgotten */
};

static volatile sig_atomic_t stop;

static void on_signal(int signal_number)
{
    (void)signal_number;
    stop = 1;
}

static bool is_told_already(struct log *log, const char *text, int64_t now_ms)
{
    for (size_t i = 0; i < TROUBLE_COUNT; i++) {
        struct trouble *trouble = &log->troubles[i];
        if (trouble->begins[0] == '\0' || strncmp(trouble->begins, text, sizeof trouble->begins - 1) != 0)
            continue;
        if (now_ms - trouble->told_ms < 1000)
            return true;
        trouble->told_ms = now_ms;
        return false;
    }
    struct trouble *trouble = &log->troubles[log->next];
    log->next = (log->next + 1) % TROUBLE_COUNT;
    snprintf(trouble->begins, sizeof trouble->begins, "%s", text);
    trouble->told_ms = now_ms;
    return false;
}

static void log_line(void *context, int level, const char *text)
{
    struct log *log = context;
    const char *const what = level < LEVEL_WARNING ? "error" : level == LEVEL_WARNING ? "warning" : "info";
    char when[RECON_TIME_TEXT_SIZE_MAX];
    char safe[1024 * RECON_JSON_GROWTH];
    if (log->is_quiet && level > LEVEL_WARNING)
        return;
    const int64_t now_ms = recon_clock_wall_ms();
    const size_t when_size = recon_time_format(now_ms, when);
    const size_t size = strlen(text);
    pthread_mutex_lock(&log->mutex);
    if (!is_told_already(log, text, now_ms)) {
        const char *const end = recon_json_text_write(safe, text, size < 1023 ? size : 1023);
        if (log->is_json)
            fprintf(stderr, "{\"time\":\"%.*s\",\"level\":\"%s\",\"message\":\"%.*s\"}\n", (int)when_size, when, what,
                    (int)(end - safe), safe);
        else
            fprintf(stderr, "%.*s %s: %s\n", (int)when_size, when, what, text);
    }
    pthread_mutex_unlock(&log->mutex);
}

static void signals_set(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGHUP, &action, NULL);
}

struct observers {
    struct recon_web *web; /* NULL: none */
    struct recon_notify notify;
};

static void observe(void *context, const struct recon_run_view *view)
{
    struct observers *observers = context;
    if (observers->web != NULL)
        recon_web_publish(observers->web, view);
    recon_notify_view(&observers->notify, view);
}

static int web_start(const struct recon_config *config, struct log *log, struct recon_web **web, char *message,
                     size_t message_size)
{
    char text[128];
    if (config->http_host == NULL)
        return RECON_OK;
    const int status = recon_web_new(config->http_host, config->http_port, web, message, message_size);
    if (status != RECON_OK)
        return status;
    const bool is_six = strchr(config->http_host, ':') != NULL;
    snprintf(text, sizeof text, "HTTP on %s%s%s:%u", is_six ? "[" : "", config->http_host, is_six ? "]" : "",
             recon_web_port(*web));
    log_line(log, LEVEL_INFO, text);
    return RECON_OK;
}

static int run(struct recon_arguments *arguments, struct recon_config *config)
{
    static struct log log = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    char message[2048] = "";
    struct observers observers = {0};
    recon_arguments_configure(arguments, arguments->positional_count > 0 ? arguments->positionals[0] : NULL,
                              RECON_HOME_RUN, config);
    if (recon_arguments_refuse(arguments))
        return RECON_EXIT_FAILED;
    const char *form = recon_arguments_value(arguments, "log");
    log.is_json = form != NULL && strcmp(form, "json") == 0;
    log.is_quiet = arguments->quiet;
    signals_set();
    recon_notify_init(&observers.notify);
    int status = web_start(config, &log, &observers.web, message, sizeof message);
    const struct recon_run_options options = {
        .config = config,
        .record = recon_arguments_value(arguments, "record"),
        .log = log_line,
        .log_context = &log,
        .observe = observe,
        .observe_context = &observers,
        .stop = &stop,
    };
    if (status == RECON_OK)
        status = recon_run(&options, message, sizeof message);
    recon_notify_stopping(&observers.notify);
    recon_web_free(observers.web);
    if (status == RECON_OK) {
        log_line(&log, 6, "stopped");
        return RECON_EXIT_OK;
    }
    log_line(&log, 3, message[0] != '\0' ? message : recon_status_text(status));
    return RECON_EXIT_FAILED;
}

int recon_command_run(int argc, char **argv)
{
    struct recon_arguments arguments;
    struct recon_config config;
    recon_arguments_parse(&arguments, "run", argc, argv);
    if (arguments.help) {
        const int status = recon_help_print("run");
        recon_arguments_deinit(&arguments);
        return status;
    }
    recon_config_init(&config);
    const int status = run(&arguments, &config);
    recon_config_deinit(&config);
    recon_arguments_deinit(&arguments);
    return status;
}
