"""An example city: the departments' own files, invented, with the truth about every claim beside them.

Rules: the same scenario, scale and seed give the same bytes; nobody in these files exists.
Must not know: how Crosscheck works. It plays the departments' systems, so it shares only the check digits.
"""

from streams.city.generate import generate
from streams.city.scenarios import KNOWN, SCENARIOS, TOWN, Scenario
from streams.city.summary import CitySummary

__all__ = ["KNOWN", "SCENARIOS", "TOWN", "CitySummary", "Scenario", "generate"]
