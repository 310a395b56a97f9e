package io.recon.flink;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.runtime.state.StateSnapshotContextSynchronousImpl;

/**
 * A matcher's snapshots under way. One at a time is frozen in the engine: where the next checkpoint comes before that is
 * filled in, the rest of it is, at once. Task thread only.
 */
final class MatcherSnapshots implements AutoCloseable {
    private static final int GIVEN_BYTES_MAX = 64 << 10;

    private final NativeMatcher matcher;
    private final MailboxExecutor mailbox;
    private final MatcherSnapshot.Sizes sizes;
    private final ByteBuffer given; // by the engine; one snapshot at a time is filled in
    private final List<MatcherSnapshot> underWay = new ArrayList<>();
    private boolean isFinished;

    MatcherSnapshots(NativeMatcher matcher, MailboxExecutor mailbox, MatcherSnapshot.Sizes sizes) {
        this.matcher = matcher;
        this.mailbox = mailbox;
        this.sizes = sizes;
        given = ByteBuffer.allocateDirect(Math.min(sizes.pieceBytes(), GIVEN_BYTES_MAX));
    }

    /** Of the present moment. */
    void begin(StateSnapshotContext context) throws Exception {
        complete();
        MatcherSnapshot snapshot =
                new MatcherSnapshot(matcher, (StateSnapshotContextSynchronousImpl) context, mailbox, sizes, given);
        try {
            snapshot.begin(isFinished);
        } catch (Exception error) {
            matcher.frozenEnd();
            throw error;
        }
        if (!snapshot.isOver()) {
            underWay.add(snapshot);
        }
    }

    private void complete() throws InterruptedException {
        for (MatcherSnapshot snapshot : underWay) {
            snapshot.complete();
        }
        underWay.removeIf(MatcherSnapshot::isOver);
    }

    /** No record comes any more; soon mails won't be taken, either. */
    void finish() throws InterruptedException {
        complete();
        isFinished = true;
    }

    void abort(long checkpoint) {
        for (MatcherSnapshot snapshot : underWay) {
            if (snapshot.checkpoint() == checkpoint) {
                snapshot.abort();
            }
        }
        underWay.removeIf(MatcherSnapshot::isOver);
    }

    /** Before the matcher is closed. */
    @Override
    public void close() {
        underWay.forEach(MatcherSnapshot::close);
        underWay.clear();
    }
}
