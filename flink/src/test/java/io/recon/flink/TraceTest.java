package io.recon.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every trace of tests/traces that has one partition a stream gives the engine's results, with one matcher and with several. */
class TraceTest {
    private static final Path FOLDER = Path.of(System.getProperty("recon.root"), "tests", "traces");

    static Stream<String> names() throws IOException {
        List<String> names = new ArrayList<>();
        try (Stream<Path> files = Files.list(FOLDER)) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString().replace(".trace.ndjson", "");
                if (!name.equals(file.getFileName().toString()) && isOne(name)) {
                    names.add(name);
                }
            }
        }
        assertThat(names).hasSizeGreaterThan(20);
        return names.stream().sorted();
    }

    /** Of one partition a stream, and with n: without it Flink would have no watermarks. */
    private static boolean isOne(String name) throws IOException {
        return Trace.read(FOLDER.resolve(name + ".trace.ndjson")).isOfOnePartition
                && arguments(name).contains("--out-of-orderness");
    }

    static List<String> arguments(String name) throws IOException {
        List<String> words = new ArrayList<>();
        for (String line : Files.readAllLines(FOLDER.resolve(name + ".args"))) {
            if (!line.startsWith("#")) {
                words.addAll(List.of(line.trim().split("\\s+")));
            }
        }
        words.removeIf(String::isEmpty);
        return words;
    }

    static ReconSettings settings(Trace trace, List<String> arguments) {
        ReconSettings.Builder builder = ReconSettings.named("trace").idleTimeout(null).maxFutureSkew(null);
        boolean sourceInIdentity = trace.sourceInIdentity;
        for (int i = 0; i < arguments.size(); i += 2) {
            String value = arguments.get(i + 1);
            switch (arguments.get(i)) {
                case "--interval" -> builder.interval(duration(value));
                case "--out-of-orderness" -> builder.outOfOrderness(duration(value));
                case "--retention" -> builder.retention(duration(value));
                case "--idle-timeout" -> builder.idleTimeout(duration(value));
                case "--max-future-skew" -> builder.maxFutureSkew(duration(value));
                case "--from" -> builder.from(instant(value));
                case "--to" -> builder.to(instant(value));
                case "--report" -> builder.report(types(value));
                case "--identity" -> sourceInIdentity |= trace.head.isEmpty() && value.equals("source,id");
                default -> throw new IllegalArgumentException(arguments.get(i));
            }
        }
        for (io.recon.flink.Stream stream : io.recon.flink.Stream.values()) {
            String topic = trace.topics[stream.ordinal()];
            builder.topics(stream, topic == null ? List.of() : List.of(topic));
        }
        return builder.sourceInIdentity(sourceInIdentity).buildUnchecked();
    }

    private static Duration duration(String text) {
        long number = Long.parseLong(text.replaceAll("[a-z]", ""));
        return switch (text.replaceAll("[0-9-]", "")) {
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            case "h" -> Duration.ofHours(number);
            case "d" -> Duration.ofDays(number);
            default -> throw new IllegalArgumentException(text);
        };
    }

    private static long instant(String text) {
        String whole = text.contains("T") ? text : text + "T00:00:00Z";
        return java.time.OffsetDateTime.parse(whole).toInstant().toEpochMilli();
    }

    private static EnumSet<ReconResult.Type> types(String text) {
        EnumSet<ReconResult.Type> types = EnumSet.noneOf(ReconResult.Type.class);
        for (String name : text.split(",")) {
            types.add(ReconResult.Type.valueOf(name.toUpperCase(Locale.ROOT)));
        }
        return types;
    }

    @ParameterizedTest
    @MethodSource("names")
    void oneMatcherGivesTheEnginesResultsInItsOrder(String name) throws Exception {
        Results results = run(name, 1);
        assertThat(results.breaks).isEqualTo(results.expectedBreaks);
        assertThat(results.metrics).isEqualTo(results.expectedMetrics);
    }

    @ParameterizedTest
    @MethodSource("names")
    void severalMatchersGiveTheSameResults(String name) throws Exception {
        Results results = run(name, 3);
        assertThat(results.breaks).containsExactlyInAnyOrderElementsOf(results.expectedBreaks);
        assertThat(results.metrics).isEqualTo(results.expectedMetrics);
    }

    private record Results(List<String> breaks, List<String> expectedBreaks, List<String> metrics, List<String> expectedMetrics) {}

    private static Results run(String name, int parallelism) throws Exception {
        Trace trace = Trace.read(FOLDER.resolve(name + ".trace.ndjson"));
        List<String> arguments = arguments(name);
        List<String> told = new ArrayList<>(trace.head);
        List<String> breaks;
        List<String> metrics;
        try (TraceHarness harness = new TraceHarness(settings(trace, arguments), parallelism, trace.steps.get(0).at())) {
            for (Trace.Step step : trace.steps) {
                TraceRun.apply(harness, step, told);
            }
            breaks = harness.breaks;
            metrics = harness.metrics;
        }
        List<String> expected = Trace.replay(told, arguments);
        return new Results(breaks, TraceRun.breaksOf(expected), metrics, TraceRun.metricsOf(expected));
    }
}
