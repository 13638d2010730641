//! No core dump of a process that holds secret keys (contract section 4).

use rustix::process::{Resource, Rlimit, setrlimit};

use super::output::{CARE, Output, styled};

/// From here on a crash of this process, or of a child of it, writes no core file.
///
/// Called before any secret is read. Where the system refuses, that is told and no more: whoever runs the issuer may have
/// seen to it by other means.
pub(crate) fn forbid(out: Output) {
    if let Err(error) = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }) {
        out.say(&format!("{} core dumps cannot be turned off, and would hold the keys: {error}", styled(CARE, "warning:")));
    }
}
