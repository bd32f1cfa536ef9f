"""How many files a process may have open: the embedded log needs some for each topic, RocksDB for each partition.

Must not know: what they are opened for.
"""

import contextlib
import resource

WANTED = 10_240
"""As many as macOS allows at most; many systems begin with 1,024 or 256, and let a process ask for more."""


def allow_many_files() -> None:
    """Ask for as many as are wanted, or as the hard limit gives."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
