"""Nothing that is not listed is logged, whoever logs it and however it gets onto a record."""

import io
import logging
from collections.abc import Iterator

import orjson
import pytest

from streams.telemetry.logs import FIELDS, WITHHELD, JsonLines, TextLines
from topics.errors import BrokerUnavailable

SECRET = "330102198812241239"
TOKEN = "9f86d081884c7d659a2feaa0c55ad015"
NAME = "金丝雀甲"


class Written:
    """What a logger writes in both forms."""

    def __init__(self) -> None:
        self.json, self.plain = io.StringIO(), io.StringIO()
        self.handlers = [logging.StreamHandler(self.json), logging.StreamHandler(self.plain)]
        self.handlers[0].setFormatter(JsonLines())
        self.handlers[1].setFormatter(TextLines())

    @property
    def text(self) -> str:
        return self.json.getvalue() + self.plain.getvalue()

    def events(self) -> list[dict]:
        return [orjson.loads(line) for line in self.json.getvalue().splitlines()]

    def leaks(self) -> list[str]:
        return [secret for secret in (SECRET, TOKEN, NAME) if secret in self.text]


@pytest.fixture
def written() -> Iterator[Written]:
    made = Written()
    root = logging.getLogger()
    for handler in made.handlers:
        root.addHandler(handler)
    yield made
    for handler in made.handlers:
        root.removeHandler(handler)


def _explode() -> None:
    """What a library does that shows what it was working on."""
    try:
        {}[SECRET]
    except KeyError as error:
        raise ValueError(f"no row {SECRET} of {NAME}") from error


def test_one_object_a_line(written: Written) -> None:
    extra = {
        "topic": "change.hrss.unemployment_benefit",
        "partition": 3,
        "offset": 17,
        "seconds": 0.25,
        "rows": 5,
    }
    logging.getLogger("crosscheck.hub").warning("refused\n%s", "twice", extra=extra)
    (event,) = written.events()
    assert event.pop("time").endswith("+00:00")
    assert event == {"level": "warning", "logger": "crosscheck.hub", "message": "refused\ntwice", **extra}
    assert "topic=change.hrss.unemployment_benefit | partition=3" in written.plain.getvalue()


def test_hostile_extras_are_dropped(written: Written) -> None:
    extra = dict.fromkeys(FIELDS, SECRET) | {"subject": SECRET, "handle": TOKEN, "row": {"name": NAME}}
    logging.getLogger("crosscheck.join").warning("odd", extra=extra)
    extra = {name: int(SECRET) for name in FIELDS} | {"token": bytes.fromhex(TOKEN), "people": [NAME]}
    logging.getLogger("crosscheck.join").warning("odd", extra=extra)
    extra = dict.fromkeys(FIELDS, f"id.{SECRET}")
    logging.getLogger("crosscheck.join").warning("odd", extra=extra)
    extra = {name: [SECRET, {NAME: 1.0}] for name in FIELDS}
    logging.getLogger("crosscheck.join").warning("odd", extra=extra, stack_info=True)
    assert written.leaks() == []
    assert [set(event) for event in written.events()] == [{"time", "level", "logger", "message"}] * 4


@pytest.mark.parametrize("logger", ["crosscheck.partition", "faust.app", "aiokafka.consumer"])
def test_an_exception_is_its_kind_and_our_frames(written: Written, logger: str) -> None:
    try:
        _explode()
    except ValueError:
        logging.getLogger(logger).error("a batch failed", exc_info=True)
    assert written.leaks() == []
    (event,) = written.events()
    assert event["exception"] == {"type": "ValueError", "frames": [], "cause": "KeyError"}
    assert "Traceback" not in written.text


def test_our_own_frames_are_told() -> None:
    from streams.settings import Address

    record = logging.LogRecord("crosscheck", logging.ERROR, __file__, 1, "x", (), None)
    try:
        Address.parse("nothing")
    except Exception as error:
        record.exc_info = (type(error), error, error.__traceback__)
    said = orjson.loads(JsonLines().format(record))["exception"]
    assert [frame.partition(":")[0] for frame in said["frames"]] == ["streams/settings.py"]
    assert said["text"].startswith("--http: not HOST:PORT")


def test_the_text_of_our_errors_is_told(written: Written) -> None:
    try:
        raise BrokerUnavailable("no answer", where="kafka://127.0.0.1:9092", remedy="start it")
    except BrokerUnavailable:
        logging.getLogger("crosscheck.worker").exception("stopped")
    assert written.events()[0]["exception"]["text"] == "kafka://127.0.0.1:9092: no answer -> start it"


def test_of_others_only_the_template_is_told(written: Written) -> None:
    faust = logging.getLogger("faust.agents")
    faust.error("[^--Agent: join]: Crashed reason=%r", ValueError(SECRET), exc_info=ValueError(NAME))
    faust.error(f"could not decode {SECRET}")
    faust.error(f"could not decode {NAME}")
    faust.error(f"unknown key {TOKEN}")
    faust.error(f"row %s of {SECRET}", NAME)
    faust.error(ValueError(SECRET))
    faust.error("Cannot join the group: it is rebalancing")
    assert written.leaks() == []
    assert [event["message"] for event in written.events()] == [
        "[^--Agent: join]: Crashed reason=%r",
        *[WITHHELD] * 5,
        "Cannot join the group: it is rebalancing",
    ]
    assert all(event["at"].startswith("test_logs.py:") for event in written.events())


def test_a_logger_that_only_sounds_like_ours_is_not(written: Written) -> None:
    logging.getLogger("crosscheckers").error(f"row {SECRET}")
    assert written.leaks() == []
