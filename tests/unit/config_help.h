/*
 * What the tests of the configuration share: parsing a text, and what a test expects of the faults.
 */
#ifndef RECON_TESTS_CONFIG_HELP_H
#define RECON_TESTS_CONFIG_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"
#include "recon/status.h"

static inline const char *test_environment(const char *name)
{
    static const char *const variables[][2] = {
        {"DURATION", "5m"}, {"TRUE", "true"},         {"EMPTY", ""},   {"SERVERS", "a:9092,b:9092"},
        {"YAML", "{a: b}"}, {"AGAIN", "${DURATION}"}, {"NUMBER", "7"},
    };
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        if (strcmp(variables[i][0], name) == 0)
            return variables[i][1];
    return NULL;
}

static inline int parse(struct recon_config *config, const char *text, struct recon_config_errors *errors)
{
    return recon_config_parse(config, text, strlen(text), "c.yaml", test_environment, errors);
}

/* All lines, each with its newline; the caller frees them. */
static inline char *joined(const struct recon_config_errors *errors)
{
    size_t size = 1;
    for (size_t i = 0; i < errors->count; i++)
        size += strlen(errors->lines[i]) + 1;
    char *text = calloc(1, size);
    assert_non_null(text);
    for (size_t i = 0; i < errors->count; i++) {
        strcat(text, errors->lines[i]);
        strcat(text, "\n");
    }
    return text;
}

static inline void assert_lines(const struct recon_config_errors *errors, const char *expected)
{
    char *text = joined(errors);
    assert_string_equal(text, expected);
    free(text);
}

/* A configuration that is good, and finished for the home. */
static inline void load(struct recon_config *config, const char *text, enum recon_home home)
{
    struct recon_config_errors errors = {0};
    recon_config_init(config);
    int status = parse(config, text, &errors);
    if (status == RECON_OK)
        status = recon_config_finish(config, home, &errors);
    assert_lines(&errors, "");
    assert_int_equal(status, RECON_OK);
    recon_config_errors_deinit(&errors);
}

/* The faults that a text has for a home are just these. */
static inline void assert_faults_for(enum recon_home home, const char *text, const char *expected)
{
    struct recon_config config;
    struct recon_config_errors errors = {0};
    recon_config_init(&config);
    int parsed = parse(&config, text, &errors);
    int finished = recon_config_finish(&config, home, &errors);
    assert_lines(&errors, expected);
    assert_true((parsed != RECON_OK || finished != RECON_OK) == (expected[0] != '\0'));
    assert_true(parsed == RECON_OK || parsed == RECON_ERROR_INVALID);
    assert_true(finished == RECON_OK || finished == RECON_ERROR_INVALID);
    recon_config_errors_deinit(&errors);
    recon_config_deinit(&config);
}

static inline void assert_faults(const char *text, const char *expected)
{
    assert_faults_for(RECON_HOME_CHECK, text, expected);
}

#endif
