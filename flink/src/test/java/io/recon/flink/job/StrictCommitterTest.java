package io.recon.flink.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.kafka.common.errors.InvalidPidMappingException;
import org.junit.jupiter.api.Test;

class StrictCommitterTest {
    private static final RuntimeException FENCED = new RuntimeException("fenced");

    /** What a request was told. */
    private static final class Request implements Committer.CommitRequest<String> {
        private final String committable;
        private String told = "";

        Request(String id) {
            committable = id;
        }

        @Override
        public String getCommittable() {
            return committable;
        }

        @Override
        public int getNumberOfRetries() {
            return 0;
        }

        @Override
        public void signalFailedWithKnownReason(Throwable why) {
            told += "failed ";
        }

        @Override
        public void signalFailedWithUnknownReason(Throwable why) {
            throw new IllegalStateException(why);
        }

        @Override
        public void retryLater() {
            told += "later ";
        }

        @Override
        public void updateAndRetryLater(String other) {
            told += "update ";
        }

        @Override
        public void signalAlreadyCommitted() {
            told += "already ";
        }
    }

    /** Fails those of which the id says so. */
    @SuppressWarnings("try")
    private static final class Delegate implements Committer<String> {
        private final List<String> seen = new ArrayList<>();

        @Override
        public void commit(Collection<CommitRequest<String>> requests) {
            for (var request : requests) {
                String id = request.getCommittable();
                seen.add(id);
                if (id.startsWith("gone")) {
                    request.signalFailedWithKnownReason(FENCED);
                } else if (id.startsWith("forgotten")) {
                    request.signalFailedWithUnknownReason(new InvalidPidMappingException("7 days later"));
                } else if (id.startsWith("broken")) {
                    request.signalFailedWithUnknownReason(FENCED);
                } else if (id.startsWith("later")) {
                    request.retryLater();
                }
            }
        }

        @Override
        public void close() {}
    }

    private final Delegate delegate = new Delegate();

    private void commit(boolean acceptsLoss, Request... requests) throws Exception {
        new StrictCommitter<>(
                        delegate,
                        id -> new StrictCommitter.Transaction(id, 1),
                        one -> one.id().endsWith("committed"),
                        acceptsLoss)
                .commit(List.of(requests));
    }

    @Test
    void whatGoesWellOrLaterIsPassedOn() throws Exception {
        Request fine = new Request("fine");
        Request later = new Request("later");
        commit(false, fine, later);
        assertThat(fine.told).isEmpty();
        assertThat(later.told).isEqualTo("later ");
    }

    @Test
    void aTransactionThatWasAbortedFailsTheJobAfterAllWereTried() {
        Request gone = new Request("gone");
        assertThatThrownBy(() -> commit(false, gone, new Request("fine")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("transaction gone")
                .hasCause(FENCED);
        assertThat(gone.told).isEmpty();
        assertThat(delegate.seen).containsExactly("gone", "fine");
    }

    @Test
    void oneThatWasCommittedBeforeIsDone() throws Exception {
        Request committed = new Request("gone, for it was committed");
        commit(false, committed);
        assertThat(committed.told).isEqualTo("already ");
    }

    @Test
    void oneThatTheBrokerHasForgottenIsALossUnlessItIsAccepted() throws Exception {
        Request forgotten = new Request("forgotten");
        assertThatThrownBy(() -> commit(false, forgotten)).hasMessageContaining("transaction forgotten");
        commit(true, forgotten);
        assertThat(forgotten.told).isEqualTo("failed ");
    }

    @Test
    void anyOtherFaultEndsTheAttempt() {
        assertThatThrownBy(() -> commit(true, new Request("broken"))).hasCause(FENCED);
    }

    @Test
    void aLossMayBeAccepted() throws Exception {
        Request gone = new Request("gone");
        commit(true, gone);
        assertThat(gone.told).isEqualTo("failed ");
    }
}
