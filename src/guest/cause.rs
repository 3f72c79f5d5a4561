//! Why a host call failed, in the terms of the policy.
//!
//! The host hands over a string: an error of its OCI client or its Kubernetes client, with whatever the other side
//! wrote in it, perhaps a stack trace below. A stranger's registry can choose which of the causes below is told, but
//! none of the words.

use crate::{facts::Unavailable, shown::first_line};

/// What the host's clients say for each cause, the most specific first, in lower case.
const CAUSES: &[(&str, Unavailable)] = &[
    ("manifest unknown", Unavailable::NotFound),
    ("name unknown", Unavailable::NotFound),
    ("manifest not found", Unavailable::NotFound),
    ("not found", Unavailable::NotFound),
    ("cannot find", Unavailable::NotFound),
    ("authentication failure", Unavailable::NotAuthorised),
    ("not authorized", Unavailable::NotAuthorised),
    ("unauthorized", Unavailable::NotAuthorised),
    ("forbidden", Unavailable::NotAuthorised),
    ("denied", Unavailable::NotAuthorised),
    ("toomanyrequests", Unavailable::TooManyRequests),
    ("too many requests", Unavailable::TooManyRequests),
    ("timed out", Unavailable::NoAnswer),
    ("timeout", Unavailable::NoAnswer),
    ("deadline has elapsed", Unavailable::NoAnswer),
    ("dns error", Unavailable::NameDoesNotResolve),
    ("failed to lookup address", Unavailable::NameDoesNotResolve),
    ("connection refused", Unavailable::NotReachable),
    ("error sending request", Unavailable::NotReachable),
    ("error trying to connect", Unavailable::NotReachable),
];
/// What stands between an error and the stack trace of the host.
const STACK_TRACE: &str = "Stack backtrace:";
/// How the OCI client words a status.
const STATUS: &str = ", code: ";

/// The cause that an error of the host tells.
pub(super) fn of(error: &str) -> Unavailable {
    // waPC's own words before the host's.
    let error = error.strip_prefix("Host error: ").unwrap_or(error);
    // The causes below the first line are part of the error, the stack trace is not.
    let causes = error.split(STACK_TRACE).next().unwrap_or_default();
    if let Some(status) = status(causes) {
        return status;
    }
    let lower_case = causes.to_ascii_lowercase();
    let known = CAUSES.iter().find(|(words, _)| lower_case.contains(words));
    known.map_or_else(|| Unavailable::Other(first_line(causes).to_owned()), |(_, cause)| cause.clone())
}

fn status(causes: &str) -> Option<Unavailable> {
    let (_, after) = causes.split_once(STATUS)?;
    let digits = after.get(..3)?;
    match digits.parse().ok()? {
        401 | 403 => Some(Unavailable::NotAuthorised),
        404 => Some(Unavailable::NotFound),
        429 => Some(Unavailable::TooManyRequests),
        status => Some(Unavailable::Status(status)),
    }
}
