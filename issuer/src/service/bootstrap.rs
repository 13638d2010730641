//! The start of an issuer: the first one, which makes everything, and every later one, which checks that it is there.

use std::sync::Arc;

use passport_keys::{KeyRing, KeyState};
use passport_shared::api::passports::IssuedPassport;
use passport_shared::key_set::KeyId;
use passport_verifier::{ResourcePolicy, Verifier};
use serde_json::json;

use super::hiding::Hiding;
use super::publish::Press;
use super::{Inner, Issuer, Parts, ServiceError, Settings, StartError, keys, log, preset};
use crate::store::{NewAgent, PassportFilter, StoreError};

/// The agent that the first passport is for.
const ADMIN: &str = "admin";

/// What a key signs to show that it can. No token: a compact JWS has dots.
const PROBE: &[u8] = b"passport issuer start";

impl Issuer {
    /// Starts the issuer.
    ///
    /// The first start ties the store to the issuer's URL, makes the first two keys, the key of the audit log, the agent `admin` and its
    /// passport, which lives as long as a passport can. The passport is given back once and is kept nowhere: the caller
    /// puts it where its owner alone can read it. Later starts give `None`. A first start that was cut short is taken up
    /// again where it ended.
    ///
    /// # Errors
    /// [`StartError`]: the store belongs to another URL, a key that must sign cannot, a setting cannot be.
    pub async fn start(parts: Parts, settings: Settings) -> Result<(Self, Option<IssuedPassport>), StartError> {
        settings.check()?;
        bind(&parts, &settings).await?;
        if parts.store.keys().await?.is_empty() {
            make_first_keys(&parts, &settings).await?;
        }
        let ring = keys::ring(&parts.store.keys().await?)?;
        let log_key = log::ready(&parts, &settings).await?;
        check_vault(&parts, &ring, log::vault_id(&log_key)).await?;
        let (press, trust) = Press::start(&parts, &settings).await?;
        let gate = Verifier::new(trust, settings.issuer.clone()).with_resource_policy(ResourcePolicy::MustName);
        let (asked, decided) = (tokio::sync::watch::Sender::new(0), tokio::sync::watch::Sender::new(0));
        let (log, receipts) = (log::Logbook::new(log_key), super::receipt::Desk::default());
        let hiding = Hiding::new(parts.store.changes().is_some());
        let issuer = Self { inner: Arc::new(Inner { parts, settings, gate, press, log, receipts, hiding, asked, decided }) };
        issuer.start_hiding().await?;
        issuer.follow_others();
        let issued = if issuer.has_admin_passport().await? { None } else { Some(issuer.admin_passport().await?) };
        Ok((issuer, issued))
    }

