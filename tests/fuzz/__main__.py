"""`python -m tests.fuzz`: spoilt files for so many seconds, then the outcomes of the real files. `make bench` calls it.

`--case subject:file:mutators:seed` runs one again. Ends with 1 when something broke an invariant.
"""

import argparse
import sys
import time
from collections import Counter

from tests.fuzz import readers, real_files
from tests.fuzz.campaign import Case, Figures, campaign, judge

_FOR_READERS = 0.25  # of the time


def main() -> int:
    """Print the report; the number of the exit."""
    options = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--cases", type=int, help="so many of each kind, instead of seconds")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--case", help="run this one only")
    given = options.parse_args()
    if given.case:
        print(judge(Case.parse(given.case)))
        return 0
    limit = {"count": given.cases} if given.cases else {"seconds": given.seconds * (1 - _FOR_READERS)}
    figures = campaign(seed=given.seed, **limit)
    print("\n".join(report(figures)))
    wrong = read_everything(given.seed, given.cases, given.seconds * _FOR_READERS)
    found = [*real_files.studies(), *(f for root in real_files.folders() for f in real_files.outcomes(root))]
    print("\nOutcomes of the real files\n" + "\n".join(real_files.lines(found)))
    read, refused = (
        sum(f.counts is not None for f in found),
        sum(f.counts is None and f.read_as != "structure" for f in found),
    )
    print(f"{len(found)} files: {read} read, {refused} refused, {len(found) - read - refused} structures")
    return int(bool(figures.faults or wrong or any(f.wrong for f in found)))


def report(figures: Figures) -> list[str]:
    """Cases, how they ended, which rules refused them, what broke."""
    ends = figures.ends
    out = [f"{figures.cases} files of studies spoilt: {ends['same']} whose meaning is the same gave the same tables, "
           f"{ends['through']} gave others, {ends['refused']} were refused, {len(figures.faults)} broke an invariant",
           "Refused by", *_listed(figures.rules)]  # fmt: skip
    if figures.slowest is not None:
        out.append(f"The slowest took {figures.slowest.seconds:.1f} s: {figures.slowest.case}")
    out += ["Refused although nothing but the writing changed", *_listed(Counter({
        f"{name}, {rule}": n for (name, rule), n in figures.refused_same.items()}))]  # fmt: skip
    return [*out, *(f"FAULT {v.case}: {'; '.join(v.faults)}" for v in figures.faults)]


def read_everything(seed: int, count: int | None, seconds: float) -> int:
    """Readers one by one on parts of every real file; how many faults."""
    refusals: Counter[str] = Counter()
    faults: list[str] = []
    started, done = time.monotonic(), 0
    for name, mutators, number in readers.cases(seed):
        if (done >= count) if count is not None else (time.monotonic() - started > seconds):
            break
        if (data := readers.spoilt(name, mutators, number)) is not None:
            done += 1
            faults += [f"FAULT {name}:{'+'.join(mutators)}:{number}: {f}" for f in readers.faults_of(data, refusals)]
    print(f"\n{done} parts of real files spoilt and given to {len(readers.readers())} readers, {len(faults)} faults")
    print("\n".join([*_listed(refusals), *faults]))
    return len(faults)


def _listed(counts: Counter[str]) -> list[str]:
    return [f"  {name:<48}{n:>7}" for name, n in counts.most_common()]


if __name__ == "__main__":
    sys.exit(main())
