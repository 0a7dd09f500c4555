"""`python -m tests.fuzz --seconds 600`: the figures of a campaign, then outcomes of real files; exit 1 on a fault."""

import argparse
import sys

from tests.fuzz.campaign import campaign
from tests.fuzz.outcomes import outcomes


def main() -> None:
    """Print the report."""
    asked = argparse.ArgumentParser(prog="python -m tests.fuzz")
    asked.add_argument("--seconds", type=float, default=60, help="how long to draw cases")
    figures = campaign(seconds=asked.parse_args().seconds)
    print(f"{figures.cases} spoilt files: " + ", ".join(f"{n} {end}" for end, n in sorted(figures.ends.items())))
    print("refused by rule: " + ", ".join(f"{rule} {n}" for rule, n in figures.rules.most_common()))
    for verdict in figures.faults:
        print(f"FAULT {verdict.case}: {'; '.join(verdict.faults)}")
    print()
    for file, said in outcomes():
        print(f"{file:<48} {said}")
    sys.exit(1 if figures.faults else 0)


if __name__ == "__main__":
    main()
