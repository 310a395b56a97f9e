package io.recon.bench;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.co.KeyedCoProcessFunction;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.util.Collector;

/** The reconciliation as one would write it in Java: state by key and event-time timers. It counts no windows. */
public final class Join {
    public static void main(String[] arguments) throws Exception {
        var env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.getConfig().enableObjectReuse();
        long retentionMs = Long.parseLong(arguments[1]);
        Streams.audit(env, arguments)
                .keyBy(record -> record.id)
                .connect(Streams.events(env, arguments).keyBy(record -> record.id))
                .process(new Match(retentionMs))
                .returns(Types.STRING)
                .uid("match")
                .sinkTo(new DiscardingSink<>())
                .uid("nowhere");
        env.execute("join");
    }

    /** What is known of one ID. */
    public static class Seen {
        public boolean hasAudit;
        public boolean hasEvent;
        public boolean isReported;
        public long time;
    }

    /** Remembers an ID for the retention, so that what comes late corrects and what comes twice is told. */
    static final class Match extends KeyedCoProcessFunction<String, Record, Record, String> {
        private final long retentionMs;
        private transient ValueState<Seen> state;

        Match(long retentionMs) {
            this.retentionMs = retentionMs;
        }

        @Override
        public void open(OpenContext context) {
            state = getRuntimeContext().getState(new ValueStateDescriptor<>("seen", Seen.class));
        }

        @Override
        public void processElement1(Record audit, Context context, Collector<String> out) throws Exception {
            Seen seen = state.value();
            if (seen == null) {
                seen = begin(audit, context);
            } else if (seen.hasAudit) {
                out.collect("duplicate " + audit.id);
                return;
            } else if (seen.isReported) {
                out.collect("audited " + audit.id);
            }
            seen.hasAudit = true;
            state.update(seen);
        }

        @Override
        public void processElement2(Record event, Context context, Collector<String> out) throws Exception {
            Seen seen = state.value();
            if (seen == null) {
                seen = begin(event, context);
            } else if (seen.hasEvent) {
                out.collect("duplicate " + event.id);
                return;
            } else if (seen.isReported) {
                out.collect("found " + event.id);
            }
            seen.hasEvent = true;
            state.update(seen);
        }

        private Seen begin(Record first, Context context) {
            Seen seen = new Seen();
            seen.time = first.time;
            context.timerService().registerEventTimeTimer(first.time);
            context.timerService().registerEventTimeTimer(first.time + retentionMs);
            return seen;
        }

        @Override
        public void onTimer(long time, OnTimerContext context, Collector<String> out) throws Exception {
            Seen seen = state.value();
            if (time >= seen.time + retentionMs) {
                state.clear();
            } else if (!seen.hasEvent || !seen.hasAudit) {
                out.collect((seen.hasAudit ? "missing " : "unaudited ") + context.getCurrentKey());
                seen.isReported = true;
                state.update(seen);
            }
        }
    }
}
