"""What is wrong with a file that is not YAML, in words for someone who does not think in YAML.

Rules: guesses from the line itself, and says the parser's own words where it cannot; names the line to look at.
Must not know: which keys a file should have.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from topics.catalog.punctuation import CLOSING, OPENING, full_width, half_width

_KEY = re.compile(r"\s*(?:- )?[A-Za-z_][\w-]*")
_FULL_WIDTH_COLON = re.compile(_KEY.pattern + "\uff1a")
_LEADING = re.compile(rf"\s*(?P<hyphen>\uff0d)| *\u3000\s*{_KEY.pattern}:")
_SPACE = re.compile(rf"(?: *|{_KEY.pattern}: *)(?P<sign>\u3000)")
_BRACKET = re.compile(
    rf"{_KEY.pattern}: *(?P<sign>[{OPENING}])[^{CLOSING}]*[{CLOSING}]?\s*(?:#.*)?"  # not words like 【试行】...
)
_CLOSING = re.compile(rf".*(?P<sign>[{CLOSING}])\s*(?:#.*)?")
_ABOVE = 3
_NO_SPACE = re.compile(rf"(?P<key>{_KEY.pattern}):(?P<value>[^\s:].*)")
_SECOND_COLON = re.compile(rf"(?P<key>{_KEY.pattern}): +(?P<value>[^\s'\"\[{{:].*: .*)")
_OPENED = {
    "quoted": ("a quote is opened here and never closed", "close it, or remove it"),
    "flow": ("a bracket is opened here and not closed as it should be", "look for a missing ] or } or comma"),
}


class Fault(NamedTuple):
    """Where the file stops being YAML (line from 1), what is wrong there, and what to do."""

    line: int
    what: str
    remedy: str


class _Scene(NamedTuple):
    """What the parser said, and the line that it means."""

    problem: str
    context: str
    lines: list[str]
    at: int

    @property
    def text(self) -> str:
        return self.lines[self.at] if self.at < len(self.lines) else ""


def fault_of(error: Any, text: str) -> Fault:
    """The fault that a YAMLError tells of."""
    scene = _scene(error, text.splitlines())
    above = _full_width_start(scene)
    if above is not None:
        return above
    guesses = (guess(scene) for guess in _GUESSES)
    what, remedy = next((guess for guess in guesses if guess), _as_said(scene))
    return Fault(scene.at + 1, f"not valid YAML: {what}", remedy)


def _scene(error: Any, lines: list[str]) -> _Scene:
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
    context = getattr(error, "context", None) or ""
    # A quote, key or bracket left open is noticed lines later; where it opened is what to look at.
    opened = any(sign in context for sign in ("quoted", "simple key", "flow"))
    mark = getattr(error, "context_mark" if opened else "problem_mark", None)
    return _Scene(problem, context, lines, min(mark.line, max(len(lines) - 1, 0)) if mark else 0)


Guess = tuple[str, str] | None


def _tab(scene: _Scene) -> Guess:
    indent = scene.text[: len(scene.text) - len(scene.text.lstrip())]
    return ("a tab in the indentation", "indent with spaces only") if "\t" in indent else None


def _full_width_colon(scene: _Scene) -> Guess:
    if not _FULL_WIDTH_COLON.match(scene.text):
        return None
    return full_width("\uff1a") or "", f"write {_quoted(half_width(scene.text))}"


def _full_width_sign(scene: _Scene) -> Guess:
    """One that stands where YAML's own would."""
    closing = _CLOSING.fullmatch(scene.text) if "flow" in scene.context else None
    found = _SPACE.match(scene.text) or _BRACKET.fullmatch(scene.text) or closing
    if not found:
        return None
    signs = OPENING + CLOSING if found["sign"] in OPENING + CLOSING else found["sign"]
    return full_width(found["sign"]) or "", f"write {_quoted(half_width(scene.text, signs))}"


def _full_width_start(scene: _Scene) -> Fault | None:
    """Noticed lines later: until then it is taken for the beginning of a key."""
    for at in range(scene.at, max(scene.at - _ABOVE, -1), -1):
        line = scene.lines[at] if at < len(scene.lines) else ""
        if found := _LEADING.match(line):
            sign = found["hyphen"] or "\u3000"
            remedy = (
                f"write {_quoted(half_width(line, sign))}" if found["hyphen"] else "indent with spaces only"
            )
            return Fault(at + 1, f"not valid YAML: {full_width(sign)}", remedy)
    return None


def _no_space(scene: _Scene) -> Guess:
    found = _NO_SPACE.fullmatch(scene.text)
    if not found:
        return None
    return "no space after the colon", f"write {_quoted(': '.join(found.groups()))}"


def _second_colon(scene: _Scene) -> Guess:
    found = _SECOND_COLON.fullmatch(scene.text)
    if not found or "mapping values" not in scene.problem:
        return None
    return "a second colon, in the words", "put the words in quotes: '...'"


def _opened(scene: _Scene) -> Guess:
    return next((words for sign, words in _OPENED.items() if sign in scene.context), None)


def _indentation(scene: _Scene) -> Guess:
    before = [line for line in scene.lines[: scene.at] if line.strip() and not line.lstrip().startswith("#")]
    if not before or not scene.text.strip():
        return None
    here, last = _indent(scene.text), _indents(before[-1])
    deeper = here > max(last) and not before[-1].rstrip().endswith(":")
    if not deeper and here in {indent for line in before for indent in _indents(line)}:
        return None
    return "this line is indented like nothing around it", "indent it like the keys of its block"


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _indents(line: str) -> set[int]:
    """Columns at which a line opens a block: of its dash, and of the key behind it."""
    indent = _indent(line)
    return {indent, indent + 2} if line.lstrip().startswith("- ") else {indent}


def _as_said(scene: _Scene) -> tuple[str, str]:
    context = f" ({scene.context})" if scene.context else ""
    return f"{scene.problem}{context}", "check indentation, colons and quotes here"


def _quoted(line: str) -> str:
    return f"'{line.strip()}'"


_GUESSES: tuple[Callable[[_Scene], Guess], ...] = (
    _tab,
    _full_width_colon,
    _full_width_sign,
    _no_space,
    _second_colon,
    _opened,
    _indentation,
)
