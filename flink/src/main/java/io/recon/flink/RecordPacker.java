package io.recon.flink;

import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/** Packs a program's own records, many at a time, into blocks. */
final class RecordPacker<T> extends Blocks<T> {
    private static final long serialVersionUID = 1L;

    private final Stream stream;
    private final ReconMapping<T> mapping;
    private final ReconSettings settings;
    private final int keyGroupCount;

    private transient NativePacker packer;
    private transient ReconRecord record; // of every element in turn

    RecordPacker(Stream stream, ReconMapping<T> mapping, ReconSettings settings, int keyGroupCount, long latencyMs) {
        super(stream, keyGroupCount, latencyMs);
        this.stream = stream;
        this.mapping = mapping;
        this.settings = settings;
        this.keyGroupCount = keyGroupCount;
    }

    @Override
    public void open() throws Exception {
        super.open();
        packer = new NativePacker(settings.toNative(keyGroupCount, -1));
        record = ReconRecord.of();
    }

    @Override
    public void processElement(StreamRecord<T> element) throws Exception {
        ReconRecord mapped = mapping.map(element.getValue(), record.clear());
        if (mapped != null) {
            gathered(packer.add(stream.ordinal(), mapped, settings.topicNumber(stream, mapped.topic)));
        }
    }

    @Override
    void gather(NativeBlocks into) {
        packer.pack(into);
    }

    @Override
    public void close() throws Exception {
        if (packer != null) {
            packer.close();
        }
        super.close();
    }
}
