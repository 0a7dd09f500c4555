-- Time not tied to an occurrence. Training counts for those who were there.
WITH spent AS (
    SELECT person_time, team, week, tool, kind, minutes FROM clean.overheads
    UNION ALL
    SELECT person_time, team, week, tool, 'training', minutes FROM clean.training WHERE attended
)
SELECT
    s.person_time,
    s.team,
    s.week,
    s.tool,
    s.kind,
    any_value(coalesce(s.week >= f.go_live, false)) AS treated,
    CAST(sum(CAST(s.minutes AS DECIMAL(18, 4))) AS DOUBLE) AS minutes
FROM spent AS s
LEFT JOIN (SELECT team, min(go_live) AS go_live FROM clean.deployments GROUP BY team) AS f ON f.team = s.team
GROUP BY s.person_time, s.team, s.week, s.tool, s.kind
