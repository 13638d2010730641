//! What an issuer's data is opened with, settled before anything is touched.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use passport_keys::{Passphrase, Pkcs11Settings, Protection, read_passphrase_file};
use passport_shared::text::quote;

use crate::cli::error::{CliError, unnumbered};
use crate::config::DataSettings;
use crate::store::PostgresOptions;

pub(in crate::cli) const DATA: &str = "passport-data";
/// The key files, in the data directory.
pub(crate) const KEYS: &str = "keys";
/// The database, in the data directory unless it is named.
pub(crate) const DATABASE: &str = "passport.db";

/// Where a database is.
#[derive(Clone, Debug)]
pub(in crate::cli) enum Place {
    /// A file of SQLite.
    File(PathBuf),
    /// A database of PostgreSQL, which several issuers may share. Their keys are in it too.
    Postgres(PostgresOptions),
}

/// Where the data of an issuer is, and how its keys rest.
#[derive(Debug)]
pub(crate) struct DataPlan {
    /// Whether protection was given up for development.
    pub(crate) dev: bool,
    /// The data directory.
    pub(crate) path: PathBuf,
    /// The database; `None`: a file in the data directory.
    database: Option<Place>,
    /// `None`: the keys are in a token, which protects them.
    pub(super) protection: Option<Protection>,
    pub(super) token: Option<Pkcs11Settings>,
}

impl DataPlan {
    /// Settles everything that can be settled without touching anything but the passphrase's file.
    pub(crate) fn make(settings: DataSettings, dev: bool, passphrase: Option<OsString>) -> Result<Self, CliError> {
        let database = settings.database.as_ref().map(|url| database(url.reveal())).transpose()?;
        let token = token_of(&settings)?;
        let protection = match passphrase_of(&settings, passphrase)? {
            Some(_) if token.is_some() => {
                return Err(CliError::usage("the keys are in a PKCS#11 token, which takes no passphrase").hint("leave the passphrase out"));
            }
            None if token.is_some() => None,
            Some(passphrase) => Some(Protection::Sealed(passphrase)),
            None if dev => Some(Protection::PlainForDevelopment),
            None => {
                return Err(CliError::usage("there is no passphrase to seal the keys with").hint(
                    "put one in a file and name it: --passphrase-file FILE (`openssl rand -base64 32` makes a good one);\n\
                     to try things out, go without one: --dev",
                ));
            }
        };
        Ok(Self { dev, path: settings.data.unwrap_or_else(|| DATA.into()), database, protection, token })
    }

    /// Whether keys rest unsealed.
    pub(crate) fn keys_are_plain(&self) -> bool {
        matches!(self.protection, Some(Protection::PlainForDevelopment))
    }

    pub(super) fn keys(&self) -> PathBuf {
        self.path.join(KEYS)
    }

    pub(super) fn database(&self) -> Place {
        self.database.clone().unwrap_or_else(|| Place::File(self.path.join(DATABASE)))
    }

    /// Refuses where no issuer has been started yet. It looks and makes nothing, for what is opened is made where it is missing.
    pub(crate) fn check_used(&self) -> Result<(), CliError> {
        // Whether a database elsewhere belongs to an issuer is seen when it is opened.
        let Place::File(database) = self.database() else { return Ok(()) };
        let keys = self.token.is_none().then(|| self.keys());
        for part in keys.into_iter().chain([database]) {
            match part.try_exists() {
                Ok(true) => {}
                Ok(false) => return Err(no_issuer(&self.path, &format!("`{}` does not exist", part.display()))),
                Err(error) => return Err(CliError::io("look at", part.display(), &error)),
            }
        }
        Ok(())
    }
}

/// The token that the keys are in, where one is named.
fn token_of(settings: &DataSettings) -> Result<Option<Pkcs11Settings>, CliError> {
    match (&settings.pkcs11_module, &settings.pkcs11_token, &settings.pkcs11_pin_file) {
        (None, None, None) => Ok(None),
        (Some(module), Some(token), Some(pin)) => {
            let pin = read_passphrase_file(pin).map_err(|error| {
                CliError::failed(unnumbered(&error.to_string())).hint("name the file that the PIN is in: --pkcs11-pin-file FILE")
            })?;
            Ok(Some(Pkcs11Settings { module: module.clone(), token: token.clone(), pin }))
        }
        _ => Err(CliError::usage("a PKCS#11 token takes its library, its label and its PIN")
            .hint("name all three: --pkcs11-module FILE --pkcs11-token LABEL --pkcs11-pin-file FILE")),
    }
}

/// The passphrase, from its file or from `PASSPORT_PASSPHRASE`, where either is given.
pub(crate) fn passphrase_of(settings: &DataSettings, passphrase: Option<OsString>) -> Result<Option<Passphrase>, CliError> {
    match (settings.passphrase_file.as_ref(), passphrase) {
        (Some(_), Some(_)) => {
            Err(CliError::usage("there are two passphrases: one in PASSPORT_PASSPHRASE and one in a file").hint("give one of them"))
        }
        (Some(path), None) => Ok(Some(read_passphrase_file(path).map_err(|error| {
            let told = CliError::failed(unnumbered(&error.to_string()));
            match path.exists() {
                // What is wrong with it says what to do.
                true => told,
                false => told.hint("name the file that the passphrase is in: --passphrase-file FILE; `passport init` makes one"),
            }
        })?)),
        (None, Some(text)) => {
            let text = text.into_string().map_err(|_| CliError::usage("PASSPORT_PASSPHRASE is not UTF-8 text"))?;
            Ok(Some(Passphrase::from_text(&text).map_err(|error| CliError::usage(format!("PASSPORT_PASSPHRASE: {error}")))?))
        }
        (None, None) => Ok(None),
    }
}

