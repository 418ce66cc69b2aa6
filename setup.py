"""The packages of the wheel: the library, and its experiments under a name that no other package has."""

from setuptools import find_packages, setup

EXPERIMENTS = "experiments"
INSTALLED = "continuum_experiments"

setup(
    packages=[
        *find_packages(include=["continuum", "continuum.*"]),
        *(INSTALLED + name.removeprefix(EXPERIMENTS) for name in find_packages(include=[EXPERIMENTS, "experiments.*"])),
    ],
    package_dir={INSTALLED: EXPERIMENTS},
)
