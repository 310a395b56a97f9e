/*
 * See registry.h.
 *
 * A registry that follows another one may not have yet what was registered a moment ago: so "there is none" is asked
 * for again for a short while before it is believed, unless that has been said of many schemas lately (keys that look
 * as if they named one).
 */
#define _POSIX_C_SOURCE 200809L

#include "io/registry.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "io/clock.h"
#include "recon/status.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define URL_COUNT_MAX 16
#define URL_SIZE_MAX 2048
#define ANSWER_SIZE_MAX ((size_t)16 * 1024 * 1024)
#define ANSWER_COUNT_MAX 4096 /* past that all are asked for again */
#define CONNECT_TIMEOUT_MS 3000L
#define TIMEOUT_MS 10000L
#define ABSENT_BELIEVED_MS 60000
#define ABSENT_PATIENCE_MS 2000
#define ABSENT_PAUSE_MS 200
#define ABSENT_COUNT_PATIENT 16
#define TEXT_SIZE_MAX 40
#define STATUS_OK 200
#define STATUS_NOT_FOUND 404
#define STATUS_NOT_ACCEPTABLE 406
#define STATUS_NOT_IMPLEMENTED 501

struct answer {
    char text[TEXT_SIZE_MAX];
    char *json; /* NULL: there was none */
    size_t size;
    int64_t absent_at_ms;
};

struct recon_registry_client {
    struct recon_registry_options options;
    CURL *curl;
    struct curl_slist *headers;
    char *urls[URL_COUNT_MAX];
    size_t url_count;
    size_t next; /* the URL that is asked first: the last that answered */
    struct answer *answers;
    size_t answer_count;
    char *body;
    size_t body_size;
    char failure[CURL_ERROR_SIZE];
    char message[512];
};

/* --- life ----------------------------------------------------------------------------------------------------------
 */

static const char *property(const struct recon_registry_options *options, const char *name)
{
    const char *value = NULL;
    for (size_t i = 0; i < options->property_count; i++)
        if (strcmp(options->properties[i].name, name) == 0)
            value = options->properties[i].value; /* the last counts */
    return value;
}

static int properties_judge(const struct recon_registry_options *options, char *error, size_t error_size)
{
    static const char *const known[] = {"url",
                                        "basic.auth.user.info",
                                        "bearer.auth.token",
                                        "ssl.ca.location",
                                        "ssl.certificate.location",
                                        "ssl.key.location",
                                        "ssl.key.password"};
    for (size_t i = 0; i < options->property_count; i++) {
        size_t k = 0;
        while (k < COUNT(known) && strcmp(options->properties[i].name, known[k]) != 0)
            k++;
        if (k < COUNT(known))
            continue;
        snprintf(error, error_size,
                 "schema.registry.%s: there is no such property; there are url, basic.auth.user.info, "
                 "bearer.auth.token, ssl.ca.location, ssl.certificate.location, ssl.key.location, ssl.key.password",
                 options->properties[i].name);
        return RECON_ERROR_INVALID;
    }
    return RECON_OK;
}

static int urls_split(struct recon_registry_client *client, const char *all, char *error, size_t error_size)
{
    for (const char *at = all; at != NULL && *at != '\0';) {
        at += strspn(at, " ,");
        size_t size = strcspn(at, ", ");
        const char *const after = at + size;
        while (size > 0 && at[size - 1] == '/')
            size--;
        if (size > 0 && (client->url_count == URL_COUNT_MAX || size > URL_SIZE_MAX ||
                         (strncmp(at, "http://", 7) != 0 && strncmp(at, "https://", 8) != 0))) {
            snprintf(error, error_size, "schema.registry.url: '%.*s' is no address such as http://localhost:8081",
                     (int)(size > 100 ? 100 : size), at);
            return RECON_ERROR_INVALID;
        }
        if (size > 0 && (client->urls[client->url_count] = strndup(at, size)) == NULL)
            return RECON_ERROR_MEMORY;
        client->url_count += size > 0;
        at = after;
    }
    return RECON_OK;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
    struct recon_registry_client *client = context;
    const size_t more = size * count;
    if (more > ANSWER_SIZE_MAX - client->body_size)
        return 0;
    char *grown = realloc(client->body, client->body_size + more + 1);
    if (grown == NULL)
        return 0;
    memcpy(grown + client->body_size, bytes, more);
    client->body = grown;
    client->body_size += more;
    client->body[client->body_size] = '\0';
    return more;
}

static int watch(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
    struct recon_registry_client *client = context;
    (void)down_total;
    (void)down;
    (void)up_total;
    (void)up;
    return client->options.is_stopped(client->options.context) ? 1 : 0;
}

static bool header_add(struct recon_registry_client *client, const char *text)
{
    struct curl_slist *more = curl_slist_append(client->headers, text);
    if (more != NULL)
        client->headers = more;
    return more != NULL;
}

