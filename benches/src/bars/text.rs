//! Rich text to Markdown, beside what parses the same bytes and does nothing with them.

use std::hint::black_box;

use anyhow::{Result, ensure};
use serde_json::Value;
use ticketing_http::richtext::{adf, html};

use crate::alternating::{alternate, thread_cpu};
use crate::figure::Figure;
use crate::tree;

const ROUNDS: usize = 40;
const TIMES: usize = 200;
/// An issue's description and a customer's mail, with what people put into them.
const ADF: &str = include_str!("../../texts/issue.json");
const HTML: &str = include_str!("../../texts/comment.html");

pub(crate) fn run(rounds: Option<usize>) -> Result<Vec<Figure>> {
    let rounds = rounds.unwrap_or(ROUNDS);
    let markdown = adf::to_markdown(ADF)?.value;
    ensure!(markdown.contains("| Step") && markdown.contains("**"), "the ADF text is not what it was: {markdown}");
    let figure = side_by_side(
        "text.adf",
        "ADF",
        ADF,
        rounds,
        &mut || {
            drop(black_box(adf::to_markdown(black_box(ADF))?));
            Ok(())
        },
        "serde_json to a Value",
        &mut || {
            drop(black_box(serde_json::from_str::<Value>(black_box(ADF))?));
            Ok(())
        },
    )?;
    let markdown = html::to_markdown(HTML).value;
    ensure!(markdown.contains("| Step") && markdown.contains("**"), "the HTML text is not what it was: {markdown}");
    let elements = tree::elements(HTML);
    ensure!(elements > 50, "html5ever found {elements} elements");
    Ok(vec![
        figure,
        side_by_side(
            "text.html",
            "HTML",
            HTML,
            rounds,
            &mut || {
                drop(black_box(html::to_markdown(black_box(HTML))));
                Ok(())
            },
            "html5ever to a tree",
            &mut || {
                black_box(tree::elements(black_box(HTML)));
                Ok(())
            },
        )?,
    ])
}

fn side_by_side(
    id: &str,
    what: &str,
    text: &str,
    rounds: usize,
    ours: &mut dyn FnMut() -> Result<()>,
    parser: &str,
    theirs: &mut dyn FnMut() -> Result<()>,
) -> Result<Figure> {
    let times = |work: &mut dyn FnMut() -> Result<()>| {
        let begun = thread_cpu();
        for _ in 0..TIMES {
            work()?;
        }
        Ok(thread_cpu() - begun)
    };
    let runs = alternate(1, rounds, &mut [&mut || times(&mut *ours), &mut || times(&mut *theirs)])?;
    let each = |side: usize| runs.median(side) * 1e6 / TIMES as f64;
    let detail =
        format!("{} bytes of {what}: {:.0} µs to Markdown, {:.0} µs by {parser}", text.len(), each(0), each(1));
    Ok(Figure::at_most(id, runs.ratio(0, 1), 3.0, " ×", detail))
}
