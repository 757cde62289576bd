//! A small world for tests: a bot book, three flows, four articles, and a search that knows a few words.

use std::sync::LazyLock;
use std::time::Duration;

use switchboard_contract::{ArticleId, Timestamp};
use switchboard_engine::Finder;
use switchboard_engine::{ArticleCard, BotBook, FlowSet, Found, Hit, Target, Verdict, book, flow};

/// Read once: compiling patterns is most of the work.
static BOOK: LazyLock<BotBook> = LazyLock::new(|| {
    book::parse("bot.yaml", include_str!("fixtures/bot.yaml")).unwrap_or_else(|problems| panic!("{problems:#?}"))
});

/// How long the book lets a contact wait before they hear of it.
pub(crate) const STILL_WAITING: Duration = Duration::from_mins(7);

pub(crate) fn book() -> BotBook {
    BOOK.clone()
}

static FLOWS: LazyLock<FlowSet> = LazyLock::new(|| {
    let mut set = FlowSet::new();
    for (name, source) in [
        ("internet", include_str!("fixtures/internet.flow.yaml")),
        ("order", include_str!("fixtures/order.flow.yaml")),
        ("loop", include_str!("fixtures/loop.flow.yaml")),
    ] {
        let flow = flow::parse(&format!("{name}.flow.yaml"), source).unwrap_or_else(|problems| panic!("{problems:#?}"));
        set.insert(1, flow, true);
    }
    set
});

pub(crate) fn flows() -> FlowSet {
    FLOWS.clone()
}

/// Finds an article by a word in the question. `both` lies between two, `either` between an article and a flow, `subject`
/// between two flows, `parcel` is a flow.
pub(crate) struct Words;

const ARTICLES: [(&str, &str, &str); 3] = [
    ("password", "reset-password", "Reset your password"),
    ("router", "restart-router", "Restart your router"),
    ("invoice", "find-invoice", "Find your invoice"),
];

pub(crate) fn card(slug: &str) -> Option<ArticleCard> {
    let index = ARTICLES.iter().position(|(_, known, _)| *known == slug)?;
    let (_, slug, title) = ARTICLES[index];
    Some(ArticleCard {
        id: ArticleId::from_parts(Timestamp::from_millis(1), index as u128),
        slug: slug.to_owned(),
        title: title.to_owned(),
        text: format!("How to: *{title}*."),
        url: Some(format!("https://help.example.org/{slug}")),
    })
}

pub(crate) fn hit(slug: &str) -> Hit {
    let card = card(slug).expect("a known article");
    Hit { target: Target::Article(card), score: 0.9, nearest: "an example".to_owned() }
}

fn flow_hit(name: &str, title: &str) -> Hit {
    let target = Target::Flow { name: name.to_owned(), title: title.to_owned() };
    Hit { target, score: 0.9, nearest: "an example".to_owned() }
}

impl Finder for Words {
    fn find(&self, question: &str, _language: &str) -> Found {
        let question = question.to_lowercase();
        let known = ARTICLES.iter().find(|(word, ..)| question.contains(word));
        let (verdict, why) = if question.contains("both") {
            (Verdict::Between(vec![hit("reset-password"), hit("find-invoice")]), "Two are near.")
        } else if let Some((_, slug, _)) = known {
            (Verdict::Sure(hit(slug)), "It is near.")
        } else if question.contains("parcel") {
            (Verdict::Sure(flow_hit("order", "Order status")), "It is near.")
        } else if question.contains("either") {
            (Verdict::Between(vec![flow_hit("order", "Order status"), hit("find-invoice")]), "Two are near.")
        } else if question.contains("subject") {
            let flows = vec![flow_hit("order", "Order status"), flow_hit("loop", "Loop")];
            (Verdict::Between(flows), "Two are near.")
        } else {
            (Verdict::Nothing, "Nothing is near.")
        };
        Found { verdict, why: why.to_owned() }
    }

    fn article(&self, slug: &str, _language: &str) -> Option<ArticleCard> {
        card(slug)
    }
}
