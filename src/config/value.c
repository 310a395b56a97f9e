/*
 * Values from texts.
 */
#define _POSIX_C_SOURCE 200809L
#include "config/value.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "codec/nearest.h"
#include "codec/time_text.h"
#include "recon/status.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

bool recon_words_split(struct recon_words *words, const char *text)
{
    *words = (struct recon_words){0};
    size_t count = 1;
    for (const char *at = text; *at != '\0'; at++)
        count += *at == ',' ? 1 : 0;
    words->bytes = strdup(text);
    words->items = malloc(count * sizeof *words->items);
    if (words->bytes == NULL || words->items == NULL) {
        recon_words_deinit(words);
        return false;
    }
    if (text[strspn(text, " ")] == '\0')
        return true;
    for (char *at = words->bytes; at != NULL;) {
        char *comma = strchr(at, ',');
        if (comma != NULL)
            *comma = '\0';
        char *word = at + strspn(at, " ");
        for (size_t size = strlen(word); size > 0 && word[size - 1] == ' ';)
            word[--size] = '\0';
        words->items[words->count++] = word;
        at = comma == NULL ? NULL : comma + 1;
    }
    return true;
}

void recon_words_deinit(struct recon_words *words)
{
    free(words->bytes);
    free(words->items);
    *words = (struct recon_words){0};
}

static bool copy(struct recon_faults *faults, const char *text, char **target)
{
    char *bytes = strdup(text);
    if (bytes == NULL) {
        faults->no_memory = true;
        return false;
    }
    free(*target);
    *target = bytes;
    return true;
}

/* The number of the name that text is; -1, with a fault, if it is none. list is all of them, for people. */
static int choose(struct recon_faults *faults, struct recon_place place, const char *text, const char *const *names,
                  size_t count, const char *list)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(text, names[i]) == 0)
            return (int)i;
    const char *nearest = recon_word_nearest(text, names, count);
    if (nearest != NULL)
        recon_faults_add(faults, place, "'%s' is not one of %s; did you mean '%s'?", text, list, nearest);
    else
        recon_faults_add(faults, place, "'%s' is not one of %s", text, list);
    return -1;
}

bool recon_value_duration(struct recon_faults *faults, struct recon_place place, const char *text, int64_t minimum_ms,
                          const char *unlimited, int64_t *target)
{
    int64_t duration_ms = 0;
    const char *hint = NULL;
    if (unlimited != NULL && strcmp(text, unlimited) == 0) {
        *target = RECON_DURATION_UNSET;
        return true;
    }
    if (recon_duration_parse(text, strlen(text), &duration_ms, &hint) != RECON_OK) {
        recon_faults_add(faults, place, "'%s' is not a duration: %s", text,
                         hint != NULL ? hint : "write a number and its unit, such as 250ms, 30s, 5m, 2h or 7d");
        return false;
    }
    if (duration_ms < minimum_ms) {
        recon_faults_add(faults, place, "'%s' is too short: at least %d ms", text, (int)minimum_ms);
        return false;
    }
    /* The largest number stands for `unset`. */
    *target = duration_ms == RECON_DURATION_UNSET ? RECON_DURATION_UNSET - 1 : duration_ms;
    return true;
}

bool recon_value_time(struct recon_faults *faults, struct recon_place place, const char *text, int64_t *target)
{
    int64_t time_ms = 0;
    if (recon_time_parse(text, strlen(text), NULL, &time_ms)) {
        *target = time_ms;
        return true;
    }
    recon_faults_add(faults, place, "'%s' is not a time: write it like 2013-02-08T11:00:00Z or 2013-02-08", text);
    return false;
}

void recon_value_start(struct recon_faults *faults, struct recon_place place, const char *text,
                       struct recon_config *config)
{
    static const char *const names[] = {"earliest", "latest"};
    int64_t time_ms = 0;
    if (strcmp(text, "earliest") == 0) {
        config->start = RECON_START_EARLIEST;
    } else if (strcmp(text, "latest") == 0) {
        config->start = RECON_START_LATEST;
    } else if (recon_time_parse(text, strlen(text), NULL, &time_ms)) {
        config->start = RECON_START_TIME;
        config->start_time_ms = time_ms;
    } else {
        choose(faults, place, text, names, COUNT(names), "earliest, latest or a time like 2013-02-08T11:00:00Z");
    }
}

void recon_value_report(struct recon_faults *faults, struct recon_place place, const char *word, uint32_t *report)
{
    const char *names[RECON_RESULT_TYPE_COUNT];
    for (int type = 0; type < RECON_RESULT_TYPE_COUNT; type++)
        names[type] = recon_result_type_name(type);
    int type = choose(faults, place, word, names, COUNT(names),
                      "missing, found, unaudited, audited, duplicate, too_late, rejected");
    if (type > RECON_RESULT_METRIC)
        *report |= RECON_REPORT(type);
}

void recon_value_identity(struct recon_faults *faults, struct recon_place place, const char *const *words, size_t count,
                          bool *source_in_identity)
{
    if (count == 1 && strcmp(words[0], "id") == 0)
        *source_in_identity = false;
    else if (count == 2 && strcmp(words[0], "source") == 0 && strcmp(words[1], "id") == 0)
        *source_in_identity = true;
    else
        recon_faults_add(faults, place, "an identity is 'id' or 'source,id'%s",
                         count == 2 && strcmp(words[0], "id") == 0 ? "; an ID of several fields is set as id: [a, b]"
                                                                   : "");
}

