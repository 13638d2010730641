//! Where things lie that tests need.

use std::path::{Path, PathBuf};

/// The root of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the workspace").to_owned()
}

/// A file of the vectors that nobody here wrote, which lie beside the checkout. CI always has them, so there a missing
/// one fails the test; elsewhere it says so and passes over it.
pub fn outside_vectors(name: &str) -> Option<String> {
    let path = workspace().join("../shared/vectors").join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) if std::env::var_os("CI").is_some() => panic!("{}: {error}", path.display()),
        Err(error) => {
            eprintln!("passed over: {}: {error}", path.display());
            None
        }
    }
}
