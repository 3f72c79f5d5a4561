//! What the policy's core says of the allow list.

use std::collections::BTreeMap;

use registry_enforcer::{
    facts::ConfigMap,
    request::payload::Payload,
    review,
    settings::{
        Settings,
        allow_list::Field,
        exception::Terms,
        namespace,
        problem::{Place, Problems},
        sunset::End,
    },
};
use serde_json::json;

use super::request::{Creation, NoFacts};

/// Answers the request that puts one allow list in the place of another: warnings, or the lines of the refusal. Where
/// the settings name none, nobody is asked.
///
/// # Errors
///
/// Every problem of a setting that is needed.
pub fn review_list(
    settings: &Settings<'_>,
    old: &[(&str, &str)],
    new: &[(&str, &str)],
    now: i64,
) -> anyhow::Result<Result<Vec<String>, String>> {
    let list = settings.allow_list_config_map().map_err(|problems| anyhow::anyhow!("{problems}"))?;
    let Some(ConfigMap { namespace, name }) = list.as_ref().map(|list| list.as_fact()) else {
        return Ok(Ok(Vec::new()));
    };
    let object = |entries: &[(&str, &str)]| json!({"data": entries.iter().copied().collect::<BTreeMap<_, _>>()});
    let request = json!({
        "kind": {"group": "", "kind": "ConfigMap"}, "namespace": namespace, "name": name,
        "operation": "UPDATE", "object": object(new), "oldObject": object(old),
    });
    let payload = json!({"request": request}).to_string();
    let request = Payload::parse(payload.as_bytes())?.request;
    let answer = review::review(request, settings, &NoFacts { now });
    Ok(match answer.message {
        // The first line says what was refused, which the caller knows.
        Some(message) => Err(message.split_once('\n').map_or(message.clone(), |(_, problems)| problems.to_owned())),
        None => Ok(answer.warnings),
    })
}

/// Whether an object is the ConfigMap that the settings name, which the policy judges when it is written.
pub(super) fn is_allow_list(creation: &Creation<'_>, settings: &Settings<'_>) -> Result<bool, Problems> {
    let list = settings.allow_list_config_map().map_err(Clone::clone)?;
    let is_named = list
        .as_ref()
        .map(|list| list.as_fact())
        .is_some_and(|ConfigMap { namespace, name }| (creation.namespace, creation.name) == (Some(namespace), name));
    Ok((creation.group, creation.kind) == ("", "ConfigMap") && is_named)
}

/// When the entry of a namespace in the ConfigMap of exceptions ends.
///
/// # Errors
///
/// Every problem of the entry.
pub fn entry_end(entry: &str, namespace: &str) -> anyhow::Result<Option<End<'static>>> {
    let terms = Terms::parse(entry, &Place::Top.key(namespace)).map_err(|problems| anyhow::anyhow!("{problems}"))?;
    Ok(terms.end.map(End::into_owned))
}

/// Whether a string can be the name of a namespace; a pattern is none.
pub fn is_namespace(text: &str) -> bool {
    namespace::is_name(text)
}

/// Whether an entry of the ConfigMap of exceptions must say whom to tell.
///
/// # Errors
///
/// Every problem of the setting.
pub fn requires_owner(settings: &Settings<'_>) -> Result<bool, Problems> {
    let list = settings.allow_list_config_map().map_err(Clone::clone)?;
    Ok(list.as_ref().is_some_and(|list| list.requires.contains(&Field::Owner)))
}

/// Whether the settings name a ConfigMap of exceptions.
pub fn names_allow_list(settings: &Settings<'_>) -> anyhow::Result<bool> {
    settings.allow_list_config_map().map(Option::is_some).map_err(|problems| anyhow::anyhow!("{problems}"))
}
