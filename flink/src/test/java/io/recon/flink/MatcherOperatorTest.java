package io.recon.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What the matcher does besides what traces show: silence and back pressure, memory, states that don't fit. */
class MatcherOperatorTest {
    private static final int GROUPS = 4;
    private static final long START = 1_000_000;

    private static ReconSettings.Builder builder() {
        return ReconSettings.named("test")
                .interval(Duration.ofMillis(10))
                .outOfOrderness(Duration.ofMillis(2))
                .retention(Duration.ofMillis(1000))
                .idleTimeout(Duration.ofMillis(100))
                .maxFutureSkew(null)
                .topics(Stream.AUDIT, List.of("a", "b"))
                .topics(Stream.EVENTS, List.of("e"))
                .report(EnumSet.complementOf(EnumSet.of(ReconResult.Type.METRIC)));
    }

    /** One whose input is drained where the test says so. */
    private static final class Operator extends MatcherOperator {
        boolean isDrained;

        Operator(StreamOperatorParameters<ReconResult> parameters, ReconSettings settings) {
            super(parameters, settings);
        }

        @Override
        boolean isInputDrained() {
            return isDrained;
        }
    }

    private static final class Fixture implements AutoCloseable {
        final MatcherHarness<Operator> harness;
        final NativePacker packer;
        final ReconSettings settings;

        Fixture(ReconSettings settings) throws Exception {
            this(settings, 1.0, null);
        }

        Fixture(ReconSettings settings, double memory, OperatorSubtaskState state) throws Exception {
            this(settings, memory, state, START, 1, 0);
        }

        Fixture(ReconSettings settings, double memory, OperatorSubtaskState state, long now, int parallelism, int subtask)
                throws Exception {
            this.settings = settings;
            harness = new MatcherHarness<>(settings, Operator::new, memory, now, GROUPS, parallelism, subtask);
            packer = new NativePacker(settings.toNative(GROUPS, -1));
            if (state != null) {
                harness.setRestoredCheckpointId(7);
                harness.initializeState(state);
            }
            harness.open();
            at(now);
        }

        Operator operator() {
            return harness.matcher();
        }

        void at(long now) throws Exception {
            harness.setProcessingTime(now);
            operator().tick();
        }

        void send(Stream stream, ReconRecord record) throws Exception {
            harness.processElement(stream.ordinal(), new StreamRecord<>(block(stream, record)));
        }

        Block block(Stream stream, ReconRecord record) {
            PackedRecords packed =
                    packer.pack(stream.ordinal(), record, settings.topicNumber(stream, record.topic));
            return new Block(stream.ordinal(), PackedRecords.keyGroupAt(packed.bytes, 0), 1, packed.bytes);
        }

        /** Event time in both streams. */
        void both(long time) throws Exception {
            both(new Watermark(time - 3));
        }

        void both(Watermark mark) throws Exception {
            harness.processWatermark(0, mark);
            harness.processWatermark(1, mark);
        }

        void idle() throws Exception {
            harness.processWatermarkStatus(0, WatermarkStatus.IDLE);
            harness.processWatermarkStatus(1, WatermarkStatus.IDLE);
        }

        List<String> results() {
            List<String> results = new ArrayList<>();
            for (Object out; (out = harness.getOutput().poll()) != null; ) {
                assertThat(out).as("no status is passed on").isNotInstanceOf(WatermarkStatus.class);
                if (out instanceof StreamRecord<?> record) {
                    results.add(((ReconResult) record.getValue()).json());
                }
            }
            return results;
        }

        PartialCounts lastCounts() {
            PartialCounts last = null;
            for (StreamRecord<PartialCounts> record : harness.getSideOutput(MatcherOperator.COUNTS)) {
                last = record.getValue();
            }
            return last;
        }

        long watermark() {
            return lastCounts().watermark;
        }

        @Override
        public void close() throws Exception {
            harness.close();
            packer.close();
        }
    }

