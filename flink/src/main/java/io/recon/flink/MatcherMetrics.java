package io.recon.flink;

import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;

/**
 * What is to be seen of a matcher while it runs. The matcher's thread takes a look now and then; the reporters read what it saw
 * last, from threads of their own.
 */
final class MatcherMetrics {
    private volatile long[] seen = new long[NativeMatcher.LOOK_COUNT];

    MatcherMetrics(MetricGroup operator) {
        MetricGroup group = operator.addGroup("recon");
        // struct recon_matcher_stats, by place
        String[] byStream = {
            "accepted", "matched", "waiting", "forgotten_matched", "forgotten_unmatched", "duplicates", "too_late"
        };
        for (int i = 0; i < byStream.length; i++) {
            add(group.addGroup("stream", "audit"), byStream[i], NativeMatcher.LOOK_STATS + 2 * i);
            add(group.addGroup("stream", "events"), byStream[i], NativeMatcher.LOOK_STATS + 2 * i + 1);
        }
        int at = NativeMatcher.LOOK_STATS + 2 * byStream.length;
        add(group, "outside", at++);
        add(group.addGroup("stream", "audit"), "heartbeats", at++);
        add(group.addGroup("stream", "events"), "heartbeats", at++);
        addRejected(group.addGroup("stream", "audit"), at);
        addRejected(group.addGroup("stream", "events"), at + REASON_COUNT);
        at += 2 * REASON_COUNT;
        String[] sums = {
            "missing", "found", "unaudited", "audited", "times_apart", "times_apart_max_ms", "identities", "pending"
        };
        for (String sum : sums) {
            add(group, sum, at++);
        }
        add(group, "watermark", NativeMatcher.LOOK_WATERMARK);
        add(group, "retention_bound", NativeMatcher.LOOK_RETENTION_BOUND);
        add(group, "memory_bytes", NativeMatcher.LOOK_BYTES);
        group.gauge("watermark_holder", (Gauge<String>) () -> HOLDERS[(int) seen[NativeMatcher.LOOK_HOLDER]]);
    }

    private static final int REASON_COUNT = 7;
    private static final String[] HOLDERS = {"none", "audit", "events"};

    private void add(MetricGroup group, String name, int place) {
        group.gauge(name, (Gauge<Long>) () -> seen[place]);
    }

    private void addRejected(MetricGroup group, int first) {
        group.gauge(
                "rejected",
                (Gauge<Long>)
                        () -> {
                            long sum = 0;
                            for (int i = 0; i < REASON_COUNT; i++) {
                                sum += seen[first + i];
                            }
                            return sum;
                        });
    }

    void look(NativeMatcher matcher) {
        long[] fresh = new long[NativeMatcher.LOOK_COUNT];
        matcher.look(fresh);
        seen = fresh;
    }
}
