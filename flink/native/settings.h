/*
 * What a matcher, a windows or a decoder is told at its start, as ReconSettings.toNative() lays it down:
 *
 *     version u8 (1); o, n, m, z, max_future_skew, from, to, memory limit i64; report, key groups u32;
 *     source in the identity u8; name text; for each stream: count u32 and as many topics (texts)
 *
 * little-endian, texts as a size u32 and bytes.
 */
#ifndef RECON_FLINK_SETTINGS_H
#define RECON_FLINK_SETTINGS_H

#include <jni.h>

#include "codec/key.h"
#include "names.h"
#include "recon/settings.h"
#include "service/arena.h"

struct flink_settings {
    struct recon_settings engine; /* its allocator is the arena's */
    struct recon_arena *arena;
    bool source_in_identity;
    uint8_t seed[RECON_SEED_SIZE_BYTES];
    char *name; /* terminated */
    struct names names[RECON_STREAM_COUNT];
};

/* False, and an exception, where they are not legal. */
bool flink_settings_init(JNIEnv *env, jbyteArray bytes, struct flink_settings *settings);
/* All that was made with its allocator must be gone. */
void flink_settings_deinit(struct flink_settings *settings);

#endif