void recon_value_name(struct recon_faults *faults, struct recon_place place, const char *text, char **target)
{
    size_t size = strlen(text);
    bool good = size > 0 && size <= RECON_NAME_SIZE_MAX && text[0] != ' ' && text[size - 1] != ' ';
    for (size_t i = 0; i < size && good; i++)
        good = (unsigned char)text[i] >= 0x20 && text[i] != 0x7F;
    if (good)
        copy(faults, text, target);
    else
        recon_faults_add(faults, place,
                         "a name has 1 to %d bytes, no spaces around it and no control characters, such as orders",
                         RECON_NAME_SIZE_MAX);
}

void recon_value_topic(struct recon_faults *faults, struct recon_place place, const char *text, char **target)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t size = strlen(text);
    if (size > 0 && size <= RECON_TOPIC_SIZE_MAX && strspn(text, letters) == size && strcmp(text, ".") != 0 &&
        strcmp(text, "..") != 0)
        copy(faults, text, target);
    else
        recon_faults_add(faults, place, "'%s' is no topic's name: 1 to %d of the characters A-Z a-z 0-9 . _ -", text,
                         RECON_TOPIC_SIZE_MAX);
}

void recon_value_zone(struct recon_faults *faults, struct recon_place place, const char *text, char **target)
{
    struct recon_zone *zone = NULL;
    int status = recon_zone_new(text, &zone);
    if (status == RECON_OK)
        copy(faults, text, target);
    else if (status == RECON_ERROR_MEMORY)
        faults->no_memory = true;
    else
        recon_faults_add(faults, place, "'%s' is no time zone known here: write it like Europe/Paris or UTC", text);
    recon_zone_free(zone);
}

void recon_value_format(struct recon_faults *faults, struct recon_place place, const char *text,
                        enum recon_format *target)
{
    static const char *const names[] = {"auto", "json", "csv", "cloudevents", "avro", "raw"};
    static const enum recon_format formats[] = {RECON_FORMAT_AUTO,        RECON_FORMAT_JSON, RECON_FORMAT_CSV,
                                                RECON_FORMAT_CLOUDEVENTS, RECON_FORMAT_AVRO, RECON_FORMAT_RAW};
    int number = choose(faults, place, text, names, COUNT(names), "auto, json, csv, cloudevents, avro, raw");
    if (number >= 0)
        *target = formats[number];
}

void recon_value_unit(struct recon_faults *faults, struct recon_place place, const char *text,
                      enum recon_time_unit *target)
{
    static const char *const names[] = {"s", "ms", "us", "ns"};
    static const enum recon_time_unit units[] = {RECON_UNIT_S, RECON_UNIT_MS, RECON_UNIT_US, RECON_UNIT_NS};
    int number = choose(faults, place, text, names, COUNT(names), "s, ms, us, ns");
    if (number >= 0)
        *target = units[number];
}

void recon_value_field(struct recon_faults *faults, struct recon_place place, const char *text,
                       struct recon_field *target)
{
    struct recon_field field = {0};
    /* Whether key, header.NAME and timestamp are Kafka's is known once the home is: recon_config_finish. */
    int status = recon_field_parse(text, false, &field);
    if (status == RECON_ERROR_MEMORY) {
        faults->no_memory = true;
    } else if (status != RECON_OK) {
        recon_faults_add(faults, place, "'%s' is no field: write it like order.id, or as a JSON Pointer like /order/id",
                         text);
    } else {
        recon_field_deinit(target);
        *target = field;
    }
}

void recon_value_text(struct recon_faults *faults, struct recon_place place, const char *text, char **target)
{
    if (*text != '\0')
        copy(faults, text, target);
    else
        recon_faults_add(faults, place, "the text is empty");
}

bool recon_value_listen(struct recon_faults *faults, struct recon_place place, const char *text, char **host,
                        uint16_t *port)
{
    unsigned char address[sizeof(struct in6_addr)];
    char name[INET6_ADDRSTRLEN] = "";
    const char *colon = strrchr(text, ':');
    size_t size = colon != NULL ? (size_t)(colon - text) : 0;
    const bool is_bracketed = size > 2 && text[0] == '[' && text[size - 1] == ']';
    const char *from = is_bracketed ? text + 1 : text;
    size -= is_bracketed ? 2 : 0;
    if (strcmp(text, "none") == 0) {
        free(*host);
        *host = NULL;
        return true;
    }
    if (size > 0 && size < sizeof name)
        memcpy(name, from, size);
    const char *digits = colon != NULL ? colon + 1 : "";
    const unsigned long number = strtoul(digits, NULL, 10);
    if (strcmp(name, "localhost") == 0)
        memcpy(name, "127.0.0.1", sizeof "127.0.0.1");
    if (inet_pton(is_bracketed ? AF_INET6 : AF_INET, name, address) != 1 || digits[0] == '\0' ||
        strspn(digits, "0123456789") != strlen(digits) || strlen(digits) > 5 || number > UINT16_MAX) {
        recon_faults_add(faults, place,
                         "'%s' is no address to listen on: write it like 127.0.0.1:7326, [::1]:7326, or none", text);
        return false;
    }
    copy(faults, name, host);
    *port = (uint16_t)number;
    return true;
}
