package io.recon.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;

/** A trace of one partition a stream: what `recon replay` is given, and what a harness is told. */
final class Trace {
    private static final ObjectMapper JSON = new ObjectMapper();

    enum Kind {
        CLOCK,
        RECORD,
        ALIVE,
        END
    }

    record Step(long at, Kind kind, Stream stream, ReconRecord record, String line) {}

    final List<String> head = new ArrayList<>(); // the first line, if it has no `at`
    final List<Step> steps = new ArrayList<>();
    boolean sourceInIdentity;
    final String[] topics = new String[2];
    final int[] partitions = new int[2];
    boolean isOfOnePartition = true;

    static Trace read(Path file) throws IOException {
        Trace trace = new Trace();
        for (String line : Files.readAllLines(file)) {
            if (!line.isBlank()) {
                trace.add(line);
            }
        }
        return trace;
    }

    void add(String line) throws IOException {
        JsonNode node = JSON.readTree(line);
        if (!node.has("at")) {
            head.add(line);
            sourceInIdentity = node.path("identity").asText().equals("source,id");
            for (Stream stream : Stream.values()) {
                readPartitions(node.path("partitions").path(stream.name().toLowerCase(Locale.ROOT)), stream.ordinal());
            }
            return;
        }
        long at = node.get("at").asLong();
        if (!node.has("stream")) {
            steps.add(new Step(at, Kind.CLOCK, null, null, line));
            return;
        }
        Stream stream = node.get("stream").asText().equals("audit") ? Stream.AUDIT : Stream.EVENTS;
        if (node.has("start") || node.path("partition").asInt() > 0) {
            isOfOnePartition = false;
        } else if (node.has("alive")) {
            steps.add(new Step(at, Kind.ALIVE, stream, null, line));
        } else if (node.has("end")) {
            steps.add(new Step(at, Kind.END, stream, null, line));
        } else {
            steps.add(new Step(at, Kind.RECORD, stream, readRecord(node, stream), line));
        }
    }

    private void readPartitions(JsonNode node, int stream) {
        if (node.isMissingNode()) {
            return;
        }
        if (node.isArray() && node.size() == 1) {
            String name = node.get(0).asText();
            topics[stream] = name.substring(0, name.lastIndexOf('/'));
            partitions[stream] = Integer.parseInt(name.substring(name.lastIndexOf('/') + 1));
        } else if (!node.isInt() || node.asInt() != 1) {
            isOfOnePartition = false;
        }
    }

    private ReconRecord readRecord(JsonNode node, Stream stream) {
        List<String> fields = new ArrayList<>();
        JsonNode field = node.get("id");
        if (field != null && field.isArray()) {
            field.forEach(part -> fields.add(part.asText()));
        } else if (field != null && !field.isNull()) {
            fields.add(field.asText());
        }
        String[] id = fields.toArray(new String[0]);
        ReconRecord record;
        if (node.has("rejected")) {
            String reason = node.get("rejected").asText().toUpperCase(Locale.ROOT);
            record = ReconRecord.rejected(ReconRecord.Reason.valueOf(reason), id);
        } else if (node.path("heartbeat").asBoolean()) {
            record = ReconRecord.heartbeat(0);
            record.hasTime = false;
        } else {
            record = ReconRecord.of(id);
        }
        record.topic = topics[stream.ordinal()];
        record.partition = partitions[stream.ordinal()];
        if (node.hasNonNull("time")) {
            record.time(time(node.get("time")));
        }
        if (node.hasNonNull("emitted") && stream == Stream.AUDIT) {
            record.emitted(time(node.get("emitted")));
        }
        if (node.hasNonNull("offset")) {
            record.hasOffset = true;
            record.offset = node.get("offset").asLong();
        }
        record.source(node.hasNonNull("source") ? node.get("source").asText() : null);
        record.context(node.hasNonNull("context") ? node.get("context").asText() : null);
        return record;
    }

    private static long time(JsonNode node) {
        return node.isTextual() ? java.time.OffsetDateTime.parse(node.asText()).toInstant().toEpochMilli() : node.asLong();
    }

    /** What `recon replay` prints for it. */
    static List<String> replay(List<String> lines, List<String> arguments) throws Exception {
        Path file = Files.createTempFile("trace", ".ndjson");
        try {
            Files.write(file, lines, StandardCharsets.UTF_8);
            List<String> command = new ArrayList<>();
            command.add(System.getProperty("recon.command"));
            command.addAll(List.of("replay", "--quiet", "--results", "ndjson"));
            command.addAll(arguments);
            command.add(file.toString());
            Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as("%s of %s", command, lines).isZero();
            return output.lines().toList();
        } finally {
            Files.delete(file);
        }
    }
}
