//! `passport passports`: what was issued, and its end.

use clap::{Args, Subcommand, ValueEnum};
use passport_shared::api::Page;
use passport_shared::api::passports::{Passport, PassportState, RevokePassport, RevokePassports, RevokedPassports};
use passport_shared::grant::Grant;
use passport_shared::hidden::HiddenAttributes;
use passport_shared::text::escape;

use super::client::{Remote, escaped};
use super::error::{DONE, Ended};
use super::output::{facts, table};
use super::said::{self, Said};
use super::words::{listed, relative_text};
use super::{Session, page};

/// List and revoke passports
#[derive(Debug, Subcommand)]
pub(crate) enum Passports {
    List(List),
    Show(Show),
    Revoke(Revoke),
}

/// List passports; their tokens are kept nowhere
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only of this agent
    #[arg(long, value_name = "ID")]
    agent: Option<String>,
    /// Only what this key has signed
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    key: Option<String>,
    /// Only by this template
    #[arg(long, value_name = "NAME")]
    template: Option<String>,
    /// Only in this state
    #[arg(long, value_enum)]
    state: Option<State>,
    /// Only with this in their id or their agent's
    #[arg(long)]
    text: Option<String>,
    /// Only those that end before this time, like 2026-05-30T00:00:00Z
    #[arg(long, value_name = "TIME")]
    expires_before: Option<String>,
    #[command(flatten)]
    page: page::PageArgs,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum State {
    /// Neither revoked nor expired
    Live,
    /// By itself, with its agent or with its key
    Revoked,
    /// No longer valid
    Expired,
}

/// Show one passport
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// Its id
    id: String,
    #[command(flatten)]
    remote: Remote,
}

/// Revoke a passport, or all live ones of an agent, a key, a maker, a template or a time
#[derive(Debug, Args)]
pub(crate) struct Revoke {
    /// Its id; in its place, options that say which: all that are given must hold
    #[arg(required_unless_present = "which")]
    id: Option<String>,
    /// Why, for the record; needed for many
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    which: Which,
    /// Only count them
    #[arg(long, requires = "which", conflicts_with = "id")]
    dry_run: bool,
    #[command(flatten)]
    remote: Remote,
}

/// Which passports are revoked together
#[derive(Debug, Args)]
#[group(id = "which", multiple = true, conflicts_with = "id")]
struct Which {
    /// All of this agent
    #[arg(long, value_name = "ID")]
    agent: Option<String>,
    /// All that this key signed
    #[arg(long, value_name = "KEY ID")]
    key: Option<String>,
    /// All that this agent asked for
    #[arg(long, value_name = "ID")]
    issued_by: Option<String>,
    /// All that were issued by this template
    #[arg(long, value_name = "NAME")]
    template: Option<String>,
    /// All that were issued at this time or later, like 2026-05-30T00:00:00Z
    #[arg(long, value_name = "TIME")]
    issued_from: Option<String>,
    /// All that were issued before this time
    #[arg(long, value_name = "TIME")]
    issued_before: Option<String>,
}

impl Passports {
    pub(crate) fn run(&self, session: &Session) -> Ended {
        match self {
            Self::List(list) => list.run(session),
            Self::Show(show) => {
                let answer = show.remote.client(session)?.get(&format!("/v1/passports/{}", escaped(&show.id)), &[])?;
                tell(&answer.read_json()?, answer.body(), session)
            }
            Self::Revoke(revoke) => match &revoke.id {
                Some(id) => revoke.one(id, session),
                None => revoke.many(session),
            },
        }
    }
}

impl Revoke {
    fn one(&self, id: &str, session: &Session) -> Ended {
        let body = RevokePassport { reason: self.reason.clone() };
        let answer = self.remote.client(session)?.post(&format!("/v1/passports/{}/revoke", escaped(id)), &body)?;
        let passport: Passport = answer.read_json()?;
        tell(&passport, answer.body(), session)?;
        session.out.say(&format!(
            "\nverifiers deny it{} from their next refresh on; one without a network keeps accepting it until {}",
            if passport.renew_until.is_some() { ", and all that came of the same one by renewal," } else { "" },
            escape(&passport.expires_at)
        ));
        Ok(DONE)
    }

