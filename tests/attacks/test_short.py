"""Every attack in its short form, and a harness that sees what it should."""

import secrets
import time

import pytest

from attacks import __main__ as command
from attacks.harness import Attack, known, tried
from tests.conftest import RELEASED


@pytest.mark.parametrize("name", list(known()))
def test_nothing_is_wrong(name):
    attack, seed = known()[name], secrets.randbits(32) if RELEASED else 0
    faults = {index: fault for index in range(attack.short) if (fault := tried(attack, seed, index)) is not None}
    assert faults == {}, f"repeat with: python -m attacks --only {name} --seed {seed} --case {next(iter(faults))}"


def test_an_attempt_has_random_numbers_of_its_own_and_an_empty_folder():
    def attempt(index, generator, folder):
        (folder / "left.txt").write_text("here")
        return f"{generator.random()}, {len(list(folder.iterdir()))}"

    said = [tried(Attack("draws", 3, 3, attempt), seed, index) for seed, index in [(0, 0), (0, 1), (1, 0), (0, 0)]]
    assert said[0] == said[3]
    assert len(set(said)) == 3
    assert all(fault.endswith(", 1") for fault in said)


def test_what_hangs_is_wrong():
    attack = Attack("sleep", 1, 1, lambda index, generator, folder: time.sleep(60), seconds=0.1)
    assert tried(attack, 0, 0) == "it takes more than 0.1 s"


def test_what_is_wrong_is_counted(monkeypatch, capsys):
    monkeypatch.setattr(command, "known", lambda: {"odd": Attack("odd", 4, 4, _odd)})
    monkeypatch.setattr(command, "_faults", lambda name, seed, cases, jobs: [(1, "odd\x1b"), (3, "odd")][: cases // 2])
    assert command.main(["--seed", "7"]) == 1
    shown = capsys.readouterr().out
    assert "odd --seed 7 --case 1: odd\\x1b" in shown
    assert command.main(["--seed", "7", "--cases", "1"]) == 0
    assert command.main(["--only", "odd", "--case", "2", "--seed", "7"]) == 0
    assert command.main(["--only", "odd", "--case", "3", "--seed", "7"]) == 1
    assert command.main(["--only", "even"]) == 2


def _odd(index, generator, folder):
    return "odd" if index % 2 else None
