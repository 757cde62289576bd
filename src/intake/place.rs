//! Whose thread a message belongs to, where the channel has no threads of its own. Pure.

use switchboard_contract::{Anchor, ThreadKey, ThreadSignal};

/// The points below which a thread is not joined: the same subject by itself says too little.
const POINTS_MIN: u32 = 25;

/// Where a message goes, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placed {
    /// A thread that is known; none when the message begins one.
    pub(super) thread: Option<ThreadKey>,
    /// Why, for people.
    pub(super) why: String,
}

/// Weighs what a message says of its thread. Of the threads that its sender belongs to, the one that most speaks for is joined; to one
/// that they don't belong to they are never added, whatever speaks for it: nobody is shown what others wrote.
pub(super) fn place<'t>(
    signals: &[ThreadSignal],
    threads: impl Fn(&Anchor) -> &'t [ThreadKey],
    belongs: impl Fn(&ThreadKey) -> bool,
) -> Option<Placed> {
    let mut candidates: Vec<(&ThreadKey, u32, Vec<&str>)> = Vec::new();
    for signal in signals {
        for thread in threads(&signal.anchor) {
            let score = u32::from(signal.score);
            match candidates.iter_mut().find(|(known, ..)| *known == thread) {
                Some((_, sum, whys)) => {
                    *sum += score;
                    whys.push(&signal.why);
                }
                None => candidates.push((thread, score, vec![&signal.why])),
            }
        }
    }
    candidates.retain(|(_, sum, _)| *sum >= POINTS_MIN);
    // The first of equals: signals come strongest first.
    candidates.sort_by_key(|(_, sum, _)| std::cmp::Reverse(*sum));
    let joined = candidates.iter().find(|(thread, ..)| belongs(thread));
    match (joined, candidates.first()) {
        (Some((thread, sum, whys)), _) => {
            let why = format!("{} ({sum} points)", whys.join("; "));
            Some(Placed { thread: Some((*thread).clone()), why })
        }
        (None, Some((_, sum, whys))) => {
            let why = format!(
                "it names an earlier conversation ({}; {sum} points), but its sender is nobody of that conversation, so it \
                 begins one of its own",
                whys.join("; ")
            );
            Some(Placed { thread: None, why })
        }
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchboard_contract::Mark;

    fn signal(mark: &str, score: u8) -> ThreadSignal {
        ThreadSignal { anchor: Anchor::Mark(Mark(mark.to_owned())), score, why: format!("it names {mark}") }
    }

    fn placed(signals: &[ThreadSignal], member_of: &[&str]) -> Option<Placed> {
        let (one, two, both) = (
            vec![ThreadKey("one".into())],
            vec![ThreadKey("two".into())],
            vec![ThreadKey("two".into()), ThreadKey("one".into())],
        );
        let threads = |anchor: &Anchor| match anchor {
            Anchor::Mark(Mark(mark)) if mark == "1" => one.as_slice(),
            Anchor::Mark(Mark(mark)) if mark == "2" => two.as_slice(),
            Anchor::Mark(Mark(mark)) if mark == "both" => both.as_slice(),
            Anchor::Mark(_) | Anchor::Delivery(_) | Anchor::Conversation(_) => &[],
        };
        place(signals, threads, |thread| member_of.contains(&thread.0.as_str()))
    }

    #[test]
    fn what_points_to_one_thread_adds_up() {
        let all = [signal("2", 70), signal("1", 60), signal("both", 30), signal("1", 30)];
        let found = placed(&all, &["one", "two"]).expect("placed");
        assert_eq!(found.thread, Some(ThreadKey("one".into())));
        assert!(found.why.contains("120 points"), "{}", found.why);
    }

    #[test]
    fn a_stranger_joins_nothing_however_much_speaks_for_it() {
        let found = placed(&[signal("1", 100)], &[]).expect("told");
        assert_eq!(found.thread, None);
        assert!(found.why.contains("nobody of that conversation"), "{}", found.why);
        // … and is placed where they belong, if something speaks for that too.
        let found = placed(&[signal("1", 100), signal("2", 30)], &["two"]).expect("placed");
        assert_eq!(found.thread, Some(ThreadKey("two".into())));
    }

    #[test]
    fn a_hint_alone_joins_nothing() {
        assert_eq!(placed(&[signal("1", 24)], &["one"]), None);
        assert!(placed(&[signal("1", 24), signal("1", 1)], &["one"]).is_some());
    }

    #[test]
    fn nothing_known_says_nothing() {
        assert_eq!(placed(&[signal("unknown", 90)], &["one"]), None);
    }
}
