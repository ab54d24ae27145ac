//! Addresses that customers type, and names that resolve to where they should not.

use std::net::IpAddr;
use std::sync::Arc;

use ticketing_core::{Delivery, ErrorKind, Secret};
use ticketing_http::auth::{CredentialSource as _, OAuthClient, OAuthGrant, OAuthSource};
use ticketing_http::http::Uri;
use ticketing_http::{
    Address, AddressPolicy, Body, HttpClient, HttpContext, Request, ReqwestTransport, Transport as _,
    TransportErrorKind,
};

use crate::hostile::HOSTILE;
use crate::mock::{Mock, ok};

const SUFFIX: &str = ".service-now.com";

fn names_field_and_way_out(error: &ticketing_core::Error, input: &str) {
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Config, Delivery::NotSent), "{input:?}: {error:?}");
    assert_eq!(error.field(), Some("instance"), "{input:?}");
    assert!(error.hint().is_some_and(|hint| hint.contains("acme.service-now.com")), "{input:?}: {error:?}");
    assert!(!error.is_retryable(), "{input:?}");
    let text = format!("{error}");
    assert!(!text.contains("hunter2"), "{input:?}: {error}");
    assert!(!text.contains(['\n', '\r', '\0']) && text.len() < 400, "{input:?}: {error}");
}

#[test]
fn hostile_addresses_are_refused_with_a_way_out() {
    assert!(HOSTILE.len() >= 60);
    for input in ["2130706433", "0x7f000001", "intranet", "acme"] {
        assert!(AddressPolicy::strict().check("instance", input, None).is_err(), "{input}");
    }
    for input in HOSTILE {
        match AddressPolicy::strict().check("instance", input, Some(SUFFIX)) {
            Ok(address) => panic!("{input:?} became {address}"),
            Err(error) => names_field_and_way_out(&error, input),
        }
    }
    let long = format!("https://{}", "a.".repeat(500));
    names_field_and_way_out(&AddressPolicy::strict().check("instance", &long, Some(SUFFIX)).unwrap_err(), "long");
}

#[test]
fn honest_addresses_are_taken_in_every_spelling() {
    for (input, expected) in [
        ("acme", "https://acme.service-now.com"),
        ("ACME-Test2", "https://acme-test2.service-now.com"),
        ("acme.service-now.com", "https://acme.service-now.com"),
        ("https://Acme.Service-Now.com/", "https://acme.service-now.com"),
        ("HTTPS://acme.service-now.com", "https://acme.service-now.com"),
        ("support.acme.com", "https://support.acme.com"),
        ("service-now.acme.com", "https://service-now.acme.com"),
        ("servicenow.acme.com", "https://servicenow.acme.com"),
        ("support.servicenow.ibm.com", "https://support.servicenow.ibm.com"),
        ("our-service-now.sap.com", "https://our-service-now.sap.com"),
        ("service.now.acme.com", "https://service.now.acme.com"),
        ("now.acme.com", "https://now.acme.com"),
        // What would be a number or a local name elsewhere is the name of an instance here, and no more.
        ("2130706433", "https://2130706433.service-now.com"),
        ("0x7f000001", "https://0x7f000001.service-now.com"),
        ("intranet", "https://intranet.service-now.com"),
    ] {
        let address = AddressPolicy::strict().check("instance", input, Some(SUFFIX)).unwrap();
        assert_eq!(address.as_str(), expected, "{input}");
        assert_eq!(address.field(), "instance");
    }
    // A vendor's own under another domain, which would else be taken for an imitation.
    let (policy, agency) = (AddressPolicy::strict(), "agency.servicenowservices.com");
    policy.check_among("instance", agency, Some(SUFFIX), &["servicenowservices.com"]).unwrap();
    policy.check("instance", agency, Some(SUFFIX)).unwrap_err();
}

