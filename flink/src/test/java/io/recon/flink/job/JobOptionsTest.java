package io.recon.flink.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.junit.jupiter.api.Test;

class JobOptionsTest {
    private static final Map<String, String> KAFKA = Map.of("bootstrap.servers", "h:1", "security.protocol", "SSL");

    private static JobOptions options(Map<String, String> flink) {
        return new JobOptions(KAFKA, flink, Duration.ofHours(1));
    }

    @Test
    void whatIsNotSaidIsExactlyOnceWithATimeoutThatBrokersAccept() {
        JobOptions options = options(Map.of());
        assertThat(options.delivery()).isEqualTo(DeliveryGuarantee.EXACTLY_ONCE);
        assertThat(options.acceptsLoss()).isFalse();
        assertThat(options.alignmentDrift()).isEqualTo(Duration.ofHours(1));
        assertThat(options.client()).isEqualTo(KAFKA);
        assertThat(options.producer()).containsEntry("transaction.timeout.ms", "900000");
    }

    @Test
    void flinkOverridesKafkaAndItsOwnOptionsReachNoClient() {
        JobOptions options = options(Map.of(
                "security.protocol", "SASL_SSL",
                "job.delivery", "at-least-once",
                "job.alignment.drift", "10 min",
                "schema.registry.url", "http://r"));
        assertThat(options.requestBytesMax()).isEqualTo(1 << 20);
        assertThat(options.client()).isEqualTo(Map.of("bootstrap.servers", "h:1", "security.protocol", "SASL_SSL"));
        assertThat(options.delivery()).isEqualTo(DeliveryGuarantee.AT_LEAST_ONCE);
        assertThat(options.alignmentDrift()).isEqualTo(Duration.ofMinutes(10));
        assertThat(options.registry()).isEqualTo(Map.of("url", "http://r"));
    }

    @Test
    void whatIsWrongIsNamed() {
        assertThatThrownBy(() -> options(Map.of("job.delivery", "once"))).hasMessageContaining("job.delivery: 'once'");
        assertThatThrownBy(() -> options(Map.of("job.alignment.drift", "5"))).hasMessageContaining("job.alignment.drift: '5'");
        assertThatThrownBy(() -> options(Map.of("max.request.size", "2m")).requestBytesMax()).hasMessageContaining("'2m'");
        assertThatThrownBy(() -> options(Map.of("job.dleivery", "x"))).hasMessageContaining("job.dleivery");
        assertThatThrownBy(() -> new JobOptions(Map.of(), Map.of(), Duration.ZERO)).hasMessageContaining("bootstrap.servers");
    }
}
