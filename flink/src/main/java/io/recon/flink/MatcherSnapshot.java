package io.recon.flink;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.state.KeyedStateCheckpointOutputStream;
import org.apache.flink.runtime.state.StateSnapshotContextSynchronousImpl;
import org.apache.flink.util.ResourceGuard;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The state of a matcher at one moment, written while the matcher goes on.
 *
 * <pre>
 *     task thread:   frozen ──> a mail fills a piece ──> queue ──┐
 *     a thread of its own:      └── a mail <── written to the stream
 * </pre>
 *
 * There are a few pieces, and each is filled by a mail of its own: so the task thread gives it some milliseconds at a time, between
 * blocks or while it waits for input, and never waits for the storage. What is small is written at once, without all that.
 *
 * <p>Flink's part is the lease of the stream: the asynchronous part of the checkpoint waits until it is given back. One that
 * fails closes the stream before it does so: nothing incomplete is ever acknowledged, and the checkpoint fails with it.
 *
 * <p>Methods are the task thread's unless they say otherwise.
 */
final class MatcherSnapshot {
    private static final Logger LOG = LoggerFactory.getLogger(MatcherSnapshot.class);
    private static final long LOOK_MS = 1000;

    /** How it is cut, and how much is written at once. */
    record Sizes(int pieceBytes, int pieceCount, int atOnceBytes) {
        static final Sizes DEFAULT = new Sizes(256 << 10, 16, 16 << 10);
    }

    /** Some bytes of the payloads, and where in them key groups begin. */
    private static final class Piece {
        final DataOutputSerializer bytes = new DataOutputSerializer(1024); // grows
        final List<int[]> starts = new ArrayList<>(); // place, key group
        boolean isLast;
    }

    private final NativeMatcher matcher;
    private final StateSnapshotContextSynchronousImpl context;
    private final KeyedStateCheckpointOutputStream stream;
    private final MailboxExecutor mailbox;
    private final Sizes sizes;
    private final Thread taskThread = Thread.currentThread();

    // What is to be filled in.
    private final byte[] head; // of each payload, behind the key group's number
    private final Iterator<Integer> groups;
    private final ByteBuffer given;
    private final byte[] copied;
    private int group = -1; // under way; -1: none
    private boolean hasCounts; // they come before the first key group's identities
    private boolean isFilled; // that was all; the engine keeps nothing for it

    private final ArrayBlockingQueue<Piece> filled;
    private Thread thread;
    private ResourceGuard.Lease lease; // null: written at once
    private boolean isOver; // guarded by this: the stream is Flink's again, for better or worse
    private volatile boolean hasFailed;

    /**
     * Freezes what is there.
     *
     * @param given a direct buffer, until all is filled in
     */
    MatcherSnapshot(
            NativeMatcher matcher,
            StateSnapshotContextSynchronousImpl context,
            MailboxExecutor mailbox,
            Sizes sizes,
            ByteBuffer given)
            throws Exception {
        this.matcher = matcher;
        this.context = context;
        this.mailbox = mailbox;
        this.sizes = sizes;
        stream = context.getRawKeyedOperatorStateOutput();
        this.given = given;
        head = MatcherState.head(matcher, given);
        groups = stream.getKeyGroupList().iterator();
        copied = new byte[given.capacity()];
        filled = new ArrayBlockingQueue<>(sizes.pieceCount);
        matcher.frozenBegin();
    }

    long checkpoint() {
        return context.getCheckpointId();
    }

    /** Nothing is left to be done for it by the task thread or by its own. */
    boolean isOver() {
        synchronized (this) {
            return isOver && isFilled;
        }
    }

    /** Writes all of it, or only what may be written at once, and sees to the rest. */
    void begin(boolean isAllAtOnce) throws IOException {
        Piece piece = new Piece();
        do {
            fill(piece, sizes.atOnceBytes);
            write(piece);
        } while (!isFilled && isAllAtOnce);
        if (isFilled) {
            synchronized (this) {
                isOver = true;
            }
            return;
        }
        lease = stream.acquireLease();
        thread = new Thread(this::writeAll, "recon snapshot " + checkpoint() + " of " + taskThread.getName());
        thread.setDaemon(true);
        for (int i = 0; i < sizes.pieceCount; i++) {
            Piece more = new Piece();
            mailbox.execute(() -> fillMore(more), "recon: a piece of snapshot %s", checkpoint());
        }
    }

    // --- the task thread -------------------------------------------------------------------------------------------

    private void fill(Piece piece, int bytes) throws IOException {
        piece.bytes.clear();
        piece.starts.clear();
        while (piece.bytes.length() < bytes) {
            if (group < 0 && !beginGroup(piece)) {
                piece.isLast = true;
                giveBack();
                return;
            }
            int size = matcher.frozenNext(given);
            if (size > 0) {
                piece.bytes.writeByte(NativeMatcher.PART_MATCHER);
                piece.bytes.writeInt(size);
                given.get(0, copied, 0, size);
                piece.bytes.write(copied, 0, size);
            } else if (!hasCounts) {
                hasCounts = true;
                matcher.frozenTurn(group);
            } else {
                piece.bytes.writeByte(0);
                group = -1;
            }
        }
    }

