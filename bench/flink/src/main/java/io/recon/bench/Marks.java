package io.recon.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * Says on standard output when a source's subtask has made half of its records, and when all of them: the wall clock, the
 * process's CPU time, and what of that its compilers had, in ns. Between the two there is no start, and little is compiled. run.py reads them.
 */
final class Marks {
    private static final OperatingSystemMXBean SYSTEM =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private static final long TICK_NS = 10_000_000;
    private static final int UTIME = 11; // behind the name in /proc/.../stat, with the system's time next to it

    private Marks() {}

    /** {@code place}: which record of so many in this subtask. */
    static void pass(long place, long range) {
        if (place == range / 2 || place == range - 1) {
            System.out.println("MARK " + (place == range - 1 ? "end" : "warm") + " " + System.nanoTime() + " "
                    + SYSTEM.getProcessCpuTime() + " " + compilersCpuTime());
        }
    }

    private static long compilersCpuTime() {
        try (Stream<Path> threads = Files.list(Path.of("/proc/self/task"))) {
            return threads.mapToLong(Marks::compilerCpuTime).sum();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static long compilerCpuTime(Path thread) {
        try {
            String stat = Files.readString(thread.resolve("stat"));
            int end = stat.lastIndexOf(')');
            String[] fields = stat.substring(end + 2).split(" ");
            return stat.substring(0, end).contains(" CompilerThre")
                    ? TICK_NS * (Long.parseLong(fields[UTIME]) + Long.parseLong(fields[UTIME + 1]))
                    : 0;
        } catch (IOException error) {
            return 0; // it has ended
        }
    }
}
