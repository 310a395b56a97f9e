/*
 * What every native method needs: exceptions, buffers, texts. A native method that fails throws a ReconException (its
 * status, and a message that names the mend where there is one) or an IllegalArgumentException (a call that is not
 * legal: nothing a JVM may die of), and returns; what it returns then is not looked at.
 */
#ifndef RECON_FLINK_JNI_SUPPORT_H
#define RECON_FLINK_JNI_SUPPORT_H

#include <jni.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recon/record.h"

/* Throws a ReconException; where: what was being done, for the message; NULL: the status's text alone. */
void throw_status(JNIEnv *env, int status, const char *where);
/* Throws a ReconException with this message, printf-like. */
void throw_message(JNIEnv *env, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));
void throw_argument(JNIEnv *env, const char *what);
/* Whether the array has so many bytes; false, and an exception: it has not. */
bool is_within_array(JNIEnv *env, jbyteArray array, jint size);

/* The object behind a handle; NULL, and an exception, where it is closed. */
static inline void *handle_of(JNIEnv *env, jlong handle)
{
    if (handle == 0)
        throw_argument(env, "closed");
    return (void *)(uintptr_t)handle;
}

static inline jlong handle_from(void *object)
{
    return (jlong)(uintptr_t)object;
}

struct span {
    uint8_t *bytes;
    size_t size;
};

/* A direct buffer's bytes from `from` up to `to`; false, and an exception, where it is not direct or not that long. */
bool span_of(JNIEnv *env, jobject buffer, jint from, jint to, struct span *span);
bool span_of_all(JNIEnv *env, jobject buffer, struct span *span);

/* A copy of a byte array, with malloc and a NUL behind it; NULL, and an exception, on failure or for null. */
uint8_t *bytes_of(JNIEnv *env, jbyteArray array, size_t *size);

#endif
