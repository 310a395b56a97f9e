package io.recon.flink.job;

import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Properties;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Where reading begins the first time, and from which window on is judged.
 *
 * <p>Nothing may be judged for want of what was never read. A partition that is read from its offset 0, or is empty, is
 * whole and sets no bound. Any other sets the time of its first record + n, for whatever lies further on has been read
 * from there; one that is read from its present end sets the time of the last record before that + n. `from` is the start
 * of the first window wholly after the largest bound.
 *
 * @param audit where to begin in each partition of the audit stream
 * @param events likewise of the event stream
 * @param fromMs `from`; {@link Long#MIN_VALUE}: all is judged
 */
record Start(Map<TopicPartition, Long> audit, Map<TopicPartition, Long> events, long fromMs) implements Serializable {
    enum Kind {
        EARLIEST,
        LATEST,
        TIME
    }

    /** The event time of the first record of a message that has one that moves the watermark. */
    @FunctionalInterface
    interface Times {
        OptionalLong of(int stream, ConsumerRecord<byte[], byte[]> message) throws Exception;
    }

    /**
     * What is to be found.
     *
     * @param audit topics of the audit stream
     * @param events topics of the event stream
     * @param timeMs for {@link Kind#TIME}: by the timestamps of Kafka's records
     */
    record Question(
            List<String> audit,
            List<String> events,
            Kind kind,
            long timeMs,
            long intervalMs,
            long outOfOrdernessMs,
            long retentionMs) {}

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration POLL = Duration.ofMillis(500);

    /** Asks the broker. {@link IllegalStateException} where a topic is not there. */
    static Start find(Properties client, Question question, Times times) throws Exception {
        Properties properties = new Properties();
        properties.putAll(client);
        properties.setProperty("isolation.level", "read_committed");
        properties.setProperty("enable.auto.commit", "false");
        properties.setProperty("auto.offset.reset", "none");
        properties.remove("group.id");
        try (Consumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            return find(consumer, question, times, System.currentTimeMillis());
        }
    }

    static Start find(Consumer<byte[], byte[]> consumer, Question question, Times times, long nowMs) throws Exception {
        long readBackMs = PartitionWatermarks.saturatedSum(question.outOfOrdernessMs(), question.retentionMs());
        long bound = Long.MIN_VALUE;
        List<Map<TopicPartition, Long>> starts = new ArrayList<>();
        for (int stream = 0; stream < 2; stream++) {
            List<TopicPartition> partitions = partitions(consumer, stream == 0 ? question.audit() : question.events());
            Map<TopicPartition, Long> first = consumer.beginningOffsets(partitions, PATIENCE);
            Map<TopicPartition, Long> end = consumer.endOffsets(partitions, PATIENCE);
            Map<TopicPartition, Long> start = first;
            if (question.kind() != Kind.EARLIEST) {
                long at = question.kind() == Kind.LATEST ? nowMs : question.timeMs();
                boolean isEnd = question.kind() == Kind.LATEST && stream == 0;
                long since = stream == 0 ? at : Math.max(0, at - Math.min(readBackMs, Math.max(at, 0)));
                start = isEnd ? end : offsetsAt(consumer, partitions, Math.max(since, 0), end);
            }
            for (TopicPartition partition : partitions) {
                long here = start.get(partition);
                if (here > 0 && end.get(partition) > first.get(partition)) {
                    long time = timeAt(consumer, partition, first.get(partition), here, end.get(partition), stream, times)
                            .orElse(nowMs);
                    bound = Math.max(bound, PartitionWatermarks.saturatedSum(time, question.outOfOrdernessMs()));
                }
            }
            starts.add(new HashMap<>(start));
        }
        return new Start(starts.get(0), starts.get(1), firstWindowAfter(bound, question.intervalMs()));
    }

    static long firstWindowAfter(long boundMs, long intervalMs) {
        if (boundMs == Long.MIN_VALUE) {
            return Long.MIN_VALUE;
        }
        return Math.addExact(Math.multiplyExact(Math.floorDiv(boundMs, intervalMs), intervalMs), intervalMs);
    }

    private static List<TopicPartition> partitions(Consumer<?, ?> consumer, List<String> topics) {
        List<TopicPartition> found = new ArrayList<>();
        for (String topic : topics) {
            List<PartitionInfo> partitions = consumer.partitionsFor(topic, PATIENCE);
            if (partitions == null || partitions.isEmpty()) {
                throw new IllegalStateException("topic " + topic + ", which is to be read, is not there");
            }
            partitions.forEach(one -> found.add(new TopicPartition(topic, one.partition())));
        }
        return found;
    }

    private static Map<TopicPartition, Long> offsetsAt(
            Consumer<?, ?> consumer, List<TopicPartition> partitions, long timeMs, Map<TopicPartition, Long> end) {
        Map<TopicPartition, Long> wanted = new HashMap<>();
        partitions.forEach(partition -> wanted.put(partition, timeMs));
        Map<TopicPartition, OffsetAndTimestamp> found = consumer.offsetsForTimes(wanted, PATIENCE);
        Map<TopicPartition, Long> offsets = new HashMap<>();
        for (TopicPartition partition : partitions) {
            OffsetAndTimestamp offset = found.get(partition);
            offsets.put(partition, offset == null ? end.get(partition) : Math.min(offset.offset(), end.get(partition)));
        }
        return offsets;
    }

    /** The time of the first record from here on that has one; at the end: of the last one before. */
    private static OptionalLong timeAt(
            Consumer<byte[], byte[]> consumer,
            TopicPartition partition,
            long first,
            long here,
            long end,
            int stream,
            Times times)
            throws Exception {
        consumer.assign(List.of(partition));
        boolean isBehind = here >= end;
        // Markers of transactions have offsets too: going back a few meets a record.
        long at = isBehind ? Math.max(first, end - 16) : here;
        consumer.seek(partition, at);
        OptionalLong last = OptionalLong.empty();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (consumer.position(partition, PATIENCE) < end) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("the first records of " + partition + " could not be read");
            }
            for (ConsumerRecord<byte[], byte[]> message : consumer.poll(POLL).records(partition)) {
                OptionalLong time = times.of(stream, message);
                deadline = System.nanoTime() + PATIENCE.toNanos();
                if (time.isPresent()) {
                    if (!isBehind) {
                        return time;
                    }
                    if (last.isEmpty() || time.getAsLong() > last.getAsLong()) {
                        last = time;
                    }
                }
            }
        }
        return last;
    }
}
