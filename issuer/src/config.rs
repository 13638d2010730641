//! Settings: a flag, then a variable `PASSPORT_…`, then a TOML file.
//!
//! Each setting stands here once, with its documentation. Its flag, variable and file key have one name: `passport_file` is
//! `--passport-file`, `PASSPORT_PASSPORT_FILE` would be and is for short `PASSPORT_FILE`, and `passport-file` in the file.
//!
//! Two things are settings of no file on purpose. `--dev`, which gives up protection, is chosen at each start.
//! The passphrase itself is a secret: it comes from a file of its own, or from `PASSPORT_PASSPHRASE`.

mod attributes;
mod database_url;
mod networks;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use passport_shared::text::quote;

pub use self::attributes::AttributeNames;
pub use self::database_url::DatabaseUrl;
pub(crate) use self::networks::networks;
use crate::http::Proxies;
use crate::traces::{CollectorUrl, Share};
use crate::webhooks::Reach;

/// The file that is read where none is named, if it is there.
pub const DEFAULT_FILE: &str = "passport.toml";

/// More than any settings need.
const FILE_BYTES: usize = 65_536;

macro_rules! settings {
    ($(#[$about:meta])* $group:ident {$(
        $(#[$doc:meta])* $name:ident: $kind:ty = $variable:literal, $value:literal;
    )*}) => {
        $(#[$about])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args, serde::Deserialize)]
        #[serde(rename_all = "kebab-case", deny_unknown_fields)]
        pub struct $group {$(
            $(#[$doc])*
            #[arg(long, env = $variable, hide_env_values = true, value_name = $value)]
            pub $name: Option<$kind>,
        )*}

        impl $group {
            /// The names of these settings.
            const NAMES: &[&str] = &[$(stringify!($name)),*];

            /// These settings, and those of `other` where they are not given.
            fn or(self, other: Self) -> Self {
                Self { $($name: self.$name.or(other.$name),)* }
            }
        }
    };
}

settings! {
    /// Where the issuer is.
    UrlSettings {
        /// The issuer, as in `https://issuer.example`
        url: String = "PASSPORT_URL", "URL";
    }
}

settings! {
    /// Who calls it.
    CallerSettings {
        /// The file with the passport to call the issuer with
        passport_file: PathBuf = "PASSPORT_FILE", "FILE";
    }
}

settings! {
    /// Where an issuer keeps what it has, and what opens it.
    DataSettings {
        /// The directory for keys, database and the admin's passport [default: passport-data]
        data: PathBuf = "PASSPORT_DATA", "DIR";
        /// The database, as in sqlite:/var/lib/passport.db or postgres://USER@HOST/NAME [default: passport.db in the data directory]
        database: DatabaseUrl = "PASSPORT_DATABASE", "URL";
        /// The file with the passphrase that keys are sealed with; or give it in PASSPORT_PASSPHRASE
        passphrase_file: PathBuf = "PASSPORT_PASSPHRASE_FILE", "FILE";
        /// The PKCS#11 library of a token that keys live in, instead of files or the database
        pkcs11_module: PathBuf = "PASSPORT_PKCS11_MODULE", "FILE";
        /// The label of that token
        pkcs11_token: String = "PASSPORT_PKCS11_TOKEN", "LABEL";
        /// The file with the PIN of that token
        pkcs11_pin_file: PathBuf = "PASSPORT_PKCS11_PIN_FILE", "FILE";
    }
}

settings! {
    /// How the issuer is served.
    ServeSettings {
        /// The address to listen on; port 0 takes a free one [default: 127.0.0.1:7700]
        listen: SocketAddr = "PASSPORT_LISTEN", "ADDRESS";
        /// The issuer's URL, the `iss` of its passports. It is chosen once, on the first start
        issuer: String = "PASSPORT_ISSUER", "URL";
        /// How long a key lives, as in 90d; in the last sixth the next one takes over. 0: by hand alone [default: 90d]
        key_life: String = "PASSPORT_KEY_LIFE", "DURATION";
        /// How long a request waits for people to approve it, as in 1h; a minute to a week [default: 1h]
        approval_wait: String = "PASSPORT_APPROVAL_WAIT", "DURATION";
        /// After how many seconds the audit log signs its next checkpoint, where it has grown, 1 to 86400 [default: 60]
        checkpoint_every: u64 = "PASSPORT_CHECKPOINT_EVERY", "SECONDS";
        /// For how many days the bodies of audit events are kept; their hashes stay [default: for good]
        audit_retention: u32 = "PASSPORT_AUDIT_RETENTION", "DAYS";
        /// The only attributes whose values the audit log stores in clear, as in vendor,amount; of others a keyed hash [default: all]
        audit_shown_attributes: AttributeNames = "PASSPORT_AUDIT_SHOWN_ATTRIBUTES", "NAMES";
        /// Attributes of which the audit log stores a keyed hash and no value, as in email,card [default: none]
        audit_sensitive_attributes: AttributeNames = "PASSPORT_AUDIT_SENSITIVE_ATTRIBUTES", "NAMES";
        /// Whether reported decisions are decided again, to see whether they agree: on, off, or how many a second [default: 1000]
        redecide: String = "PASSPORT_REDECIDE", "ON-OR-OFF";
        /// Whether browsers can sign in at /console: off, or for how long, as in 8h; five minutes to seven days [default: 8h]
        console: String = "PASSPORT_CONSOLE", "OFF-OR-DURATION";
        /// What to log: error, warn, info, debug, trace, or directives as in info,sqlx=warn [default: info]
        log: String = "PASSPORT_LOG", "LEVEL";
        /// The address to answer `GET /metrics` on, for Prometheus; not the public one [default: none]
        metrics_listen: SocketAddr = "PASSPORT_METRICS_LISTEN", "ADDRESS";
        /// Private networks that webhooks may go to, with http too, as in 10.0.0.0/8 [default: none; with --dev this machine]
        webhooks_allow_private: Reach = "PASSPORT_WEBHOOKS_ALLOW_PRIVATE", "NETWORKS";
        /// The OpenTelemetry collector to send traces to, as in http://127.0.0.1:4318, over OTLP/HTTP [default: none]
        otlp_endpoint: CollectorUrl = "PASSPORT_OTLP_ENDPOINT", "URL";
        /// The share of requests to trace, 0 to 1; one that comes with a trace of its caller follows that [default: 1]
        otlp_sample: Share = "PASSPORT_OTLP_SAMPLE", "SHARE";
        /// The certificate to speak TLS with, and what it is signed by, in PEM; read anew when it changes and at SIGHUP
        tls_cert: PathBuf = "PASSPORT_TLS_CERT", "FILE";
        /// The certificate's private key, in PEM
        tls_key: PathBuf = "PASSPORT_TLS_KEY", "FILE";
        /// Requests a second to guarded routes that one agent may make; 0: no limit [default: 500]
        agent_rate: u32 = "PASSPORT_AGENT_RATE", "PER-SECOND";
        /// As many at once after a quiet time [default: 1000]
        agent_burst: u32 = "PASSPORT_AGENT_BURST", "REQUESTS";
        /// Requests a second to guarded routes that one address may make; 0: no limit [default: 1000]
        source_rate: u32 = "PASSPORT_SOURCE_RATE", "PER-SECOND";
        /// As many at once after a quiet time [default: 2000]
        source_burst: u32 = "PASSPORT_SOURCE_BURST", "REQUESTS";
        /// Requests a second to public routes that one address may make; 0: no limit [default: 500]
        public_rate: u32 = "PASSPORT_PUBLIC_RATE", "PER-SECOND";
        /// As many at once after a quiet time [default: 2000]
        public_burst: u32 = "PASSPORT_PUBLIC_BURST", "REQUESTS";
        /// Bad passports within a minute after which an address is locked out of guarded routes; 0: never [default: 50]
        lockout_after: u32 = "PASSPORT_LOCKOUT_AFTER", "COUNT";
        /// The proxies whose X-Forwarded-For is believed, as in 10.0.0.0/8,::1 [default: none]
        trusted_proxies: Proxies = "PASSPORT_TRUSTED_PROXIES", "NETWORKS";
    }
}

/// What a settings file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingsFile {
    url: UrlSettings,
    caller: CallerSettings,
    data: DataSettings,
    serve: ServeSettings,
    /// Whether it was found in the working directory and not named by anybody.
    found: bool,
}

/// Why a settings file is refused.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// It cannot be read.
    #[error("cannot read the settings file `{}`: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is too long.
    #[error("the settings file `{}` has more than {FILE_BYTES} bytes; is it the right file?", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
    },
    /// It is not TOML.
    #[error("the settings file `{}` is not TOML: {why}", path.display())]
    NotToml {
        /// The file.
        path: PathBuf,
        /// Why not, and where.
        why: String,
    },
    /// A setting that does not exist.
    #[error("the settings file `{}` has {}, which is no setting{}; the settings are {}", path.display(), quote(key), meant(key), known().join(", "))]
    Unknown {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
    },
    /// A setting with a value that it cannot have.
    #[error("the settings file `{}`: {why}", path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// Which, and why not.
        why: String,
    },
}

