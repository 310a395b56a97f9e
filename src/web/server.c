/*
 * See server.h.
 *
 *     run's thread ── publish ──> [latest] ──> HTTP's thread: current, its pages
 *
 * The two meet in `latest`, under the mutex, which either holds for as long as it takes to swap a pointer. Everything
 * else is HTTP's thread's. A page is an MHD_Response: it counts who still sends it, so it may be given up here at any
 * time.
 */
#define _GNU_SOURCE /* accept4's flags for sockets */

#include "web/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/clock.h"
#include "recon/status.h"
#include "web/pages.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BACKLOG 16

struct page {
    const char *path;
    const char *type;
    void (*write)(struct recon_web_text *text, const struct recon_run_view *view);
};

static const struct page pages[] = {
    {"/metrics", "text/plain; version=0.0.4; charset=utf-8", recon_web_metrics},
    {"/status", "application/json", recon_web_status},
};

struct recon_web {
    struct MHD_Daemon *daemon;
    uint16_t port;
    pthread_mutex_t mutex;
    struct recon_web_view *latest; /* NULL: none since it was taken */
    /* HTTP's thread's. */
    struct recon_web_view *current;               /* NULL: there was none yet */
    struct MHD_Response *responses[COUNT(pages)]; /* of current; NULL: not made yet */
};

static void pages_forget(struct recon_web *web)
{
    for (size_t i = 0; i < COUNT(pages); i++) {
        if (web->responses[i] != NULL)
            MHD_destroy_response(web->responses[i]);
        web->responses[i] = NULL;
    }
}

static void latest_take(struct recon_web *web)
{
    pthread_mutex_lock(&web->mutex);
    struct recon_web_view *latest = web->latest;
    web->latest = NULL;
    pthread_mutex_unlock(&web->mutex);
    if (latest == NULL)
        return;
    recon_web_view_free(web->current);
    web->current = latest;
    pages_forget(web);
}

/* --- answers -------------------------------------------------------------------------------------------------------
 */

/* Takes the bytes over. NULL: out of memory. */
static struct MHD_Response *response_new(char *bytes, size_t size, const char *type)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(size, bytes, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        free(bytes);
        return NULL;
    }
    if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type) != MHD_YES ||
        MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") != MHD_YES) {
        MHD_destroy_response(response);
        return NULL;
    }
    return response;
}

/* A few words, with the header Allow where they are about methods. MHD_NO: the connection is given up. */
static enum MHD_Result say(struct MHD_Connection *connection, unsigned status, const char *text)
{
    char *bytes = strdup(text);
    struct MHD_Response *response =
        bytes != NULL ? response_new(bytes, strlen(bytes), "text/plain; charset=utf-8") : NULL;
    if (response == NULL)
        return MHD_NO;
    enum MHD_Result queued = MHD_YES;
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        queued = MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    if (queued == MHD_YES)
        queued = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return queued;
}

