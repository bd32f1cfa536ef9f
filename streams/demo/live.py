"""The live screen of a demonstration: progress on stderr, alerts as they appear and as they are withdrawn."""

from collections import Counter
from collections.abc import Mapping

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from topics.alerts import Alert
from topics.vocabulary import STATES

SHOWN_PER_STATE = 4
"""Alerts printed of each state and stage; the rest are counted in the bar."""

TITLES = {
    "city": "1 the departments' files are written (synthetic 合成数据)",
    "publish": "2 departments publish: tokens, handles, periods and codes only (前置机报送)",
    "receipts": "  the hub's receipts are awaited and reconciled (等待回执并对账)",
    "corrections": "3 sources correct themselves: alerts are withdrawn (更正与撤回)",
    "truth": "4 compared with the truth, claim by claim",
    "decisions": "5 officers decide (处置)",
    "snapshot": "6 snapshot for analysts (快照)",
}
STYLE = {"open": "red", "explained": "yellow", "withdrawn": "green"}


class LiveScreen:
    """Implements streams.demo.departments.Stage on a terminal; a context manager."""

    def __init__(self, console: Console, titles: Mapping[str, str] = TITLES) -> None:
        self._titles = titles
        self._progress = Progress(
            TextColumn("  {task.description}", markup=False),
            BarColumn(30),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._console = console
        self._tasks: dict[str, TaskID] = {}
        self._alerts = self._progress.add_task("alerts 0", total=None, visible=False)
        self._shown: Counter[str] = Counter()
        self._states: dict[str, str] = {}

    def __enter__(self) -> "LiveScreen":
        self._progress.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._progress.stop()

    def begin(self, name: str) -> None:
        """A stage begins: its title stays on screen."""
        self._shown.clear()
        self._console.print(self._titles[name], style="bold")

    def city(self, step: str, rows: int) -> None:
        """A file was written."""
        self._console.print(f"  {step}: {rows:,}", style="dim")

    def read(self, resource: str, done: int, total: int) -> None:
        """A file is being published."""
        task = self._tasks.get(resource)
        if task is None:
            task = self._tasks[resource] = self._progress.add_task(resource, total=total)
        self._progress.update(task, completed=done)

    def alert(self, alert: Alert, key: str | None) -> None:
        """A revision became current."""
        before = self._states.get(alert.alert_id)
        self._states[alert.alert_id] = alert.state
        counts = Counter(self._states.values())
        text = ", ".join(f"{STATES[s].zh} {s} {counts[s]}" for s in STYLE if counts[s])
        self._progress.update(self._alerts, description=f"alerts: {text}", visible=True)
        if before == alert.state or self._shown[alert.state] >= SHOWN_PER_STATE:
            return
        self._shown[alert.state] += 1
        evidence = "; ".join(f"{e.resource} {e.code or ''} {e.period}" for e in alert.evidence)
        words = f"  {alert.state} {STATES[alert.state].zh}  claim {key}  {alert.period}  {evidence}"
        self._console.print(words, style=STYLE[alert.state], soft_wrap=True)


class Silent:
    """Implements streams.demo.departments.Stage for --json and tests: says nothing."""

    def begin(self, name: str) -> None:
        """Nothing."""

    def city(self, step: str, rows: int) -> None:
        """Nothing."""

    def read(self, resource: str, done: int, total: int) -> None:
        """Nothing."""

    def alert(self, alert: Alert, key: str | None) -> None:
        """Nothing."""
