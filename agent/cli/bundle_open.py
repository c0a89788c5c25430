"""Which recording of a support archive is replayed: the one asked for, else the newest; the others are named."""

from pathlib import Path

from agent.bundle.archive import recordings_in
from agent.cli import screen
from agent.cli.texts import Words
from agent.config_problem import ConfigProblems

_NAMED_MOST = 20


_NO_CONFIGURATION = '[elevator]\nsite = "unknown"\nid = "unknown"\n'


def usable(config: Path, words: Words) -> Path:
    """The configuration of an archive; where it holds none, or one that is refused, the defaults, which is said."""
    from agent.cli.site import settings_and_platform

    try:
        settings_and_platform(config)
    except ConfigProblems:
        screen.say(words("bundle.defaults"))
        config.parent.mkdir(exist_ok=True)
        config.write_text(_NO_CONFIGURATION)
    return config


def chosen(file: Path, asked: str | None, words: Words) -> str | None:
    """Choose, and say what else there is; None after saying why there is nothing to choose."""
    names = recordings_in(file)
    if not names:
        screen.say(words("bundle.no_recording", file=file))
        return None
    if asked is not None and asked not in names:
        screen.say(words("bundle.no_such", name=asked, names="\n".join(names[-_NAMED_MOST:])))
        return None
    name = asked or names[-1]
    others = [each for each in names if each != name]
    screen.say(words("bundle.replaying", name=name))
    if others and asked is None:
        screen.say(words("bundle.others", names="\n".join(others[-_NAMED_MOST:])))
    return name
