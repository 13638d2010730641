//! `passport init`: a settings file for an issuer, out of a few questions or of flags.

mod ask;
mod text;

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use passport_shared::text::quote;
use serde::Serialize;
use zeroize::Zeroizing;

use super::Session;
use super::error::{CliError, DONE, Ended};
use super::issuer_data::{DATA, check_issuer, database};
use super::output::{CARE, styled};
use super::serve::plan::{LISTEN, console};
use super::write::{Readers, create, write};
use crate::config::{DEFAULT_FILE, DataSettings};

/// Bytes of a passphrase that is made: as hard to guess as a key.
const PASSPHRASE_BYTES: usize = 32;

/// Write the settings file of a new issuer, after a few questions
///
/// It asks for the issuer's URL, where its data lives, where it listens and what speaks TLS, and writes a file that `passport
/// serve` reads, with every other setting in it as a comment. What is given as a flag is not asked for; with --yes nothing is.
/// Keys are sealed with a passphrase: one is made, in a file for its owner alone, unless the file is there already.
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Ask nothing; what is not given is as it is usual
    #[arg(long)]
    yes: bool,
    /// Replace a settings file that is there
    #[arg(long)]
    force: bool,
    /// The issuer's URL, the `iss` of its passports. It is chosen once
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// The address to listen on [default: 127.0.0.1:7700]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// The certificate to speak TLS with, in PEM; without it a proxy in front does
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Whether browsers can sign in at /console: off, or for how long [default: 8h]
    #[arg(long, value_name = "OFF-OR-DURATION")]
    console: Option<String>,
    #[command(flatten)]
    data: DataSettings,
}

/// What the file will say.
#[derive(Debug, Default)]
struct Answers {
    issuer: Option<String>,
    listen: Option<SocketAddr>,
    tls: Option<(PathBuf, PathBuf)>,
    console: Option<String>,
    data: DataSettings,
}

/// What was written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'w> {
    file: &'w Path,
    issuer: &'w str,
    listen: SocketAddr,
    data: &'w Path,
    passphrase_file: Option<&'w Path>,
    passphrase_made: bool,
}

impl Init {
    pub(crate) fn run(&self, session: &Session) -> Ended {
        let named = session.named.as_deref().unwrap_or(Path::new(DEFAULT_FILE));
        let file = absolute(named)?;
        if !self.force && file.try_exists().map_err(|error| CliError::io("look at", file.display(), &error))? {
            return Err(CliError::failed(format!("{} is there already, and stays as it is", quote(&named.display().to_string())))
                .hint("name another one with --config FILE, or replace it with --force"));
        }
        let given = self.given()?;
        let answers = match self.yes {
            true => given,
            false if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() => ask::ask(given, &passphrase_beside(&file))?,
            false => {
                return Err(CliError::usage("there is nobody to ask: this is no terminal")
                    .hint("ask for no questions: passport init --yes --issuer https://issuer.example"));
            }
        };
        write_down(answers, &file, self.force, session)
    }

    /// What was given as flags, checked as an answer is.
    fn given(&self) -> Result<Answers, CliError> {
        if let Some(issuer) = &self.issuer {
            check_url(issuer)?;
        }
        if let Some(url) = &self.data.database {
            database(url.reveal())?;
        }
        console(self.console.as_deref())?;
        Ok(Answers {
            issuer: self.issuer.clone(),
            listen: self.listen,
            tls: self.tls_cert.clone().zip(self.tls_key.clone()),
            console: self.console.clone(),
            data: self.data.clone(),
        })
    }
}

/// An issuer that stays is at an `https` URL.
fn check_url(url: &str) -> Result<(), CliError> {
    check_issuer(url, false)?;
    let read: Result<passport_verifier::IssuerUrl, _> = url.parse();
    read.map(|_| ()).map_err(|error| CliError::usage(error.to_string()).hint("it looks like https://issuer.example"))
}

