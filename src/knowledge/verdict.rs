//! From a ranking to a verdict: answer, ask which one, or say nothing. Pure; the numbers were set on the questions of
//! `tests.rs`, and hold a wrong answer for much worse than none.

use super::index::{Candidate, EntryTarget, Ranking};

/// From this score on an answer can be sure.
pub(super) const SURE: f64 = 0.55;
/// By how much the best must lead to be sure.
pub(super) const MARGIN: f64 = 0.10;
/// From this score on a candidate is worth being asked about.
pub(super) const MAYBE: f64 = 0.35;
/// How far behind the best one another may be to be asked about beside it.
pub(super) const CLOSE: f64 = 0.15;
/// The most candidates that are asked about.
pub(super) const BETWEEN_MAX: usize = 3;

/// What a ranking is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// The first one is it.
    Sure,
    /// One of the first so many.
    Between(usize),
    /// None.
    Nothing,
}

/// Decides on candidates, best first.
pub(super) fn decide(candidates: &[Candidate]) -> Decision {
    let score = |at: usize| candidates.get(at).map_or(0.0, |candidate| candidate.score);
    if score(0) >= SURE && score(0) - score(1) >= MARGIN {
        return Decision::Sure;
    }
    let worth = |candidate: &&Candidate| candidate.score >= MAYBE && score(0) - candidate.score <= CLOSE;
    match candidates.iter().take(BETWEEN_MAX).take_while(worth).count() {
        0 | 1 => Decision::Nothing,
        several => Decision::Between(several),
    }
}

/// Why it was decided so, for people: what matched, how well, how far ahead, and what was read otherwise than written.
pub(super) fn explain(decision: Decision, ranking: &Ranking, title: impl Fn(&EntryTarget) -> String) -> String {
    let Some(best) = ranking.candidates.first() else {
        return format!("no word of the question is known here{}", corrected(ranking));
    };
    let name = |candidate: &Candidate| format!("“{}” ({:.2})", title(&candidate.target), candidate.score);
    let second = ranking.candidates.get(1);
    let lead = second.map_or(best.score, |second| best.score - second.score);
    let verdict = match decision {
        Decision::Sure => format!("sure of {}, at least {SURE} and {MARGIN} ahead are needed", name(best)),
        Decision::Between(count) => {
            let names: Vec<String> = ranking.candidates.iter().take(count).map(name).collect();
            format!("between {}, too close to choose", names.join(" and "))
        }
        Decision::Nothing => format!("nothing is near enough; the nearest is {}, {MAYBE} is needed", name(best)),
    };
    let shared = if best.shared.is_empty() { String::new() } else { format!(" by {}", best.shared.join(", ")) };
    let runner_up = second.map_or_else(
        || "nothing else came near".to_owned(),
        |second| format!("next is {}, {lead:.2} behind", name(second)),
    );
    format!("{verdict}: nearest wording “{}”{shared}; {runner_up}{}", best.nearest, corrected(ranking))
}

fn corrected(ranking: &Ranking) -> String {
    let words = ranking.corrected.iter().map(|(written, read)| format!("“{written}” read as “{read}”"));
    words.map(|word| format!("; {word}")).collect()
}
