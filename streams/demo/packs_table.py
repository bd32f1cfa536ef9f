"""The table of rule packs, as Markdown between two markers of a README; written by a run, kept true by a test.

Rule: only what is the same in every run of a scale and seed. Must not know: how the run went about it.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from streams.demo.score import RuleScore
from topics.catalog import Catalog, Rule
from topics.errors import NotFound

BEGIN, END = "<!-- packs: begin -->", "<!-- packs: end -->"
_HEAD = (
    "| rule | kind | asked (told) | anchor | evidence | checks | open | explained | withdrawn | precision | recall |",
    "|---|---|---|---|---|---:|---:|---:|---:|---:|---:|",
)


def table(catalog: Catalog, scores: Iterable[RuleScore]) -> list[str]:
    """One line a rule, in the order of their ids."""
    return [*_HEAD, *(_line(catalog, score) for score in scores)]


def _line(catalog: Catalog, score: RuleScore) -> str:
    rule = score.rule
    counts = (score.checks, score.open, score.explained, score.withdrawn)
    cells = (
        f"`{rule.id}` {rule.title.zh}",
        rule.kind,
        _asked(rule),
        f"`{rule.anchor}` {catalog.resource(rule.anchor).title.zh}",
        ", ".join(dict.fromkeys(f"`{e.resource}`" for e in rule.evidence)),
        *(str(count) for count in counts),
        f"{score.precision:.3f}",
        f"{score.recall:.3f}",
    )
    return f"| {' | '.join(cells)} |"


def _asked(rule: Rule) -> str:
    told = sorted(department for department in rule.disclosure if department != rule.department)
    return f"{rule.department} ({', '.join(told)})" if told else rule.department


def write_table(path: Path, lines: Iterable[str]) -> None:
    """Replace what stands between the markers. Raises NotFound where they are not."""
    text = path.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise NotFound(
            f"{path} has no {BEGIN} and {END}", remedy="write both markers where the table belongs"
        )
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text("\n".join((f"{before}{BEGIN}", *lines, f"{END}{after}")), encoding="utf-8")


def read_table(path: Path) -> list[str]:
    """The lines between the markers."""
    return list(_between(path.read_text(encoding="utf-8").splitlines()))


def _between(lines: Iterable[str]) -> Iterator[str]:
    inside = False
    for line in lines:
        if line == END:
            return
        if inside:
            yield line
        inside = inside or line == BEGIN
