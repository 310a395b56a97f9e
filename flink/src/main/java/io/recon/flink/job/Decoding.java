package io.recon.flink.job;

import io.recon.flink.MessageDecoder;
import io.recon.flink.PackedRecords;
import io.recon.flink.ReconConfig;
import io.recon.flink.Stream;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Decodes a stream's messages in C, one at a time in the source, so that the watermarks by partition see each one's time. A
 * schema that a message needs is asked of the registry, during which the source stands still.
 */
final class Decoding implements KafkaRecordDeserializationSchema<PackedRecords> {
    private static final long serialVersionUID = 1L;

    private final ReconConfig config;
    private final Stream stream;
    private final int keyGroupCount;
    private final Map<String, String> registry;
    private transient MessageDecoder decoder;

    Decoding(ReconConfig config, Stream stream, int keyGroupCount, Map<String, String> registry) {
        this.config = config;
        this.stream = stream;
        this.keyGroupCount = keyGroupCount;
        this.registry = registry;
    }

    /** A decoder of such messages, which the caller closes. */
    MessageDecoder newDecoder() {
        return new MessageDecoder(config, stream, keyGroupCount, new Schemas(registry));
    }

    @Override
    public void open(DeserializationSchema.InitializationContext context) {
        decoder = newDecoder();
        MetricGroup group = context.getMetricGroup();
        group.gauge("ignored", decoder::ignored);
        group.gauge("tombstones", decoder::tombstones);
    }

    @Override
    public void deserialize(ConsumerRecord<byte[], byte[]> message, Collector<PackedRecords> out) throws IOException {
        PackedRecords records;
        try {
            records = decoder.decode(message);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while a schema was waited for", error);
        } catch (IOException | RuntimeException error) {
            throw error;
        } catch (Exception error) {
            throw new IOException(error);
        }
        if (!records.isEmpty()) {
            out.collect(records);
        }
    }

    @Override
    public TypeInformation<PackedRecords> getProducedType() {
        return PackedRecords.TYPE;
    }

    /** Asks a registry once one is needed. */
    private static final class Schemas implements MessageDecoder.Schemas {
        private final Map<String, String> options;
        private SchemaRegistry registry;

        Schemas(Map<String, String> options) {
            this.options = options;
        }

        @Override
        public Optional<byte[]> schema(boolean isGuid, String text) throws InterruptedException {
            if (registry == null) {
                registry = new SchemaRegistry(options);
            }
            return registry.schema(isGuid, text);
        }
    }
}
