package io.recon.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When blocks leave, and that nothing is lost, doubled or overtaken in them. */
class BlockPackerTest {
    private static final int GROUPS = 16;
    private static final long LATENCY_MS = 100;

    private OneInputStreamOperatorTestHarness<PackedRecords, Block> harness;
    private NativePacker packer;

    private static ReconSettings settings(boolean isSourceInIdentity) {
        return ReconSettings.named("test")
                .interval(Duration.ofMillis(10))
                .outOfOrderness(Duration.ofMillis(2))
                .retention(Duration.ofMillis(1000))
                .sourceInIdentity(isSourceInIdentity)
                .build();
    }

    @BeforeEach
    void open() throws Exception {
        packer = new NativePacker(settings(false).toNative(GROUPS, -1));
        harness = new OneInputStreamOperatorTestHarness<>(new BlockPacker(Stream.AUDIT, GROUPS, LATENCY_MS));
        harness.setup(Block.TYPE.createSerializer(new SerializerConfigImpl()));
        harness.open();
    }

    @AfterEach
    void close() throws Exception {
        harness.close();
        packer.close();
    }

    private PackedRecords record(String id) {
        return packer.pack(0, ReconRecord.of(id, 5), 0);
    }

    private void send(String id) throws Exception {
        harness.processElement(new StreamRecord<>(record(id)));
    }

    /** What came out by now, in order. */
    private List<Object> out() {
        return out(harness);
    }

    private static List<Object> out(OneInputStreamOperatorTestHarness<?, Block> harness) {
        List<Object> out = new ArrayList<>();
        for (Object one; (one = harness.getOutput().poll()) != null; ) {
            out.add(one instanceof StreamRecord<?> record ? record.getValue() : one);
        }
        return out;
    }

    private static int records(List<Object> out) {
        int count = 0;
        for (Object one : out) {
            if (one instanceof Block block) {
                assertThat(new PackedRecords(block.bytes).count()).isEqualTo(block.count);
                for (int at = 0; at < block.bytes.length; at += PackedRecords.sizeAt(block.bytes, at)) {
                    assertThat(PackedRecords.keyGroupAt(block.bytes, at)).isEqualTo(block.keyGroup);
                }
                count += block.count;
            }
        }
        return count;
    }

    @Test
    void aBlockWaitsForOthersUntilTheLatencyIsOver() throws Exception {
        send("a");
        harness.setProcessingTime(50);
        send("b");
        assertThat(out()).isEmpty();
        harness.setProcessingTime(LATENCY_MS);
        assertThat(records(out())).isEqualTo(2);
        send("c");
        harness.setProcessingTime(2 * LATENCY_MS - 1);
        assertThat(out()).isEmpty();
        harness.setProcessingTime(2 * LATENCY_MS);
        assertThat(records(out())).isEqualTo(1);
    }

    @Test
    void noWatermarkAndNoStatusOvertakesARecord() throws Exception {
        send("a");
        harness.processWatermark(new Watermark(7));
        List<Object> out = out();
        assertThat(records(out)).isEqualTo(1);
        assertThat(out.get(0)).isInstanceOf(Block.class);
        assertThat(out.get(1)).isEqualTo(new Watermark(7));
        send("b");
        harness.processWatermarkStatus(WatermarkStatus.IDLE);
        out = out();
        assertThat(out.get(0)).isInstanceOf(Block.class);
        assertThat(out.get(1)).isEqualTo(WatermarkStatus.IDLE);
        send("c");
        harness.processWatermarkStatus(WatermarkStatus.ACTIVE);
        harness.processWatermark(new Watermark(8));
        out = out();
        assertThat(out.get(0)).isInstanceOf(Block.class);
        assertThat(out.subList(1, 3)).containsExactly(WatermarkStatus.ACTIVE, new Watermark(8));
    }

    @Test
    void noIdleIsTheLastWordBeforeABarrier() throws Exception {
        harness.prepareSnapshotPreBarrier(1);
        assertThat(out()).isEmpty();
        harness.processWatermarkStatus(WatermarkStatus.IDLE);
        assertThat(out()).containsExactly(WatermarkStatus.IDLE);
        harness.prepareSnapshotPreBarrier(2);
        assertThat(out()).containsExactly(WatermarkStatus.ACTIVE);
        harness.setProcessingTime(1);
        assertThat(out()).containsExactly(WatermarkStatus.IDLE);
        harness.prepareSnapshotPreBarrier(3);
        harness.processWatermarkStatus(WatermarkStatus.ACTIVE);
        harness.setProcessingTime(2);
        assertThat(out()).contains(WatermarkStatus.ACTIVE).doesNotContain(WatermarkStatus.IDLE);
    }

    @Test
    void nothingIsLeftBehindByABarrierOrAtTheEnd() throws Exception {
        send("a");
        harness.prepareSnapshotPreBarrier(1);
        assertThat(records(out())).isEqualTo(1);
        send("b");
        ((BlockPacker) harness.getOperator()).finish();
        assertThat(records(out())).isEqualTo(1);
    }