#[test]
fn opting_in_to_this_machine_opens_nothing_else() {
    let policy = AddressPolicy::strict().allow_loopback();
    let own = [
        "http://127.0.0.1:4010",
        "http://localhost:4010",
        "https://localhost:4010",
        "http://[::1]:4010",
        "127.0.0.1:80",
    ];
    for input in own {
        assert!(policy.check("instance", input, Some(SUFFIX)).is_ok(), "{input}");
    }
    let still_own = |input: &str| {
        let host = input.split_once("://").map_or(input, |(_, rest)| rest);
        ["127.0.0.1", "localhost", "[::1]"]
            .iter()
            .any(|own| host.trim_end_matches('/') == *own || host.starts_with(&format!("{own}:")))
    };
    for input in HOSTILE.iter().filter(|input| !still_own(input)) {
        assert!(policy.check("instance", input, Some(SUFFIX)).is_err(), "{input:?}");
    }
    for input in ["http://localhost.evil.example.org:4010", "http://127.0.0.1.nip.io:4010", "http://10.0.0.1:4010"] {
        assert!(policy.check("instance", input, Some(SUFFIX)).is_err(), "{input}");
    }
    let loopback: IpAddr = "127.0.0.1".parse().unwrap();
    assert!(policy.allows_ip("localhost", loopback));
    assert!(!policy.allows_ip("evil.example.org", loopback), "a public name that leads to this machine");
    assert!(!policy.allows_ip("localhost", "10.0.0.1".parse().unwrap()));
}

#[test]
fn names_may_lead_to_public_addresses_only() {
    let policy = AddressPolicy::strict();
    for ip in [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.9.9",
        "192.168.0.7",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "198.18.0.1",
        "::1",
        "::",
        "fe80::1",
        "fd00:ec2::254",
        "::ffff:169.254.169.254",
        "64:ff9b::a00:1",
        "2002:a00:1::",
        "ff02::1",
    ] {
        assert!(!policy.allows_ip("acme.service-now.com", ip.parse().unwrap()), "{ip}");
    }
    for ip in ["148.139.0.1", "2606:4700::1111"] {
        assert!(policy.allows_ip("acme.service-now.com", ip.parse().unwrap()), "{ip}");
    }
}

#[test]
fn a_listed_host_is_allowed_and_its_neighbours_are_not() {
    let policy =
        AddressPolicy::strict().allow_host("Jira.Intra.corp").allow_host("10.0.0.7:8443").allow_host("service-now.co");
    for input in [
        "jira.intra.corp",
        "https://JIRA.intra.corp",
        "https://jira.intra.corp:8443",
        "https://10.0.0.7:8443",
        "https://service-now.co",
    ] {
        assert!(policy.check("instance", input, Some(SUFFIX)).is_ok(), "{input}");
    }
    for input in [
        "http://jira.intra.corp",
        "wiki.intra.corp",
        "https://10.0.0.7",
        "https://10.0.0.7:22",
        "https://10.0.0.8:8443",
        "https://u@jira.intra.corp",
        "127.0.0.1",
    ] {
        assert!(policy.check("instance", input, Some(SUFFIX)).is_err(), "{input}");
    }
    let private: IpAddr = "10.0.0.7".parse().unwrap();
    assert!(policy.allows_ip("JIRA.intra.corp", private) && !policy.allows_ip("wiki.intra.corp", private));
}

#[test]
fn what_an_answer_points_to_is_inside_only_where_the_connection_is() {
    let policy = AddressPolicy::strict().allow_loopback().allow_host("jira.intra.corp").allow_host("files.intra.corp");
    let home = |input: &str| policy.check("instance", input, None).unwrap();
    let admitted = |from: &str, to: &str| policy.for_answers_of(&home(from)).check("content_url", to, None).is_ok();
    assert!(admitted("https://acme.example.com", "https://files.example.net"));
    assert!(!admitted("https://acme.example.com", "https://files.intra.corp"));
    assert!(!admitted("https://acme.example.com", "http://127.0.0.1:8080"));
    assert!(admitted("https://jira.intra.corp", "https://files.intra.corp"));
    assert!(!admitted("https://jira.intra.corp", "http://127.0.0.1:8080"));
    assert!(admitted("http://127.0.0.1:4010", "http://localhost:4011"));
    assert!(!admitted("http://127.0.0.1:4010", "https://files.intra.corp"));
}

