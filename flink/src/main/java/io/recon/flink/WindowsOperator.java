package io.recon.flink;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeutils.base.array.BytePrimitiveArraySerializer;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;

/**
 * The windows: adds up the partial counts of all matchers and gives the metrics. Of parallelism 1.
 *
 * <p>W and R are the lowest of those of the matchers of this attempt, once all have spoken; they never fall, though matchers may
 * begin lower after a restart. The windows, their revisions and what they were told are state.
 */
public final class WindowsOperator extends AbstractStreamOperator<ReconResult>
        implements OneInputStreamOperator<PartialCounts, ReconResult> {
    private static final long serialVersionUID = 1L;

    private static final int BASIS_END = 2;
    private static final String STATE = "recon-windows";

    private final ReconSettings settings;
    private final int keyGroupCount;

    private transient NativeWindows windows;
    private transient ListState<byte[]> saved;
    private transient ResultBuffer results;
    private transient long attempt;
    private transient boolean[] hasSpoken; // by matcher; null: none has
    private transient int silentCount;
    private transient long[] watermarks;
    private transient long[] retentionBounds;
    private transient long[] look;

    /**
     * Makes one.
     *
     * @param keyGroupCount the maximum parallelism of the matchers
     */
    public WindowsOperator(ReconSettings settings, int keyGroupCount) {
        this.settings = settings;
        this.keyGroupCount = keyGroupCount;
    }

    @Override
    public void initializeState(StateInitializationContext context) throws Exception {
        super.initializeState(context);
        attempt = context.getRestoredCheckpointId().orElse(PartialCounts.FIRST_ATTEMPT);
        results = new ResultBuffer();
        look = new long[NativeMatcher.LOOK_STATS];
        saved =
                context.getOperatorStateStore()
                        .getListState(new ListStateDescriptor<>(STATE, BytePrimitiveArraySerializer.INSTANCE));
        byte[] state = null;
        for (byte[] one : saved.get()) {
            if (state != null) {
                throw new IllegalStateException("the windows' state is there twice: the operator must have parallelism 1");
            }
            state = one;
        }
        windows = new NativeWindows(settings.toNative(keyGroupCount, -1), state); // -1: no limit
    }

    @Override
    public void close() throws Exception {
        if (windows != null) {
            windows.close();
        }
        super.close();
    }

    @Override
    public void snapshotState(StateSnapshotContext context) throws Exception {
        super.snapshotState(context);
        saved.update(List.of(windows.snapshot(ByteBuffer.allocateDirect(64 << 10))));
    }

    @Override
    public void processElement(StreamRecord<PartialCounts> element) {
        PartialCounts told = element.getValue();
        if (told.counts.length > 0) {
            windows.add(told.counts);
        }
        if (told.attempt != attempt) {
            return; // in flight when the checkpoint was taken: its matcher speaks again
        }
        if (hasSpoken == null) {
            hasSpoken = new boolean[told.subtaskCount];
            silentCount = told.subtaskCount;
            watermarks = new long[told.subtaskCount];
            retentionBounds = new long[told.subtaskCount];
        }
        if (told.subtaskCount != hasSpoken.length) {
            throw new IllegalStateException(
                    "a matcher says it is one of " + told.subtaskCount + ", another one of " + hasSpoken.length);
        }
        if (!hasSpoken[told.subtask]) {
            hasSpoken[told.subtask] = true;
            silentCount--;
        }
        watermarks[told.subtask] = told.watermark;
        retentionBounds[told.subtask] = told.retentionBound;
        if (silentCount == 0) {
            rise(lowest(watermarks), lowest(retentionBounds), told.basis);
        }
    }

    private static long lowest(long[] values) {
        return Arrays.stream(values).min().getAsLong();
    }

    private void rise(long watermark, long retentionBound, int basis) {
        if (!windows.rise(watermark, retentionBound, basis)) {
            return;
        }
        for (boolean isMore = true; isMore; ) {
            long drained = windows.drain(results.buffer());
            int size = (int) (drained & (NativeMatcher.IS_MORE - 1));
            isMore = (drained & NativeMatcher.IS_MORE) != 0;
            results.emit(size, output);
            if (isMore && size == 0) {
                windows.look(look);
                results.grow(look[NativeMatcher.LOOK_NEXT_RESULT]);
            }
        }
    }

    @Override
    public void processWatermark(Watermark mark) throws Exception {
        if (mark.getTimestamp() == Long.MAX_VALUE) {
            // All matchers are at their end; after a restart, those that had finished don't speak again.
            rise(Long.MAX_VALUE, Long.MAX_VALUE, BASIS_END);
        }
        super.processWatermark(mark);
    }

    @Override
    public void processWatermarkStatus(WatermarkStatus status) {
        // matchers are never idle
    }
}
