//! To the vendor's page and back: what a state is good for, and for whom.

use serde_json::json;
use ticketing_core::request::ListGroups;
use ticketing_core::{ErrorKind, Secret};
use ticketing_store::{BeginAuthorization, Callback, Client, ClientChoice, Completed, OAuthApp, Status};

use vendor_sandbox::jira::OtherSite;

use crate::bed::{Bed, JIRA, REDIRECT, SERVICENOW, TENANT, ZENDESK, with_password};

fn value(url: &url::Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

#[tokio::test]
async fn a_customer_connects_and_the_connection_works() {
    let bed = Bed::new().await;
    let begun = bed.connections.begin_authorization(bed.begin_servicenow("prod")).await.unwrap();
    assert!(begun.url.as_str().starts_with(&format!("{SERVICENOW}/oauth_auth.do?")), "{}", begun.url);
    assert_eq!(value(&begun.url, "code_challenge_method").as_deref(), Some("S256"));
    assert_eq!(value(&begun.url, "redirect_uri").as_deref(), Some(REDIRECT));
    let state = value(&begun.url, "state").unwrap();
    assert!(state.len() >= 43 && state.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)), "{state}");
    assert!(!begun.url.as_str().contains("sandbox-secret"));

    let callback = Callback::from_query(&bed.agree(&begun.url).await).unwrap();
    let Completed::Connected(made) = bed.connections.complete_authorization(TENANT, callback).await.unwrap() else {
        panic!("a ServiceNow instance has no sites to choose from")
    };
    assert_eq!(
        (made.name.as_str(), made.provider.as_str(), made.account.as_str()),
        ("prod", "servicenow", "127.0.0.1:4010")
    );
    assert_eq!(made.oauth_app, Some(OAuthApp::Own { client_id: "sandbox-client".to_owned() }));
    assert_eq!((made.status, made.credential.as_deref()), (Status::Active, Some("oauth")));
    assert_eq!(made.scopes, ["useraccount"]);
    assert!(made.expires_at.is_some());
    let client = bed.connections.client(TENANT, "prod").await.unwrap();
    assert_eq!(client.check().await.unwrap().user.unwrap().name.as_deref(), Some("Integration Service"));
    // The token that came with consent is used; none is asked for again.
    assert_eq!(bed.token_requests(), 1);
    let again = bed.connections.begin_authorization(bed.begin_servicenow("prod")).await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::AlreadyExists);
}

#[tokio::test]
async fn a_state_is_good_once_for_its_tenant_and_for_ten_minutes() {
    let bed = Bed::new().await;
    let refused = |error: ticketing_core::Error| {
        assert_eq!((error.kind(), error.field()), (ErrorKind::Unauthenticated, Some("state")), "{error}");
        assert!(error.hint().is_some());
    };
    let begun = bed.connections.begin_authorization(bed.begin_servicenow("prod")).await.unwrap();
    let callback = Callback::from_query(&bed.agree(&begun.url).await).unwrap();
    // Another tenant can neither use the state nor use it up.
    refused(bed.connections.complete_authorization("globex", callback.clone()).await.unwrap_err());
    bed.token_requests();
    bed.connections.complete_authorization(TENANT, callback.clone()).await.unwrap();
    refused(bed.connections.complete_authorization(TENANT, callback).await.unwrap_err());
    let made_up = Callback::from_query("code=x&state=made-up").unwrap();
    refused(bed.connections.complete_authorization(TENANT, made_up).await.unwrap_err());
    assert_eq!(bed.token_requests(), 1, "nothing is sent for a state that is none");

    let begun = bed.connections.begin_authorization(bed.begin_servicenow("late")).await.unwrap();
    let callback = Callback::from_query(&bed.agree(&begun.url).await).unwrap();
    bed.advance(600);
    refused(bed.connections.complete_authorization(TENANT, callback).await.unwrap_err());

    // Two who come back with one state at the same moment: one of them is served.
    let begun = bed.connections.begin_authorization(bed.begin_servicenow("twice")).await.unwrap();
    let callback = Callback::from_query(&bed.agree(&begun.url).await).unwrap();
    let (one, two) = tokio::join!(
        bed.connections.complete_authorization(TENANT, callback.clone()),
        bed.beside().await.complete_authorization_of(callback)
    );
    assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1);
}

