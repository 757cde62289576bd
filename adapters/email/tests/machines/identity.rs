//! X1 to X6: what proves a sender, and what does not.

use switchboard_email::identity::{Ground, Level, Proven, authres, lookalike, proof, trusted};

use super::{parse, person};

const OWN: &str = "mx.shop.example";

fn proven_with(raw: &str, sealers: &[String], known: &[String]) -> Proven {
    let verdicts = trusted(raw.as_bytes(), &[OWN.to_owned()]);
    proof(&parse(raw), raw.as_bytes(), Ground { verdicts: &verdicts, sealers, known })
}

fn proven(more: &str) -> Proven {
    proven_with(&person(more), &[], &[])
}

fn by_own(results: &str) -> Proven {
    proven(&format!("Authentication-Results: {OWN};\n {results}\n"))
}

#[test]
fn x1_a_bare_from_is_a_claim() {
    let bare = proven("");
    assert_eq!((bare.level, bare.domain.as_deref()), (Level::Claimed, Some("customer.example")));
    assert!(!bare.how.is_empty());
    for results in [
        "dmarc=fail header.from=customer.example",
        "dmarc=none header.from=customer.example",
        "dmarc=bestguesspass action=none header.from=customer.example",
        "spf=softfail smtp.mailfrom=customer.example",
        "spf=neutral smtp.mailfrom=ada@customer.example; dkim=none",
        "dkim=temperror header.d=customer.example",
        "none",
        "iprev=pass policy.iprev=192.0.2.1",
        "auth=pass smtp.auth=ada@customer.example",
    ] {
        assert_eq!(by_own(results).level, Level::Claimed, "{results}");
    }
    let refused = by_own("spf=pass smtp.mailfrom=customer.example; dmarc=fail (p=reject) header.from=customer.example");
    assert_eq!(refused.level, Level::Claimed, "{:?}", refused.how);
}

#[test]
fn aligned_results_of_our_server_prove_the_domain() {
    for results in [
        "dmarc=pass (p=none dis=none) header.from=customer.example",
        "dkim=pass header.d=customer.example header.s=k header.b=abc",
        "dkim=pass header.i=@mail.customer.example header.s=k",
        "dkim = pass header.d = customer.example",
        "DKIM=PASS header.d=CUSTOMER.example",
        "dkim/1=pass reason=\"good; fine\" header.d=customer.example",
        "spf=pass smtp.mailfrom=ada@customer.example",
        "spf=pass (sender; is \"fine\") smtp.mailfrom=bounces.customer.example",
        "spf=fail smtp.mailfrom=list.example; dkim=fail header.d=list.example; dkim=pass header.d=customer.example",
    ] {
        let found = by_own(results);
        assert_eq!(found.level, Level::Aligned, "{results}: {:?}", found.how);
        assert!(found.how.iter().any(|how| how.contains(OWN)), "{:?}", found.how);
    }
}

#[test]
fn x2_only_the_topmost_results_of_our_own_server_count() {
    let good = "dmarc=pass header.from=customer.example";
    for forged in [
        format!("Authentication-Results: evil.example; {good}\n"),
        format!("Authentication-Results: {OWN}.evil.example; {good}\n"),
        format!("Authentication-Results: {good}\n"),
        format!("Authentication-Results: ({OWN}); {good}\n"),
        format!("Authentication-Results: evil.example; {good}\nAuthentication-Results: {OWN}; {good}\n"),
        format!(
            "Authentication-Results: {OWN}; dmarc=none\nReceived: from evil.example\nAuthentication-Results: {OWN}; {good}\n"
        ),
        format!(
            "Authentication-Results: {OWN}; dmarc=none\nAuthentication-Results: evil.example; x=y\nAuthentication-Results: {OWN}; {good}\n"
        ),
        format!("X-Authentication-Results: {OWN}; {good}\n"),
        format!("ARC-Authentication-Results: i=1; {OWN}; {good}\n"),
        format!("Authentication-Results: {OWN}; x=\"; {good}\n"),
        format!("Authentication-Results: {OWN}; x=y (; {good}\n"),
    ] {
        assert_eq!(proven(&forged).level, Level::Claimed, "{forged}");
    }
    let several =
        format!("Authentication-Results: {OWN}; spf=none\nReceived-SPF: none\nAuthentication-Results: {OWN}; {good}\n");
    assert_eq!(proven(&several).level, Level::Aligned, "one server may write several, one below the other");
    let versioned = format!("Authentication-Results: {} 1; {good}\n", OWN.to_uppercase());
    assert_eq!(proven(&versioned).level, Level::Aligned);
}

