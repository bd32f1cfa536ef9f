"""Topic names, sizes and rights follow from the catalog; no department can read another's."""

import re
from dataclasses import replace

import pytest

from topics import names
from topics.catalog import Catalog, load_catalog
from topics.errors import ContractError

# Kafka: legal characters, and '.' and '_' count as the same in metric names.
LEGAL = re.compile(r"[a-zA-Z0-9._-]{1,249}")
YEAR_MS = 365 * 24 * 3600 * 1000


@pytest.fixture(scope="module")
def city() -> Catalog:
    return load_catalog()


def test_canonical_names() -> None:
    assert names.FACTS == "facts"
    assert names.COMPLETENESS == "completeness"
    assert names.change_topic("hrss.unemployment_benefit") == "change.hrss.unemployment_benefit"
    assert names.alert_topic("hrss") == "alert.hrss"
    assert names.trial_topic("hrss") == "trial.hrss"
    assert names.notice_topic("hrss") == "notice.hrss"
    assert names.result_topic("hrss") == "result.hrss"
    assert names.receipt_topic("tax") == "receipt.tax"
    assert names.dlq_topic("tax") == "dlq.tax"
    assert names.disposition_topic("hrss") == "disposition.hrss"


def test_resource_of_reverses_change_topic(city: Catalog) -> None:
    for resource in city.resources:
        assert names.resource_of(names.change_topic(resource)) == resource


@pytest.mark.parametrize("topic", ["facts", "alert.hrss", "change.hrss", "change.a.b.c", "changes.a.b", ""])
def test_resource_of_refuses_other_topics(topic: str) -> None:
    with pytest.raises(ContractError):
        names.resource_of(topic)


def test_every_topic_once(city: Catalog) -> None:
    found = [spec.name for spec in names.topic_specs(city)]
    assert found == sorted(set(found))
    assert len(found) == 3 + 4 + 7 * 3
    assert all(LEGAL.fullmatch(name) for name in found)
    assert len({name.replace("_", ".") for name in found}) == len(found)


def test_sizes_and_retention(city: Catalog) -> None:
    specs = {spec.name: spec for spec in names.topic_specs(city)}
    assert specs["facts"].partitions == city.partitions == 8
    assert {spec.partitions for name, spec in specs.items() if name != "facts"} == {1}
    forever = {
        "facts",
        "completeness",
        *(f"{kind}.{d}" for kind in ("alert", "trial", "result") for d in city.departments),
    }
    assert {name for name, spec in specs.items() if spec.retention_ms == -1} == forever
    assert {name.split(".")[0] for name, spec in specs.items() if spec.compact} == {"completeness", "result"}
    assert specs["change.hrss.unemployment_benefit"].retention_ms == 604_800_000
    assert specs["dlq.tax"].retention_ms == 7_776_000_000
    assert specs["receipt.tax"].retention_ms == YEAR_MS
    assert specs["disposition.hrss"].retention_ms >= 5 * YEAR_MS + 2 * 24 * 3600 * 1000


def test_partitions_come_from_the_catalog(city: Catalog) -> None:
    specs = {spec.name: spec for spec in names.topic_specs(replace(city, partitions=3))}
    assert specs["facts"].partitions == 3


def test_one_writer_and_the_hub_reads(city: Catalog) -> None:
    for spec in names.topic_specs(city):
        writers = [
            who for who, operation, topic in names.acls(city) if (operation, topic) == ("WRITE", spec.name)
        ]
        assert writers == [spec.writer]
        assert names.HUB in spec.readers


def test_no_department_touches_another(city: Catalog) -> None:
    for principal, _, topic in names.acls(city):
        if principal != names.HUB and topic != names.COMPLETENESS:
            assert principal.split("-")[1] == topic.split(".")[1], (principal, topic)


def test_what_each_principal_may_do(city: Catalog) -> None:
    rights = {(who, operation, topic.split(".")[0]) for who, operation, topic in names.acls(city)}
    assert {right for right in rights if right[0] == "front-hrss"} == {
        ("front-hrss", "WRITE", "change"),
        ("front-hrss", "READ", "receipt"),
        ("front-hrss", "READ", "dlq"),
    }
    assert {right for right in rights if right[0] == "officer-hrss"} == {
        ("officer-hrss", "READ", "alert"),
        ("officer-hrss", "READ", "completeness"),
        ("officer-hrss", "READ", "trial"),
        ("officer-hrss", "READ", "notice"),
        ("officer-hrss", "READ", "result"),
        ("officer-hrss", "READ", "receipt"),
        ("officer-hrss", "READ", "disposition"),
        ("officer-hrss", "WRITE", "disposition"),
    }


def test_only_the_hub_reads_changes_and_facts(city: Catalog) -> None:
    readers = {
        who for who, op, topic in names.acls(city) if op == "READ" and topic.startswith(("change", "facts"))
    }
    assert readers == {names.HUB}


def test_acls_are_sorted_and_unique(city: Catalog) -> None:
    found = names.acls(city)
    assert found == sorted(set(found))
