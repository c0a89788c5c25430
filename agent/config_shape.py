"""Compares plain data with the shape of `settings.py` and goes on after each mistake.

It knows types, bounds and names, all read from the structs themselves; what contradicts what is
`config_rules.py`. Beside the problems it gives a draft: what could be understood, so that the rules
can look at a broken file too.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from msgspec import inspect

from agent.config_forms import FORMS_ZH
from agent.config_problem import (
    Report,
    Say,
    choices,
    did_you_mean,
    item_key,
    joined,
    nearest,
    quoted,
    same,
    shown,
)

LONGEST_TEXT = 255  # characters; no name, path or address needs more
Table = Mapping[str, object]
Draft = object  # a settings struct, a scalar, a dict or list of such; None: not understood


def draft_of(root: type, tree: Table, report: Report) -> dict[str, Any]:
    """Give the usable sections of a whole file by name; what is wrong with it goes to `report`."""
    kind = inspect.type_info(root)
    assert isinstance(kind, inspect.StructType)
    sections, _ = _fields(kind, tree, "", _Walk(report, _homes(kind)))
    return sections


class _Walk:
    """What the walk carries along: the report, and where in the file each key may stand."""

    def __init__(self, report: Report, homes: Mapping[str, str]) -> None:
        self.report = report
        self.homes = homes

    def wrong(self, key: str, value: object, allowed: Say, remedy: Say) -> None:
        self.report.add(key, shown(value), allowed, remedy)


def _build(kind: inspect.Type, value: object, key: str, walk: _Walk, note: str = "") -> Draft:
    """Give the draft of one value; `note` describes the text a pattern asks for."""
    match kind:
        case inspect.Metadata(type=inner):
            return _build(inner, value, key, walk, _note(kind))
        case inspect.StructType():
            return _struct(kind, value, key, walk)
        case inspect.DictType():
            return _dict(kind, value, key, walk)
        case inspect.VarTupleType():
            return _array(kind, value, key, walk)
        case inspect.UnionType(types=types):
            structs = [each for each in types if isinstance(each, inspect.StructType)]
            if structs and structs[0].tag_field:
                return _tagged(structs, value, key, walk)
            (inner,) = (each for each in types if not isinstance(each, inspect.NoneType))
            return _build(inner, value, key, walk, note)
        case _:
            return _leaf(kind, value, key, walk, note)


def _note(kind: Any) -> str:  # noqa: ANN401 - msgspec leaves the type of its schema dict open
    """Read the description beside a bounded type."""
    schema: Mapping[str, str] = kind.extra_json_schema or {}
    return schema.get("description", "")


def _struct(kind: inspect.StructType, value: object, key: str, walk: _Walk) -> Draft:
    if not isinstance(value, Mapping):
        header = Say(f"a table, written [{key}]", f"一个表，写作 [{key}]")
        walk.wrong(
            key, value, header, Say("Write its keys below that header.", "把各键写在该标题之下。")
        )
        return None
    built, whole = _fields(kind, cast("Table", value), key, walk)
    return kind.cls(**built) if whole else None


def _fields(
    kind: inspect.StructType, table: Table, key: str, walk: _Walk
) -> tuple[dict[str, Any], bool]:
    """Give the understood fields, and whether every required one is among them."""
    fields = {field.encode_name: field for field in kind.fields}
    for name in table:
        if name not in fields and name != kind.tag_field:
            _unknown(name, key, list(fields), walk)
    built: dict[str, Any] = {}
    for name, field in fields.items():
        if name in table:
            built[name] = _build(field.type, table[name], joined(key, name), walk)
        elif field.required:
            built[name] = _missing(field.type, key, name, walk)
    for name in [name for name, part in built.items() if part is None]:
        built[name] = (
            _stand_in(fields[name].type) if fields[name].required else fields[name].default
        )
    built = {
        name: part for name, part in built.items() if part is not None or not fields[name].required
    }
    return built, all(name in built for name, field in fields.items() if field.required)


def _unknown(name: str, key: str, valid: Sequence[str], walk: _Walk) -> None:
    """Report an unknown key; its value is not shown, for it may be a secret."""
    elsewhere = walk.homes.get(name)
    otherwise = Say(
        "Delete it; the example file shows every key.", "请删除；示例文件列出了全部键。"
    )
    if elsewhere and nearest(name, valid) is None:
        otherwise = Say(f'It belongs elsewhere: "{elsewhere}".', f"它应写在 “{elsewhere}”。")
    remedy = did_you_mean(name, valid, otherwise)
    alike = sorted(valid, key=lambda word: word != nearest(name, valid))
    walk.report.add(joined(key, name), Say("an unknown key", "未知的键"), choices(alike), remedy)


def _missing(kind: inspect.Type, key: str, name: str, walk: _Walk) -> Draft:
    if isinstance(kind, inspect.StructType):  # its own required keys are what is missing
        return _struct(kind, {}, joined(key, name), walk)
    below = f"below [{key}]" if key else "at the top"
    below_zh = f"在 [{key}] 下" if key else "在文件开头"
    remedy = Say(f"Add {quoted(name)} = … {below}.", f"请{below_zh}加上 {quoted(name)} = …。")
    walk.report.add(joined(key, name), Say("nothing", "缺失"), _allowed(kind), remedy)
    return None


def _stand_in(kind: inspect.Type) -> Draft:
    """Give an empty value for a missing field, so that the rules see the rest of its table."""
    match kind:
        case inspect.Metadata(type=inner):
            return _stand_in(inner)
        case inspect.StrType() | inspect.LiteralType():
            return ""
        case inspect.DictType():
            return {}
        case _:
            return None


def _dict(kind: inspect.DictType, value: object, key: str, walk: _Walk) -> Draft:
    if not isinstance(value, Mapping):
        header = Say(f"a table, written [{key}]", f"一个表，写作 [{key}]")
        walk.wrong(
            key,
            value,
            header,
            Say('Write "name" = { … } lines below it.', "每行写 “名称” = { … }。"),
        )
        return None
    table = cast("Table", value)
    built = {
        name: _build(kind.value_type, part, joined(key, name), walk) for name, part in table.items()
    }
    return {name: part for name, part in built.items() if part is not None}


def _array(kind: inspect.VarTupleType, value: object, key: str, walk: _Walk) -> Draft:
    """Items keep their places: one that could not be understood is None."""
    if not isinstance(value, list):
        header = Say(f"tables, each written [[{key}]]", f"若干表，每个写作 [[{key}]]")
        walk.wrong(key, value, header, Say("Use double brackets.", "请用双方括号。"))
    items = cast("list[object]", value if isinstance(value, list) else _one_item(value))
    return [
        _build(kind.item_type, item, item_key(key, n, item), walk) for n, item in enumerate(items)
    ]


def _one_item(value: object) -> list[object]:
    """Take a single table for an array of one: single brackets are an easy slip."""
    return [cast("object", value)] if isinstance(value, Mapping) else []


def _tagged(structs: Sequence[inspect.StructType], value: object, key: str, walk: _Walk) -> Draft:
    """One of several structs, told apart by their tag (`kind`)."""
    if not isinstance(value, Mapping):
        return _struct(structs[0], value, key, walk)
    table = cast("Table", value)
    by_tag = {str(each.tag): each for each in structs}
    tag_key = structs[0].tag_field or ""
    tag = table.get(tag_key)
    chosen = by_tag.get(tag) if isinstance(tag, str) else None
    if chosen is None:
        found = shown(tag) if tag_key in table else Say("nothing", "缺失")
        otherwise = Say(f"Write {tag_key} = one of them.", f"请写 {tag_key} = 其中之一。")
        remedy = did_you_mean(str(tag) if isinstance(tag, str) else "", by_tag, otherwise)
        walk.report.add(joined(key, tag_key), found, choices(by_tag), remedy)
        chosen = _likeliest(by_tag, tag, table)
    return None if chosen is None else _struct(chosen, table, key, walk)


def _likeliest(
    by_tag: Mapping[str, inspect.StructType], tag: object, table: Table
) -> inspect.StructType | None:
    """Find the struct that was meant: by a similar tag; where there is none, by the keys that fit.

    None if that is not clear: mistakes by the rules of another kind would mislead.
    """
    if isinstance(tag, str):
        guess = nearest(tag, by_tag)
        return None if guess is None else by_tag[guess]
    fitting = {
        name: sum(f.encode_name in table for f in each.fields) for name, each in by_tag.items()
    }
    best = [name for name, count in fitting.items() if count == max(fitting.values())]
    return by_tag[best[0]] if len(best) == 1 else None


def _leaf(kind: inspect.Type, value: object, key: str, walk: _Walk, note: str) -> Draft:
    if _fits(kind, value):
        return value
    walk.wrong(key, value, _allowed(kind, note), _leaf_remedy(kind, value))
    return None


def _fits(kind: inspect.Type, value: object) -> bool:
    match kind:
        case inspect.BoolType():
            return isinstance(value, bool)
        case inspect.IntType():
            return isinstance(value, int) and not isinstance(value, bool) and _within(kind, value)
        case inspect.FloatType():
            if not isinstance(value, (int, float)) or isinstance(value, bool):
                return False
            return _within(kind, value) and math.isfinite(value)
        case inspect.StrType():
            return isinstance(value, str) and _fits_text(kind, value)
        case inspect.LiteralType(values=values):
            return isinstance(value, str) and value in values
        case _:
            raise AssertionError(f"settings.py has a type that nobody checks: {kind}")


def _within(kind: inspect.IntType | inspect.FloatType, value: float) -> bool:
    return (kind.ge is None or value >= kind.ge) and (kind.le is None or value <= kind.le)


def _fits_text(kind: inspect.StrType, value: str) -> bool:
    if not (kind.min_length or 0) <= len(value) <= LONGEST_TEXT:
        return False
    if not value.replace("\u3000", " ").isprintable():
        return False  # no path, name or topic holds a control character; a wide space may be
    return kind.pattern is None or re.search(kind.pattern, value) is not None


def _allowed(kind: inspect.Type, note: str = "") -> Say:
    """Say what may stand there."""
    match kind:
        case inspect.Metadata(type=inner):
            return _allowed(inner, _note(kind))
        case inspect.BoolType():
            return same("true / false")
        case inspect.IntType():
            return _ranged(kind, Say("a whole number", "整数"))
        case inspect.FloatType():
            return _ranged(kind, Say("a number", "数"))
        case inspect.StrType():
            return _text(kind, note)
        case inspect.LiteralType(values=values):
            return choices(f'"{value}"' for value in sorted(map(str, values)))
        case _:
            return Say("a table", "一个表")


def _ranged(kind: inspect.IntType | inspect.FloatType, word: Say) -> Say:
    if kind.ge is None or kind.le is None:
        return word
    low, high = f"{kind.ge:g}", f"{kind.le:g}"
    return Say(f"{word.en}, {low} to {high}", f"{word.zh}，{low} 至 {high}")


def _text(kind: inspect.StrType, note: str) -> Say:
    if note or kind.pattern:
        form = note or str(kind.pattern)
        return Say(f"text: {form}", f"文本：{FORMS_ZH.get(form, form)}")
    if not kind.min_length:
        return Say(
            f"text of up to {LONGEST_TEXT} characters, none of which controls how it is shown",
            f"至多 {LONGEST_TEXT} 个字符的文本，不含控制字符",
        )
    least = kind.min_length
    return Say(
        f"text of {least} to {LONGEST_TEXT} characters, none of which controls how it is shown",
        f"{least} 至 {LONGEST_TEXT} 个字符的文本，不含控制字符",
    )


def _leaf_remedy(kind: inspect.Type, value: object) -> Say:
    is_text = isinstance(kind, (inspect.StrType, inspect.LiteralType))
    if is_text and not isinstance(value, (str, Mapping, list)):
        written = shown(value).en
        return Say(f'Put it in quotes: "{written}".', f'请加引号："{written}"。')
    if isinstance(kind, inspect.LiteralType) and isinstance(value, str):
        write_one = Say("Write one of them.", "请写其中之一。")
        return did_you_mean(value, map(str, kind.values), write_one)
    if not is_text and isinstance(value, str):
        return Say("Write it without quotes.", "请去掉引号。")
    return Say(
        "Choose a value of that kind; the example file explains the key.",
        "请改为允许的值；示例文件说明了该键。",
    )


def _homes(kind: inspect.StructType) -> dict[str, str]:
    """Every key of the sections → its dotted name; a key of two sections is left to the first."""
    homes: dict[str, str] = {}
    for section in kind.fields:
        if isinstance(section.type, inspect.StructType):
            for field in section.type.fields:
                homes.setdefault(field.encode_name, f"{section.encode_name}.{field.encode_name}")
    return homes
