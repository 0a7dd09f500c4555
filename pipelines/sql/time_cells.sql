-- Person x process x week x tool used. Sums run on decimals, so that their order does not change a bit.
WITH first_use AS (
    SELECT team, process, min(go_live) AS go_live FROM clean.deployments GROUP BY team, process
),
entries AS (
    SELECT
        e.*,
        p.witness,
        coalesce(e.week >= f.go_live, false) AS treated,
        date_diff('day', f.go_live, e.week) // 7 AS weeks_since
    FROM clean.time_entries AS e
    JOIN clean.processes AS p ON p.process = e.process
    LEFT JOIN first_use AS f ON f.team = e.team AND f.process = e.process
    WHERE NOT e.new_task
),
-- Tools in use that week; once all have ended, those that were, so that a treated cell always has a tool.
in_use AS (
    SELECT
        w.team, w.process, w.week,
        count(*) FILTER (WHERE d.end_date IS NULL OR d.end_date >= w.week) AS n_live,
        min(d.tool) FILTER (WHERE d.end_date IS NULL OR d.end_date >= w.week) AS live_tool,
        count(*) AS n_ever,
        min(d.tool) AS ever_tool
    FROM (SELECT DISTINCT team, process, week FROM entries WHERE treated) AS w
    JOIN clean.deployments AS d ON d.team = w.team AND d.process = w.process AND d.go_live <= w.week
    GROUP BY w.team, w.process, w.week
)
SELECT
    e.person_time,
    e.team,
    e.process,
    e.week,
    CAST(date_trunc('month', e.week) AS DATE) AS month,
    e.tool,
    any_value(e.witness) AS witness,
    any_value(e.treated) AS treated,
    CASE
        WHEN NOT any_value(e.treated) THEN 'avant'
        WHEN any_value(e.weeks_since) < 3 THEN 'apprentissage'
        ELSE 'regime'
    END AS phase,
    any_value(
        CASE
            WHEN u.n_live = 1 THEN u.live_tool
            WHEN u.n_live > 1 OR u.n_ever > 1 THEN 'plusieurs'
            ELSE u.ever_tool
        END
    ) AS deployed_tool,
    count(*) AS n_entries,
    CAST(sum(e.occurrences) AS BIGINT) AS occurrences,
    CAST(sum(CAST(e.minutes AS DECIMAL(18, 4))) AS DOUBLE) AS minutes,
    CAST(sum(CAST(e.occurrences * ln(e.minutes / e.occurrences) AS DECIMAL(28, 12))) AS DOUBLE) AS log_minutes,
    CAST(sum(CAST(e.prompt_minutes AS DECIMAL(18, 4))) AS DOUBLE) AS prompt_minutes,
    CAST(sum(CAST(e.verification_minutes AS DECIMAL(18, 4))) AS DOUBLE) AS verification_minutes,
    CAST(sum(CAST(e.rework_minutes AS DECIMAL(18, 4))) AS DOUBLE) AS rework_minutes,
    CAST(sum(CAST(e.failed_minutes AS DECIMAL(18, 4))) AS DOUBLE) AS failed_minutes,
    CAST(coalesce(sum(e.items) FILTER (WHERE e.errors IS NOT NULL), 0) AS BIGINT) AS items,
    CAST(coalesce(sum(e.errors) FILTER (WHERE e.items > 0), 0) AS BIGINT) AS errors,
    count(*) FILTER (WHERE e.severity = 3) AS severe_errors,
    count(*) FILTER (WHERE coalesce(e.items, 0) = 0 OR e.errors IS NULL) AS n_entries_without_items
FROM entries AS e
LEFT JOIN in_use AS u ON u.team = e.team AND u.process = e.process AND u.week = e.week
GROUP BY e.person_time, e.team, e.process, e.week, e.tool
