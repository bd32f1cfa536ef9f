"""One YAML file of the catalog as plain data, with the line of every node.

Rules: YAML's safe types only; a key twice, an alias or an oversized file is a finding, not a surprise.
`customProperties` lists (ODCS) read as a mapping, so that a wrong one is reported by its name.
Must not know: which keys a file should have.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from topics.catalog.syntax import fault_of
from topics.errors import CatalogError
from topics.limits import MAX_FILE_BYTES

Loc = tuple[str | int, ...]
_CUSTOM = "customProperties"
_PLAIN = re.compile(r"-?(0|[1-9][0-9]*)")
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Source:
    """Data of one file; `lines` maps the path to a node to its line (a key's own line in a mapping).

    `odd` has the numbers that look like something else than YAML takes them for (0200 is 128), as they are written.
    """

    path: Path
    data: Any
    lines: dict[Loc, int]
    findings: tuple[CatalogError, ...]
    odd: dict[Loc, str] = field(default_factory=dict)

    def line(self, loc: Loc) -> int:
        """Line of the node at `loc`, or of the nearest node around it."""
        while loc and loc not in self.lines:
            loc = loc[:-1]
        return self.lines.get(loc, 1)

    def finding(self, loc: Loc, what: str, remedy: str) -> CatalogError:
        """A finding at `loc`."""
        return finding(self.path, self.line(loc), what, remedy)


def finding(path: Path, line: int, what: str, remedy: str) -> CatalogError:
    """One finding, placed as file:line."""
    return CatalogError(what, where=f"{path}:{line}", remedy=remedy)


_DEEP = (1, "the file is nested too deeply", "see topics/catalog/example for the shape")


def read_source(path: Path) -> Source:
    """Read one file. Never raises for what the file holds: that is in `findings`."""
    try:
        text = _text(path)
        reader = _Reader(path, _Loader(text))
        data = reader.read()
    except CatalogError as error:
        return Source(path, None, {}, (error,))
    except yaml.YAMLError as error:
        fault = _DEEP if "nesting depth" in str(error) else fault_of(error, text)
        return Source(path, None, {}, (finding(path, *fault),))
    except RecursionError:  # libyaml before 0.2.6 sets no depth of its own
        return Source(path, None, {}, (finding(path, *_DEEP),))
    return Source(path, data, reader.lines, tuple(reader.findings), reader.odd)


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise finding(path, 1, *_unreadable(path, error)) from None
    if len(data) > MAX_FILE_BYTES:
        raise finding(path, 1, f"the file is larger than {MAX_FILE_BYTES} bytes", "split it up")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise finding(path, line, "the file is not UTF-8", "save it as UTF-8") from None


def _unreadable(path: Path, error: OSError) -> tuple[str, str]:
    if isinstance(error, FileNotFoundError):
        return "there is no such file", "create it, or copy the one in topics/catalog/example"
    if isinstance(error, IsADirectoryError):
        return "this is a folder, and should be a file", "move what is in it, and remove it"
    return f"cannot read the file ({error.strerror})", "check its permissions"


class _Reader:
    """Walks the node tree of one document; the YAML loader only turns scalars into values."""

    def __init__(self, path: Path, loader: Any) -> None:
        self.path = path
        self.loader = loader
        self.lines: dict[Loc, int] = {}
        self.findings: list[CatalogError] = []
        self.odd: dict[Loc, str] = {}
        self._seen: set[int] = set()

    def read(self) -> Any:
        node = self.loader.get_single_node()
        if node is None:
            self._report(1, "the file is empty", "delete it, or see topics/catalog/example for the shape")
            return None
        return self._value(node, ())

    def _report(self, line: int, what: str, remedy: str) -> None:
        self.findings.append(finding(self.path, line, what, remedy))

    def _value(self, node: Any, loc: Loc) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(loc, line)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, loc)
        if id(node) in self._seen:
            self._report(line, "an alias (*name) stands here", "write the value out")
            return None
        self._seen.add(id(node))
        walk: Callable[[Any, Loc], Any] = self._mapping if isinstance(node, yaml.MappingNode) else self._list
        return walk(node, loc)

    def _scalar(self, node: Any, loc: Loc) -> Any:
        try:
            value = self.loader.construct_object(node)
        except ValueError:
            line = node.start_mark.line + 1
            self._report(line, f"{node.value!r} is no such day or number", "correct it, or quote it")
            return None
        if _oddly_written(value, node.value):
            self.odd[loc] = node.value
        return value

    def _list(self, node: Any, loc: Loc) -> Any:
        if loc[-1:] == (_CUSTOM,):
            return self._custom(node, loc)
        return [self._value(item, (*loc, index)) for index, item in enumerate(node.value)]

    def _mapping(self, node: Any, loc: Loc) -> dict[Any, Any]:
        result: dict[Any, Any] = {}
        self._report_twice(node, loc)
        for key_node, value_node in node.value:
            self._entry(result, loc, str(key_node.value), key_node, value_node)
        return result

    def _report_twice(self, node: Any, loc: Loc) -> None:
        """The first key that comes again; where an entry of a list runs on into the next, all of them do."""
        names = [str(key.value) for key, _ in node.value]
        again = next((i for i, name in enumerate(names) if name in names[:i]), None)
        if again is not None:
            line = node.value[again][0].start_mark.line + 1
            dash = ", or begin a new entry with '- '" if loc and isinstance(loc[-1], int) else ""
            self._report(line, f"{names[again]!r} is here twice", f"remove one of the two{dash}")

    def _custom(self, node: Any, loc: Loc) -> dict[Any, Any]:
        """[{property: a, value: b}] as {a: b}."""
        result: dict[Any, Any] = {}
        for item in node.value:
            parts = _parts(item)
            if not {"property", "value"} <= parts.keys() or not isinstance(
                parts["property"], yaml.ScalarNode
            ):
                line = item.start_mark.line + 1
                self._report(line, "not a custom property", "write {property: name, value: ...}")
                continue
            key = str(parts["property"].value)
            if key in result:
                self._report(item.start_mark.line + 1, f"{key!r} is here twice", "remove one of the two")
            self._entry(result, loc, key, item, parts["value"])
        return result

    def _entry(self, result: dict[Any, Any], loc: Loc, key: str, key_node: Any, value_node: Any) -> None:
        self.lines[(*loc, key)] = key_node.start_mark.line + 1
        result[key] = self._value(value_node, (*loc, key))


def _oddly_written(value: Any, text: str) -> bool:
    """Whether a number is written in one of YAML's other ways: octal, sexagesimal, with underscores, ..."""
    if isinstance(value, float):
        return "_" in text or ":" in text
    return isinstance(value, int) and not isinstance(value, bool) and not _PLAIN.fullmatch(text)


def _parts(item: Any) -> dict[str, Any]:
    if not isinstance(item, yaml.MappingNode):
        return {}
    return {str(key.value): value for key, value in item.value}