/// A client whose address was allowed by one policy, over a network under another.
fn client_under(network: AddressPolicy, address: &Address) -> HttpClient {
    let transport = ReqwestTransport::builder(network.clone()).build().unwrap();
    let context = HttpContext::with_transport(network, Arc::new(transport));
    HttpClient::builder(address.clone(), context).build()
}

#[tokio::test]
async fn the_network_asks_again_and_sends_nothing() {
    let mock = Mock::start([ok("{}")]).await;
    let open = AddressPolicy::strict().allow_loopback();
    for url in [mock.url(), mock.url().replace("127.0.0.1", "localhost")] {
        let address = open.check("instance", &url, None).unwrap();
        let error = client_under(AddressPolicy::strict(), &address).send(&Request::get("/x")).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("instance")), "{error:?}");
        assert!(error.hint().is_some() && !error.is_retryable());
        assert_eq!((error.delivery(), mock.count()), (Delivery::NotSent, 0));
    }
}

#[tokio::test]
async fn a_name_that_leads_to_this_machine_is_refused_after_it_was_resolved() {
    // `localhost` is listed by name, so that only the resolver stands in the way of the strict network.
    let listed = AddressPolicy::strict().allow_host("localhost");
    let address = listed.check("instance", "https://localhost", None).unwrap();
    let error = client_under(listed, &address).send(&Request::get("/x")).await.unwrap_err();
    assert_ne!(error.kind(), ErrorKind::Config, "a listed host may lead anywhere: {error:?}");

    let policy = AddressPolicy::strict().allow_host("localhost:1");
    let transport = ReqwestTransport::builder(AddressPolicy::strict()).build().unwrap();
    let context = HttpContext::with_transport(policy.clone(), Arc::new(transport));
    let address = policy.check("instance", "https://localhost:1", None).unwrap();
    let error = HttpClient::builder(address, context).build().send(&Request::get("/x")).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Config, Delivery::NotSent), "{error:?}");
}

#[tokio::test]
async fn a_public_name_that_resolves_to_a_private_address_is_refused() {
    for ip in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1"] {
        // The opt-in to this machine does not help a name that is not this machine's.
        let policy = AddressPolicy::strict().allow_loopback();
        let transport = ReqwestTransport::builder(policy.clone())
            .with_host("rebind.example.com", [ip.parse::<IpAddr>().unwrap()])
            .build()
            .unwrap();
        let context = HttpContext::with_transport(policy.clone(), Arc::new(transport));
        let address = policy.check("instance", "rebind.example.com", None).unwrap();
        let error = HttpClient::builder(address, context).build().send(&Request::get("/x")).await.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Config, Delivery::NotSent), "{ip}: {error:?}");
        assert_eq!(error.field(), Some("instance"));
        assert!(error.message().contains("rebind.example.com") && error.hint().is_some(), "{ip}: {error}");
    }
}

#[tokio::test]
async fn a_token_endpoint_is_under_the_policy_too() {
    for url in [
        "http://169.254.169.254/token",
        "https://10.0.0.1/token",
        "http://acme.example.com/token",
        "https://localhost/token",
    ] {
        let context = HttpContext::new(AddressPolicy::strict()).unwrap();
        let client = OAuthClient {
            id: "id".to_owned(),
            secret: Some(Secret::new("hunter2")),
            token_url: url.parse().unwrap(),
            secret_in_body: true,
        };
        let error = OAuthSource::new(client, OAuthGrant::ClientCredentials, context).fetch().await.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Config, Delivery::NotSent), "{url}: {error:?}");
    }
}

#[tokio::test]
async fn every_literal_address_is_refused_by_the_network_itself() {
    let network = ReqwestTransport::builder(AddressPolicy::strict()).build().unwrap();
    for url in [
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://2130706433/",
        "https://8.8.8.8/",
        "http://example.com/",
    ] {
        let mut request = ticketing_http::http::Request::new(Body::Empty);
        *request.uri_mut() = url.parse::<Uri>().unwrap();
        let error = network.send(request).await.map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Forbidden, "{url}: {error}");
    }
}
