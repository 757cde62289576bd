//! What the sender wrote now: a message, a plain body or HTML on standard input, the visible text on standard output.
#![expect(clippy::print_stdout, reason = "that is its work")]

use std::io::Read as _;

fn main() -> std::io::Result<()> {
    let mut raw = Vec::new();
    std::io::stdin().read_to_end(&mut raw)?;
    println!("{}", switchboard_email::visible::visible_of_mail(&raw));
    Ok(())
}
