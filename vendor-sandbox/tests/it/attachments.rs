//! The Attachment API: wire §4.1.

use serde_json::json;
use sha2::{Digest, Sha256};
use vendor_sandbox::Fault;
use vendor_sandbox::servicenow::{Audience, RowDenial};

use crate::client::{call, get, ids, sandbox};

const API: &str = "/api/now/attachment";

async fn upload(
    sandbox: &vendor_sandbox::servicenow::Sandbox,
    id: &str,
    name: &str,
    body: Vec<u8>,
) -> crate::client::Answer {
    call(sandbox, "POST", &format!("{API}/file"))
        .query(&[("table_name", "incident"), ("table_sys_id", id), ("file_name", name)])
        .header("content-type", "image/png")
        .raw(body)
        .send()
        .await
}

#[tokio::test]
async fn files_are_listed_described_and_downloaded() {
    let sandbox = sandbox();
    let id = ids(&sandbox).await["INC0010002"].clone();
    let list = call(&sandbox, "GET", API)
        .query(&[("sysparm_query", &format!("table_name=incident^table_sys_id={id}"))])
        .send()
        .await;
    assert_eq!(list.header("x-total-count"), Some("1"));
    let file = list.rows()[0].clone();
    assert!(file.as_object().unwrap().values().all(serde_json::Value::is_string));
    assert_eq!(file["file_name"], "vpn.log");
    assert_eq!(file["size_bytes"], "53");
    assert_eq!(file["compressed"], "true");
    assert_eq!(file["sys_created_by"], "itil");
    let own = file["sys_id"].as_str().unwrap();
    assert_eq!(file["download_link"], format!("https://sandbox.service-now.com{API}/{own}/file"));
    assert_eq!(get(&sandbox, &format!("{API}/{own}")).await.result(), file);
    let download = call(&sandbox, "GET", &format!("{API}/{own}/file")).header("accept", "*/*").send().await;
    assert_eq!(download.header("content-type"), Some("text/plain"));
    assert_eq!(download.body.len(), 53);
    assert_eq!(file["hash"], hex::encode(Sha256::digest(&download.body)));
    let metadata: serde_json::Value = serde_json::from_str(download.header("x-attachment-metadata").unwrap()).unwrap();
    assert_eq!(metadata["sys_id"], file["sys_id"]);
    // Version 1 only.
    assert_eq!(get(&sandbox, "/api/now/v1/attachment").await.status, 200);
    assert_eq!(get(&sandbox, "/api/now/v2/attachment").await.status, 400);
}

#[tokio::test]
async fn uploads_come_back_byte_for_byte_small_and_large() {
    let sandbox = sandbox();
    let id = ids(&sandbox).await["INC0010006"].clone();
    for size in [0, 10, 5 * 1024 * 1024 + 3] {
        let content: Vec<u8> = (0..size).map(|n: usize| (n * 7 + n / 251) as u8).collect();
        let name = format!("ملف {size}.png");
        let created = upload(&sandbox, &id, &name, content.clone()).await;
        assert_eq!(created.status, 201, "{}", created.text());
        let file = created.result();
        assert_eq!(file["file_name"], json!(name));
        assert_eq!(file["size_bytes"], json!(size.to_string()));
        assert_eq!(file["content_type"], "image/png");
        let own = file["sys_id"].as_str().unwrap();
        assert!(created.header("location").unwrap().ends_with(&format!("{API}/{own}")));
        let back = get(&sandbox, &format!("{API}/{own}/file")).await;
        assert!(back.body == content, "{size}");
    }
    let form = format!(
        "--B\r\nContent-Disposition: form-data; name=\"table_name\"\r\n\r\nincident\r\n\
         --B\r\nContent-Disposition: form-data; name=\"table_sys_id\"\r\n\r\n{id}\r\n\
         --B\r\nContent-Disposition: form-data; name=\"uploadFile\"; filename=\"a.txt\"\r\n\
         Content-Type: text/plain\r\n\r\nhello\r\n--B--\r\n"
    );
    let created = call(&sandbox, "POST", &format!("{API}/upload"))
        .header("content-type", "multipart/form-data; boundary=B")
        .raw(form)
        .send()
        .await;
    assert_eq!(created.status, 201, "{}", created.text());
    assert_eq!(created.result()["size_bytes"], "5");
}

