package io.recon.flink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.apache.flink.streaming.api.operators.Output;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/** The direct buffer that results come in, and the way of them to an operator's output. */
final class ResultBuffer {
    private static final int USUAL_BYTES = 1 << 18;

    private ByteBuffer out = ByteBuffer.allocateDirect(USUAL_BYTES).order(ByteOrder.LITTLE_ENDIAN);

    ByteBuffer buffer() {
        return out;
    }

    /** Sends the frames in the first size bytes. */
    void emit(int size, Output<StreamRecord<ReconResult>> output) {
        for (int at = 0; at < size; ) {
            byte[] frame = new byte[out.getInt(at)];
            out.get(at, frame);
            at += frame.length;
            output.collect(new StreamRecord<>(new ReconResult(frame)));
        }
    }

    /** Makes room for one that does not fit an empty buffer. */
    void grow(long bytes) {
        if (bytes > Integer.MAX_VALUE) {
            throw new ReconException(-1, "a result of " + bytes + " bytes is longer than a Java array");
        }
        out = ByteBuffer.allocateDirect((int) bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
