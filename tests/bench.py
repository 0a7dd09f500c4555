"""`make bench`: time and peak memory of `bilan run`, beside a plain script that gives the same estimates.

Both run warm, side by side, the better of three. Printed, never asserted: a machine under load is not a fault.
"""

import contextlib
import shutil
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


def measure(command: list[str]) -> tuple[float, float]:
    """Seconds and peak memory (MB, proportional set size summed over the tree of processes) of one run.

    SystemExit if it fails.
    """
    started = time.perf_counter()
    peak = 0.0
    with tempfile.TemporaryFile() as said:
        child = psutil.Popen(command, cwd=ROOT, stdout=said, stderr=subprocess.STDOUT)
        while child.poll() is None:
            peak = max(peak, _memory(child))
            time.sleep(0.2)
        if child.returncode:
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
        plain = [sys.executable, str(ROOT / "tests" / "bench_plain.py"), str(DEMO), str(out / "plain")]
        runs: dict[str, list[tuple[float, float]]] = {"bilan run": [], "plain script": []}
        for _ in range(REPEATS):
            runs["bilan run"].append(measure([*bilan, str(DEMO), "--out", str(out / "bilan")]))
            runs["plain script"].append(measure(plain))
        best = {name: (min(s for s, _ in found), max(m for _, m in found)) for name, found in runs.items()}
        print(f"{'demonstration study':<28}{'seconds':>10}{'peak MB':>10}")
        for name, (seconds, memory) in best.items():
            print(f"{name:<28}{seconds:>10.1f}{memory:>10.0f}")
        print(f"{'ratio (target: at most 4)':<28}{best['bilan run'][0] / best['plain script'][0]:>10.1f}")
        large = out / "large"
        subprocess.run([sys.executable, "-m", "pipelines.cli", "demo", "--out", str(large), "--entries",
                        str(LARGE_ENTRIES)], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)  # fmt: skip
        seconds, memory = measure([*bilan, str(large), "--out", str(out / "bilan_large")])
        print(f"{f'bilan run, {LARGE_ENTRIES} entries':<28}{seconds:>10.1f}{memory:>10.0f}")
        shutil.rmtree(large)


if __name__ == "__main__":
    main()
