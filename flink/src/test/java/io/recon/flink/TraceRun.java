package io.recon.flink;

import java.util.List;

/** Steps through a trace, and notes what an engine must be told so that the two are told the same. */
final class TraceRun {
    private TraceRun() {}

    /**
     * One step. An engine finds out that an input is idle when its clock moves; the sources say so when it becomes so. So the
     * clock goes there first, in both.
     */
    static void apply(TraceHarness harness, Trace.Step step, List<String> told) throws Exception {
        for (long idle; (idle = harness.nextIdle()) < step.at(); ) {
            String line = "{\"at\": " + idle + "}";
            told.add(line);
            harness.apply(new Trace.Step(idle, Trace.Kind.CLOCK, null, null, line));
        }
        told.add(step.line());
        harness.apply(step);
    }

    static List<String> breaksOf(List<String> results) {
        return results.stream().filter(line -> !isMetric(line)).toList();
    }

    static List<String> metricsOf(List<String> results) {
        return results.stream().filter(TraceRun::isMetric).toList();
    }

    private static boolean isMetric(String line) {
        return line.startsWith("{\"type\":\"metric\"");
    }
}