    @Test
    void inASilenceEventTimeGoesOnWithTheClock() throws Exception {
        try (Fixture matcher = new Fixture(builder().build())) {
            matcher.both(500);
            matcher.at(START + 100);
            matcher.idle();
            matcher.operator().isDrained = true;
            matcher.at(START + 100);
            assertThat(matcher.watermark()).isEqualTo(500 + 100 - 3);
            matcher.at(START + 130);
            assertThat(matcher.watermark()).isEqualTo(500 + 130 - 3);
            assertThat(matcher.lastCounts().retentionBound).isEqualTo(497);
            assertThat(matcher.results()).isEmpty();
        }
    }

    @Test
    void beingActiveForABarrierIsNoWaking() throws Exception {
        try (Fixture matcher = new Fixture(builder().build())) {
            matcher.operator().isDrained = true;
            matcher.both(500);
            matcher.at(START + 100);
            matcher.idle();
            for (int i = 0; i <= 400; i += 20) {
                matcher.at(START + 100 + i);
                assertThat(matcher.watermark()).isEqualTo(500 + 100 + i - 3);
                matcher.harness.processWatermarkStatus(0, WatermarkStatus.ACTIVE);
                matcher.harness.processWatermarkStatus(1, WatermarkStatus.ACTIVE);
                if (i % 40 == 0) {
                    matcher.at(START + 100 + i); // or a tick falls between
                }
                matcher.idle();
            }
            assertThat(matcher.lastCounts().retentionBound).isEqualTo(497);
            // One that is alive for longer has waited z anew.
            matcher.harness.processWatermarkStatus(0, WatermarkStatus.ACTIVE);
            matcher.harness.processWatermarkStatus(1, WatermarkStatus.ACTIVE);
            matcher.at(START + 600);
            matcher.idle();
            matcher.at(START + 600);
            assertThat(matcher.watermark()).isEqualTo(997); // no higher than before
            matcher.at(START + 1001);
            assertThat(matcher.watermark()).isEqualTo(500 + 501 - 3);
        }
    }

    @Test
    void backPressureIsNotSilence() throws Exception {
        try (Fixture matcher = new Fixture(builder().build())) {
            matcher.both(500);
            matcher.at(START + 100);
            matcher.idle();
            matcher.at(START + 100); // both have waited z
            long waited = matcher.watermark();
            matcher.at(START + 5000); // queued input was not read all this time
            matcher.at(START + 9000);
            assertThat(matcher.watermark()).isEqualTo(waited);
            matcher.operator().isDrained = true;
            matcher.at(START + 9000);
            assertThat(matcher.watermark()).isEqualTo(waited);
            matcher.at(START + 9010);
            assertThat(matcher.watermark()).isEqualTo(waited + 10);
        }
    }

    @Test
    void anActiveInputIsAliveHoweverLongNothingComes() throws Exception {
        try (Fixture matcher = new Fixture(builder().build())) {
            matcher.operator().isDrained = true;
            matcher.both(500);
            matcher.at(START + 10_000);
            matcher.harness.processWatermark(0, new Watermark(9000));
            matcher.at(START + 20_000);
            assertThat(matcher.watermark()).isEqualTo(497);
            matcher.harness.processWatermarkStatus(1, WatermarkStatus.IDLE);
            matcher.at(START + 20_000);
            assertThat(matcher.watermark()).isEqualTo(9000);
        }
    }

    @Test
    void anIdleWithinZOfTheStartIsStale() throws Exception {
        try (Fixture matcher = new Fixture(builder().build())) {
            matcher.operator().isDrained = true;
            matcher.both(500);
            matcher.idle();
            matcher.at(START + 99);
            assertThat(matcher.watermark()).isEqualTo(497);
            matcher.harness.processWatermarkStatus(0, WatermarkStatus.ACTIVE);
            matcher.harness.processWatermarkStatus(1, WatermarkStatus.ACTIVE);
            matcher.at(START + 1000);
            assertThat(matcher.watermark()).isEqualTo(497);
        }
    }

