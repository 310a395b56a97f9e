/*
 * See blocks.h. NativeBlocks: what Java sees of them.
 */
#include "blocks.h"

#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "jni_support.h"
#include "packed.h"
#include "recon/status.h"

bool blocks_init(struct blocks *blocks, uint32_t group_count, size_t usual_size)
{
    *blocks = (struct blocks){.group_count = group_count, .usual_size = usual_size};
    blocks->groups = calloc(group_count, sizeof *blocks->groups);
    blocks->begun = calloc(group_count, sizeof *blocks->begun);
    return blocks->groups != NULL && blocks->begun != NULL;
}

void blocks_deinit(struct blocks *blocks)
{
    for (uint32_t i = 0; blocks->groups != NULL && i < blocks->group_count; i++)
        free(blocks->groups[i].bytes);
    for (size_t i = blocks->ready_taken; i < blocks->ready_count; i++)
        free(blocks->ready[i].bytes);
    for (size_t i = 0; i < blocks->spare_count; i++)
        free(blocks->spare[i]);
    free(blocks->groups);
    free(blocks->begun);
    free(blocks->ready);
    free(blocks->spare);
    *blocks = (struct blocks){0};
}

static bool ready_reserve(struct blocks *blocks)
{
    if (blocks->ready_count < blocks->ready_capacity)
        return true;
    const size_t capacity = blocks->ready_capacity == 0 ? 16 : 2 * blocks->ready_capacity;
    uint8_t **spare = realloc(blocks->spare, capacity * sizeof *spare);
    if (spare == NULL)
        return false;
    blocks->spare = spare;
    struct block *ready = realloc(blocks->ready, capacity * sizeof *ready);
    if (ready == NULL)
        return false;
    blocks->ready = ready;
    blocks->ready_capacity = capacity;
    return true;
}

/* An empty block's memory. */
static bool block_reserve(struct blocks *blocks, struct block *block, size_t size)
{
    if (block->capacity >= size)
        return true;
    if (block->bytes == NULL && size <= blocks->usual_size && blocks->spare_count > 0) {
        block->bytes = blocks->spare[--blocks->spare_count];
        block->capacity = blocks->usual_size;
        return true;
    }
    const size_t capacity = size > blocks->usual_size ? size : blocks->usual_size;
    uint8_t *bytes = malloc(capacity);
    if (bytes == NULL)
        return false;
    free(block->bytes);
    block->bytes = bytes;
    block->capacity = capacity;
    return true;
}

uint8_t *blocks_add(struct blocks *blocks, uint32_t key_group, size_t size)
{
    struct block *block = &blocks->groups[key_group];
    if (block->used > 0 && block->used + size > blocks->usual_size) {
        if (!ready_reserve(blocks))
            return NULL;
        blocks->ready[blocks->ready_count++] = *block;
        *block = (struct block){.key_group = key_group, .is_begun = true};
    }
    if (block->used == 0 && !block_reserve(blocks, block, size))
        return NULL;
    if (!block->is_begun) {
        block->is_begun = true;
        block->key_group = key_group;
        blocks->begun[blocks->begun_count++] = key_group;
    }
    uint8_t *room = block->bytes + block->used;
    block->used += size;
    block->count++;
    return room;
}

void blocks_flush(struct blocks *blocks)
{
    blocks->is_flushing = true;
}

/* The next of those under construction that a flush sends; NULL: it is over. */
static struct block *flushed(struct blocks *blocks)
{
    while (blocks->is_flushing && blocks->begun_taken < blocks->begun_count) {
        struct block *block = &blocks->groups[blocks->begun[blocks->begun_taken]];
        if (block->used > 0)
            return block;
        block->is_begun = false;
        blocks->begun_taken++;
    }
    if (blocks->is_flushing) {
        blocks->is_flushing = false;
        blocks->begun_taken = blocks->begun_count = 0;
    }
    return NULL;
}

const struct block *blocks_ready(struct blocks *blocks)
{
    return blocks->ready_taken < blocks->ready_count ? &blocks->ready[blocks->ready_taken] : flushed(blocks);
}

void blocks_taken(struct blocks *blocks)
{
    if (blocks->ready_taken == blocks->ready_count) {
        struct block *block = flushed(blocks);
        if (block == NULL)
            return;
        block->used = 0;
        block->count = 0;
        if (block->capacity > blocks->usual_size) { /* of a record that had it for itself */
            free(block->bytes);
            block->bytes = NULL;
            block->capacity = 0;
        }
        return;
    }
    struct block *block = &blocks->ready[blocks->ready_taken++];
    if (block->capacity == blocks->usual_size && blocks->spare_count < blocks->ready_capacity)
        blocks->spare[blocks->spare_count++] = block->bytes;
    else
        free(block->bytes);
    if (blocks->ready_taken == blocks->ready_count)
        blocks->ready_taken = blocks->ready_count = 0;
}

/* --- for Java ---------------------------------------------------------------------------------------------------- */

/* Puts packed records into their blocks. False: that is none, or there is no memory (a pending exception). */
static bool scatter(JNIEnv *env, struct blocks *blocks, const uint8_t *bytes, size_t size)
{
    for (size_t at = 0; at < size;) {
        const size_t left = size - at;
        const size_t one = left < PACKED_FIXED_BYTES ? 0 : load_u32(bytes + at);
        const uint32_t group = left < PACKED_FIXED_BYTES ? 0 : load_u16(bytes + at + 4);
        if (one < PACKED_FIXED_BYTES || one > left || group >= blocks->group_count) {
            throw_argument(env, "no packed record, or of no such key group");
            return false;
        }
        uint8_t *room = blocks_add(blocks, group, one);
        if (room == NULL) {
            throw_status(env, RECON_ERROR_MEMORY, NULL);
            return false;
        }
        memcpy(room, bytes + at, one);
        at += one;
    }
    return true;
}