#[test]
fn x2_a_server_that_names_itself_not_is_believed_when_configured() {
    let raw =
        person("Authentication-Results: spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=customer.example; dkim=none\n");
    let level = |ids: &[String]| {
        let verdicts = trusted(raw.as_bytes(), ids);
        proof(&parse(&raw), raw.as_bytes(), Ground { verdicts: &verdicts, ..Ground::default() }).level
    };
    assert_eq!(level(&[String::new()]), Level::Aligned);
    assert_eq!(level(&[OWN.to_owned()]), Level::Claimed);
    assert_eq!(level(&[]), Level::Claimed);
}

#[test]
fn x3_what_passes_for_another_domain_proves_nothing() {
    for results in [
        "spf=pass smtp.mailfrom=bulk.example",
        "dkim=pass header.d=bulk.example",
        "dmarc=pass header.from=bulk.example",
        "dkim=pass header.d=example",
        "dkim=pass header.d=evilcustomer.example",
        "dkim=pass header.d=customer.example.evil.example",
        "spf=pass smtp.helo=customer.example",
        "spf=pass smtp.mailfrom=",
    ] {
        assert_eq!(by_own(results).level, Level::Claimed, "{results}");
    }
    // co.uk is nobody's: two customers below it are two houses.
    let raw = person(&format!("Authentication-Results: {OWN}; dkim=pass header.d=other.co.uk\n"))
        .replace("ada@customer.example", "ada@customer.co.uk");
    assert_eq!(proven_with(&raw, &[], &[]).level, Level::Claimed);
    let raw = raw.replace("d=other.co.uk", "d=mail.customer.co.uk");
    assert_eq!(proven_with(&raw, &[], &[]).level, Level::Aligned);
    let raw = raw.replace("d=mail.customer.co.uk", "d=co.uk");
    assert_eq!(proven_with(&raw, &[], &[]).level, Level::Claimed);
}

#[test]
fn x4_a_signature_over_a_part_is_distrusted() {
    let signed = |tags: &str, results: &str| {
        proven(&format!(
            "Authentication-Results: {OWN}; {results}\nDKIM-Signature: v=1; d=customer.example; s=k; {tags} b=x\n"
        ))
    };
    let dkim = "dkim=pass header.d=customer.example header.s=k";
    assert_eq!(signed("", dkim).level, Level::Aligned);
    let cut = signed("l=20;", dkim);
    assert_eq!(cut.level, Level::Claimed);
    assert!(cut.warnings.iter().any(|warning| warning.contains("part of the mail")), "{:?}", cut.warnings);
    assert_eq!(signed(" l = 20 ;", dkim).level, Level::Claimed);
    let both = "dkim=pass header.d=customer.example header.s=k; dmarc=pass header.from=customer.example";
    assert_eq!(signed("l=20;", both).level, Level::Claimed, "DMARC passed by that signature alone");
    let spf_too = format!("spf=pass smtp.mailfrom=customer.example; {both}");
    assert_eq!(signed("l=20;", &spf_too).level, Level::Aligned);
    assert_eq!(signed("l=20;", "dkim=pass header.d=customer.example header.s=other").level, Level::Aligned);
}

#[test]
fn x4_two_authors_are_never_proven() {
    let good = format!(
        "Authentication-Results: {OWN}; dmarc=pass header.from=customer.example; dmarc=pass header.from=evil.example\n"
    );
    for raw in [
        person(&format!("{good}From: eve@evil.example\n")),
        person(&good).replace("ada@customer.example>", "ada@customer.example>, eve@evil.example"),
        person(&good).replace("From: Ada Byron <ada@customer.example>\n", ""),
        person(&good).replace("Ada Byron <ada@customer.example>", "Ada Byron"),
    ] {
        let found = proven_with(&raw, &[], &[]);
        assert_eq!(found.level, Level::Claimed, "{raw}");
        assert!(!found.how.is_empty());
    }
}

