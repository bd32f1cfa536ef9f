"""What the oracle's evidence looks like when disclosed: (resource, code, period), worked out from the raw files.

Must not know: any module of ours. A record told more than once is left out of the exact comparison (which
telling counts is the oracle's business); its resource is compared all the same.
"""

import csv
from collections import Counter
from pathlib import Path

from tests.oracle.oracle import Record, Verdicts, final_checks

CODE = {"hrss.social_insurance": "kind", "market.enterprise": "status"}
SPAN = {
    "hrss.social_insurance": ("period_start", "period_end"),
    "market.enterprise": ("registered_on", "cancelled_on"),
    "tax.wage_withholding": ("month", "month"),
}
Disclosed = tuple[str, str | None, str]


def told_once(folder: Path) -> dict[Record, Disclosed]:
    """What may be said of every evidence record that the files tell exactly once."""
    seen: Counter[Record] = Counter()
    said: dict[Record, Disclosed] = {}
    for resource, (first, last) in SPAN.items():
        for file in (folder / f"{resource}.csv", folder / "corrections" / f"{resource}.csv"):
            with file.open(encoding="utf-8", newline="") as lines:
                for row in csv.DictReader(lines):
                    record = (resource, row.get("record_no") or row["uscc"])
                    seen[record] += 1
                    said[record] = (resource, row.get(CODE.get(resource, "")), _months(row[first], row[last]))
    return {record: words for record, words in said.items() if seen[record] == 1}


def _months(first: str, last: str) -> str:
    if not last:
        return f"{first[:7]}/.."
    return first[:7] if first[:7] == last[:7] else f"{first[:7]}/{last[:7]}"


def compare(folder: Path, alerts: list[dict], states: dict[str, str], *, corrections: bool = True) -> None:
    """Insist that alerts and results say what the oracle says: claims, states and evidence."""
    verdicts = final_checks(folder, corrections=corrections)
    assert states == {claim: state for claim, (state, _) in verdicts.items()}
    standing = {a["key"]: a for a in alerts if a["state"] != "withdrawn"}
    assert len(standing) == sum(a["state"] != "withdrawn" for a in alerts), "two alerts on one claim"
    assert {k: a["state"] for k, a in standing.items()} == {
        claim: state for claim, (state, _) in verdicts.items() if state != "clear"
    }
    _compare_evidence(standing, verdicts, told_once(folder))


def _compare_evidence(standing: dict[str, dict], verdicts: Verdicts, once: dict[Record, Disclosed]) -> None:
    exact = 0
    for claim, alert in standing.items():
        records = verdicts[claim][1]
        assert Counter(e["resource"] for e in alert["evidence"]) == Counter(r for r, _ in records), claim
        if records <= once.keys():
            exact += 1
            found = Counter((e["resource"], e["code"], e["period"]) for e in alert["evidence"])
            assert found == Counter(once[record] for record in records), claim
    assert exact >= len(standing) / 2, "most evidence is compared word by word"
