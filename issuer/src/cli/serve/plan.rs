//! What a start will do, settled before anything is touched.

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use passport_keys::{Passphrase, Protection, read_passphrase_file};
use passport_shared::text::quote;

use crate::cli::error::CliError;
use crate::config::ServeSettings;

const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7700);
const DATA: &str = "passport-data";
const LOG: &str = "info";

/// A start of the issuer.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) dev: bool,
    pub(super) listen: SocketAddr,
    pub(super) data: PathBuf,
    /// The database file; `None`: in the data directory.
    pub(super) database: Option<PathBuf>,
    issuer: Option<String>,
    pub(super) protection: Protection,
    pub(super) log: String,
}

impl Plan {
    /// Settles everything that can be settled without touching anything but the passphrase's file.
    pub(super) fn make(settings: ServeSettings, dev: bool, passphrase: Option<OsString>) -> Result<Self, CliError> {
        let listen = settings.listen.unwrap_or(LISTEN);
        if dev && !listen.ip().is_loopback() {
            return Err(CliError::usage(format!("--dev listens on this machine alone, and `{listen}` can be reached from others"))
                .hint("use 127.0.0.1, or start without --dev"));
        }
        if let Some(issuer) = settings.issuer.as_deref() {
            check_issuer(issuer, dev)?;
        }
        let database = settings.database.as_deref().map(database_file).transpose()?;
        let protection = match (settings.passphrase_file, passphrase) {
            (Some(_), Some(_)) => {
                return Err(
                    CliError::usage("there are two passphrases: one in PASSPORT_PASSPHRASE and one in a file").hint("give one of them")
                );
            }
            (Some(path), None) => Protection::Sealed(read_passphrase_file(path).map_err(|error| CliError::failed(error.to_string()))?),
            (None, Some(text)) => {
                let text = text.into_string().map_err(|_| CliError::usage("PASSPORT_PASSPHRASE is not UTF-8 text"))?;
                Protection::Sealed(Passphrase::from_text(&text).map_err(|error| CliError::usage(format!("PASSPORT_PASSPHRASE: {error}")))?)
            }
            (None, None) if dev => Protection::PlainForDevelopment,
            (None, None) => {
                return Err(CliError::usage("there is no passphrase to seal the keys with")
                    .hint("put one in a file and name it: --passphrase-file FILE (`openssl rand -base64 32` makes a good one),\nor try things out with `passport serve --dev`"));
            }
        };
        Ok(Self {
            dev,
            listen,
            data: settings.data.unwrap_or_else(|| DATA.into()),
            database,
            issuer: settings.issuer.map(|issuer| issuer.strip_suffix('/').unwrap_or(&issuer).to_owned()),
            protection,
            log: settings.log.unwrap_or_else(|| LOG.to_owned()),
        })
    }

    /// Whether keys rest unsealed.
    pub(super) fn keys_are_plain(&self) -> bool {
        matches!(self.protection, Protection::PlainForDevelopment)
    }

    /// The issuer's URL: the one that was named, or the one that the data belongs to, or with `--dev` the address.
    pub(super) fn issuer_url(&self, bound: Option<String>, address: SocketAddr) -> Result<String, CliError> {
        match self.issuer.clone().or(bound) {
            Some(url) => check_issuer(&url, self.dev).map(|()| url),
            None if self.dev => Ok(format!("http://{address}")),
            None => Err(CliError::usage("a new issuer needs its URL, which every passport and every verifier will name")
                .hint("choose it: --issuer https://issuer.example, or try things out with `passport serve --dev`")),
        }
    }
}

fn check_issuer(url: &str, dev: bool) -> Result<(), CliError> {
    match url.starts_with("https://") || (dev && url.starts_with("http://")) {
        true => Ok(()),
        false => Err(CliError::usage(format!("the issuer's URL {} is not https", quote(url)))
            .hint("it is what verifiers trust; http is for --dev alone")),
    }
}

