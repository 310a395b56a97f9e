package io.recon.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Checkpoints that are written while the matcher goes on: what they hold, and how they end. */
@Timeout(600)
class MatcherSnapshotTest {
    private static final int GROUPS = 32;
    private static final int COUNT = 300;
    private static final long START = 1_000_000;

    private static final ReconSettings SETTINGS =
            ReconSettings.named("test")
                    .interval(Duration.ofSeconds(10))
                    .outOfOrderness(Duration.ofMillis(2))
                    .retention(Duration.ofHours(1))
                    .idleTimeout(Duration.ofMinutes(1))
                    .maxFutureSkew(null)
                    .topics(Stream.AUDIT, List.of("a"))
                    .topics(Stream.EVENTS, List.of("e"))
                    .report(EnumSet.of(ReconResult.Type.MISSING))
                    .build();

    /** One that cuts its snapshots into many small pieces. */
    static final class Operator extends MatcherOperator {
        Operator(StreamOperatorParameters<ReconResult> parameters, ReconSettings settings) {
            super(parameters, settings);
        }

        @Override
        MatcherSnapshot.Sizes snapshotSizes() {
            return new MatcherSnapshot.Sizes(100, 3, 1);
        }

        @Override
        boolean isInputDrained() {
            return false;
        }
    }

    private static final class Fixture implements AutoCloseable {
        final MatcherHarness<Operator> harness;
        final SnapshotUnderWay.Storage storage = new SnapshotUnderWay.Storage();
        private final NativePacker packer = new NativePacker(SETTINGS.toNative(GROUPS, -1));

        Fixture(OperatorSubtaskState state) throws Exception {
            harness = new MatcherHarness<>(SETTINGS, Operator::new, 1.0, START, GROUPS, 1, 0);
            if (state != null) {
                harness.setRestoredCheckpointId(1);
                harness.initializeState(state);
            }
            harness.open();
        }

        /** With audit records 0 to COUNT - 1, of which the first ten have their events. */
        static Fixture filled() throws Exception {
            Fixture fixture = new Fixture(null);
            fixture.send(Stream.AUDIT, 0, COUNT);
            fixture.send(Stream.EVENTS, 0, 10);
            return fixture;
        }

        void send(Stream stream, int from, int to) throws Exception {
            for (int i = from; i < to; i++) {
                ReconRecord record =
                        ReconRecord.of(Integer.toString(i), START).place(stream == Stream.AUDIT ? "a" : "e", 0, i);
                PackedRecords packed =
                        packer.pack(stream.ordinal(), record, SETTINGS.topicNumber(stream, record.topic));
                int group = PackedRecords.keyGroupAt(packed.bytes, 0);
                harness.processElement(
                        stream.ordinal(), new StreamRecord<>(new Block(stream.ordinal(), group, 1, packed.bytes)));
            }
        }

        SnapshotUnderWay begin(long checkpoint) throws Exception {
            return new SnapshotUnderWay(harness, checkpoint, storage);
        }

        /** What is missing in the end. */
        List<String> missing() throws Exception {
            harness.processWatermark(0, new Watermark(START + 60_000));
            harness.processWatermark(1, new Watermark(START + 60_000));
            List<String> ids = new ArrayList<>();
            for (Object out : harness.getOutput()) {
                if (out instanceof StreamRecord<?> record) {
                    ids.add(((ReconResult) record.getValue()).json().replaceAll(".*\"id\":\"(\\d+)\".*", "$1"));
                }
            }
            return ids;
        }

        @Override
        public void close() throws Exception {
            harness.close();
            packer.close();
        }
    }

    private static String[] ids(int from, int to) {
        return IntStream.range(from, to).mapToObj(Integer::toString).toArray(String[]::new);
    }

    private static void assertHolds(OperatorSubtaskState state, int from, int to) throws Exception {
        try (Fixture restored = new Fixture(state)) {
            assertThat(restored.missing()).containsExactlyInAnyOrder(ids(from, to));
        }
    }

    @Test
    void aCheckpointHoldsWhatWasThereAndTheMatcherGoesOn() throws Exception {
        try (Fixture matcher = Fixture.filled()) {
            SnapshotUnderWay snapshot = matcher.begin(1).finalizing();
            int mails = 0;
            int next = 10;
            for (; !snapshot.isDone() && next < 200; next++) {
                matcher.send(Stream.EVENTS, next, next + 1);
                matcher.send(Stream.AUDIT, COUNT + next, COUNT + next + 1);
                mails += SnapshotUnderWay.mail(matcher.harness) ? 1 : 0;
            }
            OperatorSubtaskState state = snapshot.state();
            assertThat(mails).isGreaterThan(1); // how many is the scheduler's choice
            assertHolds(state, 10, COUNT);
            List<String> missing = matcher.missing();
            assertThat(missing).contains(ids(next, COUNT)).contains(ids(COUNT + 10, COUNT + next)).hasSize(COUNT - 10);
        }
    }