/// For `join!`, which takes what lives long enough.
trait Owned {
    async fn complete_authorization_of(self, callback: Callback) -> ticketing_core::Result<Completed>;
}

impl Owned for ticketing_store::Connections {
    async fn complete_authorization_of(self, callback: Callback) -> ticketing_core::Result<Completed> {
        self.complete_authorization(TENANT, callback).await
    }
}

#[tokio::test]
async fn who_says_no_and_what_is_cut_off_is_told_plainly() {
    let bed = Bed::new().await;
    let fault = serde_json::from_value(json!({"name": "oauth_denied"})).unwrap();
    bed.servicenow.set_faults([fault]).unwrap();
    let begun = bed.connections.begin_authorization(bed.begin_servicenow("prod")).await.unwrap();
    let callback = Callback::from_query(&bed.agree(&begun.url).await).unwrap();
    let error = bed.connections.complete_authorization(TENANT, callback).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(error.message().contains("access_denied"), "{error}");
    for query in ["", "code=x", "state=", "state=x", "error=denied"] {
        let error = Callback::from_query(query).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{query}");
    }
    assert_eq!(bed.token_requests(), 0);
}

#[tokio::test]
async fn a_site_is_chosen_where_the_token_opens_it() {
    let bed = Bed::new().await;
    // One site: there is nothing to choose.
    let made = bed.connect(bed.begin_jira("one")).await;
    assert_eq!(made.config["cloud_id"], bed.jira.cloud_id());
    assert_eq!((made.account.as_str(), made.config["site"].as_str()), (JIRA, Some(JIRA)));
    assert!(made.scopes.contains(&"offline_access".to_owned()), "{:?}", made.scopes);
    let client = bed.connections.client(TENANT, "one").await.unwrap();
    client.check().await.unwrap();
    // A site that was named must be among those that the customer agreed to.
    let mut request = bed.begin_jira("other");
    request.config["site"] = json!("other.example.com");
    let begun = bed.connections.begin_authorization(request).await.unwrap();
    let callback = Callback::from_query(&bed.agree(&begun.url).await).unwrap();
    let error = bed.connections.complete_authorization(TENANT, callback).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::PermissionDenied, Some("site")), "{error}");
    assert!(error.message().contains(JIRA), "{error}");
}

/// Two sites that the customer's token opens beside the emulated one.
fn more_sites(bed: &Bed) {
    let other = |id: &str, url: &str| OtherSite { id: id.to_owned(), url: url.to_owned(), name: id.to_owned() };
    let mut settings = bed.jira.settings();
    settings.other_sites =
        vec![other("id-of-west", "https://west.atlassian.net"), other("id-of-east", "https://east.atlassian.net")];
    bed.jira.set_settings(settings);
}

