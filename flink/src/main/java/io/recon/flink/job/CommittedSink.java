package io.recon.flink.job;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.api.connector.sink2.CommitterInitContext;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.KafkaWriterState;
import org.apache.flink.connector.kafka.sink.TwoPhaseCommittingStatefulSink;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.streaming.api.connector.sink2.CommittableMessage;
import org.apache.flink.streaming.api.connector.sink2.SupportsPostCommitTopology;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.common.errors.InvalidPidMappingException;
import org.apache.kafka.common.errors.TransactionalIdNotFoundException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A KafkaSink whose results are never lost in silence.
 *
 * <p>A broker aborts a transaction that outlives its timeout. Where a checkpoint was complete but its transaction not
 * committed before that (a long outage, or a resumption from an old checkpoint), its results are gone, and KafkaSink logs an
 * error and goes on. Here the broker is asked what became of the transaction; if it was not committed, the job fails, again
 * at each attempt, with a message that says what can be done.
 *
 * <p>Everything else is KafkaSink's own, its state too: either can go on from what the other left.
 */
final class CommittedSink<T>
        implements TwoPhaseCommittingStatefulSink<T, KafkaWriterState, KafkaCommittable>,
                SupportsPostCommitTopology<KafkaCommittable> {
    private static final long serialVersionUID = 1L;
    private static final Logger LOG = LoggerFactory.getLogger(CommittedSink.class);

    /** What the broker says of a transaction that could not be committed. */
    @FunctionalInterface
    interface Inquiry {
        boolean wasCommitted(KafkaCommittable committable) throws IOException, InterruptedException;
    }

    private final KafkaSink<T> sink;
    private final Properties client;
    private final boolean acceptsLoss;

    /**
     * Wraps a sink.
     *
     * @param client what an Admin client needs
     * @param acceptsLoss goes on as KafkaSink does, with an error in the log
     */
    CommittedSink(KafkaSink<T> sink, Properties client, boolean acceptsLoss) {
        this.sink = sink;
        this.client = client;
        this.acceptsLoss = acceptsLoss;
    }

    @Override
    public PrecommittingStatefulSinkWriter<T, KafkaWriterState, KafkaCommittable> createWriter(WriterInitContext context)
            throws IOException {
        return sink.createWriter(context);
    }

    @Override
    public PrecommittingStatefulSinkWriter<T, KafkaWriterState, KafkaCommittable> restoreWriter(
            WriterInitContext context, Collection<KafkaWriterState> state) throws IOException {
        return sink.restoreWriter(context, state);
    }

    @Override
    public SimpleVersionedSerializer<KafkaWriterState> getWriterStateSerializer() {
        return sink.getWriterStateSerializer();
    }

    @Override
    public Committer<KafkaCommittable> createCommitter(CommitterInitContext context) throws IOException {
        return new StrictCommitter(sink.createCommitter(context), this::wasCommitted, acceptsLoss);
    }

    @Override
    public SimpleVersionedSerializer<KafkaCommittable> getCommittableSerializer() {
        return sink.getCommittableSerializer();
    }

    @Override
    public void addPostCommitTopology(DataStream<CommittableMessage<KafkaCommittable>> committables) {
        sink.addPostCommitTopology(committables);
    }

    private boolean wasCommitted(KafkaCommittable committable) throws IOException, InterruptedException {
        String id = committable.getTransactionalId();
        try (Admin admin = Admin.create(client)) {
            TransactionDescription found = admin.describeTransactions(List.of(id)).description(id).get();
            LOG.info("Transaction {} of producer {}: {}", id, committable.getProducerId(), found);
            return found.producerId() == committable.getProducerId()
                    && (found.state() == TransactionState.COMPLETE_COMMIT
                            || found.state() == TransactionState.PREPARE_COMMIT);
        } catch (ExecutionException error) {
            if (error.getCause() instanceof TransactionalIdNotFoundException) {
                return false; // forgotten: nobody can say that it was
            }
            throw new IOException("transaction " + id + " can't be looked up", error.getCause());
        }
    }

    /** Commits as its delegate does, but takes no failure for an answer. */
    @SuppressWarnings("try") // close() may be interrupted, as its delegate's may
    static final class StrictCommitter implements Committer<KafkaCommittable> {
        private final Committer<KafkaCommittable> delegate;
        private final Inquiry inquiry;
        private final boolean acceptsLoss;

        StrictCommitter(Committer<KafkaCommittable> delegate, Inquiry inquiry, boolean acceptsLoss) {
            this.delegate = delegate;
            this.inquiry = inquiry;
            this.acceptsLoss = acceptsLoss;
        }

        @Override
        public void commit(Collection<CommitRequest<KafkaCommittable>> requests)
                throws IOException, InterruptedException {
            List<Watched> watched = new ArrayList<>();
            requests.forEach(request -> watched.add(new Watched(request)));
            delegate.commit(new ArrayList<>(watched));
            for (Watched request : watched) {
                if (request.failure != null) {
                    judge(request);
                }
            }
        }

        private void judge(Watched request) throws IOException, InterruptedException {
            KafkaCommittable committable = request.getCommittable();
            if (inquiry.wasCommitted(committable)) {
                request.signalAlreadyCommitted();
            } else if (acceptsLoss) {
                LOG.error("Results lost, as accepted by job.transactions.lost: {}", committable, request.failure);
                request.request.signalFailedWithKnownReason(request.failure);
            } else {
                throw new IOException(
                        "results of a completed checkpoint were lost: the broker has aborted or forgotten transaction "
                                + committable.getTransactionalId()
                                + ", as it outlived transaction.timeout.ms or the broker's memory. Go on from an earlier savepoint or retained"
                                + " checkpoint, which writes them again; or accept the loss with"
                                + " flink: {job.transactions.lost: accept}",
                        request.failure);
            }
        }

        @Override
        public void close() throws Exception {
            delegate.close();
        }
    }

    /** Keeps a failure to itself. */
    private static final class Watched implements Committer.CommitRequest<KafkaCommittable> {
        private final Committer.CommitRequest<KafkaCommittable> request;
        private Throwable failure;

        Watched(Committer.CommitRequest<KafkaCommittable> request) {
            this.request = request;
        }

        @Override
        public KafkaCommittable getCommittable() {
            return request.getCommittable();
        }

        @Override
        public int getNumberOfRetries() {
            return request.getNumberOfRetries();
        }

        @Override
        public void signalFailedWithKnownReason(Throwable why) {
            failure = why;
        }

        @Override
        public void signalFailedWithUnknownReason(Throwable why) {
            if (why instanceof InvalidPidMappingException) { // forgotten, some days after its last use
                failure = why;
            } else {
                request.signalFailedWithUnknownReason(why);
            }
        }

        @Override
        public void retryLater() {
            request.retryLater();
        }

        @Override
        public void updateAndRetryLater(KafkaCommittable committable) {
            request.updateAndRetryLater(committable);
        }

        @Override
        public void signalAlreadyCommitted() {
            request.signalAlreadyCommitted();
        }
    }
}
