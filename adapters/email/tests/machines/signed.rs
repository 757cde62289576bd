//! Our own checks, with records that stand here instead of in the DNS. Nothing is asked over a network.

use mail_auth::common::crypto::Ed25519Key;
use mail_auth::common::headers::HeaderWriter;
use mail_auth::dkim::DkimSigner;
use switchboard_email::identity::dns::{Dns, Envelope};
use switchboard_email::identity::{Ground, Level, Method, Outcome, Verdict, proof};

use super::{parse, person};

/// The key pair of RFC 8463 A.2.
const SEED: &str = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
const PUBLIC: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

fn bytes(base64: &str) -> Vec<u8> {
    mail_parser::decoders::base64::base64_decode(base64.as_bytes()).expect("base 64")
}

fn signed_by(domain: &str) -> String {
    let key = Ed25519Key::from_seed_and_public_key(&bytes(SEED), &bytes(PUBLIC)).expect("the key of the RFC");
    let raw = person("").replace('\n', "\r\n");
    let signer = DkimSigner::from_key(key).domain(domain).selector("k").headers(["From", "To", "Subject", "Date"]);
    let signature = signer.sign(raw.as_bytes()).expect("it can be signed");
    format!("{}{raw}", signature.to_header())
}

fn dns(records: &[(&str, &str)]) -> Dns {
    Dns::of_records(records).expect("a resolver that is never asked")
}

fn key_record() -> String {
    format!("v=DKIM1; k=ed25519; p={PUBLIC}")
}

async fn check(dns: &Dns, raw: &str) -> (Level, Vec<Verdict>) {
    let verdicts = dns.check(raw.as_bytes(), None).await;
    let level = proof(&parse(raw), raw.as_bytes(), Ground { verdicts: &verdicts, ..Ground::default() }).level;
    (level, verdicts)
}

#[tokio::test]
async fn an_aligned_signature_proves_the_domain() {
    let record = key_record();
    let dns = dns(&[("k._domainkey.mail.customer.example", &record)]);
    let raw = signed_by("mail.customer.example");
    let (level, verdicts) = check(&dns, &raw).await;
    assert_eq!(level, Level::Aligned, "{verdicts:?}");
    let (level, verdicts) = check(&dns, &raw.replace("drips", "pours")).await;
    assert_eq!(level, Level::Claimed);
    assert_eq!(verdicts.first().map(|verdict| verdict.outcome), Some(Outcome::Fail), "{verdicts:?}");
    assert_eq!(check(&dns, &raw.replace("ada@customer", "eve@customer")).await.0, Level::Claimed);
}

#[tokio::test]
async fn a_signature_without_its_key_proves_nothing() {
    let raw = signed_by("customer.example");
    assert_eq!(check(&dns(&[]), &raw).await.0, Level::Claimed);
    let broken = dns(&[("k._domainkey.customer.example", "v=DKIM1; k=ed25519; p=")]);
    assert_eq!(check(&broken, &raw).await.0, Level::Claimed);
}

#[tokio::test]
async fn a_foreign_signature_is_not_aligned() {
    let record = key_record();
    let dns = dns(&[("k._domainkey.bulk.example", &record)]);
    let (level, verdicts) = check(&dns, &signed_by("bulk.example")).await;
    assert_eq!((level, verdicts.first().map(|verdict| verdict.outcome)), (Level::Claimed, Some(Outcome::Pass)));
}

#[tokio::test]
async fn a_strict_policy_is_kept() {
    let record = key_record();
    let key = ("k._domainkey.mail.customer.example", record.as_str());
    let raw = signed_by("mail.customer.example");
    let relaxed = dns(&[key, ("_dmarc.customer.example", "v=DMARC1; p=reject")]);
    let (level, verdicts) = check(&relaxed, &raw).await;
    assert_eq!(level, Level::Aligned);
    assert!(verdicts.iter().any(|v| v.method == Method::Dmarc && v.outcome == Outcome::Pass), "{verdicts:?}");
    let strict = dns(&[key, ("_dmarc.customer.example", "v=DMARC1; p=reject; adkim=s")]);
    assert_eq!(check(&strict, &raw).await.0, Level::Claimed);
}

#[tokio::test]
async fn the_sending_server_proves_the_envelope_domain() {
    let dns = dns(&[("customer.example", "v=spf1 ip4:192.0.2.0/24 -all")]);
    let raw = person("");
    for (client, level) in [("192.0.2.9", Level::Aligned), ("198.51.100.9", Level::Claimed)] {
        let client = client.parse().expect("an address");
        let envelope =
            Envelope { client, helo: "out.customer.example", sender: "ada@customer.example", host: "mx.shop.example" };
        let verdicts = dns.check(raw.as_bytes(), Some(envelope)).await;
        let found = proof(&parse(&raw), raw.as_bytes(), Ground { verdicts: &verdicts, ..Ground::default() });
        assert_eq!(found.level, level, "{verdicts:?}");
    }
}

#[tokio::test]
async fn a_mail_with_too_many_signatures_is_not_checked() {
    let record = key_record();
    let dns = dns(&[("k._domainkey.customer.example", &record)]);
    let raw = signed_by("customer.example");
    assert_eq!(check(&dns, &raw).await.0, Level::Aligned);
    let more = "DKIM-Signature: v=1; a=rsa-sha256; d=x.example; s=k; h=from; bh=eA==; b=eA==\r\n".repeat(1_000);
    assert_eq!(check(&dns, &format!("{more}{raw}")).await, (Level::Claimed, Vec::new()));
}
