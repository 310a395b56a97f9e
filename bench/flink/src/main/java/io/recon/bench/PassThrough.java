package io.recon.bench;

import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** Both streams by key to an operator that does nothing: what Flink itself costs. */
public final class PassThrough {
    public static void main(String[] arguments) throws Exception {
        var env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.getConfig().enableObjectReuse();
        Streams.audit(env, arguments)
                .union(Streams.events(env, arguments))
                .keyBy(record -> record.id)
                .map(record -> record)
                .uid("pass")
                .sinkTo(new DiscardingSink<>())
                .uid("nowhere");
        env.execute("pass-through");
    }
}
