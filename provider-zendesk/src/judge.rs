//! Answers that mean something else than most do: who we are, and files.

use serde::Deserialize;
use ticketing_core::{Delivery, Error, ErrorKind, Result, remedy};
use ticketing_http::{ANONYMOUS, Answer, Judge, RateReading, RefusedFor};

use crate::error::{ZendeskJudge, refused};

/// What `/users/me` must answer: somebody. A wrong credential, and a token that has ended, are answered with 200 and a user who
/// is nobody (`wire/jira-zendesk.md` §B1.3).
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SomebodyJudge;

impl Judge for SomebodyJudge {
    fn judge(&self, answer: &Answer<'_>) -> Result<()> {
        #[derive(Deserialize)]
        struct Me {
            user: Somebody,
        }
        #[derive(Deserialize)]
        struct Somebody {
            id: Option<i64>,
        }
        ZendeskJudge.judge(answer)?;
        match serde_json::from_slice::<Me>(answer.body) {
            Ok(Me { user: Somebody { id: None } }) if !remedy::is_removed("zendesk.anonymous") => Err(anonymous()),
            _ => Ok(()),
        }
    }

    fn readings(&self, answer: &Answer<'_>) -> Vec<RateReading> {
        ZendeskJudge.readings(answer)
    }

    fn refused_for(&self, answer: &Answer<'_>) -> RefusedFor {
        ZendeskJudge.refused_for(answer)
    }
}

/// The account does not know the credential, and does not say so by its status.
pub(crate) fn anonymous() -> Error {
    Error::new(ErrorKind::Unauthenticated, "the account answers as to nobody: the credential is not known")
        .with_http_status(200)
        .with_code(ANONYMOUS)
        .with_delivery(Delivery::Answered)
        .with_hint("connect the account again, or correct the credential")
}

/// What a file's address may answer: the file, whatever it is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FileJudge;

impl Judge for FileJudge {
    fn judge(&self, answer: &Answer<'_>) -> Result<()> {
        if answer.status.is_success() { Ok(()) } else { Err(refused(answer)) }
    }
}
