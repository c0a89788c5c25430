"""One broken installation: its story, how it is built, and exactly what `doctor` has to find. A table's row.

A finding is written `check subject: cause`, as `bus.answer scale: silent`; paths are those below the installation's folder.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from hil.broken.site import Site

Build = Callable[[Site], None]
STOPPED: Final = ("service.answer: not_running", "service.unit elevator-agent: stopped")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`story` and `story_zh` say what is broken. `build` breaks it in a healthy installation.

    `runs`: the service runs meanwhile; where it does not, that is found as well, unless the case is about it. `finds` is
    all that may be a failure or a warning.
    """

    name: str
    story: str
    story_zh: str
    build: Build
    finds: frozenset[str]
    runs: bool = False
    scans: bool = False

    @property
    def expected(self) -> frozenset[str]:
        """Everything that has to be found wrong, and nothing else may."""
        if self.runs or any(each.startswith("service.") for each in self.finds):
            return self.finds
        return self.finds.union(STOPPED)


@dataclass(slots=True)
class Group:
    """Cases of one part of an installation, in the order of the story."""

    title: str
    title_zh: str
    cases: list[Case] = field(default_factory=list[Case])

    def case(
        self, story_zh: str, *finds: str, runs: bool = False, scans: bool = False
    ) -> Callable[[Build], Build]:
        """Make a case of a function that breaks an installation: its name is the function's, its story the docstring."""

        def note(build: Build) -> Build:
            story = (build.__doc__ or "").partition("\n")[0].removesuffix(".")
            case = Case(
                name=build.__name__.replace("_", "-"),
                story=story,
                story_zh=story_zh,
                build=build,
                finds=frozenset(finds),
                runs=runs,
                scans=scans,
            )
            self.cases.append(case)
            return build

        return note
