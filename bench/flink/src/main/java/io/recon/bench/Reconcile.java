package io.recon.bench;

import io.recon.flink.ReconSettings;
import io.recon.flink.ReconStreams;
import java.time.Duration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** The same by recon's library: it counts windows, too. */
public final class Reconcile {
    public static void main(String[] arguments) throws Exception {
        var env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.getConfig().enableObjectReuse();
        var settings = ReconSettings.named("bench")
                .interval(Duration.ofMinutes(1))
                .outOfOrderness(Duration.ofMillis(Streams.OUT_OF_ORDERNESS_MS))
                .retention(Duration.ofMillis(Long.parseLong(arguments[1])))
                .build();
        var results = ReconStreams.reconcile(
                Streams.audit(env, arguments),
                (record, into) -> into.id(record.id).source(record.source).context(record.context).time(record.time),
                Streams.events(env, arguments),
                (record, into) -> into.id(record.id).source(record.source).context(record.context).time(record.time),
                settings);
        results.metrics().sinkTo(new DiscardingSink<>()).uid("metrics");
        results.breaks().sinkTo(new DiscardingSink<>()).uid("breaks");
        env.execute("recon");
    }
}
