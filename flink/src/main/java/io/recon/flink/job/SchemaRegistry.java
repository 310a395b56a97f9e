package io.recon.flink.job;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks a schema registry for schemas, by its REST API. One that is down or answers with an error is asked again until it
 * answers: a record that needs its schema waits, and nothing is lost. A schema is asked for with all that it refers to in it;
 * a registry that refuses to do so gives it as it is from then on. Used by one thread, which it blocks.
 */
final class SchemaRegistry {
    private static final Logger LOG = LoggerFactory.getLogger(SchemaRegistry.class);
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final long PAUSE_MS_MIN = 100;
    private static final long PAUSE_MS_MAX = 10_000;
    private static final int OK = 200;
    private static final int NOT_FOUND = 404;
    private static final int NOT_ACCEPTABLE = 406;
    private static final int NOT_IMPLEMENTED = 501;

    private final List<String> urls;
    private final String authorization;
    private final boolean[] knowsNoFormat; // by URL
    private final HttpClient http = HttpClient.newBuilder().connectTimeout(PATIENCE).build();

    /** {@code options}: url (several by commas), basic.auth.user.info (user:password), bearer.auth.token. */
    SchemaRegistry(Map<String, String> options) {
        String all = options.get("url");
        if (all == null) {
            throw new IllegalArgumentException(
                    "a record is written with a schema of a registry, but none is named: flink: {schema.registry.url: …}");
        }
        urls = List.of(all.split("\\s*,\\s*"));
        knowsNoFormat = new boolean[urls.size()];
        String user = options.get("basic.auth.user.info");
        String token = options.get("bearer.auth.token");
        if (user != null) {
            authorization = "Basic " + Base64.getEncoder().encodeToString(user.getBytes(StandardCharsets.UTF_8));
        } else {
            authorization = token == null ? null : "Bearer " + token;
        }
    }

    /**
     * The registry's whole answer, or nothing where it has no such schema.
     *
     * @param isGuid whether text is a GUID; else it is an ID's digits
     */
    Optional<byte[]> schema(boolean isGuid, String text) throws InterruptedException {
        String path = (isGuid ? "/schemas/guids/" : "/schemas/ids/") + text;
        long pauseMs = PAUSE_MS_MIN;
        for (int attempt = 0; ; attempt++) {
            int which = attempt % urls.size();
            String url = urls.get(which).replaceAll("/+$", "") + path + (knowsNoFormat[which] ? "" : "?format=resolved");
            String why;
            try {
                HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url))
                        .timeout(PATIENCE)
                        .header("Accept", "application/vnd.schemaregistry.v1+json");
                if (authorization != null) {
                    request.header("Authorization", authorization);
                }
                HttpResponse<byte[]> answer = http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
                if (answer.statusCode() == OK) {
                    return Optional.of(answer.body());
                }
                if (answer.statusCode() == NOT_FOUND) {
                    return Optional.empty();
                }
                if ((answer.statusCode() == NOT_IMPLEMENTED || answer.statusCode() == NOT_ACCEPTABLE)
                        && !knowsNoFormat[which]) {
                    knowsNoFormat[which] = true;
                    attempt--; // the same one again, at once
                    continue;
                }
                why = "it answers with status " + answer.statusCode();
            } catch (IOException error) {
                why = error.toString();
            }
            if (which == urls.size() - 1) {
                LOG.warn("Schema registry: {}: {}; asking again in {} ms", url, why, pauseMs);
                Thread.sleep(pauseMs);
                pauseMs = Math.min(2 * pauseMs, PAUSE_MS_MAX);
            }
        }
    }
}
