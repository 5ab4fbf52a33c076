"""How long libyaml takes to see every event of a file, in seconds: nothing that reads a board can be faster.

python events.py board.yaml
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from time import perf_counter

import yaml


def main() -> None:
    text = Path(sys.argv[1]).read_bytes()
    gc.disable()
    began = perf_counter()
    for _ in yaml.parse(text, Loader=yaml.CSafeLoader):
        pass
    print(perf_counter() - began)


if __name__ == "__main__":
    main()
