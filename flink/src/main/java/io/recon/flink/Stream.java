package io.recon.flink;

/** Which of the two. */
public enum Stream {
    AUDIT,
    EVENTS
}
