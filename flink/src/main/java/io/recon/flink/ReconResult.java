package io.recon.flink;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * A result, as a Kafka message: a metric, or a break (missing, found, ...). The value is one JSON object; key and headers are a
 * CloudEvent's in Kafka's binary mode. Never changed once made.
 */
public final class ReconResult {
    /** The type, for Flink. */
    public static final TypeInformation<ReconResult> TYPE = new ValueType<>(ReconResult.class, new ReconResultSerializer());

    private static final int HEADER_COUNT_AT = 6;
    private static final int FIXED_BYTES = 8;

    private final byte[] frame; // flink/native/results.h

    /** A header: both never changed. */
    public record Header(String name, byte[] value) {}

    /** What a result is. */
    public enum Type {
        METRIC,
        MISSING,
        FOUND,
        UNAUDITED,
        AUDITED,
        DUPLICATE,
        TOO_LATE,
        REJECTED;

        private static final Type[] ALL = values();

        /** As results and the configuration name it: {@code too_late}. */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    ReconResult(byte[] frame) {
        this.frame = frame;
    }

    /** What it is. */
    public Type type() {
        return Type.ALL[frame[4]];
    }

    /** Whether it goes to the metrics' topic, and not to that of the breaks. */
    public boolean isMetric() {
        return frame[5] == 0;
    }

    /** The message's key; a compacted topic keeps the last word on each. */
    public byte[] key() {
        return text(FIXED_BYTES);
    }

    /** The message's value: one JSON object in UTF-8. */
    public byte[] value() {
        return text(after(FIXED_BYTES));
    }

    /** The value as a text. */
    public String json() {
        return new String(value(), StandardCharsets.UTF_8);
    }

    /** The message's headers. */
    public Header[] headers() {
        Header[] headers = new Header[buffer().getShort(HEADER_COUNT_AT)];
        int at = after(after(FIXED_BYTES));
        for (int i = 0; i < headers.length; i++) {
            String name = new String(text(at), StandardCharsets.UTF_8);
            at = after(at);
            headers[i] = new Header(name, text(at));
            at = after(at);
        }
        return headers;
    }

    @Override
    public String toString() {
        return json();
    }

    private ByteBuffer buffer() {
        return ByteBuffer.wrap(frame).order(ByteOrder.LITTLE_ENDIAN);
    }

    private byte[] text(int at) {
        byte[] text = new byte[buffer().getInt(at)];
        System.arraycopy(frame, at + 4, text, 0, text.length);
        return text;
    }

    private int after(int at) {
        return at + 4 + buffer().getInt(at);
    }

    /** Its serialiser. */
    public static final class ReconResultSerializer extends ValueSerializer<ReconResult> {
        private static final long serialVersionUID = 1L;
        private static final int VERSION = 1;

        @Override
        public ReconResult createInstance() {
            return new ReconResult(new byte[0]);
        }

        @Override
        public void serialize(ReconResult record, DataOutputView target) throws IOException {
            target.writeByte(VERSION);
            target.writeInt(record.frame.length);
            target.write(record.frame);
        }

        @Override
        public ReconResult deserialize(DataInputView source) throws IOException {
            checkVersion(source.readByte(), VERSION, "a result");
            byte[] frame = new byte[source.readInt()];
            source.readFully(frame);
            return new ReconResult(frame);
        }

        @Override
        public TypeSerializerSnapshot<ReconResult> snapshotConfiguration() {
            return new Snapshot();
        }

        /** Its snapshot. */
        public static final class Snapshot extends SimpleTypeSerializerSnapshot<ReconResult> {
            public Snapshot() {
                super(ReconResultSerializer::new);
            }
        }
    }
}
