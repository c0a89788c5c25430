"""Writes docs/asyncapi.json from the types; run it after changing a message or a topic. A test compares the two."""

import json
from pathlib import Path

from agent.asyncapi import document

FILE = Path(__file__).resolve().parent.parent / "docs/asyncapi.json"


def text() -> str:
    """The whole file."""
    return json.dumps(document(), ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
