//! A file as large as an instance takes, up and down over a socket, in little memory.

use std::path::Path;
use std::process::Command;

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use provider_servicenow::ServiceNow;
use ticketing_core::request::{AttachmentContent, DownloadAttachment, UploadAttachment};
use ticketing_core::{BuildContext, TicketingClient};
use ticketing_http::{AddressPolicy, HttpContext};
use tokio::runtime::Runtime;
use vendor_sandbox::servicenow::Sandbox;

use crate::bed::config;

const GIBIBYTE: u64 = 1 << 30;
const PIECE: usize = 64 * 1024;
const MOST_KIB: u64 = 64 * 1024;
/// Which way, in the process that does it.
const WAY: &str = "TICKETING_TEST_LARGE_FILE";
const STATUS: &str = "/proc/self/status";

#[test]
fn a_file_of_a_gibibyte_streams_either_way_in_64_mebibytes() {
    if let Ok(way) = std::env::var(WAY) {
        Runtime::new().unwrap().block_on(stream_one(&way));
        return;
    }
    if !Path::new(STATUS).exists() {
        println!("skipped: the most memory resident is read from {STATUS}");
        return;
    }
    // A process for each way: what the other tests need is none of its memory.
    let this = "large_files::a_file_of_a_gibibyte_streams_either_way_in_64_mebibytes";
    for way in ["down", "up"] {
        let mut child = Command::new(std::env::current_exe().unwrap());
        let output = child.args(["--exact", this, "--nocapture"]).env(WAY, way).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{way}: {said} {}", String::from_utf8_lossy(&output.stderr));
        let kib = said.split_once("resident: ").and_then(|(_, rest)| rest.split_whitespace().next()).unwrap();
        let kib: u64 = kib.parse().unwrap();
        assert!(kib <= MOST_KIB, "{way}: {kib} KiB were resident");
    }
}

/// The instance lives in this process too, and streams as well.
async fn stream_one(way: &str) {
    let sandbox = Sandbox::builder().seed(7).build().unwrap();
    let control = sandbox.control();
    let running = sandbox.serve(0).await.unwrap();
    let http = HttpContext::new(AddressPolicy::strict().allow_loopback()).unwrap();
    let mut config = config("admin", &["incident"]);
    config["instance"] = running.base_url().to_string().into();
    let provider = ServiceNow::new(config, &BuildContext::new().with_extension(http)).unwrap();
    let client = TicketingClient::new(std::sync::Arc::new(provider));
    let ticket = control.find("incident", "short_descriptionLIKEVPN drops every").unwrap().remove(0);
    let size = if way == "down" {
        let id = control.attach_made_up("incident", &ticket, "large.bin", GIBIBYTE).unwrap();
        let download = client.download_attachment(DownloadAttachment::new(id)).await.unwrap();
        let sizes = download.content.map_ok(|piece| piece.len() as u64);
        sizes.try_fold(0, async |sum, size| Ok(sum + size)).await.unwrap()
    } else {
        let piece = Bytes::from(vec![b'x'; PIECE]);
        let content = AttachmentContent::from_stream(Some(GIBIBYTE), move || {
            let pieces = (GIBIBYTE / PIECE as u64) as usize;
            stream::iter(std::iter::repeat_n(piece.clone(), pieces).map(Ok)).boxed()
        });
        let upload = UploadAttachment::new(ticket.as_str(), "large.bin", content);
        client.upload_attachment(upload).await.unwrap().size.unwrap()
    };
    assert_eq!(size, GIBIBYTE);
    let status = std::fs::read_to_string(STATUS).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    println!("resident: {}", peak.trim());
    running.shutdown().await;
}
