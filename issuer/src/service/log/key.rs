//! The log's key: made at the first start, or at the next one of an issuer that has none, and the same ever after.

use std::sync::Arc;

use passport_keys::LogKey;
use passport_shared::key_set::KeyId;
use passport_shared::log::note::VerifierKey;
use serde_json::json;

use crate::entropy::EntropyRng;
use crate::service::{Parts, ServiceError, Settings, StartError, keys};

/// What the key signs to show that it can: neither a checkpoint, which has line feeds, nor a token, which has dots.
const PROBE: &[u8] = b"passport log start";

/// The log's name: where it is published, without the scheme (docs/audit.md A9). A plus cannot stand in it.
fn origin(issuer: &str) -> String {
    let place = issuer.split_once("://").map_or(issuer, |(_, place)| place);
    format!("{}/v1/audit/log", place.replace('+', "%2B"))
}

/// How the vault names a key.
pub(in crate::service) fn vault_id(key: &LogKey) -> KeyId {
    KeyId::of(key.verifier_key().key())
}

/// The log's key, which has just signed something.
pub(in crate::service) async fn ready(parts: &Parts, settings: &Settings) -> Result<LogKey, StartError> {
    let origin = origin(&settings.issuer);
    let kept = match parts.store.log_state().await?.verifier_key {
        Some(kept) => kept,
        None => make(parts, settings, &origin).await?,
    };
    let act = "read the key of the audit log";
    let public = VerifierKey::parse(&kept).map_err(|error| ServiceError::internal(act, error))?;
    if public.name() != origin {
        return Err(ServiceError::internal(act, format!("it is for the log `{}`, and this is `{origin}`", public.name())).into());
    }
    let key = LogKey::new(Arc::clone(&parts.vault), public);
    let (vault, id) = (Arc::clone(&parts.vault), vault_id(&key));
    let signed = tokio::task::spawn_blocking(move || vault.sign(&id, PROBE)).await;
    let signed = signed.map_err(|error| ServiceError::internal("check the key of the audit log", error))?;
    signed.map_err(|source| StartError::Key { state: "audit log's", key_id: id.to_string(), source: Box::new(source) })?;
    Ok(key)
}

/// Makes the key. Cut short before the store has it, it is left in the vault, and the next start names it.
async fn make(parts: &Parts, settings: &Settings, origin: &str) -> Result<String, StartError> {
    let (vault, mut rng, name) = (Arc::clone(&parts.vault), EntropyRng::new(Arc::clone(&parts.entropy)), origin.to_owned());
    let act = "make the key of the audit log";
    let made = tokio::task::spawn_blocking(move || LogKey::create(vault, &name, &mut rng)).await;
    let key = made.map_err(|error| ServiceError::internal(act, error))?.map_err(|error| ServiceError::internal(act, error))?;
    let public = key.verifier_key().to_string();
    let author = parts.own_author(&settings.issuer, "issuer.start", "the issuer makes the key of its audit log")?;
    let event = parts.admin_event(&author, &json!({ "type": "log_key_created", "verifierKey": public }))?;
    let kept = parts.store.keep_log_key(&public, parts.clock.now(), event).await?;
    match kept == public {
        true => tracing::info!(key = public, "made the key of the audit log"),
        // Another issuer on the same database was first: its key is everybody's.
        false => keys::forget_key(parts, &vault_id(&key)).await,
    }
    Ok(kept)
}
