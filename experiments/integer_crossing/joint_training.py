"""Gamma and weights trained jointly: the history of the widths, and what it is confronted with."""

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from .arrivals import Arrivals
from .confrontation import confront
from .history import chatter, crossings, near_integers, rotation, tiles
from .motion import Motion
from .network import draw, examples_of
from .variants import VARIANTS, Variant

#: Allocated units, rows of a minibatch, and networks per start that are drawn.
UNITS, BATCH, SHOWN = 6, 16, 6
#: Widths at which training begins.
STARTS = (0.5, 1.5, 2.0, 3.75)
#: Within this of an integer gamma counts as near it; visits less deep than ``DEPTH`` gain and lose no tile.
EPSILON, DEPTH = 0.02, 0.1


def run(
    task: str, kind: str | None, rows: int, members: int, steps: int, name: str, seed: int
) -> dict[str, pd.DataFrame]:
    """One variant on one task: ``members`` networks from each starting gamma."""
    variant, examples = VARIANTS[name], examples_of(task, kind, rows)
    origin = [seed, 10, list(VARIANTS).index(name)]
    loss, count = examples.usual_loss, members * len(STARTS)
    networks = draw(examples, count, UNITS, seed=origin, loss=loss, activation=variant.activation)
    gamma = torch.tensor(STARTS, dtype=torch.float64).repeat_interleave(members)
    start = networks.take(torch.arange(len(gamma)))
    motion = Motion(networks, gamma.clone(), variant.lr(), variant.optimizer, variant.exponent, variant.kappa)
    arrivals = Arrivals(start, gamma)
    random = np.random.default_rng([*origin, 1]) if variant.batches else None
    history, losses, slopes = travel(motion, arrivals, steps, random)
    journeys, first, head = _journeys(history, losses, slopes), arrivals.frame(), {"task": task, "setting": name}
    return {
        "results": _confront(task, name, variant, journeys, first),
        "journeys": journeys.assign(**head),
        "arrivals": first.assign(**head),
        "paths": _paths(history, losses, members).assign(**head),
    }


def travel(
    motion: Motion, arrivals: Arrivals, steps: int, random: np.random.Generator | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Train, on minibatches if there is a generator; widths (steps + 1, members), losses, late slopes in the gates."""
    networks = motion.networks
    history, losses = np.empty((steps + 1, len(motion.gamma))), np.empty((steps, len(motion.gamma)))
    slopes, late = torch.zeros_like(networks.outgoing[..., 0]), 3 * steps // 4
    arrivals.look(networks, motion.gamma, 0)
    for step in range(steps):
        history[step] = motion.gamma
        gradient = motion.step(_rows(random, len(networks.x)))
        losses[step] = gradient.loss
        slopes += (step >= late) * gradient.gates
        arrivals.look(networks, motion.gamma, step + 1)
    history[steps] = motion.gamma
    return history, losses, (slopes / (steps - late)).numpy()


def _rows(random: np.random.Generator | None, rows: int) -> Tensor | None:
    return None if random is None else torch.from_numpy(random.choice(rows, BATCH, replace=False))


def _journeys(history: np.ndarray, losses: np.ndarray, slopes: np.ndarray) -> pd.DataFrame:
    """One row per network."""
    late = chatter(history[3 * len(losses) // 4 : -1])
    up, down = crossings(history)
    highest, last, retreats = tiles(history, DEPTH)
    members, k = np.arange(len(up)), late.integer
    inner = (k >= 1) & (k < UNITS)
    beside = [np.where(inner, slopes[members, np.clip(k - i, 0, UNITS - 1)], np.nan) for i in (1, 0)]
    columns = {"member": members, "start": history[0], "gamma": history[-1], "loss_start": losses[0]}
    columns |= {"loss_end": losses[-1], "up": up, "down": down, "highest": highest, "last": last, "retreats": retreats}
    columns |= {
        "near": near_integers(history, EPSILON),
        "near_late": near_integers(history[len(losses) // 2 :], EPSILON),
    }
    columns |= {"k": k, "chatters": late.chatters & inner, "on": late.on, "amplitude": late.amplitude}
    columns |= {"frequency": late.frequency, "gate": late.gate, "left": beside[0], "right": beside[1]}
    return pd.DataFrame(columns)


def _confront(task: str, name: str, variant: Variant, journeys: pd.DataFrame, arrivals: pd.DataFrame) -> pd.DataFrame:
    tables = []
    for order in (1, 2, 3):  # one coin per network each: of those that arrive, the number of heads is binomial
        heads = (arrivals["right"] < 0)[arrivals["order"] == order].to_numpy()
        tables.append(confront("joint", task, name, f"coin, arrival {order}", 0.5, heads))
    landings = arrivals[arrivals["landed_at"].between(0, 1, inclusive="neither")]  # in the tile of the fresh neuron
    ahead, landed = (landings["right"] < 0).to_numpy(), (landings["landing"] < 0).to_numpy()
    tables.append(confront("joint", task, name, "coin, at the landing", 0.5, landed))
    tables.append(confront("joint", task, name, "turned positive", np.nan, ahead & ~landed))
    tables.append(confront("joint", task, name, "turned negative", 0.0, landed & ~ahead))
    tables.append(confront("joint", task, name, "trained while off", 0.0, ~arrivals["untouched"].to_numpy()))
    tables.append(confront("joint", task, name, "neuron skipped", 0.0, (arrivals["landed_at"] >= 1).to_numpy()))
    for n in (1, 2, 3):  # tiles beyond the first integer that is reached; the partial one of the start is not fresh
        able = np.ceil(journeys["start"]) + n <= UNITS
        gained = (journeys["highest"] >= n)[able].to_numpy()
        tables.append(confront("joint", task, name, f"gained <= law, n = {n}", 2.0**-n, gained))
    pinned = journeys[journeys["chatters"] & (journeys["left"] < 0) & (journeys["right"] > 0)]
    left, right = -pinned["left"].to_numpy(), pinned["right"].to_numpy()
    law = rotation(left, right)
    for quantity in ("on", "frequency"):
        tables.append(confront("joint", task, name, f"chatter, {quantity}", law[quantity], pinned[quantity].to_numpy()))
    circle = pinned["amplitude"].to_numpy() / (variant.beta * (left + right))
    tables.append(confront("joint", task, name, "chatter, amplitude / circle", 1.0, circle))
    return pd.concat(tables)


def _paths(history: np.ndarray, losses: np.ndarray, members: int) -> pd.DataFrame:
    """Some widths, and losses, at about 300 times."""
    shown = np.concatenate([np.arange(min(SHOWN, members)) + i * members for i in range(len(STARTS))])
    times = np.unique(np.linspace(0, len(history) - 1, 301).astype(int))
    part = history[np.ix_(times, shown)]
    time, member = np.indices(part.shape)
    columns = {"step": times[time.ravel()], "member": shown[member.ravel()], "gamma": part.ravel()}
    columns["loss"] = losses[np.minimum(columns["step"], len(losses) - 1), columns["member"]]  # before the step
    return pd.DataFrame(columns | {"start": history[0, columns["member"]]})
