//! Redirects where the address policy follows those that stay at home.

use std::sync::Arc;

use ticketing_core::{ErrorKind, Secret};
use ticketing_http::auth::Basic;
use ticketing_http::{AddressPolicy, HttpClient, HttpContext, Request};

use crate::mock::{Mock, Step, answer, ok};

fn client(mock: &Mock) -> HttpClient {
    let policy = AddressPolicy::strict().allow_loopback().allow_same_host_redirects();
    let context = HttpContext::new(policy).unwrap();
    let address = context.policy().check("instance", &mock.url(), None).unwrap();
    let basic = Basic::new("ada", &Secret::new("canary")).unwrap();
    HttpClient::builder(address, context).with_authenticator(Arc::new(basic)).build()
}

fn to(location: &str) -> Step {
    Step::Write(answer("302 Found", &[("location", location)], b""))
}

#[tokio::test]
async fn a_read_follows_up_to_three_redirects_that_stay_at_home() {
    let mock = Mock::start([to("/b?x=1"), to("c"), ok("{}")]).await;
    client(&mock).send(&Request::get("/a")).await.unwrap();
    let seen = mock.seen();
    assert_eq!(seen.iter().map(|it| it.line()).collect::<Vec<_>>(), ["GET /a", "GET /b?x=1", "GET /c"]);
    assert!(seen.iter().all(|it| it.header("authorization").is_some()));

    let mock = Mock::start([to("/b"), to("/c"), to("/d"), to("/e"), ok("{}")]).await;
    let error = client(&mock).send(&Request::get("/a")).await.unwrap_err();
    assert_eq!((error.http_status(), mock.count(), error.is_retryable()), (Some(302), 4, false), "{error}");
}

#[tokio::test]
async fn no_write_follows_and_nothing_leaves_home() {
    let elsewhere = Mock::start([ok("{}")]).await;
    let port = elsewhere.url().rsplit(':').next().unwrap().to_owned();
    for location in [
        elsewhere.url(),
        format!("//127.0.0.1:{port}/x"),
        format!("http://localhost:{port}/"),
        "https://evil.example.org/".to_owned(),
        "http://ada:canary@127.0.0.1/".to_owned(),
        "file:///etc/passwd".to_owned(),
        "http://[::1]:1/".to_owned(),
        "http://".to_owned(),
    ] {
        let mock = Mock::start([to(&location), ok("{}")]).await;
        let error = client(&mock).send(&Request::get("/a")).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.http_status(), mock.count()),
            (ErrorKind::Unavailable, Some(302), 1),
            "{location}"
        );
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
    assert_eq!(elsewhere.count(), 0);

    let mock = Mock::start([to("/b"), ok("{}")]).await;
    client(&mock).send(&Request::post("/a")).await.unwrap_err();
    assert_eq!(mock.count(), 1);
}

#[tokio::test]
async fn headers_that_are_not_a_users_to_set_are_refused_before_anything_is_sent() {
    use ticketing_http::http::{HeaderName, HeaderValue};
    let mock = Mock::start([ok("{}")]).await;
    for name in ["authorization", "cookie", "proxy-authorization", "host", "content-length", "transfer-encoding"] {
        let header = HeaderName::from_static(name);
        let request = Request::get("/a").with_header(header, HeaderValue::from_static("canary"));
        let error = client(&mock).send(&request).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("headers")));
        assert!(error.message().contains(name) && !format!("{error:?}").contains("canary"), "{error:?}");
    }
    assert_eq!(mock.count(), 0);
    // A request without the connection's credential may carry its own.
    let own = HeaderValue::from_static("Bearer own");
    let request = Request::get("/a").without_credential().with_header(HeaderName::from_static("authorization"), own);
    client(&mock).send(&request).await.unwrap();
    assert_eq!(mock.seen()[0].header("authorization").as_deref(), Some("Bearer own"));
}

#[tokio::test]
async fn a_download_follows_to_a_signed_address_with_nothing_of_the_connections() {
    use ticketing_http::http::header::{HeaderName, HeaderValue, RANGE};
    let file = Mock::start([ok("bytes"), ok("bytes")]).await;
    let port = file.url().rsplit(':').next().unwrap().to_owned();
    let away = format!("http://localhost:{port}/file?token=signed");
    let own = HeaderName::from_static("x-own");
    let download = || {
        let request = Request::get("/content").with_signed_redirects();
        request
            .with_header(RANGE, HeaderValue::from_static("bytes=0-"))
            .with_header(own.clone(), HeaderValue::from_static("canary"))
    };
    let strict = AddressPolicy::strict().allow_loopback();
    let client = |mock: &Mock, policy: AddressPolicy| {
        let address = AddressPolicy::strict().allow_loopback().check("instance", &mock.url(), None).unwrap();
        let basic = Basic::new("ada", &Secret::new("canary")).unwrap();
        let context = HttpContext::new(policy).unwrap();
        HttpClient::builder(address, context).with_authenticator(Arc::new(basic)).build()
    };
    let mock = Mock::start([to(&away)]).await;
    let mut answer = client(&mock, strict.clone()).stream(&download()).await.unwrap();
    let piece = futures::StreamExt::next(&mut answer.body).await.unwrap().unwrap();
    assert_eq!(piece, "bytes");
    let seen = file.seen();
    assert_eq!(seen[0].line(), "GET /file?token=signed");
    assert_eq!(seen[0].header("range").as_deref(), Some("bytes=0-"));
    assert!(!seen[0].head.contains("canary") && seen[0].header("authorization").is_none(), "{}", seen[0].head);

    // A write does not, nor a request that was not given leave; nor does anything go where the policy does not.
    let mock = Mock::start([to(&away), to(&away), to("http://10.0.0.1/file"), to("http://evil.example.org/")]).await;
    let client = client(&mock, strict);
    client.send(&Request::post("/content").with_signed_redirects()).await.unwrap_err();
    client.send(&Request::get("/content")).await.unwrap_err();
    for _ in 0..2 {
        assert_eq!(client.stream(&download()).await.unwrap_err().http_status(), Some(302));
    }
    assert_eq!(file.count(), 1);
}
