//! No exception from the vendors' documents is left over: each that the suite alone needs is needed by one of these cases.

use conformance_tests::{Harness, cases, run};

use crate::jira::{CloudHarness, DataCenterHarness};
use crate::openapi::{self, Judge, Seen};
use crate::zendesk::ZendeskHarness;

macro_rules! play {
    ($harness:ty: $( $room:ident::$case:ident, )*) => { $( run::<$harness>(cases::$room::$case); )* };
}

/// What needs the exceptions that Cloud and a Data Center share.
fn play_jira<H: Harness>() {
    play! { H:
        attachments::listed_files_are_downloaded_byte_by_byte,
        catalogue::the_accounts_are_the_customers,
        links::a_duplicate_is_seen_from_both_ends,
        raw::another_host_and_credentials_are_refused_unsent,
        raw::query_values_are_escaped,
        secrets::no_secret_shows_anywhere,
        raw::a_raw_write_is_not_repeated,
        capabilities::operations_that_are_claimed_are_there,
    }
}

fn assert_none_left(judge: &Judge) {
    let unused = judge.unused(Seen::BySuite);
    assert!(unused.is_empty(), "{unused:#?}");
}

#[test]
fn no_exception_from_jiras_document_is_left_over() {
    let Some(judge) = openapi::jira() else { return };
    play_jira::<CloudHarness>();
    play! { CloudHarness: credentials::one_token_serves_many_calls, }
    assert_none_left(judge);
}

#[test]
fn no_exception_for_a_data_center_is_left_over() {
    let Some(judge) = openapi::jira_data_center() else { return };
    play_jira::<DataCenterHarness>();
    assert_none_left(judge);
}

#[test]
fn no_exception_from_zendesks_document_is_left_over() {
    let Some(judge) = openapi::zendesk() else { return };
    play! { ZendeskHarness:
        attachments::listed_files_are_downloaded_byte_by_byte,
        changes::a_deleted_ticket_comes_as_removed,
        changes::a_checkpoint_goes_on_in_another_process,
        capabilities::operations_that_are_claimed_are_there,
        comments::the_same_key_gives_the_same_comment,
        create::a_type_is_made_or_refused,
        credentials::one_token_serves_many_calls,
        credentials::a_token_that_ended_is_renewed,
        errors::a_refused_credential_is_unauthenticated,
        errors::a_missing_right_is_told,
        links::each_link_is_made_seen_and_removed,
        paging::every_page_size_gives_the_same_sequence,
        people::the_members_are_the_members,
        raw::another_host_and_credentials_are_refused_unsent,
        raw::query_values_are_escaped,
        secrets::no_secret_shows_anywhere,
        raw::a_raw_write_is_not_repeated,
        tickets::an_unknown_ticket_is_not_found,
        update::each_key_is_cleared_alone,
        update::sets_are_added_to_removed_from_and_replaced,
        update::an_old_version_is_refused,
    }
    assert_none_left(judge);
}
