//! The one forwarding wrapper of the workspace.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use futures::future::BoxFuture;

use crate::capability::Capabilities;
use crate::checkpoint::ChangePage;
use crate::error::Result;
use crate::model::{
    Account, Attachment, Collection, Comment, Contact, Field, Group, HistoryEntry, Link, Ref, StatusInfo, Tag, Ticket,
    Transition, User, Webhook,
};
use crate::operation::Operation;
use crate::page::Page;
use crate::provider::{Check, ProviderInfo, TicketingProvider};
use crate::request;

/// A layer: what happens around every operation.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use futures::future::BoxFuture;
/// use ticketing_core::layer::{Call, Intercept};
/// use ticketing_core::{Error, ErrorKind, Result, TicketingProvider};
///
/// /// Gives every operation this long.
/// #[derive(Debug)]
/// struct Deadline(Duration);
///
/// impl Intercept for Deadline {
///     async fn around<'a, T, F>(&'a self, call: Call<'a>, forward: F) -> Result<T>
///     where
///         T: Send + 'static,
///         F: Fn() -> BoxFuture<'a, Result<T>> + Send + Sync + 'a,
///     {
///         tokio::time::timeout(self.0, forward()).await.unwrap_or_else(|_| {
///             Err(Error::new(ErrorKind::Timeout, "too slow").with_operation(call.operation()))
///         })
///     }
/// }
/// ```
pub trait Intercept: fmt::Debug + Send + Sync + Sized + 'static {
    /// Calls `forward`, or does not, and makes what it likes of the answer.
    ///
    /// # Errors
    /// Those of the call, and the layer's own.
    fn around<'a, T, F>(&'a self, call: Call<'a>, forward: F) -> impl Future<Output = Result<T>> + Send + 'a
    where
        T: Send + 'static,
        F: Fn() -> BoxFuture<'a, Result<T>> + Send + Sync + 'a;

    /// What is left of the capabilities.
    fn narrow(&self, capabilities: Capabilities) -> Capabilities {
        capabilities
    }

    /// The provider with this layer around it.
    fn layer(self, inner: Arc<dyn TicketingProvider>) -> Arc<dyn TicketingProvider> {
        Arc::new(Intercepted { inner, layer: self })
    }
}

/// A provider with a layer around it.
#[derive(Debug)]
pub struct Intercepted<I> {
    inner: Arc<dyn TicketingProvider>,
    layer: I,
}

macro_rules! forward {
    ($( $method:ident / $variant:ident: $request:ident -> $reply:ty; )*) => {
        /// One call, as a layer sees it: the provider and the request.
        #[derive(Debug, Clone, Copy)]
        pub struct Call<'a> {
            provider: &'a dyn TicketingProvider,
            request: CallRequest<'a>,
        }

        /// The request of a call.
        #[derive(Debug, Clone, Copy)]
        #[non_exhaustive]
        pub enum CallRequest<'a> {
            /// `check`, which asks for nothing.
            Check,
            $(
                #[doc = concat!("`", stringify!($method), "`")]
                $variant(&'a request::$request),
            )*
        }

        impl<'a> Call<'a> {
            /// The operation.
            #[must_use]
            pub fn operation(&self) -> Operation {
                match self.request {
                    CallRequest::Check => Operation::Check,
                    $( CallRequest::$variant(_) => Operation::$variant, )*
                }
            }

            /// The provider below the layer.
            #[must_use]
            pub fn provider(&self) -> &'a dyn TicketingProvider {
                self.provider
            }

            /// The request.
            #[must_use]
            pub fn request(&self) -> CallRequest<'a> {
                self.request
            }

            /// The request, where it is of type `R`.
            #[must_use]
            pub fn request_as<R: Any>(&self) -> Option<&'a R> {
                match self.request {
                    CallRequest::Check => None,
                    $( CallRequest::$variant(request) => (request as &dyn Any).downcast_ref(), )*
                }
            }
        }

        #[deny(clippy::missing_trait_methods)]
        #[async_trait]
        impl<I: Intercept> TicketingProvider for Intercepted<I> {
            fn info(&self) -> &ProviderInfo {
                self.inner.info()
            }

            fn capabilities(&self) -> Capabilities {
                self.layer.narrow(self.inner.capabilities())
            }

            async fn check(&self) -> Result<Check> {
                let call = Call { provider: &*self.inner, request: CallRequest::Check };
                self.layer.around(call, || -> BoxFuture<'_, Result<Check>> { self.inner.check() }).await
            }

            $(
                async fn $method(&self, request: request::$request) -> Result<$reply> {
                    let call = Call { provider: &*self.inner, request: CallRequest::$variant(&request) };
                    let forward = || -> BoxFuture<'_, Result<$reply>> { self.inner.$method(request.clone()) };
                    self.layer.around(call, forward).await
                }
            )*
        }
    };
}

forward! {
    list_tickets / ListTickets: ListTickets -> Page<Ticket>;
    get_ticket / GetTicket: GetTicket -> Ticket;
    get_tickets / GetTickets: GetTickets -> request::FoundTickets;
    create_ticket / CreateTicket: CreateTicket -> Ticket;
    update_ticket / UpdateTicket: UpdateTicket -> Ticket;
    delete_ticket / DeleteTicket: DeleteTicket -> ();
    list_transitions / ListTransitions: ListTransitions -> Vec<Transition>;
    list_users / ListUsers: ListUsers -> Page<User>;
    get_user / GetUser: GetUser -> User;
    find_users / FindUsers: FindUsers -> Page<User>;
    list_groups / ListGroups: ListGroups -> Page<Group>;
    get_group / GetGroup: GetGroup -> Group;
    find_groups / FindGroups: FindGroups -> Page<Group>;
    list_group_members / ListGroupMembers: ListGroupMembers -> Page<User>;
    list_comments / ListComments: ListComments -> Page<Comment>;
    add_comment / AddComment: AddComment -> Comment;
    update_comment / UpdateComment: UpdateComment -> Comment;
    delete_comment / DeleteComment: DeleteComment -> ();
    list_attachments / ListAttachments: ListAttachments -> Page<Attachment>;
    download_attachment / DownloadAttachment: DownloadAttachment -> request::Download;
    upload_attachment / UploadAttachment: UploadAttachment -> Attachment;
    list_links / ListLinks: ListLinks -> Page<Link>;
    add_link / AddLink: AddLink -> Link;
    remove_link / RemoveLink: RemoveLink -> ();
    list_watchers / ListWatchers: ListWatchers -> Page<Ref>;
    list_history / ListHistory: ListHistory -> Page<HistoryEntry>;
    list_collections / ListCollections: ListCollections -> Page<Collection>;
    list_tags / ListTags: ListTags -> Page<Tag>;
    list_accounts / ListAccounts: ListAccounts -> Page<Account>;
    list_contacts / ListContacts: ListContacts -> Page<Contact>;
    list_fields / ListFields: ListFields -> Page<Field>;
    list_statuses / ListStatuses: ListStatuses -> Vec<StatusInfo>;
    list_changes / ListChanges: ListChanges -> ChangePage;
    list_ids / ListIds: ListIds -> Page<String>;
    create_webhook / CreateWebhook: CreateWebhook -> Webhook;
    list_webhooks / ListWebhooks: ListWebhooks -> Page<Webhook>;
    renew_webhook / RenewWebhook: RenewWebhook -> Webhook;
    delete_webhook / DeleteWebhook: DeleteWebhook -> ();
    send_raw / SendRaw: RawRequest -> request::RawResponse;
}
