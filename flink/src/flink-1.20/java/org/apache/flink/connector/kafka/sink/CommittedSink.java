package org.apache.flink.connector.kafka.sink;

import io.recon.flink.job.StrictCommitter;
import java.io.IOException;
import java.util.Collection;
import java.util.Properties;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * A KafkaSink whose results are never lost in silence: its committer is a {@link StrictCommitter}. Everything else is
 * KafkaSink's own, its state too: either can go on from what the other left.
 *
 * <p>There is one for each line of Flink. It is in the connector's package, for in some its types are not public.
 */
@SuppressWarnings("deprecation") // as KafkaSink is written here
public final class CommittedSink<T>
        implements TwoPhaseCommittingStatefulSink<T, KafkaWriterState, KafkaCommittable> {
    private static final long serialVersionUID = 1L;

    private final KafkaSink<T> sink;
    private final Properties client;
    private final boolean acceptsLoss;

    /**
     * Wraps a sink.
     *
     * @param client what an Admin client needs
     * @param acceptsLoss see StrictCommitter
     */
    public CommittedSink(KafkaSink<T> sink, Properties client, boolean acceptsLoss) {
        this.sink = sink;
        this.client = client;
        this.acceptsLoss = acceptsLoss;
    }

    @Override
    public PrecommittingStatefulSinkWriter<T, KafkaWriterState, KafkaCommittable> createWriter(InitContext context)
            throws IOException {
        return sink.createWriter(context);
    }

    @Override
    public PrecommittingStatefulSinkWriter<T, KafkaWriterState, KafkaCommittable> restoreWriter(
            InitContext context, Collection<KafkaWriterState> state) throws IOException {
        return sink.restoreWriter(context, state);
    }

    @Override
    public SimpleVersionedSerializer<KafkaWriterState> getWriterStateSerializer() {
        return sink.getWriterStateSerializer();
    }

    @Override
    public Committer<KafkaCommittable> createCommitter() throws IOException {
        return StrictCommitter.of(
                sink.createCommitter(),
                one -> new StrictCommitter.Transaction(one.getTransactionalId(), one.getProducerId()),
                client,
                acceptsLoss);
    }

    @Override
    public SimpleVersionedSerializer<KafkaCommittable> getCommittableSerializer() {
        return sink.getCommittableSerializer();
    }
}
