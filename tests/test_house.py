"""The house rules that no linter knows: sizes, docstrings, and documents that agree with the code."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib.util import find_spec
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


@pytest.mark.slow
def test_every_module_can_be_imported_alone():
    names = [
        ".".join(path.with_suffix("").parts).removesuffix(".__init__")
        for path in MODULES
        if path.name not in {"__main__.py", "with_parent.py", "env.py"}  # run, never imported
        # An extra that is built where libldap is: elsewhere nothing of it is imported.
        and (find_spec("ldap") is not None or path.parent.name != "ldap")
    ]
    code = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]:\n"
        "    for loaded in [m for m in sys.modules if m.split('.')[0] in "
        "('gateway', 'policies', 'upstream_stub')]:\n"
        "        del sys.modules[loaded]\n"
        "    importlib.import_module(name)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *names], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
