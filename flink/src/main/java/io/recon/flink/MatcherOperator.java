package io.recon.flink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.core.memory.ManagedMemoryUseCase;
import org.apache.flink.runtime.execution.Environment;
import org.apache.flink.runtime.memory.MemoryManager;
import org.apache.flink.runtime.metrics.groups.TaskIOMetricGroup;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractInput;
import org.apache.flink.streaming.api.operators.AbstractStreamOperatorV2;
import org.apache.flink.streaming.api.operators.Input;
import org.apache.flink.streaming.api.operators.MultipleInputStreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.util.OutputTag;

/**
 * The matcher: blocks of the audit stream on the first input, of the event stream on the second; breaks to the output, partial
 * counts to a side output. It holds the C engine's matcher and a watermark of its own, and is told Flink's.
 *
 * <p>Watermark. To the engine each input is one partition. Its largest time is Flink's watermark + n + 1. An input that is
 * ACTIVE is alive; one that is IDLE has waited z already, as the sources say so after z. The engine's clock is not the wall
 * clock but goes on with it: while an input is ACTIVE (which then can't become idle by it), and otherwise only from one moment
 * at which all queued input was read to the next. So back pressure is not silence. Within z of a start no IDLE counts: no source
 * can know yet, and one that was in flight in a checkpoint is stale. IDLE is not passed on: downstream, valves ignore the
 * watermarks of idle channels, and no window would close in a total silence.
 *
 * <p>State. Raw keyed state ({@link MatcherState}), written while records are handled ({@link MatcherSnapshot}): after rescaling the lowest W and R of the key groups count. What a rise has
 * caused is sent within the same call, so a checkpoint never sees half of one; counts since the last rise are state.
 *
 * <p>Memory. The engine gets the operator's share of managed memory as its limit. Passing it fails the job with a message that
 * names the setting.
 */
