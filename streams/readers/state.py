"""What workers keep on a disk and in the place of checkpoints, for those who look after it: look, verify, rebuild.

Rules: looking never gets into a running worker's way; what replaces a state was made aside first. Effects are never
sent from here: `rebuild` ends where the workers' group has committed, what comes after is for a worker to say.
Must not know: the command line.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from stores.checkpoints import Kept, Shelves
from stores.stored import StoredState, held, size_on_disk
from streams.agents.partition import Meta, meta_of
from streams.agents.recovery import aside, newest_whole, replace_folder, state_folder
from streams.agents.replay import Tell, replay
from streams.transport.port import WORKERS, Log
from topics.errors import (
    CheckpointDamaged,
    CrosscheckError,
    NotFound,
    StateError,
    StateHeld,
)
from topics.names import FACTS


@dataclass(frozen=True, slots=True)
class StateSeen:
    """One partition on this disk. `fault`: why the rest is not known."""

    partition: int
    folder: str
    log_end: int
    held: bool
    bytes: int = 0
    position: int = 0
    subjects: int = 0
    day: str | None = None
    rules: tuple[str, ...] = ()
    log_id: str = ""
    this_log: bool = True
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class CheckpointSeen:
    """One checkpoint in the place."""

    partition: int
    position: int
    where: str
    made_at: str | None = None
    age_seconds: int | None = None
    bytes: int = 0
    version: str | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong, and where."""

    partition: int
    where: str
    what: str


@dataclass(slots=True)
class Verified:
    """What was looked at, and every fault."""

    states: int = 0
    subjects: int = 0
    checkpoints: int = 0
    bytes: int = 0
    replayed: int = 0
    notes: list[Finding] = field(default_factory=list)
    faults: list[Finding] = field(default_factory=list)


def found(state: Path) -> list[int]:
    """Partitions that have a folder here."""
    prefix = f"{FACTS}-"
    names = (folder.name for folder in state.glob(f"{prefix}*") if folder.is_dir())
    return sorted(int(name.removeprefix(prefix)) for name in names if name.removeprefix(prefix).isdigit())


async def look(log: Log, state: Path) -> list[StateSeen]:
    """Every state folder, also those that workers hold."""
    ends = await log.ends(FACTS)
    return [_look(state_folder(state, n), n, ends.get(n, 0), log.log_id) for n in found(state)]


def _look(folder: Path, number: int, end: int, log_id: str, again: int = 3) -> StateSeen:
    is_held, size = held(folder), size_on_disk(folder)
    try:
        with StoredState(folder) as stored:
            book = _meta(stored).book
            return StateSeen(
                partition=number,
                folder=str(folder),
                log_end=end,
                held=is_held,
                bytes=size,
                position=stored.position,
                subjects=sum(1 for _ in stored.tokens()),
                day=date.fromordinal(book.day).isoformat() if book.day else None,
                rules=tuple(
                    f"{id_} v{change.rule.version} {change.force}" for id_, change in book.changes.items()
                ),
                log_id=stored.log_id,
                this_log=stored.log_id in ("", log_id),
            )
    except (StateError, NotFound) as error:
        if is_held and again:  # a file that its owner has just put in another's place
            return _look(folder, number, end, log_id, again - 1)
        return StateSeen(number, str(folder), end, is_held, bytes=size, fault=str(error))


def _meta(stored: StoredState) -> Meta:
    return meta_of(stored.meta, str(stored.folder))


async def look_at_checkpoints(log: Log, shelves: Shelves) -> list[CheckpointSeen]:
    """Every checkpoint of this log, newest first in each partition."""
    seen = []
    for number in sorted(await log.ends(FACTS)):
        for kept in await shelves.of(number).kept():
            seen.append(await _look_at(number, kept, shelves))
    return seen


async def _look_at(number: int, kept: Kept, shelves: Shelves) -> CheckpointSeen:
    shelf = shelves.of(number)
    where = shelf.where(kept)
    try:
        made = await shelf.manifest(kept)
    except CheckpointDamaged as error:
        return CheckpointSeen(number, kept.position, where, fault=error.what)
    age = datetime.now(UTC) - datetime.fromisoformat(made.made_at)
    seconds = int(age.total_seconds())
    return CheckpointSeen(number, kept.position, where, made.made_at, seconds, made.size, made.version)


def refuse_held(state: Path, numbers: list[int]) -> None:
    """Raises StateHeld for the first of these that a running worker has open."""
    for number in numbers:
        folder = state_folder(state, number)
        if held(folder):
            raise StateHeld(
                f"state of {FACTS}[{number}] is held by a running worker",
                where=str(folder),
                remedy="stop the workers that use this data folder (Ctrl-C or SIGTERM), then try again",
            )


Watch = Callable[[str, int, int], None]
"""Told what is being done, how far it is and how far it goes."""


