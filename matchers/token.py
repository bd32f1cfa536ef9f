"""Tokens and handles: what stands for an identifier or a record outside its department.

Token: HMAC-SHA256(linkage key, kind || 0x1f || normalised identifier), first 16 bytes. The linkage key is
shared by front nodes and never reaches the hub. Handle: AES-SIV (RFC 5297) of the record key under the
department's own key; deterministic, and only that department can open it.
Must not know: where keys are kept.
"""

import base64
import hmac
from binascii import b2a_base64

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from topics.batch import TOKEN_BYTES

LINKAGE_KEY_BYTES = 32
DEPARTMENT_KEY_BYTES = 64
MATCH_BYTES = 8

_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def tokenise(linkage_key: bytes, kind: str, identifier: str) -> bytes:
    """16-byte token of a normalised identifier of `kind` (person_id, uscc, ...)."""
    return hmac.digest(linkage_key, f"{kind}\x1f{identifier}".encode(), "sha256")[:TOKEN_BYTES]


def match_digest(linkage_key: bytes, kind: str, value: str) -> str:
    """16 hex digits that stand for an attribute's value; never those of a subject's token."""
    return hmac.digest(linkage_key, f"match\x1f{kind}\x1f{value}".encode(), "sha256")[:MATCH_BYTES].hex()


def bucket_of(token: bytes, partitions: int) -> int:
    """Partition of `facts` that a subject lives in: the same on every front node."""
    return int.from_bytes(token[:4]) % partitions


class HandleSeal:
    """Seals record keys of one resource into handles, and opens them again."""

    __slots__ = ("_associated", "_cipher")

    def __init__(self, department_key: bytes, resource: str) -> None:
        self._cipher = AESSIV(department_key)
        self._associated = [resource.encode()]

    def seal(self, record_key: str) -> str:
        """URL-safe text handle of a record key."""
        sealed = self._cipher.encrypt(record_key.encode(), self._associated)
        return b2a_base64(sealed, newline=False).translate(_URL_SAFE, b"=").decode()

    def open(self, handle: str) -> str | None:
        """The record key, or None if this key or resource did not seal it."""
        try:
            sealed = base64.urlsafe_b64decode(handle + "=" * (-len(handle) % 4))
            return self._cipher.decrypt(sealed, self._associated).decode()
        except (InvalidTag, ValueError):
            return None
