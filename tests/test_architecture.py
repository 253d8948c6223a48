"""The house: what may import what, what is installed, what starting up costs."""

import ast
import configparser
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# From the ground up; a package imports only from its own floor and those below.
FLOORS = [
    {"_version", "errors", "files", "progress", "config"},
    {"stimuli"},
    {"tasks", "encoders"},
    {"models"},
    {"training"},
    {"recordings"},
    {"decoding"},
    {"geometry", "rsa"},
    {"pipeline"},
    {"hypotheses", "compare", "perturbation", "twin"},
    {"figures"},
    {"report"},
    {"reproduce"},
    {"cli"},
]
LEVEL = {name: level for level, names in enumerate(FLOORS) for name in names}
SOURCES = sorted((ROOT / "wmsim").rglob("*.py"))


def imported(path):
    """Parts of wmsim that a file imports, anywhere in it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("wmsim"):
            parts = node.module.split(".")
            yield from ([parts[1]] if len(parts) > 1 else [alias.name for alias in node.names])
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("wmsim."):
                    yield alias.name.split(".")[1]


def part_of(path):
    relative = path.relative_to(ROOT / "wmsim")
    return relative.parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_downwards(path):
    own = part_of(path)
    if own in ("__init__", "__main__"):
        return
    for other in imported(path):
        if (own == "rsa" and other == "geometry") or (own == "geometry" and other == "rsa"):
            pytest.fail(f"{own} and {other} are side by side")
        assert LEVEL[other] <= LEVEL[own], f"{own} imports {other}, which stands above it"


@pytest.mark.parametrize("part", ["decoding", "geometry", "rsa", "pipeline", "recordings"])
def test_analysis_never_loads_torch(part):
    code = f"import sys, wmsim.{part}; assert 'torch' not in sys.modules, 'torch was loaded'"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_start_up_loads_nothing_heavy():
    code = (
        "import sys, wmsim, wmsim.cli.app;"
        "heavy = {'torch', 'xarray', 'numpy', 'matplotlib', 'sklearn', 'scipy'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_all_packages_are_listed_for_installation():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    listed = set(setup["options"]["packages"].split())
    there = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in (ROOT / "wmsim").rglob("__init__.py")
    }
    assert listed == there | {"wmsim.registry"}


def test_public_names_are_there():
    import wmsim

    for name in wmsim.__all__:
        assert getattr(wmsim, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = wmsim.nothing


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_data_is_never_run(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(
        r"(?<![.\w])eval\(|(?<![.\w])exec\(|pickle\.load|allow_pickle=True|weights_only=False", text
    )


def test_files_stay_short():
    long = {
        str(path.relative_to(ROOT)): path.read_text(encoding="utf-8").count("\n")
        for path in SOURCES
    }
    assert not {name: n for name, n in long.items() if n > 400}