fn names() -> impl Iterator<Item = &'static str> {
    [UrlSettings::NAMES, CallerSettings::NAMES, DataSettings::NAMES, ServeSettings::NAMES].into_iter().flatten().copied()
}

/// The setting that is most like it, where one is.
fn meant(key: &str) -> String {
    let like = names().map(|name| name.replace('_', "-")).map(|name| (strsim::jaro_winkler(&name, key), name));
    let most = like.max_by(|one, other| one.0.total_cmp(&other.0)).filter(|(likeness, _)| *likeness > 0.8);
    most.map(|(_, name)| format!(" (is `{name}` meant?)")).unwrap_or_default()
}

/// The settings that a file can hold, as it spells them.
fn known() -> Vec<String> {
    names().map(|name| format!("`{}`", name.replace('_', "-"))).collect()
}

impl SettingsFile {
    /// Reads the file that was named, or else `passport.toml` in the working directory if there is one.
    ///
    /// # Errors
    /// [`SettingsError`], naming the file, and the key where one is wrong.
    pub fn load(named: Option<&Path>) -> Result<Self, SettingsError> {
        let path = named.unwrap_or(Path::new(DEFAULT_FILE));
        if named.is_none() && !path.exists() {
            return Ok(Self::default());
        }
        let unreadable = |source| SettingsError::Unreadable { path: path.to_owned(), source };
        let length = std::fs::metadata(path).map_err(unreadable)?.len();
        if usize::try_from(length).is_ok_and(|length| length > FILE_BYTES) {
            return Err(SettingsError::TooLong { path: path.to_owned() });
        }
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let mut file = Self::parse(&text, path)?;
        file.found = named.is_none();
        Ok(file)
    }

