//! Agents: create, list, disable, enable.

use passport_shared::api::Page;
use passport_shared::api::agents::{Agent, AgentChanged, AgentState, DisableAgent, NewAgent};
use passport_shared::fault::{Faults, Place};
use serde_json::json;

use super::ids::Id;
use super::{Caller, Issuer, ServiceError, check, paging};
use crate::store;

/// Which agents to list: all that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentQuery {
    /// With this in their id or name, ASCII letters in either case: 1 to 256 bytes.
    pub text: Option<String>,
    /// In this state now.
    pub state: Option<AgentState>,
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
    /// At most so many, 1 to 1,000; 100 where it is left out.
    pub limit: Option<u32>,
}

impl Issuer {
    /// Creates an agent, enabled and without a passport. Its id is made here where the body has none.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`]; [`ServiceError::Conflict`] if the id is taken.
    pub async fn create_agent(&self, caller: &Caller, body: NewAgent) -> Result<Agent, ServiceError> {
        let root = Place::root("");
        let mut faults = Faults::default();
        check::optional_name(body.agent_id.as_deref(), &root.name("agentId"), &mut faults);
        check::name(&body.name, &root.name("name"), &mut faults);
        check::description(body.description.as_deref(), &root.name("description"), &mut faults);
        if matches!(body.agent_id.as_deref(), Some("." | "..")) {
            // Clients and proxies take such a segment out of a path (RFC 3986 section 5.2.4): `/v1/agents/..` is another call.
            faults.note::<()>(&root.name("agentId"), "it must not be `.` or `..`, which cannot stand in a path; choose another");
        }
        if body.agent_id.as_deref() == Some(&self.settings().issuer) {
            // In the audit log, that name is the issuer's own.
            faults.note::<()>(&root.name("agentId"), "it is the issuer's own URL; choose another");
        }
        check::done(faults)?;
        let agent = store::NewAgent {
            agent_id: body.agent_id.unwrap_or_else(|| self.new_id(Id::Agent)),
            name: body.name,
            description: body.description,
            created_at: self.now(),
        };
        let change = json!({ "type": "agent_created", "agentId": agent.agent_id, "name": agent.name });
        let event = self.admin_event(caller.author(), &change)?;
        Ok(shown(self.store().create_agent(agent, event).await?))
    }

    /// Agents in the order of their ids.
    ///
    /// # Errors
    /// [`ServiceError::InvalidQuery`].
    pub async fn agents(&self, query: AgentQuery) -> Result<Page<Agent>, ServiceError> {
        let filter = store::AgentFilter {
            text: paging::text(query.text)?,
            disabled: query.state.map(|state| state == AgentState::Disabled),
            cursor: paging::name(query.cursor.as_deref())?,
            limit: paging::limit(query.limit)?,
        };
        let page = self.store().agents(filter).await?;
        Ok(Page { items: page.items.into_iter().map(shown).collect(), next_cursor: page.next.map(|id| paging::name_cursor(&id)) })
    }

    /// One agent.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`].
    pub async fn agent(&self, id: &str) -> Result<Agent, ServiceError> {
        Ok(shown(self.store().agent(id).await?))
    }

    /// Disables an agent and revokes its live passports (contract section 5): on return the gate and the published
    /// status lists deny them. Disabling again changes nothing and is no error.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`]; [`ServiceError::NotFound`].
    pub async fn disable_agent(&self, caller: &Caller, id: &str, body: DisableAgent) -> Result<AgentChanged, ServiceError> {
        let root = Place::root("");
        let mut faults = Faults::default();
        check::optional_name(body.reason.as_deref(), &root.name("reason"), &mut faults);
        check::done(faults)?;
        let change = json!({ "type": "agent_disabled", "agentId": id, "reason": body.reason });
        let event = self.admin_event(caller.author(), &change)?;
        let (issuer, id) = (self.clone(), id.to_owned());
        self.see_through(async move {
            let reason = body.reason.as_deref().unwrap_or("the agent was disabled");
            let outcome = issuer.store().disable_agent(&id, reason, issuer.now(), event).await;
            let done = issuer.after_change(outcome, |done| done.trust_sequence).await?;
            let agent = shown(issuer.store().agent(&id).await?);
            Ok(AgentChanged { agent, revoked_passports: done.revoked })
        })
        .await
    }

