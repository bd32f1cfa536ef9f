"""The charts of a backtest as SVG: drawn by matplotlib, put into the page as they are, no script and no file.

Rules: numbers and identifiers only, so that no font is needed here; text stays text, in the reader's own font; the
same figures give the same bytes. matplotlib is imported when a chart is drawn. Must not know: the page.
"""

from collections.abc import Callable, Iterable, Sequence
from io import StringIO
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.ticker import Locator

OPEN, EXPLAINED = "#c2410c", "#94a3b8"
"""Told apart in grey as well."""

UPRIGHT = 8
"""Labels that fit side by side; more are slanted."""

_SETTINGS: dict[Any, object] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "crosscheck",
    "font.family": "sans-serif",
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


class Bar(NamedTuple):
    """One bar, in two parts."""

    label: str
    open: int
    explained: int


def columns(bars: Sequence[Bar]) -> str:
    """Standing bars, in the order given."""

    def draw(axes: "Axes") -> None:
        labels, held = [b.label for b in bars], [b.open for b in bars]
        axes.bar(labels, held, color=OPEN, width=0.7)
        axes.bar(labels, [b.explained for b in bars], bottom=held, color=EXPLAINED, width=0.7)
        if len(bars) > UPRIGHT:
            for label in axes.get_xticklabels():
                label.set(rotation=60, ha="right", rotation_mode="anchor")
        axes.yaxis.set_major_locator(_whole_numbers())

    return _svg(draw, height=2.8)


def rows(bars: Sequence[Bar]) -> str:
    """Lying bars, the first on top."""

    def draw(axes: "Axes") -> None:
        labels, held = [b.label for b in bars], [b.open for b in bars]
        axes.barh(labels, held, color=OPEN, height=0.6)
        axes.barh(labels, [b.explained for b in bars], left=held, color=EXPLAINED, height=0.6)
        axes.invert_yaxis()
        axes.xaxis.set_major_locator(_whole_numbers())

    return _svg(draw, height=0.7 + 0.4 * len(bars))


def _whole_numbers() -> "Locator":
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(integer=True)


def _svg(draw: Callable[["Axes"], None], height: float) -> str:
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=(7.6, height), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        draw(axes)
        written = StringIO()
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _inline(written.getvalue().splitlines())


def _inline(lines: Iterable[str]) -> str:
    """Without the declarations that only a file of its own has."""
    text = "\n".join(lines)
    return text[text.index("<svg") :]
