"""The tidy test: what reviewers would otherwise have to remember (DESIGN.md, section 9).

Looks at every file that git tracks or would track; reads and parses, imports nothing of ours.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("topics", "matchers", "stores", "streams")
FOLDERS = {*PACKAGES, "tests", "deploy", ".ci"}
BANNED = {"utils", "util", "misc", "base", "manager", "managers", "helper", "helpers", "common", "shared"}
MAX_FUNCTION, MAX_FILE, MAX_MEDIAN = 70, 400, 8
# In two halves, so that this file names none of them.
REGISTRIES = [
    "".join(halves)
    for halves in (
        ("pypi", ".org"),
        ("pythonhosted", ".org"),
        ("repo.maven", ".apache"),
        ("repo1.", "maven"),
        ("central.", "sonatype"),
        ("registry.", "npmjs"),
        ("registry.", "yarnpkg"),
        ("deb.", "debian"),
        ("archive.", "ubuntu"),
        ("mirrors.", "aliyun"),
        ("pypi.", "tuna"),
        ("proxy.", "golang"),
        ("crates", ".io"),
        ("repo.", "anaconda"),
    )
]


@cache
def files() -> tuple[str, ...]:
    """Paths under git's eye, those deleted but not yet committed left out."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(name for name in sorted(set(listed.split("\0"))) if name and (ROOT / name).is_file())


PYTHON = [name for name in files() if name.endswith(".py")]
PRODUCT = [name for name in PYTHON if name.startswith(tuple(f"{p}/" for p in PACKAGES))]


@cache
def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def tree(name: str) -> ast.Module:
    return ast.parse(text(name), name)


def functions(name: str) -> Iterator[tuple[str, int]]:
    """Name and length of every function, from its `def` to its last line."""
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{name}:{node.lineno} {node.name}", (node.end_lineno or 0) - node.lineno + 1


def test_there_is_something_to_look_at() -> None:
    assert len(PRODUCT) > 50
    assert "tests/test_tidy.py" in PYTHON


def test_every_module_says_what_it_is_for() -> None:
    assert [n for n in PYTHON if text(n).strip() and not ast.get_docstring(tree(n))] == []
    assert [n for n in PRODUCT if not ast.get_docstring(tree(n))] == []


def test_no_function_is_longer_than_70_lines() -> None:
    assert [(f, lines) for n in PYTHON for f, lines in functions(n) if lines > MAX_FUNCTION] == []


def test_most_functions_are_short() -> None:
    assert median(lines for n in PRODUCT for _, lines in functions(n)) < MAX_MEDIAN


def test_no_file_is_longer_than_400_lines() -> None:
    long = {n: lines for n in PYTHON if (lines := len(text(n).splitlines())) > MAX_FILE}
    assert long == {}


def test_no_module_is_named_after_nothing() -> None:
    words = ((n, set(Path(n).with_suffix("").parts)) for n in PYTHON)
    assert [n for n, parts in words if parts & BANNED] == []


def test_only_the_agreed_folders_are_at_the_top() -> None:
    assert {n.split("/")[0] for n in files() if "/" in n} <= FOLDERS


def test_every_package_folder_is_a_package() -> None:
    folders = {str(Path(n).parent) for n in PRODUCT}
    assert [f for f in sorted(folders) if f"{f}/__init__.py" not in PRODUCT] == []


def test_every_package_ships_nothing_but_itself() -> None:
    shipped = [
        n for n in files() if n.startswith(PACKAGES) and n.endswith((".csv", ".sqlite", ".duckdb", ".key"))
    ]
    assert shipped == []


def calls(name: str, of: str) -> Iterator[ast.Call]:
    """Calls of `app.<of>(...)`, decorators too."""
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == of:
            owner = ast.unparse(node.func.value)
            if owner.split(".")[-1].lstrip("_") == "app":
                yield node


def keywords(call: ast.Call) -> set[str | None]:
    return {keyword.arg for keyword in call.keywords}


