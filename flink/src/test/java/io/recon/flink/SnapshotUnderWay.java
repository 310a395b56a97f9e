package io.recon.flink;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RunnableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.runtime.checkpoint.CheckpointOptions;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.StateObjectCollection;
import org.apache.flink.runtime.state.CheckpointStateOutputStream;
import org.apache.flink.runtime.state.CheckpointStreamFactory;
import org.apache.flink.runtime.state.CheckpointedStateScope;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.runtime.state.memory.MemCheckpointStreamFactory;
import org.apache.flink.streaming.api.operators.OperatorSnapshotFutures;
import org.apache.flink.streaming.runtime.tasks.mailbox.Mail;
import org.apache.flink.streaming.runtime.tasks.mailbox.TaskMailbox;

/** A checkpoint of one matcher as a task takes it: a part at once, a part by mails, and one that waits in another thread. */
final class SnapshotUnderWay {
    private static final long LIMIT_S = 300;

    final OperatorSnapshotFutures futures;
    private final MatcherHarness<? extends MatcherOperator> harness;
    private CompletableFuture<OperatorSubtaskState> state;

    SnapshotUnderWay(MatcherHarness<? extends MatcherOperator> harness, long checkpoint, CheckpointStreamFactory storage)
            throws Exception {
        this.harness = harness;
        harness.prepareSnapshotPreBarrier(checkpoint);
        futures =
                harness.matcher()
                        .snapshotState(
                                checkpoint, checkpoint, CheckpointOptions.forCheckpointWithDefaultLocation(), storage);
    }

    /** As Flink's asynchronous part. */
    SnapshotUnderWay finalizing() {
        state =
                CompletableFuture.supplyAsync(
                        () -> {
                            try {
                                RunnableFuture<SnapshotResult<KeyedStateHandle>> raw = futures.getKeyedStateRawFuture();
                                raw.run();
                                KeyedStateHandle handle = raw.get().getJobManagerOwnedSnapshot();
                                return OperatorSubtaskState.builder()
                                        .setRawKeyedState(StateObjectCollection.singleton(handle))
                                        .build();
                            } catch (ExecutionException | InterruptedException error) {
                                throw new IllegalStateException(error);
                            }
                        });
        return this;
    }

    /** Whether the task had one. */
    static boolean mail(MatcherHarness<? extends MatcherOperator> harness) throws Exception {
        Mail mail = harness.getTaskMailbox().tryTake(TaskMailbox.MIN_PRIORITY).orElse(null);
        if (mail != null) {
            mail.run();
        }
        return mail != null;
    }

    boolean isDone() {
        return state.isDone();
    }

    /** Does the task's mails until the state is there. */
    OperatorSubtaskState state() throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_S);
        while (!state.isDone()) {
            if (System.nanoTime() > end) {
                throw new TimeoutException();
            }
            if (!mail(harness)) {
                await();
            }
        }
        return state.get();
    }

    private void await() throws Exception {
        try {
            state.get(1, TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException waited) {
            // looked at again
        }
    }

    /** Flink's storage in memory, which can be made slow or bad. */
    static final class Storage implements CheckpointStreamFactory {
        private final MemCheckpointStreamFactory memory = new MemCheckpointStreamFactory(64 << 20);
        volatile CompletableFuture<Void> gate = CompletableFuture.completedFuture(null); // failed: so does a write

        private void pass() throws IOException {
            try {
                gate.get(LIMIT_S, TimeUnit.SECONDS);
            } catch (Exception error) {
                throw new IOException("the storage is bad", error);
            }
        }

        @Override
        public CheckpointStateOutputStream createCheckpointStateOutputStream(CheckpointedStateScope scope)
                throws IOException {
            CheckpointStateOutputStream stream = memory.createCheckpointStateOutputStream(scope);
            return new CheckpointStateOutputStream() {
                @Override
                public StreamStateHandle closeAndGetHandle() throws IOException {
                    return stream.closeAndGetHandle();
                }

                @Override
                public void close() throws IOException {
                    stream.close();
                }

                @Override
                public long getPos() throws IOException {
                    return stream.getPos();
                }

                @Override
                public void flush() throws IOException {
                    stream.flush();
                }

                @Override
                public void sync() throws IOException {
                    stream.sync();
                }

                @Override
                public void write(int b) throws IOException {
                    pass();
                    stream.write(b);
                }

                @Override
                public void write(byte[] bytes, int from, int size) throws IOException {
                    pass();
                    stream.write(bytes, from, size);
                }
            };
        }

        @Override
        public boolean canFastDuplicate(StreamStateHandle handle, CheckpointedStateScope scope) throws IOException {
            return memory.canFastDuplicate(handle, scope);
        }

        @Override
        public List<StreamStateHandle> duplicate(List<StreamStateHandle> handles, CheckpointedStateScope scope)
                throws IOException {
            return memory.duplicate(handles, scope);
        }
    }
}
