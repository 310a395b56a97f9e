package io.recon.flink.job;

import java.io.Serializable;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkGeneratorSupplier;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.util.clock.Clock;
import org.apache.flink.util.clock.RelativeClock;
import org.apache.flink.util.clock.SystemClock;

/**
 * How far event time has come in one Kafka partition, and whether it has gone silent.
 *
 * <p>The watermark is max - n - 1, max being the largest event time seen: whoever takes it gets max back. A time further
 * ahead of the wall clock than max_future_skew moves nothing. The partition is idle once z has passed since max last rose,
 * by the clock of input activity: that one stands still while back pressure or watermark alignment keeps records from being
 * read (FLIP-471); nor does the time count in which the broker does not answer. Only a rise of max ends it, and not any record, as Flink's own idleness has it.
 *
 * <p>Watermarks go out with Flink's periodic emission alone. After a restart max is unknown until the first record, and z
 * begins anew.
 */
final class PartitionWatermarks<T> implements WatermarkGenerator<T> {
    /** For a record's timestamp: it has no time that counts. */
    static final long NO_TIME = Long.MIN_VALUE;

    /** Duration that is not set. */
    static final long UNSET = Long.MAX_VALUE;

    /** The largest event time in a message that is no larger than the limit; {@link #NO_TIME} where there is none. */
    @FunctionalInterface
    interface Times<T> extends Serializable {
        long max(T message, long limit);
    }

    /** What is heard of the broker. */
    enum Answer {
        /** It has answered since it was last asked for. */
        HEARD,
        /** It has not, but need not have. */
        WAITING,
        /** It should have: what is in the input can't be read just now. */
        AWAY
    }

    /** Asked with each emission. */
    @FunctionalInterface
    interface Broker {
        Answer ask();
    }

    private final Times<T> times;
    private final long outOfOrdernessMs;
    private final long idleTimeoutMs;
    private final long maxFutureSkewMs;
    private final RelativeClock activity;
    private final Clock wall;
    private final Broker broker;

    private long max = NO_TIME;
    private long poisonedFromMs; // a time past this is looked at with a fresh clock
    private long silentSinceMs; // by the clock of input activity
    private long heardMs; // likewise: so far it is known to be silence
    private boolean rose;
    private boolean idle;

    PartitionWatermarks(
            Times<T> times,
            long outOfOrdernessMs,
            long idleTimeoutMs,
            long maxFutureSkewMs,
            RelativeClock activity,
            Clock wall,
            Broker broker) {
        this.times = times;
        this.outOfOrdernessMs = outOfOrdernessMs;
        this.idleTimeoutMs = idleTimeoutMs;
        this.maxFutureSkewMs = maxFutureSkewMs;
        this.activity = activity;
        this.wall = wall;
        this.broker = broker;
        poisonedFromMs = NO_TIME;
        silentSinceMs = activity.relativeTimeMillis();
        heardMs = silentSinceMs;
    }

    static <T> WatermarkGeneratorSupplier<T> supplier(
            Times<T> times, long outOfOrdernessMs, long idleTimeoutMs, long maxFutureSkewMs, SourceWatch.Key watched) {
        return context ->
                new PartitionWatermarks<>(
                        times,
                        outOfOrdernessMs,
                        idleTimeoutMs,
                        maxFutureSkewMs,
                        context.getInputActivityClock(),
                        SystemClock.getInstance(),
                        SourceWatch.broker(watched, context.getMetricGroup()));
    }

    /** {@code time}: the largest in the message. */
    @Override
    public void onEvent(T message, long time, WatermarkOutput output) {
        if (time <= max) {
            return;
        }
        long believed = isPoisoned(time) ? times.max(message, poisonedFromMs) : time;
        if (believed > max) {
            max = believed;
            rose = true;
        }
    }

    private boolean isPoisoned(long time) {
        if (maxFutureSkewMs == UNSET || time <= poisonedFromMs) {
            return false;
        }
        poisonedFromMs = saturatedSum(wall.absoluteTimeMillis(), maxFutureSkewMs);
        return time > poisonedFromMs;
    }

    @Override
    public void onPeriodicEmit(WatermarkOutput output) {
        long now = activity.relativeTimeMillis();
        Answer answer = broker.ask();
        if (answer == Answer.HEARD) {
            heardMs = now;
        }
        if (rose) {
            rose = false;
            silentSinceMs = now;
            idle = false;
            long watermark = max - outOfOrdernessMs - 1;
            if (watermark < max) { // else it lies before all times
                output.emitWatermark(new Watermark(watermark));
            } else {
                output.markActive();
            }
        } else if (answer == Answer.AWAY) {
            silentSinceMs = now;
            if (idle) {
                idle = false;
                output.markActive();
            }
        } else if (!idle && idleTimeoutMs != UNSET && heardMs - silentSinceMs >= idleTimeoutMs) {
            idle = true;
            output.markIdle();
        }
    }

    static long saturatedSum(long one, long other) {
        long sum = one + other;
        return ((one ^ sum) & (other ^ sum)) < 0 ? (one < 0 ? Long.MIN_VALUE : Long.MAX_VALUE) : sum;
    }
}