    /// The settings in `text`, which is of the file at `path`.
    ///
    /// # Errors
    /// [`SettingsError`], naming the file, and the key where one is wrong.
    pub(crate) fn parse(text: &str, path: &Path) -> Result<Self, SettingsError> {
        let not_toml = |error: toml::de::Error| SettingsError::NotToml { path: path.to_owned(), why: at(&error, text) };
        let table: toml::Table = toml::from_str(text).map_err(not_toml)?;
        if let Some(key) = table.keys().find(|key| !names().any(|name| name.replace('_', "-") == **key)) {
            return Err(SettingsError::Unknown { path: path.to_owned(), key: key.clone() });
        }
        Ok(Self {
            url: group(&table, UrlSettings::NAMES, path)?,
            caller: group(&table, CallerSettings::NAMES, path)?,
            data: group(&table, DataSettings::NAMES, path)?,
            serve: group(&table, ServeSettings::NAMES, path)?,
            found: false,
        })
    }

    /// The flag or variable given, and the file's setting where it is not.
    #[must_use]
    pub fn url(&self, given: &UrlSettings) -> UrlSettings {
        given.clone().or(self.url.clone())
    }

    /// The flag or variable given, and the file's setting where it is not.
    #[must_use]
    pub fn caller(&self, given: &CallerSettings) -> CallerSettings {
        given.clone().or(self.caller.clone())
    }

    /// The flags and variables given, and the file's settings where they are not.
    #[must_use]
    pub fn data(&self, given: &DataSettings) -> DataSettings {
        given.clone().or(self.data.clone())
    }

    /// The flags and variables given, and the file's settings where they are not.
    #[must_use]
    pub fn serve(&self, given: &ServeSettings) -> ServeSettings {
        given.clone().or(self.serve.clone())
    }

