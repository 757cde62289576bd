//! Rust source as the rules read it: comments gone, the contents of literals set apart, every offset and line kept.

/// A string literal and the line it begins on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Literal {
    pub(super) line: usize,
    pub(super) text: String,
}

#[derive(Debug)]
pub(super) struct Code {
    /// The source with comments and the contents of literals replaced by spaces.
    pub(super) bare: String,
    pub(super) literals: Vec<Literal>,
}

impl Code {
    pub(super) fn read(source: &str) -> Self {
        Reader { rest: source, line: 1, bare: String::with_capacity(source.len()), literals: Vec::new() }.read()
    }

    /// The line of an offset into `bare`, counted from 1.
    pub(super) fn line_at(&self, offset: usize) -> usize {
        self.bare[..offset].matches('\n').count() + 1
    }
}

/// The part of a file before its test module. Our test modules are last in a file, or files of their own.
pub(super) fn without_tests<'a>(path: &str, source: &'a str) -> &'a str {
    if path.ends_with("/tests.rs") || path.contains("/tests/") {
        return "";
    }
    source.find("#[cfg(test)]\nmod tests").map_or(source, |at| &source[..at])
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
    bare: String,
    literals: Vec<Literal>,
}

impl Reader<'_> {
    fn read(mut self) -> Code {
        while let Some(next) = self.rest.chars().next() {
            if self.rest.starts_with("//") {
                let length = self.rest.find('\n').unwrap_or(self.rest.len());
                self.blank(length);
            } else if self.rest.starts_with("/*") {
                self.blank(block_comment(self.rest));
            } else if let Some(hashes) = self.raw_string() {
                self.raw_literal(hashes);
            } else if next == '"' {
                self.literal();
            } else if let Some(length) = character(self.rest) {
                self.keep(1);
                self.blank(length - 2);
                self.keep(1);
            } else {
                self.keep(next.len_utf8());
            }
        }
        Code { bare: self.bare, literals: self.literals }
    }

    fn keep(&mut self, length: usize) {
        let (kept, rest) = self.rest.split_at(length);
        self.line += kept.matches('\n').count();
        self.bare.push_str(kept);
        self.rest = rest;
    }

    /// Spaces for every byte, so that offsets stay; line ends are kept.
    fn blank(&mut self, length: usize) {
        let (gone, rest) = self.rest.split_at(length);
        self.line += gone.matches('\n').count();
        self.bare.extend(gone.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
        self.rest = rest;
    }

    /// The number of hashes when a raw string begins here (`r"`, `br#"`, …), which it can't inside a word.
    fn raw_string(&self) -> Option<usize> {
        let in_word = self.bare.ends_with(|last: char| last.is_alphanumeric() || last == '_');
        let after = self.rest.strip_prefix('b').unwrap_or(self.rest).strip_prefix('r').filter(|_| !in_word)?;
        let body = after.trim_start_matches('#');
        body.starts_with('"').then_some(after.len() - body.len())
    }

    fn raw_literal(&mut self, hashes: usize) {
        let open = self.rest.find('"').map_or(self.rest.len(), |at| at + 1);
        self.keep(open);
        let close = format!("\"{}", "#".repeat(hashes));
        let length = self.rest.find(&close).unwrap_or(self.rest.len());
        self.take_literal(length);
        self.keep(close.len().min(self.rest.len()));
    }

    fn literal(&mut self) {
        self.keep(1);
        let mut escaped = false;
        let end = self.rest.find(|next| {
            let closes = next == '"' && !escaped;
            escaped = next == '\\' && !escaped;
            closes
        });
        self.take_literal(end.unwrap_or(self.rest.len()));
        self.keep(1.min(self.rest.len()));
    }

    fn take_literal(&mut self, length: usize) {
        self.literals.push(Literal { line: self.line, text: self.rest[..length].to_owned() });
        self.blank(length);
    }
}

/// The length of a block comment, which may hold others.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// The length of a character literal with its quotes; a lifetime is none.
fn character(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('\'')?;
    let mut chars = inner.chars();
    if chars.next()? == '\\' {
        let escape = 1 + chars.next()?.len_utf8();
        return inner[escape..].find('\'').map(|end| escape + end + 2);
    }
    let first = inner.chars().next()?.len_utf8();
    inner[first..].starts_with('\'').then_some(first + 2)
}

#[test]
fn comments_and_literals_are_set_apart() {
    let source = "let a = \"one \\\" // two\"; // three \"four\"\n/* five /* six */ \" */ let b = r#\"se\"ven\"#;\nf('\"', 'x', '\\'');";
    let code = Code::read(source);
    let literal = |line, text: &str| Literal { line, text: text.to_owned() };
    assert_eq!(code.literals, [literal(1, "one \\\" // two"), literal(2, "se\"ven")]);
    assert_eq!(code.bare.len(), source.len(), "offsets stay");
    assert!(!code.bare.contains("three") && !code.bare.contains("five") && code.bare.contains("let b = r#\""));
    assert_eq!(code.line_at(code.bare.find("f(").unwrap()), 3);
}

#[test]
fn lifetimes_are_no_characters() {
    let code = Code::read("fn f<'a>(x: &'a str) -> &'a str { g(x, \"hi\", 'y') }");
    assert!(code.bare.contains("<'a>(x: &'a str)"), "{}", code.bare);
    assert_eq!(code.literals.len(), 1);
}

#[test]
fn test_modules_are_left_out() {
    assert_eq!(without_tests("src/a.rs", "fn a() {}\n#[cfg(test)]\nmod tests {\n}"), "fn a() {}\n");
    assert_eq!(without_tests("src/a.rs", "#[cfg(test)]\nmod tests;\n"), "");
    assert_eq!(without_tests("src/a/tests.rs", "fn a() {}"), "");
}
