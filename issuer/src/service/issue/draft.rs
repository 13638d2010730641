//! A token before it is signed: whether verifiers would take it for its length, and a look at it for who orders it.

use passport_shared::api::passports::{IssuePassport, PassportPreview};
use passport_shared::describe::sentences;
use passport_shared::hidden::HiddenAttributes;
use passport_shared::jose::{self, SIGNATURE_BYTES, TokenType};
use passport_shared::key_set::KeyId;
use passport_shared::limits::TOKEN_BYTES;

use super::super::change::to_json;
use super::super::ids::{Id, stand_in};
use super::super::status_index::Slot;
use super::super::templates::raw;
use super::super::{Caller, Issuer, ServiceError, check};
use super::mint::{ACT, signing_key};
use super::order::Order;

/// What would be signed.
pub(super) struct Draft {
    /// The claims, as JSON.
    claims: String,
    /// Header and claims, encoded.
    input: String,
}

impl Issuer {
    /// What issuing the same body would sign now. Nothing is made, taken or written by it.
    ///
    /// # Errors
    /// As [`issue_passport`](Self::issue_passport).
    pub async fn preview_passport(&self, caller: &Caller, body: IssuePassport) -> Result<PassportPreview, ServiceError> {
        let order = self.order(caller, body).await?;
        let (list, _) = self.next_list().await?;
        let edition = self.edition().await?;
        let hidden = order.keeps_hidden();
        let draft = self.draft(&order, hidden.as_ref(), signing_key(&edition)?, &stand_in(Id::Passport), list.last())?;
        draft.check_size(&order)?;
        let bytes = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let (token_bytes, header) = (bytes(draft.token_bytes()), draft.header()?);
        Ok(PassportPreview {
            describe: sentences(&order.grants, order.issued_at),
            hides: hidden.map(|hidden| hidden.describe()).unwrap_or_default(),
            grants: raw(to_json(&order.grants)?)?,
            claims: raw(draft.claims)?,
            header: raw(header)?,
            agent_id: order.agent_id,
            audience: order.audience,
            issued_at: check::shown(order.issued_at),
            not_before: order.not_before.map(check::shown),
            expires_at: check::shown(order.expires_at),
            renew_until: order.renew_until.map(check::shown),
            template_revision: order.template.as_ref().map(|template| template.revision),
            template: order.template.map(|template| template.name),
            token_bytes,
            max_token_bytes: bytes(TOKEN_BYTES),
        })
    }

    /// What would be signed by this key, under this id and with this place in a status list.
    pub(super) fn draft(
        &self,
        order: &Order,
        hidden: Option<&HiddenAttributes>,
        key: &KeyId,
        id: &str,
        slot: Slot,
    ) -> Result<Draft, ServiceError> {
        let claims = self.claims(order, hidden, id, slot)?;
        let input = jose::signing_input(TokenType::Passport, self.settings().algorithm, key, claims.as_bytes());
        Ok(Draft { claims, input })
    }
}

impl Draft {
    /// A token that verifiers would refuse for its length is not issued. It is held against the bound with the place in the
    /// status list that takes the most, so that chance decides on no order, nor on its renewal.
    pub(super) fn check_size(&self, order: &Order) -> Result<(), ServiceError> {
        let bytes = self.token_bytes();
        let over = bytes.saturating_sub(TOKEN_BYTES);
        if over == 0 {
            return Ok(());
        }
        let parts = [
            ("/grants", "grants", to_json(&order.grants)?.len()),
            ("/audience", "audience", to_json(&order.audience)?.len()),
            ("/cnf", "cnf", order.confirmation.as_ref().map_or(0, |cnf| cnf.get().len())),
        ];
        let (pointer, name, most) = parts.into_iter().max_by_key(|(_, _, bytes)| *bytes).unwrap_or(("", "grants", 0));
        Err(ServiceError::invalid(
            pointer,
            format!(
                "the passport would have {bytes} bytes, {over} more than the {TOKEN_BYTES} that verifiers accept; `{name}` takes the most, \
                 {most} bytes before encoding (4 bytes for every 3): shorten it, for example with patterns in place of lists, or issue two \
                 passports"
            ),
        ))
    }

    /// With the dot and the signature that would follow: 4 characters for every 3 bytes, and none to fill up.
    fn token_bytes(&self) -> usize {
        self.input.len().saturating_add(1).saturating_add(SIGNATURE_BYTES.saturating_mul(4).div_ceil(3))
    }

    fn header(&self) -> Result<String, ServiceError> {
        let encoded = self.input.split('.').next().unwrap_or_default();
        let header = jose::decode(encoded).and_then(|bytes| String::from_utf8(bytes).ok());
        header.ok_or_else(|| ServiceError::internal(ACT, "the header of a draft cannot be read"))
    }
}

#[cfg(test)]
mod tests;
