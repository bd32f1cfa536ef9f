"""Faust's aiokafka transport with the commit gate."""

from faust.transport.drivers import aiokafka as driver

from streams.transport.gate import Gated


class Consumer(Gated, driver.Consumer):
    """Commits and starts where the gate says."""


class Transport(driver.Transport):
    """kafka:// for the worker."""

    Consumer = Consumer
