"""Numbers without a check digit: real-estate units (不动产单元号, GB/T 37346-2019) and certificates (证书编号).

Rule: the shape is checked and nothing repaired; a wrong number of the right shape cannot be told.
"""

import re
from functools import lru_cache

from matchers.normalise.text import fold

_PROPERTY = re.compile(r"[0-9]{12}[A-Z]{2}[0-9]{5}[A-Z][0-9]{8}")
_CERTIFICATE = re.compile(r"[0-9A-Z\u4e00-\u9fff]{4,40}")
_JOINTS = str.maketrans("", "", "-\u2010\u2011\u2012\u2013\u2014\u2212()()[]〔〕")


@lru_cache(maxsize=65_536)
def normalise_property_no(text: str) -> str | None:
    """28 characters: county, cadastral zones, land right and parcel, then the building and its unit."""
    number = fold(text)
    return number if _PROPERTY.fullmatch(number) else None


@lru_cache(maxsize=65_536)
def normalise_certificate_no(text: str) -> str | None:
    """Letters, digits and Chinese characters, joints and brackets left out; 4 to 40 of them."""
    number = fold(text).translate(_JOINTS)
    return number if _CERTIFICATE.fullmatch(number) else None
