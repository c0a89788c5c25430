"""What is said of a command line that cannot be obeyed, in the reader's language: click speaks English alone."""

import re
from collections.abc import Mapping

import click
from click.exceptions import NoArgsIsHelpError

from agent.cli.texts import Words
from agent.config_problem import nearest

# What click says without a kind of its own; what it names in brackets goes on.
_SAID: Mapping[str, str] = {
    r"Got unexpected extra arguments? \((?P<name>.*)\)": "wrong.extra",
    r"Missing command\.": "wrong.no_verb",
    r"No such command '(?P<name>.*)'\.": "wrong.verb",
    r"Option '(?P<name>.*)' does not take a value\.": "wrong.no_value",
    r"Option '(?P<name>.*)' requires (?:an argument|\d+ arguments)\.": "wrong.value",
}


def told(wrong: click.ClickException, words: Words) -> str:
    """Say what is wrong and where to read on; the page of help where nothing was asked."""
    if isinstance(wrong, NoArgsIsHelpError):
        return wrong.format_message()
    context = wrong.ctx if isinstance(wrong, click.UsageError) else None
    path = "elevator-agent" if context is None else context.command_path
    line = words("wrong.line", what=_what(wrong, context, words))
    return f"{line}\n    {words('wrong.more', path=path)}"


def _what(wrong: click.ClickException, context: click.Context | None, words: Words) -> str:
    match wrong:
        case click.NoSuchOption():
            names = [
                name for each in _params(context) for name in (*each.opts, *each.secondary_opts)
            ]
            near = nearest(wrong.option_name, [name for name in names if name.startswith("-")])
            return words("wrong.option", name=wrong.option_name, near=_near(near, words))
        case click.MissingParameter():
            return words("wrong.missing", name=_name(wrong))
        case click.BadParameter():
            return words("wrong.parameter", name=_name(wrong), what=_allowed(wrong, words))
        case _:
            return _other(wrong.message, context, words)


def _params(context: click.Context | None) -> list[click.Parameter]:
    return [] if context is None else context.command.get_params(context)


def _near(name: str | None, words: Words) -> str:
    return "" if name is None else words("wrong.near", name=name)


def _name(wrong: click.BadParameter) -> str:
    param = wrong.param
    if param is None:
        return str(wrong.param_hint or "")
    return (
        param.opts[0]
        if isinstance(param, click.Option)
        else param.make_metavar(wrong.ctx or _NOWHERE)
    )


def _allowed(wrong: click.BadParameter, words: Words) -> str:
    """What the option takes, by its kind; what its own check said, where it has one."""
    match wrong.param and wrong.param.type:
        case click.Choice() as choice:
            return words("wrong.choice", choices=", ".join(map(str, choice.choices)))
        case click.IntRange() | click.FloatRange() as limits:
            least, most = limits.min, limits.max
            if most is None:
                return words("wrong.least", least=least)
            return words("wrong.range", least=least, most=most)
        case _:
            return wrong.message


def _other(message: str, context: click.Context | None, words: Words) -> str:
    for pattern, key in _SAID.items():
        found = re.fullmatch(pattern, message)
        if found is not None:
            verbs = (
                context.command.list_commands(context)
                if context is not None and isinstance(context.command, click.Group)
                else []
            )
            name = found.groupdict().get("name", "")
            near = nearest(name, verbs) if name else None
            return words(key, name=name, near=_near(near, words))
    return message


_NOWHERE = click.Context(click.Command("elevator-agent"))