    @Test
    void anInputThatHasEndedDoesNotKeepTheClockGoing() throws Exception {
        try (Fixture matcher = new Fixture(builder().build())) {
            matcher.both(500);
            matcher.harness.processWatermark(0, Watermark.MAX_WATERMARK);
            matcher.at(START + 100);
            matcher.harness.processWatermarkStatus(1, WatermarkStatus.IDLE);
            matcher.at(START + 100);
            long waited = matcher.watermark();
            matcher.at(START + 5000);
            assertThat(matcher.watermark()).isEqualTo(waited);
            matcher.harness.processWatermark(1, Watermark.MAX_WATERMARK);
            assertThat(matcher.watermark()).isEqualTo(Long.MAX_VALUE);
            assertThat(matcher.lastCounts().basis).isEqualTo(2);
        }
    }

    @Test
    void whetherATimeIsPoisonedIsAskedOfTheWallClock() throws Exception {
        ReconSettings settings = builder().maxFutureSkew(Duration.ofMillis(50)).build();
        try (Fixture matcher = new Fixture(settings)) {
            matcher.at(START + 100);
            matcher.idle();
            matcher.at(START + 100);
            matcher.at(START + 10_000); // the engine's clock stands still
            matcher.send(Stream.AUDIT, ReconRecord.of("a", START + 10_050));
            assertThat(matcher.results()).isEmpty();
            matcher.send(Stream.AUDIT, ReconRecord.of("b", START + 10_051));
            assertThat(matcher.results()).singleElement().asString().contains("\"reason\":\"future\"");
        }
    }

    @Test
    void withoutManagedMemoryTheMessageNamesTheSetting() {
        assertThatThrownBy(() -> new Fixture(builder().build(), 0, null))
                .hasMessageContaining("taskmanager.memory.managed.size");
    }

    @Test
    void passingTheMemoryFailsWithAMessageThatNamesTheSetting() throws Exception {
        String context = "x".repeat(100_000);
        try (Fixture matcher = new Fixture(builder().build())) {
            assertThatThrownBy(
                            () -> {
                                for (int i = 0; i < 10_000; i++) {
                                    matcher.send(Stream.AUDIT, ReconRecord.of("id" + i, 500).context(context));
                                }
                            })
                    .isInstanceOf(ReconException.class)
                    .hasMessageContaining("taskmanager.memory.managed.size");
        }
    }

    @Test
    void manyAndLongResultsOfOneStepAllComeOut() throws Exception {
        String context = "x".repeat(300_000);
        try (Fixture matcher = new Fixture(builder().build())) {
            for (int i = 0; i < 2; i++) {
                matcher.send(Stream.AUDIT, ReconRecord.of("long" + i, 500).context(context));
            }
            for (int i = 0; i < 1000; i++) {
                matcher.send(Stream.AUDIT, ReconRecord.of("id" + i, 500));
            }
            matcher.both(503);
            List<String> results = matcher.results();
            assertThat(results).hasSize(1002).doesNotHaveDuplicates();
            assertThat(results.get(0)).contains(context);
        }
    }

    @Test
    void idsOfSeveralFieldsThatAreShownAlikeStayThree() throws Exception {
        try (Fixture matcher = new Fixture(builder().build())) {
            for (ReconRecord audit : List.of(
                    ReconRecord.of("a|b", "c"), ReconRecord.of("a", "b|c"), ReconRecord.of("a|b|c"))) {
                matcher.send(Stream.AUDIT, audit.time(500));
            }
            matcher.send(Stream.EVENTS, ReconRecord.of("a", "b|c").time(500));
            matcher.both(503);
            List<String> keys = new ArrayList<>();
            for (Object out : matcher.harness.getOutput()) {
                if (out instanceof StreamRecord<?> record) {
                    ReconResult result = (ReconResult) record.getValue();
                    assertThat(result.json()).contains("\"id\":\"a|b|c\"");
                    keys.add(new String(result.key(), StandardCharsets.UTF_8).replaceFirst(".*/", ""));
                }
            }
            assertThat(keys).containsExactlyInAnyOrder("a%7Cb|c", "a%7Cb%7Cc");
        }
    }

