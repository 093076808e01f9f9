"""A workflow with an activity, a timer, a signal and a query.

It names its activity and imports nothing that reads a file: the SDK imports this module again in a sandbox.
"""

import datetime as dt

from temporalio import workflow

RECORD = "record"


@workflow.defn
class Order:
    """Recorded, then asleep, then waiting for its approval, then done."""

    def __init__(self) -> None:
        self._state = "new"
        self._approved = False

    @workflow.run
    async def run(self, name: str, seconds: float) -> int:
        """The number of events that were counted."""
        await self._record(name, "recorded")
        await workflow.sleep(dt.timedelta(seconds=seconds))
        self._state = "waiting"
        await workflow.wait_condition(lambda: self._approved)
        return await self._record(name, "approved")

    @workflow.signal
    def approve(self) -> None:
        self._approved = True

    @workflow.query
    def state(self) -> str:
        return self._state

    async def _record(self, name: str, event: str) -> int:
        count: int = await workflow.execute_activity(
            RECORD, args=[name, event], start_to_close_timeout=dt.timedelta(seconds=20), result_type=int
        )
        self._state = event
        return count
