//! What a start will do, settled before anything is touched.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use passport_shared::hidden::Names;
use passport_shared::text::quote;

use crate::cli::error::{CliError, unnumbered};
use crate::cli::input::duration;
use crate::cli::issuer_data::{DataPlan, check_issuer};
use crate::config::ServeSettings;
use crate::http::{Front, Limits, Rate, Rates, Tls};
use crate::traces::{CollectorUrl, Share};
use crate::webhooks::Reach;

pub(in crate::cli) const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7700);
/// Decisions a second: a small part of one core.
const REDECIDE: u32 = 1_000;
const LOG: &str = "info";
/// An hour.
const APPROVAL_WAIT: i64 = 3_600;
/// A day's work.
const CONSOLE_SESSION: i64 = 8 * 3_600;
/// Ninety days.
const KEY_LIFE: i64 = 90 * 86_400;

/// A minute.
const CHECKPOINT_EVERY: u64 = 60;

/// A start of the issuer.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) listen: SocketAddr,
    /// The issuer's URL, where it was named.
    pub(super) issuer: Option<String>,
    pub(super) data: DataPlan,
    pub(super) log: String,
    /// How long a key lives, in seconds; `None`: it changes by hand alone.
    pub(super) key_life: Option<i64>,
    /// For how many seconds a request waits for people to approve it.
    pub(super) approval_wait: i64,
    /// How often the audit log signs a checkpoint, in seconds.
    pub(super) checkpoint_every: u64,
    /// For how long the bodies of audit events are kept, in seconds; `None`: for good.
    pub(super) audit_retention: Option<i64>,
    /// The private networks that webhooks may go to.
    pub(super) webhooks_to: Reach,
    /// The attributes that the audit log hides.
    pub(super) hidden: Names,
    /// How many reported decisions a second are decided again; `None`: none.
    pub(super) redecide: Option<u32>,
    /// For how many seconds a browser stays signed in at the console, where there is one.
    pub(super) console: Option<i64>,
    pub(super) limits: Limits,
    pub(super) front: Front,
    /// Where numbers are asked for.
    pub(super) metrics: Option<SocketAddr>,
    /// Where traces are sent, and of which share of the requests.
    pub(super) traces: Option<(CollectorUrl, Share)>,
}

impl Plan {
    /// A start on `data`, as the settings say.
    pub(super) fn make(settings: ServeSettings, data: DataPlan) -> Result<Self, CliError> {
        let listen = settings.listen.unwrap_or(LISTEN);
        if let Some(listen) =
            [Some(listen), settings.metrics_listen].into_iter().flatten().find(|listen| data.dev && !listen.ip().is_loopback())
        {
            return Err(CliError::usage(format!("--dev listens on this machine alone, and `{listen}` can be reached from others"))
                .hint("use 127.0.0.1, or start without --dev"));
        }
        if let Some(issuer) = settings.issuer.as_deref() {
            check_issuer(issuer, data.dev)?;
        }
        let key_life = key_life(settings.key_life.as_deref())?;
        let approval_wait = approval_wait(settings.approval_wait.as_deref())?;
        let checkpoint_every = settings.checkpoint_every.unwrap_or(CHECKPOINT_EVERY);
        if !(1..=86_400).contains(&checkpoint_every) {
            return Err(CliError::usage(format!("--checkpoint-every: {checkpoint_every} is not 1 to 86400 seconds"))
                .hint("60 is usual: what was taken in is signed for within a minute"));
        }
        let redecide = redecide(settings.redecide.as_deref())?;
        let console = console(settings.console.as_deref())?;
        let tls = match (settings.tls_cert.clone(), settings.tls_key.clone()) {
            (None, None) => None,
            (Some(cert), Some(key)) => Some(Arc::new(Tls::open(cert, key).map_err(|error| {
                CliError::failed(unnumbered(&error.to_string())).hint("name both files, in PEM: --tls-cert FILE --tls-key FILE")
            })?)),
            _ => return Err(CliError::usage("TLS takes a certificate and its key").hint("name both: --tls-cert FILE --tls-key FILE")),
        };
        let traces = match (settings.otlp_endpoint.clone(), settings.otlp_sample) {
            (Some(collector), share) => Some((collector, share.unwrap_or(Share::ALL))),
            (None, None) => None,
            (None, Some(_)) => {
                return Err(CliError::usage("--otlp-sample says how much to trace, and no collector is named")
                    .hint("name it: --otlp-endpoint http://127.0.0.1:4318"));
            }
        };
        if settings.audit_retention == Some(0) {
            return Err(CliError::usage("--audit-retention: bodies are kept for a day at least").hint("leave it out to keep them for good"));
        }
        let limits = Limits { rates: rates(&settings), ..Limits::default() };
        Ok(Self {
            listen,
            key_life,
            approval_wait,
            checkpoint_every,
            audit_retention: settings.audit_retention.map(|days| i64::from(days).saturating_mul(86_400)),
            hidden: Names {
                shown: settings.audit_shown_attributes.map(|names| names.0.into_iter().map(Into::into).collect()),
                sensitive: settings.audit_sensitive_attributes.unwrap_or_default().0.into_iter().map(Into::into).collect(),
            },
            redecide,
            console,
            issuer: settings.issuer.map(|issuer| issuer.strip_suffix('/').unwrap_or(&issuer).to_owned()),
            webhooks_to: settings.webhooks_allow_private.unwrap_or_else(|| if data.dev { Reach::this_machine() } else { Reach::default() }),
            data,
            limits,
            metrics: settings.metrics_listen,
            traces,
            front: Front { proxies: settings.trusted_proxies.unwrap_or_default(), tls, tracer: None },
            log: settings.log.unwrap_or_else(|| LOG.to_owned()),
        })
    }
}

