// Kafka's own client as a producer: java -cp JARS Produce.java BROKER TOPIC COMPRESSION TRANSACTIONAL_ID
//
// A line of standard input is KEY, a tab, VALUE. All of it is one transaction, with another one before it that is aborted and
// holds the same; compression: none, gzip, snappy, lz4 or zstd.
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

public class Produce {
    public static void main(String[] arguments) throws Exception {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", arguments[0]);
        properties.put("compression.type", arguments[2]);
        properties.put("transactional.id", arguments[3]);
        properties.put("linger.ms", "20");
        List<String> lines =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).lines().toList();
        try (var producer = new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer())) {
            producer.initTransactions();
            for (boolean commits : new boolean[] {false, true}) {
                producer.beginTransaction();
                for (String line : lines) {
                    String[] parts = line.split("\t", 2);
                    producer.send(new ProducerRecord<>(arguments[1], parts[0], parts[1]));
                }
                producer.flush();
                if (commits) {
                    producer.commitTransaction();
                } else {
                    producer.abortTransaction();
                }
            }
        }
    }
}
