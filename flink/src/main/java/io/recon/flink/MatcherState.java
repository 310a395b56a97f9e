package io.recon.flink;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.runtime.state.KeyGroupStatePartitionStreamProvider;

/**
 * A matcher's raw keyed state: for each key group one payload,
 *
 * <pre>
 *     magic int, version byte, key group int, then parts: kind byte, length int, bytes; a kind of 0 ends it
 * </pre>
 *
 * big-endian, as Flink writes. In each payload: the job, the watermark, the identities of the key group; in the first of a
 * subtask also the counts that it did not send yet. The stream that is given for restoring may go on behind a payload with that
 * of another key group, so a payload says itself where it ends.
 */
final class MatcherState {
    private static final int MAGIC = 0x52434b47; // "RCKG"
    private static final int VERSION = 1;
    private static final int PIECE_BYTES = 256 << 10;
    private static final int HEAD_BYTES = 1024;

    private final ByteBuffer piece = ByteBuffer.allocateDirect(PIECE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private final byte[] bytes = new byte[PIECE_BYTES];

    /** The parts that all payloads of a moment begin with: the job and the watermark. */
    static byte[] head(NativeMatcher matcher, ByteBuffer given) throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(HEAD_BYTES);
        byte[] job = matcher.job();
        out.writeByte(NativeMatcher.PART_JOB);
        out.writeInt(job.length);
        out.write(job);
        byte[] some = new byte[given.capacity()];
        matcher.snapshotBegin(NativeMatcher.PART_WATERMARK, 0);
        for (int size; (size = matcher.snapshotNext(given)) > 0; ) {
            out.writeByte(NativeMatcher.PART_WATERMARK);
            out.writeInt(size);
            given.get(0, some, 0, size);
            out.write(some, 0, size);
        }
        return out.getCopyOfBuffer();
    }

    /** The beginning of a payload. */
    static void writeHead(DataOutputView out, int group, byte[] head) throws IOException {
        out.writeInt(MAGIC);
        out.writeByte(VERSION);
        out.writeInt(group);
        out.write(head);
    }

    /** Whether there was a payload. */
    boolean read(NativeMatcher matcher, Iterable<KeyGroupStatePartitionStreamProvider> payloads) throws IOException {
        boolean wasThere = false;
        for (KeyGroupStatePartitionStreamProvider payload : payloads) {
            readPayload(matcher, payload.getKeyGroupId(), payload.getStream());
            wasThere = true;
        }
        return wasThere;
    }

    private void readPayload(NativeMatcher matcher, int group, InputStream stream) throws IOException {
        DataInputStream in = new DataInputStream(stream);
        try {
            if (in.readInt() != MAGIC) {
                throw new IOException("the state of key group " + group + " is not one of recon's matcher");
            }
            ValueSerializer.checkVersion(in.readByte(), VERSION, "the state of key group " + group);
            if (in.readInt() != group) {
                throw new IOException("the state of key group " + group + " is that of another one");
            }
            for (int part; (part = in.readByte()) != 0; ) {
                readPart(matcher, part, in.readInt(), in);
            }
        } catch (EOFException error) {
            throw new IOException("the state of key group " + group + " ends too early", error);
        }
    }

    private void readPart(NativeMatcher matcher, int part, int length, DataInputStream in) throws IOException {
        if (part == NativeMatcher.PART_JOB) { // whole
            byte[] job = in.readNBytes(length);
            if (job.length < length) {
                throw new EOFException();
            }
            ByteBuffer whole = ByteBuffer.allocateDirect(length);
            whole.put(job);
            matcher.restore(part, whole, 0, length);
            return;
        }
        for (int left = length; left > 0; ) {
            int size = Math.min(left, bytes.length);
            in.readFully(bytes, 0, size);
            piece.put(0, bytes, 0, size);
            matcher.restore(part, piece, 0, size);
            left -= size;
        }
    }
}
