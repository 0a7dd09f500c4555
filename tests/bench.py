"""`make bench`: time and peak memory of `bilan run`, beside a plain script that gives the same estimates.

Both run warm, side by side, the better of three. Printed, never asserted: a machine under load is not a fault.
"""

import contextlib
import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "data" / "raw" / "demo"
REPEATS = 3
LARGE_ENTRIES = 200_000


def run(command: list[str], *, watch: bool = False) -> tuple[float, float]:
    """Seconds of one run, and if `watch` its peak memory (MB, proportional set size summed over its processes).

    Watching takes time of its own. SystemExit if the command fails.
    """
    started = time.perf_counter()
    peak = 0.0
    with tempfile.TemporaryFile() as said:
        child = psutil.Popen(command, cwd=ROOT, stdout=said, stderr=subprocess.STDOUT)
        while watch and child.poll() is None:
            peak = max(peak, _memory(child))
            time.sleep(0.2)
        if child.wait():
            said.seek(0)
            sys.exit(f"{' '.join(command)} failed:\n{said.read().decode(errors='replace')}")
    return time.perf_counter() - started, peak / 1e6


def _memory(child: psutil.Popen) -> float:
    total = 0.0
    for process in [child, *child.children(recursive=True)]:
        with contextlib.suppress(psutil.Error):  # it ended meanwhile
            told = process.memory_full_info()
            total += getattr(told, "pss", told.uss)
    return total


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        out = Path(name)
        bilan = [sys.executable, "-m", "pipelines.cli", "run"]
        commands = {
            "bilan run": [*bilan, str(DEMO), "--out", str(out / "bilan")],
            "plain script": [sys.executable, str(ROOT / "tests" / "bench_plain.py"), str(DEMO), str(out / "plain")],
        }
        seconds: dict[str, float] = dict.fromkeys(commands, math.inf)
        for _ in range(REPEATS):
            for what, command in commands.items():
                seconds[what] = min(seconds[what], run(command)[0])
        print(f"{'demonstration study':<28}{'seconds':>10}{'peak MB':>10}")
        for what, command in commands.items():
            print(f"{what:<28}{seconds[what]:>10.1f}{run(command, watch=True)[1]:>10.0f}")
        print(f"{'ratio (target: at most 4)':<28}{seconds['bilan run'] / seconds['plain script']:>10.1f}")
        large = str(out / "large")
        demo = [sys.executable, "-m", "pipelines.cli", "demo", "--out", large, "--entries", str(LARGE_ENTRIES)]
        run(demo)
        taken, memory = run([*bilan, large, "--out", str(out / "bilan_large")], watch=True)
        print(f"{f'bilan run, {LARGE_ENTRIES} entries':<28}{taken:>10.1f}{memory:>10.0f}")


if __name__ == "__main__":
    main()
