"""The import rule of ARCHITECTURE.md, read off the source."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
WORDS = ("_version", "digest", "disk", "errors", "facts", "late", "marks", "memo", "problems", "published")
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

LATE = {
    "skyflow.backends": {"importlib.metadata", "skyflow.backends.animatic", "skyflow.backends.runware.backend"},
    "skyflow.backends.animatic.backend": {"anyio.streams.text", "skyflow.backends.process"},
    "skyflow.board.graph": {"networkx"},
    "skyflow.board.model": {"networkx"},
    "skyflow.board.schema": {"jsonschema"},
    "skyflow.board.templates": {"jinja2", "skyflow.board.bounded"},
    "skyflow.commands.loading": {"skyflow.commands.problems"},
    "skyflow.commands.validate": {"skyflow.commands.problems"},
    "skyflow.media.local": {"skyflow.media.probe"},
    "skyflow.pipeline": {"anyio", "skyflow.running.runner"},
    "skyflow.planning.conform": {"jsonschema"},
    "skyflow.planning.select": {"networkx"},
    "skyflow.terminal": {"rich.cells", "rich.console", "rich.table", "rich.text"},
}
"""What a command that only looks at a board has no use for, by the module that names it with ``late``: what draws and
buys, and runs; what explains a fault; what decodes a medium that was not seen before; what compiles a template;
what walks a graph for a selector or a cycle; what writes to a terminal."""


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


@pytest.mark.parametrize("module", SOURCES)
def test_what_is_imported_late_is_listed_and_type_checked(module):
    named = "skyflow.late" in imports(module)
    calls = [node for node in ast.walk(SOURCES[module]) if isinstance(node, ast.Call) and named]
    late = {ast.literal_eval(call.args[0]) for call in calls if ast.unparse(call.func) == "late"}
    assert late == LATE.get(module, set())
    assert late & SOURCES.keys() <= imports(module)


def test_a_plan_imports_nothing_that_it_has_no_use_for(tmp_path):
    board = tmp_path / "board.yaml"
    board.write_text(
        "skyflow: 1\nvars: {look: grey}\n"
        'shots:\n  lamp: {prompt: "{{ look }} @@ sea", needs: sea}\n  sea: {prompt: x}\n'
    )
    asked = "import sys; from skyflow.cli import run; run(['plan', 'board.yaml']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], cwd=tmp_path, capture_output=True, check=True, text=True)  # noqa: S603 - ours
    modules = set(done.stdout.split())
    heavy = {"PIL", "anyio", "asyncio", "av", "httpx", "jinja2", "jsonschema", "networkx", "numpy", "rich"}
    assert "skyflow.planning.plan" in modules
    assert modules & (heavy | set().union(*LATE.values())) == {"skyflow.backends.animatic"}
