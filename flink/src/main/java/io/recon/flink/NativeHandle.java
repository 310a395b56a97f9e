package io.recon.flink;

import java.lang.ref.Cleaner;
import java.util.function.LongConsumer;

/**
 * An object of the C library. One thread at a time may use it; after {@link #close()} every call throws. One that nobody closes,
 * as Flink gives its deserialisers no occasion to, is freed once nothing refers to it any more.
 */
abstract class NativeHandle implements AutoCloseable {
    private static final Cleaner CLEANER = Cleaner.create();

    static {
        NativeLibrary.ensureLoaded();
    }

    /** What is freed: knows nothing of the object that holds it. */
    private static final class Held implements Runnable {
        private final LongConsumer release;
        private long handle;

        Held(long handle, LongConsumer release) {
            this.handle = handle;
            this.release = release;
        }

        @Override
        public void run() {
            long freed = handle;
            handle = 0;
            if (freed != 0) {
                release.accept(freed);
            }
        }
    }

    private final Held held;
    private final Cleaner.Cleanable cleanable;

    /**
     * Takes over an object.
     *
     * @param release frees it; must not refer to this
     */
    NativeHandle(long handle, LongConsumer release) {
        held = new Held(handle, release);
        cleanable = CLEANER.register(this, held);
    }

    /** 0: closed. */
    final long handle() {
        return held.handle;
    }

    @Override
    public final void close() {
        cleanable.clean();
    }
}
