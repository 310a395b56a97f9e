package io.recon.flink.job;

import io.recon.flink.ReconStreams;
import java.io.Serializable;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.util.TimeUtils;

/**
 * What the configuration's {@code kafka} and {@code flink} sections say: options of the job ({@code job.…}), of the schema
 * registry ({@code schema.registry.…}), and the rest, which is the Kafka clients'. {@code flink} overrides {@code kafka}.
 */
final class JobOptions implements Serializable {
    private static final long serialVersionUID = 1L;

    static final String DELIVERY = "job.delivery";
    static final String TRANSACTIONS_LOST = "job.transactions.lost";
    static final String ALIGNMENT_DRIFT = "job.alignment.drift";
    static final String BLOCK_LATENCY = "job.block.latency";
    static final String REGISTRY = "schema.registry.";
    static final String REQUEST_BYTES_MAX = "max.request.size";
    private static final String TRANSACTION_TIMEOUT = "transaction.timeout.ms";

    /** The longest that a broker accepts unless it is told otherwise (transaction.max.timeout.ms). */
    private static final String TRANSACTION_TIMEOUT_MS = "900000";

    private static final long REQUEST_BYTES_MAX_USUAL = 1 << 20; // Kafka's

    private final TreeMap<String, String> client = new TreeMap<>();
    private final TreeMap<String, String> registry = new TreeMap<>();
    private final DeliveryGuarantee delivery;
    private final boolean acceptsLoss;
    private final Duration alignmentDrift;
    private final Duration blockLatency;

    /**
     * Reads the two sections; {@link IllegalArgumentException} names what is wrong.
     *
     * @param alignmentDriftDefault unless {@value #ALIGNMENT_DRIFT} is said
     */
    JobOptions(Map<String, String> kafka, Map<String, String> flink, Duration alignmentDriftDefault) {
        TreeMap<String, String> all = new TreeMap<>(kafka);
        all.putAll(flink);
        delivery = choice(all, DELIVERY, "exactly-once", "at-least-once").equals("exactly-once")
                ? DeliveryGuarantee.EXACTLY_ONCE
                : DeliveryGuarantee.AT_LEAST_ONCE;
        acceptsLoss = choice(all, TRANSACTIONS_LOST, "fail", "accept").equals("accept");
        alignmentDrift = duration(all, ALIGNMENT_DRIFT, alignmentDriftDefault);
        blockLatency = duration(all, BLOCK_LATENCY, ReconStreams.LATENCY);
        all.forEach((key, value) -> {
            if (key.startsWith("job.")) {
                throw new IllegalArgumentException("flink: unknown option '" + key + "'; there are " + String.join(", ", DELIVERY,
                        TRANSACTIONS_LOST, ALIGNMENT_DRIFT, BLOCK_LATENCY));
            }
            (key.startsWith(REGISTRY) ? registry : client).put(key, value);
        });
        if (!client.containsKey("bootstrap.servers")) {
            throw new IllegalArgumentException("kafka: bootstrap.servers is missing: which broker?");
        }
    }

    private static String choice(Map<String, String> options, String name, String usual, String other) {
        String value = options.remove(name);
        if (value == null || value.equals(usual)) {
            return usual;
        }
        if (value.equals(other)) {
            return other;
        }
        throw new IllegalArgumentException("flink: " + name + ": '" + value + "' is neither " + usual + " nor " + other);
    }

    private static Duration duration(Map<String, String> options, String name, Duration usual) {
        String value = options.remove(name);
        if (value == null) {
            return usual;
        }
        try {
            Duration duration = TimeUtils.parseDuration(value);
            if (!duration.isZero() && !value.strip().matches("\\d+")) {
                return duration;
            }
        } catch (IllegalArgumentException error) {
            // said below
        }
        throw new IllegalArgumentException("flink: " + name + ": '" + value + "' is not a duration such as 500ms or 5m");
    }

    DeliveryGuarantee delivery() {
        return delivery;
    }

    /** Whether to go on where results were lost to a transaction's timeout. */
    boolean acceptsLoss() {
        return acceptsLoss;
    }

    /** How far one input may be read ahead of the other, in event time. */
    Duration alignmentDrift() {
        return alignmentDrift;
    }

    /** How long a record may wait for others to travel with. */
    Duration blockLatency() {
        return blockLatency;
    }

    /** For any client. */
    Properties client() {
        Properties properties = new Properties();
        properties.putAll(client);
        return properties;
    }

    /** For the sinks' producers. */
    Properties producer() {
        Properties properties = client();
        properties.putIfAbsent(TRANSACTION_TIMEOUT, TRANSACTION_TIMEOUT_MS);
        return properties;
    }

    /** How large a record the sinks' producers send. */
    long requestBytesMax() {
        String value = client.get(REQUEST_BYTES_MAX);
        if (value == null) {
            return REQUEST_BYTES_MAX_USUAL;
        }
        try {
            return Long.parseLong(value.strip());
        } catch (NumberFormatException error) {
            throw new IllegalArgumentException("flink: " + REQUEST_BYTES_MAX + ": '" + value + "' is no number of bytes", error);
        }
    }

    /** Without the prefix: url, basic.auth.user.info, bearer.auth.token. */
    Map<String, String> registry() {
        TreeMap<String, String> found = new TreeMap<>();
        registry.forEach((key, value) -> found.put(key.substring(REGISTRY.length()), value));
        return found;
    }
}
