package io.recon.flink;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Packs records that a program made: they are added one by one, and packed many at a time. */
final class NativePacker extends NativeHandle {
    private static final int FIXED_BYTES = 40;
    private static final int FULL_BYTES = 16 << 10;
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private byte[] in = new byte[2 * FULL_BYTES];
    private int used;
    private byte[] out = new byte[4 * FULL_BYTES];

    NativePacker(byte[] settings) {
        super(create(settings), NativePacker::release);
    }

    /** Takes a record; whether there are enough now to be packed. */
    boolean add(int stream, ReconRecord record, int topicNumber) {
        reserve(FIXED_BYTES);
        int at = used;
        int flags =
                (record.hasTime ? PackedRecords.FLAG_TIME : 0)
                        | (record.hasEmittedTime ? PackedRecords.FLAG_EMITTED : 0)
                        | (record.hasOffset ? PackedRecords.FLAG_OFFSET : 0);
        INT.set(in, at, stream | record.kind << 8 | record.reason << 16 | flags << 24);
        INT.set(in, at + 4, record.idCount);
        LONG.set(in, at + 8, record.time);
        LONG.set(in, at + 16, record.emittedTime);
        LONG.set(in, at + 24, record.offset);
        INT.set(in, at + 32, PackedRecords.partition(topicNumber, record.partition));
        INT.set(in, at + 36, record.place);
        used = at + FIXED_BYTES;
        put(record.source);
        for (int i = 0; i < record.idCount; i++) {
            put(record.id[i]);
        }
        put(record.context);
        return used >= FULL_BYTES;
    }

    /** Packs all that were added since, into blocks. */
    void pack(NativeBlocks into) {
        packInto(handle(), in, used, into.handle());
        used = 0;
    }

    /** Packs all that were added since, into {@link #packed}; how many bytes they take. */
    int pack() {
        if (used == 0) {
            return 0;
        }
        if (out.length < 2 * used) {
            out = new byte[2 * used];
        }
        int size = pack(handle(), in, used, out);
        used = 0;
        return size;
    }

    /** The records packed last, one behind the other; good until the next are. */
    byte[] packed() {
        return out;
    }

    /** Packs one. */
    PackedRecords pack(int stream, ReconRecord record, int topicNumber) {
        add(stream, record, topicNumber);
        int size = pack();
        return new PackedRecords(Arrays.copyOf(out, size));
    }

    private void put(String text) {
        if (text == null) {
            reserve(Integer.BYTES);
            INT.set(in, used, -1);
            used += Integer.BYTES;
            return;
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        reserve(Integer.BYTES + bytes.length);
        INT.set(in, used, bytes.length);
        System.arraycopy(bytes, 0, in, used + Integer.BYTES, bytes.length);
        used += Integer.BYTES + bytes.length;
    }

    private void reserve(int size) {
        if (in.length - used < size) {
            in = Arrays.copyOf(in, 2 * (used + size));
        }
    }

    private static native long create(byte[] settings);

    private static native void release(long handle);

    private static native void packInto(long handle, byte[] in, int size, long blocks);

    private static native int pack(long handle, byte[] in, int size, byte[] out);
}
