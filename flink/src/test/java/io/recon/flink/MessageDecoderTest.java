package io.recon.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.util.InstantiationUtil;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;

/** A configuration's way to the TaskManagers, and messages' way through the decoder. */
class MessageDecoderTest {
    private static final String TEXT =
            """
            name: orders
            interval: 5m
            out_of_orderness: 1m
            retention: 1h
            kafka:
              bootstrap.servers: ${BROKERS}
              group.id: ${GROUP:recon}
            audit:
              topics: [orders.audit]
            events:
              topics: [orders, orders.retry]
              schemas:
                - when: {header: {name: kind, equals: beat}}
                  heartbeat: true
                - when: {header: {name: kind, equals: noise}}
                  ignore: true
                - when: {avro_record: example.Order}
                  format: avro
                  id: id
                  time: time
                - format: json
                  id: order.id
                  time: order.ts
            """;

    private static ReconConfig config() throws Exception {
        ReconConfig config = ReconConfig.parse(TEXT, "recon.yaml", Map.of("BROKERS", "b:9092", "OTHER", "x"));
        // As it reaches a TaskManager.
        return InstantiationUtil.clone(config);
    }

    private static ConsumerRecord<byte[], byte[]> message(String topic, int partition, byte[] value, String... headers) {
        RecordHeaders all = new RecordHeaders();
        for (int i = 0; i < headers.length; i += 2) {
            all.add(headers[i], headers[i + 1] == null ? null : utf8(headers[i + 1]));
        }
        return new ConsumerRecord<>(
                topic, partition, 17, 5000, TimestampType.CREATE_TIME, 0, 0, null, value, all, Optional.empty());
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static MessageDecoder decoder(Stream stream, MessageDecoder.Schemas schemas) throws Exception {
        return new MessageDecoder(config(), stream, 128, schemas);
    }

    @Test
    void aConfigurationSaysTheSameWhereverItGoes() throws Exception {
        ReconConfig config = config();
        assertThat(config.name()).isEqualTo("orders");
        assertThat(config.kafka()).containsEntry("bootstrap.servers", "b:9092").containsEntry("group.id", "recon");
        assertThat(config.topics(Stream.EVENTS)).containsExactly("orders", "orders.retry");
        assertThat(config.start()).isEqualTo("earliest");
        assertThat(config.settings().intervalMs()).isEqualTo(300_000);
        assertThat(config.settings().idleTimeoutMs()).isEqualTo(60_000);
        assertThat(config.settings().maxFutureSkewMs()).isEqualTo(600_000);
        assertThat(config.nativeVariables()).asString(StandardCharsets.UTF_8).contains("BROKERS").doesNotContain("OTHER");
    }

    @Test
    void everyFaultOfAConfigurationIsNamedAtOnce() {
        assertThatThrownBy(() -> ReconConfig.parse("interval: soon\nretenton: 1h\n", "f.yaml", Map.of()))
                .isInstanceOf(ReconException.class)
                .hasMessageContaining("f.yaml:1:")
                .hasMessageContaining("f.yaml:2:")
                .hasMessageContaining("retention");
    }

    @Test
    void aMessageGivesItsRecordAndWhatCantBeReadARejectedOne() throws Exception {
        try (MessageDecoder decoder = decoder(Stream.EVENTS, (isGuid, text) -> Optional.empty())) {
            PackedRecords good = decoder.decode(message("orders.retry", 3, utf8("{\"order\":{\"id\":\"a\",\"ts\":1234}}")));
            assertThat(good.count()).isEqualTo(1);
            assertThat(good.maxTime()).isEqualTo(1234);
            assertThat(good.maxTime(1233)).isEqualTo(PackedRecords.NO_TIME);
            assertThat(good.bytes[PackedRecords.KIND_AT]).isEqualTo((byte) ReconRecord.KIND_RECORD);
            PackedRecords broken = decoder.decode(message("orders", 0, utf8("{")));
            assertThat(broken.bytes[PackedRecords.KIND_AT]).isEqualTo((byte) PackedRecords.KIND_REJECTED);
            assertThat(broken.maxTime()).isEqualTo(PackedRecords.NO_TIME);
            PackedRecords beat =
                    decoder.decode(message("orders", 0, utf8("{\"id\":\"b\",\"time\":99}"), "other", null, "kind", "beat"));
            assertThat(beat.bytes[PackedRecords.KIND_AT]).isEqualTo((byte) ReconRecord.KIND_HEARTBEAT);
            assertThat(beat.maxTime()).isEqualTo(99);
            assertThat(decoder.decode(message("orders", 0, utf8("x"), "kind", "noise")).isEmpty()).isTrue();
            assertThat(decoder.decode(message("orders", 0, null)).isEmpty()).isTrue();
            assertThat(decoder.ignored()).isEqualTo(1);
            assertThat(decoder.tombstones()).isEqualTo(1);
            assertThat(decoder.decode(message("listed no longer", 0, utf8("{"))).isEmpty()).isTrue();
            assertThat(decoder.ignored()).isEqualTo(2);
        }
    }

    @Test
    void longMessagesAndManyRecordsFindRoom() throws Exception {
        String id = "x".repeat(60_000);
        String padding = "y".repeat(300_000);
        try (MessageDecoder decoder = decoder(Stream.EVENTS, (isGuid, text) -> Optional.empty())) {
            String value = "{\"pad\":\"%s\",\"order\":{\"id\":\"%s\",\"ts\":7}}".formatted(padding, id);
            for (int i = 0; i < 3; i++) {
                PackedRecords record = decoder.decode(message("orders", i, utf8(value)));
                assertThat(record.bytes).hasSize(PackedRecords.FIXED_BYTES + id.length());
                assertThat(record.count()).isEqualTo(1);
            }
        }
    }

    @Test
    void aSchemaIsAskedForOnceAndOneThatIsNotThereRejects() throws Exception {
        String schema =
                "{\"type\":\"record\",\"name\":\"example.Order\",\"fields\":["
                        + "{\"name\":\"id\",\"type\":\"string\"},{\"name\":\"time\",\"type\":\"long\"}]}";
        List<String> asked = new ArrayList<>();
        try (MessageDecoder decoder =
                decoder(
                        Stream.EVENTS,
                        (isGuid, text) -> {
                            asked.add(text);
                            return switch (text) {
                                case "7" -> Optional.of(utf8(schema));
                                case "8" -> Optional.of(utf8("{\"type\":\"nonsense\"}"));
                                default -> Optional.empty();
                            };
                        })) {
            byte[] framed = {0, 0, 0, 0, 7, 4, 'a', 'b', 20};
            assertThat(decoder.decode(message("orders", 0, framed)).maxTime()).isEqualTo(10);
            assertThat(decoder.decode(message("orders", 0, framed)).maxTime()).isEqualTo(10);
            for (byte missing : new byte[] {8, 9}) {
                framed[4] = missing;
                for (int i = 0; i < 2; i++) {
                    PackedRecords rejected = decoder.decode(message("orders", 0, framed));
                    assertThat(rejected.bytes[PackedRecords.KIND_AT]).isEqualTo((byte) PackedRecords.KIND_REJECTED);
                }
            }
            assertThat(asked).containsExactly("7", "8", "9");
        }
    }

    @Test
    void aSchemaThatWasNotThereIsAskedForAgainAfterAWhile() throws Exception {
        List<String> asked = new ArrayList<>();
        long[] now = {1};
        MessageDecoder.Schemas schemas = (isGuid, text) -> {
            asked.add(text);
            return asked.size() == 1
                    ? Optional.empty()
                    : Optional.of(utf8("{\"type\":\"record\",\"name\":\"example.Order\",\"fields\":["
                            + "{\"name\":\"id\",\"type\":\"string\"},{\"name\":\"time\",\"type\":\"long\"}]}"));
        };
        try (MessageDecoder decoder = new MessageDecoder(config(), Stream.EVENTS, 128, schemas, () -> now[0])) {
            byte[] framed = {0, 0, 0, 0, 7, 4, 'a', 'b', 20};
            for (int i = 0; i < 2; i++) {
                now[0] += MessageDecoder.ABSENCE.toNanos() - 1 - i;
                byte kind = decoder.decode(message("orders", 0, framed)).bytes[PackedRecords.KIND_AT];
                assertThat(kind).isEqualTo((byte) PackedRecords.KIND_REJECTED);
            }
            assertThat(asked).hasSize(1);
            now[0] += 2;
            assertThat(decoder.decode(message("orders", 0, framed)).maxTime()).isEqualTo(10);
            now[0] += 2 * MessageDecoder.ABSENCE.toNanos();
            assertThat(decoder.decode(message("orders", 0, framed)).maxTime()).isEqualTo(10);
            assertThat(asked).hasSize(2);
        }
    }

    @Test
    void aClosedDecoderThrows() throws Exception {
        MessageDecoder decoder = decoder(Stream.AUDIT, (isGuid, text) -> Optional.empty());
        decoder.close();
        decoder.close();
        assertThatThrownBy(() -> decoder.decode(message("orders.audit", 0, null))).hasMessageContaining("closed");
    }
}
