package io.recon.flink;

/** An object of the C library. One thread at a time may use it; after {@link #close()} every call throws. */
abstract class NativeHandle implements AutoCloseable {
    static {
        NativeLibrary.ensureLoaded();
    }

    /** 0: closed. */
    long handle;

    NativeHandle(long handle) {
        this.handle = handle;
    }

    abstract void free(long freed);

    @Override
    public final void close() {
        long freed = handle;
        handle = 0;
        if (freed != 0) {
            free(freed);
        }
    }
}
