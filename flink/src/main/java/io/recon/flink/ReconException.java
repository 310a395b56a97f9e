package io.recon.flink;

/** A fault of the world, not of the program: its message names the place and the mend. */
public class ReconException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;

    /** {@code status} is a code of {@code enum recon_status}: negative. */
    public ReconException(int status, String message) {
        super(message);
        this.status = status;
    }

    /** The C library's status code. */
    public int status() {
        return status;
    }
}