#[tokio::test]
async fn uploads_need_a_parent_a_type_and_permission() {
    let sandbox = sandbox();
    let id = ids(&sandbox).await["INC0010006"].clone();
    assert_eq!(upload(&sandbox, "0123", "a.png", vec![1]).await.status, 404);
    let typeless = call(&sandbox, "POST", &format!("{API}/file"))
        .query(&[("table_name", "incident"), ("table_sys_id", &id), ("file_name", "a")])
        .raw("x")
        .send()
        .await;
    assert_eq!(typeless.status, 400);
    let control = sandbox.control();
    control.set_property("glide.attachment.extensions", "png, pdf");
    assert_eq!(upload(&sandbox, &id, "a.PNG", vec![1]).await.status, 201);
    assert_eq!(upload(&sandbox, &id, "a.exe", vec![1]).await.status, 403);
    control.set_property("com.glide.attachment.max_size", "1");
    assert_eq!(upload(&sandbox, &id, "b.png", vec![0; 1024 * 1024]).await.status, 201);
    assert_eq!(upload(&sandbox, &id, "b.png", vec![0; 1024 * 1024 + 1]).await.status, 413);
    control.deny_rows("incident", "number=INC0010006", Audience::Everyone, RowDenial::Hidden).unwrap();
    assert_eq!(upload(&sandbox, &id, "c.png", vec![1]).await.status, 404);
    let list = get(&sandbox, API).await;
    assert!(list.rows().iter().all(|file| file["table_sys_id"] != json!(id)));
}

#[tokio::test]
async fn files_are_renamed_labelled_and_deleted() {
    let sandbox = sandbox();
    let id = ids(&sandbox).await["INC0010002"].clone();
    let own = sandbox.control().find("sys_attachment", &format!("table_sys_id={id}")).unwrap()[0].clone();
    let path = format!("{API}/{own}");
    let renamed = call(&sandbox, "PATCH", &path).json(json!({"file_name": "new"})).send().await;
    assert_eq!(renamed.status, 200);
    assert_eq!(get(&sandbox, &path).await.result()["file_name"], "new");
    let attributes = format!("{path}/attributes");
    let pair = json!({"key": "k", "value": "v"});
    assert_eq!(call(&sandbox, "POST", &attributes).json(pair.clone()).send().await.result(), pair);
    assert_eq!(get(&sandbox, &attributes).await.rows(), [pair]);
    let changed = call(&sandbox, "PUT", &format!("{attributes}/k")).json(json!({"value": "w"})).send().await;
    assert_eq!(changed.result(), json!({"key": "k", "value": "w"}));
    call(&sandbox, "DELETE", &format!("{attributes}/k")).send().await;
    assert_eq!(get(&sandbox, &format!("{attributes}/k")).await.status, 404);
    assert_eq!(call(&sandbox, "DELETE", &path).send().await.status, 204);
    assert_eq!(get(&sandbox, &path).await.status, 404);
    assert_eq!(get(&sandbox, &format!("{path}/file")).await.status, 404);
}

#[tokio::test]
async fn files_of_any_size_can_be_made_up_and_break_in_the_middle() {
    let sandbox = sandbox();
    let id = ids(&sandbox).await["INC0010002"].clone();
    let size = 3_000_001;
    let own = sandbox.control().attach_made_up("incident", &id, "big.bin", size).unwrap();
    let path = format!("{API}/{own}/file");
    let first = get(&sandbox, &path).await;
    assert_eq!(first.body.len() as u64, size);
    assert_eq!(first.header("content-length"), Some("3000001"));
    assert!(first.body == get(&sandbox, &path).await.body);
    sandbox.control().set_faults([Fault::new("reset_mid_body").parameter(1000)]).unwrap();
    let cut = get(&sandbox, &path).await;
    assert!(cut.broken);
    assert_eq!(cut.body.len(), 1000);
}
