"""``python -m benchmarks.child SPEC``: measure some rows in this process; the last line of the output is JSON."""

import json
import sys
from dataclasses import asdict
from importlib import import_module


def main(argument: str) -> None:
    spec = json.loads(argument)
    module = import_module(f"benchmarks.{spec['module']}")
    measured = [module.measure(task, names, spec["quick"]) for task, names in spec["wanted"].items()]
    print(json.dumps([asdict(row) for rows in measured for row in rows]))


if __name__ == "__main__":
    main(sys.argv[1])
