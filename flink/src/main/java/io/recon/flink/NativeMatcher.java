package io.recon.flink;

import java.nio.ByteBuffer;

/**
 * The matcher and watermark of one subtask. Sizes come back in the low 31 bits of a long; {@link #IS_MORE} says that the buffer
 * was too short for what is left. Buffers are direct ones, used from 0 up to their capacity where no bounds are given.
 */
final class NativeMatcher extends NativeHandle {
    static final long IS_MORE = 1L << 31;

    static final int PART_JOB = 1;
    static final int PART_WATERMARK = 2;
    static final int PART_MATCHER = 3;

    /** Places in what {@link #look} gives. */
    static final int LOOK_WATERMARK = 0;

    static final int LOOK_RETENTION_BOUND = 1;
    static final int LOOK_BASIS = 2;
    static final int LOOK_BYTES = 3;
    static final int LOOK_HOLDER = 4;
    static final int LOOK_NEXT_RESULT = 5;
    static final int LOOK_STATS = 6;
    static final int LOOK_COUNT = LOOK_STATS + 39;

    NativeMatcher(byte[] settings) {
        super(create(settings), NativeMatcher::release);
    }

    void start(long now) {
        start(handle(), now);
    }

    /** In the high half the place in the input reached, in the low one the size of the results. */
    long records(int stream, int keyGroup, long now, ByteBuffer in, int from, int to, ByteBuffer out) {
        return records(handle(), stream, keyGroup, now, in, from, to, out);
    }

    /** True: W or R rises, and drain, then counts are to be called until they give no more. */
    boolean watermark(int stream, long watermark) {
        return watermark(handle(), stream, watermark);
    }

    /** Likewise. Bits: 1 the audit stream, 2 the event stream; since when what has waited is silent, by the same clock. */
    boolean clock(long now, int alive, int waited, long[] since) {
        return clock(handle(), now, alive, waited, since[0], since[1]);
    }

    long drain(ByteBuffer out) {
        return drain(handle(), out);
    }

    long counts(ByteBuffer out) {
        return counts(handle(), out);
    }

    void look(long[] into) {
        look(handle(), into);
    }

    byte[] job() {
        return job(handle());
    }

    /** A key group of -1: the counts. */
    void snapshotBegin(int part, int keyGroup) {
        snapshotBegin(handle(), part, keyGroup);
    }

    int snapshotNext(ByteBuffer out) {
        return snapshotNext(handle(), out);
    }

    /** What is there now; {@link #frozenNext} gives it while the matcher goes on, first the counts. */
    void frozenBegin() {
        frozenBegin(handle());
    }

    /** Behind 0 of {@link #frozenNext}: to a key group behind the last one. */
    void frozenTurn(int keyGroup) {
        frozenTurn(handle(), keyGroup);
    }

    int frozenNext(ByteBuffer out) {
        return frozenNext(handle(), out);
    }

    /** Gives back what the frozen snapshot holds, if there is one. */
    void frozenEnd() {
        frozenEnd(handle());
    }

    void restore(int part, ByteBuffer in, int from, int to) {
        restore(handle(), part, in, from, to);
    }

    void restoreFinish(long now) {
        restoreFinish(handle(), now);
    }

    private static native long create(byte[] settings);

    private static native void release(long handle);

    private static native void start(long handle, long now);

    private static native long records(
            long handle, int stream, int keyGroup, long now, ByteBuffer in, int from, int to, ByteBuffer out);

    private static native boolean watermark(long handle, int stream, long watermark);

    private static native boolean clock(
            long handle, long now, int alive, int waited, long auditSince, long eventsSince);

    private static native long drain(long handle, ByteBuffer out);

    private static native long counts(long handle, ByteBuffer out);

    private static native void look(long handle, long[] into);

    private static native byte[] job(long handle);

    private static native void snapshotBegin(long handle, int part, int keyGroup);

    private static native int snapshotNext(long handle, ByteBuffer out);

    private static native void frozenBegin(long handle);

    private static native void frozenTurn(long handle, int keyGroup);

    private static native int frozenNext(long handle, ByteBuffer out);

    private static native void frozenEnd(long handle);

    private static native void restore(long handle, int part, ByteBuffer in, int from, int to);

    private static native void restoreFinish(long handle, long now);
}
