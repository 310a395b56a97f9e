package io.recon.bench;

import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** Both streams dropped where they are made: what making them costs, which is in all others. */
public final class Sources {
    public static void main(String[] arguments) throws Exception {
        var env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.getConfig().enableObjectReuse();
        Streams.audit(env, arguments).sinkTo(new DiscardingSink<>()).uid("no audit");
        Streams.events(env, arguments).sinkTo(new DiscardingSink<>()).uid("no events");
        env.execute("sources");
    }
}
