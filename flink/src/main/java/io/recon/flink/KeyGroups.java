package io.recon.flink;

import java.util.Arrays;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;

/**
 * For each key group a number that Flink assigns to it: a key selector can only give a key, and Flink hashes it. So the key
 * groups of the engine are those of Flink.
 */
final class KeyGroups implements KeySelector<Block, Integer> {
    private static final long serialVersionUID = 1L;

    private final int[] keys;

    KeyGroups(int maxParallelism) {
        keys = new int[maxParallelism];
        Arrays.fill(keys, -1);
        int found = 0;
        for (int key = 0; found < maxParallelism; key++) {
            int group = KeyGroupRangeAssignment.assignToKeyGroup(key, maxParallelism);
            if (keys[group] < 0) {
                keys[group] = key;
                found++;
            }
        }
    }

    @Override
    public Integer getKey(Block block) {
        return keys[block.keyGroup];
    }
}