#[tokio::test]
async fn of_several_sites_the_customer_chooses_one() {
    let bed = Bed::new().await;
    more_sites(&bed);
    let begin = async |request| {
        let begun = bed.connections.begin_authorization(request).await.unwrap();
        let callback = Callback::from_query(&bed.agree(&begun.url).await).unwrap();
        bed.connections.complete_authorization(TENANT, callback).await
    };
    let choice = async |name: &str| match begin(bed.begin_jira(name)).await.unwrap() {
        Completed::ChooseSite { continuation, sites } => (continuation, sites),
        other => panic!("three sites: {other:?}"),
    };
    // Each is told once, although the vendor lists it once a product.
    let (continuation, sites) = choice("chosen").await;
    let ids: Vec<&str> = sites.iter().map(|site| site.id.as_str()).collect();
    assert_eq!(ids, [bed.jira.cloud_id().as_str(), "id-of-west", "id-of-east"]);
    assert!(bed.connections.store().find(TENANT, "chosen").await.is_err(), "nothing is kept before the choice");
    // The choice is this tenant's, and good once.
    let stranger = bed.connections.choose_site("globex", &continuation, "id-of-west").await.unwrap_err();
    assert_eq!(stranger.kind(), ErrorKind::Unauthenticated);
    let made = bed.connections.choose_site(TENANT, &continuation, "id-of-west").await.unwrap();
    assert_eq!(
        (made.account.as_str(), made.config["cloud_id"].as_str()),
        ("https://west.atlassian.net", Some("id-of-west"))
    );
    let again = bed.connections.choose_site(TENANT, &continuation, "id-of-east").await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Unauthenticated);
    let (continuation, _) = choice("nowhere").await;
    let error = bed.connections.choose_site(TENANT, &continuation, "id-of-north").await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("site")), "{error}");
    assert!(error.hint().unwrap().contains("id-of-east"), "{error}");

    // Named before, by address or id: there is nothing to choose, and the connection works where it leads to us.
    for (name, site) in [("by-url", JIRA.to_owned()), ("by-id", bed.jira.cloud_id())] {
        let made = bed.connect(bed.begin_jira(name).with_site(site)).await;
        assert_eq!(made.account, JIRA);
        bed.connections.client(TENANT, name).await.unwrap().check().await.unwrap();
    }
    assert_eq!(bed.connect(bed.begin_jira("bare").with_site("east")).await.config["cloud_id"], "id-of-east");
    let mut request = bed.begin_jira("config");
    request.config["site"] = json!("west.atlassian.net");
    assert_eq!(bed.connect(request).await.config["cloud_id"], "id-of-west");
    let error = begin(bed.begin_jira("other").with_site("north.atlassian.net")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    for known in [JIRA, "https://west.atlassian.net", "id-of-east"] {
        assert!(error.message().contains(known), "{error}");
    }
}

#[tokio::test]
async fn a_shared_registration_serves_many_and_its_secret_is_told_to_nobody() {
    let bed = Bed::new().await;
    let client = Client::new("sandbox-client", Some(Secret::new("sandbox-secret")));
    bed.connections.store().set_oauth_app("product", "gateway", &client).await.unwrap();
    for (tenant, name) in [("acme", "jira"), ("globex", "jira")] {
        let mut request = bed.begin_jira(name);
        request.tenant = tenant.to_owned();
        request.client = ClientChoice::Shared("product".to_owned());
        let made = bed.connect(request).await;
        assert_eq!(made.oauth_app, Some(OAuthApp::Shared("product".to_owned())));
        let shown = format!("{made:?} {}", serde_json::to_string(&made).unwrap());
        assert!(!shown.contains("sandbox-secret"), "{shown}");
    }
    bed.advance(3_700);
    bed.connections.client("globex", "jira").await.unwrap().check().await.unwrap();
    let mut request = bed.begin_jira("third");
    request.client = ClientChoice::Shared("nosuch".to_owned());
    assert_eq!(bed.connections.begin_authorization(request).await.unwrap_err().kind(), ErrorKind::NotFound);
    let taken = bed.connections.store().set_oauth_app("product", "servicenow", &client).await.unwrap_err();
    assert_eq!(taken.kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn a_shared_registration_goes_to_its_own_vendor_and_to_no_host_that_a_customer_named() {
    let bed = Bed::new().await;
    let client = Client::new("sandbox-client", Some(Secret::new("sandbox-secret")));
    bed.connections.store().set_oauth_app("jiras", "gateway", &client).await.unwrap();
    bed.connections.store().set_oauth_app("zendesks", "zendesk", &client).await.unwrap();
    let refused = async |mut request: BeginAuthorization, app: &str, kind: ErrorKind| {
        request.client = ClientChoice::Shared(app.to_owned());
        for error in [
            bed.connections.begin_authorization(request.clone()).await.unwrap_err(),
            bed.connections.connect_by_grant(request, None).await.unwrap_err(),
        ] {
            assert_eq!((error.kind(), error.field()), (kind, Some("app")), "{error}");
            assert!(error.hint().is_some(), "{error}");
        }
    };
    refused(bed.begin_zendesk("z"), "jiras", ErrorKind::Conflict).await;
    let mut elsewhere = bed.begin_zendesk("z");
    elsewhere.config = serde_json::json!({ "instance": "support.evil.example" });
    refused(elsewhere, "zendesks", ErrorKind::Config).await;
    assert!(bed.transport.sent.lock().unwrap().is_empty(), "nothing is sent anywhere");
    let mut own = bed.begin_zendesk("z");
    own.client = ClientChoice::Shared("zendesks".to_owned());
    bed.connect(own).await;
}

/// What is registered changes once the vendor has given the client tokens, and not before.
#[tokio::test]
async fn a_registration_is_kept_once_the_vendor_took_it() {
    let bed = Bed::new().await;
    let register = |secret: &str| ClientChoice::Register {
        name: "product".to_owned(),
        client: Client::new("sandbox-client", Some(Secret::new(secret))),
    };
    let zendesk = |name: &str, client: ClientChoice| {
        let mut request = bed.begin_zendesk(name);
        request.client = client;
        request
    };
    let refused = async || {
        let by_grant = bed.connections.connect_by_grant(zendesk("grant", register("hunter2")), None).await;
        assert_eq!(by_grant.unwrap_err().kind(), ErrorKind::Unauthenticated);
        let begun = bed.connections.begin_authorization(zendesk("page", register("hunter2"))).await.unwrap();
        let callback = Callback::from_query(&bed.agree(&begun.url).await).unwrap();
        let completed = bed.connections.complete_authorization(TENANT, callback).await;
        assert_eq!(completed.unwrap_err().kind(), ErrorKind::Unauthenticated);
    };
    refused().await;
    assert!(bed.connections.store().oauth_apps().await.unwrap().is_empty());
    let made = bed.connect(zendesk("first", register("sandbox-secret"))).await;
    assert_eq!(made.oauth_app, Some(OAuthApp::Shared("product".to_owned())));
    refused().await;
    let by_grant = zendesk("second", ClientChoice::Shared("product".to_owned()));
    bed.connections.connect_by_grant(by_grant, None).await.unwrap();
    let mut others = bed.begin_jira("jira");
    others.client = register("sandbox-secret");
    let error = bed.connections.begin_authorization(others).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Conflict, Some("app")), "{error}");
}

