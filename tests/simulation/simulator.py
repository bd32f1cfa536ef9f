"""One history of the whole system, drawn from one number: departments, a broker, workers, and what befalls them.

    random acts (publish, deliver, crash, pause, ...)  >  rest (no more mishaps until nothing moves)  >  verdict

Everything is drawn from one Random(seed), so a seed is a history.
Must not know: what a history should come to (verdict).
"""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from faust.types import TP

from tests.simulation.process import Process
from tests.simulation.setting import TPS, Stuck
from tests.simulation.workers import WORKERS, Workers
from topics.names import FACTS

ACTS = 300
REST_ROUNDS = 300
MISHAPS = (
    "crash",
    "strike",
    "pause",
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


@dataclass
class Simulation(Workers):
    """A history, from beginning to end."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.weights = self._weights()

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
            "strike": (self.strike, 0.2),
            "pause": (self.pause, 0.3),
            "stop": (self.stop, 0.1),
            "shuffle": (self.shuffle, 0.1),
            "outage": (self.outage, 0.3),
            "hostile": (self.hostile, 0.3),
            "ship": (self.ship, 0.5),
            "govern": (self.govern, 0.8),
        }
        favoured = {"govern": 6.0, "strike": 3.0, "shuffle": 0.2, "pause": 0.2} if self.long_steps else {}
        for name, (act, weight) in mishaps.items():
            share = favoured.get(name) or self.chance.choice((0.0, 1.0, 1.0, 2.5))
            plain[act] = 0.0 if name in self.options.without else share * weight
        plain |= {self.start: 1.5, self.wake: 0.5, self.send_again: 0.7, self.expire: 3.0}
        return list(plain), list(plain.values())

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
        if self.long_steps or self.chance.random() < 0.5:
            self._quiet_times()

    def _quiet_times(self) -> None:
        """Some of what is sent is worked on before anything happens."""
        for _ in range(self.chance.randint(1, 16 if self.long_steps else 8)):
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
