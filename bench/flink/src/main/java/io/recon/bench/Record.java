package io.recon.bench;

/** A record of either stream, as Flink's own serializer for such classes wants it. */
public class Record {
    public String id;
    public long time;

    public Record() {}

    public Record(String id, long time) {
        this.id = id;
        this.time = time;
    }
}
