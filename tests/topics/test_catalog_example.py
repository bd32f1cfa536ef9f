"""The example city loads, says what issue 2 says, and answers lookups with the name that was meant."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from topics.catalog import EXAMPLE, Catalog, check_catalog, load_catalog
from topics.errors import NotFound

HEADERS = {
    "hrss.unemployment_benefit": ("claim_no", "person_id", "name", "month", "amount"),
    "hrss.social_insurance": (
        "record_no",
        "person_id",
        "name",
        "employer_uscc",
        "period_start",
        "period_end",
        "kind",
        "paid_on",
    ),
    "tax.wage_withholding": ("record_no", "person_id", "name", "employer_uscc", "month", "income"),
    "market.enterprise": (
        "uscc",
        "name",
        "legal_rep_id",
        "legal_rep_name",
        "status",
        "registered_on",
        "cancelled_on",
    ),
}
CROSSING = {
    "hrss.unemployment_benefit": {"claim_no": "key", "person_id": "person", "month": "month"},
    "hrss.social_insurance": {
        "record_no": "key",
        "person_id": "person",
        "period_start": "start",
        "period_end": "end",
        "kind": "code",
    },
    "tax.wage_withholding": {"record_no": "key", "person_id": "person", "month": "month"},
    "market.enterprise": {
        "uscc": "key",
        "legal_rep_id": "person",
        "status": "code",
        "registered_on": "start",
        "cancelled_on": "end",
    },
}


@pytest.fixture(scope="module")
def city() -> Catalog:
    return load_catalog()


def test_nothing_to_report() -> None:
    assert check_catalog(EXAMPLE) == []
    assert check_catalog(EXAMPLE, today=date(2026, 1, 1)) == []


def test_csv_headers(city: Catalog) -> None:
    assert {resource.id: resource.header for resource in city.resources.values()} == HEADERS


def test_only_keys_subjects_periods_and_codes_cross(city: Catalog) -> None:
    crossing = {
        resource.id: {
            field.name: field.subject or field.fact or "key"
            for field in resource.fields
            if "key" in field.roles or field.subject or field.fact
        }
        for resource in city.resources.values()
    }
    assert crossing == CROSSING


def test_fields_of_the_enterprise_register(city: Catalog) -> None:
    enterprise = city.resource("market.enterprise")
    uscc = enterprise.field("uscc")
    assert uscc.roles == {"key", "identifier"}
    assert (uscc.kind, uscc.subject, uscc.required) == ("uscc", None, True)
    assert enterprise.key_field is uscc
    assert [field.name for field in enterprise.subject_fields] == ["legal_rep_id"]
    assert enterprise.code_fields == {"status": ("active", "dormant", "revoked", "cancelled")}
    assert not enterprise.field("cancelled_on").required
    assert enterprise.fact_field("month") is None


def test_types(city: Catalog) -> None:
    benefit = city.resource("hrss.unemployment_benefit")
    assert [field.type for field in benefit.fields] == ["string", "string", "string", "month", "amount"]
    insurance = city.resource("hrss.social_insurance")
    assert insurance.field("kind").type == "code"
    assert insurance.field("paid_on").type == "date"


def test_the_rule(city: Catalog) -> None:
    (rule,) = city.active_rules
    assert rule.resources == (
        "hrss.unemployment_benefit",
        "hrss.social_insurance",
        "tax.wage_withholding",
        "market.enterprise",
    )
    excused = {e.resource: {x.attribute: x.values for x in e.exculpations} for e in rule.evidence}
    assert excused == {
        "hrss.social_insurance": {"kind": {"back_payment"}},
        "tax.wage_withholding": {},
        "market.enterprise": {"status": {"dormant", "revoked", "cancelled"}},
    }
    assert {decision for decision, _ in rule.reasons.values()} == {"confirmed", "dismissed"}
    assert all(city.rules_touching(resource) == (rule,) for resource in city.resources)


def test_lookups_suggest_the_nearest_name(city: Catalog) -> None:
    with pytest.raises(NotFound, match=r"did you mean 'hrss\.social_insurance'"):
        city.resource("hrss.social_insurence")
    with pytest.raises(NotFound, match="one of: hrss, market, tax"):
        city.department("xyz")
    with pytest.raises(NotFound, match="did you mean 'person_id'"):
        city.resource("tax.wage_withholding").field("persn_id")


def test_every_text_has_both_languages(city: Catalog) -> None:
    titles = [field.title for resource in city.resources.values() for field in resource.fields]
    titles += [thing.title for thing in (*city.departments.values(), *city.resources.values())]
    assert all(any(ord(char) > 0x2E80 for char in title.zh) for title in titles)
    assert all(title.en.isascii() for title in titles)


def test_example_is_inside_the_package() -> None:
    assert EXAMPLE.is_relative_to(Path(sys.modules["topics.catalog"].__file__ or "").parent)


def test_catalog_is_readable_without_the_heavy_parts() -> None:
    code = (
        "import sys, topics.catalog as c; c.load_catalog(); "
        "print([m for m in ('faust', 'duckdb', 'rocksdict', 'rapidfuzz', 'asyncio') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
