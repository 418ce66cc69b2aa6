"""The mutation run: what a trial says of a module, who judges first, and what the score counts."""

import ast
import itertools
import tomllib
from collections import defaultdict

import pytest
from rich.console import Console

from proofs_checks.mutation import campaign, targets
from proofs_checks.mutation.__main__ import main
from proofs_checks.mutation.campaign import Experience, NotGreen, Result, experience, tried
from proofs_checks.mutation.mutant import Mutant, mutants
from proofs_checks.mutation.order import Order
from proofs_checks.mutation.score import REASONS, Score, name, report, score
from proofs_checks.mutation.targets import Target

MODULE = '''
def double(x):
    """Twice.

    >>> double(3)
    6
    """
    return 2 * x
'''
VERSIONS = {
    "survived": MODULE.replace("2 * x", "x * 2"),
    "tests": MODULE.replace("2 * x", "3 * x"),
    "timeout": MODULE.replace("    return", "    while x:\n        pass\n    return"),
    "crash": MODULE.replace("    return", "    import os\n\n    os._exit(3)\n    return"),
}


@pytest.fixture
def target(tmp_path, monkeypatch):
    path = tmp_path / "doubled_formula.py"
    path.write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(campaign, "START", 1)
    return Target(path.stem, path, tests=(), entries=())


@pytest.mark.filterwarnings("ignore:.*fork")
@pytest.mark.parametrize("processes", [1, 3])
def test_a_trial_tells_what_came_of_a_mutant(target, processes):
    pairs = [(target, Mutant(target.module, "double", 8, "", outcome, text)) for outcome, text in VERSIONS.items()]
    results = list(tried(pairs, experience([target], processes), processes))
    assert {result.mutant.split()[-1]: result.outcome for result in results} == {name: name for name in VERSIONS}
    assert [result.by for result in results if result.outcome == "tests"] == ["doctest"]


@pytest.mark.filterwarnings("ignore:.*fork")
def test_a_library_that_is_not_green_is_refused(target):
    target.path.write_text(VERSIONS["tests"])
    with pytest.raises(NotGreen, match="expected green"):
        experience([target], 1)


@pytest.mark.filterwarnings("ignore:.*fork")
def test_the_command_says_so_in_one_line(target, tmp_path, monkeypatch, capsys):
    target.path.write_text(VERSIONS["tests"])
    monkeypatch.setattr("proofs_checks.mutation.__main__._chosen", lambda options: [target])
    assert main(["--out", str(tmp_path / "mutants.jsonl")]) == 1
    assert "error: the library: expected green tests and entries, got doctest" in capsys.readouterr().err


def test_mutants_alter_formulas_not_texts(target):
    assert [(m.before, m.after) for m in mutants(target.module, target.path, 10)] == [
        ("2 * x", "2 / x"),
        ("2 * x", "x"),
        ("2", "3"),
    ]


def test_what_killed_mutants_of_the_module_judges_first_then_what_is_quick():
    known = Experience({"slow": 9.0, "quick": 1.0, "quicker": 0.5})
    for key, by in enumerate(["slow", "slow", "quick", ""]):
        known.add(Result(str(key), "here", "", "tests", 1.0, by))
    order = Order(known.kills["here"], known.seconds)
    assert sorted(["quicker", "quick", "slow"], key=order.rank) == ["slow", "quick", "quicker"]
    elsewhere = Order(known.kills["there"], known.seconds)
    assert sorted(["quicker", "quick", "slow"], key=elsewhere.rank) == ["quicker", "quick", "slow"]


def test_a_trial_may_take_as_long_as_its_own_tests_and_entries(target):
    seconds = {"tests/a/test_one.py::test": 4.0, "tests/b/test_two.py::test": 90.0, "A01": 2.0, "A02": 70.0}
    known = Experience(seconds)
    target_alone = Target(target.module, target.path, ("/home/tests/a/test_one.py",), ("A01",))
    assert known.task(target_alone, MODULE).limit == campaign.START + campaign.PATIENCE * 6
    assert campaign.test_of("tests/a/test_one.py::test", "/home/tests/a")
    assert not campaign.test_of("tests/a/test_one.py::test", "/home/tests/a/test_on.py")
    assert not campaign.test_of("tests/a/test_one.py::test", "/home/tests/b")