#[tokio::test]
async fn grants_without_a_browser_are_tried_before_they_are_kept() {
    let bed = Bed::granting().await;
    let by = |name: &str, login: Option<(&str, &str)>| {
        let login = login.map(|(user, password)| (user.to_owned(), Secret::new(password)));
        bed.connections.connect_by_grant(bed.begin_servicenow(name), login)
    };
    by("client", None).await.unwrap();
    by("password", Some(("itil", "itil"))).await.unwrap();
    let refused = by("wrong", Some(("itil", "hunter2"))).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unauthenticated);
    assert!(!format!("{refused:?}").contains("hunter2"));
    assert_eq!(bed.connections.store().list(TENANT, "", 10).await.unwrap().len(), 2, "what was refused is not kept");
    bed.advance(1_801);
    for name in ["client", "password"] {
        bed.connections.client(TENANT, name).await.unwrap().check().await.unwrap();
    }
    // Its refresh token is over after a hundred days, and the user's name and password give another one.
    bed.advance(8_640_001);
    bed.connections.client(TENANT, "password").await.unwrap().check().await.unwrap();
    let jira = bed.connections.connect_by_grant(bed.begin_jira("jira"), None).await.unwrap_err();
    assert_eq!(jira.kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn a_dead_credential_is_said_and_mended_in_place() {
    let bed = Bed::new().await;
    let made = bed.connect(bed.begin_servicenow("prod")).await;
    let client = bed.connections.client(TENANT, "prod").await.unwrap();
    client.check().await.unwrap();
    bed.token_requests();
    // A refresh token of ServiceNow lives for a hundred days.
    bed.advance(8_640_001);
    let error = client.check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
    assert!(error.message().contains("`prod` needs to be authorized again"), "{error}");
    assert!(error.hint().unwrap().contains("ticketing connect servicenow --connection prod"), "{error}");
    assert_eq!(bed.token_requests(), 1);
    let row = bed.connections.store().get(TENANT, &made.id).await.unwrap();
    assert_eq!(row.status, Status::NeedsReauthorization);
    assert!(row.last_error.unwrap().contains("refused the credential"));
    // Nobody asks again, in this process or another.
    for connections in [bed.connections.clone(), bed.beside().await] {
        let error = connections.client(TENANT, "prod").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    }
    assert_eq!(bed.token_requests(), 0);

    let begun = bed.connections.begin_reauthorization(TENANT, &made.id, REDIRECT).await.unwrap();
    let callback = Callback::from_query(&bed.agree(&begun.url).await).unwrap();
    let Completed::Connected(again) = bed.connections.complete_authorization(TENANT, callback).await.unwrap() else {
        panic!("one site")
    };
    assert_eq!((&again.id, again.status, again.last_error), (&made.id, Status::Active, None));
    bed.connections.client(TENANT, "prod").await.unwrap().check().await.unwrap();
}

/// The customer's administrator changes the client's secret: the connection stays, with the new one.
#[tokio::test]
async fn a_client_gets_another_secret_in_place() {
    let bed = Bed::granting().await;
    let made = bed.connect(bed.begin_servicenow("prod")).await;
    let machine = bed.connections.connect_by_grant(bed.begin_servicenow("machine"), None).await.unwrap();
    let changed = vendor_sandbox::servicenow::OAuthClient {
        client_secret: Some("rolled-secret".to_owned()),
        ..vendor_sandbox::servicenow::OAuthClient::standard()
    };
    bed.servicenow.set_oauth_client(changed);
    bed.advance(1_801);
    for name in ["prod", "machine"] {
        let error = bed.connections.client(TENANT, name).await.unwrap().check().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
    }
    let with = |secret: &str| Client::new("sandbox-client", Some(Secret::new(secret)));

    // One that is wrong takes the place of nothing.
    let again = async |client: Client| {
        let begun = bed
            .connections
            .begin_reauthorization_with(TENANT, &made.id, REDIRECT, ClientChoice::Own(client))
            .await
            .unwrap();
        let callback = Callback::from_query(&bed.agree(&begun.url).await).unwrap();
        bed.connections.complete_authorization(TENANT, callback).await
    };
    assert_eq!(again(with("wrong-secret")).await.unwrap_err().kind(), ErrorKind::Unauthenticated);
    let row = bed.connections.store().get(TENANT, &made.id).await.unwrap();
    assert_eq!(row.status, Status::NeedsReauthorization);
    again(with("rolled-secret")).await.unwrap();
    let refused = bed
        .connections
        .reauthorize_by_grant(TENANT, &machine.id, Some(ClientChoice::Own(with("wrong-secret"))), None)
        .await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unauthenticated);
    let back = bed
        .connections
        .reauthorize_by_grant(TENANT, &machine.id, Some(ClientChoice::Own(with("rolled-secret"))), None)
        .await;
    assert_eq!(back.unwrap().status, Status::Active);
    // It is kept: the next tokens are had by it, here and in another process.
    bed.advance(1_801);
    for connections in [bed.connections.clone(), bed.beside().await] {
        for name in ["prod", "machine"] {
            connections.client(TENANT, name).await.unwrap().check().await.unwrap();
        }
    }

    // Another client altogether.
    let other = vendor_sandbox::servicenow::OAuthClient {
        client_id: "other-client".to_owned(),
        ..vendor_sandbox::servicenow::OAuthClient::standard()
    };
    bed.servicenow.set_oauth_client(other);
    again(Client::new("other-client", Some(Secret::new("sandbox-secret")))).await.unwrap();
    // What is refused takes the place of nothing that works.
    assert_eq!(again(with("wrong-secret")).await.unwrap_err().kind(), ErrorKind::Unauthenticated);
    let refused = bed
        .connections
        .reauthorize_by_grant(TENANT, &machine.id, Some(ClientChoice::Own(with("wrong-secret"))), None)
        .await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unauthenticated);
    let row = bed.connections.store().get(TENANT, &made.id).await.unwrap();
    assert_eq!(row.oauth_app, Some(OAuthApp::Own { client_id: "other-client".to_owned() }));
    bed.advance(1_801);
    for connections in [bed.connections.clone(), bed.beside().await] {
        for name in ["prod", "machine"] {
            connections.client(TENANT, name).await.unwrap().check().await.unwrap();
        }
    }
}

