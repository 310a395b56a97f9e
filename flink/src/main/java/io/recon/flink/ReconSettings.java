package io.recon.flink;

import java.io.ByteArrayOutputStream;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * What a reconciliation computes by. Name, interval, out_of_orderness and retention must be set; the rest is as the
 * configuration's defaults for a job are. Never changed once built.
 */
public final class ReconSettings implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final byte VERSION = 1;
    private static final int TOPIC_NUMBER_MAX = 0xffff;
    private static final long UNSET = Long.MAX_VALUE;

    final String name;
    final long intervalMs;
    final long outOfOrdernessMs;
    final long retentionMs;
    final long idleTimeoutMs;
    final long maxFutureSkewMs;
    final long fromMs;
    final long toMs;
    final int report;
    final boolean sourceInIdentity;
    final String[] auditTopics;
    final String[] eventTopics;
    private final int[] auditTopicNumbers;
    private final int[] eventTopicNumbers;

    private ReconSettings(Builder builder) {
        name = builder.name;
        intervalMs = builder.intervalMs;
        outOfOrdernessMs = builder.outOfOrdernessMs;
        retentionMs = builder.retentionMs;
        idleTimeoutMs = builder.idleTimeoutMs;
        maxFutureSkewMs = builder.maxFutureSkewMs;
        fromMs = builder.fromMs;
        toMs = builder.toMs;
        report = builder.report;
        sourceInIdentity = builder.sourceInIdentity;
        auditTopics = builder.auditTopics;
        eventTopics = builder.eventTopics;
        auditTopicNumbers = topicNumbers(auditTopics);
        eventTopicNumbers = topicNumbers(eventTopics);
    }

    /** Begins settings; the name tells one reconciliation's results and state from another's. */
    public static Builder named(String name) {
        return new Builder(name);
    }

    /** The name. */
    public String name() {
        return name;
    }

    /** Length of a window, ms. */
    public long intervalMs() {
        return intervalMs;
    }

    /** How far behind the largest time a record may come and be on time, ms. */
    public long outOfOrdernessMs() {
        return outOfOrdernessMs;
    }

    /** How long an identity is remembered, ms. */
    public long retentionMs() {
        return retentionMs;
    }

    /** After which silence an input is left out, ms; {@code Long.MAX_VALUE}: never. */
    public long idleTimeoutMs() {
        return idleTimeoutMs;
    }

    /** How far ahead of the clock a time may lie, ms; {@code Long.MAX_VALUE}: any. */
    public long maxFutureSkewMs() {
        return maxFutureSkewMs;
    }

    /** Audit records with a time before this (ms) are not judged; {@code Long.MIN_VALUE}: all are. */
    public long fromMs() {
        return fromMs;
    }

    /** The same, but with this as the first time of which audit records are judged: that a first start found. */
    public ReconSettings withFrom(long milliseconds) {
        Builder builder = new Builder(name);
        builder.intervalMs = intervalMs;
        builder.outOfOrdernessMs = outOfOrdernessMs;
        builder.retentionMs = retentionMs;
        builder.idleTimeoutMs = idleTimeoutMs;
        builder.maxFutureSkewMs = maxFutureSkewMs;
        builder.fromMs = milliseconds;
        builder.toMs = toMs;
        builder.report = report;
        builder.sourceInIdentity = sourceInIdentity;
        builder.auditTopics = auditTopics;
        builder.eventTopics = eventTopics;
        return new ReconSettings(builder);
    }

    String[] topics(Stream stream) {
        return stream == Stream.AUDIT ? auditTopics : eventTopics;
    }

    /** The number of a topic on the wire, which its name decides (flink/native/names.h); 0 where there is none. */
    int topicNumber(Stream stream, String topic) {
        if (topic == null) {
            return 0;
        }
        String[] topics = topics(stream);
        int[] numbers = stream == Stream.AUDIT ? auditTopicNumbers : eventTopicNumbers;
        for (int i = 0; i < topics.length; i++) {
            if (topics[i].equals(topic)) {
                return numbers[i];
            }
        }
        throw new IllegalArgumentException("topic " + topic + " is none of the " + stream + " stream's in the settings");
    }

    private static int[] topicNumbers(String[] topics) {
        Set<Integer> taken = new HashSet<>();
        int[] numbers = new int[topics.length];
        for (int i = 0; i < topics.length; i++) {
            int hash = (int) 2166136261L;
            for (byte one : topics[i].getBytes(StandardCharsets.UTF_8)) {
                hash = (hash ^ one & 0xff) * 16777619;
            }
            int number = Math.max(1, (hash ^ hash >>> 16) & TOPIC_NUMBER_MAX);
            while (!taken.add(number)) {
                number = number % TOPIC_NUMBER_MAX + 1;
            }
            numbers[i] = number;
        }
        return numbers;
    }

    /** As the native side reads them. */
    byte[] toNative(int keyGroupCount, long memoryLimitBytes) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ByteBuffer fixed = ByteBuffer.allocate(74).order(ByteOrder.LITTLE_ENDIAN);
        fixed.put(VERSION);
        fixed.putLong(intervalMs).putLong(outOfOrdernessMs).putLong(retentionMs).putLong(idleTimeoutMs);
        fixed.putLong(maxFutureSkewMs).putLong(fromMs).putLong(toMs).putLong(memoryLimitBytes);
        fixed.putInt(report).putInt(keyGroupCount).put((byte) (sourceInIdentity ? 1 : 0));
        bytes.writeBytes(fixed.array());
        writeText(bytes, name);
        for (Stream stream : Stream.values()) {
            writeInt(bytes, topics(stream).length);
            for (String topic : topics(stream)) {
                writeText(bytes, topic);
            }
        }
        return bytes.toByteArray();
    }

    static void writeText(ByteArrayOutputStream bytes, String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        writeInt(bytes, utf8.length);
        bytes.writeBytes(utf8);
    }

    private static void writeInt(ByteArrayOutputStream bytes, int value) {
        bytes.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
    }

    /** Puts settings together. */
    public static final class Builder {
        private final String name;
        private long intervalMs = UNSET;
        private long outOfOrdernessMs = UNSET;
        private long retentionMs = UNSET;
        private long idleTimeoutMs = Duration.ofMinutes(1).toMillis();
        private long maxFutureSkewMs = Duration.ofMinutes(10).toMillis();
        private long fromMs = Long.MIN_VALUE;
        private long toMs = Long.MAX_VALUE;
        private int report = bits(EnumSet.of(
                ReconResult.Type.MISSING, ReconResult.Type.FOUND, ReconResult.Type.TOO_LATE, ReconResult.Type.REJECTED));
        private boolean sourceInIdentity;
        private String[] auditTopics = {};
        private String[] eventTopics = {};

        private Builder(String name) {
            this.name = Objects.requireNonNull(name, "name");
        }

        /** Length of a window. */
        public Builder interval(Duration duration) {
            intervalMs = duration.toMillis();
            return this;
        }

        /** How far behind the largest time a record may come and be on time. */
        public Builder outOfOrderness(Duration duration) {
            outOfOrdernessMs = duration.toMillis();
            return this;
        }

        /** How long an identity is remembered. */
        public Builder retention(Duration duration) {
            retentionMs = duration.toMillis();
            return this;
        }

        /** After which silence an input is left out; null: never. */
        public Builder idleTimeout(Duration duration) {
            idleTimeoutMs = duration == null ? UNSET : duration.toMillis();
            return this;
        }

        /** How far ahead of the clock a time may lie; null: any. */
        public Builder maxFutureSkew(Duration duration) {
            maxFutureSkewMs = duration == null ? UNSET : duration.toMillis();
            return this;
        }

        /** Audit records with a time before this (ms) are not judged. */
        public Builder from(long milliseconds) {
            fromMs = milliseconds;
            return this;
        }

        /** Audit records with this time (ms) or a later one are not judged. */
        public Builder to(long milliseconds) {
            toMs = milliseconds;
            return this;
        }

        /** Which results there are besides metrics. */
        public Builder report(Set<ReconResult.Type> types) {
            report = bits(types);
            return this;
        }

        /** An identity is source and ID together. */
        public Builder sourceInIdentity(boolean is) {
            sourceInIdentity = is;
            return this;
        }

        /** The topics that records of a stream may name. */
        public Builder topics(Stream stream, List<String> topics) {
            if (stream == Stream.AUDIT) {
                auditTopics = topics.toArray(new String[0]);
            } else {
                eventTopics = topics.toArray(new String[0]);
            }
            return this;
        }

        /** Interval, out_of_orderness, retention, idle_timeout, max_future_skew. */
        Builder milliseconds(long o, long n, long m, long z, long skew) {
            intervalMs = o;
            outOfOrdernessMs = n;
            retentionMs = m;
            idleTimeoutMs = z;
            maxFutureSkewMs = skew;
            return this;
        }

        Builder report(int bits) {
            report = bits;
            return this;
        }

        /** Checks and builds them. */
        public ReconSettings build() {
            require(!name.isEmpty(), "name");
            require(intervalMs > 0 && intervalMs != UNSET, "interval");
            require(outOfOrdernessMs >= 0 && outOfOrdernessMs != UNSET, "out_of_orderness");
            require(retentionMs >= 0 && retentionMs != UNSET, "retention");
            require(idleTimeoutMs > 0, "idle_timeout");
            require(maxFutureSkewMs >= 0, "max_future_skew");
            require(fromMs < toMs, "from");
            return new ReconSettings(this);
        }

        /** Without the checks: the C engine allows more than a job does. */
        ReconSettings buildUnchecked() {
            return new ReconSettings(this);
        }

        private static void require(boolean is, String setting) {
            if (!is) {
                throw new IllegalArgumentException(setting + " is not set, or not to a legal value");
            }
        }

        private static int bits(Set<ReconResult.Type> types) {
            int bits = 0;
            for (ReconResult.Type type : types) {
                bits |= 1 << type.ordinal();
            }
            return bits;
        }
    }
}
