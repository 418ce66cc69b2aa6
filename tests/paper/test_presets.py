"""Presets: flags in files, read by the command line and by the paper alike."""

import pytest
import tyro

from continuum.errors import BadInput
from continuum.exp import main, presets, registry
from paper.presets import READ_BY, further, wanted

ALL = [*wanted("paper"), *wanted("quick"), *further()]


@pytest.mark.parametrize("run", ALL, ids=lambda run: f"{run.preset}-{run.experiment}")
def test_every_preset_is_a_valid_configuration(run):
    run.config().validate()


@pytest.mark.parametrize("run", wanted("quick"), ids=lambda run: run.experiment)
def test_quick_is_short_for_the_preset(run):
    experiment = registry.load(run.experiment)
    flags = ["--jobs", "1"]
    assert presets.expand(experiment, ["--quick", *flags]) == presets.expand(experiment, [*flags, *run.flags[1:]])
    assert presets.expand(experiment, ["--quick", "--preset", "quick"]) == presets.read(experiment, "quick")
    with pytest.raises(BadInput, match="expected one preset, got paper and quick"):
        presets.expand(experiment, ["--preset=paper", "--quick"])


def test_every_experiment_has_both_presets():
    names = set(registry.modules())
    assert {run.experiment for run in wanted("paper")} == names - {name for name, _ in READ_BY.values()}
    assert {run.experiment for run in wanted("quick")} == names


def test_flags_beside_a_preset_win():
    sweep = registry.load("gamma_sweep")
    for flags in (["--preset", "paper", "--seeds", "2"], ["--seeds", "2", "--preset=paper"]):
        expanded = presets.expand(sweep, flags)
        assert expanded[-2:] == ["--seeds", "2"]
        assert expanded[:-2] == presets.read(sweep, "paper")
    assert presets.expand(sweep, ["--seeds", "2"]) == ["--seeds", "2"]
    flags = presets.expand(sweep, ["--seeds", "2", "--quick", "--tasks", "iris"])
    config = tyro.cli(sweep.module.Config, args=flags)
    assert (config.seeds, config.tasks, config.units) == (2, ("iris",), 9)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seedss = 3", "did you mean seeds"),
        ("seeds = ", "flags in TOML"),
        ("[seeds]\nnumber = 3", "no sections"),
    ],
)
def test_bad_presets_are_refused(empty, text, said):
    empty.preset(text)
    with pytest.raises(BadInput, match=said):
        presets.read(registry.load("gamma_sweep"), "paper")


def test_a_wrong_name_is_refused_with_the_nearest(capsys):
    assert main(["gamma_sweep", "--preset", "papers"]) == 2
    assert "did you mean paper?" in capsys.readouterr().err


def test_a_preset_without_a_name_is_refused(capsys):
    assert main(["gamma_sweep", "--preset"]) == 2
    assert "expected one of paper, quick" in capsys.readouterr().err
