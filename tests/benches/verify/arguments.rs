//! What the command line says.

use std::path::PathBuf;

use super::measure::Effort;

pub const USAGE: &str =
    "usage: cargo bench -p passport-tests --bench verify -- [--quick] [--processes N] [--filter NAME] [--json FILE] [--markdown]
  --quick        two short processes: whether it runs, not how fast
  --processes N  over how many processes the medians are taken; 10 unless given
  --filter NAME  only rows whose name has this in it; `passport/` builds no peer
  --json FILE    writes the rows to FILE as well
  --markdown     prints the table as docs/performance.md has it";

/// Which rows are wanted.
#[derive(Clone, Default)]
pub struct Filter(pub Option<String>);

impl Filter {
    pub fn takes(&self, name: &str) -> bool {
        self.0.as_ref().is_none_or(|part| name.contains(part.as_str()))
    }
}

#[derive(Clone, Default)]
pub struct Arguments {
    pub quick: bool,
    pub processes: Option<usize>,
    pub filter: Filter,
    pub json: Option<PathBuf>,
    pub markdown: bool,
    /// Hidden: this process is one of those that measure, at this time.
    pub child: Option<i64>,
}

impl Arguments {
    pub fn read(words: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut read, mut words) = (Self::default(), words);
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("`{word}` needs a value\n{USAGE}"));
            match word.as_str() {
                "--quick" => read.quick = true,
                "--markdown" => read.markdown = true,
                "--processes" => read.processes = Some(number(&value()?)?),
                "--filter" => read.filter = Filter(Some(value()?)),
                "--json" => read.json = Some(value()?.into()),
                "--child" => read.child = Some(number(&value()?)?),
                // Cargo says so.
                "--bench" => {}
                _ => return Err(format!("`{word}` is not understood\n{USAGE}")),
            }
        }
        Ok(read)
    }

    pub fn processes(&self) -> usize {
        self.processes.unwrap_or(if self.quick { 2 } else { 10 }).max(1)
    }

    pub fn effort(&self) -> Effort {
        Effort::new(self.quick)
    }

    /// What a child is told.
    pub fn for_child(&self, now: i64) -> Vec<String> {
        let mut words = vec!["--child".to_owned(), now.to_string()];
        if self.quick {
            words.push("--quick".to_owned());
        }
        if let Filter(Some(part)) = &self.filter {
            words.extend(["--filter".to_owned(), part.clone()]);
        }
        words
    }
}

fn number<N: std::str::FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| format!("`{text}` is not a number\n{USAGE}"))
}
