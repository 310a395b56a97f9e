package io.recon.flink;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.core.memory.ManagedMemoryUseCase;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.apache.flink.streaming.util.KeyedTwoInputStreamOperatorTestHarness;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;

/**
 * Matchers and windows as a job has them, in harnesses, told a trace as the sources would tell it: blocks, watermarks, and IDLE
 * once z has passed since the largest time last rose.
 */
final class TraceHarness implements AutoCloseable {
    static final int MAX_PARALLELISM = 8;

    /** All input is always read here. */
    static final class DrainedMatcher extends MatcherOperator {
        private static final long serialVersionUID = 1L;

        DrainedMatcher(ReconSettings settings) {
            super(settings);
        }

        @Override
        boolean isInputDrained() {
            return true;
        }
    }

    private final ReconSettings settings;
    private final NativePacker packer;
    private final KeyGroups groups = new KeyGroups(MAX_PARALLELISM);
    private final List<KeyedTwoInputStreamOperatorTestHarness<Integer, Block, Block, ReconResult>> matchers = new ArrayList<>();
    private OneInputStreamOperatorTestHarness<PartialCounts, ReconResult> windows;
    private long checkpoint;
    private long now;

    // What a source knows of each input.
    private final boolean[] hasMax = new boolean[2];
    private final long[] max = new long[2];
    private final long[] last = new long[2];
    private final boolean[] idle = new boolean[2];
    private final boolean[] ended = new boolean[2];

    final List<String> breaks = new ArrayList<>();
    final List<String> metrics = new ArrayList<>();

    TraceHarness(ReconSettings settings, int parallelism, long now) throws Exception {
        this.settings = settings;
        this.now = now;
        packer = new NativePacker(settings.toNative(MAX_PARALLELISM, -1));
        last[0] = now;
        last[1] = now;
        open(parallelism, null, 0, null);
    }

    private void open(int parallelism, OperatorSubtaskState state, int oldParallelism, OperatorSubtaskState windowsState)
            throws Exception {
        windows = new OneInputStreamOperatorTestHarness<>(new WindowsOperator(settings, MAX_PARALLELISM));
        windows.setup(ReconResult.TYPE.createSerializer(new org.apache.flink.api.common.serialization.SerializerConfigImpl()));
        if (windowsState != null) {
            windows.setRestoredCheckpointId(checkpoint);
            windows.initializeState(windowsState);
        }
        windows.open();
        for (int i = 0; i < parallelism; i++) {
            KeyedTwoInputStreamOperatorTestHarness<Integer, Block, Block, ReconResult> matcher =
                    new KeyedTwoInputStreamOperatorTestHarness<>(
                            new DrainedMatcher(settings), groups, groups, Types.INT, MAX_PARALLELISM, parallelism, i);
            matcher.getStreamConfig().setManagedMemoryFractionOperatorOfUseCase(ManagedMemoryUseCase.OPERATOR, 1.0);
            matcher.getStreamConfig().serializeAllConfigs();
            matcher.setProcessingTime(now);
            matcher.setup(ReconResult.TYPE.createSerializer(new org.apache.flink.api.common.serialization.SerializerConfigImpl()));
            if (state != null) {
                matcher.setRestoredCheckpointId(checkpoint);
                matcher.initializeState(
                        AbstractStreamOperatorTestHarness.repartitionOperatorState(
                                state, MAX_PARALLELISM, oldParallelism, parallelism, i));
            }
            matcher.open();
            matchers.add(matcher);
        }
        tick();
    }

    private MatcherOperator operator(KeyedTwoInputStreamOperatorTestHarness<Integer, Block, Block, ReconResult> matcher) {
        return (MatcherOperator) matcher.getOperator();
    }

    private void tick() throws Exception {
        for (var matcher : matchers) {
            matcher.setProcessingTime(now);
            operator(matcher).tick();
        }
        collect();
    }

    /** Moves what came out: partial counts to the windows, results to the lists. */
    private void collect() throws Exception {
        for (var matcher : matchers) {
            var counts = matcher.getSideOutput(MatcherOperator.COUNTS);
            while (counts != null && !counts.isEmpty()) {
                windows.processElement(counts.poll());
            }
            take(matcher.getOutput(), breaks);
        }
        take(windows.getOutput(), metrics);
    }

    private static void take(Queue<Object> output, List<String> results) {
        while (!output.isEmpty()) {
            if (output.poll() instanceof StreamRecord<?> record) {
                results.add(((ReconResult) record.getValue()).json());
            }
        }
    }

    // --- the trace -------------------------------------------------------------------------------------------------

