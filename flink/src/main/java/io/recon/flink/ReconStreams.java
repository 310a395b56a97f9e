package io.recon.flink;

import java.time.Duration;
import org.apache.flink.api.common.RuntimeExecutionMode;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.ExecutionOptions;
import org.apache.flink.core.memory.ManagedMemoryUseCase;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.MultipleConnectedStreams;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.transformations.KeyedMultipleInputTransformation;

/**
 * Reconciles two streams of a Flink program: what the audit stream says must exist, and what did arrive.
 *
 * <p>Both streams must have watermarks that lie {@code out_of_orderness + 1 ms} behind the largest event time, as
 * {@code WatermarkStrategy.forBoundedOutOfOrderness} makes them, and be marked idle only after the idle timeout.
 */
public final class ReconStreams {
    /** How long a record waits at most for others of its block. */
    public static final Duration LATENCY = Duration.ofMillis(100);

    /** Maximum parallelism where the environment has none. */
    public static final int MAX_PARALLELISM = 128;

    /** What comes of it. */
    public record Results(SingleOutputStreamOperator<ReconResult> metrics, SingleOutputStreamOperator<ReconResult> breaks) {}

    private static final int MANAGED_MEMORY_WEIGHT = 1024; // MiB: against other operators that ask for some

    private ReconStreams() {}

    /** Reconciles records. */
    public static Results reconcile(DataStream<ReconRecord> audit, DataStream<ReconRecord> events, ReconSettings settings) {
        return reconcile(audit, events, settings, LATENCY, RecordPacker::new);
    }

    /** What puts a stream's records into blocks. */
    private interface Packers<T> {
        Blocks<T> make(Stream stream, ReconSettings settings, int keyGroupCount, long latencyMs);
    }

    /**
     * Reconciles what a decoder has packed, for as many key groups as {@link #maxParallelism} says.
     *
     * @param latency how long a record waits at most for others of its block
     */
    public static Results reconcilePacked(
            DataStream<PackedRecords> audit, DataStream<PackedRecords> events, ReconSettings settings, Duration latency) {
        return reconcile(
                audit,
                events,
                settings,
                latency,
                (stream, unused, keyGroupCount, latencyMs) -> new BlockPacker(stream, keyGroupCount, latencyMs));
    }

    private static <T> Results reconcile(
            DataStream<T> audit, DataStream<T> events, ReconSettings settings, Duration latency, Packers<T> packers) {
        int keyGroupCount = maxParallelism(audit);
        KeyGroups groups = new KeyGroups(keyGroupCount);
        StreamExecutionEnvironment env = audit.getExecutionEnvironment();
        RuntimeExecutionMode mode = env.getConfiguration().get(ExecutionOptions.RUNTIME_MODE);
        if (mode != RuntimeExecutionMode.STREAMING) {
            throw new IllegalArgumentException("execution.runtime-mode is " + mode
                    + ", and what is missing is told by the watermarks of a running stream: set it to STREAMING, which takes bounded"
                    + " inputs, too");
        }
        KeyedMultipleInputTransformation<ReconResult> matcher = new KeyedMultipleInputTransformation<>(
                "recon: matcher", new MatcherOperatorFactory(settings), ReconResult.TYPE, env.getParallelism(), Types.INT);
        for (Stream stream : Stream.values()) {
            DataStream<T> records = stream == Stream.AUDIT ? audit : events;
            matcher.addInput(
                    records.transform(
                                    "recon: blocks " + stream,
                                    Block.TYPE,
                                    packers.make(stream, settings, keyGroupCount, latency.toMillis()))
                            .uid("recon-" + settings.name() + "-blocks-" + stream)
                            .setParallelism(records.getParallelism())
                            .keyBy(groups, Types.INT)
                            .getTransformation(),
                    groups);
        }
        matcher.declareManagedMemoryUseCaseAtOperatorScope(ManagedMemoryUseCase.OPERATOR, MANAGED_MEMORY_WEIGHT);
        env.addOperator(matcher);
        SingleOutputStreamOperator<ReconResult> breaks =
                new MultipleConnectedStreams(env)
                        .transform(matcher)
                        .uid("recon-" + settings.name() + "-matcher")
                        .setMaxParallelism(keyGroupCount);
        SingleOutputStreamOperator<ReconResult> metrics =
                breaks.getSideOutput(MatcherOperator.COUNTS)
                        .global()
                        .transform("recon: windows", ReconResult.TYPE, new WindowsOperator(settings, keyGroupCount))
                        .uid("recon-" + settings.name() + "-windows")
                        .forceNonParallel();
        return new Results(metrics, breaks);
    }

    /** How many key groups there are: the environment's maximum parallelism, or {@link #MAX_PARALLELISM}. */
    public static int maxParallelism(DataStream<?> stream) {
        int set = stream.getExecutionEnvironment().getMaxParallelism();
        return set > 0 ? set : MAX_PARALLELISM;
    }
}
