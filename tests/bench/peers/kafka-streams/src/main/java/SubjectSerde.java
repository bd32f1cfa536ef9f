import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;

/** A compact binary form: written by hand, since JSON would be several times slower. Handles are under 256 bytes. */
final class SubjectSerde implements Serde<Subject> {
    @Override
    public Serializer<Subject> serializer() {
        return (topic, subject) -> subject == null ? null : write(subject);
    }

    @Override
    public Deserializer<Subject> deserializer() {
        return (topic, data) -> data == null ? null : read(ByteBuffer.wrap(data));
    }

    private static byte[] write(Subject subject) {
        int size = 8;
        for (String handle : subject.facts.keySet()) size += handle.length() + 20;
        for (String handle : subject.said.keySet()) size += handle.length() + 2;
        ByteBuffer out = ByteBuffer.allocate(size);
        out.putInt(subject.facts.size());
        subject.facts.forEach((handle, fact) -> {
            text(out, handle);
            out.put(fact.kind()).putLong(fact.version()).putInt(fact.start()).putInt(fact.end());
            out.put((byte) (fact.code() << 1 | (fact.live() ? 1 : 0)));
        });
        out.putInt(subject.said.size());
        subject.said.forEach((handle, verdict) -> {
            text(out, handle);
            out.put(verdict);
        });
        return out.array();
    }

    private static Subject read(ByteBuffer in) {
        Subject subject = new Subject();
        for (int left = in.getInt(); left > 0; left--) {
            String handle = text(in);
            byte kind = in.get();
            long version = in.getLong();
            int start = in.getInt();
            int end = in.getInt();
            byte flags = in.get();
            subject.facts.put(handle, new Fact(kind, version, start, end, (byte) (flags >> 1), (flags & 1) == 1));
        }
        for (int left = in.getInt(); left > 0; left--) subject.said.put(text(in), in.get());
        return subject;
    }

    private static void text(ByteBuffer out, String text) {
        out.put((byte) text.length()).put(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static String text(ByteBuffer in) {
        byte[] bytes = new byte[in.get() & 0xff];
        in.get(bytes);
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
