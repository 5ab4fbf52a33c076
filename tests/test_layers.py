"""The import rule of ARCHITECTURE.md, read off the source."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
WORDS = ("_version", "digest", "errors", "facts", "memo", "problems", "published")
LADDER = [
    WORDS,
    ("models",),
    ("board",),
    ("planning",),
    ("media",),
    ("backends", "store"),
    ("running",),
    ("sandbox",),
    ("pipeline",),
    ("terminal",),
    ("commands",),
    ("cli",),
    ("__main__", "skyflow"),
]
STEP = {name: step for step, names in enumerate(LADDER) for name in names}
LAZY = {("skyflow.cli", None), ("skyflow", "__getattr__"), ("skyflow.__main__", "main")}
"""The verb table, the package's calls for programs, and ``--version``: they alone may import when called."""


def module_name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {module_name(file): ast.parse(file.read_text()) for file in sorted((ROOT / "skyflow").rglob("*.py"))}


def imports(module: str) -> set[str]:
    """The modules of skyflow that a module names in an import, for types as well."""
    found = set()
    for node in ast.walk(SOURCES[module]):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import"
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (inside & SOURCES.keys()) or {str(node.module)}
    return found & SOURCES.keys() - {module}


def layer(module: str) -> str:
    """The folder or top module that a module stands in; the package itself is ``skyflow``."""
    return module.split(".")[1] if "." in module else module


@pytest.mark.parametrize("module", SOURCES)
def test_imports_point_down(module):
    wrong = [
        name
        for name in imports(module)
        if layer(name) != layer(module)
        and STEP[layer(name)] >= STEP[layer(module)]
        and not {layer(name), layer(module)} <= set(WORDS)
    ]
    assert wrong == []


@pytest.mark.parametrize("module", SOURCES)
def test_only_the_edge_talks_to_the_terminal(module):
    assert layer(module) in {"cli", "commands", "terminal"} or "skyflow.terminal" not in imports(module)


def test_no_module_needs_itself():
    list(TopologicalSorter({module: imports(module) for module in SOURCES}).static_order())


@pytest.mark.parametrize("module", SOURCES)
def test_imports_stand_at_the_top(module):
    inside = [
        (function.name, ast.unparse(node))
        for function in ast.walk(SOURCES[module])
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
        if not {(module, None), (module, function.name)} & LAZY
    ]
    assert inside == []
