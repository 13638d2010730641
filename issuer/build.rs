//! Takes the built console (`./check console` makes it) into the issuer, where it is there. Without it the issuer is built
//! all the same, and `/console` says what is missing.

use std::fs;
use std::path::Path;
use std::{env, io};

fn main() -> io::Result<()> {
    let root = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let dist = Path::new(&root).join("../console/dist");
    // A folder that is not there is looked for at each build: then nothing is cheaper than to look.
    println!("cargo::rerun-if-changed={}", dist.display());
    let mut files = Vec::new();
    if dist.is_dir() {
        collect(&dist, "", &mut files)?;
    }
    files.sort();
    let mut table = String::from("&[\n");
    for (path, file) in &files {
        println!("cargo::rerun-if-changed={file}");
        table.push_str(&format!("    ({path:?}, include_bytes!({file:?}).as_slice()),\n"));
    }
    table.push(']');
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&out).join("console.rs"), table)
}

/// The files below `folder`, by their path with `/`.
fn collect(folder: &Path, prefix: &str, files: &mut Vec<(String, String)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = entry.path().canonicalize()?;
        match entry.file_type()?.is_dir() {
            true => collect(&path, &format!("{prefix}{name}/"), files)?,
            false => files.push((format!("{prefix}{name}"), path.display().to_string())),
        }
    }
    Ok(())
}
