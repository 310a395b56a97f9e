package io.recon.flink.job;

import io.recon.flink.MessageDecoder;
import io.recon.flink.PackedRecords;
import io.recon.flink.ReconConfig;
import io.recon.flink.ReconResult;
import io.recon.flink.ReconSettings;
import io.recon.flink.ReconStreams;
import io.recon.flink.Stream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Properties;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.CommittedSink;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.KafkaSourceOptions;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.DataStreamSink;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.OffsetResetStrategy;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The job: two Kafka sources, the reconciliation, two Kafka sinks.
 *
 * <pre>flink run recon-flink-LINE.jar --config recon.yaml</pre>
 *
 * <p>What can be wrong with the configuration, the topics or the cluster's settings ends the submission with a message that
 * names the mend. Operators have uids made of the configuration's name, which must stay as they are: savepoints know them.
 */
public final class ReconJob {
    private static final Logger LOG = LoggerFactory.getLogger(ReconJob.class);

    /** How often sources tell each other how far they are; in this time a partition is read the drift further at most. */
    private static final Duration ALIGNMENT_INTERVAL = Duration.ofMillis(200);

    private final StreamExecutionEnvironment env;
    private final ReconConfig config;
    private final ReconSettings settings;
    private final JobOptions options;
    private final int keyGroupCount;

    private ReconJob(StreamExecutionEnvironment env, ReconConfig config) {
        this.env = env;
        this.config = config;
        settings = config.settings();
        options = new JobOptions(
                config.kafka(),
                config.flink(),
                Duration.ofMillis(Math.max(settings.retentionMs(), settings.intervalMs())));
        keyGroupCount = env.getMaxParallelism() > 0 ? env.getMaxParallelism() : ReconStreams.MAX_PARALLELISM;
    }

    /** Submits the job. {@code --config FILE} is all there is. */
    public static void main(String[] arguments) throws Exception {
        submit(arguments, ReconStreams::reconcilePacked);
    }

    /** What stands between the sources and the sinks: {@link ReconStreams}, but in measurements of the rest. */
    interface Reconciliation {
        ReconStreams.Results of(
                DataStream<PackedRecords> audit, DataStream<PackedRecords> events, ReconSettings settings, Duration latency);
    }

    static void submit(String[] arguments, Reconciliation reconciliation) throws Exception {
        Path file = file(arguments);
        String text;
        try {
            text = Files.readString(file);
        } catch (IOException error) {
            throw new IllegalArgumentException("--config: can't read " + file + ": " + error, error);
        }
        ReconConfig config = ReconConfig.parse(text, file.toString(), System.getenv());
        new ReconJob(StreamExecutionEnvironment.getExecutionEnvironment(), config).run(reconciliation);
    }

    private static Path file(String[] arguments) {
        if (arguments.length == 2 && arguments[0].equals("--config")) {
            return Path.of(arguments[1]);
        }
        if (arguments.length == 1 && arguments[0].startsWith("--config=")) {
            return Path.of(arguments[0].substring("--config=".length()));
        }
        throw new IllegalArgumentException("usage: flink run recon-flink-LINE.jar --config FILE");
    }

    private void run(Reconciliation reconciliation) throws Exception {
        boolean isExact = options.delivery() == DeliveryGuarantee.EXACTLY_ONCE;
        if (isExact && !env.getCheckpointConfig().isCheckpointingEnabled()) {
            throw new IllegalArgumentException("checkpoints are off, and results are published with checkpoints: set"
                    + " execution.checkpointing.interval (flink run -Dexecution.checkpointing.interval=10s …), or"
                    + " flink: {job.delivery: at-least-once} in the configuration");
        }
        Topics.ensure(options.client(), config.metricsTopic(), config.breaksTopic());
        Start start = findStart();
        long from = Math.max(settings.fromMs(), start.fromMs());
        LOG.info("Reading begins at {} and {}; judged is from {} on", start.audit(), start.events(), from);
        env.getConfig().enableObjectReuse();
        ReconStreams.Results results = reconciliation.of(
                source(Stream.AUDIT, start.audit()),
                source(Stream.EVENTS, start.events()),
                settings.withFrom(from),
                options.blockLatency());
        sink(results.metrics(), "metrics", config.metricsTopic()).setParallelism(1);
        sink(results.breaks(), "breaks", config.breaksTopic());
        env.execute("recon: " + config.name());
    }

