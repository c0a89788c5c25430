"""A crew that proves cases beside each other, each member in a house of its own. Most of a look is waiting."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Final, Self

from hil.broken.case import Case
from hil.broken.house import House
from hil.broken.prove import Outcome, found_in

MEMBERS: Final = 3


class Crew:
    """Use as a context: begins at once with all `cases`; `outcome` waits for one of them."""

    def __init__(self, cases: Sequence[Case], members: int = MEMBERS) -> None:
        self._members = min(members, len(cases))
        self._cases = cases
        self._houses: list[House] = []
        self._own = threading.local()
        self._futures: dict[str, Future[Outcome]] = {}

    def outcome(self, case: Case) -> Outcome:
        """Give what was found; raises what building or asking raised."""
        return self._futures[case.name].result()

    def __enter__(self) -> Self:
        self._pool = ThreadPoolExecutor(self._members, "crew")
        self._futures = {case.name: self._pool.submit(self._prove, case) for case in self._cases}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
        for house in self._houses:
            house.__exit__(None, None, None)

    def _prove(self, case: Case) -> Outcome:
        house: House | None = getattr(self._own, "house", None)
        if house is None:
            house = self._own.house = House()
            house.__enter__()
            self._houses.append(house)
        return found_in(case, house)
