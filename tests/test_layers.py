"""The rooms of the package, and which of them may know which."""

import ast
import re
import sys
from pathlib import Path

import pytest

import skvae

ROOT = Path(skvae.__file__).parent

# Room: the third-party packages and the rooms it may import.
ROOMS = {
    "_sklearn": ({"sklearn"}, set()),
    "_version": (set(), set()),
    "failures": (set(), set()),
    "files": ({"numpy", "sklearn", "torch"}, {"_version"}),
    "labels": ({"numpy"}, set()),
    "seeding": ({"numpy", "sklearn"}, set()),
    "thresholds": ({"numpy", "sklearn"}, set()),
    "architectures": ({"sklearn", "torch"}, {"_sklearn"}),
    "likelihoods": ({"torch"}, set()),
    "networks": ({"torch"}, {"likelihoods"}),
    "rows": ({"numpy", "sklearn", "torch"}, {"_sklearn"}),
    "runtime": ({"numpy", "torch"}, {"_version", "networks", "rows"}),
    "training": (
        {"joblib", "numpy", "sklearn", "skorch", "torch", "tqdm"},
        {"networks", "rows", "runtime"},
    ),
    "features": ({"numpy", "sklearn"}, {"_sklearn", "failures", "rows"}),
    "detectors": (
        {"numpy", "scipy", "sklearn"},
        {
            "_sklearn",
            "architectures",
            "failures",
            "features",
            "files",
            "labels",
            "likelihoods",
            "networks",
            "rows",
            "runtime",
            "seeding",
            "thresholds",
            "training",
        },
    ),
    "onnx": (
        {"numpy", "onnx", "skl2onnx", "sklearn", "torch"},
        {"detectors", "features", "networks", "rows", "runtime"},
    ),
    "inspection": ({"numpy", "pandas", "sklearn"}, {"_sklearn", "rows", "thresholds"}),
    "metrics": ({"numpy", "sklearn"}, {"labels"}),
    "datasets": ({"numpy", "pandas", "sklearn"}, {"_sklearn", "labels", "rows"}),
    "plotting": ({"matplotlib", "numpy", "pandas", "sklearn"}, {"inspection", "labels", "rows"}),
    "reporting": (
        {"jinja2", "matplotlib", "numpy", "sklearn"},
        {"_sklearn", "_version", "inspection", "labels", "plotting", "rows"},
    ),
    "__init__": (
        set(),
        {
            "_version",
            "architectures",
            "datasets",
            "detectors",
            "features",
            "files",
            "inspection",
            "metrics",
            "plotting",
            "reporting",
        },
    ),
}
EXTRAS = {"jinja2", "matplotlib", "onnx", "pandas", "skl2onnx"}
FILES = sorted(ROOT.rglob("*.py"))


def imported_modules(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module


def imported_names(path):
    return {
        alias.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "skvae"
        for alias in node.names
    }


def room_of(path):
    return path.relative_to(ROOT).with_suffix("").parts[0]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_stay_within_the_table(path):
    room = room_of(path)
    packages, rooms = ROOMS[room]
    for module in imported_modules(path):
        package, _, rest = module.partition(".")
        if package == "skvae":
            # ``from skvae import`` names rooms.
            named = {rest.split(".")[0]} if rest else imported_names(path)
            assert named <= rooms | {room}, f"{path} imports {module}"
        else:
            assert package in packages | sys.stdlib_module_names, f"{path} imports {module}"


def test_only_the_engine_imports_skorch():
    with_skorch = [
        path.relative_to(ROOT).as_posix()
        for path in FILES
        if any(module.partition(".")[0] == "skorch" for module in imported_modules(path))
    ]
    assert with_skorch == ["training/engine.py"]


def test_private_names_of_scikit_learn_are_in_one_file():
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module.partition(".")[0] == "sklearn":
                names = [*node.module.split("."), *(alias.name for alias in node.names)]
                private = [name for name in names if name.startswith("_")]
                assert not private or path.name == "_sklearn.py", f"{path} imports {private}"


def test_contributing_has_the_same_table():
    text = (ROOT.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `skvae/(\w+)(?:/|\.py)` \| .* \|(.*)\|$", text, re.MULTILINE)
    table = {room: set(re.findall(r"`(\w+)`", imports)) for room, imports in rows}
    rooms = {room for room in ROOMS if room not in ("__init__", "_version")}
    assert table.keys() == rooms
    for room, imports in table.items():
        assert imports == ROOMS[room][1] - {"_version"} | ROOMS[room][0] - EXTRAS, room


def test_detectors_import_one_another_only_as_templates():
    allowed = {
        f"skvae.detectors.{name}"
        for name in ("_autoencoder", "_mixture", "_network", "_stream", "_threshold")
    }
    # Whose default parts are detectors that users have too.
    composed = {
        "_ensemble.py": {f"skvae.detectors.{name}" for name in ("_ae", "_sampling", "_vae")},
        "_reconstruction_histogram.py": {"skvae.detectors._ae"},
    }
    for path in (ROOT / "detectors").glob("_*.py"):
        if path.name != "__init__.py":
            siblings = {
                module for module in imported_modules(path) if module.startswith("skvae.detectors")
            }
            assert siblings <= allowed | composed.get(path.name, set()), path