/// A client that all connections share, and that the vendor refuses, is put right in one place: no connection has to be
/// authorized again for it.
#[tokio::test]
async fn a_shared_client_that_is_refused_ends_no_connection() {
    let bed = Bed::new().await;
    let keep = async |secret: &str| {
        let client = Client::new("sandbox-client", Some(Secret::new(secret)));
        bed.connections.store().set_oauth_app("product", "gateway", &client).await.unwrap();
    };
    keep("sandbox-secret").await;
    let mut request = bed.begin_jira("prod");
    request.client = ClientChoice::Shared("product".to_owned());
    let made = bed.connect(request).await;
    keep("mistyped-secret").await;
    bed.advance(3_700);
    let error = bed.connections.client(TENANT, "prod").await.unwrap().check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
    assert_eq!(bed.connections.store().get(TENANT, &made.id).await.unwrap().status, Status::Active);
    keep("sandbox-secret").await;
    // Here, a refusal is not asked for again for half a minute; another process goes on at once.
    bed.beside().await.client(TENANT, "prod").await.unwrap().check().await.unwrap();
}

/// Authorized again, a connection asks for what it was given, and not for more.
#[tokio::test]
async fn authorized_again_with_the_scopes_that_it_had() {
    let bed = Bed::new().await;
    let made = bed.connect(bed.begin_zendesk("prod").with_scopes(vec!["read".to_owned()])).await;
    assert_eq!(made.scopes, ["read"]);
    let begun = bed.connections.begin_reauthorization(TENANT, &made.id, REDIRECT).await.unwrap();
    assert_eq!(value(&begun.url, "scope").as_deref(), Some("read"));
    let narrow = ["read:jira-work", "offline_access"].map(str::to_owned).to_vec();
    let made = bed.connect(bed.begin_jira("jira").with_scopes(narrow)).await;
    let begun = bed.connections.begin_reauthorization(TENANT, &made.id, REDIRECT).await.unwrap();
    let asked = value(&begun.url, "scope").unwrap();
    let mut asked: Vec<&str> = asked.split(' ').collect();
    asked.sort_unstable();
    assert_eq!(asked, ["offline_access", "read:jira-work"]);
}

