package io.recon.flink;

/**
 * Blocks under construction, one for each key group (flink/native/blocks.h): packed records are added many at a time, so that JNI
 * is paid for once, and whole blocks are taken out.
 */
final class NativeBlocks extends NativeHandle {
    private static final int BLOCK_BYTES_MAX = 4 << 10; // more, and those of all key groups leave the core's cache
    private static final int BLOCK_BYTES_MIN = 1 << 10;
    private static final int ALL_BYTES_MAX = 16 << 20; // of the blocks under construction together

    private byte[] taken = new byte[BLOCK_BYTES_MAX];

    NativeBlocks(int keyGroupCount) {
        super(
                create(
                        keyGroupCount,
                        Math.max(BLOCK_BYTES_MIN, Math.min(BLOCK_BYTES_MAX, ALL_BYTES_MAX / keyGroupCount))),
                NativeBlocks::release);
    }

    /** Takes packed records. */
    void add(byte[] packed, int size) {
        add(handle(), packed, size);
    }

    /** All get ready. Nothing is added until they are taken. */
    void flush() {
        flush(handle());
    }

    /** The next block that is ready, good until the one after it is asked for; null: none is. */
    Block next(int stream) {
        int size = ready(handle());
        if (size == 0) {
            return null;
        }
        byte[] bytes = taken.length < size ? new byte[size] : taken;
        long block = take(handle(), bytes);
        return new Block(stream, (int) (block >>> 32), (int) block, bytes, size);
    }

    private static native long create(int keyGroupCount, int usualBytes);

    private static native void release(long handle);

    private static native void add(long handle, byte[] packed, int size);

    private static native void flush(long handle);

    private static native int ready(long handle);

    private static native long take(long handle, byte[] out);
}