    @Test
    void everyRecordComesOutOnceHoweverManyAndLongTheyAre() throws Exception {
        Map<String, Integer> sent = new HashMap<>();
        String padding = "p".repeat(60_000);
        for (int i = 0; i < 20_000; i++) {
            send(i % 1000 == 0 ? padding + i : "id" + i);
        }
        List<Object> full = out();
        assertThat(full).isNotEmpty();
        harness.prepareSnapshotPreBarrier(1);
        full.addAll(out());
        assertThat(records(full)).isEqualTo(20_000);
        for (Object one : full) {
            byte[] bytes = ((Block) one).bytes;
            for (int at = 0; at < bytes.length; at += PackedRecords.sizeAt(bytes, at)) {
                int size = PackedRecords.sizeAt(bytes, at);
                sent.merge(new String(bytes, at + PackedRecords.FIXED_BYTES, size - PackedRecords.FIXED_BYTES), 1, Integer::sum);
            }
        }
        assertThat(sent).hasSize(20_000).doesNotContainValue(2);
    }

    @Test
    void aProgramsRecordsLeaveWithTheWatermarkTheBarrierTheLatencyAndTheEnd() throws Exception {
        RecordPacker<ReconRecord> operator =
                new RecordPacker<>(Stream.AUDIT, (record, unused) -> record, settings(false), GROUPS, LATENCY_MS);
        try (var records = new OneInputStreamOperatorTestHarness<ReconRecord, Block>(operator)) {
            records.setup(Block.TYPE.createSerializer(new SerializerConfigImpl()));
            records.open();
            records.processElement(new StreamRecord<>(ReconRecord.of("a", 5)));
            assertThat(out(records)).isEmpty();
            records.processWatermark(new Watermark(7));
            List<Object> out = out(records);
            assertThat(records(out)).isEqualTo(1);
            assertThat(out.get(0)).isInstanceOf(Block.class);
            records.processElement(new StreamRecord<>(ReconRecord.of("b", 5)));
            records.prepareSnapshotPreBarrier(1);
            assertThat(records(out(records))).isEqualTo(1);
            records.processElement(new StreamRecord<>(ReconRecord.of("c", 5)));
            records.setProcessingTime(2 * LATENCY_MS);
            assertThat(records(out(records))).isEqualTo(1);
            for (int i = 0; i < 50_000; i++) {
                records.processElement(new StreamRecord<>(ReconRecord.of("id" + i, i)));
            }
            out = out(records);
            assertThat(out).isNotEmpty();
            operator.finish();
            out.addAll(out(records));
            assertThat(records(out)).isEqualTo(50_000);
        }
    }

    @Test
    void aMappedRecordHasNothingOfTheOneBefore() throws Exception {
        ReconMapping<Integer> mapping = (number, record) -> switch (number) {
            case 0 -> record.ids("a", "b").time(5).emitted(6).source("s").context("c").place(null, 7, 8);
            case 1 -> record.id("a|b").time(9);
            case 2 -> null;
            default -> ReconRecord.of("\u00fc", number);
        };
        List<ReconRecord> expected =
                List.of(
                        ReconRecord.of("a", "b").time(5).emitted(6).source("s").context("c").place(null, 7, 8),
                        ReconRecord.of("a|b", 9),
                        ReconRecord.of("\u00fc", 3));
        try (var records = new OneInputStreamOperatorTestHarness<Integer, Block>(
                new RecordPacker<>(Stream.AUDIT, mapping, settings(false), 1, LATENCY_MS));
                NativePacker single = new NativePacker(settings(false).toNative(1, -1))) {
            records.setup(Block.TYPE.createSerializer(new SerializerConfigImpl()));
            records.open();
            for (int number = 0; number < 4; number++) {
                records.processElement(new StreamRecord<>(number));
            }
            records.prepareSnapshotPreBarrier(1);
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            for (ReconRecord record : expected) {
                bytes.writeBytes(single.pack(0, record, 0).bytes);
            }
            Block block = (Block) out(records).get(0);
            assertThat(Arrays.copyOf(block.bytes, block.length)).isEqualTo(bytes.toByteArray());
        }
    }

    @Test
    void recordsPackedTogetherAreThoseThatArePackedOneByOne() {
        for (boolean isSourceInIdentity : new boolean[] {false, true}) {
            ReconSettings settings = settings(isSourceInIdentity);
            List<ReconRecord> records = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                String[] id = i % 7 == 0 ? new String[] {"a" + i, "b|" + i} : new String[] {i % 11 == 0 ? null : "\u00fcber" + i};
                ReconRecord record = i % 13 == 0 ? ReconRecord.rejected(ReconRecord.Reason.MALFORMED, id) : ReconRecord.of(id);
                records.add(i % 17 == 0 ? ReconRecord.heartbeat(i) : record.source(i % 5 == 0 ? null : "s" + i % 3).context("x".repeat(i)).time(i));
            }
            try (NativePacker together = new NativePacker(settings.toNative(GROUPS, -1));
                    NativePacker single = new NativePacker(settings.toNative(GROUPS, -1))) {
                ByteArrayOutputStream expected = new ByteArrayOutputStream();
                for (ReconRecord record : records) {
                    together.add(0, record, 0);
                    expected.writeBytes(single.pack(0, record, 0).bytes);
                }
                int size = together.pack();
                assertThat(Arrays.copyOf(together.packed(), size)).isEqualTo(expected.toByteArray());
                assertThat(together.pack()).isZero();
            }
        }
    }

    @Test
    void aKeyGroupsKeyIsOneThatFlinkAssignsToIt() {
        for (int groups : new int[] {1, 2, 100, 128, 32768}) {
            KeyGroups keys = new KeyGroups(groups);
            for (int group = 0; group < groups; group++) {
                int key = keys.getKey(new Block(0, group, 0, new byte[0]));
                assertThat(KeyGroupRangeAssignment.assignToKeyGroup(key, groups)).isEqualTo(group);
            }
        }
    }
}