/// The life of a key, an hour to ten years; `0` for none.
fn key_life(setting: Option<&str>) -> Result<Option<i64>, CliError> {
    let wrong =
        |why: String| CliError::usage(format!("--key-life: {why}")).hint("90d is usual; 0 leaves rotations to `passport keys rotate`");
    match setting {
        None => Ok(Some(KEY_LIFE)),
        Some("0") => Ok(None),
        Some(text) => match i64::try_from(duration(text).map_err(wrong)?) {
            Ok(life @ 3_600..=316_224_000) => Ok(Some(life)),
            _ => Err(wrong(format!("{} is not an hour to ten years", quote(text)))),
        },
    }
}

/// The wait for people, a minute to a week: they need the one, and after the other they would decide on what is long past.
fn approval_wait(setting: Option<&str>) -> Result<i64, CliError> {
    let wrong = |why: String| CliError::usage(format!("--approval-wait: {why}")).hint("1h is usual; an agent can ask again after it");
    let Some(text) = setting else { return Ok(APPROVAL_WAIT) };
    match i64::try_from(duration(text).map_err(wrong)?) {
        Ok(wait @ 60..=604_800) => Ok(wait),
        _ => Err(wrong(format!("{} is not a minute to a week", quote(text)))),
    }
}

/// How many reported decisions a second are decided again.
fn redecide(setting: Option<&str>) -> Result<Option<u32>, CliError> {
    match setting {
        None | Some("on") => Ok(Some(REDECIDE)),
        Some("off") => Ok(None),
        Some(text) => text.parse().ok().filter(|rate| (1..=1_000_000).contains(rate)).map(Some).ok_or_else(|| {
            CliError::usage(format!("--redecide: {} is neither `on` nor `off`, nor 1 to 1000000 decisions a second", quote(text)))
                .hint("on is usual: a thousand a second, a small part of one core")
        }),
    }
}

/// How long a session of the console lasts.
pub(in crate::cli) fn console(setting: Option<&str>) -> Result<Option<i64>, CliError> {
    let wrong = |why: String| CliError::usage(format!("--console: {why}")).hint("8h is usual, a day's work; `off` for no console");
    match setting {
        None => Ok(Some(CONSOLE_SESSION)),
        Some("off") => Ok(None),
        Some(text) => match i64::try_from(duration(text).map_err(wrong)?) {
            Ok(life @ 300..=604_800) => Ok(Some(life)),
            _ => Err(wrong(format!("{} is not five minutes to seven days", quote(text)))),
        },
    }
}

