package io.recon.flink;

import java.io.IOException;
import java.lang.reflect.Type;
import java.time.Instant;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.TypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInfoFactory;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.types.StringValue;

/**
 * One record of the audit or the event stream, for programs that reconcile streams of their own. A record without an ID (null or
 * empty) becomes a rejected one, as does an audit record without a time. Once it was sent on it is not to be changed any more.
 */
@TypeInfo(ReconRecord.Types.class)
public final class ReconRecord {
    /** The type, for Flink, which also finds it by itself. */
    public static final TypeInformation<ReconRecord> TYPE =
            new ValueType<>(ReconRecord.class, new ReconRecordSerializer());

    private static final int ID_FIELDS_MAX = 8;

    static final int KIND_RECORD = 0;
    static final int KIND_HEARTBEAT = 1;
    static final int KIND_REJECTED = 2;

    /** Why a record can't be read. */
    public enum Reason {
        MALFORMED,
        UNMAPPED,
        NO_ID,
        NO_SOURCE,
        NO_TIME
    }

    String[] id; // its first idCount
    int idCount;
    private String[] single; // an ID of one field, kept
    int kind = KIND_RECORD;
    int reason;
    boolean hasTime;
    long time;
    boolean hasEmittedTime;
    long emittedTime;
    boolean hasOffset;
    long offset;
    String topic;
    int partition;
    int place;
    String source;
    String context;

    private ReconRecord(String... id) {
        ids(id);
    }

    /** As if it were just made, without an ID. */
    ReconRecord clear() {
        idCount = 0;
        kind = KIND_RECORD;
        reason = 0;
        hasTime = false;
        time = 0;
        hasEmittedTime = false;
        emittedTime = 0;
        hasOffset = false;
        offset = 0;
        topic = null;
        partition = 0;
        place = 0;
        source = null;
        context = null;
        return this;
    }

    /** The ID, of one field. */
    public ReconRecord id(String text) {
        if (single == null) {
            single = new String[1];
        }
        single[0] = text;
        id = single;
        idCount = 1;
        return this;
    }

    /** The ID's fields. They are compared one by one, and shown joined by {@code |}. */
    public ReconRecord ids(String... fields) {
        id = fields == null ? new String[0] : fields;
        idCount = id.length;
        if (idCount > ID_FIELDS_MAX) {
            throw new IllegalArgumentException("an ID has at most " + ID_FIELDS_MAX + " fields");
        }
        return this;
    }

    /**
     * A record without a time.
     *
     * @param id the ID's fields: most often one. They are compared one by one, and shown joined by {@code |}
     */
    public static ReconRecord of(String... id) {
        return new ReconRecord(id);
    }

    /** A record at a time, in milliseconds since the Unix epoch. */
    public static ReconRecord of(String id, long time) {
        return new ReconRecord(id).time(time);
    }

    /** Says how far event time has come, without being a record to reconcile. */
    public static ReconRecord heartbeat(long time) {
        ReconRecord record = new ReconRecord().time(time);
        record.kind = KIND_HEARTBEAT;
        return record;
    }

    /**
     * Stands for one that could not be read: it is counted, and can be reported.
     *
     * @param id as far as that could be read
     */
    public static ReconRecord rejected(Reason reason, String... id) {
        ReconRecord record = new ReconRecord(id);
        record.kind = KIND_REJECTED;
        record.reason = reason.ordinal() + 1;
        return record;
    }

    /** Event time, in milliseconds since the Unix epoch. */
    public ReconRecord time(long milliseconds) {
        hasTime = true;
        time = milliseconds;
        return this;
    }

    /** Its event time, {@code Long.MIN_VALUE} where it has none: what a timestamp assigner is to give. */
    public long time() {
        return hasTime ? time : Long.MIN_VALUE;
    }

    /** Event time. */
    public ReconRecord time(Instant instant) {
        return time(instant.toEpochMilli());
    }

    /** When the source emitted it; audit records only. */
    public ReconRecord emitted(long milliseconds) {
        hasEmittedTime = true;
        emittedTime = milliseconds;
        return this;
    }

    /** The system that it came from. */
    public ReconRecord source(String text) {
        source = text;
        return this;
    }

    /** What a person wants to know where it is missing; audit records only. */
    public ReconRecord context(String text) {
        context = text;
        return this;
    }

    /**
     * Where it stood, for results.
     *
     * @param topicName one of the settings' topics of its stream, or null
     */
    public ReconRecord place(String topicName, int partitionNumber, long offsetNumber) {
        topic = topicName;
        partition = partitionNumber;
        offset = offsetNumber;
        hasOffset = true;
        return this;
    }

    /** The partition that it stood in, for results. */
    public ReconRecord partition(String topicName, int partitionNumber) {
        topic = topicName;
        partition = partitionNumber;
        return this;
    }

    /** Gives Flink the type. */
    public static final class Types extends TypeInfoFactory<ReconRecord> {
        @Override
        public TypeInformation<ReconRecord> createTypeInfo(Type type, Map<String, TypeInformation<?>> parameters) {
            return TYPE;
        }
    }

    /** Its serialiser. */
    public static final class ReconRecordSerializer extends ValueSerializer<ReconRecord> {
        private static final long serialVersionUID = 1L;
        private static final int VERSION = 1;

        @Override
        public ReconRecord createInstance() {
            return new ReconRecord();
        }

        @Override
        public void serialize(ReconRecord record, DataOutputView target) throws IOException {
            target.writeByte(VERSION);
            target.writeByte(record.idCount);
            for (int i = 0; i < record.idCount; i++) {
                StringValue.writeString(record.id[i], target);
            }
            target.writeByte(record.kind);
            target.writeByte(record.reason);
            target.writeByte((record.hasTime ? 1 : 0) | (record.hasEmittedTime ? 2 : 0) | (record.hasOffset ? 4 : 0));
            target.writeLong(record.time);
            target.writeLong(record.emittedTime);
            target.writeLong(record.offset);
            target.writeInt(record.partition);
            target.writeInt(record.place);
            StringValue.writeString(record.topic, target);
            StringValue.writeString(record.source, target);
            StringValue.writeString(record.context, target);
        }

        @Override
        public ReconRecord deserialize(DataInputView source) throws IOException {
            checkVersion(source.readByte(), VERSION, "a record");
            String[] id = new String[source.readUnsignedByte()];
            for (int i = 0; i < id.length; i++) {
                id[i] = StringValue.readString(source);
            }
            ReconRecord record = new ReconRecord(id);
            record.kind = source.readByte();
            record.reason = source.readByte();
            int flags = source.readByte();
            record.hasTime = (flags & 1) != 0;
            record.hasEmittedTime = (flags & 2) != 0;
            record.hasOffset = (flags & 4) != 0;
            record.time = source.readLong();
            record.emittedTime = source.readLong();
            record.offset = source.readLong();
            record.partition = source.readInt();
            record.place = source.readInt();
            record.topic = StringValue.readString(source);
            record.source = StringValue.readString(source);
            record.context = StringValue.readString(source);
            return record;
        }

        @Override
        public TypeSerializerSnapshot<ReconRecord> snapshotConfiguration() {
            return new Snapshot();
        }

        /** Its snapshot. */
        public static final class Snapshot extends SimpleTypeSerializerSnapshot<ReconRecord> {
            public Snapshot() {
                super(ReconRecordSerializer::new);
            }
        }
    }
}
