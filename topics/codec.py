"""Bytes for everything but change batches: JSON, typed by the noun it must be.

Rule: decoding garbage raises ContractError that names the topic, never the content.
"""

from typing import TypeVar

import msgspec

from topics.batch import UNREADABLE
from topics.errors import ContractError

T = TypeVar("T")

encode = msgspec.json.encode


def decode(data: bytes, kind: type[T], *, where: str = "") -> T:
    """Read one message as `kind`. Raises ContractError."""
    try:
        return msgspec.json.decode(data, type=kind)
    except UNREADABLE as error:
        raise ContractError(
            f"not a {kind.__name__} ({type(error).__name__})",
            where=where,
            remedy="is a newer Crosscheck writing to this topic?",
        ) from None
