//! One test suite for every store: what [`Store`](super::Store) promises, whatever is behind it.
//!
//! A store runs it by implementing [`Backend`] and calling `contract_suite!` in a test module of its own.

pub(crate) mod agents;
pub(crate) mod approvals;
pub(crate) mod audit;
pub(crate) mod chains;
pub(crate) mod checkpoints;
pub(crate) mod console;
pub(crate) mod groups;
pub(crate) mod key_uses;
pub(crate) mod keys;
pub(crate) mod lineages;
pub(crate) mod log;
pub(crate) mod makers;
pub(crate) mod passports;
pub(crate) mod races;
pub(crate) mod redecided;
pub(crate) mod revocations;
pub(crate) mod templates;
pub(crate) mod trust;
pub(crate) mod webhooks;

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::{
    AdminEvent, AgentFilter, AppendOutcome, Batch, EventOf, Maker, MatchedPassports, NewAgent, NewEvent, NewKey, NewPassport, Reported,
    Store, StoreError,
};

/// A place where a store can be, empty at first.
pub(crate) trait Backend {
    /// A new place. It is gone when this is dropped.
    fn new() -> Self;

    /// Opens the store there; what was written before is there still.
    async fn open(&self) -> Arc<dyn Store>;
}

/// Makes the tests of one backend.
macro_rules! contract_suite {
    ($backend:ty) => {
        $crate::store::contract_tests::tests! { $backend;
            key_uses {
                what_went_with_a_key_is_listed_until_it_is_revoked_by_itself_or_over,
            }
            agents {
                an_agent_is_created_once,
                agents_are_listed_by_id_in_pages,
                agents_are_found_by_a_part_of_their_id_or_name,
                disabling_revokes_live_passports_only,
                disabling_twice_changes_nothing,
                enabling_revives_no_passport,
                an_unknown_agent_is_not_found,
            }
            approvals {
                an_approval_is_asked_once_and_kept_as_given,
                as_many_people_as_are_asked_for_approve,
            }
            passports {
                a_passport_is_kept_exactly_as_given,
                no_passport_for_a_missing_or_disabled_agent,
                no_passport_by_a_key_that_is_not_active,
                a_status_index_is_given_once_and_never_outside_its_list,
                a_passport_id_is_given_once,
                passports_are_filtered_by_agent_and_state,
                passports_are_found_by_a_part_of_an_id_and_by_their_end,
                passports_are_listed_newest_first_in_pages,
                revoking_twice_changes_nothing,
            }
            keys {
                first_keys_come_once,
                rotation_moves_each_key_on,
                rotation_on_an_outdated_view_changes_nothing,
                a_retired_key_outlives_what_it_signed,
                revoking_the_active_key_promotes_the_next,
                revoking_on_an_outdated_view_changes_nothing,
                two_keys_are_never_active_or_next,
                revoking_a_key_revokes_all_it_signed,
            }
            audit {
                a_batch_is_kept_exactly_and_in_order,
                the_same_body_again_is_a_duplicate,
                another_body_is_kept_beside_the_first_once,
                request_ids_belong_to_their_reporter,
                a_reported_id_blocks_no_admin_change,
                a_batch_is_written_whole_or_not_at_all,
                each_filter_narrows_the_list,
                events_are_listed_newest_first_in_pages,
                pages_of_either_order_meet_over_many_spans,
                looking_for_attributes_takes_a_bounded_time_and_goes_on,
                a_write_is_told_once_it_can_be_read,
                a_page_of_events_is_bounded_in_bytes,
                a_change_without_its_event_is_rolled_back,
                first_keys_without_their_event_are_rolled_back,
                a_change_that_is_none_writes_no_event,
            }
            chains {
                an_event_that_is_hidden_is_told_by_a_hash_of_its_own_and_by_the_one_it_was_reported_with,
                a_chain_that_goes_on_is_silent_and_a_gap_is_told_at_once,
                a_gap_closes_as_its_numbers_come,
                a_fork_is_found_by_its_hash_or_by_its_number,
                what_is_sent_again_is_no_fork,
                a_new_number_makes_no_new_event_of_an_old_id,
                a_gap_record_takes_as_many_numbers_as_it_stands_for,
                each_chain_of_a_reporter_goes_on_by_itself,
                each_reporter_is_listed_with_what_it_lacks,
            }
            groups {
                batches_that_are_written_together_come_to_what_each_would_alone,
            }
            checkpoints {
                the_logs_key_is_chosen_once,
                a_checkpoint_is_kept_only_of_the_tree_as_it_is_and_grows,
                a_log_that_is_held_keeps_no_checkpoint,
            }
            log {
                the_tree_is_made_of_every_event_in_order,
                a_decision_is_found_by_its_request,
                bodies_go_some_at_a_time_and_are_told_once,
                events_are_counted_by_hour_agent_and_reason,
                what_is_looked_for_is_found_wherever_it_stands,
                decisions_are_counted_once_whether_their_block_is_full_or_fills,
            }
            makers {
                a_maker_that_counts_no_more_changes_nothing,
                a_live_maker_makes_each_change,
                a_maker_that_has_reported_is_refused_from_the_change_on_that_ends_it,
                a_maker_can_revoke_itself_once,
                first_keys_are_made_by_no_passport,
            }
            trust {
                every_change_of_trust_raises_the_sequence_by_one,
                a_database_belongs_to_one_issuer,
                a_snapshot_holds_keys_and_revocations_together,
                status_lists_count_what_is_taken,
                everything_is_there_after_reopening,
                a_closed_store_answers_nothing,
            }
            revocations {
                each_filter_narrows_what_is_revoked,
                many_are_revoked_in_one_step_with_one_event,
                what_is_dead_already_is_left_as_it_was,
                a_revocation_of_many_without_its_event_is_rolled_back,
                a_revocation_of_none_writes_nothing,
                many_are_not_revoked_by_a_maker_that_counts_no_more,
                the_named_ones_are_bounded_and_the_count_is_not,
            }
            lineages {
                a_renewal_comes_into_the_lineage_of_what_it_renews,
                whichever_of_a_lineage_is_revoked_all_its_live_ones_are,
                a_filter_that_finds_one_of_a_lineage_revokes_all_its_live_ones,
                a_revoked_key_takes_every_lineage_that_it_signed_any_of,
                nothing_is_renewed_into_a_lineage_that_has_fallen,
                a_lineage_has_so_many_at_once,
                a_renewal_never_outlives_what_it_came_of,
            }
            templates {
                each_save_is_a_revision_with_its_event,
                a_template_that_is_deleted_leaves_its_passports_and_its_numbers,
                templates_are_listed_by_name_in_pages,
                a_passport_keeps_the_template_that_it_was_issued_by,
                one_of_two_saves_of_a_revision_wins,
                a_template_is_not_changed_without_its_event_or_by_a_maker_that_counts_no_more,
            }
            webhooks {
                a_webhook_is_kept_as_given_and_changes_with_its_event,
                what_was_sent_is_noted_with_the_cursor_or_not_at_all,
                the_oldest_are_given_up_where_too_many_are_pending,
                what_was_given_up_and_what_was_sent_can_be_sent_again,
                one_issuer_sends_at_a_time,
                the_key_of_secrets_is_kept_once,
            }
            console {
                a_session_is_opened_and_closed_with_its_event,
                a_link_opens_one_session_and_no_second,
                what_is_over_goes_and_a_passport_has_so_many_at_once,
            }
            redecided {
                one_at_a_time_decides_again_and_who_comes_after_goes_on,
                a_difference_its_event_and_the_step_are_one_transaction,
                a_revocation_knows_which_trust_was_the_first_to_tell_of_it,
            }
            races {
                a_disabled_agent_never_has_a_live_passport,
                a_status_index_is_won_by_one,
                one_of_two_rotations_wins,
                a_caller_that_goes_away_leaves_nothing_half_done,
                a_write_waits_for_no_other_task,
            }
        }
    };
}
pub(crate) use contract_suite;

