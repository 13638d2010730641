//! Issuing a passport.

mod draft;
mod mint;
mod order;
mod reissue;
mod renew;

use passport_shared::api::passports::{IssuePassport, IssuedPassport};
use passport_shared::grant::Grant;

use self::order::Order;
pub(super) use self::reissue::After;
use super::change::Author;
use super::{Caller, Issuer, ServiceError, subset};
use crate::store::StoreError;

impl Issuer {
    /// Issues a passport. The token is in the answer and nowhere else; the store has its claims.
    ///
    /// Where the audience has the issuer's own URL, the passport can have no more on `issuer/**` than the caller has:
    /// see [`ServiceError::Forbidden`] with the code `not_held`.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`], with a pointer for each fault; [`ServiceError::NotFound`] for the agent or the
    /// template; [`ServiceError::Conflict`] if the agent is disabled, or the template was changed meanwhile;
    /// [`ServiceError::Forbidden`].
    pub async fn issue_passport(&self, caller: &Caller, body: IssuePassport) -> Result<IssuedPassport, ServiceError> {
        let order = self.order(caller, body).await?;
        let (issuer, author) = (self.clone(), caller.author().clone());
        self.see_through(async move { issuer.mint(&order, &author).await }).await
    }

    /// What the body asks for, where the caller may have it issued.
    async fn order(&self, caller: &Caller, mut body: IssuePassport) -> Result<Order, ServiceError> {
        let expanded = self.expand_for(&mut body).await?;
        let order = Order::read(body, expanded, self.settings(), self.now())?;
        let agent = self.store().agent(&order.agent_id).await?;
        if agent.disabled_at.is_some() {
            return Err(StoreError::AgentDisabled { agent_id: agent.agent_id }.into());
        }
        if order.audience.contains(&self.settings().issuer) {
            // Whatever is renewed lasts that long, with no maker to ask again.
            let end = match order.renew_until {
                Some(until) => subset::End { at: until, pointer: "/renewUntil" },
                None => subset::End { at: order.expires_at, pointer: order.expiry_pointer },
            };
            subset::check(caller.claims(), &order.grants, end, order.issued_at)?;
        }
        Ok(order)
    }

    /// Issues a passport of the role `admin` to the agent `admin`, as long as a passport can live: for the first start.
    pub(super) async fn mint_for_admin(&self, agent_id: &str, grants: Vec<Grant>, author: Author) -> Result<IssuedPassport, ServiceError> {
        let now = self.now();
        let order = Order {
            agent_id: agent_id.to_owned(),
            audience: vec![self.settings().issuer.clone()],
            grants,
            issued_at: now,
            expires_at: now.saturating_add(self.settings().max_passport_life),
            not_before: None,
            on_behalf_of: None,
            confirmation: None,
            expiry_pointer: "/expiresIn",
            renew_until: None,
            renews: None,
            replaces: None,
            template: None,
            hidden: None,
        };
        let issuer = self.clone();
        self.see_through(async move { issuer.mint(&order, &author).await }).await
    }
}

#[cfg(test)]
mod tests;
