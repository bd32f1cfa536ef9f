"""The findings of the checks, gathered with their places, and the names that references may use.

Rules: a reference to a file that did not load is not a second fault. Must not know: what is checked.
"""

from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass, field

from topics.catalog.files import Document, Documents
from topics.catalog.nearest import remedy_for
from topics.catalog.punctuation import full_width, half_width
from topics.catalog.shapes import ResourceShape
from topics.catalog.source import Loc, Source
from topics.errors import CatalogError


@dataclass(slots=True)
class Report:
    """Findings in one file."""

    source: Source
    findings: list[CatalogError] = field(default_factory=list)

    def add(self, loc: Loc, what: str, remedy: str) -> None:
        """A finding at `loc`."""
        self.findings.append(self.source.finding(loc, what, remedy))

    def unknown(self, loc: Loc, noun: str, name: str, known: Collection[str]) -> None:
        """A name that nothing bears."""
        sign = full_width(name)
        remedy = f"{sign}: write {half_width(name)!r}" if sign else remedy_for(name, known)
        self.add(loc, f"no {noun} {name!r}", remedy)

    def twice(self, noun: str, named: Iterable[tuple[Loc, Hashable]]) -> None:
        """A finding for each name that came before."""
        seen = set()
        for loc, name in named:
            if name in seen:
                self.add(loc, f"{noun} {name!r} is here twice", "rename or remove one of the two")
            seen.add(name)


@dataclass(frozen=True, slots=True)
class Names:
    """What references may name. `unsure` ids exist as files that did not load."""

    departments: Collection[str]
    departments_known: bool
    resources: dict[str, ResourceShape]
    unsure: frozenset[str]

    def department(self, report: Report, loc: Loc, name: str) -> bool:
        """Report a department that is not declared; whether it may be."""
        declared = not self.departments_known or name in self.departments
        if not declared:
            report.unknown(loc, "department", name, self.departments)
        return declared

    def resource(self, report: Report, loc: Loc, name: str) -> ResourceShape | None:
        """The resource, or None; reported unless its file is there and did not load."""
        found = self.resources.get(name)
        if found is None and name not in self.unsure:
            report.unknown(loc, "resource", name, self.resources)
        return found


def names_of(documents: Documents) -> Names:
    """Names that the files of one folder declare."""
    city = documents.city
    return Names(
        departments=[d.id for d in city.shape.departments] if city else [],
        departments_known=city is not None,
        resources=_by_id(documents.resources),
        unsure=frozenset(documents.broken),
    )


def _by_id(resources: list[Document[ResourceShape]]) -> dict[str, ResourceShape]:
    """By the id a resource states; one whose file is named otherwise answers to both names."""
    by_file = {document.source.path.stem: document.shape for document in resources}
    return by_file | {document.shape.id: document.shape for document in resources}
