//! The least that anybody could do: reqwest, serde_json, page after page.

use std::marker::PhantomData;

use anyhow::{Context as _, Result, ensure};

use crate::vendors::{Page as _, Vendor};

/// A client of reqwest's own making, with the features that ours has.
#[derive(Debug, Clone)]
pub(crate) struct BareLoop<V> {
    client: reqwest::Client,
    instance: String,
    vendor: PhantomData<V>,
}

impl<V: Vendor> BareLoop<V> {
    /// Against an instance.
    #[expect(clippy::disallowed_methods, reason = "what ours is compared with")]
    pub(crate) fn new(instance: &str) -> Result<Self> {
        // reqwest wants a TLS provider also where there is no TLS; it may be there already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self { client, instance: instance.to_owned(), vendor: PhantomData })
    }

    /// The request for a page.
    pub(crate) fn request(&self, after: Option<&str>) -> reqwest::RequestBuilder {
        V::request(&self.client, &self.instance, after)
    }

    /// Reads every ticket, one page after the other, and says how many there were.
    pub(crate) async fn read(&self) -> Result<u64> {
        let (mut count, mut after) = (0, None);
        loop {
            let response = self.request(after.as_deref()).send().await?;
            ensure!(response.status().is_success(), "the instance answered {}", response.status());
            let page = parse::<V>(&response.bytes().await?)?;
            count += page.rows();
            after = page.next(count);
            if after.is_none() {
                return Ok(count as u64);
            }
        }
    }
}

/// A page in owned structs.
pub(crate) fn parse<V: Vendor>(body: &[u8]) -> Result<V::Page> {
    let page = serde_json::from_slice(body).with_context(|| format!("a page of {}", V::TICKETS))?;
    Ok(std::hint::black_box(page))
}