    @Test
    void aRecordThatWaitsKeepsItsTopicWhateverTheConfigurationListsLater() throws Exception {
        OperatorSubtaskState state;
        try (Fixture matcher = new Fixture(builder().build())) {
            matcher.send(Stream.AUDIT, ReconRecord.of("x", 500).place("b", 3, 17));
            state = matcher.harness.snapshot(7, START);
        }
        ReconSettings others = builder().topics(Stream.AUDIT, List.of("c", "b", "a")).build();
        try (Fixture matcher = new Fixture(others, 1.0, state)) {
            matcher.send(Stream.AUDIT, ReconRecord.of("y", 500).place("c", 1, 2));
            matcher.both(503);
            assertThat(matcher.results())
                    .hasSize(2)
                    .anySatisfy(result -> assertThat(result).contains("\"topic\":\"b\",\"partition\":3,\"offset\":17"))
                    .anySatisfy(result -> assertThat(result).contains("\"topic\":\"c\",\"partition\":1,\"offset\":2"));
        }
    }

    @Test
    void aRecordThatIsInFlightInACheckpointKeepsItsTopicToo() throws Exception {
        OperatorSubtaskState state;
        Block inFlight;
        try (Fixture matcher = new Fixture(builder().build())) {
            inFlight = matcher.block(Stream.AUDIT, ReconRecord.of("x", 500).place("b", 3, 17));
            state = matcher.harness.snapshot(7, START);
        }
        ReconSettings others = builder().topics(Stream.AUDIT, List.of("c", "a")).build();
        try (Fixture matcher = new Fixture(others, 1.0, state)) {
            matcher.harness.processElement(0, new StreamRecord<>(inFlight));
            matcher.both(503);
            assertThat(matcher.results())
                    .singleElement(STRING)
                    .contains("\"topic\":\"b\",\"partition\":3,\"offset\":17");
        }
    }

    @Test
    void topicsWhoseNumbersWouldBeTheSameStayTwo() throws Exception {
        List<String> topics = IntStream.range(0, 3000).mapToObj(i -> "topic-" + i).toList();
        ReconSettings settings = builder().topics(Stream.AUDIT, topics).build();
        assertThat(topics.stream().map(topic -> settings.topicNumber(Stream.AUDIT, topic))).doesNotHaveDuplicates();
        try (Fixture matcher = new Fixture(settings)) {
            for (String topic : topics) {
                matcher.send(Stream.AUDIT, ReconRecord.of(topic, 500).place(topic, 0, 1));
            }
            matcher.both(503);
            assertThat(matcher.results())
                    .hasSize(topics.size())
                    .allSatisfy(result -> assertThat(result).containsPattern("\"id\":\"(topic-\\d+)\".*\"topic\":\"\\1\""));
        }
    }

    @Test
    void theRetentionBoundStandsStillAfterASilenceAcrossARestart() throws Exception {
        OperatorSubtaskState state;
        try (Fixture matcher = new Fixture(builder().build())) {
            matcher.operator().isDrained = true;
            matcher.both(500);
            matcher.at(START + 100);
            matcher.idle();
            matcher.at(START + 100);
            assertThat(matcher.watermark()).isEqualTo(597);
            state = matcher.harness.snapshot(7, START);
        }
        try (Fixture matcher = new Fixture(builder().build(), 1.0, state, START + 150, 1, 0)) {
            assertThat(matcher.watermark()).isEqualTo(597);
            matcher.both(900);
            assertThat(matcher.watermark()).isEqualTo(897);
            assertThat(matcher.lastCounts().retentionBound).isEqualTo(497);
            matcher.at(START + 200); // z after the silence
            matcher.both(901);
            assertThat(matcher.lastCounts().retentionBound).isEqualTo(898);
        }
    }

