"""`python -m pipelines.cli`, where the `bilan` script is not installed."""

from pipelines.cli import main

main()
