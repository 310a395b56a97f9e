package io.recon.flink;

import java.time.Duration;
import org.apache.flink.api.common.functions.FlatMapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.KeyedStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.functions.co.RichCoFlatMapFunction;
import org.apache.flink.util.Collector;

/** In place of the reconciliation: blocks are made and sent by key group, and dropped where the matcher would be. */
public final class Discard {
    private Discard() {}

    /** As {@link ReconStreams#reconcilePacked}; nothing comes of it. */
    public static ReconStreams.Results reconcilePacked(
            DataStream<PackedRecords> audit, DataStream<PackedRecords> events, ReconSettings settings, Duration latency) {
        SingleOutputStreamOperator<ReconResult> breaks =
                blocks(audit, Stream.AUDIT, latency)
                        .connect(blocks(events, Stream.EVENTS, latency))
                        .flatMap(new Drop())
                        .returns(ReconResult.TYPE);
        FlatMapFunction<ReconResult, ReconResult> pass = (result, out) -> out.collect(result);
        return new ReconStreams.Results(breaks.global().flatMap(pass).returns(ReconResult.TYPE).setParallelism(1), breaks);
    }

    private static final class Drop extends RichCoFlatMapFunction<Block, Block, ReconResult> {
        private static final long serialVersionUID = 1L;

        @Override
        public void flatMap1(Block block, Collector<ReconResult> out) {}

        @Override
        public void flatMap2(Block block, Collector<ReconResult> out) {}
    }

    private static KeyedStream<Block, Integer> blocks(DataStream<PackedRecords> records, Stream stream, Duration latency) {
        int keyGroupCount = ReconStreams.maxParallelism(records);
        return records.transform("blocks", Block.TYPE, new BlockPacker(stream, keyGroupCount, latency.toMillis()))
                .setParallelism(records.getParallelism())
                .keyBy(new KeyGroups(keyGroupCount), Types.INT);
    }
}
