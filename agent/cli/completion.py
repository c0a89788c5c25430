"""`elevator-agent completion SHELL`: the lines that teach a shell to complete this command."""

import click

from agent.cli import screen
from agent.cli.texts import Words
from agent.cli.verb import FINE, verb

PROGRAM = "elevator-agent"
VARIABLE = "_ELEVATOR_AGENT_COMPLETE"  # as click derives it from the program's name
SHELLS = ("bash", "zsh", "fish")


def command(words: Words) -> click.Command:
    """Make the verb."""
    shell = click.Argument(["shell"], type=click.Choice(SHELLS))
    return verb("completion", words, _work, [shell], config=False)


def _work(_words: Words, *, shell: str, as_json: bool) -> int:
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None, "click knows each of SHELLS"
    script = kind(click.Group(), {}, PROGRAM, VARIABLE).source()
    if as_json:
        screen.show_json({"shell": shell, "script": script})
    else:
        screen.show(script)
    return FINE
