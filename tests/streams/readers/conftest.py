"""A small embedded log, as the hub and an officer would leave it, and a key that opens its handles."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from matchers.token import HandleSeal
from streams.publisher.keys import KeyRing
from streams.transport.port import BrokerURL, connect
from topics.alerts import Alert, Disposition, Evidence, ExculpationCheck, Result, SourceStatus
from topics.batch import Counts
from topics.catalog import EXAMPLE, Catalog, load_catalog
from topics.codec import encode
from topics.names import (
    COMPLETENESS,
    alert_topic,
    disposition_topic,
    receipt_topic,
    result_topic,
    topic_specs,
)
from topics.receipts import Completeness, Receipt
from topics.records import Record

RULE = "benefit-while-employed"
CLAIMS = "hrss.unemployment_benefit"
AT = "2008-06-01T09:30:15.123+00:00"
KEY = "UB2008-MARKER-"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BROKER", "DATA", "CATALOG", "KEYS"):
        monkeypatch.delenv(f"CROSSCHECK_{name}", raising=False)


@dataclass(frozen=True, slots=True)
class Town:
    """A data folder with a log in it."""

    data: Path
    catalog: Catalog
    seal: HandleSeal

    @property
    def broker(self) -> BrokerURL:
        return BrokerURL.parse(f"embedded://{self.data / 'log'}")

    def send(self, topic: str, nouns: Iterable[object], headers: Mapping[str, str] | None = None) -> None:
        named = tuple((name, text.encode()) for name, text in (headers or {}).items())
        asyncio.run(self._send(topic, [Record(b"k", encode(noun), named) for noun in nouns]))

    async def _send(self, topic: str, records: list[Record]) -> None:
        async with connect(self.broker) as log:
            await log.ensure(topic_specs(self.catalog))
            await (await log.send(topic, 0, records))

    def handle(self, number: int) -> str:
        return self.seal.seal(f"{KEY}{number}")

    def alert(self, number: int, state: str = "open", revision: int = 10, version: int = 1) -> Alert:
        """Alert `number` with one piece of evidence per state but withdrawn."""
        held = state == "explained"
        found = Evidence(
            "hrss",
            "hrss.social_insurance",
            "back_payment" if held else "regular",
            "2008-05",
            "back_payment" if held else None,
        )
        return Alert(
            alert_id=f"{number:032x}",
            rule=RULE,
            rule_version=version,
            revision=revision,
            state=state,
            department="hrss",
            resource=CLAIMS,
            handle=self.handle(number),
            period="2008-05",
            evidence=[] if state == "withdrawn" else [found],
            exculpations=[ExculpationCheck("back_payment", "hrss.social_insurance", held)],
            sources=[SourceStatus(r, True, AT) for r in self.catalog.rule(RULE).resources],
            batches=[f"{CLAIMS}/1/0/1"],
            bucket=number % 2,
            updated_at=AT,
        )

    def result(self, number: int, verdict: str = "clear", revision: int = 10) -> Result:
        return Result(
            f"{number:032x}", RULE, 1, revision, verdict, CLAIMS, self.handle(number), number % 2, AT
        )

    def decision(self, number: int, decision: str = "confirmed", reason: str = "employed") -> Disposition:
        return Disposition(f"{number:032x}", RULE, 10, decision, reason, "Li", AT)

    def receipt(self, seq: int, run: str | None, sent: Counts | None, status: str = "applied") -> Receipt:
        rows = sent.total if sent else 0
        refused = status == "refused"
        return Receipt(
            batch=f"{CLAIMS}/1/0/{seq}" if run else None,
            department="hrss",
            resource=CLAIMS,
            run=run,
            bucket=0 if run else None,
            status=status,
            sent=sent,
            received=sent or Counts(),
            applied=0 if refused else rows,
            duplicate=0,
            refused=rows if refused else 0,
            reasons={"bad_row": rows or 1} if refused else {},
            position=f"facts[0]@{seq}",
            at=AT if run else "1212312615123",
        )

    def complete(self, resource: str, bucket: int, missing: Iterable[int] = ()) -> Completeness:
        left = list(missing)
        return Completeness(resource, bucket, 1, not left, AT, left, 5)

    def delivered(self) -> None:
        """Everything that the rule looks at is delivered in full in both buckets."""
        resources = self.catalog.rule(RULE).resources
        self.send(COMPLETENESS, [self.complete(r, bucket) for r in resources for bucket in (0, 1)])


@pytest.fixture
def empty_town(tmp_path: Path) -> Town:
    """No topic has anything in it."""
    data = tmp_path / "data"
    seal = HandleSeal(KeyRing.at(data, generate=True).department("hrss"), CLAIMS)
    catalog = load_catalog(EXAMPLE)
    first = replace(catalog.rule(RULE), version=1)
    town = Town(data, replace(catalog, rules={RULE: first}), seal)
    town.send(alert_topic("hrss"), [])
    return town


@pytest.fixture
def town(empty_town: Town) -> Town:
    """Alerts 1 open, 2 explained, 3 withdrawn, 4 and 5 open; results 1..6; 1, 4, 5 decided; two runs sent."""
    t = empty_town
    alerts = [
        t.alert(1),
        t.alert(2, "explained"),
        t.alert(3),
        t.alert(3, "withdrawn", 11),
        t.alert(4),
        t.alert(5),
    ]
    t.send(alert_topic("hrss"), [*alerts, t.alert(1)])  # said again after a crash
    verdicts = ("discrepancy", "explained", "withdrawn", "discrepancy", "discrepancy", "clear")
    t.send(result_topic("hrss"), [t.result(n, verdict) for n, verdict in enumerate(verdicts, 1)])
    decisions = [t.decision(1, "dismissed", "source_error"), t.decision(1), t.decision(4)]
    t.send(
        disposition_topic("hrss"), [*decisions, t.decision(5, "dismissed", "identity_misuse"), t.decision(99)]
    )
    first = t.receipt(1, "run-1", Counts(insert=4))
    receipts = [first, first, t.receipt(2, "run-1", Counts(insert=2)), t.receipt(3, "run-2", Counts(1, 2, 3))]
    t.send(receipt_topic("hrss"), receipts)
    t.delivered()
    return t


@pytest.fixture
def gathered() -> Callable[[Town], object]:
    """The content of a snapshot of a town."""
    from streams.readers.snapshot import gather

    async def read(town: Town) -> object:
        async with connect(town.broker) as log:
            return await gather(log, town.catalog)

    return lambda town: asyncio.run(read(town))
