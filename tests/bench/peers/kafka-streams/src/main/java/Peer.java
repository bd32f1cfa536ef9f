import java.nio.file.Path;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.Stores;

/**
 * The benefit-while-employed join on Kafka Streams: RocksDB store with cache and changelog, Processor API.
 *
 * Arguments: servers, input topic, output topic, state folder, rows to expect, threads, cache bytes.
 * Prints "ready" when running and "done" once all rows are processed; ends when everything is committed.
 */
public final class Peer {
    public static void main(String[] args) throws Exception {
        long expected = Long.parseLong(args[4]);
        AtomicLong seen = new AtomicLong();
        CountDownLatch done = new CountDownLatch(1);
        Runnable counted = () -> { if (seen.incrementAndGet() == expected) done.countDown(); };
        KafkaStreams streams = new KafkaStreams(topology(args[1], args[2], counted), settings(args));
        streams.setStateListener((now, before) -> {
            if (now == KafkaStreams.State.RUNNING) System.out.println("ready");
        });
        streams.start();
        done.await();
        System.out.println("done");
        streams.close();
        System.out.println("closed");
    }

    private static Topology topology(String input, String output, Runnable counted) {
        var store = Stores.keyValueStoreBuilder(
            Stores.persistentKeyValueStore("subjects"), Serdes.ByteArray(), new SubjectSerde());
        return new Topology()
            .addSource("in", Serdes.ByteArray().deserializer(), Serdes.ByteArray().deserializer(), input)
            .addProcessor("join", () -> new Join(counted), "in")
            .addStateStore(store.withCachingEnabled(), "join")
            .addSink("out", output, new ByteArraySerializer(), new ByteArraySerializer(), "join");
    }

    private static Properties settings(String[] args) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "peer-kafka-streams-" + args[1]);
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, Path.of(args[3]).toString());
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, args[5]);
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, args[6]);
        settings.put("auto.offset.reset", "earliest");
        settings.put("compression.type", "none");
        return settings;
    }
}