macro_rules! tests {
    ($backend:ty; $($module:ident { $($test:ident,)* })*) => {$(
        mod $module {
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $test() {
                    $crate::store::contract_tests::$module::$test(<$backend>::new()).await;
                }
            )*
        }
    )*};
}
pub(crate) use tests;

/// When the tests take place.
pub(crate) const NOW: i64 = 1_795_000_000;

/// An admin's event; the number makes it its own.
pub(crate) fn event(number: u32) -> AdminEvent {
    AdminEvent { reporter: "agent_admin".to_owned(), event: decision(&format!("admin-{number}"), "admin") }
}

/// An event that does not depend on what was changed.
pub(crate) fn just(event: AdminEvent) -> EventOf<MatchedPassports> {
    Box::new(move |_| Ok(event))
}

/// The hash that [`decision`] says for this text.
pub(crate) fn hash_of(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// Appends events of a reporter that keeps no chain.
pub(crate) async fn append(
    store: &dyn Store,
    reporter: &str,
    maker: Option<Maker>,
    events: Vec<NewEvent>,
) -> Result<AppendOutcome, StoreError> {
    let events = events.into_iter().map(|event| Reported { event, ..Reported::default() }).collect();
    store.append_events(Batch { reporter: reporter.to_owned(), maker, events, alarm: Arc::new(|_| Ok(None)) }).await
}

/// A decision with this request id and hash.
pub(crate) fn decision(request_id: &str, hash: &str) -> NewEvent {
    NewEvent {
        event_id: format!("evt_{request_id}_{hash}"),
        request_id: request_id.to_owned(),
        body: format!("{{ \"requestId\" : \"{request_id}\", \"h\":\"{hash}\" }}"),
        body_hash: hash_of(hash),
        received_at: NOW + 5,
        evaluated_at: Some(NOW),
        ..NewEvent::default()
    }
}

/// A key made at this time.
pub(crate) fn key(key_id: &str, created_at: i64) -> NewKey {
    NewKey { key_id: key_id.to_owned(), public_x: format!("x-of-{key_id}"), created_at }
}

/// An agent of this id.
/// All agents, on one page.
pub(crate) fn all_agents() -> AgentFilter {
    AgentFilter { limit: 100, ..AgentFilter::default() }
}

pub(crate) fn agent(agent_id: &str) -> NewAgent {
    NewAgent { agent_id: agent_id.to_owned(), name: format!("The agent {agent_id}"), description: None, created_at: NOW }
}

/// A passport of agent `ollie` by key `k1`, an hour long, at place `number` of list 0.
pub(crate) fn passport(number: i64) -> NewPassport {
    NewPassport {
        passport_id: format!("pp_{number}"),
        agent_id: "ollie".to_owned(),
        key_id: "k1".to_owned(),
        claims: format!("{{\"jti\":\"pp_{number}\"}}"),
        audience: vec!["https://shop.example".to_owned()],
        issued_at: NOW,
        not_before: None,
        expires_at: NOW + 3_600,
        status_list: 0,
        status_index: number,
        issued_by: "agent_admin".to_owned(),
        template: None,
        template_newest: false,
        renew_until: None,
        renews: None,
    }
}

/// A store with key `k1` active and `k2` next, list 0 of 1,000 places, and agent `ollie`. Events 9,000 to 9,001.
pub(crate) async fn with_ollie(backend: &impl Backend) -> Arc<dyn Store> {
    let store = backend.open().await;
    store.insert_first_keys(key("k1", NOW), key("k2", NOW + 1), event(9_000)).await.unwrap();
    store.create_status_list(0, 1_000).await.unwrap();
    store.create_agent(agent("ollie"), event(9_001)).await.unwrap();
    store
}
