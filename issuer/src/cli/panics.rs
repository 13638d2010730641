//! What is told of a panic: where, and never what. Its message may hold anything, a secret included.

use std::io::Write as _;
use std::panic::Location;

/// From here on a panic is told in words of our own; where a log is kept, there.
pub(crate) fn install() {
    std::panic::set_hook(Box::new(|panic| tell(panic.location())));
}

fn tell(location: Option<&Location<'_>>) {
    let text = text(location);
    if tracing::enabled!(tracing::Level::ERROR) {
        tracing::error!("{text}");
    } else {
        // There is nobody to tell that standard error is closed.
        let _ = writeln!(std::io::stderr(), "error: {text}");
    }
}

/// Takes the place alone, so that nothing else can be told.
fn text(location: Option<&Location<'_>>) -> String {
    let place = location.map_or_else(|| "an unknown place".to_owned(), |location| format!("{}:{}", location.file(), location.line()));
    format!("a fault of passport itself at {place}; please report this line and what you did")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_log_is_kept_a_panic_is_an_error_in_it() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let log = file.reopen().expect("opened");
        let subscriber = tracing_subscriber::fmt().json().with_writer(log).finish();
        tracing::subscriber::with_default(subscriber, || tell(Some(Location::caller())));
        let line = std::fs::read_to_string(file.path()).expect("read");
        assert!(line.contains(r#""level":"ERROR""#) && line.contains(file!()), "{line}");
    }

    #[test]
    fn what_a_panic_says_is_not_told() {
        const CHILD: &str = "PASSPORT_TEST_PANICS";
        if std::env::var_os(CHILD).is_some() {
            install();
            panic!("the {} is out", "secret");
        }
        // In a process of its own: a hook is for all of it.
        let mut child = std::process::Command::new(std::env::current_exe().expect("this test"));
        child.args(["--exact", "cli::panics::tests::what_a_panic_says_is_not_told", "--nocapture"]).env(CHILD, "");
        let output = child.output().expect("it runs");
        let told = String::from_utf8([output.stdout, output.stderr].concat()).expect("text");
        assert!(!output.status.success() && told.contains("error: a fault of passport itself at ") && told.contains(file!()), "{told}");
        assert!(!told.contains("secret"), "{told}");
    }

    #[test]
    fn a_panic_is_told_by_its_place_alone() {
        let here = Location::caller();
        let told = text(Some(here));
        assert_eq!(told, format!("a fault of passport itself at {}:{}; please report this line and what you did", file!(), here.line()));
        assert!(text(None).contains("at an unknown place"));
    }
}