    /// Enables an agent, so that it can be given passports. Those that were revoked stay so. Enabling again changes
    /// nothing and is no error.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`].
    pub async fn enable_agent(&self, caller: &Caller, id: &str) -> Result<AgentChanged, ServiceError> {
        let change = json!({ "type": "agent_enabled", "agentId": id });
        let event = self.admin_event(caller.author(), &change)?;
        self.store().enable_agent(id, event).await?;
        Ok(AgentChanged { agent: self.agent(id).await?, revoked_passports: 0 })
    }
}

fn shown(agent: store::Agent) -> Agent {
    let store::Agent { agent_id, name, description, disabled_at, created_at } = agent;
    let state = if disabled_at.is_some() { AgentState::Disabled } else { AgentState::Enabled };
    Agent { agent_id, name, description, state, created_at: check::shown(created_at), disabled_at: disabled_at.map(check::shown) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::testing::{ISSUER, SHOP, SHOPPING, World, order, pointers};

    fn body(id: Option<&str>, name: &str) -> NewAgent {
        NewAgent { agent_id: id.map(str::to_owned), name: name.to_owned(), description: Some("books\nflights".to_owned()) }
    }

    #[tokio::test]
    async fn an_agent_is_created_with_its_audit_event_and_once() {
        let world = World::new().await;
        let caller = world.admin("agents.write", "issuer/agents").await;
        let agent = world.issuer.create_agent(&caller, body(Some("ollie"), "Ollie")).await.unwrap();
        assert_eq!((agent.agent_id.as_str(), agent.state, agent.disabled_at.as_deref()), ("ollie", AgentState::Enabled, None));
        assert_eq!(agent.created_at, "2026-11-18T11:06:40Z");
        assert_eq!(world.last_change(&caller, "agent_created").await["agentId"], "ollie");
        let events = world.log().await.len();
        let again = world.issuer.create_agent(&world.admin("agents.write", "issuer/agents").await, body(Some("ollie"), "O")).await;
        assert_eq!(again.unwrap_err().code(), "conflict");
        assert_eq!(world.log().await.len(), events, "what was refused is no change");
    }

    #[tokio::test]
    async fn an_agent_without_an_id_is_given_one() {
        let world = World::new().await;
        let caller = world.admin("agents.write", "issuer/agents").await;
        let agent = world.issuer.create_agent(&caller, body(None, "Ollie")).await.unwrap();
        assert!(agent.agent_id.starts_with("agent_"), "{}", agent.agent_id);
        assert_eq!(world.issuer.agent(&agent.agent_id).await.unwrap().description.as_deref(), Some("books\nflights"));
        assert_eq!(world.issuer.agent("nobody").await.unwrap_err().code(), "not_found");
    }

    #[tokio::test]
    async fn every_fault_in_a_body_is_told_with_its_place() {
        let world = World::new().await;
        let caller = world.admin("agents.write", "issuer/agents").await;
        let bad = NewAgent { agent_id: Some(String::new()), name: "a\u{7}".to_owned(), description: Some("\u{1b}".to_owned()) };
        let error = world.issuer.create_agent(&caller, bad).await.unwrap_err();
        assert_eq!((error.status(), pointers(&error)), (422, vec!["/agentId", "/name", "/description"]));
        let error = world.issuer.create_agent(&caller, body(Some(ISSUER), "me")).await.unwrap_err();
        assert_eq!(pointers(&error), ["/agentId"], "nobody takes the issuer's own name in the log");
        for dots in [".", ".."] {
            let error = world.issuer.create_agent(&caller, body(Some(dots), "x")).await.unwrap_err();
            assert_eq!((error.status(), pointers(&error)), (422, vec!["/agentId"]), "a client or a proxy would tidy its path up");
        }
        let reason = DisableAgent { reason: Some(String::new()) };
        assert_eq!(pointers(&world.issuer.disable_agent(&caller, "admin", reason).await.unwrap_err()), ["/reason"]);
    }

    #[tokio::test]
    async fn agents_are_listed_in_pages_that_meet() {
        let world = World::new().await;
        for id in ["b", "a", "c/ö"] {
            world.agent(id).await;
        }
        let page = |cursor, limit| AgentQuery { cursor, limit, ..AgentQuery::default() };
        let first = world.issuer.agents(page(None, Some(2))).await.unwrap();
        let second = world.issuer.agents(page(first.next_cursor.clone(), Some(2))).await.unwrap();
        let ids: Vec<_> = first.items.iter().chain(&second.items).map(|agent| agent.agent_id.as_str()).collect();
        assert_eq!(ids, ["a", "admin", "b", "c/ö"]);
        assert_eq!(second.next_cursor, None);
        assert_eq!(world.issuer.agents(page(Some("%".into()), None)).await.unwrap_err().code(), "invalid_query");
        assert_eq!(world.issuer.agents(page(None, Some(0))).await.unwrap_err().code(), "invalid_query");
    }

    #[tokio::test]
    async fn a_disabled_agent_is_disabled_on_every_path() {
        let world = World::new().await;
        let (ollie, role) = (world.ollie().await, world.role("auditor").await);
        assert_eq!(world.reason(&ollie.passport).await, "granted");
        let caller = world.admin("agents.write", "issuer/agents").await;
        let reason = DisableAgent { reason: Some("gone rogue".into()) };
        let changed = world.issuer.disable_agent(&caller, "ollie", reason.clone()).await.unwrap();
        assert_eq!((changed.agent.state, changed.revoked_passports), (AgentState::Disabled, 1));
        assert_eq!(
            world.last_change(&caller, "agent_disabled").await,
            json!({"type":"agent_disabled","agentId":"ollie","reason":"gone rogue"})
        );

        // What it had is revoked, it gets no more, and it cannot use the issuer's own API.
        assert_eq!(world.reason(&ollie.passport).await, "revoked");
        assert!(!world.issuer.introspect(&ollie.passport).await.unwrap().active);
        let refused = world.issuer.issue_passport(&world.minter().await, order("ollie", SHOP, SHOPPING)).await.unwrap_err();
        assert_eq!(refused.code(), "conflict");
        assert_eq!(world.gate(&role, "audit.read", "issuer/audit").await, "granted");
        let caller = world.admin("agents.write", "issuer/agents").await;
        world.issuer.disable_agent(&caller, "the-auditor", DisableAgent::default()).await.unwrap();
        assert_eq!(world.gate(&role, "audit.read", "issuer/audit").await, "revoked");

        // Again is no change.
        let events = world.log().await.len();
        let again = world.issuer.disable_agent(&caller, "ollie", reason).await.unwrap();
        assert_eq!((again.revoked_passports, world.log().await.len()), (0, events));

        // Enabled again, it can be given passports, and the old ones stay revoked.
        let caller = world.admin("agents.write", "issuer/agents").await;
        let enabled = world.issuer.enable_agent(&caller, "ollie").await.unwrap();
        assert_eq!(enabled.agent.state, AgentState::Enabled);
        assert_eq!(world.last_change(&caller, "agent_enabled").await["agentId"], "ollie");
        assert_eq!(world.reason(&ollie.passport).await, "revoked");
        assert_eq!(world.reason(&world.ollie().await.passport).await, "granted");
        for result in [
            world.issuer.disable_agent(&caller, "nobody", DisableAgent::default()).await,
            world.issuer.enable_agent(&caller, "nobody").await,
        ] {
            assert_eq!(result.unwrap_err().code(), "not_found");
        }
    }
}
