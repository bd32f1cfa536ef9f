"""Every error Crosscheck raises on purpose: one tree, each saying what, where and what to do next.

    CrosscheckError
    |-- ContractError           ours: a broken promise between our own parts (a bug, a wrong catalog)
    |   |-- CatalogError        one finding in the catalog, with file and line
    |   |-- CatalogInvalid      a catalog that does not load: all its findings at once
    |   `-- StateError          a state folder or a checkpoint that cannot be used
    |       |-- StateOfAnotherLog   one that was made from another log
    |       |-- StateHeld           one that a running worker holds
    |       |-- StateDamaged        one that cannot be read any more
    |       `-- CheckpointDamaged   a checkpoint that lacks something, or holds something else than it says
    |-- DepartmentDataError     theirs: data a department sent; goes to its dead-letter topic or refusal list
    |   |-- RowRefused          one row of a file
    |   |-- FileRefused         a file as a whole
    |   `-- BatchRefused        one message on a change topic
    |-- KeyMissing              a key that is needed is not at hand
    |-- BrokerUnavailable       the log or broker cannot be reached, or a topic is missing
    |-- OwnerReplaced           a partition has gone to another worker: what this one still says of it is refused
    |-- CheckpointsUnavailable  the place of the checkpoints cannot be reached, read or written
    |-- AddressUnusable         an address to serve on is none, or taken
    `-- NotFound                an alert, resource or snapshot that was named does not exist

Rules: never personal data in a message; `str(error)` is one line that an operator can act on.
Must not know: anything else in the system.
"""

from collections.abc import Sequence


class CrosscheckError(Exception):
    """Root of the tree: `what` happened, `where`, and the `remedy` (next action)."""

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.what}" + (f" -> {self.remedy}" if self.remedy else "")


class ContractError(CrosscheckError):
    """Ours: a promise between our own parts is broken."""


class CatalogError(ContractError):
    """One finding in a catalog file; `where` is file:line."""


class CatalogInvalid(ContractError):
    """A catalog that does not load, with every finding."""

    def __init__(self, findings: Sequence[CatalogError]) -> None:
        remedy = "mend them where they are, until `crosscheck check` finds none"
        super().__init__(f"{len(findings)} error(s) in the catalog", remedy=remedy)
        self.findings = tuple(findings)


class StateError(ContractError):
    """A state folder that cannot be opened or does not belong to this log."""


class StateOfAnotherLog(StateError):
    """State that says nothing about this log: the owner discards it and rebuilds."""


class StateHeld(StateError):
    """State that another process has open."""


class StateDamaged(StateError):
    """State that cannot be read any more: the owner puts it aside and recovers."""


class CheckpointDamaged(StateError):
    """A checkpoint that is not whole: the one before it is tried."""


class DepartmentDataError(CrosscheckError):
    """Theirs: data that a department sent; accounted for, never lost, never fatal to a worker."""


class RowRefused(DepartmentDataError):
    """One row of a file: `field` and `reason` code, never the value."""

    def __init__(self, field: str, reason: str, remedy: str = "") -> None:
        super().__init__(f"{field}: {reason}", remedy=remedy)
        self.field = field
        self.reason = reason


class FileRefused(DepartmentDataError):
    """A file that cannot be read as the resource it claims to be."""


class BatchRefused(DepartmentDataError):
    """One message on a change topic; `reason` is a code for the receipt."""

    def __init__(self, reason: str, what: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.reason = reason


class KeyMissing(CrosscheckError):
    """A linkage or department key that is needed is not at hand."""


class OwnerReplaced(CrosscheckError):
    """A partition that this worker thought its own has another owner by now."""


class BrokerUnavailable(CrosscheckError):
    """The broker cannot be reached or lacks a topic."""


class CheckpointsUnavailable(CrosscheckError):
    """The place of the checkpoints does not answer, is full, or may not be used."""


class AddressUnusable(CrosscheckError):
    """Nothing can be served on the address that was given."""


class NotFound(CrosscheckError):
    """Something named on the command line does not exist."""
