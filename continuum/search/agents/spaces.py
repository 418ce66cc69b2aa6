"""An environment of two spaces and nothing else: what a library's agent must be shown to be built."""

from typing import Any

import gymnasium
import numpy as np

from continuum.search.environments.situation import HIGH, LOW


class Spaces(gymnasium.Env[np.ndarray, Any]):
    """Never reset, never stepped: whoever builds the agent shows it the steps."""

    def __init__(self, size: int, actions: Any) -> None:
        self.observation_space = gymnasium.spaces.Box(LOW, HIGH, (size,), np.float32)
        self.action_space = actions
