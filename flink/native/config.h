/*
 * A configuration on the native side: parsed for the Flink job, with the variables that Java gives. Owned by whoever
 * parsed it; the decoders of a job borrow its mappings.
 */
#ifndef RECON_FLINK_CONFIG_H
#define RECON_FLINK_CONFIG_H

#include <jni.h>

#include "config/config.h"

/* text, file: UTF-8; variables: a name text and a value text each (cursor.h). *used, where not NULL, becomes an array
 * (the caller's, by malloc) that says for each variable whether it was asked for. False, and an exception that has
 * every fault on its own line, where it is not one. */
bool flink_config_parse(JNIEnv *env, jbyteArray text, jbyteArray file, jbyteArray variables,
                        struct recon_config *config, bool **used, size_t *variable_count);

#endif