/// A client that all connections share is not changed for one, and who has none is told so.
#[tokio::test]
async fn a_client_is_replaced_only_where_it_is_the_connections_own() {
    let bed = Bed::new().await;
    let client = || Client::new("sandbox-client", Some(Secret::new("sandbox-secret")));
    bed.connections.store().set_oauth_app("product", "zendesk", &client()).await.unwrap();
    let mut request = bed.begin_zendesk("shared");
    request.client = ClientChoice::Shared("product".to_owned());
    let shared = bed.connect(request).await;
    let fixed = with_password(&bed.connections, TENANT, "fixed", "admin").await;
    for (id, kind) in [(&fixed.id, ErrorKind::Unsupported), (&shared.id, ErrorKind::Conflict)] {
        let begun = bed.connections.begin_reauthorization_with(TENANT, id, REDIRECT, ClientChoice::Own(client())).await;
        assert_eq!(begun.unwrap_err().kind(), kind);
        let given = bed.connections.reauthorize_by_grant(TENANT, id, Some(ClientChoice::Own(client())), None).await;
        assert_eq!(given.unwrap_err().kind(), kind);
    }
    let given = bed.connections.reauthorize_by_grant(TENANT, &fixed.id, None, None).await;
    assert_eq!(given.unwrap_err().kind(), ErrorKind::Unsupported);
    let given = bed.connections.reauthorize_by_grant(TENANT, &shared.id, None, None).await.unwrap();
    assert_eq!(given.oauth_app, Some(OAuthApp::Shared("product".to_owned())));
}

