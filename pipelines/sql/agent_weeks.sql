-- Person x week of measurement, and whether the person's team had gone live.
SELECT
    p.person_time,
    p.team,
    p.week,
    p.logged,
    p.worked_hours,
    coalesce(p.week >= f.go_live, false) AS treated
FROM clean.presence AS p
LEFT JOIN (SELECT team, min(go_live) AS go_live FROM clean.deployments GROUP BY team) AS f ON f.team = p.team
