//! Running a case, and the macro that makes a test of each.

use std::time::Duration;

use crate::harness::Harness;

/// No case takes longer, on tokio's clock: one that does hangs.
const PATIENCE: Duration = Duration::from_secs(4 * 3600);

/// Runs one case in a fresh world, on a runtime of its own.
///
/// # Panics
/// Where the case finds something wrong, and where it does not end.
pub fn run<H: Harness>(case: impl AsyncFnOnce(&dyn Harness)) {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().start_paused(H::is_in_process());
    let runtime = builder.build().expect("a runtime");
    runtime.block_on(async {
        let ended = tokio::time::timeout(PATIENCE, async {
            let harness = H::start().await;
            case(&harness).await;
        });
        assert!(ended.await.is_ok(), "the case does not end: a call hangs");
    });
}

macro_rules! suite {
    ($( $room:ident { $( $case:ident, )* } )*) => {
        /// Every case, as `room::case`.
        pub const CASES: &[&str] = &[ $( $( concat!(stringify!($room), "::", stringify!($case)), )* )* ];

        crate::suite::suite_macro! { ($) $( $room { $( $case, )* } )* }
    };
}

macro_rules! suite_macro {
    (($dollar:tt) $( $room:ident { $( $case:ident, )* } )*) => {
        /// Makes a test of each case, in modules named by what they are about. Write it once in a module.
        ///
        /// ```
        /// # use std::sync::Arc;
        /// # struct MyHarness;
        /// # #[async_trait::async_trait]
        /// # impl conformance_tests::Harness for MyHarness {
        /// #     async fn start() -> Self { Self }
        /// #     fn provider(&self) -> Arc<dyn ticketing_core::TicketingProvider> { unreachable!() }
        /// #     fn advance(&self, _seconds: u32) {}
        /// # }
        /// mod acme {
        ///     use super::MyHarness;
        ///     conformance_tests::conformance_suite!(MyHarness);
        /// }
        /// # fn main() {}
        /// ```
        #[macro_export]
        macro_rules! conformance_suite {
            ($dollar harness:ty) => { $(
                mod $room {
                    #[allow(unused_imports)]
                    use super::*;
                    $(
                        #[test]
                        fn $case() {
                            $dollar crate::run::<$dollar harness>($dollar crate::cases::$room::$case);
                        }
                    )*
                }
            )* };
        }
    };
}
pub(crate) use suite_macro;

