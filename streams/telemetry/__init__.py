"""What a worker tells its operators: figures for Prometheus, health and readiness over HTTP, logs as JSON.

Rules: nothing here names a person, a record or a token; labels come from the catalog and from closed lists, whatever
a message says. Must not know: Faust, brokers, how a record is joined. Decisions (matchers, streams.steps) know nothing
of it: the agents count what a step returned.
"""
