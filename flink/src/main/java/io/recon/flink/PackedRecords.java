package io.recon.flink;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * What one message held: packed records one behind the other (flink/native/packed.h has the bytes). Most often one; none where
 * the message was ignored. Never changed once made.
 */
public final class PackedRecords {
    /** The type, for Flink. */
    public static final TypeInformation<PackedRecords> TYPE =
            new ValueType<>(PackedRecords.class, new PackedRecordsSerializer());

    /** No time at all. */
    public static final long NO_TIME = Long.MIN_VALUE;

    static final int FIXED_BYTES = 56;
    static final int KEY_GROUP_AT = 4;
    static final int KIND_AT = 6;
    static final int FLAGS_AT = 8;
    static final int TIME_AT = 32;
    static final int KIND_REJECTED = 2;
    static final int FLAG_TIME = 1;
    static final int FLAG_EMITTED = 2;
    static final int FLAG_OFFSET = 4;
    static final int PARTITION_BITS = 16;

    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

    final byte[] bytes;

    PackedRecords(byte[] bytes) {
        this.bytes = bytes;
    }

    /** How a partition is numbered within its stream. */
    static int partition(int topicNumber, int partition) {
        if (topicNumber < 0 || topicNumber >= 1 << PARTITION_BITS || partition < 0 || partition >= 1 << PARTITION_BITS) {
            throw new IllegalArgumentException("topic " + topicNumber + " and partition " + partition + " don't fit 16 bits each");
        }
        return topicNumber << PARTITION_BITS | partition;
    }

    static int sizeAt(byte[] bytes, int at) {
        return (int) INT.get(bytes, at);
    }

    static int keyGroupAt(byte[] bytes, int at) {
        return (short) SHORT.get(bytes, at + KEY_GROUP_AT) & 0xffff;
    }

    /** Whether the message held none. */
    public boolean isEmpty() {
        return bytes.length == 0;
    }

    /** How many records there are. */
    public int count() {
        int count = 0;
        for (int at = 0; at < bytes.length; at += sizeAt(bytes, at)) {
            count++;
        }
        return count;
    }

    /** The largest event time of the records and heartbeats that can be read, {@link #NO_TIME} where none has one. */
    public long maxTime() {
        return maxTime(Long.MAX_VALUE);
    }

    /** The same, of those times that are no larger than the limit: what is further ahead moves no watermark. */
    public long maxTime(long limit) {
        long max = NO_TIME;
        for (int at = 0; at < bytes.length; at += sizeAt(bytes, at)) {
            if (bytes[at + KIND_AT] != KIND_REJECTED && (bytes[at + FLAGS_AT] & FLAG_TIME) != 0) {
                long time = (long) LONG.get(bytes, at + TIME_AT);
                if (time <= limit && time > max) {
                    max = time;
                }
            }
        }
        return max;
    }

    /** Its serialiser. */
    public static final class PackedRecordsSerializer extends ValueSerializer<PackedRecords> {
        private static final long serialVersionUID = 1L;
        private static final int VERSION = 1;

        @Override
        public PackedRecords createInstance() {
            return new PackedRecords(new byte[0]);
        }

        @Override
        public void serialize(PackedRecords record, DataOutputView target) throws IOException {
            target.writeByte(VERSION);
            target.writeInt(record.bytes.length);
            target.write(record.bytes);
        }

        @Override
        public PackedRecords deserialize(DataInputView source) throws IOException {
            checkVersion(source.readByte(), VERSION, "packed records");
            byte[] bytes = new byte[source.readInt()];
            source.readFully(bytes);
            return new PackedRecords(bytes);
        }

        @Override
        public TypeSerializerSnapshot<PackedRecords> snapshotConfiguration() {
            return new Snapshot();
        }

        /** Its snapshot. */
        public static final class Snapshot extends SimpleTypeSerializerSnapshot<PackedRecords> {
            public Snapshot() {
                super(PackedRecordsSerializer::new);
            }
        }
    }
}
