package io.recon.flink;

import java.io.Serializable;
import java.time.Instant;

/**
 * One record of the audit or the event stream, for programs that reconcile streams of their own. A record without an ID (null or
 * empty) becomes a rejected one, as does an audit record without a time.
 */
public final class ReconRecord implements Serializable {
    private static final long serialVersionUID = 1L;

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

    final String[] id;
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
        this.id = id == null ? new String[0] : id;
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
}
