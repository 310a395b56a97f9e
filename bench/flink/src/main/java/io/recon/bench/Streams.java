package io.recon.bench;

import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.connector.datagen.source.GeneratorFunction;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * Two streams of the same IDs, made inside the job: IDs of 36 characters, one a millisecond in each subtask, the events
 * shuffled within blocks of 1024, one of 1000 never arriving and one as often that nobody audited.
 */
public final class Streams {
    /** How far behind the largest event time a record comes, at most. */
    public static final long OUT_OF_ORDERNESS_MS = 1024;

    private static final int BLOCK = 1024;
    private static final char[] HEX = "0123456789abcdef".toCharArray();

    private Streams() {}

    /** The audit stream: IDs in order. */
    public static DataStream<Record> audit(StreamExecutionEnvironment env, long ids) {
        return stream(env, "audit", ids, false);
    }

    /** The event stream: the same, shuffled. */
    public static DataStream<Record> events(StreamExecutionEnvironment env, long ids) {
        return stream(env, "events", ids, true);
    }

    private static DataStream<Record> stream(StreamExecutionEnvironment env, String name, long ids, boolean shuffled) {
        // Each subtask gets a range of its own; time begins anew in each.
        long range = ids / env.getParallelism();
        GeneratorFunction<Long, Record> make = number -> {
            long place = number % range;
            Marks.pass(place, range);
            if (shuffled) {
                long swapped = place ^ (BLOCK - 1);
                place = swapped < range ? swapped : place;
            }
            long which = number - number % range + place;
            boolean isOther = shuffled && which % 1000 == 999;
            return new Record(identifier(isOther ? ~which : which), place);
        };
        var source = new DataGeneratorSource<>(make, range * env.getParallelism(), TypeInformation.of(Record.class));
        WatermarkStrategy<Record> watermarks = WatermarkStrategy.<Record>forBoundedOutOfOrderness(
                        java.time.Duration.ofMillis(OUT_OF_ORDERNESS_MS))
                .withTimestampAssigner((record, before) -> record.time)
                .withWatermarkAlignment("bench", java.time.Duration.ofSeconds(500), java.time.Duration.ofMillis(200));
        return env.fromSource(source, watermarks, name).uid(name);
    }

    /** Looks like a UUID. */
    static String identifier(long number) {
        char[] text = new char[36];
        long high = mix(number);
        long low = mix(number ^ 0x9e3779b97f4a7c15L);
        for (int at = 0, digit = 0; at < 36; at++) {
            if (at == 8 || at == 13 || at == 18 || at == 23) {
                text[at] = '-';
            } else {
                long from = digit < 16 ? high : low;
                text[at] = HEX[(int) (from >>> (4 * (digit++ & 15))) & 15];
            }
        }
        return new String(text);
    }

    private static long mix(long number) {
        long x = (number + 0x632be59bd9b4e019L) * 0xd1342543de82ef95L;
        x = (x ^ (x >>> 32)) * 0xaef17502108ef2d9L;
        return x ^ (x >>> 29);
    }
}
