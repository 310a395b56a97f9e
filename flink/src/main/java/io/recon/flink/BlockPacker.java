package io.recon.flink;

import java.util.Arrays;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/** Puts into blocks what a decoder has packed. */
final class BlockPacker extends Blocks<PackedRecords> {
    private static final long serialVersionUID = 1L;

    private static final int FULL_BYTES = 16 << 10;

    private transient byte[] gathered;
    private transient int size;

    BlockPacker(Stream stream, int keyGroupCount, long latencyMs) {
        super(stream, keyGroupCount, latencyMs);
    }

    @Override
    public void open() throws Exception {
        super.open();
        gathered = new byte[2 * FULL_BYTES];
    }

    @Override
    public void processElement(StreamRecord<PackedRecords> element) {
        byte[] packed = element.getValue().bytes;
        if (packed.length == 0) {
            return;
        }
        if (gathered.length - size < packed.length) {
            gathered = Arrays.copyOf(gathered, 2 * (size + packed.length));
        }
        System.arraycopy(packed, 0, gathered, size, packed.length);
        size += packed.length;
        gathered(size >= FULL_BYTES);
    }

    @Override
    void gather(NativeBlocks into) {
        into.add(gathered, size);
        size = 0;
        if (gathered.length > 2 * FULL_BYTES) {
            gathered = new byte[2 * FULL_BYTES];
        }
    }
}
