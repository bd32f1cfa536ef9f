"""Faust's aiokafka transport with the commit gate."""

from faust.transport.drivers import aiokafka as driver

from streams.transport.gate import Gated
from streams.transport.kafka_client import stored_record


class Consumer(Gated, driver.Consumer):
    """Commits and starts where the gate says."""

    _stored = staticmethod(stored_record)


class Transport(driver.Transport):
    """kafka:// for the worker."""

    Consumer = Consumer
