package io.recon.flink;

import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;

/**
 * Puts records into blocks, one under construction for each key group, so that serialisation, network and JNI are paid
 * for by block. A block leaves when it is full, before a watermark or a checkpoint's barrier passes, at the end, and after at
 * most the latency. So it has no state, and no record is overtaken by the watermark that it caused.
 *
 * <p>While the source is idle it says ACTIVE before each barrier and IDLE again right after it. A checkpoint that is not aligned
 * holds what is in flight: if that ended with IDLE, the receiver would pass over this channel's watermarks after a restart, for a
 * source begins as active and so does not say it. The matcher knows that such a moment is no waking.
 */
abstract class Blocks<T> extends AbstractStreamOperator<Block> implements OneInputStreamOperator<T, Block> {
    private static final long serialVersionUID = 1L;

    private final Stream stream;
    private final int keyGroupCount;
    private final long latencyMs;

    private transient NativeBlocks blocks;
    private transient boolean hasTimer;
    private transient boolean isIdle; // the source says so

    /**
     * Makes one.
     *
     * @param keyGroupCount the maximum parallelism of the matcher that the blocks go to
     * @param latencyMs how long a record waits at most for others
     */
    Blocks(Stream stream, int keyGroupCount, long latencyMs) {
        this.stream = stream;
        this.keyGroupCount = keyGroupCount;
        this.latencyMs = latencyMs;
    }

    @Override
    public void open() throws Exception {
        super.open();
        blocks = new NativeBlocks(keyGroupCount);
    }

    @Override
    public void close() throws Exception {
        if (blocks != null) {
            blocks.close();
        }
        super.close();
    }

    final Stream stream() {
        return stream;
    }

    /** Puts what was gathered into the blocks. */
    abstract void gather(NativeBlocks into);

    /** Something was gathered: it will leave when the latency is over, and now if that is enough. */
    final void gathered(boolean isEnough) {
        if (isEnough) {
            gather(blocks);
            send();
        }
        if (hasTimer) {
            return;
        }
        hasTimer = true;
        long now = getProcessingTimeService().getCurrentProcessingTime();
        getProcessingTimeService().registerTimer(now + latencyMs, time -> {
            hasTimer = false;
            flush();
        });
    }

    private void send() {
        for (Block block; (block = blocks.next(stream.ordinal())) != null; ) {
            output.collect(new StreamRecord<>(block));
        }
    }

    private void flush() {
        gather(blocks);
        blocks.flush();
        send();
    }

    @Override
    public void processWatermark(Watermark mark) throws Exception {
        flush();
        super.processWatermark(mark);
    }

    @Override
    public void processWatermarkStatus(WatermarkStatus status) throws Exception {
        flush();
        isIdle = status.isIdle();
        super.processWatermarkStatus(status);
    }

    @Override
    public void prepareSnapshotPreBarrier(long checkpointId) {
        flush();
        if (!isIdle) {
            return;
        }
        output.emitWatermarkStatus(WatermarkStatus.ACTIVE);
        long now = getProcessingTimeService().getCurrentProcessingTime();
        getProcessingTimeService().registerTimer(now, time -> {
            if (isIdle) {
                output.emitWatermarkStatus(WatermarkStatus.IDLE);
            }
        });
    }

    @Override
    public void finish() throws Exception {
        flush();
        super.finish();
    }
}
