package io.recon.flink;

import java.nio.charset.StandardCharsets;

/** What the world can do wrong: bad input, memory used up, a state of other settings. The message names the mend. */
public class ReconException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;

    /**
     * Makes one.
     *
     * @param status a code of the C library: negative
     */
    public ReconException(int status, String message) {
        super(message);
        this.status = status;
    }

    /** As the native side makes it: UTF-8, which may be broken. */
    ReconException(int status, byte[] message) {
        this(status, new String(message, StandardCharsets.UTF_8));
    }

    /** The C library's status code. */
    public int status() {
        return status;
    }
}
