//! Named places where tests stop a process: `TICKETING_FAILPOINT=asked` hangs there, and says so, so that it can be killed.

use ticketing_core::Result;

/// A place that tests can name. Without the feature `failpoints` it is nothing.
#[cfg(not(feature = "failpoints"))]
#[expect(clippy::unused_async, reason = "with the feature, it waits")]
pub(crate) async fn reached(_name: &str) -> Result<()> {
    Ok(())
}

#[cfg(feature = "failpoints")]
#[expect(clippy::print_stdout, reason = "the test that stops the process reads it")]
pub(crate) async fn reached(name: &str) -> Result<()> {
    if std::env::var("TICKETING_FAILPOINT").is_ok_and(|wanted| wanted == name) {
        println!("failpoint {name}");
        std::future::pending::<()>().await;
    }
    Ok(())
}
