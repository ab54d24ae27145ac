//! Calling any operation with a plausible request, to see whether it is there.

use ticketing_core::model::{Kind, LinkCategory, Visibility, WebhookEvent};
use ticketing_core::request::{
    AddComment, AddLink, CreateTicket, CreateWebhook, DeleteComment, DeleteTicket, DeleteWebhook, DownloadAttachment,
    FindGroups, FindUsers, GetGroup, GetTicket, GetTickets, GetUser, LinkTarget, ListAccounts, ListAttachments,
    ListChanges, ListCollections, ListComments, ListContacts, ListFields, ListGroupMembers, ListGroups, ListHistory,
    ListIds, ListLinks, ListStatuses, ListTags, ListTickets, ListTransitions, ListUsers, ListWatchers, ListWebhooks,
    RawMethod, RawRequest, RemoveLink, RenewWebhook, UpdateComment, UpdateTicket, UploadAttachment,
};
use ticketing_core::{Operation, Result, TicketId, TicketingProvider};

/// Calls an operation. `ticket` should exist; every other id is made up.
pub(crate) async fn call(provider: &dyn TicketingProvider, operation: Operation, ticket: &TicketId) -> Result<()> {
    let id = "00000000000000000000000000000000";
    let ticket = ticket.clone();
    match operation {
        Operation::Check => provider.check().await.map(drop),
        Operation::ListTickets => provider.list_tickets(ListTickets::new()).await.map(drop),
        Operation::GetTicket => provider.get_ticket(GetTicket::new(ticket)).await.map(drop),
        Operation::GetTickets => provider.get_tickets(GetTickets::new(vec![ticket])).await.map(drop),
        Operation::CreateTicket => provider.create_ticket(CreateTicket::new("probe")).await.map(drop),
        Operation::UpdateTicket => provider.update_ticket(UpdateTicket::new(ticket)).await.map(drop),
        Operation::DeleteTicket => provider.delete_ticket(DeleteTicket::new(id)).await,
        Operation::ListTransitions => provider.list_transitions(ListTransitions::new(ticket)).await.map(drop),
        Operation::ListUsers => provider.list_users(ListUsers::new()).await.map(drop),
        Operation::GetUser => provider.get_user(GetUser::new(id)).await.map(drop),
        Operation::FindUsers => provider.find_users(FindUsers::new()).await.map(drop),
        Operation::ListGroups => provider.list_groups(ListGroups::new()).await.map(drop),
        Operation::GetGroup => provider.get_group(GetGroup::new(id)).await.map(drop),
        Operation::FindGroups => provider.find_groups(FindGroups::new()).await.map(drop),
        Operation::ListGroupMembers => provider.list_group_members(ListGroupMembers::new(id)).await.map(drop),
        Operation::ListComments => provider.list_comments(ListComments::new(ticket)).await.map(drop),
        Operation::AddComment => {
            provider.add_comment(AddComment::new(ticket, "probe", Visibility::Internal)).await.map(drop)
        }
        Operation::UpdateComment => provider.update_comment(UpdateComment::new(ticket, id, "probe")).await.map(drop),
        Operation::DeleteComment => provider.delete_comment(DeleteComment::new(ticket, id)).await,
        Operation::ListAttachments => provider.list_attachments(ListAttachments::new(ticket)).await.map(drop),
        Operation::DownloadAttachment => {
            provider.download_attachment(DownloadAttachment::new(id).with_ticket(ticket)).await.map(drop)
        }
        Operation::UploadAttachment => {
            let upload = UploadAttachment::new(ticket, "probe.txt", b"probe".to_vec());
            provider.upload_attachment(upload).await.map(drop)
        }
        Operation::ListLinks => provider.list_links(ListLinks::new(ticket)).await.map(drop),
        Operation::AddLink => {
            // Every provider that links at all links tickets; addresses are some vendors' alone.
            let target = LinkTarget::Ticket(TicketId::new(id));
            provider.add_link(AddLink::new(ticket, target, LinkCategory::RelatesTo)).await.map(drop)
        }
        Operation::RemoveLink => provider.remove_link(RemoveLink::new(ticket, id)).await,
        Operation::ListWatchers => provider.list_watchers(ListWatchers::new(ticket)).await.map(drop),
        Operation::ListHistory => provider.list_history(ListHistory::new(ticket)).await.map(drop),
        Operation::ListCollections => provider.list_collections(ListCollections::new()).await.map(drop),
        Operation::ListTags => provider.list_tags(ListTags::new()).await.map(drop),
        Operation::ListAccounts => provider.list_accounts(ListAccounts::new()).await.map(drop),
        Operation::ListContacts => provider.list_contacts(ListContacts::new()).await.map(drop),
        Operation::ListFields => provider.list_fields(ListFields::new()).await.map(drop),
        Operation::ListStatuses => provider.list_statuses(ListStatuses::new()).await.map(drop),
        Operation::ListChanges => provider.list_changes(ListChanges::new(Kind::Ticket)).await.map(drop),
        Operation::ListIds => provider.list_ids(ListIds::new(Kind::Ticket)).await.map(drop),
        Operation::CreateWebhook => {
            let webhook = CreateWebhook::new("https://example.com/hook", vec![WebhookEvent::TicketCreated]);
            provider.create_webhook(webhook).await.map(drop)
        }
        Operation::ListWebhooks => provider.list_webhooks(ListWebhooks::new()).await.map(drop),
        Operation::RenewWebhook => provider.renew_webhook(RenewWebhook::new(id)).await.map(drop),
        Operation::DeleteWebhook => provider.delete_webhook(DeleteWebhook::new(id)).await,
        Operation::SendRaw => provider.send_raw(RawRequest::new(RawMethod::Get, "/")).await.map(drop),
        other => panic!("the suite does not know the operation `{other}`: add it to probe.rs and to a case"),
    }
}
