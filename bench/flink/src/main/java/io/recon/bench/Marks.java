package io.recon.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/**
 * Says on standard output when a source's subtask has made a quarter of its records, and when all of them: the wall clock in ns
 * and the process's CPU time in ns. Between the two there is no start and little compilation. run.py reads them.
 */
final class Marks {
    private static final OperatingSystemMXBean SYSTEM =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private Marks() {}

    /** {@code place}: which record of so many in this subtask. */
    static void pass(long place, long range) {
        if (place == range / 4 || place == range - 1) {
            System.out.println(
                    "MARK " + (place == range - 1 ? "end" : "warm") + " " + System.nanoTime() + " " + SYSTEM.getProcessCpuTime());
        }
    }
}
