package io.recon.flink.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.util.clock.ManualClock;
import org.junit.jupiter.api.Test;

class PartitionWatermarksTest {
    private static final long N = 10;
    private static final long Z = 1000;
    private static final long SKEW = 500;

    private final ManualClock activity = new ManualClock();
    private final ManualClock wall = new ManualClock();
    private final List<String> said = new ArrayList<>();
    private PartitionWatermarks.Answer answer = PartitionWatermarks.Answer.HEARD;

    private final WatermarkOutput output = new WatermarkOutput() {
        @Override
        public void emitWatermark(Watermark watermark) {
            said.add("" + watermark.getTimestamp());
        }

        @Override
        public void markIdle() {
            said.add("idle");
        }

        @Override
        public void markActive() {
            said.add("active");
        }
    };

    /** A message holds several times. */
    private static long max(long[] message, long limit) {
        return Arrays.stream(message).filter(time -> time <= limit).max().orElse(PartitionWatermarks.NO_TIME);
    }

    private PartitionWatermarks<long[]> generator(long idleTimeoutMs, long maxFutureSkewMs) {
        return new PartitionWatermarks<>(PartitionWatermarksTest::max, N, idleTimeoutMs, maxFutureSkewMs, activity, wall, () -> answer);
    }

    private void see(PartitionWatermarks<long[]> generator, long... message) {
        generator.onEvent(message, max(message, Long.MAX_VALUE), output);
    }

    private List<String> tick(PartitionWatermarks<long[]> generator, long ms) {
        activity.advanceTime(java.time.Duration.ofMillis(ms));
        wall.advanceTime(java.time.Duration.ofMillis(ms));
        said.clear();
        generator.onPeriodicEmit(output);
        return said;
    }

    @Test
    void aWatermarkIsTheLargestTimeLessNLessOne() {
        var generator = generator(Z, SKEW);
        see(generator, 100);
        see(generator, 90);
        assertThat(tick(generator, 1)).containsExactly("89");
        see(generator, 95);
        assertThat(tick(generator, 1)).isEmpty();
    }

    @Test
    void aTimePastTheSkewMovesNothingUntilTheClockIsThere() {
        var generator = generator(Z, SKEW);
        see(generator, 501);
        assertThat(tick(generator, 1)).isEmpty();
        see(generator, 501);
        assertThat(tick(generator, 1)).containsExactly("490");
        see(generator, Long.MAX_VALUE);
        assertThat(tick(generator, 1)).isEmpty();
    }

    @Test
    void ofAMessageOfSeveralTheTimesThatAreBelievedCount() {
        var generator = generator(Z, SKEW);
        see(generator, 7, 5000, 20, PartitionWatermarks.NO_TIME);
        assertThat(tick(generator, 1)).containsExactly("9");
        see(generator, 5000, 19);
        assertThat(tick(generator, 1)).isEmpty();
    }

    @Test
    void withoutASkewAnyTimeIsBelieved() {
        var generator = generator(Z, PartitionWatermarks.UNSET);
        see(generator, Long.MAX_VALUE);
        assertThat(tick(generator, 1)).containsExactly("" + (Long.MAX_VALUE - N - 1));
    }

    @Test
    void aRecordWithoutATimeMovesNothingNorEndsSilence() {
        var generator = generator(Z, SKEW);
        see(generator, PartitionWatermarks.NO_TIME);
        assertThat(tick(generator, Z)).containsExactly("idle");
    }

    @Test
    void itIsIdleOnceAfterZAndUntilTheLargestTimeRises() {
        var generator = generator(Z, SKEW);
        see(generator, 100);
        assertThat(tick(generator, 1)).containsExactly("89");
        assertThat(tick(generator, Z - 1)).isEmpty();
        assertThat(tick(generator, 1)).containsExactly("idle");
        assertThat(tick(generator, Z)).isEmpty();
        see(generator, 100); // late ones don't end it
        assertThat(tick(generator, 1)).isEmpty();
        see(generator, 101);
        assertThat(tick(generator, 1)).containsExactly("90");
        assertThat(tick(generator, Z)).containsExactly("idle");
    }

    @Test
    void timeInWhichNothingCouldBeReadIsNoSilence() {
        var generator = generator(Z, SKEW);
        see(generator, 100);
        tick(generator, 1);
        wall.advanceTime(java.time.Duration.ofMillis(10 * Z)); // back pressure: the other clock stands still
        assertThat(tick(generator, Z - 1)).isEmpty();
        answer = PartitionWatermarks.Answer.AWAY; // the broker is away
        assertThat(tick(generator, 10 * Z)).isEmpty();
        answer = PartitionWatermarks.Answer.HEARD;
        assertThat(tick(generator, Z - 1)).isEmpty();
        assertThat(tick(generator, 1)).containsExactly("idle");
        answer = PartitionWatermarks.Answer.AWAY;
        assertThat(tick(generator, 1)).containsExactly("active");
    }

    @Test
    void silenceIsKnownOnlyAsFarAsTheBrokerHasAnswered() {
        var generator = generator(Z, SKEW);
        answer = PartitionWatermarks.Answer.WAITING;
        assertThat(tick(generator, 2 * Z)).isEmpty();
        answer = PartitionWatermarks.Answer.HEARD;
        assertThat(tick(generator, 1)).containsExactly("idle");
    }

    @Test
    void withoutAnIdleTimeoutItNeverIs() {
        var generator = generator(PartitionWatermarks.UNSET, SKEW);
        assertThat(tick(generator, 1L << 40)).isEmpty();
    }

    @Test
    void aTimeAtTheBottomOfAllTimesHasNoWatermarkBelow() {
        var generator = generator(Z, SKEW);
        see(generator, Long.MIN_VALUE + 1);
        assertThat(tick(generator, 1)).containsExactly("active");
    }
}
