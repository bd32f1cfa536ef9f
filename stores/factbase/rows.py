"""What comes out of a fact base: checks as a rule's query finds them, and the revisions they stand at.

Rule: days are ordinals, as in topics.facts. Must not know: DuckDB, how a check is decided.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

from topics.facts import State


class Piece(NamedTuple):
    """A fact that counts, or that speaks for the person; `absent`: one that should be there and is not.

    `code` is the attribute that the rule discloses; `exculpation` what the fact falls to, if anything.
    """

    resource: str
    field: str
    handle: str
    exculpation: str | None
    absent: bool
    code: str | None
    first: int | None
    last: int | None
    epoch: int
    seq: int


class Checked(NamedTuple):
    """One check on one record, at one position of the log; period and batch are the record's own."""

    bucket: int
    position: int
    subject: bytes
    handle: str
    check_id: str
    state: State
    first: int
    last: int
    epoch: int
    seq: int
    evidence: tuple[Piece, ...]
    speaks: tuple[Piece, ...]

    @classmethod
    def of(cls, row: Sequence[Any]) -> Self:
        """Read a row of a rule's query."""
        *plain, evidence, speaks = row
        plain[5] = State(plain[5])
        return cls._make((*plain, _pieces(evidence), _pieces(speaks)))


def _pieces(found: Sequence[Mapping[str, Any]]) -> tuple[Piece, ...]:
    return tuple(Piece(**piece) for piece in found)


class Standing(NamedTuple):
    """A check as it stands, and where in the log it came to stand so: the stream's revision number."""

    checked: Checked
    revision: int
    version: int
    trial: bool
