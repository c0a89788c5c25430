"""What an installation contains: every package of the tree, or the service does not start where it is installed."""

import tomllib
from pathlib import Path

from hil.installation import ROOT


def test_every_package_of_the_tree_is_installed():
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = [
        ".".join(init.parent.relative_to(ROOT).parts)
        for top in ("agent", "hil")
        for init in Path(ROOT / top).rglob("__init__.py")
    ]
    assert sorted(packages) == sorted(told["tool"]["setuptools"]["packages"])
