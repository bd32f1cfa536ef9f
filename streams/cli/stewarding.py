"""`crosscheck check`, `topics` and `keys`: the catalog steward's and the operator's commands (目录管理员)."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from streams.cli.screen import Broker, CatalogFolder, Data, Json, err, out, run, write_json, write_lines
from streams.clock import wall_clock
from streams.publisher.keys import KeyRing
from streams.settings import Settings
from streams.transport.port import connect
from topics.catalog import check_catalog, load_catalog
from topics.catalog.load import EXAMPLE
from topics.errors import CatalogInvalid
from topics.names import FOR_EVER, topic_specs


def check(catalog: CatalogFolder = None, json: Json = False) -> None:
    """Validate a catalog (目录): every error with file, line and remedy."""
    settings = Settings.resolve(None, None, catalog)
    findings = check_catalog(settings.catalog or EXAMPLE, today=wall_clock())
    if json:
        write_lines({"where": f.where, "what": f.what, "remedy": f.remedy} for f in findings)
    if findings:
        raise CatalogInvalid(findings)
    loaded = load_catalog(settings.catalog)
    counts = (
        f"{len(loaded.departments)} departments, {len(loaded.resources)} resources, {len(loaded.rules)} rules"
    )
    err.print(f"catalog {loaded.name}: {counts}, no errors")


def topics(
    create: Annotated[
        bool, typer.Option("--create", help="create what is missing, compare what is there")
    ] = False,
    broker: Broker = None,
    data: Data = None,
    catalog: CatalogFolder = None,
    json: Json = False,
) -> None:
    """Topics that the catalog calls for: partitions, retention, who writes and who reads."""
    settings = Settings.resolve(broker, data, catalog)
    specs = topic_specs(load_catalog(settings.catalog))
    if create:
        made = run(_create(settings))
        err.print(f"created {len(made)} topic(s) on {settings.broker}")
    if json:
        write_lines({name: getattr(spec, name) for name in spec.__slots__} for spec in specs)
        return
    table = Table("topic", "partitions", "kept", "written by", "read by", box=None)
    for spec in specs:
        kept = "newest per key" if spec.compact else _days(spec.retention_ms)
        table.add_row(spec.name, str(spec.partitions), kept, spec.writer, ", ".join(spec.readers))
    out.print(table)


def _days(retention_ms: int) -> str:
    return "for ever" if retention_ms == FOR_EVER else f"{retention_ms // 86_400_000} days"


async def _create(settings: Settings) -> list[str]:
    async with connect(settings.broker) as log:
        return await log.ensure(topic_specs(load_catalog(settings.catalog)))


def keys(
    folder: Annotated[Path | None, typer.Option(help="where to put them (default: DATA/keys)")] = None,
    data: Data = None,
    catalog: CatalogFolder = None,
    json: Json = False,
) -> None:
    """Make the keys that are missing: the linkage key and one per department. None is ever printed."""
    settings = Settings.resolve(None, data, catalog)
    ring = KeyRing(folder or settings.data / "keys", True, {})
    made = ring.made(sorted(load_catalog(settings.catalog).departments))
    if json:
        write_json({"folder": str(ring.folder), "made": made})
    err.print(f"made {', '.join(made) or 'none, all were there'} in {ring.folder} (mode 0600)")
    err.print(
        "the linkage key goes to every front node, a department's key only to that department, none to the hub"
    )
