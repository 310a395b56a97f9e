package io.recon.flink;

import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/** Packs a program's own records. */
final class RecordPacker extends AbstractStreamOperator<PackedRecords>
        implements OneInputStreamOperator<ReconRecord, PackedRecords> {
    private static final long serialVersionUID = 1L;

    private final Stream stream;
    private final ReconSettings settings;
    private final int keyGroupCount;

    private transient NativePacker packer;

    RecordPacker(Stream stream, ReconSettings settings, int keyGroupCount) {
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
        PackedRecords packed = packer.pack(stream.ordinal(), record, settings.topicNumber(stream, record.topic));
        output.collect(new StreamRecord<>(packed));
    }

    @Override
    public void close() throws Exception {
        if (packer != null) {
            packer.close();
        }
        super.close();
    }
}
