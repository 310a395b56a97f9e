package io.recon.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A restart at any step of a random trace, with another parallelism, changes nothing: what comes out equals what an engine says
 * that is told that all inputs are alive at that moment.
 */
class RescaleTest {
    private static final int STEP_COUNT = 120;
    private static final int FOREVER = 1_000_000;
    private static final int[] PARALLELISMS = {2, 3, 1};

    /** What a random run is like. */
    private record Shape(int n, int m, int z, int skew, int ids, int disorder, int interval) {
        static Shape of(Random random) {
            return new Shape(
                    random.nextInt(8),
                    20 + random.nextInt(80),
                    10 + random.nextInt(40),
                    random.nextBoolean() ? 60 : 100_000,
                    4 + random.nextInt(30),
                    1 + random.nextInt(15),
                    5 + random.nextInt(20));
        }

        List<String> arguments() {
            return List.of(
                    "--interval", interval + "ms",
                    "--out-of-orderness", n + "ms",
                    "--retention", m + "ms",
                    "--idle-timeout", z + "ms",
                    "--max-future-skew", skew + "ms",
                    "--report", "missing,found,unaudited,audited,duplicate,too_late,rejected");
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void aRestartAtEveryStepChangesNothing(long seed) throws Exception {
        run(seed, 1);
    }

    @ParameterizedTest
    @ValueSource(longs = {101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116})
    void aRestartNowAndThenChangesNothing(long seed) throws Exception {
        run(seed, 17);
    }

    private static void run(long seed, int restartOneIn) throws Exception {
        Random random = new Random(seed);
        Shape shape = Shape.of(random);
        Trace trace = new Trace();
        Generator generator = new Generator(random, shape);
        generator.step(trace);
        List<String> told = new ArrayList<>();
        List<String> breaks;
        List<String> metrics;
        try (TraceHarness harness =
                new TraceHarness(TraceTest.settings(trace, shape.arguments()), 1, trace.steps.get(0).at())) {
            int restarts = 0;
            for (int i = 0; i < STEP_COUNT; i++) {
                TraceRun.apply(harness, trace.steps.get(i), told);
                generator.step(trace);
                if (random.nextInt(restartOneIn) == 0) {
                    harness.restart(PARALLELISMS[restarts++ % PARALLELISMS.length]);
                    for (Stream stream : Stream.values()) {
                        if (!harness.hasEnded(stream.ordinal())) {
                            told.add(line(trace.steps.get(i).at(), stream, "\"alive\": true"));
                        }
                    }
                }
            }
            breaks = harness.breaks;
            metrics = harness.metrics;
        }
        List<String> expected = Trace.replay(told, shape.arguments());
        assertThat(breaks).as("seed %s", seed).containsExactlyInAnyOrderElementsOf(TraceRun.breaksOf(expected));
        assertThat(metrics).as("seed %s", seed).isEqualTo(TraceRun.metricsOf(expected));
    }

    /**
     * Matchers that are apart: what is sent reaches each in its own time, clocks tick for one and not for another, checkpoints are
     * aligned or not. What is said in between differs then; the last word does not, as long as nothing comes later than m.
     */
    @ParameterizedTest
    @ValueSource(longs = {201, 202, 203, 204, 205, 206, 207, 208, 209, 210, 211, 212})
    void theLastWordIsTheSameHoweverFarMatchersAreApart(long seed) throws Exception {
        Random random = new Random(seed);
        Shape some = Shape.of(random);
        Shape shape = new Shape(some.n, FOREVER, some.z, FOREVER, some.ids, some.disorder, some.interval);
        Trace trace = new Trace();
        Generator generator = new Generator(random, shape);
        for (int i = 0; i < 2 * STEP_COUNT; i++) {
            generator.step(trace);
        }
        long end = trace.steps.get(trace.steps.size() - 1).at();
        for (Stream stream : Stream.values()) {
            trace.add(line(end, stream, "\"end\": true"));
        }
        List<String> told = new ArrayList<>();
        Map<String, String> last;
        try (TraceHarness harness =
                new TraceHarness(TraceTest.settings(trace, shape.arguments()), 2, trace.steps.get(0).at(), random)) {
            for (Trace.Step step : trace.steps) {
                TraceRun.apply(harness, step, told);
                if (random.nextInt(12) == 0) {
                    harness.restart(1 + random.nextInt(3), random.nextBoolean());
                }
            }
            harness.settle();
            last = lastWords(harness.breaks, harness.metrics);
        }
        List<String> expected = Trace.replay(trace.steps.stream().map(Trace.Step::line).toList(), shape.arguments());
        assertThat(last).as("seed %s", seed).isEqualTo(lastWords(TraceRun.breaksOf(expected), TraceRun.metricsOf(expected)));
    }

    /** The final expected, matched, missing and unaudited of every window, and what was said last of every ID. */
    private static Map<String, String> lastWords(List<String> breaks, List<String> metrics) throws Exception {
        ObjectMapper json = new ObjectMapper();
        Map<String, String> words = new TreeMap<>();
        for (String line : metrics) {
            JsonNode metric = json.readTree(line);
            String counts = "";
            for (String count : List.of("expected", "matched", "missing", "unaudited")) {
                counts += " " + count + " " + metric.get(count).asLong();
            }
            if (metric.get("expected").asLong() + metric.get("unaudited").asLong() > 0) {
                words.put("window " + metric.get("start").asText(), counts);
            } else {
                words.remove("window " + metric.get("start").asText());
            }
        }
        for (String line : breaks) {
            JsonNode result = json.readTree(line);
            String type = result.get("type").asText();
            String id = result.path("id").asText();
            switch (type) {
                case "missing", "unaudited" -> words.put(type + " " + id, type);
                case "found" -> words.remove("missing " + id);
                case "audited" -> words.remove("unaudited " + id);
                case "too_late" -> words.put("too late " + id, type);
                default -> {}
            }
        }
        return words;
    }

    private static String line(long at, Stream stream, String rest) {
        return "{\"at\": %d, \"stream\": \"%s\", %s}".formatted(at, stream.name().toLowerCase(Locale.ROOT), rest);
    }

    /** Two streams that follow each other, with what can go wrong. */
    private static final class Generator {
        private final Random random;
        private final Shape shape;
        private long at = 1000;
        private long cursor = 1000;
        private long offset;

        Generator(Random random, Shape shape) {
            this.random = random;
            this.shape = shape;
        }

        void step(Trace trace) throws Exception {
            Stream stream = Stream.values()[random.nextInt(2)];
            at += random.nextInt(3);
            cursor += random.nextInt(3);
            if (cursor < at - 50 || random.nextInt(40) == 0) {
                cursor = at;
            }
            long time = cursor - random.nextInt(shape.disorder);
            int choice = random.nextInt(60);
            String rest;
            if (choice < 3) { // silence
                at += random.nextInt(3 * shape.z);
                trace.add("{\"at\": %d}".formatted(at));
                return;
            } else if (choice == 3) {
                rest = "\"alive\": true";
            } else if (choice < 7) {
                rest = "\"heartbeat\": true, \"time\": %d".formatted(time);
            } else if (choice == 7) {
                rest = "\"rejected\": \"malformed\", \"offset\": %d".formatted(offset++);
            } else if (choice == 8) {
                rest = record(time + 70);
            } else if (choice == 9 && shape.m < FOREVER) {
                rest = record(time - shape.m - random.nextInt(20));
            } else if (choice == 10 && stream == Stream.EVENTS) {
                rest = "\"id\": \"%d\"".formatted(id());
            } else {
                rest = record(time);
            }
            trace.add(line(at, stream, rest));
        }

        private long id() {
            return cursor / (1 + shape.disorder / 2) + random.nextInt(shape.ids);
        }

        private String record(long time) {
            String source = random.nextInt(3) == 0 ? ", \"source\": \"shop\"" : "";
            return "\"id\": \"%d\", \"time\": %d, \"offset\": %d%s".formatted(id(), time, offset++, source);
        }
    }
}
