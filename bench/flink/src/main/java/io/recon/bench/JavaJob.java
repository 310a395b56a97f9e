package io.recon.bench;

import java.io.IOException;
import java.time.Duration;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.serialization.AbstractDeserializationSchema;
import org.apache.flink.api.common.serialization.SimpleStringSchema;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.DeserializationFeature;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** The join from Kafka to Kafka, exactly once, as one would write it in Java: arguments address, name, topics, retention. */
public final class JavaJob {
    private static final Duration OUT_OF_ORDERNESS = Duration.ofSeconds(1);

    private JavaJob() {}

    /** Submits it. */
    public static void main(String[] arguments) throws Exception {
        var env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.getConfig().enableObjectReuse();
        String name = arguments[1];
        KafkaSink<String> sink =
                KafkaSink.<String>builder()
                        .setBootstrapServers(arguments[0])
                        .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
                        .setTransactionalIdPrefix(name)
                        .setProperty("transaction.timeout.ms", "900000")
                        .setRecordSerializer(
                                KafkaRecordSerializationSchema.builder()
                                        .setTopic(name + ".results")
                                        .setValueSerializationSchema(new SimpleStringSchema())
                                        .build())
                        .build();
        stream(env, arguments, ".audit")
                .keyBy(record -> record.id)
                .connect(stream(env, arguments, ".events").keyBy(record -> record.id))
                .process(new Join.Match(Long.parseLong(arguments[3])))
                .returns(Types.STRING)
                .uid("match")
                .sinkTo(sink)
                .uid("results");
        env.execute(name);
    }

    private static DataStream<Record> stream(StreamExecutionEnvironment env, String[] arguments, String topic) {
        KafkaSource<Record> source =
                KafkaSource.<Record>builder()
                        .setBootstrapServers(arguments[0])
                        .setGroupId(arguments[1])
                        .setTopics(arguments[2] + topic)
                        .setStartingOffsets(OffsetsInitializer.earliest())
                        .setProperty("isolation.level", "read_committed")
                        .setValueOnlyDeserializer(new Json())
                        .build();
        WatermarkStrategy<Record> watermarks =
                WatermarkStrategy.<Record>forBoundedOutOfOrderness(OUT_OF_ORDERNESS)
                        .withTimestampAssigner((record, before) -> record.time)
                        .withWatermarkAlignment("bench", Duration.ofMinutes(1), Duration.ofMillis(200));
        return env.fromSource(source, watermarks, topic).uid("source" + topic);
    }

    /** By Jackson into the class. */
    static final class Json extends AbstractDeserializationSchema<Record> {
        private static final long serialVersionUID = 1L;

        private transient ObjectMapper mapper;

        @Override
        public void open(DeserializationSchema.InitializationContext context) {
            mapper = new ObjectMapper().configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false);
        }

        @Override
        public Record deserialize(byte[] message) throws IOException {
            return mapper.readValue(message, Record.class);
        }
    }
}
