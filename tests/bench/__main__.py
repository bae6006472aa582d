"""``python tests/bench``: run the benchmarks; ``make bench`` does."""

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))
sys.path.insert(0, str(TESTS.parent / "operator"))

from bench.command import main  # noqa: E402 - found by the two lines above

main(prog_name="python tests/bench")
