"""Disk: subject state (RocksDB), the embedded log (SQLite), snapshots (DuckDB).

Rules: imports topics only; never decides anything about a person.
"""
