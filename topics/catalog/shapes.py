"""The shape of each catalog file, as pydantic models: the edge between YAML and the model.

Resources follow the Open Data Contract Standard v3; of its keys, those Crosscheck does not use are
accepted and ignored. Rules: strict types, unknown keys refused, nothing repaired or defaulted silently.
Must not know: other files, so no cross references (topics.catalog.checks).
"""

from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic.alias_generators import to_camel

from topics.catalog.model import FactKind, FieldType, IdentifierKind, SharingType, Subject
from topics.catalog.rule import Allen, Decision, Edge, RuleKind, RuleStatus
from topics.limits import MAX_DAYS, MAX_NUMBER, MAX_PARTITIONS, MAX_VERSION, MAX_WORKING_DAYS

# No underscore in a department: topic names would collide in Kafka, which takes '.' and '_' for the same.
DepartmentId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]{0,29}$")]
SnakeName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
KebabName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,59}$")]
ResourceId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]{0,29}\.[a-z][a-z0-9_]{0,59}$")]
Version = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}$")]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Code = Annotated[str, StringConstraints(pattern=r"^\S+$", max_length=60)]
# Every number has both bounds: one that does not fit into a record would stop every worker that meets it.
Count = Annotated[int, Field(ge=1, le=MAX_NUMBER)]
Amount = Annotated[int, Field(ge=0, le=MAX_NUMBER)]
Days = Annotated[int, Field(ge=0, le=MAX_DAYS)]
WorkingDays = Annotated[int, Field(ge=0, le=MAX_WORKING_DAYS)]


class Shape(BaseModel):
    """Common to all: strict, closed."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, defer_build=True)


class TextShape(Shape):
    zh: Words
    en: Words


class DepartmentShape(Shape):
    id: DepartmentId
    title: TextShape


class CityShape(Shape):
    name: KebabName
    title: TextShape
    partitions: int = Field(ge=1, le=MAX_PARTITIONS)
    departments: list[DepartmentShape] = Field(min_length=1)
    includes: list[Words] = []


class GrantShape(Shape):
    id: KebabName
    department: DepartmentId
    resource: ResourceId
    purpose: TextShape
    legal_basis: Words
    duty: Words
    mode: Literal["comparison"]
    valid_until: date
    agreement: Words


class GrantsShape(Shape):
    grants: list[GrantShape]


class ExculpationShape(Shape):
    code: SnakeName
    attribute: SnakeName
    values: list[Code] = Field(min_length=1)
    text: TextShape


class WindowShape(Shape):
    """Evidence begins within so many days of the anchor's start or end."""

    days: Days | None = None
    working_days: WorkingDays | None = None
    of: Edge = "start"
    side: Literal["after", "before", "either"] = "after"


class WordyShape(Shape):
    """Keys with values, or one word that stands for them."""

    word: ClassVar[str]

    @model_validator(mode="before")
    @classmethod
    def _written_out(cls, data: Any) -> Any:
        return {cls.word: data} if isinstance(data, str) else data


class TemporalShape(WordyShape):
    """A temporal condition: a period predicate, or Allen's relations by name; `temporal: overlaps` for short."""

    word = "relation"
    relation: Literal["overlaps", "contains", "equals", "precedes", "succeeds", "any"] | None = None
    allen: list[Allen] = []
    at_least_days: int = Field(default=1, ge=1, le=MAX_DAYS)
    within: WindowShape | None = None


class RequireShape(WordyShape):
    """How many of the evidence sources: `require: any`, `require: all`, `require: {at_least: 2}`."""

    word = "sources"
    sources: Literal["any", "all"] = "any"
    at_least: Count | None = None


OVERLAPS = TemporalShape(relation="overlaps")
Where = dict[SnakeName, list[Code]]


class CompareShape(Shape):
    anchor: SnakeName
    evidence: SnakeName
    hit: Literal["different", "same"] = "different"
    agree: dict[Code, list[Code]] = {}


class EvidenceShape(Shape):
    resource: ResourceId
    subject_field: SnakeName
    where: Where = {}
    temporal: TemporalShape | None = None
    compare: CompareShape | None = None
    amount: SnakeName | None = None
    exculpations: list[ExculpationShape] = []
    discloses: SnakeName | None = None
    text: TextShape


class ExculpatingShape(Shape):
    """A fact elsewhere that speaks for the person."""

    code: SnakeName
    resource: ResourceId
    subject_field: SnakeName
    where: Where = {}
    temporal: TemporalShape = OVERLAPS
    text: TextShape


class DeadlineShape(Shape):
    days: Days | None = None
    working_days: WorkingDays | None = None
    of: Edge = "start"


