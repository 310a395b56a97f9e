package io.recon.flink;

import java.io.ByteArrayOutputStream;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A configuration file, as the C library reads it for the Flink job. It goes to the TaskManagers as its text and the values of
 * the variables that it names, which are those of where it was parsed.
 */
public final class ReconConfig implements Serializable {
    private static final long serialVersionUID = 1L;

    private final String text;
    private final String file;
    private final TreeMap<String, String> variables = new TreeMap<>();
    private final HashMap<String, String> values = new HashMap<>();
    private final ArrayList<String> auditTopics = new ArrayList<>();
    private final ArrayList<String> eventTopics = new ArrayList<>();
    private final TreeMap<String, String> kafka = new TreeMap<>();
    private final TreeMap<String, String> flink = new TreeMap<>();

    private ReconConfig(String text, String file) {
        this.text = text;
        this.file = file;
    }

    /**
     * Parses one.
     *
     * @param file its name, for messages
     * @param environment what {@code ${NAME}} stands for
     * @throws ReconException with every fault on a line of its own
     */
    public static ReconConfig parse(String text, String file, Map<String, String> environment) {
        ReconConfig config = new ReconConfig(text, file);
        List<String> names = new ArrayList<>(environment.keySet());
        byte[] answer = NativeConfig.parse(utf8(text), utf8(file), encode(names, environment));
        ByteBuffer bytes = ByteBuffer.wrap(answer).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) {
            String name = next(bytes);
            String value = next(bytes);
            switch (name) {
                case "audit.topic" -> config.auditTopics.add(value);
                case "events.topic" -> config.eventTopics.add(value);
                case "kafka" -> config.kafka.put(value, next(bytes));
                case "flink" -> config.flink.put(value, next(bytes));
                case "variable" -> {
                    String variable = names.get(Integer.parseInt(value));
                    config.variables.put(variable, environment.get(variable));
                }
                default -> config.values.put(name, value);
            }
        }
        return config;
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] encode(List<String> names, Map<String, String> environment) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (String name : names) {
            ReconSettings.writeText(bytes, name);
            ReconSettings.writeText(bytes, environment.get(name));
        }
        return bytes.toByteArray();
    }

    private static String next(ByteBuffer bytes) {
        byte[] text = new byte[bytes.getInt()];
        bytes.get(text);
        return new String(text, StandardCharsets.UTF_8);
    }

    byte[] nativeText() {
        return utf8(text);
    }

    byte[] nativeFile() {
        return utf8(file);
    }

    byte[] nativeVariables() {
        return encode(new ArrayList<>(variables.keySet()), variables);
    }

    private long number(String name) {
        return Long.parseLong(values.get(name));
    }

    /** What is computed by. */
    public ReconSettings settings() {
        return ReconSettings.named(name())
                .milliseconds(
                        number("interval"),
                        number("out_of_orderness"),
                        number("retention"),
                        number("idle_timeout"),
                        number("max_future_skew"))
                .from(number("from"))
                .to(number("to"))
                .report((int) number("report"))
                .sourceInIdentity(number("source_in_identity") != 0)
                .topics(Stream.AUDIT, auditTopics)
                .topics(Stream.EVENTS, eventTopics)
                .build();
    }

    /** Its name. */
    public String name() {
        return values.get("name");
    }

    /** The topics of a stream, in its order. */
    public List<String> topics(Stream stream) {
        return Collections.unmodifiableList(stream == Stream.AUDIT ? auditTopics : eventTopics);
    }

    /** Section {@code kafka}: what goes to the clients. */
    public Map<String, String> kafka() {
        return Collections.unmodifiableMap(kafka);
    }

    /** Section {@code flink}. */
    public Map<String, String> flink() {
        return Collections.unmodifiableMap(flink);
    }

    /** Where reading begins the first time: {@code earliest}, {@code latest} or {@code time}. */
    public String start() {
        return values.get("start");
    }

    /** For a start of {@code time}: which, ms. */
    public long startTimeMs() {
        return number("start_time");
    }

    /** Where metrics go; null: not said. */
    public String metricsTopic() {
        return values.get("metrics_topic");
    }

    /** Where breaks go; null: not said. */
    public String breaksTopic() {
        return values.get("breaks_topic");
    }
}
