package io.recon.bench;

/** A record of either stream, as Flink's own serializer for such classes wants it. */
public class Record {
    public String id;
    public String source;
    public String context;
    public long time;

    public Record() {}

    public Record(String id, String source, String context, long time) {
        this.id = id;
        this.source = source;
        this.context = context;
        this.time = time;
    }
}
