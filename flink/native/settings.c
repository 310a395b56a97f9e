/*
 * See settings.h.
 */
#include "settings.h"

#include <stdlib.h>
#include <string.h>

#include "jni_support.h"
#include "recon/status.h"

#define SETTINGS_VERSION 1

/* All homes of a job must hash alike, now and after every restart, and know no more of each other than the name. */
static void seed_of(struct recon_text name, uint8_t seed[RECON_SEED_SIZE_BYTES])
{
    static const uint8_t none[RECON_SEED_SIZE_BYTES];
    const struct recon_key key = recon_key_hash(none, &name, 1);
    store_u64(seed, key.high);
    store_u64(seed + 8, key.low);
}

static int read_names(struct cursor *cursor, struct flink_settings *settings)
{
    int status = names_init(&settings->names[RECON_STREAM_AUDIT], cursor);
    if (status == RECON_OK)
        status = names_init(&settings->names[RECON_STREAM_EVENTS], cursor);
    if (status == RECON_OK && (cursor->is_short || cursor->left > 0))
        status = RECON_ERROR_INVALID;
    return status;
}

static int read_settings(struct cursor *cursor, struct flink_settings *settings, const char **what)
{
    struct recon_settings *engine = &settings->engine;
    recon_settings_init(engine);
    *what = "the settings' form";
    if (cursor_u8(cursor) != SETTINGS_VERSION)
        return RECON_ERROR_INVALID;
    engine->interval_ms = cursor_i64(cursor);
    engine->out_of_orderness_ms = cursor_i64(cursor);
    engine->retention_ms = cursor_i64(cursor);
    engine->idle_timeout_ms = cursor_i64(cursor);
    engine->max_future_skew_ms = cursor_i64(cursor);
    engine->from_ms = cursor_i64(cursor);
    engine->to_ms = cursor_i64(cursor);
    engine->memory_limit_bytes = (uint64_t)cursor_i64(cursor);
    engine->report = cursor_u32(cursor);
    engine->key_group_count = cursor_u32(cursor);
    settings->source_in_identity = cursor_u8(cursor) != 0;
    const struct recon_text name = cursor_text(cursor);
    if (cursor->is_short || name.bytes == NULL || name.size == 0 || name.size > 65535)
        return RECON_ERROR_INVALID;
    if (recon_settings_check(engine, what) != RECON_OK)
        return RECON_ERROR_INVALID;
    *what = "topics";
    seed_of(name, settings->seed);
    engine->key_fingerprint = recon_key_fingerprint(settings->seed, settings->source_in_identity);
    settings->name = malloc((size_t)name.size + 1);
    settings->arena = recon_arena_new();
    if (settings->name == NULL || settings->arena == NULL)
        return RECON_ERROR_MEMORY;
    memcpy(settings->name, name.bytes, name.size);
    settings->name[name.size] = '\0';
    engine->allocator = recon_arena_allocator(settings->arena);
    return read_names(cursor, settings);
}

bool flink_settings_init(JNIEnv *env, jbyteArray array, struct flink_settings *settings)
{
    size_t size = 0;
    *settings = (struct flink_settings){0};
    uint8_t *bytes = bytes_of(env, array, &size);
    if (bytes == NULL)
        return false;
    struct cursor cursor = {bytes, size, false};
    const char *what = NULL;
    const int status = read_settings(&cursor, settings, &what);
    free(bytes);
    if (status == RECON_OK)
        return true;
    flink_settings_deinit(settings);
    throw_status(env, status, status == RECON_ERROR_INVALID ? what : NULL);
    return false;
}

void flink_settings_deinit(struct flink_settings *settings)
{
    for (int stream = 0; stream < RECON_STREAM_COUNT; stream++)
        names_deinit(&settings->names[stream]);
    if (settings->arena != NULL)
        recon_arena_free(settings->arena);
    free(settings->name);
    *settings = (struct flink_settings){0};
}
