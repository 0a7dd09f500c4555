"""Rule T: how far apart the teams of one tool are gives every tool its variance (indicators.md, section 2)."""

import polars as pl

MIN_TOOLS = 3  # fewer tools are not pooled: each gets its own house interval


def tool_variances(values: pl.DataFrame) -> pl.DataFrame:
    """[tool, team, value], one row per (tool, team) -> [tool, G, v], sorted by tool.

    v = s2 / G, s2 = squared distances to each tool's mean summed over the tools / sum of (G - 1). `v` is null when
    every tool has one team, or when nothing varies.
    """
    known = values.filter(pl.col("value").is_finite()).sort("tool", "team")
    tools = known.group_by("tool", maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("G"), ((pl.col("value") - pl.col("value").mean()) ** 2).sum().alias("squares")
    )
    freedom = int(tools["G"].sum() or 0) - tools.height
    s2 = float(tools["squares"].sum() or 0.0) / freedom if freedom else 0.0
    v = pl.lit(s2) / pl.col("G") if s2 > 0 else pl.lit(None, pl.Float64)
    return tools.select("tool", "G", v.alias("v"))