static bool curl_prepare(struct recon_registry_client *client)
{
    const struct recon_registry_options *options = &client->options;
    const char *user = property(options, "basic.auth.user.info");
    const char *token = property(options, "bearer.auth.token");
    const char *ca = property(options, "ssl.ca.location");
    CURL *curl = client->curl = curl_easy_init();
    if (curl == NULL || !header_add(client, "Accept: application/vnd.schemaregistry.v1+json, application/json"))
        return false;
    bool good = curl_easy_setopt(curl, CURLOPT_HTTPHEADER, client->headers) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->failure) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_WRITEDATA, client) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_XFERINFODATA, client) == CURLE_OK;
    if (user != NULL)
        good = good && curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC) == CURLE_OK &&
               curl_easy_setopt(curl, CURLOPT_USERPWD, user) == CURLE_OK;
    else if (token != NULL)
        good = good && curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER) == CURLE_OK &&
               curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, token) == CURLE_OK;
    if (ca != NULL)
        good = good && curl_easy_setopt(curl, CURLOPT_CAINFO, ca) == CURLE_OK;
    const char *certificate = property(options, "ssl.certificate.location");
    const char *key = property(options, "ssl.key.location");
    const char *password = property(options, "ssl.key.password");
    if (certificate != NULL)
        good = good && curl_easy_setopt(curl, CURLOPT_SSLCERT, certificate) == CURLE_OK;
    if (key != NULL)
        good = good && curl_easy_setopt(curl, CURLOPT_SSLKEY, key) == CURLE_OK;
    if (password != NULL)
        good = good && curl_easy_setopt(curl, CURLOPT_KEYPASSWD, password) == CURLE_OK;
    return good;
}

int recon_registry_client_new(const struct recon_registry_options *options, struct recon_registry_client **client,
                              char *error, size_t error_size)
{
    int status = properties_judge(options, error, error_size);
    if (status != RECON_OK)
        return status;
    struct recon_registry_client *made = calloc(1, sizeof *made);
    if (made == NULL)
        return RECON_ERROR_MEMORY;
    made->options = *options;
    status = urls_split(made, property(options, "url"), error, error_size);
    if (status == RECON_OK && made->url_count == 0 && options->property_count > 0) {
        snprintf(error, error_size, "schema.registry.url is missing: where is the registry?");
        status = RECON_ERROR_INVALID;
    }
    if (status == RECON_OK && made->url_count > 0 && !curl_prepare(made))
        status = RECON_ERROR_MEMORY;
    if (status != RECON_OK) {
        recon_registry_client_free(made);
        return status;
    }
    made->options.properties = NULL; /* not ours */
    *client = made;
    return RECON_OK;
}

void recon_registry_client_free(struct recon_registry_client *client)
{
    if (client == NULL)
        return;
    for (size_t i = 0; i < client->url_count; i++)
        free(client->urls[i]);
    for (size_t i = 0; i < client->answer_count; i++)
        free(client->answers[i].json);
    if (client->curl != NULL)
        curl_easy_cleanup(client->curl);
    curl_slist_free_all(client->headers);
    free(client->answers);
    free(client->body);
    free(client);
}

const char *recon_registry_client_message(const struct recon_registry_client *client)
{
    return client->message;
}

/* --- what is known already -----------------------------------------------------------------------------------------
 */

/* NULL: nothing is known of it. */
static struct answer *answer_find(struct recon_registry_client *client, const char *text)
{
    for (size_t i = 0; i < client->answer_count; i++)
        if (strcmp(client->answers[i].text, text) == 0)
            return &client->answers[i];
    return NULL;
}

/* Drops what was absent too long ago to be believed; the count of what still is. */
static size_t absent_forget(struct recon_registry_client *client)
{
    const int64_t now_ms = recon_clock_monotonic_ms();
    size_t kept = 0;
    size_t absent = 0;
    for (size_t i = 0; i < client->answer_count; i++) {
        const struct answer *one = &client->answers[i];
        if (one->json == NULL && now_ms - one->absent_at_ms >= ABSENT_BELIEVED_MS)
            continue;
        absent += one->json == NULL;
        client->answers[kept++] = *one;
    }
    client->answer_count = kept;
    return absent;
}

/* Takes json over. False: out of memory; then it was freed. */
static bool answer_add(struct recon_registry_client *client, const char *text, char *json, size_t size)
{
    for (size_t i = 0; i < client->answer_count && client->answer_count >= ANSWER_COUNT_MAX; i++)
        free(client->answers[i].json);
    if (client->answer_count >= ANSWER_COUNT_MAX)
        client->answer_count = 0;
    struct answer *grown = realloc(client->answers, (client->answer_count + 1) * sizeof *grown);
    if (grown == NULL) {
        free(json);
        return false;
    }
    client->answers = grown;
    struct answer *one = &grown[client->answer_count++];
    *one = (struct answer){.json = json, .size = size, .absent_at_ms = recon_clock_monotonic_ms()};
    snprintf(one->text, sizeof one->text, "%s", text);
    return true;
}

