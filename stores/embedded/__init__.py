"""The embedded log: a small broker in a folder, for one host and several processes.

One SQLite file per topic (append-only, WAL), one for consumer groups. Commits survive the death of any
process; a power failure may lose the last moments (synchronous=NORMAL). For more than a demo or one
department, use Kafka: the same agents run on both.
"""
