"""One consistent town over three years: people, firms, homes and what sixteen departments wrote down of them.

    desk (chance, rows, ways of telling) > lives, firms, homes, recipients (the ordinary) > cases, pack by pack
    > blemishes > files, and truth/<rule>.csv: what is true of every check

Rules: nobody in these files exists; every case is somebody with an otherwise ordinary life; each boundary of a
rule is told on both of its sides. Must not know: how Crosscheck works; it plays the departments' systems.
"""

from streams.city.town.generate import generate_town
from streams.city.town.summary import RuleSummary, TownSummary

__all__ = ["RuleSummary", "TownSummary", "generate_town"]
