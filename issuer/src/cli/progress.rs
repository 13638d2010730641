//! How far long work has come: on standard error, where a person sees it, and nowhere else. It never stands in a log, and not
//! beside JSON, whose reader is a program.

use std::io::{self, IsTerminal as _, Read};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::output::Output;

/// How often what has no measure shows that it goes on.
const TICK: Duration = Duration::from_millis(120);

/// One piece of long work. Dropped, it leaves no trace, so that what is told next stands on a line of its own.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Of `total` things, called `what`; a total that is not known yet is 0 until [`Self::reach`] says more.
    pub(crate) fn of(total: u64, what: &str, out: Output) -> Self {
        Self::drawn(ProgressBar::new(total), &format!("{{bar:30}} {{percent}}% of {{len}} {what}, about {{eta}} to go"), out)
    }

    /// Of so many bytes, with which `what` happens; a total that is not known yet is 0.
    pub(crate) fn bytes(total: u64, what: &str, out: Output) -> Self {
        Self::drawn(ProgressBar::new(total), &format!("{{bar:30}} {{percent}}% of {{total_bytes}} {what}, about {{eta}} to go"), out)
    }

    /// Of bytes, with which `what` happens, nobody knows how many.
    pub(crate) fn count_bytes(what: &str, out: Output) -> Self {
        let progress = Self::drawn(ProgressBar::new_spinner(), &format!("{{spinner}} {{bytes}} {what}, {{elapsed}}"), out);
        progress.go_on();
        progress
    }

    /// Of what shows itself already.
    pub(crate) fn hidden() -> Self {
        Self(ProgressBar::hidden())
    }

    /// Of things called `what`, nobody knows how many.
    pub(crate) fn count(what: &str, out: Output) -> Self {
        let progress = Self::drawn(ProgressBar::new_spinner(), &format!("{{spinner}} {{pos}} {what}, {{elapsed}}"), out);
        progress.go_on();
        progress
    }

    /// Of steps, which [`Self::step`] names.
    pub(crate) fn steps(first: &str, out: Output) -> Self {
        let progress = Self::drawn(ProgressBar::new_spinner(), "{spinner} {msg}, {elapsed}", out);
        progress.step(first);
        progress.go_on();
        progress
    }

    fn drawn(bar: ProgressBar, template: &str, out: Output) -> Self {
        if !seen(out, io::stderr().is_terminal()) {
            return Self::hidden();
        }
        Self(match ProgressStyle::with_template(template) {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        })
    }

    fn go_on(&self) {
        if !self.0.is_hidden() {
            self.0.enable_steady_tick(TICK);
        }
    }

    /// So many are done.
    pub(crate) fn reach(&self, done: u64) {
        self.0.set_position(done);
    }

    /// So many are done, of as many as are known by now.
    pub(crate) fn reach_of(&self, done: u64, total: u64) {
        self.0.set_length(total.max(done));
        self.0.set_position(done);
    }

    /// One more is done.
    pub(crate) fn advance(&self) {
        self.0.inc(1);
    }

    /// What is read from `from` is done.
    pub(crate) fn watch<R: Read>(&self, from: R) -> Watched<'_, R> {
        Watched { from, progress: self }
    }

    /// What is done now.
    pub(crate) fn step(&self, what: &str) {
        self.0.set_message(what.to_owned());
    }
}

/// A reader whose bytes are counted as they are read.
pub(crate) struct Watched<'p, R> {
    from: R,
    progress: &'p Progress,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(to)?;
        self.progress.0.inc(u64::try_from(read).unwrap_or(u64::MAX));
        Ok(read)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Whether there is a person who sees it.
fn seen(out: Output, on_a_terminal: bool) -> bool {
    on_a_terminal && !out.is_json()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_for_a_person_at_a_terminal_and_never_for_a_program() {
        let (person, program) = (Output::new(false), Output::new(true));
        assert!(seen(person, true));
        assert!(!seen(program, true) && !seen(person, false) && !seen(program, false));
        // Whatever becomes of it, a hidden one counts on.
        let progress = Progress(ProgressBar::hidden());
        progress.reach_of(3, 2);
        progress.advance();
        assert_eq!((progress.0.position(), progress.0.length()), (4, Some(3)));
        assert_eq!(io::copy(&mut progress.watch(&b"bytes"[..]), &mut io::sink()).unwrap(), 5);
        assert_eq!(progress.0.position(), 9, "what is read through it counts");
    }
}
