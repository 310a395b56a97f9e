package io.recon.flink.example;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.Test;

/** The example of docs/flink.md is this folder's, and works. */
class OrdersTest {
    private static final Path ROOT = Path.of(System.getProperty("recon.root"));

    @Test
    void theExampleInTheDocumentationIsTheOneHere() throws Exception {
        String source = Files.readString(ROOT.resolve("flink/src/test/java/io/recon/flink/example/Orders.java"));
        String example = source.substring(source.indexOf("// begin\n") + 9, source.indexOf("        // end")).indent(-8);
        assertThat(Files.readString(ROOT.resolve("docs/flink.md"))).contains("```java\n" + example + "```");
    }

    @Test
    void theExampleReconciles() throws Exception {
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(1, new Configuration());
        Orders.Order one = new Orders.Order("one", 1_000);
        Orders.Order two = new Orders.Order("two", 2_000);
        List<String> found = new ArrayList<>();
        try (CloseableIterator<String> results =
                Orders.reconcile(Orders.orders(environment, one, two), Orders.orders(environment, one)).executeAndCollect()) {
            results.forEachRemaining(found::add);
        }
        assertThat(found)
                .hasSize(2)
                .anySatisfy(result -> assertThat(result).startsWith("{\"type\":\"missing\",\"id\":\"two\""))
                .anySatisfy(result -> assertThat(result).contains("\"expected\":2,\"matched\":1,\"missing\":1"));
    }
}