/* --- asking --------------------------------------------------------------------------------------------------------
 */

/* The address without what may be secret in it. */
static const char *shown(const char *url)
{
    const char *host = strstr(url, "://") + 3;
    const char *at = strchr(host, '@');
    return at != NULL && at < host + strcspn(host, "/") ? at + 1 : url;
}

static bool get(struct recon_registry_client *client, const char *url, bool is_guid, const char *text, bool is_resolved,
                long *status)
{
    char whole[URL_SIZE_MAX + 128];
    snprintf(whole, sizeof whole, "%s/schemas/%s/%s%s", url, is_guid ? "guids" : "ids", text,
             is_resolved ? "?format=resolved" : "");
    free(client->body);
    client->body = NULL;
    client->body_size = 0;
    client->failure[0] = '\0';
    CURLcode code = curl_easy_setopt(client->curl, CURLOPT_URL, whole);
    if (code == CURLE_OK)
        code = curl_easy_perform(client->curl);
    if (code == CURLE_OK)
        code = curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, status);
    if (code != CURLE_OK)
        snprintf(client->message, sizeof client->message, "schema registry %s: %s", shown(url),
                 client->failure[0] != '\0' ? client->failure : curl_easy_strerror(code));
    return code == CURLE_OK;
}

/* A registry's own word that it has none; any other "not found" may be of another server, or a wrong path. */
static bool is_absent(const struct recon_registry_client *client)
{
    const char *code = client->body != NULL ? strstr(client->body, "\"error_code\"") : NULL;
    if (code == NULL)
        return false;
    code += strlen("\"error_code\"");
    code += strspn(code, " :\t\r\n");
    return strncmp(code, "404", 3) == 0 && strspn(code, "0123456789") == 5;
}

static enum recon_registry_outcome ask_one(struct recon_registry_client *client, const char *url, bool is_guid,
                                           const char *text)
{
    long status = 0;
    if (!get(client, url, is_guid, text, true, &status))
        return RECON_REGISTRY_AGAIN;
    /* One that can't put what a schema refers to into it; there may be nothing of the kind. */
    if ((status == STATUS_NOT_IMPLEMENTED || status == STATUS_NOT_ACCEPTABLE) &&
        !get(client, url, is_guid, text, false, &status))
        return RECON_REGISTRY_AGAIN;
    if (status == STATUS_OK && client->body_size > 0)
        return RECON_REGISTRY_OK;
    if (status == STATUS_NOT_FOUND && is_absent(client))
        return RECON_REGISTRY_ABSENT;
    snprintf(client->message, sizeof client->message, "schema registry %s: it answers with status %ld%s", shown(url),
             status, status == STATUS_NOT_FOUND ? ", not as a registry does: is its address right?" : "");
    return RECON_REGISTRY_AGAIN;
}

static enum recon_registry_outcome ask_all(struct recon_registry_client *client, bool is_guid, const char *text)
{
    enum recon_registry_outcome outcome = RECON_REGISTRY_AGAIN;
    for (size_t i = 0; i < client->url_count && outcome == RECON_REGISTRY_AGAIN; i++) {
        outcome = ask_one(client, client->urls[client->next], is_guid, text);
        if (outcome == RECON_REGISTRY_AGAIN)
            client->next = (client->next + 1) % client->url_count;
    }
    return outcome;
}

enum recon_registry_outcome recon_registry_client_ask(struct recon_registry_client *client, bool is_guid,
                                                      const char *text, const char **json, size_t *size)
{
    static const struct timespec pause = {.tv_nsec = ABSENT_PAUSE_MS * 1000000L};
    if (client->url_count == 0)
        return RECON_REGISTRY_NONE;
    const size_t absent_count = absent_forget(client);
    const struct answer *known = answer_find(client, text);
    if (known == NULL) {
        const int64_t deadline_ms =
            recon_clock_monotonic_ms() + (absent_count < ABSENT_COUNT_PATIENT ? ABSENT_PATIENCE_MS : 0);
        enum recon_registry_outcome outcome;
        while ((outcome = ask_all(client, is_guid, text)) == RECON_REGISTRY_ABSENT &&
               recon_clock_monotonic_ms() < deadline_ms && !client->options.is_stopped(client->options.context))
            nanosleep(&pause, NULL);
        if (outcome == RECON_REGISTRY_AGAIN)
            return outcome;
        char *taken = outcome == RECON_REGISTRY_OK ? client->body : NULL;
        if (taken != NULL)
            client->body = NULL;
        snprintf(client->message, sizeof client->message, "%s", recon_status_text(RECON_ERROR_MEMORY));
        if (!answer_add(client, text, taken, client->body_size))
            return RECON_REGISTRY_AGAIN;
        known = &client->answers[client->answer_count - 1];
    }
    *json = known->json;
    *size = known->size;
    return known->json != NULL ? RECON_REGISTRY_OK : RECON_REGISTRY_ABSENT;
}