static enum MHD_Result say_page(struct recon_web *web, struct MHD_Connection *connection, size_t number)
{
    if (web->current == NULL)
        return say(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "the service has only just begun\n");
    if (web->responses[number] == NULL) {
        struct recon_web_text text;
        recon_web_text_init(&text);
        pages[number].write(&text, &web->current->view);
        if (!text.is_short && text.buffer.size > 0) {
            web->responses[number] = response_new(text.buffer.bytes, text.buffer.size, pages[number].type);
            recon_buffer_init(&text.buffer); /* given away */
        }
        recon_web_text_deinit(&text);
        if (web->responses[number] == NULL)
            return say(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory\n");
    }
    return MHD_queue_response(connection, MHD_HTTP_OK, web->responses[number]);
}

static bool is_live(const struct recon_web *web)
{
    return web->current == NULL || recon_clock_monotonic_ms() - web->current->view.at_steady_ms < RECON_WEB_LIVE_MS;
}

static enum MHD_Result say_live(const struct recon_web *web, struct MHD_Connection *connection)
{
    if (is_live(web))
        return say(connection, MHD_HTTP_OK, "live\n");
    return say(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "no progress for 30 s or longer\n");
}

static enum MHD_Result say_ready(const struct recon_web *web, struct MHD_Connection *connection)
{
    char text[64];
    if (web->current != NULL && web->current->view.phase == RECON_RUN_RUNNING && is_live(web))
        return say(connection, MHD_HTTP_OK, "ready\n");
    snprintf(text, sizeof text, "not ready: %s\n",
             web->current == NULL ? "starting" : recon_web_phase_name(web->current->view.phase));
    return say(connection, MHD_HTTP_SERVICE_UNAVAILABLE, text);
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *path, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **state)
{
    struct recon_web *web = context;
    (void)version;
    (void)upload;
    (void)upload_size;
    (void)state;
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return say(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET and HEAD only\n");
    latest_take(web);
    for (size_t i = 0; i < COUNT(pages); i++)
        if (strcmp(path, pages[i].path) == 0)
            return say_page(web, connection, i);
    if (strcmp(path, "/health/live") == 0)
        return say_live(web, connection);
    if (strcmp(path, "/health/ready") == 0)
        return say_ready(web, connection);
    return say(connection, strcmp(path, "/") == 0 ? MHD_HTTP_OK : MHD_HTTP_NOT_FOUND,
               "/metrics\n/status\n/health/live\n/health/ready\n");
}

/* --- life ----------------------------------------------------------------------------------------------------------
 */

/* The socket, listening; -1 with why in error. */
static int listen_on(const char *host, uint16_t port, uint16_t *found, char *error, size_t error_size)
{
    static const int one = 1;
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } address;
    memset(&address, 0, sizeof address);
    const bool is_six = strchr(host, ':') != NULL;
    socklen_t size = is_six ? sizeof address.six : sizeof address.four;
    if (is_six) {
        address.six.sin6_family = AF_INET6;
        address.six.sin6_port = htons(port);
    } else {
        address.four.sin_family = AF_INET;
        address.four.sin_port = htons(port);
    }
    void *where = is_six ? (void *)&address.six.sin6_addr : (void *)&address.four.sin_addr;
    int made = -1;
    if (inet_pton(is_six ? AF_INET6 : AF_INET, host, where) != 1)
        errno = EINVAL;
    else
        made = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (made < 0 || setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        bind(made, &address.any, size) != 0 || listen(made, BACKLOG) != 0 ||
        getsockname(made, &address.any, &size) != 0) {
        snprintf(error, error_size, "HTTP on %s, port %u: %s%s", host, port, strerror(errno),
                 errno == EADDRINUSE
                     ? ": another service may have it: set another one, 'http: {listen: ADDRESS:PORT}', or none"
                     : "");
        if (made >= 0)
            close(made);
        return -1;
    }
    *found = ntohs(is_six ? address.six.sin6_port : address.four.sin_port);
    return made;
}

int recon_web_new(const char *host, uint16_t port, struct recon_web **web, char *error, size_t error_size)
{
    struct recon_web *made = calloc(1, sizeof *made);
    if (made == NULL)
        return RECON_ERROR_MEMORY;
    pthread_mutex_init(&made->mutex, NULL);
    const int listening = listen_on(host, port, &made->port, error, error_size);
    if (listening < 0) {
        recon_web_free(made);
        return RECON_ERROR_IO;
    }
    /* Signals are the main thread's: the new one inherits that none comes to it. */
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    made->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, answer, made, MHD_OPTION_LISTEN_SOCKET, listening,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)RECON_WEB_CONNECTION_COUNT, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)RECON_WEB_PATIENCE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, RECON_WEB_CONNECTION_BYTES, MHD_OPTION_END);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (made->daemon == NULL) {
        snprintf(error, error_size, "HTTP on %s, port %u: the thread could not be started", host, port);
        close(listening);
        recon_web_free(made);
        return RECON_ERROR_IO;
    }
    *web = made;
    return RECON_OK;
}

void recon_web_free(struct recon_web *web)
{
    if (web == NULL)
        return;
    if (web->daemon != NULL)
        MHD_stop_daemon(web->daemon);
    pages_forget(web);
    recon_web_view_free(web->current);
    recon_web_view_free(web->latest);
    pthread_mutex_destroy(&web->mutex);
    free(web);
}

uint16_t recon_web_port(const struct recon_web *web)
{
    return web->port;
}

void recon_web_publish(struct recon_web *web, const struct recon_run_view *view)
{
    struct recon_web_view *made = recon_web_view_copy(view);
    if (made == NULL)
        return; /* the one before stays */
    pthread_mutex_lock(&web->mutex);
    struct recon_web_view *before = web->latest;
    web->latest = made;
    pthread_mutex_unlock(&web->mutex);
    recon_web_view_free(before);
}