    @Test
    void theLowestOfTheKeyGroupsCountsAfterRescaling() throws Exception {
        OperatorSubtaskState[] states = new OperatorSubtaskState[2];
        for (int subtask = 0; subtask < 2; subtask++) {
            try (Fixture matcher = new Fixture(builder().build(), 1.0, null, START, 2, subtask)) {
                matcher.operator().isDrained = true;
                matcher.both(500);
                matcher.at(START + 100);
                matcher.idle();
                matcher.at(START + 100 + 40 * (1 - subtask)); // one clock is ahead
                assertThat(matcher.watermark()).isEqualTo(597); // z has passed for both
                matcher.at(START + 160 + 40 * (1 - subtask));
                assertThat(matcher.watermark()).isEqualTo(657);
                if (subtask == 0) {
                    matcher.at(START + 300);
                }
                states[subtask] = matcher.harness.snapshot(7, START);
            }
        }
        OperatorSubtaskState state = AbstractStreamOperatorTestHarness.repackageState(states);
        try (Fixture matcher = new Fixture(builder().build(), 1.0, state, START + 300, 1, 0)) {
            assertThat(matcher.watermark()).isEqualTo(657);
            assertThat(matcher.lastCounts().retentionBound).isEqualTo(497);
            matcher.send(Stream.AUDIT, ReconRecord.of("x", 660)); // behind the W of the one, not of the other
            assertThat(matcher.results()).isEmpty();
        }
    }

    @Test
    void aStateGoesOnUnderAClockThatIsBehind() throws Exception {
        OperatorSubtaskState state;
        try (Fixture matcher = new Fixture(builder().build())) {
            matcher.both(500);
            matcher.at(START + 50);
            state = matcher.harness.snapshot(7, START);
        }
        try (Fixture matcher = new Fixture(builder().build(), 1.0, state, START - 10_000, 1, 0)) {
            matcher.operator().isDrained = true;
            matcher.both(501);
            assertThat(matcher.watermark()).isEqualTo(498);
            matcher.at(START - 9_900);
            matcher.idle();
            matcher.at(START - 9_900);
            assertThat(matcher.watermark()).isEqualTo(598);
        }
    }

    @Test
    void fromIsKeptWithTheState() throws Exception {
        OperatorSubtaskState state;
        try (Fixture matcher = new Fixture(builder().build().withFrom(400))) {
            state = matcher.harness.snapshot(7, START);
        }
        try (Fixture matcher = new Fixture(builder().build().withFrom(600), 1.0, state)) {
            matcher.send(Stream.AUDIT, ReconRecord.of("outside", 399));
            matcher.send(Stream.AUDIT, ReconRecord.of("inside", 400));
            matcher.both(700);
            assertThat(matcher.results()).singleElement().asString().contains("\"id\":\"inside\"");
        }
    }

    @Test
    void aStateOfOtherSettingsIsRefusedWithTheMend() throws Exception {
        OperatorSubtaskState state;
        try (Fixture matcher = new Fixture(builder().build())) {
            matcher.send(Stream.AUDIT, ReconRecord.of("x", 500));
            state = matcher.harness.snapshot(7, START);
        }
        assertThatThrownBy(() -> new Fixture(builder().interval(Duration.ofMillis(20)).build(), 1.0, state))
                .hasMessageContaining("another name");
        assertThatThrownBy(() -> new Fixture(builder().sourceInIdentity(true).build(), 1.0, state))
                .hasMessageContaining("another name");
        try (Fixture matcher = new Fixture(builder().retention(Duration.ofMillis(5)).build(), 1.0, state)) {
            matcher.both(600);
            assertThat(matcher.results()).hasSize(1);
        }
    }

    @Test
    void aStateThatCameToItsEndDoesNotGoOn() throws Exception {
        OperatorSubtaskState state;
        try (Fixture matcher = new Fixture(builder().build())) {
            matcher.send(Stream.AUDIT, ReconRecord.of("x", 500));
            matcher.both(Watermark.MAX_WATERMARK);
            state = matcher.harness.snapshot(7, START);
        }
        try (Fixture matcher = new Fixture(builder().build(), 1.0, state)) {
            matcher.both(Watermark.MAX_WATERMARK); // its sources had finished
            assertThatThrownBy(() -> matcher.send(Stream.AUDIT, ReconRecord.of("y", 600)))
                    .isInstanceOf(ReconException.class)
                    .hasMessageContaining("drain");
        }
    }

