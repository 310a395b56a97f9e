package io.recon.flink;

import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/** Puts into blocks what a decoder has packed. */
final class BlockPacker extends Blocks<PackedRecords> {
    private static final long serialVersionUID = 1L;

    BlockPacker(Stream stream, int keyGroupCount, long latencyMs) {
        super(stream, keyGroupCount, latencyMs);
    }

    @Override
    public void processElement(StreamRecord<PackedRecords> element) {
        PackedRecords packed = element.getValue();
        if (!packed.isEmpty()) {
            add(packed.bytes, packed.bytes.length);
            await();
        }
    }

    @Override
    void complete() {}
}
