package io.recon.flink;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;

/**
 * Matchers and windows as a job has them, in harnesses, told a trace as the sources would tell it: blocks, watermarks, and IDLE
 * once z has passed since the largest time last rose. All of it at once; or, where there is a random source of delays, through
 * queues: of each matcher and input one, and one of the windows.
 */
final class TraceHarness implements AutoCloseable {
    static final int MAX_PARALLELISM = 8;

    /** Its input is what the harness has queued for it. */
    static final class QueuedMatcher extends MatcherOperator {
        Channels channels;

        QueuedMatcher(StreamOperatorParameters<ReconResult> parameters, ReconSettings settings) {
            super(parameters, settings);
        }

        @Override
        boolean isInputDrained() {
            return channels.isEmpty();
        }

        @Override
        MatcherSnapshot.Sizes snapshotSizes() {
            return new MatcherSnapshot.Sizes(1500, 2, 1);
        }
    }

    /** What is on the way to one matcher: blocks, watermarks and statuses, by input. */
    static final class Channels {
        final List<ArrayDeque<Object>> inputs = List.of(new ArrayDeque<>(), new ArrayDeque<>());

        boolean isEmpty() {
            return inputs.get(0).isEmpty() && inputs.get(1).isEmpty();
        }
    }

    private final ReconSettings settings;
    private final NativePacker packer;
    private final List<MatcherHarness<QueuedMatcher>> matchers = new ArrayList<>();
    private final List<Channels> channels = new ArrayList<>();
    private final List<ReconRecord> told = new ArrayList<>();
    private final ArrayDeque<PartialCounts> countsOnTheWay = new ArrayDeque<>();
    private final Random delays; // null: none
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
        this(settings, parallelism, now, null);
    }

    TraceHarness(ReconSettings settings, int parallelism, long now, Random delays) throws Exception {
        this.settings = settings;
        this.delays = delays;
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
            MatcherHarness<QueuedMatcher> matcher =
                    new MatcherHarness<>(settings, QueuedMatcher::new, 1.0, now, MAX_PARALLELISM, parallelism, i);
            if (state != null) {
                matcher.setRestoredCheckpointId(checkpoint);
                matcher.initializeState(
                        AbstractStreamOperatorTestHarness.repartitionOperatorState(
                                state, MAX_PARALLELISM, oldParallelism, parallelism, i));
            }
            matcher.open();
            matchers.add(matcher);
            channels.add(new Channels());
            matcher.matcher().channels = channels.get(i);
        }
        tick();
    }

    private void tick() throws Exception {
        for (var matcher : matchers) {
            if (delays == null || delays.nextInt(4) > 0) {
                matcher.setProcessingTime(now);
                matcher.matcher().tick();
            }
        }
        collect();
    }

    /** Delivers what is on the way: all of it, or as much as the delays let through. */
    private void deliver(boolean isAll) throws Exception {
        for (int i = 0; i < matchers.size(); i++) {
            Channels queued = channels.get(i);
            int budget = isAll ? Integer.MAX_VALUE : delays.nextInt(5);
            for (; budget > 0 && !queued.isEmpty(); budget--) {
                int input = delays != null && delays.nextBoolean() ? 1 : 0;
                input = queued.inputs.get(input).isEmpty() ? 1 - input : input;
                process(matchers.get(i), input, queued.inputs.get(input).poll());
            }
        }
        collect();
        for (int budget = isAll ? Integer.MAX_VALUE : delays.nextInt(5); budget > 0 && !countsOnTheWay.isEmpty(); budget--) {
            windows.processElement(new StreamRecord<>(countsOnTheWay.poll()));
        }
        take(windows.getOutput(), metrics);
    }

    private void send(int matcher, int input, Object element) {
        channels.get(matcher).inputs.get(input).add(element);
    }

    private static void process(
            MatcherHarness<QueuedMatcher> matcher, int input, Object element)
            throws Exception {
        if (element instanceof Block block) {
            matcher.processElement(input, new StreamRecord<>(block));
        } else if (element instanceof Watermark mark) {
            matcher.processWatermark(input, mark);
        } else {
            matcher.processWatermarkStatus(input, (WatermarkStatus) element);
        }
    }

    /** Takes what came out. */
    private void collect() {
        for (var matcher : matchers) {
            var counts = matcher.getSideOutput(MatcherOperator.COUNTS);
            while (counts != null && !counts.isEmpty()) {
                countsOnTheWay.add(counts.poll().getValue());
            }
            take(matcher.getOutput(), breaks);
        }
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
        deliver(delays == null);
    }

    /** Whatever is on the way arrives. */
    void settle() throws Exception {
        deliver(true);
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
        told.add(record);
        send(owner(group), stream, block);
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

    private int owner(int group) {
        return KeyGroupRangeAssignment.computeOperatorIndexForKeyGroup(MAX_PARALLELISM, matchers.size(), group);
    }

    private void status(int stream, WatermarkStatus status) throws Exception {
        for (int i = 0; i < matchers.size(); i++) {
            send(i, stream, status);
        }
        if (delays == null) {
            deliver(true);
        }
    }

    private void watermark(int stream, Watermark mark) {
        for (int i = 0; i < matchers.size(); i++) {
            send(i, stream, mark);
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
        restart(parallelism, true);
    }

    /** The same; what is on the way arrives before an aligned checkpoint, and is part of one that is not. */
    void restart(int parallelism, boolean isAligned) throws Exception {
        checkpoint++;
        if (isAligned) {
            deliver(true);
        }
        List<Channels> onTheWay = List.copyOf(channels);
        SnapshotUnderWay[] underWay = new SnapshotUnderWay[matchers.size()];
        for (int i = 0; i < underWay.length; i++) {
            underWay[i] =
                    new SnapshotUnderWay(matchers.get(i), checkpoint, new SnapshotUnderWay.Storage()).finalizing();
        }
        OperatorSubtaskState windowsState = windows.snapshot(checkpoint, now);
        collect();
        goOn(new Random(checkpoint));
        OperatorSubtaskState[] states = new OperatorSubtaskState[underWay.length];
        for (int i = 0; i < states.length; i++) {
            states[i] = underWay[i].state();
        }
        closeAll();
        open(parallelism, AbstractStreamOperatorTestHarness.repackageState(states), states.length, windowsState);
        for (int stream = 0; stream < 2; stream++) {
            for (Channels old : onTheWay) {
                for (Object element : old.inputs.get(stream)) {
                    if (element instanceof Block block) {
                        send(owner(block.keyGroup), stream, block);
                    }
                }
            }
            last[stream] = now;
            idle[stream] = false;
            if (ended[stream]) {
                watermark(stream, Watermark.MAX_WATERMARK); // its source has finished, and says so again
            } else if (delays != null && hasMax[stream]) {
                watermark(stream, new Watermark(max[stream] - settings.outOfOrdernessMs() - 1)); // as the channels had it
            }
        }
        deliver(delays == null);
    }

    /** What the matchers do behind their checkpoint, while it is written: it is lost with them. */
    private void goOn(Random random) throws Exception {
        for (int i = 0; i < 20 && !told.isEmpty(); i++) {
            int stream = random.nextInt(2);
            if (ended[stream]) {
                continue;
            }
            ReconRecord record = told.get(random.nextInt(told.size()));
            PackedRecords packed = packer.pack(stream, record, settings.topicNumber(Stream.values()[stream], record.topic));
            int group = PackedRecords.keyGroupAt(packed.bytes, 0);
            var matcher = matchers.get(owner(group));
            process(matcher, stream, new Block(stream, group, 1, packed.bytes));
            if (random.nextInt(6) == 0) {
                process(matcher, stream, new Watermark(max[stream] + random.nextInt(200)));
            }
            if (random.nextInt(3) == 0) {
                SnapshotUnderWay.mail(matcher);
            }
        }
    }

    boolean hasEnded(int stream) {
        return ended[stream];
    }

    private void closeAll() throws Exception {
        for (var matcher : matchers) {
            matcher.close();
        }
        matchers.clear();
        channels.clear();
        windows.close();
    }

    @Override
    public void close() throws Exception {
        closeAll();
        packer.close();
    }
}
