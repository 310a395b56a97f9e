package io.recon.flink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decodes one stream's Kafka messages by its mapping, in C, into packed records. One thread at a time. A message that can't be
 * read gives a rejected record, never an exception.
 */
public final class MessageDecoder implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MessageDecoder.class);
    private static final PackedRecords NONE = new PackedRecords(new byte[0]);
    private static final int USUAL_BYTES = 64 << 10;
    /** For how long a schema that a registry did not have, or that was of no use, is not asked for again. */
    static final Duration ABSENCE = Duration.ofMinutes(1);

    private static final int IGNORED = 0;
    private static final int TOMBSTONES = 1;

    /** Where schemas are had from. */
    @FunctionalInterface
    public interface Schemas {
        /**
         * The registry's answer (or the schema alone), or nothing where it has no such schema.
         *
         * @param isGuid whether text is a GUID; else it is an ID's digits
         */
        Optional<byte[]> schema(boolean isGuid, String text) throws Exception;
    }

    private final NativeDecoder decoder;
    private final Schemas schemas;
    private final LongSupplier nanos;
    private final Set<String> unlisted = new HashSet<>();
    private long passedOver;
    private boolean hasAbsent; // schemas, since
    private long absentSinceNanos;
    private final Map<String, Integer> topicNumbers = new HashMap<>();
    private ByteBuffer in = ByteBuffer.allocateDirect(USUAL_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private ByteBuffer out = ByteBuffer.allocateDirect(USUAL_BYTES).order(ByteOrder.LITTLE_ENDIAN);

    /**
     * Makes one.
     *
     * @param keyGroupCount the matcher's maximum parallelism ({@link ReconStreams#maxParallelism})
     */
    public MessageDecoder(ReconConfig config, Stream stream, int keyGroupCount, Schemas schemas) {
        this(config, stream, keyGroupCount, schemas, System::nanoTime);
    }

    MessageDecoder(ReconConfig config, Stream stream, int keyGroupCount, Schemas schemas, LongSupplier nanos) {
        this.schemas = schemas;
        this.nanos = nanos;
        ReconSettings settings = config.settings();
        for (String topic : settings.topics(stream)) {
            topicNumbers.put(topic, settings.topicNumber(stream, topic));
        }
        decoder = new NativeDecoder(settings.toNative(keyGroupCount, -1), config, stream.ordinal());
        NativeDecoder.use(decoder.handle(), in, out);
    }

    /** What a message holds: no, one or several records. One of a topic that is not listed holds none, and counts as ignored. */
    public PackedRecords decode(ConsumerRecord<byte[], byte[]> message) throws Exception {
        Integer topic = topicNumbers.get(message.topic());
        if (topic == null) {
            // Flink goes on to read what its state holds.
            if (unlisted.add(message.topic())) {
                LOG.warn("Topic {} is listed no longer: its messages are passed over", message.topic());
            }
            passedOver++;
            return NONE;
        }
        if (hasAbsent && nanos.getAsLong() - absentSinceNanos >= ABSENCE.toNanos()) {
            hasAbsent = false;
            NativeDecoder.forgetAbsent(decoder.handle());
        }
        write(message);
        int partition = PackedRecords.partition(topic, message.partition());
        int size;
        while ((size = NativeDecoder.decode(decoder.handle(), in.position(), message.timestamp(), partition, message.offset()))
                == NativeDecoder.SCHEMA_WANTED) {
            handIn(message);
        }
        if (size < 0) {
            out = ByteBuffer.allocateDirect(-size).order(ByteOrder.LITTLE_ENDIAN);
            NativeDecoder.use(decoder.handle(), in, out);
            size = NativeDecoder.flush(decoder.handle());
        }
        if (size == 0) {
            return NONE;
        }
        byte[] bytes = new byte[size];
        out.get(0, bytes);
        return new PackedRecords(bytes);
    }

    private void handIn(ConsumerRecord<byte[], byte[]> message) throws Exception {
        String wanted = NativeDecoder.wanted(decoder.handle());
        Optional<byte[]> answer = schemas.schema(NativeDecoder.isWantedByGuid(decoder.handle()), wanted);
        byte[] fault = NativeDecoder.schema(decoder.handle(), answer.orElse(null));
        if (answer.isEmpty() || fault != null) {
            if (!hasAbsent) {
                hasAbsent = true;
                absentSinceNanos = nanos.getAsLong();
            }
            LOG.warn(
                    "{}/{}/{} and others are rejected as malformed, and it is asked for again in a while: schema {}: {}",
                    message.topic(),
                    message.partition(),
                    message.offset(),
                    wanted,
                    fault == null ? "the registry has none" : new String(fault, StandardCharsets.UTF_8));
        }
    }

    private void write(ConsumerRecord<byte[], byte[]> message) {
        in.clear();
        put(message.key());
        put(message.value());
        reserve(Integer.BYTES);
        int countAt = in.position();
        in.putInt(0);
        int count = 0;
        for (Header header : message.headers()) {
            put(header.key().getBytes(StandardCharsets.UTF_8));
            put(header.value());
            count++;
        }
        in.putInt(countAt, count);
    }

    private void put(byte[] bytes) {
        if (bytes == null) {
            reserve(Integer.BYTES);
            in.putInt(-1);
            return;
        }
        reserve(Integer.BYTES + bytes.length);
        in.putInt(bytes.length).put(bytes);
    }

    private void reserve(int size) {
        if (in.remaining() < size) {
            ByteBuffer larger = ByteBuffer.allocateDirect(2 * (in.position() + size)).order(ByteOrder.LITTLE_ENDIAN);
            larger.put(in.flip());
            in = larger;
            NativeDecoder.use(decoder.handle(), in, out);
        }
    }

    /** Messages that a mapping ignores or that are of a topic which is not listed, since the start. */
    public long ignored() {
        return passedOver + NativeDecoder.count(decoder.handle(), IGNORED);
    }

    /** Messages without a value that made no record, since the start. */
    public long tombstones() {
        return NativeDecoder.count(decoder.handle(), TOMBSTONES);
    }

    @Override
    public void close() {
        decoder.close();
    }
}
