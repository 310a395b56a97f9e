package io.recon.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;

/**
 * What a record costs on its way from a packed one to the engine: {@code COUNT=4000000 mvn -f flink/pom.xml surefire:test
 * -Dtest=CostPerRecordTest} prints nanoseconds a record for each step. Without COUNT it is a test that all of them arrive.
 */
class CostPerRecordTest {
    private static final int GROUPS = 128;
    private static final int ROUNDS = 5;

    private final ReconSettings settings =
            ReconSettings.named("cost")
                    .interval(Duration.ofMinutes(5))
                    .outOfOrderness(Duration.ofMinutes(1))
                    .retention(Duration.ofHours(1))
                    .maxFutureSkew(null)
                    .build();

    @Test
    void whatARecordCostsOnItsWayToTheEngine() throws Exception {
        int count = Integer.parseInt(System.getenv().getOrDefault("COUNT", "20000"));
        PackedRecords[] packed = new PackedRecords[count];
        try (NativePacker packer = new NativePacker(settings.toNative(GROUPS, -1))) {
            for (int i = 0; i < count; i++) {
                String id = String.format("%08x-0000-4000-8000-%012x", i * 0x9e3779b9, i); // 36 characters
                packed[i] = packer.pack(0, ReconRecord.of(id, i), 0);
            }
        }
        List<Block> blocks = blocks(packed);
        for (int round = 0; round < ROUNDS; round++) {
            round(packed, blocks, count);
        }
    }

    private void round(PackedRecords[] packed, List<Block> blocks, int count) throws Exception {
        long start = cpuNanos();
        blocks(packed);
        long packing = cpuNanos() - start;

        Block.BlockSerializer serializer = new Block.BlockSerializer();
        DataOutputSerializer out = new DataOutputSerializer(1 << 16);
        DataInputDeserializer in = new DataInputDeserializer();
        start = cpuNanos();
        for (Block block : blocks) {
            out.clear();
            serializer.serialize(block, out);
            in.setBuffer(out.getSharedBuffer(), 0, out.length());
            serializer.deserialize(in);
        }
        long serialising = cpuNanos() - start;

        ByteBuffer direct = ByteBuffer.allocateDirect(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
        ResultBuffer results = new ResultBuffer();
        long[] look = new long[NativeMatcher.LOOK_COUNT];
        try (NativeMatcher matcher = new NativeMatcher(settings.toNative(GROUPS, -1))) {
            matcher.start(0);
            start = cpuNanos();
            for (Block block : blocks) {
                direct.put(0, block.bytes);
                matcher.records(0, block.keyGroup, 0, direct, 0, 0, results.buffer()); // there and back, with nothing to do
            }
            long crossing = cpuNanos() - start;
            start = cpuNanos();
            for (Block block : blocks) {
                direct.put(0, block.bytes);
                matcher.records(0, block.keyGroup, 0, direct, 0, block.bytes.length, results.buffer());
            }
            long handling = cpuNanos() - start;
            start = cpuNanos();
            long bytes = snapshot(matcher);
            long saving = cpuNanos() - start;
            matcher.look(look);
            assertThat(look[NativeMatcher.LOOK_STATS]).isEqualTo(count);
            System.out.printf(
                    "%d records, %d blocks; ns a record: blocks %.1f, serialised and back %.1f, copied and over JNI %.1f,"
                            + " all with the engine's work %.1f; a checkpoint %.1f, of %d bytes%n",
                    count,
                    blocks.size(),
                    (double) packing / count,
                    (double) serialising / count,
                    (double) crossing / count,
                    (double) handling / count,
                    (double) saving / count,
                    bytes / count);
        }
    }

    /** Writes all key groups, as a checkpoint does before it goes to storage; the bytes. */
    private static long snapshot(NativeMatcher matcher) {
        ByteBuffer piece = ByteBuffer.allocateDirect(256 << 10);
        long bytes = 0;
        for (int group = 0; group < GROUPS; group++) {
            matcher.snapshotBegin(NativeMatcher.PART_MATCHER, group);
            for (int size; (size = matcher.snapshotNext(piece)) > 0; ) {
                bytes += size;
            }
        }
        return bytes;
    }

    /** This thread's own time: what else the machine does counts little. */
    private static long cpuNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    /** As {@link BlockPacker} makes them. */
    private static List<Block> blocks(PackedRecords[] packed) {
        List<Block> made = new ArrayList<>();
        Block.BlockSerializer serializer = new Block.BlockSerializer();
        try (NativeBlocks blocks = new NativeBlocks(GROUPS)) {
            byte[] gathered = new byte[16 << 10];
            int size = 0;
            for (PackedRecords record : packed) {
                if (gathered.length - size < record.bytes.length) {
                    blocks.add(gathered, size);
                    size = 0;
                    take(blocks, serializer, made);
                }
                System.arraycopy(record.bytes, 0, gathered, size, record.bytes.length);
                size += record.bytes.length;
            }
            blocks.add(gathered, size);
            blocks.flush();
            take(blocks, serializer, made);
        }
        return made;
    }

    private static void take(NativeBlocks blocks, Block.BlockSerializer serializer, List<Block> into) {
        for (Block block; (block = blocks.next(0)) != null; ) {
            into.add(serializer.copy(block));
        }
    }
}
