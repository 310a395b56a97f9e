package io.recon.flink;

import java.util.Arrays;
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

    private static final int BLOCK_BYTES_MAX = 16 << 10;
    private static final int BLOCK_BYTES_MIN = 1 << 10;
    private static final int ALL_BYTES_MAX = 16 << 20; // of the blocks under construction together

    private final int stream;
    private final int keyGroupCount;
    private final long latencyMs;
    private final int blockBytes;

    private transient byte[][] bytes; // by key group; null: none yet
    private transient int[] used;
    private transient int[] counts;
    private transient int[] begun; // the key groups that got records since the last flush, in order of their first
    private transient boolean[] isBegun;
    private transient int begunCount;
    private transient boolean hasTimer;
    private transient boolean isIdle; // the source says so

    /**
     * Makes one.
     *
     * @param keyGroupCount the maximum parallelism of the matcher that the blocks go to
     * @param latencyMs how long a record waits at most for others
     */
    Blocks(Stream stream, int keyGroupCount, long latencyMs) {
        this.stream = stream.ordinal();
        this.keyGroupCount = keyGroupCount;
        this.latencyMs = latencyMs;
        blockBytes = Math.max(BLOCK_BYTES_MIN, Math.min(BLOCK_BYTES_MAX, ALL_BYTES_MAX / keyGroupCount));
    }

    @Override
    public void open() throws Exception {
        super.open();
        bytes = new byte[keyGroupCount][];
        used = new int[keyGroupCount];
        counts = new int[keyGroupCount];
        begun = new int[keyGroupCount];
        isBegun = new boolean[keyGroupCount];
    }

    /** Takes packed records. */
    final void add(byte[] packed, int length) {
        for (int at = 0; at < length; ) {
            int size = PackedRecords.sizeAt(packed, at);
            add(PackedRecords.keyGroupAt(packed, at), packed, at, size);
            at += size;
        }
    }

    /** Something waits: it will leave when the latency is over. */
    final void await() {
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

    /** What is not in a block yet is to be {@link #add added}. */
    abstract void complete();

    private void add(int group, byte[] packed, int at, int size) {
        if (used[group] + size > blockBytes && used[group] > 0) {
            send(group);
        }
        if (!isBegun[group]) {
            isBegun[group] = true;
            begun[begunCount++] = group;
        }
        if (bytes[group] == null || bytes[group].length < used[group] + size) {
            int room = Math.max(used[group] + size, Math.min(blockBytes, Math.max(256, 2 * used[group])));
            bytes[group] = bytes[group] == null ? new byte[room] : Arrays.copyOf(bytes[group], room);
        }
        System.arraycopy(packed, at, bytes[group], used[group], size);
        used[group] += size;
        counts[group]++;
    }

    private void send(int group) {
        output.collect(new StreamRecord<>(new Block(stream, group, counts[group], bytes[group], used[group])));
        used[group] = 0;
        counts[group] = 0;
        if (bytes[group].length > blockBytes) {
            bytes[group] = null; // a record of its own size
        }
    }

    private void flush() {
        complete();
        for (int i = 0; i < begunCount; i++) {
            isBegun[begun[i]] = false;
            if (counts[begun[i]] > 0) {
                send(begun[i]);
            }
        }
        begunCount = 0;
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
