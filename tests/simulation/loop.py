"""An event loop whose clock is moved by the simulation, and which runs as many callbacks as it is told.

Rules: no wall time, no threads, no sockets; each simulated process has a loop of its own, so that one can be paused,
or ended between any two steps, while the others go on. Must not know: what runs on it.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any


@dataclass
class Time:
    """Seconds since the beginning of a history."""

    now: float = 0.0


class Loop(asyncio.AbstractEventLoop):
    """See asyncio.AbstractEventLoop; what is not needed here raises as it does there."""

    def __init__(self, time: Time) -> None:
        self._time = time
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._count = 0
        self._tasks: list[asyncio.Task[Any]] = []
        self.ready: deque[asyncio.Handle] = deque()

    def time(self) -> float:
        return self._time.now

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """What a task raised is seen by whoever waits for it; what was pending at the end is let go."""

    def call_soon(self, callback: Callable[..., Any], *args: Any, context: Any = None) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self.ready.append(handle)
        return handle

    def call_at(
        self, when: float, callback: Callable[..., Any], *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self._count += 1
        heappush(self._timers, (when, self._count, handle))
        return handle

    def call_later(
        self, delay: float, callback: Callable[..., Any], *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self._time.now + delay, callback, *args, context=context)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """A cancelled timer runs into nothing."""

    def create_future(self) -> "asyncio.Future[Any]":
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, *, name: str | None = None, context: Any = None) -> "asyncio.Task[Any]":
        task = asyncio.Task(coro, loop=self, name=name)
        self._tasks.append(task)
        return task

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> "asyncio.Future[Any]":
        """What would run on a thread is done at once."""
        done = self.create_future()
        done.set_result(func(*args))
        return done

    def due(self) -> bool:
        """Whether there is anything to run now."""
        while self._timers and self._timers[0][0] <= self._time.now:
            self.ready.append(heappop(self._timers)[2])
        return bool(self.ready)

    def turn(self, most: int) -> None:
        """Run so many callbacks, in order."""
        asyncio._set_running_loop(self)
        try:
            while most and self.due():
                most -= 1
                handle = self.ready.popleft()
                if not handle.cancelled():
                    handle._run()
        finally:
            asyncio._set_running_loop(None)

    def close(self) -> None:
        """End what has not ended, in silence."""
        for task in self._tasks:
            if not task.done():
                task._log_destroy_pending = False
                coroutine: Any = task.get_coro()
                coroutine.close()
        self.ready.clear()
        self._timers.clear()