    fn many(&self, session: &Session) -> Ended {
        let Which { agent, key, issued_by, template, issued_from, issued_before } = &self.which;
        let body = RevokePassports {
            agent_id: agent.clone(),
            key_id: key.clone(),
            issued_by: issued_by.clone(),
            template: template.clone(),
            issued_from: issued_from.clone(),
            issued_before: issued_before.clone(),
            reason: self.reason.clone(),
            dry_run: self.dry_run,
        };
        let answer = self.remote.client(session)?.post("/v1/passports/revoke", &body)?;
        if session.out.is_json() {
            session.out.line(answer.body().as_bytes())?;
            return Ok(DONE);
        }
        let done: RevokedPassports = answer.read_json()?;
        let ids: Vec<String> = done.passport_ids.iter().map(|id| escape(id)).collect();
        let named = u64::try_from(ids.len()).unwrap_or(u64::MAX);
        let mut rows = vec![("matched", done.matched.to_string()), ("revoked", done.revoked.to_string())];
        rows.extend(ids.into_iter().map(|id| ("passport", id)));
        if done.matched > named {
            rows.push(("and", format!("{} more", done.matched - named)));
        }
        session.out.text(&facts(&rows))?;
        session.out.say(match (self.dry_run, done.matched) {
            (true, _) => "\nnothing was changed; the same without `--dry-run` revokes them",
            (false, 0) => "\nno live passport was found; nothing was changed",
            (false, _) => "\nverifiers deny them from their next refresh on; one without a network keeps accepting each until it expires",
        });
        Ok(DONE)
    }
}

impl List {
    fn run(&self, session: &Session) -> Ended {
        let state = self.state.map(|state| match state {
            State::Live => PassportState::Live,
            State::Revoked => PassportState::Revoked,
            State::Expired => PassportState::Expired,
        });
        let [limit, cursor] = self.page.query();
        let query = [
            ("agentId", self.agent.clone()),
            ("keyId", self.key.clone()),
            ("template", self.template.clone()),
            ("state", state.map(|state| name(state).to_owned())),
            ("text", self.text.clone()),
            ("expiresBefore", self.expires_before.clone()),
            limit,
            cursor,
        ];
        let answer = self.remote.client(session)?.get("/v1/passports", &query)?;
        if session.out.is_json() {
            session.out.line(answer.body().as_bytes())?;
            return Ok(DONE);
        }
        let passports: Page<Passport> = answer.read_json()?;
        let now = session.clock.now();
        let rows = passports.items.iter().map(|passport| {
            vec![
                escape(&passport.passport_id),
                escape(&passport.agent_id),
                name(passport.state).to_owned(),
                relative_text(&passport.expires_at, now),
            ]
        });
        let table = table(&["PASSPORT", "AGENT", "STATE", "EXPIRES"], rows);
        page::show(&table, passports.items.len(), passports.next_cursor.as_deref(), session)
    }
}

fn name(state: PassportState) -> &'static str {
    match state {
        PassportState::Live => "live",
        PassportState::Revoked => "revoked",
        PassportState::Expired => "expired",
    }
}

fn tell(passport: &Passport, body: &str, session: &Session) -> Ended {
    if session.out.is_json() {
        session.out.line(body.as_bytes())?;
        return Ok(DONE);
    }
    let mut rows = vec![
        ("passport", escape(&passport.passport_id)),
        ("agent", escape(&passport.agent_id)),
        ("state", name(passport.state).to_owned()),
        ("audience", listed(&passport.audience)),
        ("issued", format!("{} by {}", escape(&passport.issued_at), escape(&passport.issued_by))),
    ];
    let mut more = |name: &'static str, value: &Option<String>| rows.extend(value.as_ref().map(|value| (name, escape(value))));
    more("starts", &passport.not_before);
    more("expires", &Some(passport.expires_at.clone()));
    more("renewable", &passport.renew_until.as_ref().map(|until| format!("until {until}")));
    more("renewed from", &passport.renewed_from);
    more("lineage", &Some(&passport.lineage).filter(|lineage| **lineage != passport.passport_id).cloned());
    more("on behalf of", &passport.on_behalf_of);
    more("revoked", &passport.revoked_at);
    more("because", &passport.revoke_reason);
    more("key", &Some(passport.key_id.clone()));
    more("template", &passport.template);
    let values = passport.template_parameters.as_ref().filter(|values| values.get() != "{}");
    rows.extend(passport.template_revision.map(|revision| ("revision", revision.to_string())));
    rows.extend(values.map(|values| ("parameters", escape(values.get()))));
    let mut text = facts(&rows);
    let now = session.clock.now();
    // Grants of a later release may not be understood here; everything else is still worth showing.
    let grants = Grant::read_all(passport.grants.get(), "").unwrap_or_default();
    let said = Said::by(&grants, now);
    let hides = passport.hidden_attributes.as_ref().and_then(|claim| HiddenAttributes::read_text(claim.get()));
    for section in [said.allowed, said.forbidden, hides.as_ref().and_then(said::hidden)].into_iter().flatten() {
        text.push_str(&format!("\n\n{section}"));
    }
    session.out.text(&text)?;
    Ok(DONE)
}
