package io.recon.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;

/** Whose W and R count, and that counts always do. */
class WindowsOperatorTest {
    private static final long FIRST = PartialCounts.FIRST_ATTEMPT;

    private static OneInputStreamOperatorTestHarness<PartialCounts, ReconResult> open(OperatorSubtaskState state)
            throws Exception {
        ReconSettings settings =
                ReconSettings.named("test")
                        .interval(Duration.ofMillis(10))
                        .outOfOrderness(Duration.ofMillis(2))
                        .retention(Duration.ofMillis(1000))
                        .build();
        OneInputStreamOperatorTestHarness<PartialCounts, ReconResult> harness =
                new OneInputStreamOperatorTestHarness<>(new WindowsOperator(settings, 8));
        harness.setup(ReconResult.TYPE.createSerializer(new SerializerConfigImpl()));
        if (state != null) {
            harness.setRestoredCheckpointId(5);
            harness.initializeState(state);
        }
        harness.open();
        return harness;
    }

    private static byte[] counts(long window, long expected, long matched) {
        ByteBuffer counts = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
        return counts.putLong(window).putLong(expected).putLong(matched).putLong(expected - matched).array();
    }

    private static StreamRecord<PartialCounts> told(long attempt, int subtask, int of, long watermark, byte[] counts) {
        return new StreamRecord<>(new PartialCounts(attempt, subtask, of, watermark, watermark, 0, counts));
    }

    private static List<String> out(OneInputStreamOperatorTestHarness<PartialCounts, ReconResult> windows) {
        List<String> out = new ArrayList<>();
        for (Object one; (one = windows.getOutput().poll()) != null; ) {
            if (one instanceof StreamRecord<?> record) {
                out.add(((ReconResult) record.getValue()).json());
            }
        }
        return out;
    }

    @Test
    void theLowestOfAllMatchersCountsOnceAllHaveSpoken() throws Exception {
        try (var windows = open(null)) {
            windows.processElement(told(FIRST, 0, 2, 50, counts(0, 3, 3)));
            assertThat(out(windows)).isEmpty();
            windows.processElement(told(FIRST, 1, 2, 8, counts(0, 2, 1)));
            assertThat(out(windows)).isEmpty();
            windows.processElement(told(FIRST, 1, 2, 9, new byte[0]));
            assertThat(out(windows)).singleElement().asString().contains("\"expected\":5,\"matched\":4,\"missing\":1");
        }
    }

    @Test
    void whatIsInFlightInACheckpointCountsButSaysNothingOfTheWatermark() throws Exception {
        OperatorSubtaskState state;
        try (var windows = open(null)) {
            windows.processElement(told(FIRST, 0, 1, 9, counts(0, 1, 1)));
            assertThat(out(windows)).hasSize(1);
            state = windows.snapshot(5, 0);
        }
        try (var windows = open(state)) {
            windows.processElement(told(FIRST, 0, 1, 99, counts(0, 1, 1)));
            assertThat(out(windows)).isEmpty();
            windows.processElement(told(5, 0, 2, 19, new byte[0])); // by now there are two
            assertThat(out(windows)).isEmpty();
            windows.processElement(told(5, 1, 2, 15, new byte[0]));
            assertThat(out(windows)).isEmpty();
            windows.processElement(told(5, 1, 2, 19, new byte[0]));
            assertThat(out(windows))
                    .hasSize(2)
                    .first()
                    .asString()
                    .contains("\"expected\":2,\"matched\":2")
                    .contains("\"revision\":1");
        }
    }

    @Test
    void matchersThatHadFinishedDoNotSpeakAgain() throws Exception {
        try (var windows = open(null)) {
            windows.processElement(told(FIRST, 0, 2, 50, counts(7, 3, 3)));
            windows.processWatermark(Watermark.MAX_WATERMARK);
            assertThat(out(windows)).singleElement().asString().contains("\"basis\":\"end\"");
        }
    }

    @Test
    void afterARestartTheWatermarkMayBeginLowerButNothingFalls() throws Exception {
        OperatorSubtaskState state;
        try (var windows = open(null)) {
            windows.processElement(told(FIRST, 0, 1, 39, counts(0, 1, 1)));
            assertThat(out(windows)).hasSize(4);
            state = windows.snapshot(5, 0);
        }
        try (var windows = open(state)) {
            windows.processElement(told(5, 0, 1, 20, counts(0, 1, 1)));
            assertThat(out(windows)).isEmpty();
            windows.processElement(told(5, 0, 1, 49, new byte[0]));
            assertThat(out(windows)).hasSize(2).last().asString().contains("\"start\":\"1970-01-01T00:00:00.040Z\"");
        }
    }

    @Test
    void damagedStatesAndCountsAreRefused() throws Exception {
        try (var windows = open(null)) {
            assertThatThrownBy(() -> windows.processElement(told(FIRST, 0, 1, 9, new byte[63])))
                    .isInstanceOf(ReconException.class);
        }
        ReconSettings settings =
                ReconSettings.named("test")
                        .interval(Duration.ofMillis(10))
                        .outOfOrderness(Duration.ofMillis(2))
                        .retention(Duration.ofMillis(1000))
                        .build();
        byte[] state;
        try (NativeWindows windows = new NativeWindows(settings.toNative(8, -1), null)) {
            windows.add(counts(0, 1, 1));
            state = windows.snapshot(ByteBuffer.allocateDirect(40));
        }
        for (int at = 0; at < state.length; at++) {
            byte[] cut = java.util.Arrays.copyOf(state, at);
            assertThatThrownBy(() -> new NativeWindows(settings.toNative(8, -1), cut)).isInstanceOf(ReconException.class);
            byte[] flipped = state.clone();
            flipped[at] ^= 1;
            assertThatThrownBy(() -> new NativeWindows(settings.toNative(8, -1), flipped)).isInstanceOf(ReconException.class);
        }
        new NativeWindows(settings.toNative(8, -1), state).close();
        byte[] first = new byte[state.length - 8]; // as version 1 had it
        System.arraycopy(state, 0, first, 0, 26);
        System.arraycopy(state, 34, first, 26, first.length - 26);
        first[0] = 1;
        new NativeWindows(settings.toNative(8, -1), first).close();
    }
}
