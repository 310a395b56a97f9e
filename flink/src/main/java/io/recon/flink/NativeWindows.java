package io.recon.flink;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;

/** The windows of a job; see {@link NativeMatcher} for sizes and buffers. */
final class NativeWindows extends NativeHandle {
    /**
     * Makes one.
     *
     * @param state what {@link #snapshot} gave, or null
     */
    NativeWindows(byte[] settings, byte[] state) {
        super(create(settings, state), NativeWindows::release);
    }

    void add(byte[] counts) {
        add(handle(), counts);
    }

    /** True: drain is to be called until it gives no more. */
    boolean rise(long watermark, long retentionBound, int basis) {
        return rise(handle(), watermark, retentionBound, basis);
    }

    long drain(ByteBuffer out) {
        return drain(handle(), out);
    }

    /** The first six places of {@link NativeMatcher#look}. */
    void look(long[] into) {
        look(handle(), into);
    }

    byte[] snapshot(ByteBuffer piece) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        byte[] bytes = new byte[piece.capacity()];
        for (boolean isFirst = true; ; isFirst = false) {
            int size = snapshot(handle(), isFirst, piece);
            if (size == 0) {
                return all.toByteArray();
            }
            piece.get(0, bytes, 0, size);
            all.write(bytes, 0, size);
        }
    }

    private static native long create(byte[] settings, byte[] state);

    private static native void release(long handle);

    private static native void add(long handle, byte[] counts);

    private static native boolean rise(long handle, long watermark, long retentionBound, int basis);

    private static native long drain(long handle, ByteBuffer out);

    private static native void look(long handle, long[] into);

    private static native int snapshot(long handle, boolean isFirst, ByteBuffer out);
}