struct flink_blocks {
    struct blocks blocks;
    uint8_t *in;
    size_t in_capacity;
};

struct blocks *flink_blocks_of(JNIEnv *env, jlong handle)
{
    struct flink_blocks *made = handle_of(env, handle);
    return made != NULL ? &made->blocks : NULL;
}

static void flink_blocks_free(struct flink_blocks *made)
{
    blocks_deinit(&made->blocks);
    free(made->in);
    free(made);
}

JNIEXPORT jlong JNICALL Java_io_recon_flink_NativeBlocks_create(JNIEnv *env, jclass class, jint group_count,
                                                                jint usual_size);
JNIEXPORT jlong JNICALL Java_io_recon_flink_NativeBlocks_create(JNIEnv *env, jclass class, jint group_count,
                                                                jint usual_size)
{
    (void)class;
    if (group_count <= 0 || group_count > UINT16_MAX + 1 || usual_size <= 0) {
        throw_argument(env, "no such number of key groups, or size");
        return 0;
    }
    struct flink_blocks *made = calloc(1, sizeof *made);
    if (made != NULL && blocks_init(&made->blocks, (uint32_t)group_count, (size_t)usual_size))
        return handle_from(made);
    if (made != NULL)
        flink_blocks_free(made);
    throw_status(env, RECON_ERROR_MEMORY, NULL);
    return 0;
}

JNIEXPORT void JNICALL Java_io_recon_flink_NativeBlocks_release(JNIEnv *env, jclass class, jlong handle);
JNIEXPORT void JNICALL Java_io_recon_flink_NativeBlocks_release(JNIEnv *env, jclass class, jlong handle)
{
    (void)env;
    (void)class;
    if (handle != 0)
        flink_blocks_free((struct flink_blocks *)(uintptr_t)handle);
}

/* Takes the packed records in an array's first bytes. */
JNIEXPORT void JNICALL Java_io_recon_flink_NativeBlocks_add(JNIEnv *env, jclass class, jlong handle, jbyteArray in,
                                                            jint size);
JNIEXPORT void JNICALL Java_io_recon_flink_NativeBlocks_add(JNIEnv *env, jclass class, jlong handle, jbyteArray in,
                                                            jint size)
{
    (void)class;
    struct flink_blocks *flink = handle_of(env, handle);
    if (flink == NULL)
        return;
    if (!is_within_array(env, in, size))
        return;
    if ((size_t)size > flink->in_capacity) {
        free(flink->in);
        flink->in = malloc((size_t)size);
        flink->in_capacity = flink->in != NULL ? (size_t)size : 0;
        if (flink->in == NULL) {
            throw_status(env, RECON_ERROR_MEMORY, NULL);
            return;
        }
    }
    (*env)->GetByteArrayRegion(env, in, 0, size, (jbyte *)flink->in);
    (void)scatter(env, &flink->blocks, flink->in, (size_t)size);
}

JNIEXPORT void JNICALL Java_io_recon_flink_NativeBlocks_flush(JNIEnv *env, jclass class, jlong handle);
JNIEXPORT void JNICALL Java_io_recon_flink_NativeBlocks_flush(JNIEnv *env, jclass class, jlong handle)
{
    (void)class;
    struct blocks *blocks = flink_blocks_of(env, handle);
    if (blocks != NULL)
        blocks_flush(blocks);
}

/* The bytes of the next block that is ready; 0: none is. */
JNIEXPORT jint JNICALL Java_io_recon_flink_NativeBlocks_ready(JNIEnv *env, jclass class, jlong handle);
JNIEXPORT jint JNICALL Java_io_recon_flink_NativeBlocks_ready(JNIEnv *env, jclass class, jlong handle)
{
    (void)class;
    struct blocks *blocks = flink_blocks_of(env, handle);
    const struct block *block = blocks != NULL ? blocks_ready(blocks) : NULL;
    return block != NULL ? (jint)block->used : 0;
}

/* Takes that block into an array that has room; its key group in the high half, its records in the low one. */
JNIEXPORT jlong JNICALL Java_io_recon_flink_NativeBlocks_take(JNIEnv *env, jclass class, jlong handle, jbyteArray out);
JNIEXPORT jlong JNICALL Java_io_recon_flink_NativeBlocks_take(JNIEnv *env, jclass class, jlong handle, jbyteArray out)
{
    (void)class;
    struct blocks *blocks = flink_blocks_of(env, handle);
    if (blocks == NULL)
        return 0;
    const struct block *block = blocks_ready(blocks);
    if (block == NULL || out == NULL || block->used > (size_t)(*env)->GetArrayLength(env, out)) {
        throw_argument(env, "no block is ready, or there is no room for it");
        return 0;
    }
    (*env)->SetByteArrayRegion(env, out, 0, (jsize)block->used, (const jbyte *)block->bytes);
    const jlong taken = (jlong)block->key_group << 32 | (jlong)block->count;
    blocks_taken(blocks);
    return taken;
}
