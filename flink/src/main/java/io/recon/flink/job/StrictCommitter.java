package io.recon.flink.job;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.common.errors.InvalidPidMappingException;
import org.apache.kafka.common.errors.TransactionalIdNotFoundException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Commits as its delegate does, but takes no failure for an answer.
 *
 * <p>A broker aborts a transaction that outlives its timeout. Where a checkpoint was complete but its transaction not
 * committed before that (a long outage, or a resumption from an old checkpoint), its results are gone, and KafkaSink's
 * committer logs an error and goes on. Here the broker is asked what became of the transaction; if it was not committed, the
 * job fails, again at each attempt, with a message that says what can be done.
 *
 * @param <C> what the delegate commits: what KafkaSink calls so is not public in all its versions
 */
@SuppressWarnings("try") // close() may be interrupted, as its delegate's may
public final class StrictCommitter<C> implements Committer<C> {
    private static final Logger LOG = LoggerFactory.getLogger(StrictCommitter.class);

    /** What the broker knows a committable by. */
    public record Transaction(String id, long producerId) {}

    /** What the broker says of a transaction that could not be committed. */
    @FunctionalInterface
    interface Inquiry {
        boolean wasCommitted(Transaction transaction) throws IOException, InterruptedException;
    }

    private final Committer<C> delegate;
    private final Function<C, Transaction> transactions;
    private final Inquiry inquiry;
    private final boolean acceptsLoss;

    StrictCommitter(
            Committer<C> delegate, Function<C, Transaction> transactions, Inquiry inquiry, boolean acceptsLoss) {
        this.delegate = delegate;
        this.transactions = transactions;
        this.inquiry = inquiry;
        this.acceptsLoss = acceptsLoss;
    }

    /**
     * Wraps a committer.
     *
     * @param transactions of a committable
     * @param client what an Admin client needs
     * @param acceptsLoss goes on as the delegate does, with an error in the log
     */
    public static <C> StrictCommitter<C> of(
            Committer<C> delegate, Function<C, Transaction> transactions, Properties client, boolean acceptsLoss) {
        return new StrictCommitter<>(delegate, transactions, asked -> wasCommitted(client, asked), acceptsLoss);
    }

    private static boolean wasCommitted(Properties client, Transaction asked) throws IOException, InterruptedException {
        String id = asked.id();
        try (Admin admin = Admin.create(client)) {
            TransactionDescription found = admin.describeTransactions(List.of(id)).description(id).get();
            LOG.info("Transaction {} of producer {}: {}", id, asked.producerId(), found);
            return found.producerId() == asked.producerId()
                    && (found.state() == TransactionState.COMPLETE_COMMIT
                            || found.state() == TransactionState.PREPARE_COMMIT);
        } catch (ExecutionException error) {
            if (error.getCause() instanceof TransactionalIdNotFoundException) {
                return false; // forgotten: nobody can say that it was
            }
            throw new IOException("transaction " + id + " can't be looked up", error.getCause());
        }
    }

    @Override
    public void commit(Collection<CommitRequest<C>> requests)
            throws IOException, InterruptedException {
        List<Watched<C>> watched = new ArrayList<>();
        requests.forEach(request -> watched.add(new Watched<>(request)));
        delegate.commit(new ArrayList<>(watched));
        for (Watched<C> request : watched) {
            if (request.failure != null) {
                judge(request);
            }
        }
    }

    private void judge(Watched<C> request) throws IOException, InterruptedException {
        Transaction transaction = transactions.apply(request.getCommittable());
        if (inquiry.wasCommitted(transaction)) {
            request.signalAlreadyCommitted();
        } else if (acceptsLoss) {
            LOG.error("Results lost, as accepted by job.transactions.lost: {}", transaction, request.failure);
            request.request.signalFailedWithKnownReason(request.failure);
        } else {
            throw new IOException(
                    "results of a completed checkpoint were lost: the broker has aborted or forgotten transaction "
                            + transaction.id()
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

    /** Keeps a failure to itself. */
    private static final class Watched<C> implements Committer.CommitRequest<C> {
        private final Committer.CommitRequest<C> request;
        private Throwable failure;

        Watched(Committer.CommitRequest<C> request) {
            this.request = request;
        }

        @Override
        public C getCommittable() {
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
        public void updateAndRetryLater(C committable) {
            request.updateAndRetryLater(committable);
        }

        @Override
        public void signalAlreadyCommitted() {
            request.signalAlreadyCommitted();
        }
    }
}
