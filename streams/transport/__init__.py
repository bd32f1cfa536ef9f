"""Logs to write to and read from: one port, two clients; and the Faust transports of the worker.

`port`, `embedded_client` and `kafka_client` know nothing of Faust, so that the front node and the readers
stay small; `faust_embedded` and `faust_kafka` are for the worker alone.
"""