    private boolean beginGroup(Piece piece) throws IOException {
        if (!groups.hasNext()) {
            return false;
        }
        group = groups.next();
        piece.starts.add(new int[] {piece.bytes.length(), group});
        MatcherState.writeHead(piece.bytes, group, head);
        if (hasCounts) {
            matcher.frozenTurn(group);
        }
        return true;
    }

    /** What the engine keeps for it. */
    private void giveBack() {
        if (!isFilled) {
            matcher.frozenEnd();
        }
        isFilled = true;
    }

    private void startWriting() {
        // Not before Flink has taken note of the stream, which it does behind MatcherOperator.snapshotState.
        if (thread.getState() == Thread.State.NEW) {
            thread.start();
        }
    }

    private void fillMore(Piece piece) {
        if (isFilled || hasFailed) {
            return;
        }
        startWriting();
        try {
            fill(piece, sizes.pieceBytes);
            filled.add(piece);
        } catch (Exception error) {
            giveBack();
            fail(error);
        }
    }

    /** Fills in all that is left, and may wait for the storage. What is filled in is written without the task thread. */
    void complete() throws InterruptedException {
        startWriting();
        try {
            while (!isFilled && !hasFailed) {
                Piece piece = new Piece();
                fill(piece, sizes.pieceBytes);
                while (!filled.offer(piece, LOOK_MS, TimeUnit.MILLISECONDS) && !hasFailed) {
                    // the storage is slow
                }
            }
        } catch (IOException | RuntimeException error) {
            fail(error);
        }
        giveBack();
    }

    /** What is left is filled in and thrown away, so that what the engine keeps is given back a little at a time. */
    private void throwAway() {
        if (isFilled) {
            return;
        }
        try {
            fill(new Piece(), sizes.pieceBytes);
            if (!isFilled) {
                mailbox.execute(this::throwAway, "recon: what is left of snapshot %s", checkpoint());
            }
        } catch (Exception error) {
            giveBack();
        }
    }

    /** The checkpoint was aborted. */
    void abort() {
        fail(new CancellationException("the checkpoint was aborted"));
    }

    /** The matcher is about to be closed. */
    void close() {
        fail(new CancellationException("the matcher is closed"));
        thread.interrupt();
        giveBack();
    }

    // --- its own thread --------------------------------------------------------------------------------------------

    private void write(Piece piece) throws IOException {
        int done = 0;
        for (int[] start : piece.starts) {
            stream.write(piece.bytes.getSharedBuffer(), done, start[0] - done);
            stream.startNewKeyGroup(start[1]);
            done = start[0];
        }
        stream.write(piece.bytes.getSharedBuffer(), done, piece.bytes.length() - done);
    }

    private void writeAll() {
        try {
            for (boolean isLast = false; !isLast && !hasFailed; ) {
                Piece piece = filled.poll(LOOK_MS, TimeUnit.MILLISECONDS);
                if (piece != null) {
                    write(piece);
                    isLast = piece.isLast;
                    if (!isLast) {
                        mailbox.execute(() -> fillMore(piece), "recon: a piece of snapshot %s", checkpoint());
                    }
                } else if (isTaskWaiting()) {
                    throw new CancellationException("the checkpoint was given up");
                }
            }
            end();
        } catch (Exception error) {
            fail(error);
        }
    }

    private void end() {
        synchronized (this) {
            if (isOver) {
                return;
            }
            isOver = true;
        }
        lease.close();
    }

    /** Where another operator's snapshot fails Flink cancels this one in the task thread, and waits for the lease there. */
    private boolean isTaskWaiting() {
        for (StackTraceElement frame : taskThread.getStackTrace()) {
            if (frame.getClassName().equals(ResourceGuard.class.getName())) {
                return true;
            }
        }
        return false;
    }

    /** Any thread. */
    private void fail(Throwable cause) {
        synchronized (this) {
            if (isOver) {
                return;
            }
            isOver = true;
            hasFailed = true;
        }
        if (cause instanceof CancellationException) {
            LOG.info("Snapshot {} of {} ends early: {}", checkpoint(), taskThread.getName(), cause.getMessage());
        } else {
            LOG.warn("Snapshot {} of {} failed", checkpoint(), taskThread.getName(), cause);
        }
        try {
            context.closeExceptionally();
        } catch (IOException error) {
            LOG.warn("The stream of snapshot {} could not be closed", checkpoint(), error);
        }
        lease.close();
        try {
            mailbox.execute(this::throwAway, "recon: what is left of snapshot %s", checkpoint());
        } catch (RejectedExecutionException error) {
            // the task ends, and closes it
        }
    }
}
