package io.recon.flink.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.recon.flink.ReconResult;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;

class ResultSerializationTest {
    private static final byte MISSING = 1;

    /** As it comes over the network: a version, the frame's size, the frame. */
    private static ReconResult result(String key, String value) throws Exception {
        ByteBuffer frame = ByteBuffer.allocate(64 + key.length() + value.length()).order(ByteOrder.LITTLE_ENDIAN);
        frame.putInt(0).put(MISSING).put((byte) 1).putShort((short) 1);
        for (String text : new String[] {key, value, "ce_id", "1f"}) {
            frame.putInt(text.length()).put(text.getBytes(StandardCharsets.UTF_8));
        }
        DataOutputSerializer wire = new DataOutputSerializer(frame.capacity() + 8);
        wire.writeByte(1);
        wire.writeInt(frame.capacity());
        wire.write(frame.array());
        return ReconResult.TYPE
                .createSerializer(new SerializerConfigImpl())
                .deserialize(new DataInputDeserializer(wire.getCopyOfBuffer()));
    }

    @Test
    void aResultIsARecordOfItsTopicAtTheTimeOfTheWallClock() throws Exception {
        long before = System.currentTimeMillis();
        var record = new ResultSerialization("breaks", 1000).serialize(result("k", "{}"), null, 5L);
        assertThat(record.topic()).isEqualTo("breaks");
        assertThat(record.timestamp()).isBetween(before, System.currentTimeMillis());
        assertThat(record.key()).asString().isEqualTo("k");
        assertThat(record.value()).asString().isEqualTo("{}");
        assertThat(record.headers().lastHeader("ce_id").value()).asString().isEqualTo("1f");
    }

    @Test
    void oneThatIsLargerThanAProducerSendsIsToldWithTheMend() throws Exception {
        ReconResult large = result("orders/presence//a", "x".repeat(900));
        assertThatThrownBy(() -> new ResultSerialization("breaks", 1000).serialize(large, null, null))
                .hasMessageContaining("missing, key orders/presence//a")
                .hasMessageContaining("max.request.size, 1000")
                .hasMessageContaining("--topic breaks --add-config max.message.bytes");
        assertThat(new ResultSerialization("breaks", 1100).serialize(large, null, null).value()).hasSize(900);
    }
}
