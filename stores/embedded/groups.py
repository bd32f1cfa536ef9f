"""Consumer groups of the embedded log: members, generations and fenced offset commits.

The protocol is Kafka's eager one: any change of members starts a new generation; every member gives up its
partitions, says so (`sync`), and when all have, each computes the same assignment. A commit counts only from
a live member of the current generation, so a process that was paused and replaced cannot move an offset; and a
name that outputs are written under (`take`) is held by whoever took it last.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from zlib import crc32

from stores.embedded.sqlite import open_database, writing

_SCHEMA = """
CREATE TABLE IF NOT EXISTS generations (grp TEXT PRIMARY KEY, generation INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS members (
    grp TEXT, member TEXT, seen REAL NOT NULL, synced INTEGER NOT NULL, PRIMARY KEY (grp, member)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS offsets (
    grp TEXT, topic TEXT, partition INTEGER, next INTEGER NOT NULL, PRIMARY KEY (grp, topic, partition)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS writers (name TEXT PRIMARY KEY, epoch INTEGER NOT NULL) WITHOUT ROWID;
"""

TopicPartition = tuple[str, int]


def assign(members: Sequence[str], partitions: Sequence[TopicPartition], member: str) -> set[TopicPartition]:
    """Round robin over a topic's partitions, from a member that its name decides: every member computes the same.

    While a catalog with another topic is rolled out, members know different ones; what both know stays shared out.
    """
    mine = sorted(members).index(member)
    return {
        (topic, number)
        for topic, number in partitions
        if (crc32(topic.encode()) + number) % len(members) == mine
    }


class ConsumerGroups:
    """Groups in one file. `session` seconds without a heartbeat and a member is out.

    The clock is the machine's own since it started, which nobody sets: a time ahead of it is from before a restart.
    """

    def __init__(
        self, path: Path, *, session: float = 6.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._db = open_database(path, _SCHEMA)
        self._lock = Lock()
        self._session = session
        self._clock = clock

    def join(self, group: str, member: str) -> int:
        """Enter a group; the new generation."""
        with self._lock, writing(self._db):
            self._db.execute(
                "INSERT OR REPLACE INTO members VALUES (?, ?, ?, 0)", (group, member, self._clock())
            )
            return self._advance(group)

    def leave(self, group: str, member: str) -> None:
        """Leave a group; the others share its partitions."""
        with self._lock, writing(self._db):
            self._db.execute("DELETE FROM members WHERE grp = ? AND member = ?", (group, member))
            self._advance(group)

    def _advance(self, group: str) -> int:
        self._db.execute("INSERT OR IGNORE INTO generations VALUES (?, 0)", (group,))
        self._db.execute("UPDATE generations SET generation = generation + 1 WHERE grp = ?", (group,))
        return self._generation(group)

    def _generation(self, group: str) -> int:
        row = self._db.execute("SELECT generation FROM generations WHERE grp = ?", (group,)).fetchone()
        return int(row[0]) if row else 0

    def take(self, name: str) -> int:
        """Take a writer's name from whoever has it: the epoch that is now its own."""
        with self._lock, writing(self._db):
            self._db.execute("INSERT OR IGNORE INTO writers VALUES (?, 0)", (name,))
            self._db.execute("UPDATE writers SET epoch = epoch + 1 WHERE name = ?", (name,))
            return self._epoch(name)

    def holds(self, name: str, epoch: int) -> bool:
        """Whether nobody has taken a writer's name since."""
        with self._lock:
            return self._epoch(name) == epoch

    def _epoch(self, name: str) -> int:
        (epoch,) = self._db.execute("SELECT epoch FROM writers WHERE name = ?", (name,)).fetchone()
        return int(epoch)

    def heartbeat(self, group: str, member: str) -> int | None:
        """Say `member` lives and expire those that do not: the generation, or None if it was itself expired."""
        now = self._clock()
        with self._lock, writing(self._db):
            alive = self._db.execute(
                "UPDATE members SET seen = ? WHERE grp = ? AND member = ?", (now, group, member)
            ).rowcount
            dead = self._db.execute(
                "DELETE FROM members WHERE grp = ? AND abs(? - seen) > ?", (group, now, self._session)
            ).rowcount
            if dead:
                self._advance(group)
            return self._generation(group) if alive else None

    def sync(self, group: str, member: str, generation: int) -> list[str] | None:
        """Say `member` holds nothing of older generations: all members once everyone has, else None."""
        with self._lock, writing(self._db):
            self._db.execute(
                "UPDATE members SET synced = ? WHERE grp = ? AND member = ?", (generation, group, member)
            )
            if self._generation(group) != generation:
                return None
            rows = self._db.execute("SELECT member, synced FROM members WHERE grp = ?", (group,)).fetchall()
        return [name for name, _ in rows] if all(synced == generation for _, synced in rows) else None

    def commit(self, group: str, member: str, generation: int, offsets: Mapping[TopicPartition, int]) -> bool:
        """Record next offsets; False (and no change) from anyone but a live member that synced to `generation`.

        While a newer generation is forming, a member that has not synced to it still owns its partitions, so
        its last commit before it gives them up counts.
        """
        with self._lock, writing(self._db):
            row = self._db.execute(
                "SELECT synced FROM members WHERE grp = ? AND member = ?", (group, member)
            ).fetchone()
            if row is None or row[0] != generation:
                return False
            self._db.executemany(
                "INSERT OR REPLACE INTO offsets VALUES (?, ?, ?, ?)",
                [(group, topic, partition, offset) for (topic, partition), offset in offsets.items()],
            )
        return True

    def committed(self, group: str) -> dict[TopicPartition, int]:
        """Next offset of every partition of a group."""
        with self._lock:
            rows = self._db.execute("SELECT topic, partition, next FROM offsets WHERE grp = ?", (group,))
            return {(topic, partition): offset for topic, partition, offset in rows}

    def close(self) -> None:
        """Close the file."""
        self._db.close()