    void apply(Trace.Step step) throws Exception {
        moveClock(step.at());
        int stream = step.stream() == null ? 0 : step.stream().ordinal();
        switch (step.kind()) {
            case CLOCK -> {}
            case RECORD -> handle(stream, step.record());
            case ALIVE -> {
                last[stream] = now;
                wake(stream);
                tick();
            }
            case END -> {
                ended[stream] = true;
                watermark(stream, Watermark.MAX_WATERMARK);
            }
        }
        collect();
    }

    private void moveClock(long at) throws Exception {
        now = at;
        for (int stream = 0; stream < 2; stream++) {
            if (settings.idleTimeoutMs() != Long.MAX_VALUE
                    && !ended[stream]
                    && !idle[stream]
                    && now - last[stream] >= settings.idleTimeoutMs()) {
                idle[stream] = true;
                status(stream, WatermarkStatus.IDLE);
            }
        }
        tick();
    }

    private void handle(int stream, ReconRecord record) throws Exception {
        PackedRecords packed =
                packer.pack(stream, record, settings.topicNumber(Stream.values()[stream], record.topic));
        int group = PackedRecords.keyGroupAt(packed.bytes, 0);
        Block block = new Block(stream, group, 1, packed.bytes);
        var matcher =
                matchers.get(
                        KeyGroupRangeAssignment.computeOperatorIndexForKeyGroup(MAX_PARALLELISM, matchers.size(), group));
        if (stream == 0) {
            matcher.processElement1(new StreamRecord<>(block));
        } else {
            matcher.processElement2(new StreamRecord<>(block));
        }
        collect();
        boolean isPoisoned =
                settings.maxFutureSkewMs() != Long.MAX_VALUE && record.time > now + settings.maxFutureSkewMs();
        if (record.kind != ReconRecord.KIND_REJECTED
                && record.hasTime
                && !isPoisoned
                && (!hasMax[stream] || record.time > max[stream])) {
            hasMax[stream] = true;
            max[stream] = record.time;
            last[stream] = now;
            wake(stream);
            watermark(stream, new Watermark(record.time - settings.outOfOrdernessMs() - 1));
        }
    }

    private void wake(int stream) throws Exception {
        if (idle[stream]) {
            idle[stream] = false;
            status(stream, WatermarkStatus.ACTIVE);
        }
    }

    private void status(int stream, WatermarkStatus status) throws Exception {
        for (var matcher : matchers) {
            if (stream == 0) {
                matcher.processWatermarkStatus1(status);
            } else {
                matcher.processWatermarkStatus2(status);
            }
        }
    }

    private void watermark(int stream, Watermark mark) throws Exception {
        for (var matcher : matchers) {
            if (stream == 0) {
                matcher.processWatermark1(mark);
            } else {
                matcher.processWatermark2(mark);
            }
        }
    }

    /** The moment at which an input that is not idle yet will be; Long.MAX_VALUE: none. */
    long nextIdle() {
        long next = Long.MAX_VALUE;
        for (int stream = 0; stream < 2; stream++) {
            if (settings.idleTimeoutMs() != Long.MAX_VALUE && !ended[stream] && !idle[stream]) {
                next = Math.min(next, last[stream] + settings.idleTimeoutMs());
            }
        }
        return next;
    }

    // --- restarts --------------------------------------------------------------------------------------------------

    /** Stops with a checkpoint and goes on from it with as many matchers; all inputs are alive then. */
    void restart(int parallelism) throws Exception {
        checkpoint++;
        OperatorSubtaskState[] states = new OperatorSubtaskState[matchers.size()];
        for (int i = 0; i < states.length; i++) {
            matchers.get(i).prepareSnapshotPreBarrier(checkpoint);
            states[i] = matchers.get(i).snapshot(checkpoint, now);
        }
        OperatorSubtaskState windowsState = windows.snapshot(checkpoint, now);
        collect();
        closeAll();
        open(parallelism, AbstractStreamOperatorTestHarness.repackageState(states), states.length, windowsState);
        for (int stream = 0; stream < 2; stream++) {
            last[stream] = now;
            idle[stream] = false;
            if (ended[stream]) {
                watermark(stream, Watermark.MAX_WATERMARK); // its source has finished, and says so again
            }
        }
        collect();
    }

    boolean hasEnded(int stream) {
        return ended[stream];
    }

    private void closeAll() throws Exception {
        for (var matcher : matchers) {
            matcher.close();
        }
        matchers.clear();
        windows.close();
    }

    @Override
    public void close() throws Exception {
        closeAll();
        packer.close();
    }
}