    /// A fresh passport for the agent `admin`, with the grants of the first one: for who runs the issuer and has lost
    /// theirs, let it expire, or revoked the key that signed it. Whoever can start the issuer holds its keys, so this
    /// gives them nothing that they do not have. The agent is created where it is missing, and enabled where it was
    /// disabled: nobody is locked out of an issuer whose keys they hold.
    pub async fn admin_passport(&self) -> Result<IssuedPassport, ServiceError> {
        let parts = &self.inner.parts;
        let author = || parts.own_author(&self.settings().issuer, "issuer.start", "the issuer makes a passport for its own admin");
        match self.store().agent(ADMIN).await {
            Ok(agent) if agent.disabled_at.is_some() => {
                let event = self.admin_event(&author()?, &json!({ "type": "agent_enabled", "agentId": ADMIN }))?;
                self.store().enable_agent(ADMIN, event).await?;
            }
            Ok(_) => {}
            Err(StoreError::NotFound { .. }) => {
                let agent = NewAgent {
                    agent_id: ADMIN.to_owned(),
                    name: "Administrator".to_owned(),
                    description: Some("Made at the issuer's first start; its passport may do everything at this issuer.".to_owned()),
                    created_at: self.now(),
                };
                let event = self.admin_event(&author()?, &json!({ "type": "agent_created", "agentId": ADMIN, "name": agent.name }))?;
                match self.store().create_agent(agent, event).await {
                    // Another issuer that starts at the same moment has made it.
                    Ok(_) | Err(StoreError::Conflict { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            Err(error) => return Err(error.into()),
        }
        let grants = preset(ADMIN).ok_or_else(|| ServiceError::internal("issue a passport", "there is no preset `admin`"))?;
        self.mint_for_admin(ADMIN, grants, author()?).await
    }

    /// Whether any passport was ever issued to the agent `admin`.
    async fn has_admin_passport(&self) -> Result<bool, ServiceError> {
        let filter = PassportFilter { agent_id: Some(ADMIN.to_owned()), now: self.now(), limit: 1, ..PassportFilter::default() };
        Ok(!self.store().passports(filter).await?.items.is_empty())
    }
}

impl Settings {
    fn check(&self) -> Result<(), StartError> {
        let url = &self.issuer;
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or_default();
        let plain = url.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'@' | b'`' | b'"' | b'\\'));
        let settings = [
            (
                !host.is_empty() && !host.starts_with('/') && !url.ends_with('/') && plain && url.len() <= 200,
                "issuer",
                format!("`{}`", url.escape_debug()),
                "it must be an http or https URL of at most 200 bytes, without user, query, fragment or a slash at its end",
            ),
            (
                (1..=10 * 366 * 86_400).contains(&self.max_passport_life),
                "max_passport_life",
                self.max_passport_life.to_string(),
                "it must be 1 second to ten years",
            ),
            (
                (8..=8_388_608).contains(&self.status_list_size) && self.status_list_size % 8 == 0,
                "status_list_size",
                self.status_list_size.to_string(),
                "it must be a multiple of 8, from 8 to 8388608",
            ),
            (
                self.console.is_none_or(|life| (300..=604_800).contains(&life)),
                "console",
                self.console.unwrap_or_default().to_string(),
                "it must be five minutes to seven days, in seconds",
            ),
            (
                (600..=366 * 86_400).contains(&self.trust_life),
                "trust_life",
                self.trust_life.to_string(),
                "it must be 600 seconds to a year",
            ),
            ((1..=86_400).contains(&self.status_ttl), "status_ttl", self.status_ttl.to_string(), "it must be 1 second to a day"),
            (
                (60..=7 * 86_400).contains(&self.approval_wait),
                "approval_wait",
                self.approval_wait.to_string(),
                "it must be a minute to a week",
            ),
            (
                self.key_life.is_none_or(|life| (3_600..=10 * 366 * 86_400).contains(&life)),
                "key_life",
                self.key_life.unwrap_or_default().to_string(),
                "it must be an hour to ten years, or 0 for rotations by hand alone",
            ),
            (
                self.audit_retention.is_none_or(|age| (86_400..=36_600 * 86_400).contains(&age)),
                "audit_retention",
                self.audit_retention.unwrap_or_default().to_string(),
                "it must be a day to a hundred years",
            ),
        ];
        match settings.into_iter().find(|(good, ..)| !good) {
            None => Ok(()),
            Some((_, name, value, problem)) => Err(StartError::Setting { name, value, problem }),
        }
    }
}

async fn bind(parts: &Parts, settings: &Settings) -> Result<(), StartError> {
    let wanted = settings.issuer.clone();
    match parts.store.bind_issuer(&wanted).await {
        Ok(()) => Ok(()),
        Err(StoreError::Conflict { .. }) => {
            let bound = parts.store.bound_issuer().await?.unwrap_or_default();
            Err(StartError::OtherIssuer { bound, wanted })
        }
        Err(error) => Err(error.into()),
    }
}

/// Makes active and next. Cut short before the store has them, they are left in the vault, and the next start names them.
async fn make_first_keys(parts: &Parts, settings: &Settings) -> Result<(), StartError> {
    let (active, next) = (keys::create_key(parts).await?, keys::create_key(parts).await?);
    let now = parts.clock.now();
    let ring = KeyRing::default().bootstrap(active.clone(), next.clone(), now)?;
    let author = parts.own_author(&settings.issuer, "issuer.start", "the issuer makes its first keys")?;
    let ids: Vec<&KeyId> = ring.records().iter().map(passport_keys::KeyRecord::id).collect();
    let event = parts.admin_event(&author, &json!({ "type": "keys_created", "keyIds": ids }))?;
    let outcome = parts.store.insert_first_keys(keys::new_key(&active, now), keys::new_key(&next, now), event).await;
    if let Err(StoreError::Conflict { .. }) = outcome {
        // Another issuer on the same database was first: its keys are everybody's.
        keys::forget_key(parts, &active.id).await;
        keys::forget_key(parts, &next.id).await;
        return Ok(());
    }
    outcome?;
    tracing::info!(active = %active.id, next = %next.id, "made the first keys");
    Ok(())
}

/// Whether the keys that sign can sign, and what else is in the vault.
async fn check_vault(parts: &Parts, ring: &KeyRing, log_key: KeyId) -> Result<(), StartError> {
    let (vault, ring, webhooks) = (Arc::clone(&parts.vault), ring.clone(), parts.store.webhook_key().await?);
    let checked = tokio::task::spawn_blocking(move || {
        for key in ring.signing().into_iter().chain(ring.standby()) {
            vault.sign(key.id(), PROBE).map_err(|source| StartError::Key {
                state: key.state.name(),
                key_id: key.id().to_string(),
                source: Box::new(source),
            })?;
        }
        for id in vault.holds().map_err(|error| StartError::Vault(Box::new(error)))? {
            match ring.get(&id).map(|key| key.state) {
                None if id == log_key => {}
                // The secrets of webhooks are made of it.
                None if webhooks.as_deref() == Some(id.to_string().as_str()) => {}
                // Left over from a change that did not come about.
                None => tracing::warn!(key = %id, "the vault has a key that this issuer does not know; its file can be removed"),
                // Its revocation was recorded, and destroying it failed.
                Some(KeyState::Revoked) => match vault.forget(&id) {
                    Ok(()) => tracing::info!(key = %id, "destroyed a revoked key that was still in the vault"),
                    Err(error) => tracing::error!(key = %id, %error, "a revoked key is still in the vault and could not be destroyed"),
                },
                Some(KeyState::Next | KeyState::Active | KeyState::Retired) => {}
            }
        }
        Ok(())
    });
    checked.await.map_err(|error| ServiceError::internal("check the key vault", error))?
}

#[cfg(test)]
mod tests;