suite! {
    capabilities {
        the_provider_says_who_it_is,
        check_says_whose_credential_it_is,
        the_required_operations_are_claimed,
        operations_that_are_not_claimed_are_refused_unsent,
        operations_that_are_claimed_are_there,
        filters_that_are_not_claimed_are_refused_unsent,
        sorts_that_are_not_claimed_are_refused_unsent,
        visibilities_that_are_not_claimed_are_refused_unsent,
        statuses_that_are_not_claimed_are_refused_unsent,
        kinds_that_are_not_claimed_are_refused_unsent,
        keys_that_cannot_be_written_are_refused_unsent,
        versions_that_cannot_be_compared_are_refused_unsent,
        the_capabilities_hang_together,
        readable_keys_are_those_that_are_read,
    }
    tickets {
        every_ticket_is_listed_once,
        a_listing_twice_is_the_same,
        a_ticket_is_got_by_id_and_by_key,
        a_listed_ticket_is_the_ticket_itself,
        an_unknown_ticket_is_not_found,
        several_tickets_come_in_the_order_asked,
        raw_comes_only_where_it_is_asked_for,
        a_projection_leaves_fields_out_and_nothing_else,
        a_projection_on_an_unknown_field_is_refused,
        watchers_come_where_they_are_asked_for,
        every_script_survives,
        a_former_employee_is_still_the_assignee,
        a_deleted_assignee_does_not_break_the_ticket,
        nobody_is_no_reference,
        addresses_open_the_record,
        moments_are_in_order,
    }
    filters {
        each_status_is_exact,
        each_assignee_is_exact,
        unassigned_is_exact,
        each_requester_is_exact,
        each_creator_is_exact,
        each_group_is_exact,
        each_account_is_exact,
        each_collection_is_exact,
        each_tag_is_exact,
        each_priority_is_exact,
        each_type_is_exact,
        each_parent_is_exact,
        ids_are_exact,
        keys_are_exact,
        each_external_id_is_exact,
        each_field_is_exact,
        created_is_exact,
        updated_is_exact,
        resolved_is_exact,
        closed_is_exact,
        due_is_exact,
        text_finds_what_was_written,
        filters_together_narrow_each_other,
        no_filter_is_everything,
        query_language_in_values_is_text,
        a_selector_that_names_nobody_is_refused,
        a_selector_that_names_several_is_refused_with_the_candidates,
    }
    sorts {
        by_creation,
        by_last_change,
        by_answer,
        by_due_date,
        by_priority,
        by_key,
        a_second_sort_decides_ties,
        a_filtered_listing_is_ordered,
    }
    paging {
        every_page_size_gives_the_same_sequence,
        every_list_is_the_same_at_every_page_size,
        no_page_is_larger_than_asked,
        a_page_size_of_nothing_does_no_harm,
        a_cursor_goes_on_in_another_process,
        a_cursor_of_another_query_is_refused,
        a_cursor_of_another_operation_is_refused,
        a_cursor_of_another_account_is_refused,
        a_damaged_cursor_is_refused,
        a_cursor_shows_nothing,
        a_total_is_what_there_is,
        rows_that_move_lose_and_repeat_nothing,
        an_empty_page_in_the_middle_is_not_the_end,
        a_wrong_total_ends_nothing,
        ties_that_come_in_another_order_lose_nothing,
        a_stream_brings_what_the_pages_bring,
        a_cursor_that_comes_twice_ends_the_stream,
        a_listing_of_nothing_ends,
    }
    create {
        a_title_is_enough,
        everything_that_can_be_written_is_read_back,
        each_priority_can_be_given,
        a_type_is_made_or_refused,
        a_first_comment_rides_along,
        the_same_key_gives_the_same_ticket,
        a_key_and_an_external_id_go_together,
        a_person_who_does_not_exist_is_refused,
        a_place_that_does_not_exist_is_refused,
        a_shared_address_is_refused_with_the_candidates,
        a_field_that_does_not_exist_is_refused,
        an_empty_title_is_refused,
        a_long_title_is_kept_whole_or_refused,
        an_unknown_status_is_refused_with_those_there_are,
    }
    update {
        a_patch_of_nothing_changes_nothing,
        each_key_changes_alone,
        each_key_is_cleared_alone,
        sets_are_added_to_removed_from_and_replaced,
        more_assignees_than_fit_are_refused,
        a_comment_rides_along,
        an_old_version_is_refused,
        an_unknown_ticket_is_not_found,
        a_key_names_the_ticket,
        a_due_day_stays_that_day,
        plain_text_stays_as_it_was_written,
        a_deleted_ticket_is_gone,
        an_old_version_is_not_deleted,
    }
    statuses {
        every_writable_status_is_reached,
        resolved_and_closed_stand_in_for_each_other,
        a_move_ends_where_it_was_asked_or_is_refused,
        a_resolved_ticket_comes_back,
        what_a_status_needs_is_named,
        a_reason_is_kept,
        a_native_status_is_reached_by_id_and_name,
        an_unknown_status_is_refused_with_those_there_are,
        an_unmapped_status_survives,
        the_status_list_agrees_with_the_tickets,
        transitions_lead_where_they_say,
    }
    comments {
        comments_come_oldest_first,
        one_visibility_can_be_asked_for,
        each_visibility_is_written_as_that,
        markdown_loses_no_word,
        an_empty_comment_is_refused,
        a_ticket_that_does_not_exist_has_no_comments,
        the_same_key_gives_the_same_comment,
        a_comment_is_changed_and_deleted,
        a_comment_of_somebody_else_is_seen,
        many_comments_in_one_second_are_all_there,
    }
    attachments {
        listed_files_are_downloaded_byte_by_byte,
        a_file_with_an_awkward_name_comes_back,
        an_empty_file_comes_back,
        five_megabytes_come_back,
        a_stream_of_uneven_pieces_comes_back,
        a_source_that_fails_leaves_nothing,
        unknown_and_too_large_files_are_refused,
        the_same_key_gives_the_same_attachment,
        a_download_that_breaks_off_is_an_error,
    }
    links {
        a_duplicate_is_seen_from_both_ends,
        each_link_is_made_seen_and_removed,
        a_link_to_nowhere_is_refused,
        the_watchers_are_those_of_the_ticket,
        the_history_tells_what_happened,
        a_change_of_our_own_is_in_the_history,
    }
    people {
        only_active_users_are_listed_unless_asked,
        only_active_groups_are_listed_unless_asked,
        users_and_groups_are_got_by_id,
        raw_comes_only_where_it_is_asked_for,
        users_are_found_by_email,
        users_are_found_by_name,
        users_are_found_by_text,
        two_ways_to_find_narrow_each_other,
        the_picker_offers_a_groups_active_members,
        groups_are_found_by_name_and_text,
        the_members_are_the_members,
        a_cached_answer_says_its_age,
    }
    catalogue {
        the_accounts_are_the_customers,
        the_contacts_are_the_customers_people,
        the_tags_are_those_on_tickets,
        the_collections_are_those_of_tickets,
        the_field_catalogue_is_a_catalogue,
        fields_on_tickets_are_in_the_catalogue,
        choices_come_where_they_are_asked_for,
        the_catalogue_agrees_with_the_capabilities,
    }
    changes {
        from_the_beginning_everything_comes,
        a_change_brings_the_ticket_as_it_is,
        where_nothing_changed_the_checkpoint_stands,
        new_and_changed_tickets_come,
        a_change_in_the_second_of_the_reading_is_not_missed,
        many_changes_in_one_second_come_whole,
        changes_between_pages_are_not_missed,
        a_deleted_ticket_comes_as_removed,
        a_hidden_ticket_is_missing_from_the_census,
        new_comments_come,
        a_changed_user_comes,
        a_checkpoint_of_something_else_is_refused,
        a_checkpoint_goes_on_in_another_process,
    }
    census {
        the_census_of_tickets_is_their_listing,
        the_census_of_users_is_their_listing,
        the_census_of_groups_is_their_listing,
        the_census_of_accounts_is_their_listing,
        the_census_of_contacts_is_their_listing,
        the_census_of_comments_is_every_tickets_comments,
        a_census_while_things_move_is_whole,
    }
    webhooks {
        a_subscription_lives_and_ends,
        a_signed_delivery_names_what_changed,
        a_delivery_that_was_tampered_with_is_refused,
        a_delivery_that_comes_twice_is_known,
        an_old_delivery_is_refused_where_its_age_is_signed,
    }
    raw {
        a_raw_request_is_answered,
        another_host_and_credentials_are_refused_unsent,
        dots_in_a_path_stay_at_the_host,
        query_values_are_escaped,
        a_raw_write_is_not_repeated,
    }
    errors {
        an_error_names_its_provider_and_operation,
        a_refused_credential_is_unauthenticated,
        a_missing_right_is_told,
        an_unreadable_key_is_named,
        a_write_without_the_right_is_refused,
    }
    oddities {
        success_with_an_error_in_it_is_an_error,
        a_part_of_a_list_is_an_error,
        a_broken_row_is_an_error_that_names_it,
        a_web_page_is_an_error,
        a_cut_answer_is_an_error,
        a_failing_server_is_got_over_or_unavailable,
        a_lost_answer_is_got_over,
        silence_ends_in_a_timeout,
        a_rate_limit_is_waited_for,
        a_wait_until_the_past_is_no_wait,
        a_long_rate_limit_is_told,
        huge_answers_are_read,
        unknown_keys_are_no_reason_to_fail,
        nulls_are_empty,
        foreign_links_are_not_followed,
        a_foreign_redirect_is_an_error,
        an_ignored_filter_never_gives_wrong_rows,
        an_unmapped_priority_survives,
        an_empty_ticket_is_a_ticket,
        a_dropped_call_leaves_no_lock,
        many_calls_at_once_are_all_answered,
        long_texts_survive,
        the_vendors_words_are_told,
    }
    uncertain {
        a_new_ticket_whose_answer_was_lost_is_one,
        without_a_key_an_uncertain_ticket_is_told,
        a_refusal_after_the_ticket_was_made_is_one_ticket,
        a_new_ticket_that_never_arrived_is_at_most_one,
        a_write_under_a_rate_limit_happens_once,
        a_comment_whose_answer_was_lost_is_said_once,
        a_change_whose_answer_was_lost_has_its_comment_once,
        a_file_whose_answer_was_lost_is_attached_once,
    }
    credentials {
        one_token_serves_many_calls,
        calls_at_once_share_one_renewal,
        a_token_that_ended_is_renewed,
        a_refusal_is_tried_once_with_a_new_token,
        a_refused_renewal_is_unauthenticated,
        a_failing_token_endpoint_is_unavailable,
        a_dropped_renewal_leaves_nobody_waiting,
    }
    secrets {
        no_secret_shows_anywhere,
        the_recording_sees_what_is_traced,
    }
    configuration {
        a_good_configuration_is_built,
        an_unknown_key_is_refused_by_name,
        a_wrong_type_is_refused_by_key,
        a_missing_or_empty_value_is_refused_by_key,
        nonsense_is_refused,
        the_schema_names_every_key,
    }
    contracts {
        tickets_hold_their_contract,
        people_hold_their_contract,
        what_hangs_on_tickets_holds_its_contract,
        the_catalogue_holds_its_contract,
        answers_hold_their_contract,
    }
    canonical {
        tickets_match_the_company,
        users_match_the_company,
        groups_match_the_company,
        accounts_match_the_company,
        contacts_match_the_company,
        comments_match_the_company,
        attachments_match_the_company,
        links_match_the_company,
        history_matches_the_company,
    }
    snapshots {
        the_capabilities_are_those_that_were_reviewed,
        the_hooks_are_those_that_were_reviewed,
        the_wire_of_a_listing,
        the_wire_of_a_filtered_listing,
        the_wire_of_getting_a_ticket,
        the_wire_of_a_new_ticket,
        the_wire_of_an_update,
        the_wire_of_comments,
        the_wire_of_finding_a_user,
        the_wire_of_a_delta,
        the_wire_of_a_census,
        the_wire_of_the_field_catalogue,
    }
}
