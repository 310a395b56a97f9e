package io.recon.flink.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SchemaRegistryTest {
    private final List<String> asked = new ArrayList<>();
    private int failures;
    private int refusal; // of a format; 0: none
    private HttpServer server;

    @BeforeEach
    void start() throws Exception {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            String uri = exchange.getRequestURI().toString();
            asked.add(uri + " " + exchange.getRequestHeaders().getFirst("Authorization"));
            int status = failures-- > 0 ? 500 : uri.contains("/404") ? 404 : 200;
            if (refusal != 0 && uri.contains("format=")) {
                status = refusal;
            }
            byte[] body = "{\"schema\":\"\\\"string\\\"\"}".getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/";
    }

    @Test
    void aSchemaIsAskedForByIdOrGuid() throws Exception {
        var registry = new SchemaRegistry(Map.of("url", url(), "basic.auth.user.info", "u:p"));
        assertThat(registry.schema(false, "7")).hasValueSatisfying(body -> assertThat(body).asString().contains("schema"));
        assertThat(registry.schema(true, "a-b")).isPresent();
        assertThat(asked).containsExactly(
                "/schemas/ids/7?format=resolved Basic dTpw", "/schemas/guids/a-b?format=resolved Basic dTpw");
    }

    @Test
    void oneThatIsNotThereIsNone() throws Exception {
        assertThat(new SchemaRegistry(Map.of("url", url())).schema(false, "404")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {406, 501})
    void aRegistryThatKnowsNoFormatIsAskedWithoutOneFromThenOn(int status) throws Exception {
        refusal = status;
        var registry = new SchemaRegistry(Map.of("url", url()));
        assertThat(registry.schema(false, "7")).isPresent();
        assertThat(registry.schema(true, "a-b")).isPresent();
        assertThat(asked).containsExactly(
                "/schemas/ids/7?format=resolved null", "/schemas/ids/7 null", "/schemas/guids/a-b null");
    }

    @Test
    void anErrorIsAskedAgainUntilThereIsAnAnswer() throws Exception {
        failures = 2;
        assertThat(new SchemaRegistry(Map.of("url", url())).schema(false, "1")).isPresent();
        assertThat(asked).hasSize(3);
    }

    @Test
    void ofSeveralAnotherOneAnswers() throws Exception {
        var registry = new SchemaRegistry(Map.of("url", "http://127.0.0.1:1, " + url()));
        assertThat(registry.schema(false, "1")).isPresent();
    }

    @Test
    void withoutAnAddressItSaysHowToGiveOne() {
        assertThatThrownBy(() -> new SchemaRegistry(Map.of())).hasMessageContaining("schema.registry.url");
    }
}