    /// Whether the file merely lay in the working directory. Whoever put it there is not to choose where a passport from
    /// elsewhere is sent.
    #[must_use]
    pub fn was_found(&self) -> bool {
        self.found
    }
}

/// The settings of one group.
fn group<T: serde::de::DeserializeOwned>(table: &toml::Table, names: &[&str], path: &Path) -> Result<T, SettingsError> {
    let is_of = |key: &str| names.iter().any(|name| name.replace('_', "-") == key);
    let of: toml::Table = table.iter().filter(|(key, _)| is_of(key)).map(|(key, value)| (key.clone(), value.clone())).collect();
    of.try_into()
        .map_err(|error: toml::de::Error| SettingsError::Value { path: path.to_owned(), why: error.to_string().trim().replace('\n', " ") })
}

/// What is wrong and on which line, without the text around it, which may hold a secret in the wrong place.
fn at(error: &toml::de::Error, text: &str) -> String {
    let line = error.span().and_then(|span| text.get(..span.start)).map(|before| before.matches('\n').count() + 1);
    match line {
        Some(line) => format!("{} on line {line}", error.message().replace('\n', ", ")),
        None => error.message().replace('\n', ", "),
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, Command};

    use super::*;

    fn parse(text: &str) -> Result<SettingsFile, String> {
        SettingsFile::parse(text, Path::new("f.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn a_flag_its_variable_and_its_key_have_one_name() {
        let remote = CallerSettings::augment_args(UrlSettings::augment_args(Command::new("x")));
        let command = ServeSettings::augment_args(DataSettings::augment_args(remote));
        assert_eq!(command.get_arguments().count(), names().count());
        for (argument, name) in command.get_arguments().zip(names()) {
            assert_eq!(argument.get_long().expect("a flag"), name.replace('_', "-"));
            let variable = format!("PASSPORT_{}", name.to_uppercase()).replace("PASSPORT_PASSPORT_", "PASSPORT_");
            assert_eq!(argument.get_env().and_then(|variable| variable.to_str()), Some(variable.as_str()));
            assert!(argument.get_help().is_some(), "{name} is documented");
        }
    }

    #[test]
    fn what_is_given_wins_over_the_file() {
        let file = parse("url = \"https://a.example\"\nlisten = \"127.0.0.1:1\"\ndata = \"d\"\npassport-file = \"p\"").expect("settings");
        let given = UrlSettings { url: Some("https://b.example".into()) };
        assert_eq!(file.url(&given), given);
        assert_eq!(file.url(&UrlSettings::default()).url.as_deref(), Some("https://a.example"));
        assert_eq!(file.caller(&CallerSettings::default()).passport_file, Some("p".into()));
        assert_eq!(file.data(&DataSettings::default()).data, Some("d".into()));
        assert_eq!(file.serve(&ServeSettings::default()).listen, "127.0.0.1:1".parse().ok());
    }

    #[test]
    fn a_key_that_is_no_setting_is_named() {
        let error = parse("url = \"x\"\nissuer_url = \"y\"").expect_err("refused");
        assert!(error.contains("`f.toml` has `issuer_url`, which is no setting") && error.contains("`passphrase-file`"), "{error}");
        assert!(parse("lisen = \"x\"").is_err_and(|error| error.contains("(is `listen` meant?)")));
        for not_in_a_file in ["dev = true", "passphrase = \"secret\"", "[serve]\nlisten = \"x\""] {
            assert!(parse(not_in_a_file).is_err_and(|error| error.contains("is no setting")), "{not_in_a_file}");
        }
    }

    #[test]
    fn a_value_that_does_not_fit_is_named_and_unsound_toml_by_its_line() {
        let error = parse("listen = 7").expect_err("refused");
        assert!(error.contains("listen"), "{error}");
        let error = parse("url = \"x\"\ndata = secret").expect_err("refused");
        assert!(error.contains("on line 2") && !error.contains("secret"), "{error}");
    }

    #[test]
    fn a_file_that_is_named_has_to_be_there() {
        assert!(matches!(SettingsFile::load(Some(Path::new("/nonexistent/p.toml"))), Err(SettingsError::Unreadable { .. })));
    }
}
