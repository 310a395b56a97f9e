/*
 * The join with java.util.HashMap: java HashMapJoin.java IDS
 *
 * As bench_hashmap: the 128-bit key, a time and which sides were seen; windows counted; no deadlines, no retention. All audit
 * records in order of time, then all events in another order; keys are made before the clock starts. Prints ns a record.
 */
import java.util.HashMap;

public class HashMapJoin {
    static final long INTERVAL_MS = 60_000;
    static final int IDS_PER_MS = 100;

    record Key(long high, long low) {
        @Override public int hashCode() { return (int) low; }
    }

    static final class State {
        long time;
        byte sides;
    }

    static final class Counts {
        long expected, matched;
        final long[] duplicates = new long[2];
    }

    final HashMap<Key, State> identities = new HashMap<>();
    final HashMap<Long, Counts> windows = new HashMap<>();
    Counts last;
    long lastIndex = Long.MIN_VALUE;
    long matched;

    Counts window(long time) {
        long index = time / INTERVAL_MS;
        if (index != lastIndex) {
            last = windows.computeIfAbsent(index, none -> new Counts());
            lastIndex = index;
        }
        return last;
    }

    void take(int stream, long high, long low, long time) {
        byte side = (byte) (1 << stream);
        Key key = new Key(high, low); // as a decoder would make it
        State state = identities.get(key);
        boolean isNew = state == null;
        if (isNew) {
            state = new State();
            state.time = time;
            state.sides = side;
            identities.put(key, state);
        } else if ((state.sides & side) != 0) {
            window(state.time).duplicates[stream]++;
            return;
        }
        if (stream == 0) {
            state.time = time;
            window(time).expected++;
        }
        if (!isNew) {
            state.sides = 3;
            window(state.time).matched++;
            matched++;
        }
    }

    static long mix(long word) {
        word = (word ^ (word >>> 30)) * 0xbf58476d1ce4e5b9L;
        word = (word ^ (word >>> 27)) * 0x94d049bb133111ebL;
        return word ^ (word >>> 31);
    }

    /** ns a record. */
    static double run(int count, long[] highs, long[] lows, int[] order) {
        HashMapJoin join = new HashMapJoin();
        long begin = System.nanoTime();
        for (int i = 0; i < count; i++)
            join.take(0, highs[i], lows[i], i / IDS_PER_MS);
        for (int i = 0; i < count; i++)
            join.take(1, highs[order[i]], lows[order[i]], order[i] / IDS_PER_MS);
        double taken = (double) (System.nanoTime() - begin) / (2.0 * count);
        if (join.matched != count)
            throw new IllegalStateException("not every pair was matched");
        return taken;
    }

    public static void main(String[] arguments) {
        int count = Integer.parseInt(arguments[0]);
        long[] highs = new long[count], lows = new long[count];
        int[] order = new int[count];
        for (int i = 0; i < count; i++) {
            highs[i] = mix(i + 1);
            lows[i] = mix(~(long) i);
            order[i] = i;
        }
        for (int i = count; i > 1; i--) {
            int j = (int) Long.remainderUnsigned(mix(i), i), kept = order[i - 1];
            order[i - 1] = order[j];
            order[j] = kept;
        }
        for (int warm = 0; warm < 5; warm++) // compiled before the clock starts
            run(Math.min(count, 100_000), highs, lows, shorter(order, Math.min(count, 100_000)));
        System.out.printf("%.1f ns a record%n", run(count, highs, lows, order));
    }

    /** The numbers below the limit, in their order. */
    static int[] shorter(int[] order, int limit) {
        return java.util.Arrays.stream(order).filter(one -> one < limit).toArray();
    }
}