/// Paths in the file hold from wherever the issuer is started.
fn absolute(path: &Path) -> Result<PathBuf, CliError> {
    std::path::absolute(path).map_err(|error| CliError::io("find", path.display(), &error))
}

/// Where the passphrase is, unless somewhere else is named: beside the settings, and not with the keys that it opens.
fn passphrase_beside(file: &Path) -> PathBuf {
    file.with_extension("passphrase")
}

fn write_down(mut answers: Answers, file: &Path, force: bool, session: &Session) -> Ended {
    let Some(issuer) = answers.issuer.clone() else {
        return Err(CliError::usage("a new issuer needs its URL, which every passport and every verifier will name")
            .hint("choose it: --issuer https://issuer.example; to try things out, `passport serve --dev` needs no settings"));
    };
    let listen = *answers.listen.get_or_insert(LISTEN);
    let data = absolute(&answers.data.data.take().unwrap_or_else(|| DATA.into()))?;
    answers.data.data = Some(data.clone());
    let sealed_otherwise = answers.data.pkcs11_module.is_some() || std::env::var_os("PASSPORT_PASSPHRASE").is_some();
    if answers.data.passphrase_file.is_none() && !sealed_otherwise {
        answers.data.passphrase_file = Some(passphrase_beside(file));
    }
    for path in [&mut answers.data.passphrase_file, &mut answers.data.pkcs11_module, &mut answers.data.pkcs11_pin_file] {
        *path = path.as_deref().map(absolute).transpose()?;
    }
    answers.tls = answers.tls.map(|(cert, key)| Ok::<_, CliError>((absolute(&cert)?, absolute(&key)?))).transpose()?;
    let text = text::of(&answers, &data.join("admin.passport"), file)?;

    let passphrase = answers.data.passphrase_file.as_deref();
    let made = passphrase.map(|path| make_passphrase(path, session)).transpose()?.unwrap_or(false);
    let put = if force { write } else { create };
    // A database's URL may have a password in it.
    if let Err(error) = put(file, text.as_bytes(), Readers::Owner) {
        if let Some(path) = passphrase.filter(|_| made) {
            let _ = std::fs::remove_file(path);
        }
        return Err(error);
    }
    let written = Written { file, issuer: &issuer, listen, data: &data, passphrase_file: passphrase, passphrase_made: made };
    match session.out.is_json() {
        true => session.out.json(&written)?,
        false => tell(&written, answers.tls.is_some(), session),
    }
    Ok(DONE)
}

/// Makes a passphrase where there is none yet; whether it did.
fn make_passphrase(path: &Path, session: &Session) -> Result<bool, CliError> {
    if path.try_exists().map_err(|error| CliError::io("look at", path.display(), &error))? {
        return Ok(false);
    }
    let mut bytes = Zeroizing::new([0; PASSPHRASE_BYTES]);
    session.entropy.fill(&mut *bytes);
    create(path, Zeroizing::new(STANDARD.encode(*bytes)).as_bytes(), Readers::Owner).map(|()| true)
}

fn tell(written: &Written<'_>, tls: bool, session: &Session) {
    let out = session.out;
    out.say(&format!("wrote the settings to\n  {}", written.file.display()));
    if let Some(path) = written.passphrase_file {
        match written.passphrase_made {
            true => out.say(&format!(
                "and a new passphrase to\n  {}\nKeep a copy of it elsewhere: without it nothing opens the keys, and it is in no backup.",
                path.display()
            )),
            false => out.say(&format!("keys are sealed with the passphrase that is there in\n  {}", path.display())),
        }
    }
    if !tls && !written.listen.ip().is_loopback() {
        out.say(&format!(
            "{} {} can be reached from other machines, and passports must not go there in the clear: put a proxy with TLS in front",
            styled(CARE, "take care:"),
            written.listen
        ));
    }
    let named = session.named.as_ref().map_or_else(String::new, |_| format!(" --config {}", written.file.display()));
    out.say(&format!("\nwhat to do next:\n  passport serve{named}"));
}

#[cfg(test)]
mod tests;
