package io.recon.flink;

import java.time.Duration;
import java.util.function.IntFunction;
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
        return reconcile(audit, (record, unused) -> record, events, (record, unused) -> record, settings);
    }

    /** Reconciles streams of a program's own types, by what the mappings say of them. It is the fastest way. */
    public static <A, E> Results reconcile(
            DataStream<A> audit,
            ReconMapping<A> auditMapping,
            DataStream<E> events,
            ReconMapping<E> eventsMapping,
            ReconSettings settings) {
        ReconMapping<A> cleanAudit = audit.getExecutionEnvironment().clean(auditMapping);
        ReconMapping<E> cleanEvents = audit.getExecutionEnvironment().clean(eventsMapping);
        return reconcile(
                audit,
                keyGroupCount -> new RecordPacker<>(Stream.AUDIT, cleanAudit, settings, keyGroupCount, LATENCY.toMillis()),
                events,
                keyGroupCount -> new RecordPacker<>(Stream.EVENTS, cleanEvents, settings, keyGroupCount, LATENCY.toMillis()),
                settings);
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
                keyGroupCount -> new BlockPacker(Stream.AUDIT, keyGroupCount, latency.toMillis()),
                events,
                keyGroupCount -> new BlockPacker(Stream.EVENTS, keyGroupCount, latency.toMillis()),
                settings);
    }

    private static <A, E> Results reconcile(
            DataStream<A> audit,
            IntFunction<Blocks<A>> auditPacker,
            DataStream<E> events,
            IntFunction<Blocks<E>> eventsPacker,
            ReconSettings settings) {
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
        addInput(matcher, audit, auditPacker.apply(keyGroupCount), settings, groups);
        addInput(matcher, events, eventsPacker.apply(keyGroupCount), settings, groups);
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

    private static <T> void addInput(
            KeyedMultipleInputTransformation<ReconResult> matcher,
            DataStream<T> records,
            Blocks<T> packer,
            ReconSettings settings,
            KeyGroups groups) {
        matcher.addInput(
                records.transform("recon: blocks " + packer.stream(), Block.TYPE, packer)
                        .uid("recon-" + settings.name() + "-blocks-" + packer.stream())
                        .setParallelism(records.getParallelism())
                        .keyBy(groups, Types.INT)
                        .getTransformation(),
                groups);
    }

    /** How many key groups there are: the environment's maximum parallelism, or {@link #MAX_PARALLELISM}. */
    public static int maxParallelism(DataStream<?> stream) {
        int set = stream.getExecutionEnvironment().getMaxParallelism();
        return set > 0 ? set : MAX_PARALLELISM;
    }
}
