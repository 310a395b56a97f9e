import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowBytesStoreSupplier;

/**
 * What Kafka Streams takes to find the records of one topic that have none in the other: its outer join, exactly once, a
 * commit a second, at its defaults else.
 *
 * <pre>java -cp 'JARS/*' OuterJoin.java BROKERS NAME AUDIT EVENTS MISSING rocksdb|memory N_MS M_MS COUNT FOLDER</pre>
 *
 * Both topics have their IDs as keys and as many partitions, so that nothing need be sent round; the time is read from the
 * value. What has no partner within n is written to a topic once m has passed. Prints messages and seconds, from the first
 * message that is processed to the last of COUNT.
 */
public final class OuterJoin {
    private static final byte[] TIME = "\"time\": ".getBytes(StandardCharsets.US_ASCII);

    /** The number behind "time": of the values here; no JSON is read but that. */
    public static final class Time implements TimestampExtractor {
        @Override
        public long extract(ConsumerRecord<Object, Object> record, long partitionTime) {
            byte[] value = (byte[]) record.value();
            int at = 0;
            while (!java.util.Arrays.equals(value, at, at + TIME.length, TIME, 0, TIME.length)) {
                at++;
            }
            long time = 0;
            for (at += TIME.length; value[at] >= '0' && value[at] <= '9'; at++) {
                time = time * 10 + value[at] - '0';
            }
            return time;
        }
    }

    private static WindowBytesStoreSupplier memory(String name, JoinWindows windows) {
        return Stores.inMemoryWindowStore(name, Duration.ofMillis(windows.size() + windows.gracePeriodMs()),
            Duration.ofMillis(windows.size()), true);
    }

    private static double processed(KafkaStreams streams) {
        return streams.metrics().values().stream()
            .filter(one -> one.metricName().name().equals("process-total")
                && one.metricName().group().equals("stream-thread-metrics"))
            .mapToDouble(one -> (Double) one.metricValue()).sum();
    }

    public static void main(String[] args) throws InterruptedException {
        JoinWindows windows = JoinWindows.ofTimeDifferenceAndGrace(
            Duration.ofMillis(Long.parseLong(args[6])), Duration.ofMillis(Long.parseLong(args[7])));
        StreamJoined<byte[], byte[], byte[]> joined =
            StreamJoined.with(Serdes.ByteArray(), Serdes.ByteArray(), Serdes.ByteArray());
        if (args[5].equals("memory")) {
            joined = joined.withThisStoreSupplier(memory("audits", windows))
                .withOtherStoreSupplier(memory("events", windows));
        }
        StreamsBuilder builder = new StreamsBuilder();
        Consumed<byte[], byte[]> consumed =
            Consumed.with(Serdes.ByteArray(), Serdes.ByteArray()).withTimestampExtractor(new Time());
        KStream<byte[], byte[]> audits = builder.stream(args[2], consumed);
        KStream<byte[], byte[]> events = builder.stream(args[3], consumed);
        audits.outerJoin(events, (audit, event) -> audit != null && event != null ? new byte[0]
                : audit != null ? audit : event, windows, joined)
            .filter((id, one) -> one.length > 0)
            .to(args[4], Produced.with(Serdes.ByteArray(), Serdes.ByteArray()));

        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, args[1]);
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, args[9]);
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 1000);
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 2);
        settings.put("auto.offset.reset", "earliest");
        long count = Long.parseLong(args[8]);
        long first = 0;
        long end = System.nanoTime() + Duration.ofMinutes(10).toNanos();
        try (KafkaStreams streams = new KafkaStreams(builder.build(), settings)) {
            streams.start();
            while (processed(streams) < count) {
                if (first == 0 && processed(streams) > 0) {
                    first = System.nanoTime();
                }
                if (System.nanoTime() > end || streams.state() == KafkaStreams.State.ERROR) {
                    throw new IllegalStateException(processed(streams) + " of " + count + ", " + streams.state());
                }
                Thread.sleep(20);
            }
            System.out.printf(java.util.Locale.ROOT, "{\"messages\": %d, \"seconds\": %.3f}%n", count,
                (System.nanoTime() - first) / 1e9);
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }
}
