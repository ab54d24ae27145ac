//! Fuzz targets; `.ci/run fuzz` runs them for a stated time, the README says how to run them for longer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]
#![allow(clippy::print_stdout, reason = "a kept input is named before it is tried")]

/// Runs a target over the inputs that were kept for it, then over those of a fixed seed, or over whatever the engine comes
/// up with where it is asked to.
macro_rules! fuzz {
    ($name:expr, $target:expr) => {{
        let target = std::panic::AssertUnwindSafe($target);
        for (path, bytes) in ticketing_fuzz::kept($name) {
            println!("{}", path.display());
            (*target)(&bytes);
        }
        match ticketing_fuzz::drawn($name) {
            Some(inputs) => inputs.for_each(|bytes| {
                let shown = ticketing_fuzz::Shown(&bytes);
                (*target)(shown.0);
            }),
            None => {
                let bytes = bolero::generator::produce::<Vec<u8>>().with().len(0_usize..=ticketing_fuzz::LONGEST);
                bolero::check!().with_generator(bytes).for_each(|bytes: &Vec<u8>| (*target)(bytes));
            }
        }
    }};
}

/// A target for each vendor, of one that is written for all of them: `folder/name/vendor` is what it is called.
macro_rules! for_each_vendor {
    ($folder:literal, $name:ident) => {
        for_each_vendor!($folder, $name, servicenow ServiceNow, jira_cloud JiraCloud, jira_data_center JiraDataCenter,
            zendesk Zendesk);
    };
    ($folder:literal, $name:ident, $($test:ident $vendor:ident),*) => {
        mod $name {
            $( #[test]
            fn $test() {
                super::$name::<super::$vendor>(concat!($folder, "/", stringify!($name), "/", stringify!($test)));
            } )*
        }
    };
}

mod cursors;
mod jql;
mod queries;
mod richtext;
mod search;
mod webhooks;
mod wire;
mod written;
