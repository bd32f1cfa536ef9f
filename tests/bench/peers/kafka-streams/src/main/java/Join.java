import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.Set;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/** One message (a row, or a batch of rows) in; what changed of each benefit month's verdict out. */
final class Join implements Processor<byte[], byte[], byte[], byte[]> {
    private static final String[] VERDICTS = {"clear", "explained", "discrepancy", "withdrawn"};
    private final Runnable counted;
    private ProcessorContext<byte[], byte[]> context;
    private KeyValueStore<byte[], Subject> store;

    Join(Runnable counted) {
        this.counted = counted;
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> context) {
        this.context = context;
        this.store = context.getStateStore("subjects");
    }

    @Override
    public void process(Record<byte[], byte[]> message) {
        for (Row row : Rows.read(message.key(), message.value())) {
            byte[] token = row.token().getBytes(StandardCharsets.UTF_8);
            Subject subject = store.get(token);
            if (subject == null) subject = new Subject();
            apply(subject, row, message.timestamp());
            store.put(token, subject);
            counted.run();
        }
    }

    private void apply(Subject subject, Row row, long timestamp) {
        Fact before = subject.facts.get(row.handle());
        if (before != null && row.version() <= before.version()) return;
        Fact after = row.fact(before);
        subject.facts.put(row.handle(), after);
        for (String handle : affected(subject, row.handle(), before, after)) {
            byte verdict = subject.verdict(handle);
            Byte said = subject.said.get(handle);
            if ((said == null && verdict == Subject.WITHDRAWN) || (said != null && said == verdict)) continue;
            subject.said.put(handle, verdict);
            context.forward(new Record<>(
                handle.getBytes(StandardCharsets.UTF_8),
                ("{\"handle\":\"" + handle + "\",\"verdict\":\"" + VERDICTS[verdict] + "\",\"version\":" + row.version() + "}")
                    .getBytes(StandardCharsets.UTF_8),
                timestamp));
        }
    }

    private static Set<String> affected(Subject subject, String changed, Fact before, Fact after) {
        if (after.kind() == Fact.BENEFIT) return Set.of(changed);
        Set<String> found = new LinkedHashSet<>();
        subject.facts.forEach((handle, fact) -> {
            if (fact.kind() == Fact.BENEFIT && (fact.overlaps(after) || (before != null && fact.overlaps(before)))) {
                found.add(handle);
            }
        });
        return found;
    }
}