#[test]
fn x4_look_alikes_are_pointed_out() {
    let known = ["customer.example".to_owned(), "paypal.com".to_owned()];
    for domain in ["xn--pypal-4ve.com", "p\u{430}ypal.com", "paypa1.com", "c\u{443}stomer.example", "custorner.example"]
    {
        let warnings = lookalike::domain_warnings(domain, &known);
        assert!(!warnings.is_empty(), "{domain}");
    }
    let twin = lookalike::domain_warnings("paypa1.com", &known);
    assert!(twin.iter().any(|warning| warning.contains("looks like `paypal.com`")), "{twin:?}");
    for fine in ["customer.example", "mail.customer.example", "paypal.com", "other.example", "CUSTOMER.EXAMPLE"] {
        assert_eq!(lookalike::domain_warnings(fine, &known), Vec::<String>::new(), "{fine}");
    }
    let raw = person("").replace("ada@customer.example", "ada@xn--pypal-4ve.com");
    assert!(!proven_with(&raw, &[], &known).warnings.is_empty());
}

#[test]
fn x4_a_name_that_shows_another_address_is_pointed_out() {
    let raw = person("").replace("Ada Byron <ada@", "\"boss@shop.example\" <eve@");
    let found = proven_with(&raw, &[], &[]);
    assert!(found.warnings.iter().any(|warning| warning.contains("boss@shop.example")), "{:?}", found.warnings);
    assert_eq!(found.address.as_deref(), Some("eve@customer.example"));
}

#[test]
fn x5_reply_to_does_not_change_who_it_is() {
    let other = proven("Reply-To: Desk <desk@other.example>\n");
    assert_eq!(other.address.as_deref(), Some("ada@customer.example"));
    assert_eq!(other.reply_to.as_deref(), Some("desk@other.example"));
    assert!(other.warnings.iter().any(|warning| warning.contains("desk@other.example")));
    assert_eq!(proven("Reply-To: ADA@customer.example\n").reply_to, None);
}

#[test]
fn x6_only_listed_sealers_vouch_for_what_they_forwarded() {
    let chain = |sealer: &str, arc: &str| {
        person(&format!(
            "Authentication-Results: {OWN}; arc={arc}; dmarc=fail header.from=customer.example\n\
             ARC-Seal: i=1; a=rsa-sha256; cv=none; d={sealer}; s=k; b=x\nARC-Message-Signature: i=1; d={sealer}; b=x\n\
             ARC-Authentication-Results: i=1; mx.{sealer}; dkim=pass header.d=customer.example; spf=pass smtp.mailfrom=x.example\n"
        ))
    };
    let listed = ["lists.example".to_owned()];
    let trusted = proven_with(&chain("lists.example", "pass"), &listed, &[]);
    assert_eq!(trusted.level, Level::Aligned, "{:?}", trusted.how);
    assert!(trusted.how.iter().any(|how| how.contains("sealer")), "{:?}", trusted.how);
    assert_eq!(proven_with(&chain("evil.example", "pass"), &listed, &[]).level, Level::Claimed);
    assert_eq!(proven_with(&chain("lists.example", "fail"), &listed, &[]).level, Level::Claimed);
    assert_eq!(proven_with(&chain("lists.example", "pass"), &[], &[]).level, Level::Claimed);
    // A newer seal of somebody else stands before it.
    let outer = format!("ARC-Seal: i=2; cv=pass; d=evil.example; b=x\n{}", chain("lists.example", "pass"));
    assert_eq!(proven_with(&outer, &listed, &[]).level, Level::Claimed);
}

#[test]
fn results_are_parsed_as_they_come() {
    let read = authres::parse(
        "mx.a.example 1; dkim=pass (a \\) b; c) header.d=A.example header.s=\"k 1\"; ; nonsense; spf=pass",
    );
    assert_eq!(read.authserv, "mx.a.example");
    assert_eq!(read.verdicts.len(), 2, "{read:?}");
    assert_eq!((read.verdicts[0].domain.as_str(), read.verdicts[0].selector.as_deref()), ("a.example", Some("k 1")));
}
