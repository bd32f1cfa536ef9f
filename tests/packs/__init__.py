"""The rule packs: catalog, town, truth, oracle, and the whole of it on a running worker."""