    /** A matcher's state as its parts, as MatcherState writes them. */
    private static List<byte[]> parts(NativeMatcher matcher) {
        ByteBuffer piece = ByteBuffer.allocateDirect(1 << 16);
        List<byte[]> parts = new ArrayList<>();
        parts.add(matcher.job());
        for (int group = -2; group < GROUPS; group++) {
            matcher.snapshotBegin(group == -2 ? NativeMatcher.PART_WATERMARK : NativeMatcher.PART_MATCHER, group);
            ByteArrayOutputStream part = new ByteArrayOutputStream();
            for (int size; (size = matcher.snapshotNext(piece)) > 0; ) {
                byte[] bytes = new byte[size];
                piece.get(0, bytes);
                part.writeBytes(bytes);
            }
            parts.add(part.toByteArray());
        }
        return parts;
    }

    private static void restore(ReconSettings settings, List<byte[]> parts) {
        try (NativeMatcher matcher = new NativeMatcher(settings.toNative(GROUPS, -1))) {
            for (int i = 0; i < parts.size(); i++) {
                ByteBuffer piece = ByteBuffer.allocateDirect(parts.get(i).length);
                piece.put(0, parts.get(i));
                matcher.restore(Math.min(i + 1, NativeMatcher.PART_MATCHER), piece, 0, piece.capacity());
            }
            matcher.restoreFinish(START);
            matcher.watermark(0, Long.MAX_VALUE);
            matcher.watermark(1, Long.MAX_VALUE);
        }
    }

    @Test
    void everyFlippedByteAndEveryCutOfAStateIsRefused() throws Exception {
        ReconSettings settings = builder().build();
        List<byte[]> parts;
        try (NativeMatcher matcher = new NativeMatcher(settings.toNative(GROUPS, -1));
                NativePacker packer = new NativePacker(settings.toNative(GROUPS, -1))) {
            matcher.start(START);
            ByteBuffer in = ByteBuffer.allocateDirect(1 << 12);
            for (int i = 0; i < 8; i++) {
                PackedRecords record = packer.pack(0, ReconRecord.of("id" + i, 500).context("x"), 0);
                in.put(0, record.bytes);
                int group = PackedRecords.keyGroupAt(record.bytes, 0);
                matcher.records(0, group, START, in, 0, record.bytes.length, in);
            }
            parts = parts(matcher);
        }
        restore(settings, parts);
        for (int part = 0; part < parts.size(); part++) {
            byte[] sound = parts.get(part);
            for (int at = 0; at < sound.length; at++) {
                byte[] flipped = sound.clone();
                flipped[at] ^= 1;
                List<byte[]> damaged = new ArrayList<>(parts);
                damaged.set(part, flipped);
                assertThatThrownBy(() -> restore(settings, damaged)).isInstanceOf(ReconException.class);
                if (at > 0) {
                    damaged.set(part, java.util.Arrays.copyOf(sound, at));
                    assertThatThrownBy(() -> restore(settings, damaged)).isInstanceOf(ReconException.class);
                }
            }
        }
    }

    @Test
    void partsThatWereNotSavedTogetherAreRefused() throws Exception {
        ReconSettings settings = builder().build();
        try (NativeMatcher one = new NativeMatcher(settings.toNative(GROUPS, -1));
                NativeMatcher other = new NativeMatcher(settings.toNative(GROUPS, -1))) {
            one.start(START);
            other.start(START);
            List<byte[]> parts = parts(one);
            other.watermark(0, 50);
            other.watermark(1, 50);
            ByteBuffer out = ByteBuffer.allocateDirect(1 << 12);
            other.drain(out);
            other.counts(out);
            List<byte[]> mixed = parts(other);
            mixed.set(1, parts.get(1));
            assertThatThrownBy(() -> restore(settings, mixed)).isInstanceOf(ReconException.class);
        }
    }

