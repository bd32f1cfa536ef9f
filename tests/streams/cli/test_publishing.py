"""What `publish` says of a file and how it ends: a file that was of no use is never passed off as no change."""

from pathlib import Path

import pytest

from streams.cli import publishing
from streams.cli.backfilling import _Backfilled
from streams.cli.publishing import exit_of, most_refused, report
from streams.publisher.publish import Summary
from tests.streams.publisher.front import HEADER, Front, LogDouble, claim, claims
from topics.batch import Counts

NO_CHANGE = "nothing changed since the last publish"
BEFORE = [claim(n) for n in range(200)]
BAD = [claim(n, month="x") for n in range(3)]
FEW = BEFORE[:10]


def changes(*lines: str) -> str:
    return claims(*lines, header=f"op,{HEADER}")


ENDINGS = {
    "no change": ("full", claims(*BEFORE), 0, [NO_CHANGE], ["refused 0:", "NOT"]),
    "a change": ("full", claims(*BEFORE, claim(999)), 0, ["insert 1"], [NO_CHANGE]),
    "no row usable": (
        "full",
        claims(*BAD),
        4,
        ["NO ROW USED", "refused 3: month not_a_month 3", ".refused.csv"],
        [NO_CHANGE, "\n  reconciled"],
    ),
    "no change usable": (
        "changes",
        changes(*(f"upsert,{line}" for line in BAD)),
        4,
        ["NO ROW USED", "refused 3: month not_a_month 3"],
        [NO_CHANGE, "\n  reconciled"],
    ),
    "some rows refused": ("full", claims(*BEFORE[:-1], "short"), 5, ["deletes held back"], [NO_CHANGE]),
    "some changes refused": (
        "changes",
        changes(f"upsert,{BEFORE[0]}", f"upsert,{BAD[0]}"),
        0,
        ["refused 1: month not_a_month 1", f"{NO_CHANGE} (1 rows compared)"],
        [],
    ),
    "every delete held back": ("full", claims(*FEW), 5, ["190 deletes held back"], [NO_CHANGE]),
    "an empty list of changes": ("changes", changes(), 0, [NO_CHANGE], ["NOT"]),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_how_a_publish_ends(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    mode, content, code, said, unsaid = ENDINGS[name]
    front = Front(tmp_path)
    front.publish(claims(*BEFORE))
    summary, _ = front.publish(content, mode=mode)
    report(summary)
    words = capsys.readouterr().out
    assert exit_of(summary) == code
    assert [w for w in said if w not in words] == [], words
    assert [w for w in unsaid if w in words] == [], words


def test_a_hub_that_is_silent_is_not_reconciled(tmp_path: Path) -> None:
    assert exit_of(Front(tmp_path).publish(claims(claim(1)), LogDouble(mute=True))[0]) == 5
    assert exit_of(Summary("r", "run", facts=Counts())) == 5


def test_the_three_reasons_that_refused_most_are_on_the_screen(tmp_path: Path) -> None:
    bad = [claim(n, month="x") for n in range(1_200)]
    others = [
        "short",
        "short",
        claim(1, name="x" * 9).replace("1200.00", "-"),
        f"{claim(7)},more",
        "C8,,,2008-05,",
    ]
    summary, _ = Front(tmp_path).publish(claims(*bad, *others))
    words = most_refused(summary.reasons)
    assert words.startswith("month not_a_month 1,200, line wrong_number_of_columns 3, ")
    assert words.endswith(" 1, ...")
    assert words.count(",") - words.count("1,200") == publishing.MOST


def test_other_programs_learn_the_reasons_too(tmp_path: Path) -> None:
    summary, _ = Front(tmp_path).publish(claims(claim(1), *BAD))
    assert publishing.as_json(summary)["refused_for"] == {"month not_a_month": 3}


def test_a_backfill_ends_as_its_worst_file_would_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All are reconciled, so that the counts alone would say that all is well."""
    front = Front(tmp_path)
    good, _ = front.publish(claims(*BEFORE))
    held, _ = front.publish(claims(*FEW))
    useless, _ = front.publish(claims(*BAD))
    for summaries, code in (((good,), 0), ((good, held), 5), ((held, useless, good), 4)):
        backfilled = _Backfilled({}, done={str(n): summary for n, summary in enumerate(summaries)})
        assert (backfilled.exit_code, backfilled.reconciled) == (code, True)
        backfilled.say(json=False)
        words = capsys.readouterr().out
        assert ("deletes held back" in words, "NO ROW USED" in words) == (code != 0, code == 4)
