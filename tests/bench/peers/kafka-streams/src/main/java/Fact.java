/** The newest version of one record; days are ISO dates without dashes (20250131), 99991231 is for ever, 0 is none. */
record Fact(byte kind, long version, int start, int end, byte code, boolean live) {
    static final byte BENEFIT = 0;
    static final byte INSURANCE = 1;
    static final byte ENTERPRISE = 3;

    /** Both ends count; a deleted fact keeps its period, for what it ended. */
    boolean overlaps(Fact other) {
        return start != 0 && other.start != 0 && start <= other.end && other.start <= end;
    }

    /** A back payment; an enterprise that is not operating. */
    boolean exculpates() {
        return (kind == INSURANCE || kind == ENTERPRISE) && code != 0;
    }
}
