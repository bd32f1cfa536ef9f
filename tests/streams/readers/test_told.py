"""Who is told what: alerts that two departments see, versions that the catalog does not have, rules that stopped."""

import asyncio
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from matchers.explain import explain, lines_of
from streams.readers import current
from streams.transport.port import connect
from topics.alerts import Alert, Evidence
from topics.catalog import Catalog, ExculpatingSource, Rule, Temporal, Text
from topics.catalog.rule import SHARED_DAY
from topics.control import RuleEvent
from topics.errors import NotFound

RULE = "benefit-while-employed"


def event(rule: Rule, position: int, force: str = "active", reason: str = "activated") -> RuleEvent:
    return RuleEvent(
        rule.id,
        rule.version,
        rule.department,
        force,
        reason,
        None,
        "test",
        position,
        "",
        rule,
    )


def ask(town: Any, work: Any) -> Any:
    async def main() -> Any:
        async with connect(town.broker) as log:
            return await work(log)

    return asyncio.run(main())


def told_too(town: Any, number: int) -> Alert:
    """The copy of an alert that another department has."""
    return msgspec.structs.replace(town.alert(number), department="tax", evidence=[], batches=[])


def test_an_alert_that_two_departments_see_is_one_alert(town: Any) -> None:
    town.send("alert.tax", [told_too(town, 1)])
    town.send("alert.market", [told_too(town, 1)])
    found = ask(town, lambda log: current.find_alert(log, town.catalog, f"{1:032x}"))
    assert (found.department, bool(found.evidence)) == ("hrss", True)


def test_only_its_owner_measures_a_rule(town: Any, gathered: Any) -> None:
    before = gathered(town).rule_precision
    town.send("alert.tax", [told_too(town, 1), told_too(town, 4)])
    content = gathered(town)
    assert content.rule_precision == before
    assert sorted(row.department for row in content.alerts if row.alert_id == f"{1:032x}") == ["hrss", "tax"]
    pieces = [row for row in content.evidence if row.alert_id == f"{1:032x}"]
    assert [row.told for row in pieces] == ["hrss"]
    assert sum(row.owned for row in content.alerts) == len({row.alert_id for row in content.alerts})


def test_the_log_says_who_owns_a_rule_that_the_catalog_lacks(town: Any, gathered: Any) -> None:
    """Whoever was told of another department's rule measured it, at nought of nought."""
    foreign = replace(town.catalog.rule(RULE), id="elsewhere")
    town.send("audit", [event(foreign, 5)], {"ce_type": "crosscheck.ruleevent.v1"})
    told = [msgspec.structs.replace(a, rule="elsewhere") for a in (town.alert(7), told_too(town, 7))]
    for alert in told:
        town.send(f"alert.{alert.department}", [alert])
    town.send("result.hrss", [msgspec.structs.replace(town.result(7), rule="elsewhere")])
    content = gathered(town)
    measured = [(row.department, row.open) for row in content.rule_precision if row.rule == "elsewhere"]
    assert measured == [("hrss", 1)]
    assert [row.complete for row in content.results if row.rule == "elsewhere"] == [True]


def test_departments_that_the_catalog_lacks_are_in_a_snapshot_too(town: Any, gathered: Any) -> None:
    """With the example's catalog, a snapshot of the city had three of sixteen departments, and did not say so."""
    known = [row.alert_id for row in gathered(town).alerts]
    departments = {name: d for name, d in town.catalog.departments.items() if name != "hrss"}
    without = replace(town, catalog=replace(town.catalog, departments=departments))
    assert [row.alert_id for row in gathered(without).alerts] == known


def test_a_version_that_the_catalog_lacks_is_read_from_the_notices(town: Any) -> None:
    newer = replace(town.catalog.rule(RULE), version=2, title=Text("新", "newer"))
    town.send("notice.hrss", [event(newer, 5)])
    second = town.alert(1, version=2)
    assert ask(town, lambda log: current.rule_of(log, town.catalog, second)) == newer
    assert ask(town, lambda log: current.rule_of(log, town.catalog, town.alert(1))).version == 1
    third = town.alert(1, version=3)
    assert ask(town, lambda log: current.rule_of(log, town.catalog, third)).version == 1
    unknown = msgspec.structs.replace(second, rule="no-such")
    with pytest.raises(NotFound):
        ask(town, lambda log: current.rule_of(log, town.catalog, unknown))


def test_the_last_word_says_whether_a_rule_is_suspended(town: Any) -> None:
    rule = town.catalog.rule(RULE)
    newer = replace(rule, version=2)

    def stopped() -> list[str]:
        events = ask(town, lambda log: current.notices(log, "hrss"))
        return [e.reason for e in current.suspended(events, "hrss")]

    town.send("notice.hrss", [event(rule, 1), event(rule, 7, "suspended", "precision"), event(rule, 1)])
    assert stopped() == ["precision"]
    town.send("notice.hrss", [event(newer, 9)])
    assert stopped() == []
    town.send("notice.hrss", [event(newer, 12, "suspended", "expired")])
    assert stopped() == ["expired"]
    assert current.suspended(ask(town, lambda log: current.notices(log, "hrss")), "tax") == []


def missing(catalog: Catalog) -> Rule:
    exempt = ExculpatingSource(
        "exempt", "market.enterprise", "legal_rep_id", Temporal(SHARED_DAY), (), Text("豁免", "an exemption")
    )
    return replace(catalog.rule(RULE), kind="missing", exculpations=(exempt,))


def words(town: Any, alert: Alert, rule: Rule) -> str:
    made = explain(alert, rule, town.catalog)
    return "\n".join([*lines_of(made, "zh"), *lines_of(made, "en")])


def test_what_is_missing_is_explained_as_missing(town: Any) -> None:
    nothing = Evidence("tax", "tax.wage_withholding", None, "", None, absent=True)
    said = words(town, msgspec.structs.replace(town.alert(1), evidence=[nothing]), missing(town.catalog))
    assert "查无" in said
    assert "nothing found: wage tax was withheld" in said


def test_a_fact_elsewhere_that_speaks_for_the_person_is_said(town: Any) -> None:
    check = msgspec.structs.replace(
        town.alert(1).exculpations[0], code="exempt", resource="market.enterprise"
    )
    for holds, expected in ((True, ": applies"), (False, "asked, does not apply")):
        asked = [msgspec.structs.replace(check, holds=holds)]
        said = words(town, msgspec.structs.replace(town.alert(1), exculpations=asked), missing(town.catalog))
        assert '"an exemption"' in said
        assert expected in said


def test_a_department_that_is_told_the_bare_fact_is_told_so(town: Any) -> None:
    said = words(town, told_too(town, 1), town.catalog.rule(RULE))
    assert "discloses only that there is a discrepancy" in said


def test_what_a_department_is_not_told_is_not_said_to_be_absent(town: Any) -> None:
    bare = msgspec.structs.replace(told_too(town, 1), handle="", exculpations=[])
    said = words(town, bare, town.catalog.rule(RULE))
    assert "Only the rule's owner is told the record's handle." in said
    assert "declares no exculpations" not in said