    private String uid(String part) {
        return "recon-" + config.name() + "-" + part;
    }

    private Decoding decoding(Stream stream) {
        return new Decoding(config, stream, keyGroupCount, options.registry());
    }

    private Start findStart() throws Exception {
        try (MessageDecoder audit = decoding(Stream.AUDIT).newDecoder();
                MessageDecoder events = decoding(Stream.EVENTS).newDecoder()) {
            long believable = PartitionWatermarks.saturatedSum(System.currentTimeMillis(), settings.maxFutureSkewMs());
            Start.Times times = (stream, message) -> {
                long time = (stream == 0 ? audit : events).decode(message).maxTime(believable);
                return time == PackedRecords.NO_TIME ? OptionalLong.empty() : OptionalLong.of(time);
            };
            Start.Kind kind =
                    switch (config.start()) {
                        case "earliest" -> Start.Kind.EARLIEST;
                        case "latest" -> Start.Kind.LATEST;
                        default -> Start.Kind.TIME;
                    };
            return Start.find(
                    options.client(),
                    new Start.Question(
                            config.topics(Stream.AUDIT),
                            config.topics(Stream.EVENTS),
                            kind,
                            kind == Start.Kind.TIME ? config.startTimeMs() : 0,
                            settings.intervalMs(),
                            settings.outOfOrdernessMs(),
                            settings.retentionMs()),
                    times);
        }
    }

    @SuppressWarnings("deprecation") // OffsetResetStrategy: what the connector takes
    private DataStream<PackedRecords> source(Stream stream, Map<TopicPartition, Long> offsets) {
        String name = stream == Stream.AUDIT ? "audit" : "events";
        Properties properties = options.client();
        properties.putIfAbsent(ConsumerConfig.GROUP_ID_CONFIG, config.name());
        properties.putIfAbsent(KafkaSourceOptions.CLIENT_ID_PREFIX.key(), config.name() + "-" + name);
        properties.setProperty(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        SourceWatch.Key watched = SourceWatch.watch(properties);
        KafkaSource<PackedRecords> source = KafkaSource.<PackedRecords>builder()
                .setProperties(properties)
                .setTopics(config.topics(stream))
                // Unread records that the broker has deleted end the job: they must not be passed over.
                .setStartingOffsets(OffsetsInitializer.offsets(offsets, OffsetResetStrategy.NONE))
                .setDeserializer(decoding(stream))
                .build();
        WatermarkStrategy<PackedRecords> watermarks = WatermarkStrategy.<PackedRecords>forGenerator(
                        PartitionWatermarks.supplier(
                                PackedRecords::maxTime,
                                settings.outOfOrdernessMs(),
                                settings.idleTimeoutMs(),
                                settings.maxFutureSkewMs(),
                                watched))
                .withTimestampAssigner((records, timestamp) -> records.maxTime())
                .withWatermarkAlignment(uid("alignment"), options.alignmentDrift(), ALIGNMENT_INTERVAL);
        // A subtask without a partition would hold event time back until the idle timeout.
        return env.fromSource(source, watermarks, "recon: " + name)
                .uid(uid("source-" + name))
                .setParallelism(Math.max(1, Math.min(env.getParallelism(), offsets.size())));
    }

    private DataStreamSink<ReconResult> sink(
            SingleOutputStreamOperator<ReconResult> results, String name, String topic) {
        Properties producer = options.producer();
        KafkaSink<ReconResult> sink = KafkaSink.<ReconResult>builder()
                .setKafkaProducerConfig(producer)
                .setDeliveryGuarantee(options.delivery())
                .setTransactionalIdPrefix(config.name() + "-" + name)
                .setRecordSerializer(new ResultSerialization(topic, options.requestBytesMax()))
                .build();
        return results.sinkTo(new CommittedSink<>(sink, options.client(), options.acceptsLoss()))
                .name("recon: " + name)
                .uid(uid("sink-" + name));
    }
}
