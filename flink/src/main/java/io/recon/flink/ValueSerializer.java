package io.recon.flink;

import java.io.IOException;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * Serialisers of the values that this job sends: each but a {@link Block} is never changed once it is made, so that a copy is the
 * value itself.
 * The bytes begin with a version, so that a later one can still read what an earlier one left in a checkpoint.
 */
abstract class ValueSerializer<T> extends TypeSerializerSingleton<T> {
    private static final long serialVersionUID = 1L;

    @Override
    public boolean isImmutableType() {
        return true;
    }

    @Override
    public T copy(T from) {
        return from;
    }

    @Override
    public final T copy(T from, T reuse) {
        return copy(from);
    }

    @Override
    public final int getLength() {
        return -1;
    }

    @Override
    public final T deserialize(T reuse, DataInputView source) throws IOException {
        return deserialize(source);
    }

    @Override
    public final void copy(DataInputView source, DataOutputView target) throws IOException {
        serialize(deserialize(source), target);
    }

    static void checkVersion(int version, int known, String what) throws IOException {
        if (version < 1 || version > known) {
            throw new IOException(what + " of version " + version + "; this version of recon reads up to " + known);
        }
    }
}
