"""One history of the whole system, drawn from one number: departments, a broker, workers, and what befalls them.

    random acts (publish, deliver, crash, pause, ...)  >  rest (no more mishaps until nothing moves)  >  verdict

Real are the front of the hub (Hub, Partition, Outbox, Recovery, PartitionState) and every pure step; simulated are
Faust, the broker, disks and time. Everything is drawn from one Random(seed), so a seed is a history.
Must not know: what a history should come to (verdict).
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from random import Random
from typing import Any
from unittest.mock import patch

from faust.types import TP

from stores import state as state_module
from streams.agents import hub as hub_module
from streams.agents import outbox as outbox_module
from streams.agents import partition as partition_module
from streams.agents import recovery as recovery_module
from streams.agents import steward as steward_module
from streams.steps import memory as memory_module
from tests.differential.world import DAY, RESOURCES
from tests.simulation.broker import Broker, Group, SimulatedLog
from tests.simulation.city import (
    AT,
    PARTITIONS,
    Front,
    Sent,
    catalog_with,
    hostile,
    message,
    random_rule,
    word_on,
)
from tests.simulation.disk import Batch, Disks
from tests.simulation.loop import Time
from tests.simulation.process import Process, Shelves
from topics.control import Control, Tick, control_record
from topics.errors import BrokerUnavailable, OwnerReplaced
from topics.names import FACTS, change_topic
from topics.records import Record

ACTS = 300
REST_ROUNDS = 300
WORKERS = 3
MISHAPS = (
    "crash",
    "pause",
    "expire",
    "stop",
    "shuffle",
    "outage",
    "lose",
    "repeat",
    "hostile",
    "ship",
    "govern",
)
"""What may be left out of a history to make it smaller."""

TPS = [TP(FACTS, p) for p in range(PARTITIONS)] + [TP(change_topic(r), 0) for r in RESOURCES]


@dataclass(frozen=True)
class Options:
    """A history: its seed, what is left out of it, how many things a department does."""

    seed: int
    without: frozenset[str] = frozenset()
    events: int = 0

    @property
    def command(self) -> str:
        """What replays it."""
        words = f"python -m tests.simulation.run --seed {self.seed}"
        words += f" --without {','.join(sorted(self.without))}" if self.without else ""
        return words + (f" --events {self.events}" if self.events else "") + " --trace"


class Stuck(AssertionError):
    """The system does not come to rest."""


class Fell(AssertionError):
    """A worker ended by an error that nothing explains."""


@dataclass
class Simulation:
    """Everything of one history.

    `plain_turns`: a rule's second version, or its trial, never comes where steps are saved half-way. A turn that is
    begun again withdraws, in the name of the old rule, what the new one has said: known, and found without this.
    """

    options: Options
    tell: Callable[[str], None] | None = None
    fences: bool = True
    early: bool = True
    plain_turns: bool = True
    time: Time = field(default_factory=Time)
    disks: Disks = field(default_factory=Disks)
    group: Group = field(default_factory=Group)
    processes: list[Process] = field(default_factory=list)
    graves: list[Process] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    refused: int = 0
    told: list[Control] = field(default_factory=list)
    day: int = DAY

    def __post_init__(self) -> None:
        chance = self.chance = Random(self.options.seed)
        self.broker = Broker(self.time, transactions=chance.random() < 0.5, fences=self.fences, early=self.early)
        self.shelves = Shelves(self.disks)
        self.rules = [
            random_rule(chance, "rule-a", 1),
            random_rule(chance, "rule-b", 1),
            random_rule(chance, "rule-a", 2),
        ]
        self.long_steps = chance.random() < 0.3
        if self.long_steps and self.plain_turns:
            self.rules[2] = self.rules[0]
        self.catalog = catalog_with(*self.rules[: chance.choice((0, 1, 1, 2, 2))])
        self.waiting = self._scripts(self.options.events or chance.randint(4, 9))
        self.lost: list[tuple[str, Record]] = []
        self.weights = self._weights()

    def _scripts(self, events: int) -> dict[str, list[Sent]]:
        """What each department will send, in order."""
        fronts = [Front(resource, self.chance) for resource in RESOURCES]
        scripts: dict[str, list[Sent]] = {front.resource: [] for front in fronts}
        asked = [front for front in fronts if front.resource in {rule.anchor for rule in self.rules}]
        for _ in range(events):
            front = self.chance.choice((*fronts, *asked))
            scripts[front.resource] += front.act()
        for front in fronts:
            scripts[front.resource] += front.end()
        return scripts

    def _weights(self) -> tuple[list[Callable[[], None]], list[float]]:
        """Acts, and how likely each is: in every history other mishaps are rare, common, or do not happen."""
        plain = {
            self.publish: 3.0,
            self.arrive: 9.0,
            self.acknowledge: 7.0,
            self.run: 12.0,
            self.fetch: 6.0,
            self.tick: 3.0,
            self.commit: 2.0,
            self.learn: 2.0,
            self.form: 2.0,
            self.join: 4.0,
        }
        mishaps = {
            "crash": (self.crash, 0.4),
            "pause": (self.pause, 0.3),
            "stop": (self.stop, 0.1),
            "shuffle": (self.shuffle, 0.1),
            "outage": (self.outage, 0.3),
            "hostile": (self.hostile, 0.3),
            "ship": (self.ship, 0.5),
            "govern": (self.govern, 0.8),
        }
        favoured = ("govern", "crash") if self.long_steps else ()
        for name, (act, weight) in mishaps.items():
            share = 4.0 if name in favoured else self.chance.choice((0.0, 1.0, 1.0, 2.5))
            plain[act] = 0.0 if name in self.options.without else share * weight
        plain |= {self.start: 1.5, self.wake: 0.5, self.send_again: 0.7, self.expire: 3.0}
        return list(plain), list(plain.values())

    def note(self, *words: object) -> None:
        """A line of the trace."""
        if self.tell is not None:
            self.tell(f"{self.time.now:8.3f}  {' '.join(map(str, words))}")

    def play(self) -> None:
        """The history, to its end."""
        with self._patched(), closing(self):
            self._begin()
            acts, weights = self.weights
            chance = self.chance
            for act in chance.choices(acts, weights, k=ACTS):
                self.time.now += 0.004
                act()
                if chance.random() < 0.5:
                    self._end_the_failed()
            self.note("no more mishaps")
            self._rest()

    def _begin(self) -> None:
        """Workers start, and mostly have shared everything before anything befalls them."""
        for _ in range(self.chance.choice((1, 2, 2, WORKERS))):
            self.start()
        for _ in range(self.chance.choice((0, 4, 4, 4))):
            self.learn()
            self._turn_all()
            self.form()
        if self.chance.random() < 0.6:
            self._quiet_times()

    def _quiet_times(self) -> None:
        """Some of what is sent is worked on before anything happens."""
        for _ in range(self.chance.randint(1, 8)):
            self.publish()
        for _ in range(6):
            self._work()
        self.note("mishaps from here on")

    def _turn_all(self) -> None:
        for process in self.processes:
            if process.runs:
                self._turn(process, 500)

    def close(self) -> None:
        """End what the dead had begun, in silence."""
        for process in (*self.processes, *self.graves):
            process.loop.close()

    @contextmanager
    def _patched(self) -> Iterator[None]:
        """Disks in the place of RocksDB and folders; steps, bundles and checkpoints of a few subjects each."""
        chance, disks = self.chance, self.disks
        changes: list[tuple[Any, str, Any]] = [
            (state_module, "open_folder", disks.open),
            (state_module, "WriteBatch", Batch),
            (state_module, "Checkpoint", disks.checkpoint),
            (recovery_module, "shutil", disks),
            (recovery_module, "replace_folder", disks.replace),
            (recovery_module, "check_restored", lambda folder, made: None),
            (recovery_module, "LOCK_PATIENCE_SECONDS", 0.05),
            (hub_module, "shutil", disks),
            (steward_module, "now", lambda: AT),
            (memory_module, "CHUNK", 1 if self.long_steps else chance.choice((1, 2))),
            (partition_module, "CHECKPOINT_SUBJECTS", 1 if self.long_steps else 10**6),
            (partition_module, "CHECKPOINT_SECONDS", chance.choice((0.0, 0.1, 0.4))),
            (partition_module, "STRETCH_BYTES", chance.choice((1, 800, 100_000))),
            (outbox_module, "IN_FLIGHT", chance.choice((1, 2, 64))),
        ]
        loggers = [logging.getLogger(f"crosscheck.{name}") for name in ("hub", "partition", "recovery")]
        levels = [logger.level for logger in loggers]
        with ExitStack() as stack:
            for place, name, value in changes:
                stack.enter_context(patch.object(place, name, value))
            for logger in loggers:
                logger.setLevel(logging.CRITICAL)
            try:
                yield
            finally:
                for logger, level in zip(loggers, levels, strict=True):
                    logger.setLevel(level)

    # departments

    def publish(self) -> None:
        """A front node sends its next batch: it arrives, arrives twice, or is lost and sent again later."""
        resources = [resource for resource, script in self.waiting.items() if script]
        if not resources:
            return
        resource = self.chance.choice(resources)
        sent = self.waiting[resource].pop(0)
        self.sent.append(sent)
        record, happens = message(sent[0]), self.chance.random()
        if happens < 0.2 and "lose" not in self.options.without:
            self.note("lost on its way:", sent[0].batch_id)
            self.lost.append((resource, record))
            return
        self._put(resource, record, _line(sent))
        if happens > 0.85 and "repeat" not in self.options.without:
            self._put(resource, record, "again")

    def _put(self, resource: str, record: Record, words: str) -> None:
        self.broker.append(change_topic(resource), 0, record)
        self.note("sent", record.key, words)

    def send_again(self) -> None:
        """A front node sends what was lost."""
        if self.lost:
            self._put(*self.lost.pop(self.chance.randrange(len(self.lost))), "late")

    def hostile(self) -> None:
        """Somebody sends what must be refused."""
        record, resource = hostile(self.chance, [message(batch) for batch, _ in self.sent])
        self.broker.append(change_topic(resource), 0, record)
        self.refused += 1
        self.note("hostile message on", resource)

    def govern(self) -> None:
        """The day moves on, or an officer says something of a rule, to every partition."""
        if self.chance.random() < 0.5:
            self.day += self.chance.randint(0, 8)
            if self.chance.random() < 0.5:
                return  # the workers' own clocks tell it
            control: Control = Tick(date.fromordinal(self.day - self.chance.choice((0, 0, 2))), AT)
        else:
            control = word_on(self.chance, self.chance.choice(self.rules), self.day)
            if control.force == "trial" and self.long_steps and self.plain_turns:
                return
        self.note("control", _words(control))
        for number in range(PARTITIONS):
            self.broker.append(FACTS, number, control_record(control))

    # the broker

    def arrive(self) -> None:
        """Some of what is under way arrives."""
        for _ in range(self.chance.choice((1, 2, 6))):
            if self.broker.lines:
                line = self.chance.choice(list(self.broker.lines))
                self.broker.arrive(line)
                self.note(f"arrived of worker {line[0]}: {line[2] or 'seal'}")

    def acknowledge(self) -> None:
        """Some hear that what they sent has arrived."""
        for _ in range(min(len(self.broker.acks), self.chance.choice((1, 2, 6)))):
            self._settle(*self.broker.acks.pop(self.chance.randrange(len(self.broker.acks))))

    def _settle(self, request: Any, error: Exception | None) -> None:
        if not request.arrival.done():
            request.arrival.set_result(None) if error is None else request.arrival.set_exception(error)

    def outage(self) -> None:
        """Something is lost on its way to the broker, or the answer on its way back: its sender hears of neither."""
        if self.broker.lines and self.chance.random() < 0.5:
            line = self.chance.choice(list(self.broker.lines))
            self.note(f"lost on its way from worker {line[0]}: {line[2] or 'seal'}")
            self._settle(self.broker.lose(line), BrokerUnavailable("no answer"))
        elif self.broker.acks:
            request, _ = self.broker.acks.pop(self.chance.randrange(len(self.broker.acks)))
            self.note("no answer for", request.topic or "seal")
            self._settle(request, BrokerUnavailable("no answer"))

    # workers

    def _pick(self, *states: str) -> Process | None:
        found = [process for process in self.processes if process.state in states]
        return self.chance.choice(found) if found else None

    def run(self) -> None:
        """A worker with something to do goes on for some steps."""
        busy = [process for process in self.processes if process.runs and process.loop.due()]
        if busy:
            self._turn(self.chance.choice(busy), self.chance.choice((1, 3, 20, 200, 200)))

    def _turn(self, process: Process, most: int) -> None:
        self.disks.process = process
        process.loop.turn(most)

    def fetch(self) -> None:
        """A worker fetches some records of a partition that it has."""
        end = self.broker.end
        found = [
            (process, tp)
            for process in self.processes
            if process.state == "alive"
            for tp, at in process.positions.items()
            if end(tp) > at
        ]
        if found:
            process, tp = self.chance.choice(found)
            if self.chance.random() < 0.1:  # Faust seeks back to what was committed
                process.positions[tp] = max(0, process.positions[tp] - self.chance.randint(1, 3))
            self._fetch(process, tp, self.chance.choice((1, 2, 10)))

    def _fetch(self, process: Process, tp: TP, most: int) -> bool:
        at = process.positions[tp]
        records = self.broker.logs[tp][at : at + most] if self.broker.end(tp) > at else []
        if not records or not process.room(tp):
            return False
        self.disks.process = process
        process.hand(tp, records)
        self.note(process, f"fetched {tp.topic}[{tp.partition}]@{at}+{len(records)}")
        return True

    def tick(self) -> None:
        """A worker's timer."""
        process = self._pick("alive")
        if process is not None:
            self.time.now += self.chance.random() * 0.1
            process.tick()

    def commit(self) -> None:
        process = self._pick("alive")
        if process is not None and (committed := process.commit()):
            self.note(
                process, "committed", {f"{tp.topic}[{tp.partition}]": at for tp, at in committed.items()}
            )

    def learn(self) -> None:
        """Workers hear that the group has changed."""
        for process in self.processes:
            if process.behind() and process.learn():
                self.note(process, "gives up what it has")

    def join(self) -> None:
        """Whoever is awake gives up what it has, and everything is shared anew, if nothing keeps them."""
        self.learn()
        self._turn_all()
        self.form()
        self._turn_all()

    def form(self) -> None:
        """Once every member has given up what it had, they share everything anew."""
        if not self.group.formed():
            return
        members = [p for p in self.processes if p.number in self.group.members]
        if any(p.assigned for p in members) or not all(p.state == "alive" for p in members):
            return
        tps = list(TPS)
        self.chance.shuffle(tps)
        for i, process in enumerate(members):
            share = sorted(tps[i :: len(members)])
            process.assign(share)
            self.note(process, "has", " ".join(f"{tp.topic}[{tp.partition}]" for tp in share))

    def start(self) -> None:
        """A worker starts, on the machine of one that ended or on a new one."""
        if len(self.processes) < WORKERS:
            self._start()

    def _start(self) -> None:
        number = len(self.processes) + len(self.graves)
        machine = f"machine-{self.chance.randrange(WORKERS)}"
        if self.chance.random() < 0.1:
            machine = f"new-machine-{number}"
            self.catalog = replace(self.catalog, rules=self.catalog.rules | {"rule-a": self.rules[2]})
        log = SimulatedLog(self.broker, number, PARTITIONS)
        today = self._today
        process = Process(number, machine, self.catalog, log, self.group, self.shelves, self.time, today)
        self.processes.append(process)
        self.note(process, "starts")

    def _today(self) -> date:
        return date.fromordinal(self.day)

    def crash(self) -> None:
        """SIGKILL, at any await."""
        process = self._pick("alive", "ending", "paused")
        if process is not None:
            self.note(process, "is killed")
            self._bury(process)

    def _bury(self, process: Process) -> None:
        process.state = "dead"
        self.broker.cut(process.number, [self.chance.random() < 0.5 for _ in range(8)])
        self.broker.acks = [one for one in self.broker.acks if one[0].arrival.get_loop() is not process.loop]
        self.disks.release(process)
        self.processes.remove(process)
        self.graves.append(process)

    def pause(self) -> None:
        process = self._pick("alive")
        if process is not None:
            process.state = "paused"
            self.note(process, "is paused")

    def wake(self) -> None:
        process = self._pick("paused")
        if process is not None:
            process.state = "alive"
            self.note(process, "wakes up")

    def expire(self) -> None:
        """The group gives up on a member that is paused or dead."""
        alive = {process.number for process in self.processes if process.runs}
        gone = sorted(self.group.members.keys() - alive)
        if gone:
            self._expel(self.chance.choice(gone))

    def _expel(self, number: int) -> None:
        del self.group.members[number]
        self.group.change()
        self.note(f"worker {number} is out of the group")

    def shuffle(self) -> None:
        """The group shares anew for no reason."""
        self.group.change()
        self.note("a rebalance")

    def stop(self) -> None:
        process = self._pick("alive")
        if process is not None:
            process.stop()
            self.note(process, "is asked to stop")

    def ship(self) -> None:
        process = self._pick("alive")
        if process is not None:
            process.ship(self.chance.randrange(PARTITIONS))

    def _end_the_failed(self) -> None:
        for process in list(self.processes):
            if process.fault is not None and process.state == "alive":
                if not isinstance(process.fault, BrokerUnavailable | OwnerReplaced):
                    raise Fell(f"{process}: {process.fault!r}") from process.fault
                self.note(process, "fails:", process.fault)
                process.fail()
            elif process.state == "dead":
                self.note(process, "has ended")
                self._leave(process)

    def _leave(self, process: Process) -> None:
        self._bury(process)
        if process.number in self.group.members:
            self._expel(process.number)

    # rest

    def _rest(self) -> None:
        """Everything is sent and worked on until nothing moves; then those that were paused wake up, once more."""
        self._until_quiet()
        for process in self.processes:
            if process.state == "paused":
                process.state = "alive"
                self.note(process, "wakes up")
        self._until_quiet()

    def _until_quiet(self) -> None:
        quiet = 0
        for _ in range(REST_ROUNDS):
            quiet = 0 if self._round() else quiet + 1
            if quiet == 3:
                return
        raise Stuck("the system does not come to rest")

    def _round(self) -> bool:
        """One round of everything; whether anything moved."""
        moved = self._send_all() or self._heal()
        return self._work() or moved or not self._settled()

    def _work(self) -> bool:
        """Everybody who is awake does what there is to do."""
        moved = False
        self.time.now += 0.5
        self.learn()
        self.form()
        for process in [process for process in self.processes if process.runs]:
            fetched = [self._fetch(process, tp, 50) for tp in list(process.positions)]
            process.tick()
            moved = self._deliver(process) or any(fetched) or moved
            moved = bool(process.commit()) or moved
        self._end_the_failed()
        return moved

    def _send_all(self) -> bool:
        moved = bool(self.lost) or any(self.waiting.values())
        while any(self.waiting.values()):
            self.publish()
        while self.lost:
            self.send_again()
        return moved

    def _heal(self) -> bool:
        """Somebody is at work, and nobody waits for those who are not."""
        alive = {process.number for process in self.processes if process.runs}
        if not alive:
            self._start()
        for number in sorted(self.group.members.keys() - alive):
            self._expel(number)
        return not alive

    def _deliver(self, process: Process) -> bool:
        """Let a worker run, and answer it, until it has nothing to do."""
        moved = False
        self._turn(process, 2_000)
        while mine := [line for line in self.broker.lines if line[0] == process.number]:
            moved = moved or any(topic for _, _, topic, _ in mine)  # a seal alone is nothing new
            for line in mine:
                self.broker.arrive(line)
            self._answer_all()
            self._turn(process, 2_000)
        self._answer_all()
        self._turn(process, 2_000)
        return moved

    def _answer_all(self) -> None:
        while self.broker.acks:
            self._settle(*self.broker.acks.pop(0))

    def _settled(self) -> bool:
        """Whether everything has been read, joined, checkpointed and committed."""
        awake = [process for process in self.processes if process.state != "paused"]
        owners = [process for process in awake if not process.behind() and process.idle()]
        owned = {tp for process in owners for tp in process.positions}
        ends = all(self.group.offsets.get(tp, 0) == self.broker.end(tp) for tp in TPS)
        open_ = [(number, p.saved) for process in owners for number, p in process.hub.partitions.items()]
        saved = all(position == self.broker.end(TP(FACTS, number)) for number, position in open_)
        return len(owners) == len(awake) and owned == set(TPS) and ends and saved


def _line(sent: Sent) -> str:
    batch, rows = sent
    told = [
        f"{r.op} {r.handle} v{r.version} {r.field} {r.subject[:1]!r} {r.start} {r.end} {r.codes}"
        for r in rows
    ]
    return f"{'ends a run of ' + batch.mode if batch.ends_run else ''} {told}"


def _words(control: Control) -> str:
    if isinstance(control, Tick):
        return f"the day is {control.day}"
    return f"{control.rule.id} v{control.rule.version} {control.force} until {control.until}"
