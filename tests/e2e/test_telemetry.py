"""What a worker tells its operators, from outside: figures that are the receipts' sums, readiness, logs, the end."""

import json
import socket
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.town import CLAIMS, RESOURCES, Town, Worker, wait_until
from topics.names import change_topic, receipt_topic
from topics.records import Record

SECRET = "330102198812241239"
ANY = ("--http", "127.0.0.1:0")
Sums = Counter[tuple[str, ...]]


def scraped(worker: Worker) -> dict[tuple[str, ...], float]:
    """(metric, label values in the order of their names...) > value."""
    status, text = worker.get("/metrics")
    assert status == 200
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def receipts(town: Town) -> Sums:
    """The same figures, added up from every receipt there is."""
    sums: Sums = Counter()
    for record in town.records(*map(receipt_topic, sorted(town.catalog.departments))):
        said = json.loads(record.value)
        source = (said["department"], said["resource"])
        sums["crosscheck_rows_received_total", *source] += sum(said["received"].values())
        sums["crosscheck_batches_total", *source, said["status"]] += 1
        for outcome in ("applied", "duplicate", "refused"):
            sums["crosscheck_rows_total", source[0], outcome, source[1]] += said[outcome]
        for reason, rows in said["reasons"].items():
            sums["crosscheck_refusals_total", source[0], reason, source[1]] += rows
    return sums


def test_figures_are_the_sums_of_the_receipts(village: Town, hamlet: Path) -> None:
    worker = village.start(*ANY)
    village.publish_all(hamlet)
    village.publish_all(hamlet, RESOURCES[:1])
    seen = village.records(change_topic(CLAIMS))
    again, hostile = seen[0], Record(b"k", f'{{"name": "{SECRET}"}}'.encode())
    village.append(change_topic(CLAIMS), Record(again.key, again.value, again.headers), hostile)
    wait_until(lambda: len(village.records("dlq.hrss")) == 1, "the dead letter")
    wait_until(
        lambda: receipts(village)["crosscheck_batches_total", "hrss", CLAIMS, "duplicate"], "duplicate"
    )
    sums = +receipts(village)
    wait_until(lambda: sums.items() <= scraped(worker).items(), "figures that are the receipts'", 10)
    figures = scraped(worker)
    assert sums["crosscheck_refusals_total", "hrss", "not_a_batch", CLAIMS] == 1
    assert sums["crosscheck_rows_total", "hrss", "applied", CLAIMS] > 500
    counted = {key: v for key, v in figures.items() if key[0] in {name for name, *_ in sums} and v}
    assert counted == dict(sums)
    assert figures["crosscheck_dead_letters_total", "hrss"] == 1
    said = [json.loads(record.value) for record in village.records("alert.hrss")]
    states = Counter(alert["state"] for alert in said)
    rule = "benefit-while-employed"
    found = {state: figures["crosscheck_alerts_said_total", rule, state, "false"] for state in states}
    assert found == states
    assert figures["crosscheck_partitions_owned",] == village.catalog.partitions
    assert figures["crosscheck_rule_in_force", "active", rule] == village.catalog.partitions
    wait_until(lambda: lags(worker) == {0.0}, "lags told, and nothing behind", 20)
    assert SECRET.encode() not in worker.get("/metrics")[1]
    status, seconds = worker.stop()
    assert (status, seconds < 8) == (0, True), worker.text


def lags(worker: Worker) -> set[float]:
    return {value for key, value in scraped(worker).items() if key[0] == "crosscheck_lag_records"}


def test_ready_after_recovery_and_not_before(village: Town, hamlet: Path) -> None:
    first = village.start()
    village.publish_all(hamlet)
    first.stop()
    worker = village.start(*ANY, ready=False, data=village.folder / "elsewhere")
    told = []
    wait_until(lambda: told.append(worker.get("/readyz")) or told[-1][0] == 200, "ready", 30, 0.002)
    bodies = [(status, json.loads(body)) for status, body in told]
    assert bodies[0] == (503, {"ready": False, "assigned": False, "owned": [], "recovering": {}})
    partitions = list(range(village.catalog.partitions))
    assert bodies[-1] == (200, {"ready": True, "assigned": True, "owned": partitions, "recovering": {}})
    for status, body in bodies[1:-1]:
        assert status == 503
        assert not body["assigned"] or body["recovering"]
        assert all(0 <= w["position"] < w["end"] for w in body["recovering"].values())
    status, body = worker.get("/healthz")
    assert (status, json.loads(body)["alive"]) == (200, True)


def test_a_worker_too_many_stands_by_and_takes_over(
    town: Town, hamlet: Path, declared: Callable[[str, str, str], Path]
) -> None:
    town.declare(declared("city.yml", "partitions: 8", "partitions: 1"))
    workers = [town.start(*ANY, data=town.folder / str(number)) for number in range(2)]
    wait_until(lambda: sorted(map(owned, workers)) == [[], [0]], "one at work, one that stands by")
    (at_work, spare) = sorted(workers, key=owned, reverse=True)
    town.publish_all(hamlet)
    at_work.kill()
    wait_until(lambda: owned(spare) == [0], "its turn")
    assert town.publish(CLAIMS, hamlet / f"{CLAIMS}.csv").changed == 0


def owned(worker: Worker) -> list[int]:
    """Partitions of `facts` that a worker has; [-1] while it is not ready."""
    status, body = worker.get("/readyz")
    said = json.loads(body)
    assert said["ready"] == (status == 200)
    partitions: list[int] = said["owned"]
    return partitions if said["ready"] else [-1]


def test_a_port_in_use_is_said_in_one_line(village: Town) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = village.cli("worker", CROSSCHECK_HTTP=address)
        logged = village.cli("worker", CROSSCHECK_HTTP=address, CROSSCHECK_LOGS="json")
    assert (done.returncode, logged.returncode) == (2, 2)
    last = done.stderr.decode().splitlines()[-1]
    assert last.startswith(f"error: --http {address}: another program listens there -> ")
    assert b"Traceback" not in done.stderr + logged.stderr
    assert json.loads(logged.stderr.splitlines()[-1])["level"] == "critical"


def test_json_logs_are_one_object_a_line(village: Town) -> None:
    worker = village.start("--logs", "json", *ANY)
    village.append(change_topic(CLAIMS), Record(b"k", SECRET.encode()))
    wait_until(lambda: "refused" in worker.text, "the refusal in the log")
    assert worker.stop()[0] == 0
    events = [json.loads(line) for line in worker.text.splitlines()]
    assert all({"time", "level", "logger", "message"} <= event.keys() for event in events)
    messages = [event["message"] for event in events]
    assert messages[-1] == "worker stopped"
    assert f"refused {change_topic(CLAIMS)}[0]@0: not_a_batch" in messages
    assert SECRET not in worker.text
