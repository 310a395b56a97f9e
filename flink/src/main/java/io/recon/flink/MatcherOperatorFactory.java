package io.recon.flink;

import org.apache.flink.streaming.api.operators.AbstractStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.StreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;

/** Makes the matchers, one a subtask, where they run. */
public class MatcherOperatorFactory extends AbstractStreamOperatorFactory<ReconResult> {
    private static final long serialVersionUID = 1L;

    /** Of every matcher. */
    protected final ReconSettings settings;

    /** Makes one. */
    public MatcherOperatorFactory(ReconSettings settings) {
        this.settings = settings;
    }

    @Override
    @SuppressWarnings("unchecked") // the runtime asks for a StreamOperator of this output, and takes any
    public <T extends StreamOperator<ReconResult>> T createStreamOperator(StreamOperatorParameters<ReconResult> parameters) {
        return (T) create(parameters);
    }

    /** The operator itself. */
    protected MatcherOperator create(StreamOperatorParameters<ReconResult> parameters) {
        return new MatcherOperator(parameters, settings);
    }

    @Override
    @SuppressWarnings("rawtypes") // as the interface has it
    public Class<? extends StreamOperator> getStreamOperatorClass(ClassLoader classLoader) {
        return MatcherOperator.class;
    }
}