/// Where an issuer's data lies: nothing of it is opened, and no secret is needed to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Places {
    /// The data directory.
    pub(crate) path: PathBuf,
    /// The key files.
    pub(crate) keys: PathBuf,
    /// The database file.
    pub(crate) database: PathBuf,
}

impl Places {
    /// As the settings have it.
    pub(crate) fn of(settings: &DataSettings) -> Result<Self, CliError> {
        if settings.pkcs11_module.is_some() {
            return Err(CliError::usage("this is for an issuer with its keys in files; yours are in a PKCS#11 token")
                .hint("the token has tools of its own for that"));
        }
        let path = settings.data.clone().unwrap_or_else(|| DATA.into());
        let database = match settings.database.as_ref().map(|url| database(url.reveal())).transpose()? {
            None => path.join(DATABASE),
            Some(Place::File(file)) => file,
            Some(Place::Postgres(_)) => {
                return Err(CliError::usage("this is for an issuer on SQLite; yours is on PostgreSQL")
                    .hint("PostgreSQL has tools of its own for that: see docs/postgres.md"));
            }
        };
        Ok(Self { keys: path.join(KEYS), database, path })
    }
}

/// There is no issuer in a directory, because of `why`.
pub(crate) fn no_issuer(path: &Path, why: &str) -> CliError {
    CliError::failed(format!("there is no issuer yet in the data directory `{}`: {why}", path.display()))
        .hint("name the one that `passport serve` was started with: --data DIR")
}

/// Refuses an issuer's URL that is not https; with `dev`, http will do.
pub(crate) fn check_issuer(url: &str, dev: bool) -> Result<(), CliError> {
    match url.starts_with("https://") || (dev && url.starts_with("http://")) {
        true => Ok(()),
        false => Err(CliError::usage(format!("the issuer's URL {} is not https", quote(url)))
            .hint("it is what verifiers trust; http is for --dev alone")),
    }
}

/// What a URL names, by its scheme. No message repeats the URL: it may hold a password.
pub(in crate::cli) fn database(url: &str) -> Result<Place, CliError> {
    if ["postgres:", "postgresql:"].iter().any(|scheme| url.starts_with(scheme)) {
        let options = PostgresOptions::parse(url).map_err(|error| {
            CliError::usage(error.to_string()).hint("a password is better in the variable PGPASSWORD or in ~/.pgpass than in the URL")
        })?;
        return Ok(Place::Postgres(options));
    }
    let path = url.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path));
    match path.filter(|path| !path.is_empty() && !path.contains(['?', '#']) && *path != ":memory:") {
        Some(path) => Ok(Place::File(path.into())),
        None => Err(CliError::usage("the database is not named as `sqlite:FILE` or `postgres://USER@HOST/NAME`")
            .hint("as in --database sqlite:/var/lib/passport/passport.db")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_rest_unsealed_only_with_dev() {
        let made = |dev, passphrase: Option<&str>| DataPlan::make(DataSettings::default(), dev, passphrase.map(OsString::from));
        assert!(made(false, None).expect_err("refused").to_text().expect("a text").contains("no passphrase"));
        assert!(made(true, None).expect("a plan").keys_are_plain());
        for dev in [false, true] {
            let plan = made(dev, Some("secret")).expect("a plan");
            assert!(!plan.keys_are_plain(), "sealed where there is a passphrase");
            assert!(!format!("{plan:?}").contains("secret"));
        }
    }

    #[test]
    fn the_database_is_chosen_by_its_scheme_and_a_password_is_not_repeated() {
        for (url, path) in [("sqlite:a.db", "a.db"), ("sqlite:/x/a.db", "/x/a.db"), ("sqlite:///x/a.db", "/x/a.db")] {
            assert!(matches!(database(url).expect(url), Place::File(found) if found == Path::new(path)));
        }
        assert!(!format!("{:?}", database("postgres://u:secret@h/d").expect("named")).contains("secret"));
        for wrong in
            ["postgres://u:secret@:x/d", "postgres:secret", "mysql://secret", "a.db", "sqlite:", "sqlite::memory:", "sqlite:a?mode=ro"]
        {
            let text = database(wrong).expect_err(wrong).to_text().expect("a text");
            assert!(!text.contains("secret"), "{text}");
        }
    }

    #[test]
    fn a_directory_without_keys_or_database_is_not_taken_for_an_issuers() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().to_owned();
        let settings = DataSettings { data: Some(path.clone()), ..DataSettings::default() };
        let plan = DataPlan::make(settings, true, None).expect("a plan");
        assert!(plan.check_used().is_err());
        std::fs::create_dir(path.join("keys")).expect("made");
        let text = plan.check_used().expect_err("refused").to_text().expect("a text");
        assert!(text.contains("there is no issuer yet") && text.contains("passport.db"), "{text}");
        std::fs::write(path.join("passport.db"), "").expect("written");
        assert!(plan.check_used().is_ok());
    }
}
