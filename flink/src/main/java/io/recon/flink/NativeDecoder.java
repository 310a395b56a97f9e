package io.recon.flink;

import java.nio.ByteBuffer;

/** The C decoder of one stream's messages; {@link MessageDecoder} is its only user. */
final class NativeDecoder extends NativeHandle {
    static final int SCHEMA_WANTED = -1;

    NativeDecoder(byte[] settings, ReconConfig config, int stream) {
        super(create(settings, config.nativeText(), config.nativeFile(), config.nativeVariables(), stream), NativeDecoder::release);
    }

    static native long create(byte[] settings, byte[] text, byte[] file, byte[] variables, int stream);

    static native void release(long handle);

    static native void use(long handle, ByteBuffer in, ByteBuffer out);

    static native int decode(long handle, int size, long timestamp, int partition, long offset);

    static native int flush(long handle);

    static native String wanted(long handle);

    static native boolean isWantedByGuid(long handle);

    static native byte[] schema(long handle, byte[] json);

    static native void forgetAbsent(long handle);

    static native long count(long handle, int what);
}
