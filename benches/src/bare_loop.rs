//! The least that anybody could do: reqwest, serde_json, offset after offset.

use anyhow::{Context as _, Result, ensure};

use crate::instance::PAGE;
use crate::owned_incident::{Incident, KEYS, Page};

/// A client of reqwest's own making, with the features that ours has.
#[derive(Debug, Clone)]
pub(crate) struct BareLoop {
    client: reqwest::Client,
    url: String,
}

impl BareLoop {
    /// Against an instance.
    #[expect(clippy::disallowed_methods, reason = "what ours is compared with")]
    pub(crate) fn new(instance: &str) -> Result<Self> {
        // reqwest wants a TLS provider also where there is no TLS; it may be there already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self { client, url: format!("{instance}/api/now/table/incident") })
    }

    /// Reads every incident, one page after the other, and says how many there were.
    pub(crate) async fn read(&self) -> Result<usize> {
        let mut count = 0;
        loop {
            let page = self.page(count).await?;
            count += page.len();
            std::hint::black_box(page.iter().map(Incident::size).sum::<usize>());
            if page.len() < PAGE as usize {
                return Ok(count);
            }
        }
    }

    /// Fields, page size, order and display mode are those of the provider.
    async fn page(&self, offset: usize) -> Result<Vec<Incident>> {
        let query = [
            ("sysparm_display_value", "all"),
            ("sysparm_exclude_reference_link", "true"),
            ("sysparm_fields", &KEYS.join(",")),
            ("sysparm_suppress_pagination_header", "true"),
            ("sysparm_no_count", "true"),
            ("sysparm_query", "ORDERBYnumber^ORDERBYsys_id"),
            ("sysparm_limit", &PAGE.to_string()),
            ("sysparm_offset", &offset.to_string()),
        ]
        .map(|(name, value)| format!("{name}={}", value.replace(',', "%2C").replace('^', "%5E")))
        .join("&");
        let request = self.client.get(format!("{}?{query}", self.url)).basic_auth("admin", Some("admin"));
        let response = request.header("accept", "application/json").send().await?;
        ensure!(response.status().is_success(), "the instance answered {}", response.status());
        let body = response.bytes().await?;
        let page: Page = serde_json::from_slice(&body).context("a page of incidents")?;
        Ok(page.result)
    }
}
