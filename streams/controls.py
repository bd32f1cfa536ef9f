"""A control on its way into every partition of `facts`.

Rules: partition 0 is told last: who looks there whether something was said finds it only when all others have it, so
that what was broken off is said again (a partition passes over what it has). Must not know: why it is said.
"""

from streams.transport.port import Log
from topics.control import Control, control_record
from topics.names import FACTS


async def tell_all(log: Log, control: Control) -> int:
    """Append a control to every partition; how many there are. Raises BrokerUnavailable."""
    numbers = sorted(await log.ends(FACTS), reverse=True)
    for number in numbers:
        await (await log.send(FACTS, number, [control_record(control)]))
    return len(numbers)
