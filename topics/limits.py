"""Every limit on what people and departments send, in one place, and what happens beyond it.

    what                        limit   beyond it
    a catalog file              1 MB    refused by `crosscheck check`, with file and line
    partitions of a city        1,024   refused by `crosscheck check`, with file and line
    version of a rule           10^9    refused by `crosscheck check`, with file and line
    days in a rule              36,600  refused by `crosscheck check`, with file and line
    working days in a rule      2,000   refused by `crosscheck check`, with file and line
    any other number in it      10^12   refused by `crosscheck check`, with file and line
    a line of a source file     1 MB    the row is refused at the front node (line_too_long)
    lines of a record           50      its first line is refused at the front node (quote_not_closed), the next is read
    a record key                200     the row is refused at the front node (bad_key)
    rows of a batch             500     the front node makes another batch; the hub refuses it (wrong_counts)
    bytes of a batch            900 kB  the front node makes smaller ones
    a record of any topic       1 MB    refused by the log's port; a change message goes to the dead letters (too_large)
    a handle                    1,000   the batch goes to the dead letters (bad_handle)
    facts of one subject        2,000   the row is refused on its receipt (subject_full), and counted
    bytes of a dead letter      500 kB  the rest is cut off: the message itself stays on its change topic for a week
    missing batches named       1,000   the others are counted

Rules: what a limit refuses is said where it can be mended, and counted; nothing is cut silently.
Must not know: who enforces a limit.
"""

MAX_FILE_BYTES = 1_000_000
"""A catalog file."""

MAX_PARTITIONS = 1_024
"""Partitions of a city's topics."""

MAX_VERSION = 1_000_000_000
"""The version of a rule, counted up by hand."""

MAX_DAYS = 36_600
"""Days of a window, a deadline or an overlap: a century."""

MAX_WORKING_DAYS = 2_000
"""Working days of a window or a deadline: some eight years."""

MAX_NUMBER = 1_000_000_000_000
"""Any other number of a rule or contract: a cap, a count, an amount of money. Records on the log hold 64 bits, and
amounts of one subject are added up; one that does not fit would stop every worker at the same record."""

MAX_LINE = 1_000_000
"""Bytes of a line of a source file, and of a field in it."""

MAX_RECORD_LINES = 50
"""Lines of one record of a source file: a quote that is open for longer is a mistake, not a field with newlines."""

MAX_KEY = 200
"""Characters of a record key in a source file."""

MAX_ROWS = 500
"""Rows of a batch."""

MAX_BATCH_BYTES = 900_000
"""A batch as sent; headers and the envelope still fit in a record."""

MAX_RECORD_BYTES = 1_000_000
"""Key, value and headers of one record; the same on every log, so that what works on one works on the other."""

MAX_HANDLE = 1_000
"""Characters of a handle; a record key of over 700 bytes is a mistake."""

MAX_FACTS = 2_000
"""Facts one subject may hold (default and blank identifiers make hot keys)."""

MAX_LETTER_BYTES = 500_000
"""Bytes of a message that its dead letter repeats (in base64): a larger one would not fit in a record."""

MAX_NAMED = 1_000
"""Missing batch numbers that are named on a completeness record."""
