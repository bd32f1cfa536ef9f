"""Pure steps: state and changes in, state and effects out. No I/O, clock or randomness."""