class ThresholdShape(Shape):
    """`at_least` a number, or more than the anchor's own banded attribute by a margin."""

    measure: Literal["count", "sum"]
    at_least: Count | None = None
    exceeds: SnakeName | None = None
    margin: Amount = 0


class ReasonShape(Shape):
    decision: Decision
    text: TextShape


class RuleShape(Shape):
    id: KebabName
    version: int = Field(ge=1, le=MAX_VERSION)
    kind: RuleKind
    department: DepartmentId
    status: RuleStatus
    severity: Literal["low", "medium", "high"]
    title: TextShape
    purpose: TextShape
    legal_basis: Words
    grants: list[KebabName] = []
    anchor: ResourceId
    anchor_subject: SnakeName
    anchor_where: Where = {}
    temporal: TemporalShape = OVERLAPS
    require: RequireShape = RequireShape()
    evidence: list[EvidenceShape] = Field(min_length=1)
    exculpations: list[ExculpatingShape] = []
    deadline: DeadlineShape | None = None
    threshold: ThresholdShape | None = None
    allowed: Count | None = None
    disclosure: dict[DepartmentId, list[Literal["boolean", "month", "code", "band"]]] = {}
    precision_floor: float | None = Field(default=None, gt=0, lt=1)
    volume_cap: Count
    expires: date | None = None
    reasons: dict[SnakeName, ReasonShape]


class StandardShape(Shape):
    """A part of an ODCS contract: camel case, and keys of the standard that Crosscheck does not read."""

    model_config = ConfigDict(alias_generator=to_camel)
    ignored: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _drop_ignored(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {key: value for key, value in data.items() if key not in cls.ignored}


class ResourceCustom(StandardShape):
    """customProperties of a resource."""

    department: DepartmentId
    sharing_type: SharingType
    legal_basis: Words | None = None
    cadence: Literal["realtime", "daily", "weekly", "monthly", "quarterly", "yearly"]


class TableCustom(StandardShape):
    """customProperties of a resource's table."""

    title_en: Words


class FieldCustom(StandardShape):
    """customProperties of one field; the role of a field that names none is private."""

    title_en: Words
    role: Literal["identifier", "linkage", "fact", "private"] = "private"
    identifier_kind: IdentifierKind | None = None
    subject: Subject | None = None
    fact: FactKind | None = None
    codes: list[Code] = []
    bands: list[Amount] = []


class TypeOptions(StandardShape):
    """How a date is written."""

    format: Literal["yyyy-MM", "yyyy-MM-dd"]


class FieldShape(StandardShape):
    """One ODCS property."""

    ignored = frozenset(
        {
            "primaryKeyPosition",
            "physicalType",
            "physicalName",
            "description",
            "unique",
            "partitioned",
            "partitionKeyPosition",
            "classification",
            "encryptedName",
            "transformSourceObjects",
            "transformLogic",
            "transformDescription",
            "examples",
            "criticalDataElement",
            "quality",
            "authoritativeDefinitions",
            "tags",
        }
    )
    name: SnakeName
    business_name: Words
    logical_type: Literal["string", "date", "number"]
    logical_type_options: TypeOptions | None = None
    primary_key: bool = False
    required: bool = False
    custom_properties: FieldCustom


class TableShape(StandardShape):
    """One ODCS schema object."""

    ignored = frozenset(
        {
            "physicalType",
            "physicalName",
            "description",
            "dataGranularityDescription",
            "quality",
            "authoritativeDefinitions",
            "tags",
        }
    )
    name: SnakeName
    business_name: Words
    logical_type: Literal["object"] = "object"
    custom_properties: TableCustom
    properties: list[FieldShape] = Field(min_length=1)


class ResourceShape(StandardShape):
    """One ODCS contract; Crosscheck's contracts have exactly one table."""

    ignored = frozenset(
        {
            "tenant",
            "tags",
            "servers",
            "dataProduct",
            "description",
            "domain",
            "support",
            "price",
            "team",
            "roles",
            "slaDefaultElement",
            "slaProperties",
            "authoritativeDefinitions",
            "contractCreatedTs",
        }
    )
    api_version: Literal["v3.0.2", "v3.1.0"]
    kind: Literal["DataContract"]
    id: ResourceId
    name: SnakeName
    version: Version
    status: Literal["proposed", "draft", "active", "deprecated", "retired"]
    custom_properties: ResourceCustom
    tables: list[TableShape] = Field(alias="schema", min_length=1, max_length=1)


def field_type(field: FieldShape) -> FieldType:
    """Crosscheck's type of an ODCS property."""
    if field.logical_type == "date":
        options = field.logical_type_options
        return "month" if options and options.format == "yyyy-MM" else "date"
    if field.logical_type == "number":
        return "amount"
    return "code" if field.custom_properties.codes else "string"
