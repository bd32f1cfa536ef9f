import java.util.LinkedHashMap;
import java.util.Map;

/** All that is known of one subject: facts by handle, and the last verdict of each benefit month. */
final class Subject {
    static final byte CLEAR = 0;
    static final byte EXPLAINED = 1;
    static final byte OPEN = 2;
    static final byte WITHDRAWN = 3;
    final Map<String, Fact> facts = new LinkedHashMap<>();
    final Map<String, Byte> said = new LinkedHashMap<>();

    byte verdict(String handle) {
        Fact anchor = facts.get(handle);
        if (!anchor.live()) return WITHDRAWN;
        byte verdict = CLEAR;
        for (Fact fact : facts.values()) {
            if (fact.kind() == Fact.BENEFIT || !fact.live() || !fact.overlaps(anchor)) continue;
            if (!fact.exculpates()) return OPEN;
            verdict = EXPLAINED;
        }
        return verdict;
    }
}
