"""Rows out of a department's file: CSV with a header, or JSON lines.

Rules: bad rows are noted and passed over, with their line number; a file that is not the resource at all is
refused as a whole. Memory stays bounded whatever is in the file. Values never appear in a refusal.
"""

import codecs
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

import orjson

from streams.publisher.header import OPERATION, columns
from streams.publisher.lines import Lines
from streams.publisher.quotes import Records
from streams.publisher.remedies import refuse
from topics.errors import FileRefused, RowRefused
from topics.limits import MAX_LINE

OPERATIONS = ("upsert", "delete")
JSON_LINES = (".jsonl", ".ndjson")
NOT_TEXT = {
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
    b"PK\x03\x04": "a workbook (.xlsx) or another zip file",
    b"\xd0\xcf\x11\xe0": "a workbook (.xls)",
}
"""How files begin that are often sent in place of CSV."""


class SourceRow(NamedTuple):
    """One row: its line in the file, whether it deletes, and its values in contract order (or why not)."""

    line: int
    delete: bool
    values: Sequence[str]
    refused: RowRefused | None = None
    bytes_read: int = 0


def read_rows(path: Path, header: Sequence[str], *, changes: bool, encoding: str) -> Iterator[SourceRow]:
    """Rows of a CSV or .jsonl file. `changes`: the file has an `op` column. Raises FileRefused."""
    with _opened(path) as file:
        if not file.read(1):
            remedy = f"was it cut short? it must hold the columns {', '.join(header)}"
            raise FileRefused("an empty file", where=f"{path}:1", remedy=remedy)
        file.seek(0)
        _check_kind(file, path)
        _check_encoding(file, path, encoding)
        if file.read(3) != b"\xef\xbb\xbf":  # the mark that spreadsheet programs put before UTF-8
            file.seek(0)
        lines = Lines(file, encoding)
        jsonl = path.suffix.lower() in JSON_LINES
        yield from (_read_jsonl if jsonl else _read_csv)(lines, path, header, changes)


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise FileRefused(f"cannot be read ({error.strerror})", where=str(path)) from None


def _check_kind(file: BinaryIO, path: Path) -> None:
    """Refuse what no encoding could make readable, going by its first bytes and its name."""
    begin = file.read(4)
    file.seek(0)
    for mark, kind in NOT_TEXT.items():
        if begin.startswith(mark):
            raise FileRefused(f"{kind}, which is not read", where=str(path), remedy="save it as UTF-8 CSV")
    if path.suffix.lower() == ".json":
        remedy = "write one object a line, and name the file so that it ends in .jsonl"
        raise FileRefused("a .json file is neither CSV nor JSON lines", where=str(path), remedy=remedy)


def _check_encoding(file: BinaryIO, path: Path, encoding: str) -> None:
    """Decode the whole file once, so that one in another encoding is refused before anything is published."""
    decoder = _decoder(encoding)
    lines, data = 1, b""
    try:
        while data := file.read(MAX_LINE):
            decoder.decode(data)
            lines += data.count(b"\n")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        line = lines + data[: error.start].count(b"\n")
        remedy = "name the encoding, for example --encoding gb18030"
        raise FileRefused(f"not {encoding} text", where=f"{path}:{line}", remedy=remedy) from None
    file.seek(0)


def _decoder(encoding: str) -> codecs.IncrementalDecoder:
    """Raises FileRefused for what is no text encoding, or one whose lines do not end in a plain newline."""
    try:
        if '\n,"'.encode(encoding) == b'\n,"':
            return codecs.getincrementaldecoder(encoding)()
    except (LookupError, UnicodeError, TypeError):
        pass
    raise FileRefused(
        f"encoding {encoding!r} cannot be read", remedy="convert the file to utf-8, or use gb18030"
    )


def _read_csv(lines: Lines, path: Path, header: Sequence[str], changes: bool) -> Iterator[SourceRow]:
    records = Records(lines)
    found = columns(records.first(), f"{path}:1", header, changes=changes)
    row = _row_of(found, header)
    for number, values in records.rest(len(found)):
        if lines.too_long:
            yield from _skipped(lines)
        if isinstance(values, RowRefused):
            yield SourceRow(number, False, (), values, lines.read)
        elif values:
            yield row(number, values, lines.read)
    yield from _skipped(lines)


def _skipped(lines: Lines) -> Iterator[SourceRow]:
    """Refusals of the lines skipped since the last call."""
    for number in lines.too_long:
        fault = refuse("line", "line_too_long")
        yield SourceRow(number, False, (), fault, lines.read)
    lines.too_long.clear()


def _row_of(found: dict[str, int], header: Sequence[str]) -> Callable[[int, list[str], int], SourceRow]:
    """How a line's fields become a row."""
    operation, width = found.get(OPERATION), len(found)
    order = [found[name] for name in header]
    plain = order == list(range(width))

    def row(line: int, values: list[str], read: int) -> SourceRow:
        if len(values) != width:
            return SourceRow(line, False, (), refuse("line", "wrong_number_of_columns"), read)
        if plain:
            return SourceRow(line, False, values, None, read)
        ordered = [values[i] for i in order]
        if operation is None:
            return SourceRow(line, False, ordered, None, read)
        delete = values[operation] == "delete"
        return SourceRow(line, delete, ordered, _operation(values[operation]), read)

    return row


def _operation(text: str) -> RowRefused | None:
    return None if text in OPERATIONS else refuse(OPERATION, "unknown_operation")


def _read_jsonl(lines: Lines, path: Path, header: Sequence[str], changes: bool) -> Iterator[SourceRow]:
    for number, text in lines:
        yield from _skipped(lines)
        if text.strip():
            yield _json_row(text, number, lines.read, header, changes)
    yield from _skipped(lines)


def _json_row(text: str, line: int, read: int, header: Sequence[str], changes: bool) -> SourceRow:
    fault, values, operation = None, [], "upsert"
    try:
        row = orjson.loads(text)
        operation = row.pop(OPERATION, "") if changes else "upsert"
        fault = _operation(operation) or _unknown(row, header)
        values = ["" if row.get(name) is None else str(row[name]) for name in header]
    except (orjson.JSONDecodeError, AttributeError, TypeError):
        fault = refuse("line", "not_a_json_object")
    return SourceRow(line, operation == "delete", values, fault, read)


def _unknown(row: dict[str, object], header: Sequence[str]) -> RowRefused | None:
    extra = sum(name not in header for name in row)
    return refuse("line", "unknown_fields") if extra else None


def size_of(path: Path) -> int:
    """Bytes, for the progress bar; 0 if unknown."""
    return path.stat().st_size if path.is_file() else 0