    @Test
    void callsThatAreNotLegalThrow() {
        ReconSettings settings = builder().build();
        ByteBuffer direct = ByteBuffer.allocateDirect(64);
        long[] since = new long[2];
        NativeMatcher matcher = new NativeMatcher(settings.toNative(GROUPS, -1));
        List<Executable> illegal =
                List.of(
                        () -> matcher.records(2, 0, 0, direct, 0, 0, direct),
                        () -> matcher.records(0, -1, 0, direct, 0, 0, direct),
                        () -> matcher.records(0, 0, 0, direct, 0, 65, direct),
                        () -> matcher.records(0, 0, 0, direct, 5, 4, direct),
                        () -> matcher.records(0, 0, 0, ByteBuffer.allocate(64), 0, 0, direct),
                        () -> matcher.records(0, 0, 0, null, 0, 0, direct),
                        () -> matcher.watermark(-1, 0),
                        () -> matcher.drain(null),
                        () -> matcher.counts(ByteBuffer.allocate(9)),
                        () -> matcher.look(new long[3]),
                        () -> matcher.look(null),
                        () -> matcher.snapshotNext(direct),
                        () -> matcher.snapshotBegin(NativeMatcher.PART_MATCHER, GROUPS),
                        () -> matcher.snapshotBegin(9, 0),
                        () -> matcher.frozenNext(direct),
                        () -> matcher.frozenTurn(0),
                        () -> matcher.restore(NativeMatcher.PART_MATCHER, direct, 0, 64),
                        () -> new NativeMatcher(new byte[] {1, 2}),
                        () -> new NativeMatcher(null),
                        () -> new NativeWindows(null, null));
        for (Executable one : illegal) { // not started
            assertThatThrownBy(one::execute).isInstanceOfAny(IllegalArgumentException.class, ReconException.class);
        }
        matcher.close();
        NativeMatcher started = new NativeMatcher(settings.toNative(GROUPS, -1));
        started.start(START);
        assertThatThrownBy(() -> started.clock(START - 1, 3, 0, since)).isInstanceOf(ReconException.class);
        assertThatThrownBy(() -> started.start(START)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> started.records(0, 0, 0, direct, 0, 64, direct)).isInstanceOf(ReconException.class);
        started.close();
        assertThatThrownBy(() -> started.clock(START, 3, 0, since)).hasMessageContaining("closed");
    }

    @Test
    void aBlockThatWentAstrayOrIsDamagedFails() throws Exception {
        try (Fixture matcher = new Fixture(builder().build())) {
            PackedRecords packed = matcher.packer.pack(0, ReconRecord.of("x", 500), 0);
            int group = PackedRecords.keyGroupAt(packed.bytes, 0);
            Block good = new Block(0, group, 1, packed.bytes);
            assertThatThrownBy(() -> matcher.harness.processElement(1, new StreamRecord<>(good)))
                    .isInstanceOf(IllegalStateException.class);
            Block astray = new Block(0, (group + 1) % GROUPS, 1, packed.bytes);
            assertThatThrownBy(() -> matcher.harness.processElement(0, new StreamRecord<>(astray)))
                    .isInstanceOf(ReconException.class);
            for (int at = 0; at < packed.bytes.length; at++) {
                byte[] bytes = packed.bytes.clone();
                bytes[at] ^= (byte) 0x80;
                try {
                    matcher.harness.processElement(0, new StreamRecord<>(new Block(0, group, 1, bytes)));
                } catch (ReconException expected) {
                    assertThat(expected).hasMessageContaining("damaged");
                }
            }
            byte[] cut = java.util.Arrays.copyOf(packed.bytes, packed.bytes.length - 1);
            assertThatThrownBy(() -> matcher.harness.processElement(0, new StreamRecord<>(new Block(0, group, 1, cut))))
                    .isInstanceOf(ReconException.class);
        }
    }
}