/// The product's registration is changed by its name, once the vendor took the new one: here and for all who use it.
#[tokio::test]
async fn a_registration_is_replaced_by_one_of_its_connections() {
    let bed = Bed::new().await;
    let client = |secret: &str| Client::new("sandbox-client", Some(Secret::new(secret)));
    bed.connections.store().set_oauth_app("product", "zendesk", &client("sandbox-secret")).await.unwrap();
    let mut request = bed.begin_zendesk("shared");
    request.client = ClientChoice::Shared("product".to_owned());
    let shared = bed.connect(request).await;
    bed.connections.store().set_oauth_app("product", "zendesk", &client("mistyped")).await.unwrap();
    let register = |name: &str, secret: &str| {
        let (name, client) = (name.to_owned(), client(secret));
        ClientChoice::Register { name, client }
    };
    let by_grant = async |choice| bed.connections.reauthorize_by_grant(TENANT, &shared.id, Some(choice), None).await;
    assert_eq!(by_grant(register("product", "wrong")).await.unwrap_err().kind(), ErrorKind::Unauthenticated);
    let other = by_grant(register("other", "sandbox-secret")).await.unwrap_err();
    assert_eq!((other.kind(), other.field()), (ErrorKind::Conflict, Some("app")), "{other}");
    by_grant(register("product", "sandbox-secret")).await.unwrap();
    let kept = bed.connections.reauthorize_by_grant(TENANT, &shared.id, None, None).await.unwrap();
    assert_eq!(kept.oauth_app, Some(OAuthApp::Shared("product".to_owned())));
    let own = bed.connect(bed.begin_zendesk("own")).await;
    let choice = register("product", "sandbox-secret");
    let error = bed.connections.begin_reauthorization_with(TENANT, &own.id, REDIRECT, choice).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Conflict, Some("app")), "{error}");
}

/// A client in a configuration is kept as one: for its own credentials too, all processes share one token, with scopes.
#[tokio::test]
async fn a_given_client_for_its_own_credentials_asks_once_for_all() {
    let bed = Bed::new().await;
    let auth = serde_json::json!({ "type": "oauth", "client_id": "sandbox-client", "client_secret": "sandbox-secret" });
    let config = serde_json::json!({ "instance": ZENDESK, "auth": auth });
    let made = bed.connections.connect(TENANT, "zendesk", "machine", config).await.unwrap();
    assert_eq!((made.credential.as_deref(), made.scopes.len()), (Some("oauth"), 2));
    bed.token_requests();
    for connections in [bed.connections.clone(), bed.beside().await, bed.beside().await] {
        let client = connections.client(TENANT, "machine").await.unwrap();
        client.list_groups(ListGroups::new().with_page_size(1)).await.unwrap();
    }
    assert_eq!(bed.token_requests(), 1);
}

/// A refresh token that rotates is written down, whoever the client is: a public one has no secret.
#[tokio::test]
async fn a_given_refresh_token_is_kept_as_one_with_a_secret_and_without() {
    let bed = Bed::new().await;
    for (name, secret) in [("confidential", Some("s")), ("public", None)] {
        let mut auth = serde_json::json!({ "type": "oauth", "client_id": name, "refresh_token": "r" });
        if let Some(secret) = secret {
            auth["client_secret"] = secret.into();
        }
        let config = serde_json::json!({ "instance": crate::bed::ZENDESK, "auth": auth });
        let made = bed.connections.connect("acme", "zendesk", name, config).await.unwrap();
        assert_eq!(made.oauth_app, Some(OAuthApp::Own { client_id: name.to_owned() }));
        // Another credential in its place: nothing is left of the client and its scopes.
        let auth = serde_json::json!({ "type": "bearer", "token": "t" });
        let config = serde_json::json!({ "instance": crate::bed::ZENDESK, "auth": auth });
        let made = bed.connections.reconnect("acme", &made.id, config).await.unwrap();
        assert_eq!((made.oauth_app, made.scopes.len(), made.credential.as_deref()), (None, 0, Some("bearer")));
    }
}
