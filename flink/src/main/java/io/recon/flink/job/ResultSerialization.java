package io.recon.flink.job;

import io.recon.flink.ReconResult;
import java.nio.charset.StandardCharsets;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Results as Kafka records: their own key, value and headers; the timestamp is the wall clock, which retention goes by. One that
 * is larger than a producer sends ends the attempt with a message that names the settings, before Kafka's own, which doesn't.
 */
final class ResultSerialization implements KafkaRecordSerializationSchema<ReconResult> {
    private static final long serialVersionUID = 1L;

    private static final int KEY_BYTES_SHOWN = 200;
    private static final int OVERHEAD_BYTES = 128; // of a record in its batch, and some for each header

    private final String topic;
    private final long bytesMax;

    /** {@code bytesMax}: the producer's {@code max.request.size}. */
    ResultSerialization(String topic, long bytesMax) {
        this.topic = topic;
        this.bytesMax = bytesMax;
    }

    @Override
    public ProducerRecord<byte[], byte[]> serialize(ReconResult result, KafkaSinkContext context, Long eventTime) {
        var record = new ProducerRecord<>(topic, null, System.currentTimeMillis(), result.key(), result.value());
        long bytes = OVERHEAD_BYTES + result.key().length + result.value().length;
        for (ReconResult.Header header : result.headers()) {
            record.headers().add(header.name(), header.value());
            bytes += header.name().length() + header.value().length;
        }
        if (bytes > bytesMax) {
            throw new IllegalStateException("a result (" + result.type().text() + ", key "
                    + new String(result.key(), 0, Math.min(result.key().length, KEY_BYTES_SHOWN), StandardCharsets.UTF_8)
                    + ") of " + bytes + " bytes is larger than " + JobOptions.REQUEST_BYTES_MAX + ", " + bytesMax
                    + ": set that higher under flink, and max.message.bytes of topic " + topic
                    + " as high (kafka-configs.sh --alter --topic " + topic
                    + " --add-config max.message.bytes=…); or map no such long context");
        }
        return record;
    }
}
