//! Sessions of the console (docs/operations.md): signing in with a passport or with a link that was made with one, and out.
//!
//! A session stands for its passport and for nothing else: each request by it is decided as if the passport's bearer had
//! called, so it ends with the passport, its agent or its key.

use passport_shared::api::console::{ConsoleLink, ConsoleSession, SignIn};
use passport_shared::passport::Passport;
use passport_shared::request::Request;
use serde_json::json;

use super::credential::{Kept, Shown, failed};
use super::ids::Id;
use super::{Credential, Denial, Issuer, ServiceError, SessionKey, check, gate};
use crate::store::{ConsoleKey, StoreError};

/// How long a link can be used, in seconds: long enough to be clicked on, and no longer.
const LINK_LIFE: i64 = 300;

/// An action, and what it is done to.
pub type Permission = (&'static str, &'static str);

/// Who has shown a passport, or a link that was made with one, that is good here now. Nothing is written of it yet.
pub struct Entrant {
    passport: Passport,
    shown: Shown,
    /// The hash of the link's code.
    link: Option<String>,
}

impl Entrant {
    /// The agent that carries the passport.
    #[must_use]
    pub fn agent_id(&self) -> &str {
        &self.passport.agent_id
    }
}

/// A session that was opened a moment ago.
pub struct SignedIn {
    /// Its secret.
    pub key: SessionKey,
    /// What it is, and may.
    pub session: ConsoleSession,
    /// How long it lasts, in seconds.
    pub life: i64,
}

impl Issuer {
    /// Looks at what somebody would sign in with.
    ///
    /// # Errors
    /// A [`Denial`], to be answered as it is.
    pub async fn entrant(&self, body: SignIn) -> Result<Entrant, Denial> {
        let (shown, link) = match (body.passport, body.link) {
            (Some(token), None) => (Shown::Token(token), None),
            (None, Some(code)) => {
                let hash = SessionKey::brought(&code).hash();
                let link = self.store().console_link(&hash).await.map_err(failed)?;
                let link = link.filter(|link| link.expires_at > self.now()).ok_or(Denial::NoLink)?;
                let kept = self.kept(&link.passport_id).await?.ok_or(Denial::NoLink)?;
                (Shown::Kept(Box::new(kept)), Some(hash))
            }
            _ => return Err(Denial::Failed(ServiceError::invalid("", "give either `passport` or `link`"))),
        };
        Ok(Entrant { passport: self.good_here(&shown).await?, shown, link })
    }

    /// Opens a session of the console; `permissions` are what it is asked of whether the passport's grants allow them.
    ///
    /// # Errors
    /// A [`Denial`], to be answered as it is.
    pub async fn sign_in(&self, entrant: Entrant, permissions: &[Permission]) -> Result<SignedIn, Denial> {
        let Entrant { passport, shown, link } = entrant;
        let now = self.now();
        let most = self.settings().console.ok_or(Denial::NoToken)?;
        let (key, expires_at) = (SessionKey::draw(&*self.inner.parts.entropy), now.saturating_add(most).min(passport.expires_at));
        let session = ConsoleKey { hash: key.hash(), passport_id: passport.id.to_string(), created_at: now, expires_at };
        let by = if link.is_some() { "link" } else { "passport" };
        let change = json!({ "type": "console_signed_in", "passportId": passport.id, "by": by, "expiresAt": check::shown(expires_at) });
        let author = ("console.sign_in", "signed in to the console with the passport concerned");
        let event = self.console_event(&passport, author, &change)?;
        let issuer = self.clone();
        let opened = self.see_through(async move {
            match issuer.store().open_console_session(session, link, event).await {
                // Somebody else has used it since it was looked at.
                Err(StoreError::NotFound { .. }) => Ok(false),
                opened => Ok(opened.map(|()| true)?),
            }
        });
        if !opened.await.map_err(Denial::Failed)? {
            return Err(Denial::NoLink);
        }
        let kept = match shown {
            Shown::Kept(kept) => Some(*kept),
            Shown::Token(_) => self.kept(&passport.id).await?,
        };
        let session = self.session_of(&key, &passport, kept, expires_at, permissions).await?;
        Ok(SignedIn { key, session, life: expires_at.saturating_sub(now) })
    }

    /// What a session is, and may, now.
    ///
    /// # Errors
    /// A [`Denial`]: it is none, it is over, or its passport is not good any more.
    pub async fn console_session(&self, key: &SessionKey, permissions: &[Permission]) -> Result<ConsoleSession, Denial> {
        let (session, kept) = self.session(key).await?;
        let passport = self.good_here(&Shown::Kept(Box::new(kept.clone()))).await?;
        self.session_of(key, &passport, Some(kept), session.expires_at, permissions).await
    }

