package io.recon.flink;

import java.io.IOException;
import java.util.Arrays;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * Packed records of one stream that go to one key group: what is sent from the sources to the matchers. A block belongs to a
 * key group so that what is in flight can be sent anew when a job is rescaled from an unaligned checkpoint. It is good until its
 * maker makes the next one: a {@link Blocks} fills the bytes anew once they are sent, a serialiser reads into those that it read
 * into before. So no memory is passed through for it, which would cost a record more than its copying does.
 */
public final class Block {
    /** The type, for Flink. */
    public static final TypeInformation<Block> TYPE = new ValueType<>(Block.class, new BlockSerializer());

    final int stream;
    final int keyGroup;
    final int count;
    final byte[] bytes;
    final int length; // of the packed records at their start

    Block(int stream, int keyGroup, int count, byte[] bytes, int length) {
        this.stream = stream;
        this.keyGroup = keyGroup;
        this.count = count;
        this.bytes = bytes;
        this.length = length;
    }

    Block(int stream, int keyGroup, int count, byte[] bytes) {
        this(stream, keyGroup, count, bytes, bytes.length);
    }

    /** Its serialiser. */
    public static final class BlockSerializer extends ValueSerializer<Block> {
        private static final long serialVersionUID = 1L;
        private static final int VERSION = 1;
        private static final int KEPT_BYTES_MAX = 64 << 10;
        private static final byte[] NONE = {};

        private transient byte[] kept; // what was read into last

        @Override
        public boolean isImmutableType() {
            return false;
        }

        @Override
        public Block copy(Block from) {
            return new Block(from.stream, from.keyGroup, from.count, Arrays.copyOf(from.bytes, from.length));
        }

        @Override
        public BlockSerializer duplicate() {
            return new BlockSerializer();
        }

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
            target.writeInt(block.length);
            target.write(block.bytes, 0, block.length);
        }

        @Override
        public Block deserialize(DataInputView source) throws IOException {
            checkVersion(source.readByte(), VERSION, "a block");
            int stream = source.readByte();
            int keyGroup = source.readUnsignedShort();
            int count = source.readInt();
            int length = source.readInt();
            byte[] bytes = kept == null ? NONE : kept;
            if (bytes.length < length) {
                bytes = new byte[length];
                kept = length <= KEPT_BYTES_MAX ? bytes : kept;
            }
            source.readFully(bytes, 0, length);
            return new Block(stream, keyGroup, count, bytes, length);
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
