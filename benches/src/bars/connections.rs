//! A client of one of 100,000 connections, against one of 10; and what 100,000 cost that nobody uses.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use ticketing::{BuildContext, Secret};
use ticketing_store::{Connections, Credential, FixedAuth, KeySource, Location, NewConnection, Store};
use tokio::runtime::Runtime;

use crate::alternating::{alternate, wall};
use crate::figure::Figure;
use crate::process::{output, peak_memory};

const FEW: usize = 10;
const MANY: usize = 100_000;
/// Clients that are asked for in one run of a side.
const ASKED: usize = 200;
const ROUNDS: usize = 15;
const MIB: f64 = 1024.0 * 1024.0;
const TENANT: &str = "bars";

fn name(nth: usize) -> String {
    format!("customer-{nth:06}")
}

async fn store(path: &Path) -> Result<Store> {
    let keys = Secret::new("07".repeat(32));
    let keys = KeySource::Text { name: "key".to_owned(), keys };
    Ok(Store::open(&Location::File(path.to_owned()), keys).await?)
}

async fn filled(path: &Path, count: usize) -> Result<()> {
    let store = store(path).await?;
    let all = (0..count).map(|nth| {
        let config = serde_json::json!({ "instance": format!("customer{nth}") });
        let account = format!("customer{nth}.service-now.com");
        let mut new = NewConnection::new(TENANT, "servicenow", name(nth), account, config);
        let auth =
            serde_json::json!({ "type": "basic", "username": "integration", "password": format!("secret {nth}") });
        new.credential = auth.as_object().cloned().map(|auth| Credential::Fixed(FixedAuth::new(auth)));
        new
    });
    store.add_all(all).await?;
    store.close().await;
    Ok(())
}

async fn opened(path: &Path) -> Result<Connections> {
    Ok(Connections::new(store(path).await?, ticketing::registry()?, &BuildContext::new())?)
}

/// How long it takes to get so many clients, of these numbers.
async fn ask(connections: &Connections, numbers: impl Iterator<Item = usize>) -> Result<Duration> {
    let begun = wall();
    for nth in numbers {
        let client = connections.client(TENANT, &name(nth)).await?;
        ensure!(client.info().account == format!("customer{nth}.service-now.com"), "another customer's client");
    }
    Ok(wall() - begun)
}

/// Opens each connection once, and says what memory it took. This is a process of its own.
pub(crate) fn idle(path: &str) -> Result<()> {
    let runtime = Runtime::new()?;
    let taken = runtime.block_on(async {
        let connections = opened(Path::new(path)).await?;
        let before = peak_memory("self")?;
        ask(&connections, 0..MANY).await?;
        anyhow::Ok(peak_memory("self")? - before)
    })?;
    println!("{taken}");
    Ok(())
}

pub(crate) fn run(rounds: Option<usize>) -> Result<Vec<Figure>> {
    let rounds = rounds.unwrap_or(ROUNDS);
    let folder = tempfile::tempdir()?;
    let (few, many) = (folder.path().join("few.db"), folder.path().join("many.db"));
    let runtime = Runtime::new()?;
    runtime.block_on(filled(&few, FEW))?;
    runtime.block_on(filled(&many, MANY))?;

    // A process that has opened none of them: each round begins anew, on both sides. That they are in use was noted by the
    // round before, on both sides too: a write that the first use in a minute costs, whatever their number.
    let mut first_few = || runtime.block_on(async { ask(&opened(&few).await?, 0..FEW).await });
    let mut first_many =
        || runtime.block_on(async { ask(&opened(&many).await?, (0..FEW).map(|nth| nth * 9_973)).await });
    let first = alternate(2, rounds, &mut [&mut first_few, &mut first_many])?;

    // The same ones again and again, as a product does.
    let (of_few, of_many) = runtime.block_on(async { anyhow::Ok((opened(&few).await?, opened(&many).await?)) })?;
    let mut again_few = || runtime.block_on(ask(&of_few, (0..ASKED).map(|nth| nth % FEW)));
    let mut again_many = || runtime.block_on(ask(&of_many, (0..ASKED).map(|nth| (nth % FEW) * 9_973)));
    let again = alternate(2, rounds, &mut [&mut again_few, &mut again_many])?;

    let memory = output(Command::new(std::env::current_exe()?).arg("--idle").arg(&many))?;
    let memory: f64 = memory.trim().parse().context("a number of bytes")?;
    let micros = |seconds: f64, count: usize| seconds * 1e6 / count as f64;
    Ok(vec![
        Figure::at_most(
            "connections.first",
            first.ratio(1, 0),
            1.5,
            " ×",
            format!(
                "a client that was not open: {:.0} µs of {MANY}, {:.0} µs of {FEW}",
                micros(first.median(1), FEW),
                micros(first.median(0), FEW)
            ),
        ),
        Figure::at_most(
            "connections.again",
            again.ratio(1, 0),
            1.5,
            " ×",
            format!(
                "a client that was open: {:.0} µs of {MANY}, {:.0} µs of {FEW}",
                micros(again.median(1), ASKED),
                micros(again.median(0), ASKED)
            ),
        ),
        Figure::at_most(
            "connections.idle",
            memory / MIB,
            64.0,
            " MiB",
            format!("{MANY} connections, each opened once and idle since: growth of the most resident memory"),
        ),
    ])
}
