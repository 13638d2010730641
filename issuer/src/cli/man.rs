//! `passport man`: a manual page for each command.

use std::fs::DirBuilder;
use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::{Args, Command};
use clap_mangen::Man as Page;
use passport_shared::text::quote;
use roff::{Roff, roman};
use serde::Serialize;

use super::error::{CliError, DONE, Ended};
use super::help::{self, examples, joined};
use super::write::{Readers, write};
use super::{Session, output};

/// Write a manual page for each command
///
/// `man passport-issue` finds them in a directory `man1` of where it looks, as `manpath` tells.
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// The directory to write them to; it is made where it is missing, and pages that are there are replaced
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

/// What was written.
#[derive(Serialize)]
struct Written {
    directory: PathBuf,
    pages: Vec<String>,
}

impl Man {
    pub(crate) fn run(&self, session: &Session) -> Ended {
        let cannot = |error: &io::Error| {
            CliError::io("make the directory", self.directory.display(), error).hint("name a directory: passport man man1")
        };
        DirBuilder::new().recursive(true).create(&self.directory).map_err(|error| cannot(&error))?;
        let mut pages = Vec::new();
        for (name, text) in all().map_err(|error| CliError::failed(format!("a page cannot be written: {error}")))? {
            write(&self.directory.join(&name), &text, Readers::Everyone)?;
            pages.push(name);
        }
        match session.out.is_json() {
            true => session.out.json(&Written { directory: self.directory.clone(), pages })?,
            false => session.out.say(&format!(
                "wrote {} pages to {}; read one:\n  man -l {}",
                pages.len(),
                quote(&self.directory.display().to_string()),
                self.directory.join("passport.1").display()
            )),
        }
        Ok(DONE)
    }
}

/// Every page by its file's name.
fn all() -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut command = help::command().disable_help_subcommand(true).term_width(output::WIDTH);
    command.build();
    let mut pages = Vec::new();
    walk(&command, "", &mut pages)?;
    Ok(pages)
}

fn walk(command: &Command, path: &str, pages: &mut Vec<(String, Vec<u8>)>) -> io::Result<()> {
    // The examples have a section of their own.
    let page = Page::new(command.clone().before_help(None)).manual("Passport");
    pages.push((page.get_filename(), render(&page, command, path)?));
    command.get_subcommands().try_for_each(|below| walk(below, &joined(path, below.get_name()), pages))
}

fn render(page: &Page, command: &Command, path: &str) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    page.render_title(&mut text)?;
    page.render_name_section(&mut text)?;
    page.render_synopsis_section(&mut text)?;
    if let Some(examples) = examples::of(path) {
        let mut section = Roff::new();
        section.control("SH", ["EXAMPLES"]).control("nf", []);
        for line in examples.lines() {
            section.text([roman(line)]);
        }
        section.control("fi", []);
        section.to_writer(&mut text)?;
    }
    page.render_description_section(&mut text)?;
    page.render_options_section(&mut text)?;
    if command.has_subcommands() {
        page.render_subcommands_section(&mut text)?;
    }
    if command.get_after_help().is_some() {
        page.render_extra_section(&mut text)?;
    }
    text.flush()?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_manual_page_with_its_examples_and_all_its_options() {
        let pages = all().expect("pages");
        assert!(pages.len() > 50, "{}", pages.len());
        for (name, text) in &pages {
            let text = String::from_utf8(text.clone()).expect("text");
            for section in [".TH passport", ".SH NAME", ".SH SYNOPSIS", ".SH EXAMPLES", ".SH DESCRIPTION", ".SH OPTIONS"] {
                assert!(text.contains(section), "{name} lacks {section}: {text}");
            }
            assert!(!text.contains('\u{1b}'), "{name} has colours");
            // A line that begins with a dot and is none of ours would be taken for a request, and lost.
            let requests = [".TH", ".SH", ".TP", ".RS", ".RE", ".nf", ".fi", ".ie", ".el", ".PP", ".br", ".IP", ".SS"];
            for line in text.lines().filter(|line| line.starts_with('.')) {
                assert!(requests.iter().any(|request| line.starts_with(request)), "{name}: {line}");
            }
        }
        let issue = &pages.iter().find(|(name, _)| name == "passport-issue.1").expect("the page of `issue`").1;
        let issue = String::from_utf8_lossy(issue).replace('\\', "");
        assert!(issue.contains("--agent") && issue.contains("passport issue --agent shop_service --role reporter"), "{issue}");
    }
}
