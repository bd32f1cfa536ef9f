"""What workers do, and what befalls them."""

from dataclasses import replace
from datetime import date

from faust.types import TP

from stores import state as state_module
from tests.simulation.broker import SimulatedLog
from tests.simulation.city import PARTITIONS
from tests.simulation.departments import Departments
from tests.simulation.process import Process
from tests.simulation.setting import TPS, Fell
from topics.errors import BrokerUnavailable, OwnerReplaced

WORKERS = 3


class Workers(Departments):
    """Acts of the workers; each may find nothing to do."""

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
        if self.graves and self.chance.random() < 0.6:
            machine = self.graves[-1].machine
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

    def strike(self) -> None:
        """SIGKILL at the worst moment: half-way through a long step, once that has been saved."""
        for process in self.processes:
            folders = [partition.folder for partition in process.hub.partitions.values()]
            if any(state_module.HALFWAY in self.disks.folders[folder] for folder in folders):
                self.note(process, "is killed half-way")
                self._bury(process)
                return

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
