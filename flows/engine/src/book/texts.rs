//! The ids of everything the bot says outside flows.

macro_rules! text_ids {
    ($($(#[$doc:meta])* $name:ident = $id:literal,)+) => {
        /// Names a text of the bot book.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum TextId {
            $($(#[$doc])* $name,)+
        }

        impl TextId {
            /// Every text a bot book has to have.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The id as it stands in `bot.yaml`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $id,)+
                }
            }
        }
    };
}

text_ids! {
    /// The first words to a contact.
    Greeting = "greeting",
    /// The answer to a greeting in the middle of a conversation.
    GreetingAgain = "greeting_again",
    /// Stands above the starting options when there is no greeting.
    MenuPrompt = "menu_prompt",
    /// The label of the option to talk to a person.
    MenuPerson = "menu_person",
    /// The answer to thanks.
    YouAreWelcome = "you_are_welcome",
    /// An answer was not understood; for kinds of answers that have no text of their own.
    Retry = "retry",
    /// The answer is none of the options.
    RetryChoice = "retry_choice",
    /// The answer is no e-mail address.
    RetryEmail = "retry_email",
    /// The answer is no number, or not within the bounds.
    RetryNumber = "retry_number",
    /// The answer is neither yes nor no.
    RetryYesNo = "retry_yes_no",
    /// The answer is too short, too long, or doesn't look as it should.
    RetryText = "retry_text",
    /// Said before a flow goes on after a question in between.
    Resume = "resume",
    /// Asks whether an answer helped.
    HelpedPrompt = "helped_prompt",
    /// The label for "it helped".
    HelpedYes = "helped_yes",
    /// The label for "it did not help".
    HelpedNo = "helped_no",
    /// The reaction when it helped.
    HelpedThanks = "helped_thanks",
    /// The reaction when it did not; offers a person.
    NotHelped = "not_helped",
    /// Asks which of several answers is meant.
    BetweenPrompt = "between_prompt",
    /// The label for "none of these".
    BetweenNone = "between_none",
    /// The bot doesn't know, says so and offers a person.
    NotUnderstood = "not_understood",
    /// The label that takes the offer of a person.
    OfferYes = "offer_yes",
    /// The label that declines it.
    OfferNo = "offer_no",
    /// The reaction when it is declined.
    OfferDeclined = "offer_declined",
    /// Handed over, nobody waits before.
    HandoffFirst = "handoff_first",
    /// Handed over, `{{ahead}}` conversations wait before.
    HandoffQueue = "handoff_queue",
    /// Said before the notice of a handoff when the subject is not for a bot.
    HandoffSensitive = "handoff_sensitive",
    /// `{{agent}}` has joined.
    Joined = "joined",
    /// `{{agent}}` goes on instead.
    Transferred = "transferred",
    /// Another team goes on instead.
    TransferredTeam = "transferred_team",
    /// The bot goes on instead.
    ReturnedToBot = "returned_to_bot",
    /// A person, `{{agent}}`, has solved it.
    ResolvedByAgent = "resolved_by_agent",
    /// The bot has solved it.
    ResolvedByBot = "resolved_by_bot",
    /// Asks for a rating.
    RatingPrompt = "rating_prompt",
    /// The label of the lowest score.
    Rating1 = "rating_1",
    /// The label of score 2.
    Rating2 = "rating_2",
    /// The label of score 3.
    Rating3 = "rating_3",
    /// The label of score 4.
    Rating4 = "rating_4",
    /// The label of the highest score.
    Rating5 = "rating_5",
    /// Asks for a word about the rating.
    RatingComment = "rating_comment",
    /// The label that skips it.
    RatingSkip = "rating_skip",
    /// Thanks for the rating.
    RatingThanks = "rating_thanks",
    /// The contact wrote after a resolution and the conversation is open again.
    Reopened = "reopened",
    /// Said once to a contact who has waited in a queue for a while; `{{place}}` is their place in it, from 1.
    StillWaiting = "still_waiting",
    /// The label that begins a new conversation.
    StartAnew = "start_anew",
    /// Begun again from the start.
    Restarted = "restarted",
    /// There is no question before this one.
    BackImpossible = "back_impossible",
    /// A flow was left at the contact's wish.
    Cancelled = "cancelled",
    /// Asks whether to leave the running flow for `{{title}}`.
    SwitchPrompt = "switch_prompt",
    /// The label for leaving it.
    SwitchYes = "switch_yes",
    /// The label for staying.
    SwitchNo = "switch_no",
    /// Stands before a citation's title, `{{title}}`, where a surface wants words for it. Never sent as a message.
    AnswerSource = "answer_source",
    /// The label of yes.
    Yes = "yes",
    /// The label of no.
    No = "no",
    /// The message is longer than the bot reads.
    TooLong = "too_long",
}

impl TextId {
    /// The labels of the scores, 1 to 5.
    pub const RATINGS: [Self; 5] = [Self::Rating1, Self::Rating2, Self::Rating3, Self::Rating4, Self::Rating5];

    /// The placeholders that every text may hold.
    pub const PLACEHOLDERS: [&'static str; 3] = ["bot", "contact.name", "contact.email"];

    /// The placeholder that this text may hold besides, if any.
    pub const fn own_placeholder(self) -> Option<&'static str> {
        match self {
            Self::HandoffQueue => Some("ahead"),
            Self::StillWaiting => Some("place"),
            Self::Joined | Self::Transferred | Self::ResolvedByAgent => Some("agent"),
            Self::TransferredTeam => Some("team"),
            Self::SwitchPrompt | Self::AnswerSource => Some("title"),
            Self::Greeting
            | Self::GreetingAgain
            | Self::MenuPrompt
            | Self::MenuPerson
            | Self::YouAreWelcome
            | Self::Retry
            | Self::RetryChoice
            | Self::RetryEmail
            | Self::RetryNumber
            | Self::RetryYesNo
            | Self::RetryText
            | Self::Resume
            | Self::HelpedPrompt
            | Self::HelpedYes
            | Self::HelpedNo
            | Self::HelpedThanks
            | Self::NotHelped
            | Self::BetweenPrompt
            | Self::BetweenNone
            | Self::NotUnderstood
            | Self::OfferYes
            | Self::OfferNo
            | Self::OfferDeclined
            | Self::HandoffFirst
            | Self::HandoffSensitive
            | Self::ReturnedToBot
            | Self::ResolvedByBot
            | Self::RatingPrompt
            | Self::Rating1
            | Self::Rating2
            | Self::Rating3
            | Self::Rating4
            | Self::Rating5
            | Self::RatingComment
            | Self::RatingSkip
            | Self::RatingThanks
            | Self::Reopened
            | Self::StartAnew
            | Self::Restarted
            | Self::BackImpossible
            | Self::Cancelled
            | Self::SwitchYes
            | Self::SwitchNo
            | Self::Yes
            | Self::No
            | Self::TooLong => None,
        }
    }
}
