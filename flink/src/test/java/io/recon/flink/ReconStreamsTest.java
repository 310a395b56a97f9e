package io.recon.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.flink.api.common.RuntimeExecutionMode;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.connector.source.util.ratelimit.RateLimiterStrategy;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The library form in a cluster within this process, and what Flink asks of its types. */
class ReconStreamsTest {
    private static final int COUNT = 20_000;

    private static DataStream<ReconRecord> records(StreamExecutionEnvironment environment, int leftOutOneIn) {
        return environment
                .fromSequence(0, COUNT - 1)
                .filter(i -> leftOutOneIn == 0 || i % leftOutOneIn != 0)
                .map(i -> ReconRecord.of("order-" + i, 1000 * i))
                .assignTimestampsAndWatermarks(
                        WatermarkStrategy.<ReconRecord>forBoundedOutOfOrderness(Duration.ofDays(3000))
                                .withTimestampAssigner((record, time) -> record.time));
    }

    /**
     * For a cluster whose parts are one process, which the machine may leave standing for a while: after 50 s without a heartbeat
     * Flink takes a part for lost, and waits for one that never comes, or gives up.
     */
    private static Configuration patient() {
        Configuration configuration = new Configuration();
        configuration.setString("heartbeat.timeout", "30 min");
        return configuration;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void twoStreamsOfAProgramAreReconciled(int parallelism) throws Exception {
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(parallelism, patient());
        ReconSettings settings =
                ReconSettings.named("orders")
                        .interval(Duration.ofHours(1))
                        .outOfOrderness(Duration.ofDays(3000))
                        .retention(Duration.ofDays(1))
                        .build();
        ReconStreams.Results results = ReconStreams.reconcile(records(environment, 0), records(environment, 100), settings);
        List<String> found = new ArrayList<>();
        DataStream<String> all = results.metrics().union(results.breaks()).map(ReconResult::json);
        try (CloseableIterator<String> iterator = all.executeAndCollect()) {
            iterator.forEachRemaining(found::add);
        }
        assertThat(found).filteredOn(result -> result.startsWith("{\"type\":\"missing\"")).hasSize(COUNT / 100);
        assertThat(found)
                .filteredOn(result -> result.startsWith("{\"type\":\"metric\""))
                .hasSize(6) // 20,000 s
                .allSatisfy(result -> assertThat(result).contains("\"basis\":\"end\"").contains("\"completeness_percent\":99"));
        assertThat(found).filteredOn(result -> result.contains("\"expected\":3600,\"matched\":3564")).hasSize(5);
    }

    @ParameterizedTest
    @EnumSource(
            value = RuntimeExecutionMode.class,
            names = {"BATCH", "AUTOMATIC"})
    void anExecutionInBatchesIsRefused(RuntimeExecutionMode mode) {
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(1, new Configuration());
        environment.setRuntimeMode(mode);
        ReconSettings settings =
                ReconSettings.named("orders")
                        .interval(Duration.ofHours(1))
                        .outOfOrderness(Duration.ZERO)
                        .retention(Duration.ofDays(1))
                        .build();
        assertThatThrownBy(() -> ReconStreams.reconcile(records(environment, 0), records(environment, 0), settings))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("execution.runtime-mode is " + mode)
                .hasMessageContaining("set it to STREAMING");
    }

    /** Fails once, behind a checkpoint. */
    private static final class FailOnce implements MapFunction<Long, Long>, CheckpointListener {
        private static final long serialVersionUID = 1L;
        private static final AtomicBoolean HAS_FAILED = new AtomicBoolean();

        private transient boolean hasCheckpoint;

        @Override
        public Long map(Long i) {
            if (hasCheckpoint && !HAS_FAILED.getAndSet(true)) {
                throw new IllegalStateException("planned");
            }
            return i;
        }

        @Override
        public void notifyCheckpointComplete(long checkpointId) {
            hasCheckpoint = true;
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aFailureChangesNothingAndTellsNothingTwice(boolean isUnaligned, @TempDir Path checkpoints) throws Exception {
        int count = 200_000;
        FailOnce.HAS_FAILED.set(false);
        Configuration configuration = patient();
        configuration.setString("execution.checkpointing.interval", "50 ms");
        configuration.setString("execution.checkpointing.unaligned.enabled", Boolean.toString(isUnaligned));
        configuration.setString("execution.checkpointing.dir", checkpoints.toUri().toString());
        configuration.setString("restart-strategy.type", "fixed-delay");
        configuration.setString("restart-strategy.fixed-delay.delay", "1 ms");
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(2, configuration);
        WatermarkStrategy<ReconRecord> watermarks =
                WatermarkStrategy.<ReconRecord>forMonotonousTimestamps().withTimestampAssigner((record, time) -> record.time());
        // Two halves of one sequence go up side by side, so records come out of order by as much.
        DataStream<ReconRecord> audit =
                environment.fromSequence(0, count - 1).map(i -> ReconRecord.of("order-" + i, i)).assignTimestampsAndWatermarks(watermarks);
        // However fast: no more than a quarter of them before the next checkpoint.
        var checkpointed =
                new DataGeneratorSource<Long>(i -> i, count, RateLimiterStrategy.perCheckpoint(count / 4), Types.LONG);
        DataStream<ReconRecord> events =
                environment.fromSource(checkpointed, WatermarkStrategy.noWatermarks(), "checkpointed")
                        .map(new FailOnce())
                        .filter(i -> i % 1000 != 0)
                        .map(i -> ReconRecord.of("order-" + i, i))
                        .assignTimestampsAndWatermarks(watermarks);
        ReconSettings settings =
                ReconSettings.named("orders")
                        .interval(Duration.ofMillis(50_000))
                        .outOfOrderness(Duration.ZERO)
                        .retention(Duration.ofDays(1))
                        .build();
        ReconStreams.Results results = ReconStreams.reconcile(audit, events, settings);
        List<String> found = new ArrayList<>();
        DataStream<String> all = results.metrics().union(results.breaks()).map(ReconResult::json);
        try (CloseableIterator<String> iterator = all.executeAndCollect()) {
            iterator.forEachRemaining(found::add);
        }
        assertThat(FailOnce.HAS_FAILED).isTrue();
        assertThat(found).filteredOn(result -> result.startsWith("{\"type\":\"missing\"")).hasSize(count / 1000).doesNotHaveDuplicates();
        assertThat(found).filteredOn(result -> result.contains("\"expected\":50000,\"matched\":49950,\"missing\":50")).hasSize(4);
        assertThat(found).noneMatch(result -> result.contains("\"duplicate_audits\":1") || result.contains("too_late"));
    }

    @Test
    void everyTypeComesBackFromItsBytesAndFromItsSnapshot() throws Exception {
        Map<TypeInformation<?>, Object> values =
                Map.of(
                        ReconRecord.TYPE, ReconRecord.of("a", null).time(4).source("s").place("t", 1, 2),
                        PackedRecords.TYPE, new PackedRecords(new byte[] {1, 2, 3}),
                        Block.TYPE, new Block(1, 40_000, 7, new byte[] {4}),
                        PartialCounts.TYPE, new PartialCounts(3, 1, 2, 4, 5, 2, new byte[64]),
                        ReconResult.TYPE, new ReconResult(new byte[] {9, 9}));
        for (var entry : values.entrySet()) {
            check(entry.getKey(), entry.getValue());
        }
    }

    @SuppressWarnings("unchecked")
    private static <T> void check(TypeInformation<T> type, Object value) throws Exception {
        TypeSerializer<T> serializer = type.createSerializer(new SerializerConfigImpl());
        DataOutputSerializer out = new DataOutputSerializer(64);
        serializer.serialize((T) value, out);
        T back = serializer.deserialize(new DataInputDeserializer(out.getCopyOfBuffer()));
        assertThat(back).usingRecursiveComparison().isEqualTo(value);
        DataOutputSerializer copied = new DataOutputSerializer(64);
        serializer.copy(new DataInputDeserializer(out.getCopyOfBuffer()), copied);
        assertThat(copied.getCopyOfBuffer()).isEqualTo(out.getCopyOfBuffer());
        TypeSerializerSnapshot<T> snapshot = serializer.snapshotConfiguration();
        DataOutputSerializer written = new DataOutputSerializer(64);
        TypeSerializerSnapshot.writeVersionedSnapshot(written, snapshot);
        TypeSerializerSnapshot<T> read =
                TypeSerializerSnapshot.readVersionedSnapshot(
                        new DataInputDeserializer(written.getCopyOfBuffer()), ReconStreamsTest.class.getClassLoader());
        assertThat(snapshot.resolveSchemaCompatibility(read).isCompatibleAsIs()).isTrue();
        assertThat(read.restoreSerializer()).isEqualTo(serializer);
    }

    private static File[] libraries() {
        return new File(System.getProperty("java.io.tmpdir")).listFiles((folder, name) -> name.startsWith("recon-flink-"));
    }

    @Test
    void eachClassLoaderLoadsItsOwnCopyOfTheLibraryAndLeavesNoFile() throws Exception {
        Path classes = Path.of(ReconStreams.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        File[] before = libraries();
        for (int i = 0; i < 3; i++) {
            URL[] urls = {classes.toUri().toURL()};
            try (URLClassLoader loader =
                    new URLClassLoader(urls, getClass().getClassLoader()) {
                        @Override
                        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
                            synchronized (getClassLoadingLock(name)) {
                                Class<?> loaded = findLoadedClass(name);
                                if (loaded != null) {
                                    return loaded;
                                }
                                return name.startsWith("io.recon.") ? findClass(name) : super.loadClass(name, resolve);
                            }
                        }
                    }) {
                Class<?> config = loader.loadClass("io.recon.flink.ReconConfig");
                assertThat(config).isNotSameAs(ReconConfig.class);
                Object parsed =
                        config.getMethod("parse", String.class, String.class, Map.class)
                                .invoke(
                                        null,
                                        "name: x\ninterval: 1m\nout_of_orderness: 1s\nretention: 1h\n"
                                                + "kafka: {bootstrap.servers: b}\naudit: {topics: [a]}\nevents: {topics: [e]}\n",
                                        "f",
                                        Map.of());
                assertThat(config.getMethod("name").invoke(parsed)).isEqualTo("x");
            }
        }
        // Others on this machine may be at it just now; theirs go, too.
        List<File> left = new ArrayList<>(List.of(libraries()));
        left.removeAll(List.of(before));
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        while (left.stream().anyMatch(File::exists)) {
            assertThat(System.nanoTime()).as("%s are left", left).isLessThan(end);
            Thread.onSpinWait();
        }
    }
}
