//! From a ranking to a verdict: answer, ask which one, or say nothing. Pure; the numbers were set on the questions of
//! `tests.rs`, and hold a wrong answer for much worse than none.

use super::index::{Candidate, EntryTarget, Ranking};

/// How much being ahead counts: a lone match is worth more than the best of many.
pub(super) const LEAD: f64 = 2.0;
/// From this on, score and weighted lead together, an answer is sure.
pub(super) const SURE: f64 = 0.85;
/// Below this score nothing is sure, however far ahead: one word in common leads far when nothing else shares it.
pub(super) const SURE_SCORE: f64 = 0.4;
/// However well the best one matches, another this near to it might be meant as well.
pub(super) const MARGIN: f64 = 0.1;
/// From this score on the best one is worth being asked about.
pub(super) const MAYBE: f64 = 0.32;
/// Those that reach this share of the best score are asked about beside it.
pub(super) const COMPANION: f64 = 0.4;
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
    let (best, second) = (score(0), score(1));
    if best < MAYBE {
        return Decision::Nothing;
    }
    let lead = best - second;
    if best >= SURE_SCORE && lead >= MARGIN && best + LEAD * lead >= SURE {
        return Decision::Sure;
    }
    let worth = |candidate: &&Candidate| candidate.score >= COMPANION * best;
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
        Decision::Sure => format!("sure of {}", name(best)),
        Decision::Between(count) => {
            let names: Vec<String> = ranking.candidates.iter().take(count).map(name).collect();
            format!("between {}, too close to choose", names.join(" and "))
        }
        Decision::Nothing => format!("not sure enough of anything; the nearest is {}", name(best)),
    };
    let shared = if best.shared.is_empty() { String::new() } else { format!(" by {}", best.shared.join(", ")) };
    let runner_up = second.map_or_else(
        || "nothing else came near".to_owned(),
        |second| format!("next is {}, {lead:.2} behind", name(second)),
    );
    format!("{verdict}: nearest wording “{}”{shared}; {runner_up}{}", best.nearest, corrected(ranking))
}

fn corrected(ranking: &Ranking) -> String {
    ranking
        .corrected
        .iter()
        .fold(String::new(), |told, (written, read)| told + &format!("; “{written}” read as “{read}”"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranking(scores: &[f64]) -> Ranking {
        let candidates = scores.iter().zip(["one", "two", "three", "four"]).map(|(score, name)| Candidate {
            target: EntryTarget::Flow(name.to_owned()),
            score: *score,
            nearest: format!("example of {name}"),
            shared: vec!["wifi".to_owned()],
        });
        Ranking { candidates: candidates.collect(), corrected: vec![("wfi".to_owned(), "wifi".to_owned())] }
    }

    #[test]
    fn scores_decide() {
        use Decision::{Between, Nothing, Sure};
        for (scores, expected) in [
            (&[][..], Nothing),
            (&[0.31], Nothing),
            (&[0.39], Nothing), // a word in common, and nothing else comes near
            (&[0.41], Sure),
            (&[0.95], Sure),
            (&[0.95, 0.2], Sure),
            (&[0.6, 0.45], Sure), // 0.6 and twice 0.15 ahead
            (&[0.5, 0.45], Between(2)),
            (&[0.95, 0.9], Between(2)), // contradictory examples
            (&[0.95, 0.9, 0.88], Between(3)),
            (&[0.5, 0.45, 0.4, 0.4], Between(3)),
            (&[0.5, 0.45, 0.1], Between(2)),
            (&[0.35, 0.12], Nothing), // nothing to choose between, and not sure
        ] {
            assert_eq!(decide(&ranking(scores).candidates), expected, "{scores:?}");
        }
    }

    #[test]
    fn every_decision_is_explained() {
        let title = |target: &EntryTarget| match target {
            EntryTarget::Article(name) | EntryTarget::Flow(name) => name.to_uppercase(),
        };
        for (scores, expected) in [
            (
                &[0.8, 0.3][..],
                "sure of “ONE” (0.80): nearest wording “example of one” by wifi; next is “TWO” (0.30), 0.50 behind",
            ),
            (&[0.8], "sure of “ONE” (0.80): nearest wording “example of one” by wifi; nothing else came near"),
            (
                &[0.5, 0.45],
                "between “ONE” (0.50) and “TWO” (0.45), too close to choose: nearest wording “example of one” by wifi; next is \
                 “TWO” (0.45), 0.05 behind",
            ),
            (
                &[0.2],
                "not sure enough of anything; the nearest is “ONE” (0.20): nearest wording “example of one” by wifi; nothing \
                 else came near",
            ),
            (&[], "no word of the question is known here"),
        ] {
            let ranking = ranking(scores);
            let why = explain(decide(&ranking.candidates), &ranking, title);
            assert_eq!(why, format!("{expected}; “wfi” read as “wifi”"));
        }
    }
}