fn rates(settings: &ServeSettings) -> Rates {
    let defaults = Rates::default();
    let rate = |per_second: Option<u32>, burst: Option<u32>, default: Rate| Rate {
        per_second: per_second.unwrap_or(default.per_second),
        burst: burst.unwrap_or(default.burst),
    };
    Rates {
        agent: rate(settings.agent_rate, settings.agent_burst, defaults.agent),
        source: rate(settings.source_rate, settings.source_burst, defaults.source),
        public: rate(settings.public_rate, settings.public_burst, defaults.public),
        lockout_after: settings.lockout_after.unwrap_or(defaults.lockout_after),
    }
}

impl Plan {
    /// The scheme that is spoken at the listener.
    pub(super) fn scheme(&self) -> &'static str {
        if self.front.tls.is_some() { "https" } else { "http" }
    }
}

/// Which issuer is started: the one that was named, or the one that the data belongs to, or with `--dev` the address.
pub(super) fn issuer_url(named: Option<String>, bound: Option<&str>, dev: bool, listened: &str) -> Result<String, CliError> {
    match named.or(bound.map(str::to_owned)) {
        Some(url) => check_issuer(&url, dev).map(|()| url),
        None if dev => Ok(listened.to_owned()),
        None => Err(CliError::usage("a new issuer needs its URL, which every passport and every verifier will name")
            .hint("choose it: --issuer https://issuer.example, or try things out with `passport serve --dev`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DataSettings;

    fn made(settings: ServeSettings, dev: bool) -> Result<Plan, String> {
        let data = DataPlan::make(DataSettings::default(), dev, Some("p".into()));
        data.and_then(|data| Plan::make(settings, data)).map_err(|error| error.to_text().unwrap_or_default())
    }

    #[test]
    fn dev_listens_on_this_machine_alone() {
        let settings = |listen: &str| ServeSettings { listen: listen.parse().ok(), ..ServeSettings::default() };
        for open in ["0.0.0.0:7700", "[::]:7700", "192.0.2.1:7700"] {
            assert!(made(settings(open), true).expect_err(open).contains("this machine alone"));
            assert!(made(settings(open), false).is_ok());
        }
        for local in ["127.0.0.1:0", "[::1]:7700"] {
            assert!(made(settings(local), true).is_ok());
        }
    }

    #[test]
    fn a_key_lives_ninety_days_unless_set_and_no_shorter_than_an_hour() {
        let life = |text: &str| made(ServeSettings { key_life: Some(text.to_owned()), ..ServeSettings::default() }, true);
        assert_eq!(made(ServeSettings::default(), true).expect("a plan").key_life, Some(90 * 86_400));
        assert_eq!(life("0").expect("a plan").key_life, None);
        assert_eq!(life("1h").expect("a plan").key_life, Some(3_600));
        for wrong in ["3599s", "3661d", "soon", ""] {
            assert!(life(wrong).expect_err(wrong).contains("--key-life"), "{wrong}");
        }
    }

    #[test]
    fn a_request_waits_for_people_an_hour_unless_set_and_a_minute_to_a_week() {
        let wait = |text: &str| {
            made(ServeSettings { approval_wait: Some(text.to_owned()), ..ServeSettings::default() }, true).map(|plan| plan.approval_wait)
        };
        assert_eq!(made(ServeSettings::default(), true).expect("a plan").approval_wait, 3_600);
        assert_eq!((wait("60"), wait("7d")), (Ok(60), Ok(604_800)));
        for wrong in ["59", "604801s", "0", "soon"] {
            assert!(wait(wrong).expect_err(wrong).contains("--approval-wait"), "{wrong}");
        }
    }

    #[test]
    fn a_browser_stays_signed_in_for_a_days_work_unless_set_and_there_may_be_no_console() {
        let life =
            |text: &str| made(ServeSettings { console: Some(text.to_owned()), ..ServeSettings::default() }, true).map(|plan| plan.console);
        assert_eq!(made(ServeSettings::default(), true).expect("a plan").console, Some(28_800));
        assert_eq!((life("5m"), life("7d"), life("off")), (Ok(Some(300)), Ok(Some(604_800)), Ok(None)));
        for wrong in ["299", "604801s", "0", "on"] {
            assert!(life(wrong).expect_err(wrong).contains("--console"), "{wrong}");
        }
    }

    #[test]
    fn a_checkpoint_is_signed_each_minute_unless_set_from_a_second_to_a_day() {
        let every =
            |seconds| made(ServeSettings { checkpoint_every: seconds, ..ServeSettings::default() }, true).map(|plan| plan.checkpoint_every);
        assert_eq!([every(None), every(Some(1)), every(Some(86_400))], [Ok(60), Ok(1), Ok(86_400)]);
        for wrong in [0, 86_401] {
            assert!(every(Some(wrong)).expect_err("refused").contains("--checkpoint-every"), "{wrong}");
        }
    }

    #[test]
    fn a_thousand_decisions_a_second_are_decided_again_unless_set() {
        let rate = |text: Option<&str>| {
            made(ServeSettings { redecide: text.map(str::to_owned), ..ServeSettings::default() }, true).map(|plan| plan.redecide)
        };
        assert_eq!((rate(None), rate(Some("on"))), (Ok(Some(1_000)), Ok(Some(1_000))));
        assert_eq!((rate(Some("off")), rate(Some("1")), rate(Some("1000000"))), (Ok(None), Ok(Some(1)), Ok(Some(1_000_000))));
        for wrong in ["0", "1000001", "yes", "-1", ""] {
            assert!(rate(Some(wrong)).is_err_and(|error| error.contains("neither `on` nor `off`")), "{wrong}");
        }
    }

    #[test]
    fn nothing_is_traced_unless_a_collector_is_named() {
        let plan = |endpoint: Option<&str>, sample: Option<&str>| {
            let of = ServeSettings {
                otlp_endpoint: endpoint.map(|text| text.parse().expect("a url")),
                otlp_sample: sample.map(|text| text.parse().expect("a share")),
                ..ServeSettings::default()
            };
            made(of, true).map(|plan| plan.traces.map(|(_, share)| share))
        };
        assert_eq!(plan(None, None), Ok(None));
        assert_eq!(plan(Some("http://127.0.0.1:4318"), None), Ok(Some(Share::ALL)));
        assert_eq!(plan(Some("http://127.0.0.1:4318"), Some("0.5")), Ok("0.5".parse().ok()));
        assert!(plan(None, Some("0.5")).expect_err("refused").contains("no collector is named"));
    }

    #[test]
    fn bodies_are_kept_for_good_unless_set_and_a_day_at_least() {
        let kept = |days| made(ServeSettings { audit_retention: days, ..ServeSettings::default() }, true).map(|plan| plan.audit_retention);
        assert_eq!((kept(None), kept(Some(1))), (Ok(None), Ok(Some(86_400))));
        assert!(kept(Some(0)).expect_err("refused").contains("a day at least"));
    }

    #[test]
    fn the_issuers_url_is_https_but_for_dev() {
        let named = |issuer: &str, dev| {
            made(ServeSettings { issuer: Some(issuer.to_owned()), ..ServeSettings::default() }, dev).map(|plan| plan.issuer)
        };
        assert!(named("http://issuer.example", false).is_err());
        assert_eq!(named("https://issuer.example/", false).expect("a plan").as_deref(), Some("https://issuer.example"));
        assert_eq!(named("http://issuer.example", true).expect("a plan").as_deref(), Some("http://issuer.example"));

        let url = |named: Option<&str>, bound, dev| issuer_url(named.map(str::to_owned), bound, dev, "http://127.0.0.1:4000").ok();
        assert_eq!(url(Some("https://i.example"), None, false).as_deref(), Some("https://i.example"));
        assert_eq!(url(None, Some("https://i.example"), false).as_deref(), Some("https://i.example"), "kept");
        assert_eq!(url(None, None, false), None, "not guessed");
        assert_eq!(url(None, Some("http://127.0.0.1:1"), false), None, "made with --dev");
        assert_eq!(url(None, None, true).as_deref(), Some("http://127.0.0.1:4000"));
        assert_eq!(url(None, Some("http://127.0.0.1:1"), true).as_deref(), Some("http://127.0.0.1:1"), "kept");
    }
}
