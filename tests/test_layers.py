"""The rooms of the package, and which of them may know which."""

import ast
import sys
from pathlib import Path

import pytest

import skvae

ROOT = Path(skvae.__file__).parent

# Room: the third-party packages and the rooms it may import.
ROOMS = {
    "architectures": ({"sklearn", "torch"}, set()),
    "networks": ({"torch"}, set()),
    "training": ({"numpy", "skorch", "torch", "tqdm"}, {"_version", "images"}),
    "thresholds": ({"numpy"}, set()),
    "labels": ({"numpy"}, set()),
    "failures": (set(), set()),
    "images": ({"numpy"}, set()),
    "validation": ({"numpy", "sklearn"}, {"images"}),
    "features": ({"numpy", "sklearn"}, {"failures", "images", "validation"}),
    "detectors": (
        {"numpy", "sklearn", "threadpoolctl"},
        {
            "architectures",
            "failures",
            "features",
            "labels",
            "networks",
            "thresholds",
            "training",
            "validation",
        },
    ),
    "metrics": ({"numpy", "sklearn"}, {"labels"}),
    "datasets": ({"numpy", "pandas", "sklearn"}, {"images", "labels"}),
    "__init__": (set(), {"_version", "architectures", "detectors"}),
    "_version": (set(), set()),
}
FILES = sorted(ROOT.rglob("*.py"))


def imported_modules(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module


def room_of(path):
    return path.relative_to(ROOT).with_suffix("").parts[0]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_stay_within_the_table(path):
    room = room_of(path)
    packages, rooms = ROOMS[room]
    for module in imported_modules(path):
        package, _, rest = module.partition(".")
        if package == "skvae":
            assert rest.split(".")[0] in rooms | {room}, f"{path} imports {module}"
        else:
            assert package in packages | sys.stdlib_module_names, f"{path} imports {module}"


def test_only_the_engine_imports_skorch():
    with_skorch = [
        path.relative_to(ROOT).as_posix()
        for path in FILES
        if any(module.partition(".")[0] == "skorch" for module in imported_modules(path))
    ]
    assert with_skorch == ["training/engine.py"]


def test_detectors_import_one_another_only_as_templates():
    allowed = {f"skvae.detectors.{name}" for name in ("_base", "_mixture", "_threshold")}
    # Whose default detector is one that users have too.
    composed = {"_reconstruction_histogram.py": {"skvae.detectors._autoencoder"}}
    for path in (ROOT / "detectors").glob("_*.py"):
        if path.name != "__init__.py":
            siblings = {
                module for module in imported_modules(path) if module.startswith("skvae.detectors")
            }
            assert siblings <= allowed | composed.get(path.name, set()), path