public class MatcherOperator extends AbstractStreamOperatorV2<ReconResult>
        implements MultipleInputStreamOperator<ReconResult> {
    /** The side output of partial counts. */
    public static final OutputTag<PartialCounts> COUNTS = new OutputTag<>("recon-partial-counts", PartialCounts.TYPE);

    private static final long TICK_MS_MIN = 10;
    private static final long TICK_MS_MAX = 1000;
    private static final int ALL_STREAMS = 3;
    private static final long NOT_SILENT = Long.MAX_VALUE;

    /** One of the two. */
    @SuppressWarnings("unchecked") // within AbstractInput
    private static final class BlockInput extends AbstractInput<Block, ReconResult> {
        private final MatcherOperator matcher;
        private final int stream;

        BlockInput(MatcherOperator matcher, int stream) {
            super(matcher, stream + 1);
            this.matcher = matcher;
            this.stream = stream;
        }

        @Override
        public void processElement(StreamRecord<Block> element) {
            matcher.processBlock(stream, element.getValue());
        }

        @Override
        public void processWatermark(Watermark mark) {
            matcher.processWatermark(stream, mark.getTimestamp());
        }

        @Override
        public void processWatermarkStatus(WatermarkStatus status) {
            matcher.processWatermarkStatus(stream, status);
        }
    }

    private final ReconSettings settings;
    private final Environment environment;
    private final MailboxExecutor mailbox;

    private NativeMatcher matcher;
    private MatcherMetrics metrics;
    private MatcherSnapshots snapshots;
    private ResultBuffer results;
    private ByteBuffer in;
    private long reservedBytes;
    private KeyGroupRange keyGroups;
    private long attempt;
    private int activeStreams; // bits
    private int saidIdle; // bits
    private int hasEnded; // bits
    private int hasRisen; // bits: since it was last said to be active
    private long[] activeSinceMs; // when that was, by the wall clock
    private long[] silentSinceMs; // by the engine's clock; NOT_SILENT: since when is found at the next IDLE
    private long clockMs; // the engine's
    private long startMs; // by the engine's clock
    private long lastTickMs;
    private boolean hasSpoken;
    private long[] look;

    /** Makes one. */
    public MatcherOperator(StreamOperatorParameters<ReconResult> parameters, ReconSettings settings) {
        super(parameters, Stream.values().length);
        this.settings = settings;
        environment = parameters.getContainingTask().getEnvironment();
        mailbox =
                parameters
                        .getContainingTask()
                        .getMailboxExecutorFactory()
                        .createExecutor(parameters.getStreamConfig().getChainIndex());
    }

    @Override
    @SuppressWarnings("rawtypes") // as the interface has it
    public List<Input> getInputs() {
        return List.of(new BlockInput(this, 0), new BlockInput(this, 1));
    }

    // --- life ------------------------------------------------------------------------------------------------------

    @Override
    protected boolean isUsingCustomRawKeyedState() {
        return true;
    }

    @Override
    public void initializeState(StateInitializationContext context) throws Exception {
        super.initializeState(context);
        int maxParallelism = getRuntimeContext().getTaskInfo().getMaxNumberOfParallelSubtasks();
        int parallelism = getRuntimeContext().getTaskInfo().getNumberOfParallelSubtasks();
        int subtask = getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
        keyGroups = KeyGroupRangeAssignment.computeKeyGroupRangeForOperatorIndex(maxParallelism, parallelism, subtask);
        attempt = context.getRestoredCheckpointId().orElse(PartialCounts.FIRST_ATTEMPT);
        results = new ResultBuffer();
        in = ByteBuffer.allocateDirect(64 << 10).order(ByteOrder.LITTLE_ENDIAN);
        look = new long[NativeMatcher.LOOK_COUNT];
        activeStreams = ALL_STREAMS;
        hasRisen = ALL_STREAMS;
        activeSinceMs = new long[2];
        silentSinceMs = new long[] {NOT_SILENT, NOT_SILENT};
        clockMs = getProcessingTimeService().getCurrentProcessingTime();
        startMs = clockMs;
        lastTickMs = clockMs;
        matcher = new NativeMatcher(settings.toNative(maxParallelism, reserveMemory()));
        if (context.isRestored() && new MatcherState().read(matcher, context.getRawKeyedStateInputs())) {
            matcher.restoreFinish(clockMs);
        } else {
            matcher.start(clockMs);
        }
        snapshots = new MatcherSnapshots(matcher, mailbox, snapshotSizes());
    }

    /** How a snapshot is cut. */
    MatcherSnapshot.Sizes snapshotSizes() {
        return MatcherSnapshot.Sizes.DEFAULT;
    }

    @Override
    public void open() throws Exception {
        super.open();
        metrics = new MatcherMetrics(getMetricGroup());
        registerTick(0);
    }

    /** The operator's share of managed memory, reserved, in bytes. */
    private long reserveMemory() throws Exception {
        double fraction =
                getOperatorConfig()
                        .getManagedMemoryFractionOperatorUseCaseOfSlot(
                                ManagedMemoryUseCase.OPERATOR,
                                environment.getJobConfiguration(),
                                environment.getTaskManagerInfo().getConfiguration(),
                                environment.getUserCodeClassLoader().asClassLoader());
        MemoryManager manager = environment.getMemoryManager();
        long bytes = fraction > 0 ? manager.computeMemorySize(fraction) : 0;
        if (bytes <= 0) {
            throw new ReconException(
                    -1,
                    "the matcher has no managed memory: set taskmanager.memory.managed.size, or .fraction, above 0, and"
                            + " leave OPERATOR in taskmanager.memory.managed.consumer-weights");
        }
        manager.reserveMemory(this, bytes);
        reservedBytes = bytes;
        return bytes;
    }

    @Override
    public void finish() throws Exception {
        snapshots.finish();
        super.finish();
    }

    @Override
    public void close() throws Exception {
        if (snapshots != null) {
            snapshots.close();
        }
        if (matcher != null) {
            matcher.close();
        }
        if (reservedBytes > 0) {
            environment.getMemoryManager().releaseMemory(this, reservedBytes);
            reservedBytes = 0;
        }
        super.close();
    }

    @Override
    public void snapshotState(StateSnapshotContext context) throws Exception {
        super.snapshotState(context);
        snapshots.begin(context);
    }

    @Override
    public void notifyCheckpointAborted(long checkpointId) throws Exception {
        snapshots.abort(checkpointId);
        super.notifyCheckpointAborted(checkpointId);
    }

    // --- records ---------------------------------------------------------------------------------------------------

    private void processBlock(int stream, Block block) {
        if (block.stream != stream || !keyGroups.contains(block.keyGroup)) {
            throw new IllegalStateException(
                    "a block of stream " + block.stream + " and key group " + block.keyGroup + " came on input " + stream
                            + " of the subtask that has key groups " + keyGroups);
        }
        if (in.capacity() < block.length) {
            in = ByteBuffer.allocateDirect(Math.max(block.length, 2 * in.capacity())).order(ByteOrder.LITTLE_ENDIAN);
        }
        in.put(0, block.bytes, 0, block.length);
        // Whether a time is poisoned is asked of the wall clock: the engine's may have stood still for long.
        long now = Math.max(clockMs, getProcessingTimeService().getCurrentProcessingTime());
        int at = 0;
        for (boolean isMore = true; isMore; ) {
            long reached = matcher.records(stream, block.keyGroup, now, in, at, block.length, results.buffer());
            at = (int) (reached >>> 32);
            isMore = emit(reached);
        }
    }

    /** Emits the results; whether more are to come. */
    private boolean emit(long drained) {
        int size = (int) (drained & (NativeMatcher.IS_MORE - 1));
        boolean isMore = (drained & NativeMatcher.IS_MORE) != 0;
        results.emit(size, output);
        if (isMore && size == 0) {
            matcher.look(look);
            results.grow(look[NativeMatcher.LOOK_NEXT_RESULT]);
        }
        return isMore;
    }

    // --- the watermark ---------------------------------------------------------------------------------------------

    private void processWatermark(int stream, long watermark) {
        if (watermark == Long.MIN_VALUE) {
            return;
        }
        if (watermark == Long.MAX_VALUE) {
            activeStreams &= ~(1 << stream); // ended: neither active nor idle
            saidIdle &= ~(1 << stream);
            hasEnded |= 1 << stream;
        }
        hasRisen |= 1 << stream;
        if (matcher.watermark(stream, watermark)) {
            step();
        }
    }

    private void processWatermarkStatus(int stream, WatermarkStatus status) {
        int bit = 1 << stream;
        if ((hasEnded & bit) != 0) {
            return;
        }
        long now = getProcessingTimeService().getCurrentProcessingTime();
        if (!status.isIdle()) {
            saidIdle &= ~bit;
            activeStreams |= bit; // alive from the next tick on
            activeSinceMs[stream] = now;
            hasRisen &= ~bit;
        } else {
            saidIdle |= bit; // counts from the next tick on: of two that fall silent at once neither is first
            if ((hasRisen & bit) != 0 || now - activeSinceMs[stream] >= settings.idleTimeoutMs / 2) {
                silentSinceMs[stream] = NOT_SILENT;
            } // else it was ACTIVE only for a checkpoint's barrier to pass (BlockPacker): the silence goes on
        }
    }

    /** W or R has risen: sends what that causes, the counts, and W. */
    private void step() {
        while (emit(matcher.drain(results.buffer()))) {
            // more
        }
        byte[] counts = new byte[0];
        for (boolean isMore = true; isMore; ) {
            long taken = matcher.counts(results.buffer());
            int size = (int) (taken & (NativeMatcher.IS_MORE - 1));
            int had = counts.length;
            counts = Arrays.copyOf(counts, had + size);
            results.buffer().get(0, counts, had, size);
            isMore = (taken & NativeMatcher.IS_MORE) != 0;
        }
        speak(counts);
        output.emitWatermark(new Watermark(look[NativeMatcher.LOOK_WATERMARK]));
    }

    private void speak(byte[] counts) {
        hasSpoken = true;
        matcher.look(look);
        PartialCounts spoken =
                new PartialCounts(
                        attempt,
                        getRuntimeContext().getTaskInfo().getIndexOfThisSubtask(),
                        getRuntimeContext().getTaskInfo().getNumberOfParallelSubtasks(),
                        look[NativeMatcher.LOOK_WATERMARK],
                        look[NativeMatcher.LOOK_RETENTION_BOUND],
                        (int) look[NativeMatcher.LOOK_BASIS],
                        counts);
        output.collect(COUNTS, new StreamRecord<>(spoken));
    }

    // --- the clock -------------------------------------------------------------------------------------------------

    private void registerTick(long inMs) {
        long now = getProcessingTimeService().getCurrentProcessingTime();
        getProcessingTimeService()
                .registerTimer(
                        now + inMs,
                        time -> {
                            tick();
                            long period = settings.idleTimeoutMs / 20;
                            registerTick(Math.max(TICK_MS_MIN, Math.min(TICK_MS_MAX, period)));
                        });
    }

    /** The wall clock has moved. */
    final void tick() {
        long now = getProcessingTimeService().getCurrentProcessingTime();
        if (now > lastTickMs && (activeStreams != 0 || isInputDrained())) {
            clockMs += now - lastTickMs;
        }
        lastTickMs = now;
        int waited = clockMs - startMs >= settings.idleTimeoutMs ? saidIdle & activeStreams : 0;
        activeStreams &= ~waited;
        for (int stream = 0; stream < silentSinceMs.length; stream++) {
            if ((waited >> stream & 1) != 0 && silentSinceMs[stream] == NOT_SILENT) {
                silentSinceMs[stream] = clockMs - settings.idleTimeoutMs;
            }
        }
        if (matcher.clock(clockMs, activeStreams, waited, silentSinceMs)) {
            step();
        } else if (!hasSpoken) {
            speak(new byte[0]);
        }
        if (metrics != null) {
            metrics.look(matcher);
        }
    }

    /** Whether the task waits for input: the runtime measures for how long it does, and at this moment, too. */
    boolean isInputDrained() {
        TaskIOMetricGroup io = environment.getMetricGroup().getIOMetricGroup();
        return io.getIdleTimeMsPerSecond().isMeasuring();
    }
}