    @Test
    void theNextCheckpointCompletesTheOneUnderWay() throws Exception {
        try (Fixture matcher = Fixture.filled()) {
            SnapshotUnderWay first = matcher.begin(1).finalizing();
            SnapshotUnderWay.mail(matcher.harness);
            matcher.send(Stream.EVENTS, 10, 20);
            SnapshotUnderWay second = matcher.begin(2).finalizing();
            matcher.send(Stream.EVENTS, 20, 30);
            SnapshotUnderWay third = matcher.begin(3).finalizing();
            matcher.send(Stream.EVENTS, 30, 40);
            assertHolds(third.state(), 30, COUNT);
            assertHolds(first.state(), 10, COUNT);
            assertHolds(second.state(), 20, COUNT);
            assertThat(matcher.missing()).containsExactlyInAnyOrder(ids(40, COUNT));
        }
    }

    @Test
    void anAbortedCheckpointLeavesTheMatcherAsItWas() throws Exception {
        try (Fixture matcher = Fixture.filled()) {
            SnapshotUnderWay aborted = matcher.begin(1).finalizing();
            SnapshotUnderWay.mail(matcher.harness);
            matcher.send(Stream.EVENTS, 10, 20);
            matcher.harness.matcher().notifyCheckpointAborted(1);
            assertThatThrownBy(aborted::state).isInstanceOf(ExecutionException.class);
            matcher.send(Stream.EVENTS, 20, 30);
            while (SnapshotUnderWay.mail(matcher.harness)) {
                // what is left is thrown away
            }
            assertHolds(matcher.begin(2).finalizing().state(), 30, COUNT);
            assertThat(matcher.missing()).containsExactlyInAnyOrder(ids(30, COUNT));
        }
    }

    @Test
    void aCheckpointAbortedBeforeItsFirstMailEnds() throws Exception {
        try (Fixture matcher = Fixture.filled()) {
            SnapshotUnderWay aborted = matcher.begin(1).finalizing();
            matcher.harness.matcher().notifyCheckpointAborted(1);
            assertHolds(matcher.begin(2).finalizing().state(), 10, COUNT);
            assertThatThrownBy(aborted::state).isInstanceOf(ExecutionException.class);
        }
    }

    @Test
    void whereTheStorageFailsTheCheckpointDoesAndNotTheMatcher() throws Exception {
        try (Fixture matcher = Fixture.filled()) {
            SnapshotUnderWay failed = matcher.begin(1).finalizing();
            matcher.storage.gate = CompletableFuture.failedFuture(new IOException("full"));
            assertThatThrownBy(failed::state).isInstanceOf(ExecutionException.class);
            matcher.storage.gate = CompletableFuture.completedFuture(null);
            matcher.send(Stream.EVENTS, 10, 20);
            assertHolds(matcher.begin(2).finalizing().state(), 20, COUNT);
            assertThat(matcher.missing()).containsExactlyInAnyOrder(ids(20, COUNT));
        }
    }

    @Test
    void theTaskThreadDoesNotWaitForASlowStorage() throws Exception {
        try (Fixture matcher = Fixture.filled()) {
            SnapshotUnderWay slow = matcher.begin(1).finalizing();
            matcher.storage.gate = new CompletableFuture<>();
            int mails = 0;
            while (SnapshotUnderWay.mail(matcher.harness)) {
                mails++;
            }
            assertThat(mails).isEqualTo(3); // a piece each; one more comes when one was written
            matcher.send(Stream.EVENTS, 10, 20);
            assertThat(slow.isDone()).isFalse();
            matcher.storage.gate.complete(null);
            assertHolds(slow.state(), 10, COUNT);
        }
    }

    @Test
    void atTheEndOfTheInputTheCheckpointNeedsNoMailAnyMore() throws Exception {
        try (Fixture matcher = Fixture.filled()) {
            SnapshotUnderWay snapshot = matcher.begin(1).finalizing();
            matcher.harness.matcher().finish();
            while (!snapshot.isDone()) {
                Thread.onSpinWait(); // no mail is done; @Timeout is the limit
            }
            assertHolds(snapshot.state(), 10, COUNT);
            SnapshotUnderWay last = matcher.begin(2).finalizing();
            while (!last.isDone()) {
                Thread.onSpinWait();
            }
            assertHolds(last.state(), 10, COUNT);
        }
    }

    @Test
    void aMatcherIsClosedWhileACheckpointIsUnderWay() throws Exception {
        try (Fixture matcher = Fixture.filled()) {
            SnapshotUnderWay snapshot = matcher.begin(1).finalizing();
            SnapshotUnderWay.mail(matcher.harness);
            matcher.harness.matcher().close(); // as after a failure: finish is not called
            assertThatThrownBy(snapshot::state).isInstanceOf(ExecutionException.class);
        }
    }

    @Test
    void flinkMayCancelACheckpointInTheTaskThread() throws Exception {
        try (Fixture matcher = Fixture.filled()) {
            SnapshotUnderWay snapshot = matcher.begin(1);
            SnapshotUnderWay.mail(matcher.harness);
            snapshot.futures.cancel(); // waits for the lease
            assertHolds(matcher.begin(2).finalizing().state(), 10, COUNT);
        }
    }
}
