package io.recon.flink;

import java.util.function.BiFunction;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.core.memory.ManagedMemoryUseCase;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.util.KeyedMultiInputStreamOperatorTestHarness;

/** Flink's harness around one subtask's matcher, set up as a job has it. Inputs are told by {@link Stream#ordinal}. */
final class MatcherHarness<M extends MatcherOperator> extends KeyedMultiInputStreamOperatorTestHarness<Integer, ReconResult> {
    /** Makes the matcher that a test wants. */
    private static final class Factory extends MatcherOperatorFactory {
        private static final long serialVersionUID = 1L;
        private final transient BiFunction<StreamOperatorParameters<ReconResult>, ReconSettings, ? extends MatcherOperator> make;

        Factory(
                ReconSettings settings,
                BiFunction<StreamOperatorParameters<ReconResult>, ReconSettings, ? extends MatcherOperator> make) {
            super(settings);
            this.make = make;
        }

        @Override
        protected MatcherOperator create(StreamOperatorParameters<ReconResult> parameters) {
            return make.apply(parameters, settings);
        }
    }

    MatcherHarness(
            ReconSettings settings,
            BiFunction<StreamOperatorParameters<ReconResult>, ReconSettings, M> make,
            double memory,
            long now,
            int maxParallelism,
            int parallelism,
            int subtask)
            throws Exception {
        super(new Factory(settings, make), maxParallelism, parallelism, subtask);
        KeyGroups groups = new KeyGroups(maxParallelism);
        for (Stream stream : Stream.values()) {
            setKeySelector(stream.ordinal(), groups);
        }
        getStreamConfig().setStateKeySerializer(IntSerializer.INSTANCE);
        getStreamConfig().setManagedMemoryFractionOperatorOfUseCase(ManagedMemoryUseCase.OPERATOR, memory);
        getStreamConfig().serializeAllConfigs();
        setProcessingTime(now);
        setup(ReconResult.TYPE.createSerializer(new SerializerConfigImpl()));
    }

    @SuppressWarnings("unchecked") // what the factory made
    M matcher() {
        return (M) operator;
    }
}
