"""A department's own view: handles become its own record keys, where its key is at hand."""

from dataclasses import dataclass
from typing import Any

import msgspec

from matchers.token import HandleSeal
from streams.publisher.keys import KeyRing
from streams.readers.current import Deliveries
from topics.alerts import Alert, Disposition, Result
from topics.catalog import Catalog


class KeyBook:
    """Opens handles of the departments whose keys are at hand; of no others."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys
        self._seals: dict[str, HandleSeal | None] = {}

    def key(self, resource: str, handle: str) -> str | None:
        """The record key behind a handle, or None without the department's key."""
        if resource not in self._seals:
            department = resource.partition(".")[0]
            held = self._keys.holds(department)
            key = self._keys.department(department) if held else None
            self._seals[resource] = HandleSeal(key, resource) if key else None
        seal = self._seals[resource]
        return seal.open(handle) if seal else None


@dataclass(frozen=True, slots=True)
class OwnView:
    """Alerts and results as their reader sees them: JSON-ready, with `key` and `complete`."""

    catalog: Catalog
    book: KeyBook
    deliveries: Deliveries

    def alert(self, alert: Alert, decided: Disposition | None = None) -> dict[str, Any]:
        """One alert; `complete`: every source of its rule is delivered in full by now; `disposition`: the last."""
        return {
            **msgspec.to_builtins(alert),
            "key": self.book.key(alert.resource, alert.handle),
            "complete": self.deliveries.of_alert(alert),
            "disposition": msgspec.to_builtins(decided),
        }

    def result(self, result: Result) -> dict[str, Any]:
        """One result."""
        return {
            **msgspec.to_builtins(result),
            "key": self.book.key(result.resource, result.handle),
            "complete": self.deliveries.of_rule(self.catalog.rules.get(result.rule), result.bucket),
        }
