/*
 * See jni_support.h.
 */
#include "jni_support.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "recon/status.h"

static void throw_recon(JNIEnv *env, int status, const char *message)
{
    if ((*env)->ExceptionCheck(env))
        return;
    jclass class = (*env)->FindClass(env, "io/recon/flink/ReconException");
    if (class == NULL)
        return;
    jmethodID constructor = (*env)->GetMethodID(env, class, "<init>", "(I[B)V");
    if (constructor == NULL)
        return;
    size_t size = 0;
    while (message[size] != '\0')
        size++;
    jbyteArray text = (*env)->NewByteArray(env, (jsize)size);
    if (text == NULL)
        return;
    (*env)->SetByteArrayRegion(env, text, 0, (jsize)size, (const jbyte *)message);
    jobject exception = (*env)->NewObject(env, class, constructor, (jint)status, text);
    if (exception != NULL)
        (*env)->Throw(env, exception);
}

void throw_message(JNIEnv *env, int status, const char *format, ...)
{
    char message[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    throw_recon(env, status, message);
}

/* What a person can do about it; NULL: the text says all. */
static const char *mend_of(int status)
{
    switch (status) {
    case RECON_ERROR_MEMORY:
        return "give the TaskManager more managed memory (taskmanager.memory.managed.size or .fraction), or the "
               "matcher a "
               "larger share of its slot's (taskmanager.memory.managed.consumer-weights: OPERATOR), or raise the "
               "parallelism, or lower retention";
    case RECON_ERROR_FULL:
        return "raise the parallelism";
    case RECON_ERROR_MISMATCH:
        return "interval, identity, name and the maximum parallelism must be those that the state was written with; "
               "for "
               "others start anew, under another name";
    case RECON_ERROR_VERSION:
        return "go on with the version of recon that wrote it, or a later one";
    case RECON_ERROR_ENDED:
        return "this state is of a job that came to its end (stop --drain, or bounded inputs): it cannot go on; start "
               "from an earlier savepoint, or anew under another name";
    default:
        return NULL;
    }
}

void throw_status(JNIEnv *env, int status, const char *where)
{
    const char *mend = mend_of(status);
    throw_message(env, status, "%s%s%s%s%s", where == NULL ? "" : where, where == NULL ? "" : ": ",
                  recon_status_text(status), mend == NULL ? "" : ": ", mend == NULL ? "" : mend);
}

void throw_argument(JNIEnv *env, const char *what)
{
    if ((*env)->ExceptionCheck(env))
        return;
    jclass class = (*env)->FindClass(env, "java/lang/IllegalArgumentException");
    if (class != NULL)
        (*env)->ThrowNew(env, class, what);
}

bool is_within_array(JNIEnv *env, jbyteArray array, jint size)
{
    if (array != NULL && size >= 0 && size <= (*env)->GetArrayLength(env, array))
        return true;
    throw_argument(env, "not within the array");
    return false;
}

bool span_of(JNIEnv *env, jobject buffer, jint from, jint to, struct span *span)
{
    if (!span_of_all(env, buffer, span))
        return false;
    if (from < 0 || to < from || (size_t)to > span->size) {
        throw_argument(env, "not within the buffer");
        return false;
    }
    span->bytes += from;
    span->size = (size_t)(to - from);
    return true;
}

bool span_of_all(JNIEnv *env, jobject buffer, struct span *span)
{
    void *bytes = buffer == NULL ? NULL : (*env)->GetDirectBufferAddress(env, buffer);
    if (bytes == NULL) {
        throw_argument(env, "not a direct buffer");
        return false;
    }
    *span = (struct span){bytes, (size_t)(*env)->GetDirectBufferCapacity(env, buffer)};
    return true;
}

uint8_t *bytes_of(JNIEnv *env, jbyteArray array, size_t *size)
{
    if (array == NULL) {
        throw_argument(env, "null");
        return NULL;
    }
    const jsize length = (*env)->GetArrayLength(env, array);
    uint8_t *bytes = malloc((size_t)length + 1);
    if (bytes == NULL) {
        throw_status(env, RECON_ERROR_MEMORY, NULL);
        return NULL;
    }
    (*env)->GetByteArrayRegion(env, array, 0, length, (jbyte *)bytes);
    bytes[length] = 0;
    *size = (size_t)length;
    return bytes;
}
