"""Digests of code: what changes them, and what does not."""

import ast
import shutil

import pytest

from conftest import ROOT
from dying_relu import studies
from dying_relu.workflow import sources

FILES = {
    "workflow/scripts/work.py": '"""Work."""\nfrom dying_relu.tools import saw\n\nsaw.cut()\n',
    "workflow/scripts/bare.py": "print(1)\n",
    "src/dying_relu/__init__.py": "VERSION = 1\n",
    "src/dying_relu/tools/__init__.py": "",
    "src/dying_relu/tools/saw.py": (
        '"""A saw."""\n\nimport math\n\nfrom dying_relu.wood import PLANK\n\n\n'
        'def cut():\n    """Cut."""\n    from dying_relu import glue\n\n    return PLANK + glue.DROP  # a comment\n'
    ),
    "src/dying_relu/wood.py": "PLANK = 1\n",
    "src/dying_relu/glue.py": "DROP = 2\n",
    "src/dying_relu/unused.py": "X = 1\n",
    "src/dying_relu/plugins/__init__.py": "",
    "src/dying_relu/plugins/one.py": "import dying_relu.wood\n\nY = 1\n",
}


def forget():
    for function in (sources.digest, sources._path, sources._parsed):
        function.cache_clear()


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A small package; gives a function that writes one of its files anew, and the digest after that."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(sources, "PACKAGE", tmp_path / "src" / "dying_relu")
    monkeypatch.setattr(sources, "SCRIPTS", tmp_path / "workflow" / "scripts")
    forget()

    def digest(name=None, old="", new="", script="work", modules=(), without=None):
        if name:
            text = (tmp_path / name).read_text()
            assert old in text
            (tmp_path / name).write_text(text.replace(old, new))
        forget()
        return sources.digest(script, *modules, without=without)

    yield digest
    monkeypatch.undo()
    forget()


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("src/dying_relu/tools/saw.py", "  # a comment", "  # another"),
        ("src/dying_relu/tools/saw.py", '"""A saw."""', '"""Another\nsaw."""'),
        ("src/dying_relu/tools/saw.py", '    """Cut."""\n', '    """Cut much."""\n'),
        ("src/dying_relu/tools/saw.py", "return PLANK + glue.DROP", "return (\n        PLANK + glue.DROP\n    )"),
        ("workflow/scripts/work.py", '"""Work."""', '"""Work hard."""'),
        ("src/dying_relu/unused.py", "X = 1", "X = 2"),
        ("src/dying_relu/plugins/one.py", "Y = 1", "Y = 2"),
        ("workflow/scripts/bare.py", "1", "2"),
    ],
)
def test_what_is_not_run_changes_nothing(tree, name, old, new):
    assert tree() == tree(name, old, new)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("workflow/scripts/work.py", "saw.cut()", "saw.cut(); saw.cut()"),
        ("src/dying_relu/tools/saw.py", "PLANK + glue", "PLANK - glue"),
        ("src/dying_relu/wood.py", "1", "2"),
        ("src/dying_relu/glue.py", "2", "3"),  # imported inside a function
        ("src/dying_relu/tools/__init__.py", "", "Z = 1\n"),
        ("src/dying_relu/__init__.py", "1", "2"),
    ],
)
def test_what_is_run_changes_the_digest(tree, name, old, new):
    assert tree() != tree(name, old, new)


def test_a_docstring_alone_makes_a_function_that_does_nothing(tree):
    name = "src/dying_relu/wood.py"
    before = tree(name, "PLANK = 1\n", 'PLANK = 1\n\n\ndef chop():\n    """Chop."""\n')
    assert before == tree(name, '"""Chop."""', '"""Chop it."""') != tree(name, '    """Chop it."""', "    return 1")


def test_modules_given_by_name_are_followed(tree):
    bare = tree(script="bare")
    given = tree(script="bare", modules=("dying_relu.plugins.one",))
    assert bare != given != tree("src/dying_relu/wood.py", "1", "2", "bare", ("dying_relu.plugins.one",))


def test_a_package_can_be_left_out_with_what_only_it_imports(tree):
    def left():
        return tree(without="dying_relu.tools")

    before = left()
    assert before != tree()
    tree("src/dying_relu/tools/saw.py", "PLANK + glue", "PLANK - glue")
    tree("src/dying_relu/glue.py", "2", "3")
    assert left() == before
    tree("workflow/scripts/work.py", "saw.cut()", "saw.cut(2)")
    assert left() != before


def test_files_are_those_behind_a_script(tree):
    tree()
    found = [str(path.relative_to(sources.PACKAGE)) for path in sources.files(sources.SCRIPTS / "work.py")]
    assert found == ["__init__.py", "glue.py", "tools/__init__.py", "tools/saw.py", "wood.py"]
    assert sources.files(sources.SCRIPTS / "bare.py") == []


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of the real tree to edit."""
    shutil.copytree(
        ROOT / "src" / "dying_relu", tmp_path / "src" / "dying_relu", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copytree(ROOT / "workflow" / "scripts", tmp_path / "workflow" / "scripts")
    monkeypatch.setattr(sources, "PACKAGE", tmp_path / "src" / "dying_relu")
    monkeypatch.setattr(sources, "SCRIPTS", tmp_path / "workflow" / "scripts")
    forget()
    yield tmp_path / "src" / "dying_relu"
    monkeypatch.undo()
    forget()


def digests():
    forget()
    made = {
        ("estimate", name): sources.digest("estimate", f"{studies.package(name)}.estimands")
        for name in ("bias", "recovery")
    }
    made |= {("text", name): sources.digest("text", f"{studies.package(name)}.text") for name in ("bias", "recovery")}
    made |= {("train",): sources.digest("train", without="dying_relu.design"), ("judge",): sources.digest("judge")}
    return made | {("figure",): sources.digest("figure", f"{studies.STOCK}.figures")}


def changed(copy, *paths):
    """Which digests change with a line of code more in some files."""
    before = digests()
    for path in paths:
        (copy / path).write_text((copy / path).read_text() + "\nONE_MORE = 1\n")
    after = digests()
    return {key for key in before if before[key] != after[key]}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("studies/recovery/estimands.py", {("estimate", "recovery"), ("text", "recovery")}),
        ("studies/bias/text.py", {("text", "bias")}),
        ("engine/population.py", {("train",)}),
        ("ledger/judge.py", {("judge",)}),
        ("ledger/regions.py", {("judge",)}),
        ("report/lint.py", set()),
        ("report/paper.py", set()),
        ("analysis/stock/tables.py", {("figure",)}),
    ],
)
def test_only_what_a_result_depends_on_makes_it_anew(copy, path, expected):
    assert changed(copy, path) == expected


def test_training_does_not_depend_on_the_design_apart_from_the_plan(copy):
    others = "design/study.py", "design/plan.py", "design/settings.py", "report/units.py", "analysis/intervals.py"
    assert ("train",) not in changed(copy, *others)


def test_imports_of_this_package_are_all_of_the_form_that_is_followed():
    for path in [*(ROOT / "src").rglob("*.py"), *(ROOT / "workflow" / "scripts").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not (isinstance(node, ast.ImportFrom) and node.level), f"{path}: a relative import"
