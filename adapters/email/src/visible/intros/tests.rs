use super::*;
use crate::visible::line::lines;

fn count(body: &str) -> Option<usize> {
    intro(&lines(body), 0)
}

#[test]
fn the_patterns_compile() {
    for pattern in [&BEGINS_AND_WROTE, &WROTE, &MOMENT, &ADDRESS, &BRACKETED, &BEGINS_WITH_MOMENT, &SENDER_FIRST] {
        assert!(pattern.compiles());
    }
}

#[test]
fn introductions_are_found_in_many_languages() {
    for body in [
        "On Mon, 3 May 2021 at 10:15, Ann Example <ann@example.org> wrote:",
        "On 3 May 2021, at 10:15, Ann Example <ann@example.org> wrote:",
        "On May 3, 2021 you wrote:",
        "Am 03.05.2021 um 10:15 schrieb Ann Example:",
        "Am Mo., 3. Mai 2021 um 10:15 Uhr schrieb Ann Example <ann@example.org>:",
        "Ann Example <ann@example.org> schrieb am Mo., 3. Mai 2021, 10:15:",
        "Le lun. 3 mai 2021 à 10:15, Ann Example <ann@example.org> a écrit :",
        "El lun, 3 may 2021 a las 10:15, Ann Example (<ann@example.org>) escribió:",
        "Il giorno lun 3 mag 2021 alle ore 10:15 Ann Example <ann@example.org> ha scritto:",
        "Em seg., 3 de mai. de 2021 às 10:15, Ann Example <ann@example.org> escreveu:",
        "Op ma 3 mei 2021 om 10:15 schreef Ann Example <ann@example.org>:",
        "Den mån 3 maj 2021 kl 10:15 skrev Ann Example <ann@example.org>:",
        "man. 3. mai 2021 kl. 10:15 skrev Ann Example <ann@example.org>:",
        "ma 3. toukok. 2021 klo 10.15 Ann Example (ann@example.org) kirjoitti:",
        "pon., 3 maj 2021 o 10:15 Ann Example <ann@example.org> napisał(a):",
        "W dniu 03.05.2021 o 10:15, Ann Example pisze:",
        "po 3. 5. 2021 v 10:15 odesílatel Ann Example <ann@example.org> napsal:",
        "Dňa 3. 5. 2021 o 10:15 Ann Example napísal(a):",
        "пн, 3 мая 2021 г. в 10:15, Ann Example <ann@example.org>:",
        "3 мая 2021 г., в 10:15, Ann Example <ann@example.org> написал(а):",
        "пн, 3 трав. 2021 р. о 10:15 Ann Example <ann@example.org> пише:",
        "Ann Example <ann@example.org> ezt írta (időpont: 2021. máj. 3., H, 10:15):",
        "Ann Example <ann@example.org>, 3 May 2021 Pzt, 10:15 tarihinde şunu yazdı:",
        "Pe lun., 3 mai 2021 la 10:15, Ann Example <ann@example.org> a scris:",
        "Στις Δευ 3 Μαΐ 2021 στις 10:15 π.μ., ο χρήστης Ann Example <ann@example.org> έγραψε:",
        "\u{202b}בתאריך יום ב׳, 3 במאי 2021 ב-10:15 מאת \u{202a}Ann Example\u{202c}\u{200f} <\u{202a}ann@example.org\u{202c}\u{200f}>:\u{202c}",
        "在 2021年5月3日，10:15，Ann Example <ann@example.org> 写道：",
        "Ann Example <ann@example.org> 于2021年5月3日周一 10:15写道：",
        "2021年5月3日(月) 10:15 Ann Example <ann@example.org>:",
        "2021/05/03 10:15、Ann Example <ann@example.org>のメール:",
        "2021년 5월 3일 (월) 오전 10:15, Ann Example <ann@example.org>님이 작성:",
        "Pada Sen, 3 Mei 2021 pukul 10.15 Ann Example <ann@example.org> menulis:",
        "Vào Th 2, 3 thg 5, 2021 vào lúc 10:15 Ann Example <ann@example.org> đã viết:",
        "On Mon, May 3, 2021 at 10:15 AM Ann Example\n<ann@example.org>\nwrote:",
        "2021-05-03 10:15 GMT+02:00 Ann Example <\nann@example.org>:",
        "---- On Mon, 3 May 2021 10:15:00 +0200 ann@example.org wrote ----",
        "In a message dated 5/3/2021 10:15:00 AM, ann@example.org writes:",
    ] {
        assert_eq!(count(body), Some(body.lines().count()), "{body}");
    }
}

#[test]
fn what_somebody_writes_is_no_introduction() {
    for body in [
        "On the other hand, I never wrote:",
        "On page 5 the author wrote:",
        "A friend of mine wrote:",
        "I called on 3 May 2021 and they wrote:",
        "We need these by 10:15:",
        "On Monday I wrote to you",
        "Please call ann@example.org:",
    ] {
        assert_eq!(count(body), None, "{body}");
    }
}

#[test]
fn a_short_one_above_a_quote_needs_no_moment() {
    assert_eq!(count("Ann Example wrote:\n> hello"), Some(1));
    assert_eq!(count("Ann Example wrote:\nhello"), None);
}

#[test]
fn what_stands_above_is_no_part_of_it() {
    for above in ["Hello", "On it!", "Am Ende", "Le"] {
        let body = format!("{above}\n03.05.2021 10:15 user \"Ann\" <\nann@example.org> wrote:");
        assert_eq!(count(&body), None, "{body}");
        let body = format!("{above}\nOn May 3, 2021 at 10:15, Ann Example <\nann@example.org> wrote:");
        assert_eq!(count(&body), None, "{body}");
    }
    assert_eq!(count("On Mon,\n3 May 2021 at 10:15, Ann wrote:"), Some(2));
}
