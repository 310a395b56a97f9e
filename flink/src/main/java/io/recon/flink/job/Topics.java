package io.recon.flink.job;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** The topics of the results: made where they are not there and the broker allows it. */
final class Topics {
    private Topics() {}

    /** Makes sure that both topics are there; {@link IllegalStateException} says how to make one by hand. */
    static void ensure(Properties client, String metrics, String breaks) throws InterruptedException {
        try (Admin admin = Admin.create(client)) {
            // A compacted topic holds the last word on each thing; breaks also go with time, metrics stay.
            ensure(admin, metrics, "compact");
            if (!breaks.equals(metrics)) {
                ensure(admin, breaks, "compact,delete");
            }
        }
    }

    private static void ensure(Admin admin, String topic, String policy) throws InterruptedException {
        try {
            admin.describeTopics(Set.of(topic)).allTopicNames().get();
            return;
        } catch (ExecutionException error) {
            if (!(error.getCause() instanceof UnknownTopicOrPartitionException)) {
                throw new IllegalStateException(
                        "topic " + topic + " can't be looked up: " + error.getCause().getMessage(), error.getCause());
            }
        }
        NewTopic wanted = new NewTopic(topic, Optional.empty(), Optional.empty()).configs(Map.of("cleanup.policy", policy));
        try {
            admin.createTopics(List.of(wanted)).all().get();
        } catch (ExecutionException error) {
            Throwable cause = error.getCause();
            if (cause instanceof TopicExistsException) {
                return; // someone was quicker
            }
            String why = cause instanceof AuthorizationException ? "this user may not create it" : cause.getMessage();
            throw new IllegalStateException(
                    "topic " + topic + " is not there, and " + why + "; have it made with: kafka-topics.sh --create --topic "
                            + topic + " --config cleanup.policy=" + policy,
                    cause);
        }
    }
}