def results(**outcomes: str) -> list[Result]:
    numbers = itertools.count()
    return [
        Result(str(next(numbers)), f"continuum.{room}.m", f"continuum.{room}.m:3 f: {n}  ->  0", outcome, 1.0, "t")
        for room, listed in outcomes.items()
        for n, outcome in enumerate(listed.split())
    ]


def test_the_score_leaves_out_what_computes_the_same():
    outcomes = results(widths="tests survived timeout survived")
    assert score(outcomes, {"widths.m f: 1  ->  0": "why"}) == Score(tried=4, killed=2, same=1)


def test_every_room_must_reach_the_goal(capsys):
    good, bad = "tests " * 99, "tests " * 9 + "survived"
    console = Console(width=200)
    assert report(results(widths=good), console, {}) == 0
    assert report(results(widths=good, estimators=bad), console, {}) == 1
    assert "no reason recorded" in capsys.readouterr().out
    assert report(results(widths=good, estimators=bad), console, {"estimators.m f: 9  ->  0": "a reason"}) == 0
    assert report(results(widths="tests"), console, {"widths.m f: 0  ->  0": "a false reason"}) == 0
    assert "killed by t, though said to compute the same" in capsys.readouterr().out


BAD = {
    "no such room": (["--rooms", "nope"], "--rooms: expected one of analysis, benchmark, compiled, data"),
    "no room": (["--rooms"], "--rooms: expected at least one room"),
    "no such module": (["--rooms", "widths", "--only", "widths.widht"], "did you mean widths.width"),
    "a module of another room": (["--rooms", "widths", "--only", "hypergrad.tree"], "name their room with --rooms"),
    "no mutants": (["--per-function", "0"], "--per-function: expected an integer >= 1, got 0"),
    "fewer than none": (["--per-function", "-1"], "--per-function: expected an integer >= 1, got -1"),
    "no processes": (["--processes", "0"], "--processes: expected an integer >= 1, got 0"),
}


@pytest.fixture
def earlier(tmp_path, monkeypatch):
    """A file of earlier results; which entries cover a module matters to none of these tests, and takes seconds."""
    monkeypatch.setattr(targets, "_covered", dict)
    file = tmp_path / "mutants.jsonl"
    file.write_text("results of hours\n")
    return file


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_before_anything_is_touched(case, earlier, capsys):
    flags, words = BAD[case]
    assert main(["--out", str(earlier), "--fresh", *flags]) == 2
    errors = capsys.readouterr().err
    assert errors.startswith("error: ")
    assert words in errors
    assert [path.name for path in earlier.parent.iterdir()] == [earlier.name]
    assert earlier.read_text() == "results of hours\n"


def test_a_folder_is_no_file_of_results(earlier, capsys):
    assert main(["--out", str(earlier.parent)]) == 2
    assert f"got the folder {earlier.parent}" in capsys.readouterr().err


def test_a_fresh_start_sets_earlier_results_aside(earlier, monkeypatch, capsys):
    modules = []
    monkeypatch.setattr("proofs_checks.mutation.__main__.mutants", lambda module, *_: modules.append(module) or [])
    flags = ["--rooms", "widths", "widths", "--only", "widths.width", "widths.width"]
    assert main(["--out", str(earlier), "--fresh", *flags]) == 0
    assert modules == ["continuum.widths.width"]
    assert not earlier.exists()
    assert earlier.with_name("mutants.jsonl.previous").read_text() == "results of hours\n"


def without_other_functions(node: ast.AST, scope: str, names: set[str]) -> None:
    for child in list(node.body):
        if isinstance(child, ast.ClassDef):
            without_other_functions(child, f"{scope}{child.name}.", names)
        if getattr(child, "body", None) is not None and not any(n.startswith(f"{scope}{child.name}") for n in names):
            node.body.remove(child)


def test_every_reason_is_that_of_a_mutant_that_exists(tmp_path):
    """A formula that moves or changes takes its reasons with it."""
    reasons, functions = set(tomllib.loads(REASONS.read_text())), defaultdict(set)
    for module, function in (reason.split(": ")[0].split(" ") for reason in reasons):
        functions[module].add(function)
    for module, names in functions.items():
        tree = ast.parse((targets.ROOT / "continuum" / f"{module.replace('.', '/')}.py").read_text())
        without_other_functions(tree, "", names)  # else it takes seconds
        file = tmp_path / "module.py"
        file.write_text(ast.unparse(tree))
        reasons -= {name(str(mutant)) for mutant in mutants(module, file, 10**6)}
    assert not reasons