/// The file of a `sqlite:` URL.
fn database_file(url: &str) -> Result<PathBuf, CliError> {
    if ["postgres:", "postgresql:"].iter().any(|scheme| url.starts_with(scheme)) {
        // The URL is not repeated: it may hold a password.
        return Err(CliError::usage("PostgreSQL is not supported yet").hint("use --database sqlite:FILE, or leave it out"));
    }
    let path = url.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path));
    match path.filter(|path| !path.is_empty() && !path.contains(['?', '#']) && *path != ":memory:") {
        Some(path) => Ok(path.into()),
        None => {
            Err(CliError::usage("the database is not named as `sqlite:FILE`").hint("as in --database sqlite:/var/lib/passport/passport.db"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(settings: ServeSettings, dev: bool) -> Result<Plan, String> {
        Plan::make(settings, dev, None).map_err(|error| error.to_text().expect("a text"))
    }

    #[test]
    fn keys_rest_unsealed_only_with_dev() {
        assert!(made(ServeSettings::default(), false).expect_err("refused").contains("no passphrase"));
        assert!(made(ServeSettings::default(), true).expect("a plan").keys_are_plain());
        for dev in [false, true] {
            let plan = Plan::make(ServeSettings::default(), dev, Some("secret".into())).expect("a plan");
            assert!(!plan.keys_are_plain(), "sealed where there is a passphrase");
            assert!(!format!("{plan:?}").contains("secret"));
        }
    }

    #[test]
    fn dev_listens_on_this_machine_alone() {
        let settings = |listen: &str| ServeSettings { listen: listen.parse().ok(), ..ServeSettings::default() };
        for open in ["0.0.0.0:7700", "[::]:7700", "192.0.2.1:7700"] {
            assert!(made(settings(open), true).expect_err(open).contains("this machine alone"));
            assert!(Plan::make(settings(open), false, Some("p".into())).is_ok());
        }
        for local in ["127.0.0.1:0", "[::1]:7700"] {
            assert!(made(settings(local), true).is_ok());
        }
    }

    #[test]
    fn the_issuers_url_is_https_but_for_dev() {
        let settings = |issuer: &str| ServeSettings { issuer: Some(issuer.to_owned()), ..ServeSettings::default() };
        assert!(Plan::make(settings("http://issuer.example"), false, Some("p".into())).is_err());
        let address = "127.0.0.1:4000".parse().expect("an address");
        let sealed = |settings| Plan::make(settings, false, Some("p".into())).expect("a plan");
        assert_eq!(sealed(settings("https://issuer.example/")).issuer_url(None, address).ok().as_deref(), Some("https://issuer.example"));
        assert!(sealed(ServeSettings::default()).issuer_url(None, address).is_err(), "not guessed");
        assert!(sealed(ServeSettings::default()).issuer_url(Some("http://127.0.0.1:1".into()), address).is_err(), "made with --dev");
        let dev = made(ServeSettings::default(), true).expect("a plan");
        assert_eq!(dev.issuer_url(None, address).ok().as_deref(), Some("http://127.0.0.1:4000"));
        assert_eq!(dev.issuer_url(Some("http://127.0.0.1:1".into()), address).ok().as_deref(), Some("http://127.0.0.1:1"), "kept");
    }

    #[test]
    fn the_database_is_a_file_of_sqlite_and_a_password_is_not_repeated() {
        for (url, path) in [("sqlite:a.db", "a.db"), ("sqlite:/x/a.db", "/x/a.db"), ("sqlite:///x/a.db", "/x/a.db")] {
            assert_eq!(database_file(url).expect(url), PathBuf::from(path));
        }
        for wrong in ["postgres://u:secret@h/d", "mysql://secret", "a.db", "sqlite:", "sqlite::memory:", "sqlite:a?mode=ro"] {
            let text = database_file(wrong).expect_err(wrong).to_text().expect("a text");
            assert!(!text.contains("secret"), "{text}");
        }
    }
}
