package io.recon.flink;

import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/** Packs a program's own records, many at a time, and puts them into blocks. */
final class RecordPacker extends Blocks<ReconRecord> {
    private static final long serialVersionUID = 1L;

    private final Stream stream;
    private final ReconSettings settings;
    private final int keyGroupCount;

    private transient NativePacker packer;

    RecordPacker(Stream stream, ReconSettings settings, int keyGroupCount, long latencyMs) {
        super(stream, keyGroupCount, latencyMs);
        this.stream = stream;
        this.settings = settings;
        this.keyGroupCount = keyGroupCount;
    }

    @Override
    public void open() throws Exception {
        super.open();
        packer = new NativePacker(settings.toNative(keyGroupCount, -1));
    }

    @Override
    public void processElement(StreamRecord<ReconRecord> element) {
        ReconRecord record = element.getValue();
        if (packer.add(stream.ordinal(), record, settings.topicNumber(stream, record.topic))) {
            complete();
        }
        await();
    }

    @Override
    void complete() {
        int size = packer.pack();
        add(packer.packed(), size);
    }

    @Override
    public void close() throws Exception {
        if (packer != null) {
            packer.close();
        }
        super.close();
    }
}
