package io.recon.flink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Packs records that a program made. */
final class NativePacker extends NativeHandle {
    private ByteBuffer in = ByteBuffer.allocateDirect(4096).order(ByteOrder.LITTLE_ENDIAN);
    private ByteBuffer out = ByteBuffer.allocateDirect(4096).order(ByteOrder.LITTLE_ENDIAN);

    NativePacker(byte[] settings) {
        super(create(settings), NativePacker::release);
    }

    PackedRecords pack(int stream, ReconRecord record, int topicNumber) {
        in.clear();
        in.put((byte) stream).put((byte) record.kind).put((byte) record.reason);
        in.put(
                (byte)
                        ((record.hasTime ? PackedRecords.FLAG_TIME : 0)
                                | (record.hasEmittedTime ? PackedRecords.FLAG_EMITTED : 0)
                                | (record.hasOffset ? PackedRecords.FLAG_OFFSET : 0)));
        in.putLong(record.time).putLong(record.emittedTime).putLong(record.offset);
        in.putInt(PackedRecords.partition(topicNumber, record.partition)).putInt(record.place);
        in.putInt(record.id.length);
        for (String field : record.id) {
            put(field);
        }
        put(record.source);
        put(record.context);
        int size = pack(handle(), in, in.position(), out);
        if (size < 0) {
            out = ByteBuffer.allocateDirect(-size).order(ByteOrder.LITTLE_ENDIAN);
            size = pack(handle(), in, in.position(), out);
        }
        byte[] bytes = new byte[size];
        out.get(0, bytes);
        return new PackedRecords(bytes);
    }

    private void put(String text) {
        if (text == null) {
            reserve(4);
            in.putInt(-1);
            return;
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        reserve(4 + bytes.length);
        in.putInt(bytes.length).put(bytes);
    }

    private void reserve(int size) {
        if (in.remaining() < size) {
            ByteBuffer larger =
                    ByteBuffer.allocateDirect(2 * (in.position() + size)).order(ByteOrder.LITTLE_ENDIAN);
            larger.put(in.flip());
            in = larger;
        }
    }

    private static native long create(byte[] settings);

    private static native void release(long handle);

    private static native int pack(long handle, ByteBuffer in, int size, ByteBuffer out);
}
