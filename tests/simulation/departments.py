"""What departments, officers and strangers do, and what becomes of records on their way to the broker and back."""

from datetime import date
from typing import Any

from tests.simulation.city import AT, PARTITIONS, Sent, hostile, message, word_on
from tests.simulation.setting import Setting
from topics.control import Control, Tick, control_record
from topics.errors import BrokerUnavailable
from topics.names import FACTS, change_topic
from topics.records import Record


class Departments(Setting):
    """Acts outside of the workers; each may find nothing to do."""

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
        self.note("control", _words(control))
        for number in range(PARTITIONS):
            self.broker.append(FACTS, number, control_record(control))

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
