package io.recon.bench;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.stream.IntStream;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.connector.datagen.source.GeneratorFunction;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * Two streams of the same IDs, made inside the job: IDs of 36 characters, one a millisecond in each subtask, the events
 * shuffled within blocks of 1024, one of 1000 never arriving and one as often that nobody audited. Where there are texts, both
 * have a source of some 12 characters, the audit stream a context of 28.
 */
public final class Streams {
    /** How far behind the largest event time a record comes, at most. */
    public static final long OUT_OF_ORDERNESS_MS = 1024;

    private static final int BLOCK = 1024;
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.ISO_8859_1);
    private static final String[] SOURCES = {"orders-north", "orders-south", "orders-east", "orders-west"};
    private static final String[] CONTEXTS =
            IntStream.range(0, 1024).mapToObj(i -> "order " + (70_000 + i) + " of customer " + (4_000 + i)).toArray(String[]::new);

    private Streams() {}

    /** The audit stream: IDs in order. Arguments: how many IDs, the retention, whether there are "texts". */
    public static DataStream<Record> audit(StreamExecutionEnvironment env, String... arguments) {
        return stream(env, "audit", arguments, false);
    }

    /** The event stream: the same, shuffled. */
    public static DataStream<Record> events(StreamExecutionEnvironment env, String... arguments) {
        return stream(env, "events", arguments, true);
    }

    private static DataStream<Record> stream(StreamExecutionEnvironment env, String name, String[] arguments, boolean shuffled) {
        long ids = Long.parseLong(arguments[0]);
        boolean hasTexts = arguments[2].equals("texts");
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
            String system = hasTexts ? SOURCES[(int) (which % SOURCES.length)] : null;
            String context = hasTexts && !shuffled ? CONTEXTS[(int) (which % CONTEXTS.length)] : null;
            return new Record(identifier(isOther ? ~which : which), system, context, place);
        };
        var source = new DataGeneratorSource<>(make, range * env.getParallelism(), TypeInformation.of(Record.class));
        WatermarkStrategy<Record> watermarks = WatermarkStrategy.<Record>forBoundedOutOfOrderness(
                        Duration.ofMillis(OUT_OF_ORDERNESS_MS))
                .withTimestampAssigner((record, before) -> record.time)
                .withWatermarkAlignment("bench", Duration.ofSeconds(500), Duration.ofMillis(50));
        return env.fromSource(source, watermarks, name).uid(name);
    }

    /** Looks like a UUID. */
    static String identifier(long number) {
        byte[] text = new byte[36];
        long high = mix(number);
        long low = mix(number ^ 0x9e3779b97f4a7c15L);
        put(text, 0, high, 4);
        put(text, 9, high >>> 32, 2);
        put(text, 14, high >>> 48, 2);
        put(text, 19, low, 2);
        put(text, 24, low >>> 16, 6);
        text[8] = text[13] = text[18] = text[23] = '-';
        return new String(text, StandardCharsets.ISO_8859_1);
    }

    /** So many of its lowest bytes, in hexadecimal digits. */
    private static void put(byte[] text, int at, long number, int count) {
        for (int i = 0; i < count; i++) {
            text[at + 2 * i] = HEX[(int) (number >>> (8 * i + 4)) & 15];
            text[at + 2 * i + 1] = HEX[(int) (number >>> (8 * i)) & 15];
        }
    }

    private static long mix(long number) {
        long x = (number + 0x632be59bd9b4e019L) * 0xd1342543de82ef95L;
        x = (x ^ (x >>> 32)) * 0xaef17502108ef2d9L;
        return x ^ (x >>> 29);
    }
}
