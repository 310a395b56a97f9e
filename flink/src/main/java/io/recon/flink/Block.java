package io.recon.flink;

import java.io.IOException;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * Packed records of one stream that go to one key group: what is sent from the sources to the matchers. A block belongs to a
 * key group so that what is in flight can be sent anew when a job is rescaled from an unaligned checkpoint. Never changed once
 * made.
 */
public final class Block {
    /** The type, for Flink. */
    public static final TypeInformation<Block> TYPE = new ValueType<>(Block.class, new BlockSerializer());

    final int stream;
    final int keyGroup;
    final int count;
    final byte[] bytes; // as long as there are packed records

    Block(int stream, int keyGroup, int count, byte[] bytes) {
        this.stream = stream;
        this.keyGroup = keyGroup;
        this.count = count;
        this.bytes = bytes;
    }

    /** Its serialiser. */
    public static final class BlockSerializer extends ValueSerializer<Block> {
        private static final long serialVersionUID = 1L;
        private static final int VERSION = 1;

        @Override
        public Block createInstance() {
            return new Block(0, 0, 0, new byte[0]);
        }

        @Override
        public void serialize(Block block, DataOutputView target) throws IOException {
            target.writeByte(VERSION);
            target.writeByte(block.stream);
            target.writeShort(block.keyGroup);
            target.writeInt(block.count);
            target.writeInt(block.bytes.length);
            target.write(block.bytes);
        }

        @Override
        public Block deserialize(DataInputView source) throws IOException {
            checkVersion(source.readByte(), VERSION, "a block");
            int stream = source.readByte();
            int keyGroup = source.readUnsignedShort();
            int count = source.readInt();
            byte[] bytes = new byte[source.readInt()];
            source.readFully(bytes);
            return new Block(stream, keyGroup, count, bytes);
        }

        @Override
        public TypeSerializerSnapshot<Block> snapshotConfiguration() {
            return new Snapshot();
        }

        /** Its snapshot. */
        public static final class Snapshot extends SimpleTypeSerializerSnapshot<Block> {
            public Snapshot() {
                super(BlockSerializer::new);
            }
        }
    }
}
