package io.recon.flink.job;

import io.recon.flink.job.PartitionWatermarks.Answer;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.apache.flink.connector.kafka.source.KafkaSourceOptions;
import org.apache.flink.metrics.MetricGroup;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.metrics.KafkaMetric;
import org.apache.kafka.common.metrics.MetricsReporter;

/**
 * Tells a broker that is away from one that has nothing new, which Flink does not say.
 *
 * <p>A consumer that can reach its brokers gets an answer to a fetch every fetch.max.wait.ms at the least, an empty one if
 * need be. Each source's consumer therefore reports its metrics here, and a watermark generator of the same subtask asks
 * what answers have come. The meeting place is this class's only static: one entry for each consumer that lives,
 * named by a random key of the submission and the subtask.
 *
 * <p>Kafka makes an instance for each consumer. Threads: the consumer's registers and removes, the task's asks.
 */
public final class SourceWatch implements MetricsReporter {
    private static final String WATCH = "recon.watch";
    private static final String FETCHES = "fetch-total";
    private static final long GRACE_MS = 2000;
    private static final long USUAL_WAIT_MS = 500; // fetch.max.wait.ms, unless it is set
    private static final ConcurrentMap<String, SourceWatch> CONSUMERS = new ConcurrentHashMap<>();

    /** Names one source of one submission. */
    record Key(String name, String clientIdPrefix) implements Serializable {}

    private String place;
    private long waitMs;
    private volatile KafkaMetric fetches;

    /** Has the consumers of a source report here. */
    static Key watch(Properties properties) {
        Key key = new Key(UUID.randomUUID().toString(), properties.getProperty(KafkaSourceOptions.CLIENT_ID_PREFIX.key()));
        properties.setProperty(WATCH, key.name());
        properties.merge(
                "metric.reporters", SourceWatch.class.getName(), (theirs, ours) -> theirs + "," + ours);
        return key;
    }

    private static String place(String name, String clientId) {
        return name + " " + clientId;
    }

    @Override
    public void configure(Map<String, ?> configuration) {
        Object wait = configuration.get(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG);
        waitMs = GRACE_MS + (wait == null ? USUAL_WAIT_MS : Long.parseLong(wait.toString()));
        place = place(
                String.valueOf(configuration.get(WATCH)),
                String.valueOf(configuration.get(ConsumerConfig.CLIENT_ID_CONFIG)));
        CONSUMERS.put(place, this);
    }

    @Override
    public void init(List<KafkaMetric> metrics) {
        metrics.forEach(this::metricChange);
    }

    @Override
    public void metricChange(KafkaMetric metric) {
        // There is one by topic and partition too: ours is the one by client alone.
        if (metric.metricName().name().equals(FETCHES) && !metric.metricName().tags().containsKey("topic")) {
            fetches = metric;
        }
    }

    @Override
    public void metricRemoval(KafkaMetric metric) {
        // The last count is as good as none.
    }

    @Override
    public void close() {
        CONSUMERS.remove(place, this);
    }

    /** Of the consumer of the subtask that the metric group is of. */
    static PartitionWatermarks.Broker broker(Key key, MetricGroup group) {
        String subtask = group.getAllVariables().get("<subtask_index>");
        String place = place(key.name(), key.clientIdPrefix() + "-" + subtask);
        return new Answers(place);
    }

    /** Not serializable, used by one thread. */
    private static final class Answers implements PartitionWatermarks.Broker {
        private final String place;
        private double count = -1;
        private long changedNanos = System.nanoTime();

        Answers(String place) {
            this.place = place;
        }

        @Override
        public Answer ask() {
            SourceWatch consumer = CONSUMERS.get(place);
            if (consumer == null || consumer.fetches == null) {
                return Answer.HEARD; // no partition is assigned to this subtask, or not yet
            }
            double now = ((Number) consumer.fetches.metricValue()).doubleValue();
            if (now != count) {
                count = now;
                changedNanos = System.nanoTime();
                return Answer.HEARD;
            }
            return System.nanoTime() - changedNanos <= consumer.waitMs * 1_000_000 ? Answer.WAITING : Answer.AWAY;
        }
    }
}
