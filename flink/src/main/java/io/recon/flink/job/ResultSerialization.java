package io.recon.flink.job;

import io.recon.flink.ReconResult;
import java.nio.charset.StandardCharsets;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Results as Kafka records: their own key, value and headers; the timestamp is the wall clock, which retention goes by. */
final class ResultSerialization implements KafkaRecordSerializationSchema<ReconResult> {
    private static final long serialVersionUID = 1L;

    private final String topic;

    ResultSerialization(String topic) {
        this.topic = topic;
    }

    @Override
    public ProducerRecord<byte[], byte[]> serialize(ReconResult result, KafkaSinkContext context, Long eventTime) {
        var record = new ProducerRecord<>(topic, null, System.currentTimeMillis(), result.key(), result.value());
        for (ReconResult.Header header : result.headers()) {
            record.headers().add(header.name(), header.value());
        }
        return record;
    }
}
