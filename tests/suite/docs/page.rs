//! A page and its blocks of code. What is done with a block stands in a comment above it, which no reader sees:
//!
//! | comment | |
//! | --- | --- |
//! | `<!-- not run: REASON -->` | nothing; the reason is on the list in `blocks.rs` |
//! | `<!-- stays: -->` | `sh`: the command stays in the background, and the page goes on once it listens |
//! | `<!-- exits: 3 -->` | `sh`, `console`: the exit codes besides 0, in their order |
//! | `<!-- file: NAME -->` | the block is written to a file in the page's directory |
//! | `<!-- read as: KIND -->` | `json`: the project's own reader of a `grant`, `request` or `template` takes it |
//! | `<!-- excerpt: PATH -->` | `rust`: the lines stand, one after the other, in this example, which is built and checked |
//! | `<!-- first: COMMAND -->` | the command is run before the block: what the page takes for granted |
//! | `<!-- with: an issuer -->` | an issuer listens, as its admin, and knows `agent_ollie`: what the page takes for granted |

use passport_tests::places::workspace;

/// What was written above a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    NotRun(String),
    Stays,
    Exits(Vec<u8>),
    File(String),
    ReadAs(String),
    Excerpt(String),
    First(String),
    WithIssuer,
}

impl Mark {
    fn read(line: &str) -> Option<Self> {
        let text = line.trim().strip_prefix("<!--")?.strip_suffix("-->")?.trim();
        let (name, value) = text.split_once(':')?;
        let value = value.trim().to_owned();
        Some(match name {
            "not run" => Self::NotRun(value),
            "stays" => Self::Stays,
            "exits" => Self::Exits(value.split_whitespace().map(|code| code.parse().expect("an exit code")).collect()),
            "file" => Self::File(value),
            "read as" => Self::ReadAs(value),
            "excerpt" => Self::Excerpt(value),
            "first" => Self::First(value),
            "with" if value == "an issuer" => Self::WithIssuer,
            _ => return None,
        })
    }
}

/// One fenced block.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// The line of its fence, from 1.
    pub(super) line: usize,
    pub(super) language: String,
    pub(super) text: String,
    pub(super) marks: Vec<Mark>,
}

impl Block {
    pub(super) fn not_run(&self) -> Option<&str> {
        self.marks.iter().find_map(|mark| if let Mark::NotRun(reason) = mark { Some(reason.as_str()) } else { None })
    }

    pub(super) fn file(&self) -> Option<&str> {
        self.marks.iter().find_map(|mark| if let Mark::File(name) = mark { Some(name.as_str()) } else { None })
    }

    pub(super) fn stays(&self) -> bool {
        self.marks.contains(&Mark::Stays)
    }

    pub(super) fn exits(&self) -> &[u8] {
        self.marks.iter().find_map(|mark| if let Mark::Exits(codes) = mark { Some(codes.as_slice()) } else { None }).unwrap_or(&[])
    }

    pub(super) fn is_shell(&self) -> bool {
        matches!(self.language.as_str(), "sh" | "console") && self.not_run().is_none()
    }
}

/// One page.
#[derive(Debug)]
pub(crate) struct Page {
    /// Its path in the workspace.
    pub(crate) name: String,
    pub(crate) text: String,
    pub(super) blocks: Vec<Block>,
}

impl Page {
    pub(super) fn read(name: &str) -> Self {
        let text = std::fs::read_to_string(workspace().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        Self { name: name.to_owned(), blocks: blocks(name, &text), text }
    }

    /// Every page that a person is meant to read: those at the top, those of the book, those of `deploy`.
    pub(crate) fn all() -> Vec<Self> {
        let mut names: Vec<String> = Vec::new();
        for folder in ["", "docs/", "deploy/", "tests/vectors/"] {
            for entry in std::fs::read_dir(workspace().join(folder)).expect("a folder") {
                let name = entry.expect("an entry").file_name().into_string().expect("text");
                if name.ends_with(".md") {
                    names.push(format!("{folder}{name}"));
                }
            }
        }
        names.sort();
        names.iter().map(|name| Self::read(name)).collect()
    }
}

fn blocks(name: &str, text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut marks = Vec::new();
    let mut lines = text.lines().enumerate().peekable();
    let mut blank = true;
    while let Some((number, line)) = lines.next() {
        assert!(!(blank && line.starts_with("    ")), "{name}:{}: fence this block, so that it has a language", number + 1);
        blank = line.trim().is_empty();
        if let Some(language) = line.trim_start().strip_prefix("```") {
            let indent = line.len() - line.trim_start().len();
            let mut text = String::new();
            loop {
                let (_, line) = lines.next().unwrap_or_else(|| panic!("{name}:{}: this block has no end", number + 1));
                if line.trim() == "```" {
                    break;
                }
                text.push_str(line.get(indent..).unwrap_or_default());
                text.push('\n');
            }
            blocks.push(Block { line: number + 1, language: language.to_owned(), text, marks: std::mem::take(&mut marks) });
        } else if let Some(mark) = Mark::read(line) {
            marks.push(mark);
        } else {
            assert!(blank || marks.is_empty(), "{name}:{}: a mark stands above no block", number + 1);
        }
    }
    assert!(marks.is_empty(), "{name}: a mark stands above no block");
    blocks
}

#[test]
fn a_mark_is_read_and_a_block_without_a_fence_is_refused() {
    let read = blocks("page", "text\n\n<!-- exits: 3 5 -->\n<!-- first: true -->\n```sh\necho x\n```\n\n```json\n{}\n```\n");
    assert_eq!(read.len(), 2);
    assert_eq!((read[0].line, read[0].language.as_str(), read[0].text.as_str()), (5, "sh", "echo x\n"));
    assert_eq!(read[0].exits(), [3, 5]);
    assert!(read[1].marks.is_empty());
    assert!(std::panic::catch_unwind(|| blocks("page", "text\n\n    echo x\n")).is_err());
    assert!(std::panic::catch_unwind(|| blocks("page", "<!-- stays: -->\ntext\n")).is_err());
}