def bare(name: str) -> Iterator[str]:
    """Faust decorators without a call: their names would follow from the module."""
    for node in ast.walk(tree(name)):
        for decorator in getattr(node, "decorator_list", ()):
            if isinstance(decorator, ast.Attribute) and ast.unparse(decorator).startswith("app."):
                yield f"{name}:{node.lineno} @{ast.unparse(decorator)}"


FAUST = [n for n in PRODUCT if n.startswith(("streams/agents/", "streams/transport/"))]


def test_faust_names_are_explicit() -> None:
    """Renaming a module must not rename a consumer group, a topic or a metric."""
    faults = [fault for n in FAUST for fault in bare(n)]
    for name in FAUST:
        for call in calls(name, "agent"):
            faults += [f"{name}:{call.lineno} agent"] * ("name" not in keywords(call) or not call.args)
        for call in calls(name, "topic"):
            faults += [f"{name}:{call.lineno} topic"] * (not call.args and "pattern" not in keywords(call))
        for kind in ("timer", "crontab"):
            faults += [f"{name}:{c.lineno} {kind}" for c in calls(name, kind) if "name" not in keywords(c)]
        for call in calls(name, "Table"):
            faults += [f"{name}:{call.lineno} Table"] * (not call.args)
    assert faults == []


def test_the_faust_check_sees_the_agents() -> None:
    assert sum(len(list(calls(n, kind))) for n in FAUST for kind in ("agent", "topic", "timer")) >= 3


def test_faust_configuration_is_safe() -> None:
    """An app serves its tables on all interfaces unless told otherwise."""
    apps = [n for n in FAUST if "faust.App" in text(n)]
    assert apps
    for name in apps:
        assert "web_enabled=False" in text(name).replace(" ", "")


def test_nothing_names_a_registry() -> None:
    """Builds take packages from wherever the machine is set up to; offline and mirrored sites must work."""
    skip = (".gitignore", "LICENSE")
    named = [(n, host) for n in files() if n not in skip for host in REGISTRIES if host in readable(n)]
    assert named == []


def readable(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8", errors="replace").lower()


def test_only_the_screen_prints() -> None:
    """Data goes to stdout through one place, so that `--json | jq` never meets a stray word."""
    printing = [
        f"{n}:{node.lineno}"
        for n in PYTHON
        if not n.startswith("tests/")
        for node in ast.walk(tree(n))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("print", "pprint")
    ]
    assert printing == []


def named_calls(name: str, of: str) -> Iterator[ast.Call]:
    """Calls of `<of>(...)` or `<anything>.<of>(...)`."""
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == of:
            yield node


def takes_markup(call: ast.Call) -> bool:
    given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
    return given.get("markup") != "False"


def test_no_text_is_taken_for_markup() -> None:
    """A reason, a path or a claim number with brackets is shown as it is; styling is said with style= or Text."""
    tag = re.compile(r"\[/[a-z]*\]|\[(bold|dim|italic|red|green|yellow|cyan|blue)\b[^\]]*\]")
    faults = []
    for name in (n for n in PRODUCT if n.startswith("streams/")):
        for of in ("Console", "TextColumn"):
            faults += [f"{name}:{call.lineno} {of}" for call in named_calls(name, of) if takes_markup(call)]
        faults += [f"{name}:{call.lineno} from_markup" for call in named_calls(name, "from_markup")]
        for node in ast.walk(tree(name)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and tag.search(node.value):
                faults.append(f"{name}:{node.lineno} {node.value!r}")
    assert faults == []


def test_no_local_variable_hides_a_package() -> None:
    hidden = {"topics", "stores"}
    hiding = [
        f"{n}:{node.lineno} {node.id}"
        for n in PRODUCT
        for node in ast.walk(tree(n))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in hidden
    ]
    assert hiding == []


def test_no_left_over_notes() -> None:
    note = re.compile(r"#\s*(TODO|FIXME|XXX|HACK)\b")
    assert [n for n in PYTHON if note.search(text(n))] == []


@pytest.mark.skipif(sys.platform == "win32", reason="the script is lint-imports.exe there")
def test_dependencies_point_one_way() -> None:
    script = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([str(script)], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