    /// Ends a session. One that is over, or whose passport is not good any more, is none already.
    ///
    /// # Errors
    /// A [`Denial`] if it could not be ended.
    pub async fn sign_out(&self, key: &SessionKey) -> Result<(), Denial> {
        let passport = match self.shown(Credential::Session(key)).await {
            Ok(shown) => self.good_here(&shown).await,
            Err(denial) => Err(denial),
        };
        let passport = match passport {
            Ok(passport) => passport,
            Err(failed @ Denial::Failed(_)) => return Err(failed),
            Err(_) => return Ok(()),
        };
        let change = json!({ "type": "console_signed_out", "passportId": passport.id });
        let author = ("console.sign_out", "signed out of the console with the passport concerned");
        let event = self.console_event(&passport, author, &change)?;
        self.store().close_console_session(&key.hash(), event).await.map_err(failed)?;
        Ok(())
    }

    /// Makes a link that opens one session for this passport within five minutes. A session makes none: it would outlive itself.
    ///
    /// # Errors
    /// A [`Denial`], to be answered as it is.
    pub async fn console_link(&self, token: Option<&str>) -> Result<ConsoleLink, Denial> {
        let passport = self.good_here(&self.shown(token.into()).await?).await?;
        let now = self.now();
        let (code, expires_at) = (SessionKey::draw(&*self.inner.parts.entropy), now.saturating_add(LINK_LIFE).min(passport.expires_at));
        let link = ConsoleKey { hash: code.hash(), passport_id: passport.id.to_string(), created_at: now, expires_at };
        let change = json!({ "type": "console_link_made", "passportId": passport.id, "expiresAt": check::shown(expires_at) });
        let author = ("console.link", "made a link to the console with the passport concerned");
        let event = self.console_event(&passport, author, &change)?;
        self.store().make_console_link(link, event).await.map_err(failed)?;
        let url = format!("{}/console/#link={}", self.settings().issuer, code.reveal());
        Ok(ConsoleLink { url, expires_at: check::shown(expires_at) })
    }

    /// The passport, where it is good at this issuer now, whatever it allows.
    async fn good_here(&self, shown: &Shown) -> Result<Passport, Denial> {
        self.edition().await.map_err(Denial::Failed)?;
        let (now, gate) = (self.now(), &self.inner.gate);
        let own = Request::new("console").on("issuer");
        let denied = match shown.verify(gate, now) {
            // Bound to a key that nobody has proved: to carry it is not to hold it.
            Ok(verified) if verified.claims().needs_proof => shown.decide(gate, &own, now),
            Ok(verified) => return Ok(verified.claims().clone()),
            Err(denied) => denied.into(),
        };
        Err(gate::denial(&denied, self.new_id(Id::Request), own.action(), "issuer"))
    }

    async fn session_of(
        &self,
        key: &SessionKey,
        passport: &Passport,
        kept: Option<Kept>,
        expires_at: i64,
        permissions: &[Permission],
    ) -> Result<ConsoleSession, Denial> {
        let name = match self.store().agent(&passport.agent_id).await {
            Ok(agent) => Some(agent.name),
            Err(StoreError::NotFound { .. }) => None,
            Err(error) => return Err(failed(error)),
        };
        let now = self.now();
        let held = kept.and_then(|kept| self.inner.gate.verify_kept(kept.key_id, kept.claims, now).ok());
        let may = |(action, resource): &Permission| {
            let request = Request::new(*action).on(*resource);
            let allowed = held.as_ref().is_some_and(|held| held.decide(&request, now).is_allowed());
            allowed.then(|| (*action).to_owned())
        };
        Ok(ConsoleSession {
            agent_id: passport.agent_id.to_string(),
            name,
            passport_id: passport.id.to_string(),
            expires_at: check::shown(expires_at),
            csrf: key.csrf(),
            issuer: self.settings().issuer.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            may: permissions.iter().filter_map(may).collect(),
        })
    }

    fn console_event(&self, passport: &Passport, by: (&str, &str), change: &serde_json::Value) -> Result<crate::store::AdminEvent, Denial> {
        let author = self.inner.parts.holder_author(&self.settings().issuer, passport, by, self.now()).map_err(Denial::Failed)?;
        self.admin_event(&author, change).map_err(Denial::Failed)
    }
}

#[cfg(test)]
mod tests;
