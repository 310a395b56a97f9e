package io.recon.flink.job;

import io.recon.flink.Discard;

/** The job with a discard in the matcher's place: what Kafka, decoding and Flink cost. */
public final class DiscardJob {
    private DiscardJob() {}

    /** Submits it. */
    public static void main(String[] arguments) throws Exception {
        ReconJob.submit(arguments, Discard::reconcilePacked);
    }
}
