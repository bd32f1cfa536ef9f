/** One row as it came. */
record Row(String token, byte kind, boolean deleted, String handle, long version, int start, int end, byte code) {
    Fact fact(Fact before) {
        if (!deleted) return new Fact(kind, version, start, end, code, true);
        return new Fact(kind, version, before == null ? 0 : before.start(), before == null ? 0 : before.end(), (byte) 0, false);
    }
}
