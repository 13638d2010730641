//! Results on standard output, talk on standard error.

use std::fmt::Display;
use std::io::{self, Write};
use std::ops::RangeInclusive;
use std::sync::OnceLock;

use anstyle::{AnsiColor, Style};
use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};
use serde::Serialize;
use terminal_size::Width;

use super::error::{CliError, Ended};

/// The columns that everything fits in where there is no terminal that says otherwise, and of the pages of help.
pub(crate) const WIDTH: usize = 80;
/// Narrower than this nothing can be read, and wider lines are not read well.
const WIDTHS: RangeInclusive<usize> = 40..=160;

/// The columns of the terminal that is written to; [`WIDTH`] where there is none. Looked at once: a table is not torn by
/// who moves the window.
pub(crate) fn width() -> usize {
    static NOW: OnceLock<usize> = OnceLock::new();
    *NOW.get_or_init(|| match terminal_size::terminal_size_of(io::stdout()) {
        // The tests hold texts against 80 columns, in whichever terminal they run.
        _ if cfg!(test) => WIDTH,
        Some((Width(columns), _)) => usize::from(columns).clamp(*WIDTHS.start(), *WIDTHS.end()),
        None => WIDTH,
    })
}

/// For what is allowed or verified.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
/// For what is denied.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// For what needs a second look.
pub(crate) const CARE: Style = AnsiColor::Yellow.on_default().bold();
/// For headings.
pub(crate) const STRONG: Style = Style::new().bold();
/// For what is there to be passed over.
pub(crate) const QUIET: Style = Style::new().dimmed();

/// `text` in a style. What writes it out drops the style where there is no terminal, and where `NO_COLOR` is set.
pub(crate) fn styled(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Where a command's result goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    /// For a person, or with `json` for a program.
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether the result is for a program.
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// Writes text of our own, ended with a line break.
    pub(crate) fn text(self, text: &str) -> Result<(), CliError> {
        let mut out = anstream::stdout().lock();
        writeln!(out, "{text}")?;
        Ok(out.flush()?)
    }

    /// Writes one line of bytes as they are: a token, a body.
    pub(crate) fn line(self, bytes: &[u8]) -> Result<(), CliError> {
        let mut out = io::stdout().lock();
        out.write_all(bytes.strip_suffix(b"\n").unwrap_or(bytes))?;
        out.write_all(b"\n")?;
        Ok(out.flush()?)
    }

    /// Writes one line of JSON.
    pub(crate) fn json(self, value: &impl Serialize) -> Result<(), CliError> {
        let text = serde_json::to_vec(value).map_err(|error| CliError::failed(format!("the result cannot be written as JSON: {error}")))?;
        self.line(&text)
    }

    /// Tells a person something that is not the result, in lines that fit. Lines that begin with two spaces are to be
    /// copied, and stay whole.
    pub(crate) fn say(self, text: &str) {
        let fit = |line: &str| if line.starts_with("  ") { line.to_owned() } else { wrap(line, width()).join("\n") };
        self.raw(&text.lines().map(fit).collect::<Vec<_>>().join("\n"));
    }

    fn raw(self, text: &str) {
        // There is nobody to tell that standard error is closed.
        let _ = writeln!(anstream::stderr().lock(), "{text}");
    }

    /// Ends a command: says what went wrong, if anything, and gives the exit code.
    pub(crate) fn end(self, ended: Ended) -> u8 {
        let error = match ended {
            Ok(exit) => return exit,
            Err(error) => error,
        };
        if self.json {
            if let Some(json) = error.to_json() {
                self.raw(&json);
            }
        } else if let Some(text) = error.to_text() {
            self.say(&format!("{} {text}", styled(BAD, "error:")));
        }
        error.exit()
    }
}

/// A table without borders that fits the terminal.
pub(crate) fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    table_of(width(), header, rows)
}

/// A table in so many columns. What does not fit in its cell goes on beneath.
fn table_of(width: usize, header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
    table.set_header(header.to_vec());
    for row in rows {
        table.add_row(row);
    }
    // Two spaces between columns, none before the first or after the last.
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    if let Some(last) = table.column_mut(header.len().saturating_sub(1)) {
        last.set_padding((0, 0));
    }
    // What names a row is copied from here: it stays on one line.
    if let Some(first) = table.column_mut(0) {
        first.set_constraint(ColumnConstraint::ContentWidth);
    }
    table.trim_fmt()
}

/// Names and values beneath each other.
pub(crate) fn facts(rows: &[(&str, String)]) -> String {
    let widest = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let line = |(name, value): &(&str, String)| {
        let indent = " ".repeat(widest + 4);
        let first = format!("  {}{}", styled(QUIET, name), " ".repeat(widest + 2 - name.len()));
        let lines = wrap(value, width().saturating_sub(indent.len()));
        format!("{first}{}", lines.join(&format!("\n{indent}")))
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Items beneath each other, each behind a dash.
pub(crate) fn bullets(items: &[String]) -> String {
    items.iter().map(|item| format!("  - {}", wrap(item, width().saturating_sub(4)).join("\n    "))).collect::<Vec<_>>().join("\n")
}

/// `text` in lines of at most `width` characters, broken at spaces; a longer word stands by itself.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.push_str(word);
        } else if visible(line) + 1 + visible(word) <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// `text` in at most `width` characters, with a mark where it was cut.
pub(crate) fn cut(text: &str, width: usize) -> String {
    match text.char_indices().nth(width) {
        None => text.to_owned(),
        Some(_) => text.chars().take(width.saturating_sub(1)).chain(['…']).take(width).collect(),
    }
}

/// The characters of `text` that are seen: all but its styles.
fn visible(text: &str) -> usize {
    anstream::adapter::strip_str(text).map(|part| part.chars().count()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_fits_80_columns() {
        let (id, long) = ("x".repeat(45), "y".repeat(90));
        let text = table(&["ID", "NAME"], [vec!["a".to_owned(), long.clone()], vec![id.clone(), long]]);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(text.contains(&id), "what names a row is not broken: {text}");
        let text = table(&["ID", "NAME"], [vec!["agent_1".to_owned(), "Ollie".to_owned()]]);
        assert_eq!(text, "ID       NAME\nagent_1  Ollie");
    }

    #[test]
    fn a_table_fits_a_narrow_terminal_and_uses_a_wide_one() {
        let long = "word ".repeat(30).trim_end().to_owned();
        let lines = |width| table_of(width, &["ID", "TEXT"], [vec!["agent_1".to_owned(), long.clone()]]);
        for width in [40, 80, 160] {
            let text = lines(width);
            assert!(text.lines().all(|line| line.chars().count() <= width), "{width}: {text}");
            assert_eq!(text.matches("word").count(), 30, "nothing is lost: {text}");
        }
        assert!(lines(40).lines().count() > lines(160).lines().count());
    }

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!([cut("äbc", 4), cut("äbc", 3), cut("äbc", 2), cut("äbc", 1), cut("äbc", 0)], ["äbc", "äbc", "ä…", "…", ""]);
    }

    #[test]
    fn text_is_broken_at_spaces() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("a longword b", 3), ["a", "longword", "b"]);
        assert_eq!(wrap("", 3), [""]);
        assert_eq!(wrap(&format!("{} two three", styled(BAD, "one")), 7).len(), 2, "a style has no width");
        assert_eq!(bullets(&["word ".repeat(20).trim_end().to_owned()]).lines().count(), 2);
    }
}
