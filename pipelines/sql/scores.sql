-- model.scores: one row per person x wave x scale x process x tool.
-- Half rule: the mean of the answered items, each brought to 0-1 (reversed items turned round), stretched to the
-- scale's own range, if at least half of the items are answered. An answer without value (« ne sait pas ») is no answer.
-- Sums run in the order of the items: floats added in another order would differ in the last bit.
select
    r.person_survey,
    min(r.team) as team,
    min(r.role) as role,
    r.wave,
    s.scale,
    r.process,
    r.tool,
    count(r.value_number) as n_answered,
    case when 2 * count(r.value_number) >= min(s.n_items) then
        min(s.out_minimum) + (min(s.out_maximum) - min(s.out_minimum)) * sum(
            case when s.reversed then s.maximum - r.value_number else r.value_number - s.minimum end
            / nullif(s.maximum - s.minimum, 0)
            order by s.item
        ) / count(r.value_number)
    end as score,
    bool_or(r.complete) as complete
from clean.responses as r
join clean.scale_items as s on s.item = r.item
-- A questionnaire left before the end counts only if its team is known.
where r.complete or r.team is not null
group by r.person_survey, r.wave, s.scale, r.process, r.tool
