//! What a site's answers say of its rate limits: points by the hour on Cloud, a token bucket on Data Center (wire A9).

use std::time::Duration;

use ticketing_http::{Answer, RateReading};

/// The budget of points that OAuth traffic spends.
pub(crate) const POINTS: &str = "points";

/// Readings for the rate gate. Cloud's `X-RateLimit-Limit` is of one endpoint, method and second, each with a bucket of its
/// own, so it says nothing of requests as a whole; its 429s do, by `Retry-After`.
pub(crate) fn readings(answer: &Answer<'_>) -> Vec<RateReading> {
    points(answer).into_iter().chain(bucket(answer)).collect()
}

fn either<'a>(answer: &Answer<'a>, name: &str) -> Option<String> {
    // The prefix is to be dropped one day.
    answer.header(&format!("beta-{name}")).or_else(|| answer.header(name)).map(str::to_owned)
}

/// A parameter of a structured header: `"global-app-quota";r=64000;t=1200`.
fn parameter(text: &str, name: &str) -> Option<f64> {
    text.split(';').skip(1).find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('=')?.parse().ok())
}

/// `RateLimit-Policy: "global-app-quota";q=65000;w=3600` and `RateLimit: "global-app-quota";r=64000;t=1200`.
fn points(answer: &Answer<'_>) -> Option<RateReading> {
    let state = either(answer, "ratelimit")?;
    let mut reading = RateReading::new(POINTS).with_remaining(parameter(&state, "r")?);
    if let Some(limit) = either(answer, "ratelimit-policy").and_then(|policy| parameter(&policy, "q")) {
        reading = reading.with_limit(limit);
    }
    if let Some(seconds) = parameter(&state, "t").filter(|seconds| (0.0..=86_400.0).contains(seconds)) {
        reading = reading.with_resets_in(Duration::from_secs_f64(seconds));
    }
    Some(reading)
}

/// A Data Center's bucket, which fills by `FillRate` each `Interval-Seconds`: an empty one lets somebody through long before
/// it is full again, so that what is planned with is the interval, which has what is left and what comes in.
fn bucket(answer: &Answer<'_>) -> Option<RateReading> {
    let number = |name: &str| answer.header(name)?.trim().parse::<f64>().ok().filter(|value| *value >= 0.0);
    let (limit, remaining) = (number("x-ratelimit-limit")?, number("x-ratelimit-remaining")?);
    let (interval, fill) = (number("x-ratelimit-interval-seconds")?, number("x-ratelimit-fillrate")?);
    // A quota of 0 is no budget to be planned with.
    if limit <= 0.0 {
        return None;
    }
    let whole = (remaining + fill).min(limit);
    let reading = RateReading::new(RateReading::REQUESTS).with_limit(whole).with_remaining(remaining.min(whole));
    // Without a fill nobody knows when there is more.
    Some(match fill > 0.0 {
        true => reading.with_resets_in(Duration::from_secs_f64(interval.min(3_600.0))),
        false => reading,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ticketing_http::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

    fn read(headers: &[(&'static str, &str)]) -> Vec<RateReading> {
        let mut all = HeaderMap::new();
        for (name, value) in headers {
            all.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        let now = "2026-01-05T08:00:00Z".parse().unwrap();
        readings(&Answer { status: StatusCode::OK, headers: &all, body: b"", streamed: false, now })
    }

    #[test]
    fn points_are_read_with_and_without_the_prefix() {
        for prefix in ["beta-", ""] {
            let policy = if prefix.is_empty() { "ratelimit-policy" } else { "beta-ratelimit-policy" };
            let state = if prefix.is_empty() { "ratelimit" } else { "beta-ratelimit" };
            let read = read(&[
                (policy, r#""global-app-quota";q=65000;w=3600"#),
                (state, r#""global-app-quota";r=640;t=1200"#),
            ]);
            let expected = RateReading::new(POINTS)
                .with_limit(65_000.0)
                .with_remaining(640.0)
                .with_resets_in(Duration::from_secs(1_200));
            assert_eq!(read, [expected]);
        }
    }

    #[test]
    fn the_bucket_of_an_endpoint_is_not_the_sites() {
        assert!(read(&[("x-ratelimit-limit", "350"), ("x-ratelimit-remaining", "349")]).is_empty());
        let read = read(&[
            ("x-ratelimit-limit", "100"),
            ("x-ratelimit-remaining", "40"),
            ("x-ratelimit-interval-seconds", "1"),
            ("x-ratelimit-fillrate", "10"),
        ]);
        let bucket = RateReading::new(RateReading::REQUESTS);
        let second = Duration::from_secs(1);
        assert_eq!(read, [bucket.clone().with_limit(50.0).with_remaining(40.0).with_resets_in(second)]);
        let empty = self::read(&[
            ("x-ratelimit-limit", "100"),
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-interval-seconds", "1"),
            ("x-ratelimit-fillrate", "10"),
        ]);
        assert_eq!(empty, [bucket.with_limit(10.0).with_remaining(0.0).with_resets_in(second)]);
    }
}
