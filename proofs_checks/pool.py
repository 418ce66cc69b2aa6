"""Check entries in worker processes."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

import torch

from proofs_checks import registry
from proofs_checks.prove import Report, prove


def proved(chosen: Sequence[str], processes: int) -> Iterator[Report]:
    """Reports of the entries, as they are done."""
    if processes <= 1:
        yield from map(prove_one, chosen)
        return
    # Spawned, because a fork would copy the threads of torch; one thread each, because the processes share the cores.
    spawn = get_context("spawn")
    with ProcessPoolExecutor(processes, spawn, torch.set_num_threads, (1,)) as executor:
        for done in as_completed([executor.submit(prove_one, key) for key in chosen]):
            yield done.result()


def prove_one(key: str) -> Report:
    """Load and check one entry; one that cannot be loaded has failed."""
    try:
        return prove(registry.load(key))
    except Exception as fault:  # the table must show every entry
        return Report(key, "cannot be loaded", "-", "-", faults=[f"{type(fault).__name__}: {fault}"])
