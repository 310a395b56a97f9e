import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.util.ratelimit.RateLimiterStrategy;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** Counts numbers by key, for ever: what a cluster is tried with. */
public final class Counting {
    public static void main(String[] args) throws Exception {
        var env = StreamExecutionEnvironment.getExecutionEnvironment();
        var source = new DataGeneratorSource<Long>(i -> i, Long.MAX_VALUE, RateLimiterStrategy.perSecond(1000), Types.LONG);
        env.fromSource(source, WatermarkStrategy.noWatermarks(), "numbers").uid("numbers")
                .keyBy(i -> i % 16).map(new Count()).uid("count").sinkTo(new DiscardingSink<>()).uid("nowhere");
        env.execute("counting");
    }

    private static final class Count extends RichMapFunction<Long, Long> {
        private transient ValueState<Long> count;

        @Override
        public void open(OpenContext context) {
            count = getRuntimeContext().getState(new ValueStateDescriptor<>("count", Long.class));
        }

        @Override
        public Long map(Long number) throws Exception {
            long next = (count.value() == null ? 0 : count.value()) + 1;
            // Each number comes once, in order within its key: so its count follows from it.
            if (number / 16 + 1 != next) throw new IllegalStateException(number + " is not number " + next + " of its key");
            count.update(next);
            return next;
        }
    }
}
