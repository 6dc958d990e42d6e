"""The house rules that no linter knows: sizes, docstrings, and documents that agree with the code."""

from __future__ import annotations

import ast
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted(
    path.relative_to(ROOT)
    for top in ("policies", "gateway", "upstream_stub")
    for path in (ROOT / top).rglob("*.py")
)
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LONGEST_MODULE = 400
LONGEST_FUNCTION = 60


def parsed(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text("utf-8"))


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_a_module_says_what_it_is_and_fits_in_the_head(path):
    text = (ROOT / path).read_text("utf-8")
    assert ast.get_docstring(ast.parse(text)), "no docstring"
    assert text.count("\n") <= LONGEST_MODULE, "is it two things?"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert node.end_lineno - node.lineno < LONGEST_FUNCTION, node.name


def test_nothing_is_left_to_be_done_in_the_code():
    words = re.compile(r"\b(TODO|FIXME|XXX|HACK|NotImplementedError)\b")
    found = [str(path) for path in MODULES if words.search((ROOT / path).read_text("utf-8"))]
    assert found == []


def test_files_named_in_the_documents_exist():
    named = re.compile(r"`((?:gateway|policies|upstream_stub|tests|bench|docs)/[\w/.-]+)`")
    for document in DOCUMENTS:
        for name in named.findall(document.read_text("utf-8")):
            assert (ROOT / name).exists(), f"{document.name} names {name}"


def test_functions_named_in_the_design_exist():
    named = re.compile(r"`((?:\w+/)+\w+\.py):([\w.]+)`")
    for document in DOCUMENTS:
        for file, function in named.findall(document.read_text("utf-8")):
            place = next(p for p in (ROOT / "gateway" / file, ROOT / file) if p.exists())
            names = {
                node.name
                for node in ast.walk(ast.parse(place.read_text("utf-8")))
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
            }
            assert set(function.split(".")) <= names, f"{document.name}: {file}:{function}"


def test_links_between_documents_lead_somewhere():
    link = re.compile(r"\]\((?!https?:)([^)#]+)")
    for document in DOCUMENTS:
        for target in link.findall(document.read_text("utf-8")):
            assert (document.parent / target).exists(), f"{document.name} links {target}"


def test_every_dependency_has_its_reason():
    import tomllib

    file = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    project, groups = file["project"], file["dependency-groups"]
    more = (*project["optional-dependencies"].values(), *groups.values())
    wanted = [*project["dependencies"], *(one for names in more for one in names)]
    reasons = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    for requirement in wanted:
        name = re.match(r"[\w-]+", requirement)[0]
        assert re.search(rf"[|, ]{re.escape(name)}[, |]", reasons), name


def test_every_module_can_be_imported_alone():
    """Whatever is imported first: no circle of modules that read each other as they are read."""
    names = {_module(path): path for path in MODULES}
    needs = {
        name: {one for one in _read_with(path) if one in names and one != name}
        for name, path in names.items()
    }
    assert sum(map(len, needs.values())) > 800, "imports are seen"
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def _module(path):
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _read_with(path):
    """Yield the names of modules that are read whenever this one is: not those of functions."""
    waiting = list(ast.parse((ROOT / path).read_text("utf-8")).body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "the house names modules in full"
            yield node.module
            yield from (f"{node.module}.{one.name}" for one in node.names)
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting += node.orelse
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            waiting += ast.iter_child_nodes(node)
