package io.recon.flink.example;

import io.recon.flink.ReconRecord;
import io.recon.flink.ReconResult;
import io.recon.flink.ReconSettings;
import io.recon.flink.ReconStreams;
import java.time.Duration;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** The example of docs/flink.md: orders that were sent against orders that arrived. */
final class Orders {
    record Order(String id, long time) {}

    private Orders() {}

    static DataStream<String> reconcile(DataStream<Order> sent, DataStream<Order> arrived) {
        // begin
        ReconSettings settings = ReconSettings.named("orders")
                .interval(Duration.ofMinutes(5))
                .outOfOrderness(Duration.ofMinutes(1))
                .retention(Duration.ofHours(1))
                .build();

        WatermarkStrategy<ReconRecord> watermarks = WatermarkStrategy
                .<ReconRecord>forBoundedOutOfOrderness(Duration.ofMinutes(1)) // as in the settings
                .withTimestampAssigner((record, timestamp) -> record.time());

        DataStream<ReconRecord> audit = sent.map(order -> ReconRecord.of(order.id(), order.time()))
                .assignTimestampsAndWatermarks(watermarks);
        DataStream<ReconRecord> events = arrived.map(order -> ReconRecord.of(order.id(), order.time()))
                .assignTimestampsAndWatermarks(watermarks);

        ReconStreams.Results results = ReconStreams.reconcile(audit, events, settings);
        DataStream<String> metrics = results.metrics().map(ReconResult::json);
        DataStream<String> breaks = results.breaks()
                .filter(result -> result.type() == ReconResult.Type.MISSING)
                .map(ReconResult::json);
        // end
        return metrics.union(breaks);
    }

    static DataStream<Order> orders(StreamExecutionEnvironment environment, Order... orders) {
        return environment.fromData(orders);
    }
}