async def verify_states(
    log: Log, state: Path, verified: Verified, watch: Watch, *, against_log: bool
) -> None:
    """Every stored subject decodes, no state is ahead of its log; with the log, each is what the log makes of it."""
    ends = await log.ends(FACTS)
    for number in found(state):
        folder = state_folder(state, number)
        verified.states += 1
        try:
            with StoredState(folder) as stored:
                said = list(_check_state(stored, number, ends.get(number, 0), log.log_id, verified))
                if not said and against_log:
                    said = await _check_against_log(log, stored, number, state, verified, watch)
        except (StateError, NotFound) as error:
            said = [Finding(number, error.where, error.what)]
        verified.faults += said
        watch("states", verified.states, len(ends))


def _check_state(
    stored: StoredState, number: int, end: int, log_id: str, verified: Verified
) -> Iterator[Finding]:
    where = str(stored.folder)
    if stored.log_id not in ("", log_id):
        yield Finding(number, where, f"it is of another log ({stored.log_id}), not of {log_id}")
    if stored.position > end:
        yield Finding(number, where, f"it is at {stored.position}, ahead of its log, which ends at {end}")
    if stored.meta:
        _meta(stored)
    for _ in stored.subjects():
        verified.subjects += 1


async def _check_against_log(
    log: Log, stored: StoredState, number: int, state: Path, verified: Verified, watch: Watch
) -> list[Finding]:
    where = str(stored.folder)
    if stored.halfway:
        what = "not compared: it is within a long step that was broken off; a worker finishes it"
        verified.notes.append(Finding(number, where, what))
        return []
    again = aside(state, number)
    try:
        at = await replay(log, number, again, stored.position, _telling(watch, number, stored.position))
        if at != stored.position:
            return [Finding(number, where, f"the log can be replayed to {at} only, not to {stored.position}")]
        verified.replayed += at
        with StoredState(again) as made:
            return list(_differences(stored, made, number))
    finally:
        shutil.rmtree(again, ignore_errors=True)


def _telling(watch: Watch, number: int, upto: int) -> Tell:
    return lambda at: watch(f"{FACTS}[{number}]", at, upto)


def _differences(stored: StoredState, made: StoredState, number: int) -> Iterator[Finding]:
    """Never names a subject: tokens stay out of reports."""
    where = str(stored.folder)
    differing = sum(made.get(token) != subject for token, subject in stored.subjects())
    ours, theirs = set(stored.tokens()), set(made.tokens())
    if differing:
        yield Finding(number, where, f"{differing} subject(s) are not what the log makes of them")
    if theirs - ours:
        yield Finding(number, where, f"{len(theirs - ours)} subject(s) of the log are missing")
    if stored.position and _meta(stored) != _meta(made):
        yield Finding(number, where, "ledger or rulebook are not what the log makes of them")


async def verify_checkpoints(log: Log, shelves: Shelves, verified: Verified, watch: Watch) -> None:
    """Every checkpoint can be read, is whole, and is not ahead of its log."""
    ends = await log.ends(FACTS)
    for number, end in sorted(ends.items()):
        shelf = shelves.of(number)
        for kept in await shelf.kept():
            verified.checkpoints += 1
            try:
                verified.bytes += (await shelf.verify(kept)).size
            except CheckpointDamaged as error:
                verified.faults.append(Finding(number, error.where, error.what))
            if kept.position > end:
                what = f"it is at {kept.position}, ahead of its log, which ends at {end}"
                verified.faults.append(Finding(number, shelf.where(kept), what))
        watch("checkpoints", number + 1, len(ends))


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A state that was made anew. `restored`: the position of the checkpoint it began with, 0 for none."""

    partition: int
    position: int
    restored: int
    replayed: int


async def rebuild(log: Log, state: Path, number: int, shelves: Shelves | None, tell: Tell) -> Rebuilt:
    """Make the state of a partition anew, up to what the workers have committed, and put it in the old one's place."""
    refuse_held(state, [number])
    committed = (await log.committed(WORKERS, FACTS)).get(number, 0)
    upto = min(committed, (await log.ends(FACTS))[number])
    new = aside(state, number)
    try:
        restored = await _begin_with(shelves, number, upto, new)
        position = await replay(log, number, new, upto, tell)
        if position != upto:
            raise _incomplete(number, position, upto)
        refuse_held(state, [number])
        replace_folder(state_folder(state, number), new)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return Rebuilt(number, position, restored, position - restored)


async def _begin_with(shelves: Shelves | None, number: int, upto: int, folder: Path) -> int:
    """Restore the newest checkpoint that is not beyond; its position."""
    if shelves is None:
        return 0
    shelf = shelves.of(number)
    made = await newest_whole(shelf, [kept for kept in await shelf.kept() if kept.position <= upto], folder)
    return made.position if made else 0


def _incomplete(number: int, position: int, upto: int) -> CrosscheckError:
    return StateError(
        f"{FACTS}[{number}] can be replayed to {position} only, of {upto} that workers have committed",
        where=f"{FACTS}[{number}]@{position}",
        remedy="has the log lost records? a checkpoint that is whole would do: --checkpoints",
    )
