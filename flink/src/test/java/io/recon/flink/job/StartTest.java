package io.recon.flink.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.consumer.OffsetResetStrategy;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class StartTest {
    private static final long INTERVAL = 100;
    private static final long N = 10;
    private static final long M = 1000;
    private static final long NOW = 1_000_000;
    private static final TopicPartition A = new TopicPartition("a", 0);
    private static final TopicPartition E = new TopicPartition("e", 0);

    /** Partitions with one message an offset, whose event time and timestamp are both what stands there. */
    @SuppressWarnings("deprecation") // what the Kafka clients of all lines have
    private static final class Topics extends MockConsumer<byte[], byte[]> {
        private final Map<TopicPartition, TreeMap<Long, String>> messages = new HashMap<>();

        Topics() {
            super(OffsetResetStrategy.NONE);
            put(A, 0);
            put(E, 0);
        }

        void put(TopicPartition partition, long first, String... values) {
            TreeMap<Long, String> log = new TreeMap<>();
            for (int i = 0; i < values.length; i++) {
                log.put(first + i, values[i]);
            }
            messages.put(partition, log);
            Node node = new Node(1, "h", 1);
            updatePartitions(
                    partition.topic(),
                    List.of(new PartitionInfo(partition.topic(), partition.partition(), node, new Node[] {node}, new Node[] {node})));
            updateBeginningOffsets(Map.of(partition, first));
            updateEndOffsets(Map.of(partition, first + values.length));
        }

        @Override
        public synchronized Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(
                Map<TopicPartition, Long> times, java.time.Duration timeout) {
            Map<TopicPartition, OffsetAndTimestamp> found = new HashMap<>();
            times.forEach((partition, time) -> messages.get(partition).entrySet().stream()
                    .filter(one -> Long.parseLong(one.getValue()) >= time)
                    .findFirst()
                    .ifPresent(one -> found.put(partition, new OffsetAndTimestamp(one.getKey(), time))));
            return found;
        }

        @Override
        public synchronized ConsumerRecords<byte[], byte[]> poll(java.time.Duration timeout) {
            TopicPartition partition = assignment().iterator().next();
            List<ConsumerRecord<byte[], byte[]>> rest = new ArrayList<>();
            messages.get(partition).tailMap(position(partition)).forEach((offset, value) -> rest.add(new ConsumerRecord<>(
                    partition.topic(), partition.partition(), offset, new byte[0], value.getBytes(StandardCharsets.UTF_8))));
            seek(partition, messages.get(partition).lastKey() + 1);
            return new ConsumerRecords<>(Map.of(partition, rest));
        }
    }

    private static OptionalLong time(int stream, ConsumerRecord<byte[], byte[]> message) {
        String value = new String(message.value(), StandardCharsets.UTF_8);
        return value.equals("-") ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(value));
    }

    private final Topics topics = new Topics();

    private Start find(Start.Kind kind, long time) throws Exception {
        var question = new Start.Question(List.of("a"), List.of("e"), kind, time, INTERVAL, N, M);
        return Start.find(topics, question, StartTest::time, NOW);
    }

    @Test
    void wholeAndEmptyPartitionsSetNoBound() throws Exception {
        topics.put(A, 0, "5");
        topics.put(E, 7); // retention left nothing
        Start start = find(Start.Kind.EARLIEST, 0);
        assertThat(start).isEqualTo(new Start(Map.of(A, 0L), Map.of(E, 7L), Long.MIN_VALUE));
    }

    @Test
    void aPartitionWhoseBeginningIsGoneSetsTheTimeOfItsFirstRecord() throws Exception {
        topics.put(A, 3, "-", "1950", "5");
        topics.put(E, 2, "450");
        assertThat(find(Start.Kind.EARLIEST, 0).fromMs()).isEqualTo(2000); // 1950 + 10 lies in the window before
    }

    @Test
    void theLargestBoundCountsAndItsOwnWindowIsNotWhole() throws Exception {
        topics.put(A, 3, "1950");
        topics.put(E, 2, "1990");
        assertThat(find(Start.Kind.EARLIEST, 0).fromMs()).isEqualTo(2100); // 1990 + 10 lies in the window from 2000 on
    }

    @Test
    void aTimeIsLookedUpAndTheEventsBeginEarlier() throws Exception {
        topics.put(A, 0, "1000", "4000", "5000");
        topics.put(E, 0, "1000", "3990", "5000");
        Start start = find(Start.Kind.TIME, 5000);
        assertThat(start).isEqualTo(new Start(Map.of(A, 2L), Map.of(E, 1L), 5100L));
    }

    @Test
    void whereNothingIsLeftToReadTheLastRecordSetsTheBound() throws Exception {
        topics.put(A, 0, "1000", "4000", "5000");
        topics.put(E, 0, "1000", "3990", "5000");
        Start start = find(Start.Kind.TIME, 7000);
        assertThat(start).isEqualTo(new Start(Map.of(A, 3L), Map.of(E, 3L), 5100L));
    }

    @Test
    void theLatestBeginsAtTheEndOfTheAuditStream() throws Exception {
        topics.put(A, 0, "1000", "" + (NOW - 5));
        topics.put(E, 0, "1000", "" + (NOW - 500), "" + NOW);
        Start start = find(Start.Kind.LATEST, 0);
        assertThat(start).isEqualTo(new Start(Map.of(A, 2L), Map.of(E, 1L), NOW + 100));
    }

    @Test
    void whereNoTimeCanBeReadTheClockSetsTheBound() throws Exception {
        topics.put(A, 3, "-", "-");
        assertThat(find(Start.Kind.EARLIEST, 0).fromMs()).isEqualTo(NOW + 100);
    }

    @Test
    void aTopicThatIsNotThereIsNamed() {
        var question = new Start.Question(List.of("x"), List.of("e"), Start.Kind.EARLIEST, 0, INTERVAL, N, M);
        assertThatThrownBy(() -> Start.find(topics, question, StartTest::time, NOW))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("x");
    }

    @Test
    void windowsOfNegativeTimesTooAreWhole() {
        assertThat(Start.firstWindowAfter(-1, 100)).isEqualTo(0);
        assertThat(Start.firstWindowAfter(-100, 100)).isEqualTo(0);
        assertThat(Start.firstWindowAfter(-101, 100)).isEqualTo(-100);
    }
}
