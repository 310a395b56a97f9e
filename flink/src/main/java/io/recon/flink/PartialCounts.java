package io.recon.flink;

import java.io.IOException;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * What a matcher tells the windows: W and R as they are now, and the counts by window since it told them last. Counts always
 * count; W and R only where they are of the attempt that runs now, for after a restart W may be lower for a while. An attempt
 * is named after the checkpoint that it began from: whatever is in flight in a checkpoint is of an attempt with a lower number.
 * Never changed once made.
 */
public final class PartialCounts {
    /** The type, for Flink. */
    public static final TypeInformation<PartialCounts> TYPE =
            new ValueType<>(PartialCounts.class, new PartialCountsSerializer());

    /** An attempt that began from nothing. */
    static final long FIRST_ATTEMPT = -1;

    final long attempt;
    final int subtask;
    final int subtaskCount;
    final long watermark;
    final long retentionBound;
    final int basis;
    final byte[] counts; // for each window its index and seven counts, longs in little-endian

    PartialCounts(
            long attempt, int subtask, int subtaskCount, long watermark, long retentionBound, int basis, byte[] counts) {
        this.attempt = attempt;
        this.subtask = subtask;
        this.subtaskCount = subtaskCount;
        this.watermark = watermark;
        this.retentionBound = retentionBound;
        this.basis = basis;
        this.counts = counts;
    }

    /** Its serialiser. */
    public static final class PartialCountsSerializer extends ValueSerializer<PartialCounts> {
        private static final long serialVersionUID = 1L;
        private static final int VERSION = 1;

        @Override
        public PartialCounts createInstance() {
            return new PartialCounts(FIRST_ATTEMPT, 0, 1, Long.MIN_VALUE, Long.MIN_VALUE, 0, new byte[0]);
        }

        @Override
        public void serialize(PartialCounts record, DataOutputView target) throws IOException {
            target.writeByte(VERSION);
            target.writeLong(record.attempt);
            target.writeInt(record.subtask);
            target.writeInt(record.subtaskCount);
            target.writeLong(record.watermark);
            target.writeLong(record.retentionBound);
            target.writeByte(record.basis);
            target.writeInt(record.counts.length);
            target.write(record.counts);
        }

        @Override
        public PartialCounts deserialize(DataInputView source) throws IOException {
            checkVersion(source.readByte(), VERSION, "partial counts");
            long attempt = source.readLong();
            int subtask = source.readInt();
            int subtaskCount = source.readInt();
            long watermark = source.readLong();
            long retentionBound = source.readLong();
            int basis = source.readByte();
            byte[] counts = new byte[source.readInt()];
            source.readFully(counts);
            return new PartialCounts(attempt, subtask, subtaskCount, watermark, retentionBound, basis, counts);
        }

        @Override
        public TypeSerializerSnapshot<PartialCounts> snapshotConfiguration() {
            return new Snapshot();
        }

        /** Its snapshot. */
        public static final class Snapshot extends SimpleTypeSerializerSnapshot<PartialCounts> {
            public Snapshot() {
                super(PartialCountsSerializer::new);
            }
        }
    }
}
