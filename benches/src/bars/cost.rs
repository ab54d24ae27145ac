//! What a product pays: crates, CPU seconds of a cold build and size of a binary, for one provider behind the facade and
//! for octocrab. Each is a program that connects and lists, built on its own, twice over from nothing.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::figure::Figure;
use crate::process::{children_cpu, output};

struct Product {
    name: &'static str,
    dependencies: String,
    program: &'static str,
}

/// What one product paid.
struct Paid {
    crates: usize,
    cpu_seconds: f64,
    bytes: u64,
}

const OURS: &str = r#"use futures::TryStreamExt as _;
use ticketing::request::ListTickets;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = std::env::var("CONFIG")?.parse::<serde_json::Value>()?;
    let client = ticketing::connect("servicenow", config)?;
    let mut tickets = client.tickets(ListTickets::new());
    while let Some(ticket) = tickets.try_next().await? {
        println!("{} {}", ticket.key, ticket.title);
    }
    Ok(())
}
"#;

const OCTOCRAB: &str = r#"use futures::TryStreamExt as _;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = octocrab::Octocrab::builder().personal_token(std::env::var("TOKEN")?).build()?;
    let page = client.issues("owner", "name").list().send().await?;
    let mut issues = std::pin::pin!(page.into_stream(&client));
    while let Some(issue) = issues.try_next().await? {
        println!("{} {}", issue.number, issue.title);
    }
    Ok(())
}
"#;

/// What both programs need beside the library.
const SHARED: &str = r#"futures = { version = "0.3", default-features = false, features = ["std"] }
serde_json = "1"
tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
"#;

pub(crate) fn run(_rounds: Option<usize>) -> Result<Vec<Figure>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the workspace has a root")?;
    let facade = root.join("ticketing");
    let ours = Product {
        name: "ours",
        dependencies: format!(
            "ticketing = {{ path = {:?}, default-features = false, features = [\"servicenow\"] }}\n",
            facade.display().to_string()
        ),
        program: OURS,
    };
    let theirs = Product {
        name: "theirs",
        dependencies: "octocrab = { version = \"0.54\", features = [\"stream\"] }\n".to_owned(),
        program: OCTOCRAB,
    };
    let folder = tempfile::tempdir()?;
    let ours = pay(folder.path(), &ours, &root.join("Cargo.lock"))?;
    let theirs = pay(folder.path(), &theirs, &root.join("Cargo.lock"))?;
    let figure = |id: &str, unit: &'static str, value: f64, other: f64| {
        Figure::told(format!("cost.{id}"), value, unit, format!("octocrab: {other:.1}{unit}"))
    };
    let mebibytes = |bytes: u64| bytes as f64 / (1024.0 * 1024.0);
    Ok(vec![
        figure("crates", "", ours.crates as f64, theirs.crates as f64),
        figure("build_cpu", " s", ours.cpu_seconds, theirs.cpu_seconds),
        figure("binary", " MiB", mebibytes(ours.bytes), mebibytes(theirs.bytes)),
    ])
}

/// Builds a product from nothing, in release mode and stripped.
fn pay(folder: &Path, product: &Product, lock: &Path) -> Result<Paid> {
    let package = package(folder, product, lock)?;
    let cargo = || {
        let mut command = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
        command.current_dir(&package).env("CARGO_TARGET_DIR", package.join("target"));
        for name in ["CARGO_MANIFEST_DIR", "RUSTFLAGS", "CARGO_INCREMENTAL", "CARGO_BUILD_TARGET"] {
            command.env_remove(name);
        }
        command
    };
    // Downloads are no part of a build; of the versions that fit, the newest.
    output(cargo().arg("fetch"))?;
    let tree = output(cargo().args(["tree", "--edges", "normal,build", "--prefix", "none", "--no-dedupe"]))?;
    let mut crates: Vec<&str> = tree.lines().map(|line| line.trim_end_matches(" (proc-macro)")).collect();
    crates.sort_unstable();
    crates.dedup();
    let before = children_cpu()?;
    output(cargo().args(["build", "--release", "--offline"]))?;
    let cpu_seconds = (children_cpu()? - before).as_secs_f64();
    let binary = package.join("target/release").join(format!("product{}", std::env::consts::EXE_SUFFIX));
    // The product itself is no dependency.
    Ok(Paid { crates: crates.len() - 1, cpu_seconds, bytes: std::fs::metadata(binary)?.len() })
}

fn package(folder: &Path, product: &Product, lock: &Path) -> Result<PathBuf> {
    let package = folder.join(product.name);
    std::fs::create_dir_all(package.join("src"))?;
    let manifest = format!(
        "[package]\nname = \"product\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n{}{SHARED}\n\
         [profile.release]\ndebug = false\nstrip = \"symbols\"\n",
        product.dependencies
    );
    std::fs::write(package.join("Cargo.toml"), manifest)?;
    std::fs::write(package.join("src/main.rs"), product.program)?;
    // The versions that are tested here, where both use the same crate.
    std::fs::copy(lock, package.join("Cargo.lock"))?;
    Ok(package)
}
