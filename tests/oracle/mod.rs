//! What a prefix approves, found in another way than the policy does: both sides are split into lists
//! of components, and the lists compared. The fuzz targets use it too.

use std::net::Ipv6Addr;

/// Whether a well-formed prefix approves an image in its full form.
pub fn approves(prefix: &str, full_form: &str, namespace: Option<&str>) -> bool {
    let prefix = match namespace {
        Some(namespace) => prefix.replace("{namespace}", namespace),
        None if prefix.contains("{namespace}") => return false,
        None => prefix.to_owned(),
    };
    let (own, image) = (Parts::of(&prefix), Parts::of(full_form));
    let names_one_image = own.tag.is_some() || own.digest.is_some();
    own.port == image.port
        && same_length(&own.labels, &image.labels)
        && pairs(&own.labels, &image.labels)
        && own.path.len() <= image.path.len()
        && (!names_one_image || same_length(&own.path, &image.path))
        && pairs(&own.path, &image.path)
        && match (own.tag, own.digest) {
            (None, None) => true,
            (Some(tag), None) => image.tag == Some(tag) && image.digest.is_none(),
            (_, digest) => image.digest == digest,
        }
}

/// `host.name:port/path/components:tag@digest`, taken apart from its end.
struct Parts<'a> {
    labels: Vec<String>,
    port: Option<&'a str>,
    path: Vec<String>,
    tag: Option<&'a str>,
    digest: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Self {
        let (text, digest) = cut(text, '@');
        let (domain, rest) = text.find('/').map_or((text, ""), |slash| text.split_at(slash));
        let (path, tag) = cut(rest, ':');
        let (host, port) = match domain.rfind(':').filter(|colon| domain.rfind(']').is_none_or(|end| end < *colon)) {
            Some(colon) => (&domain[..colon], Some(&domain[colon + 1..])),
            None => (domain, None),
        };
        let path = path.split('/').filter(|component| !component.is_empty()).map(str::to_owned).collect();
        Self { labels: labels(host), port, path, tag, digest }
    }
}

/// The labels of a host, the only label of an IPv6 address being its shortest form.
fn labels(host: &str) -> Vec<String> {
    let host = if host == "index.docker.io" { "docker.io" } else { host };
    match host.trim_matches(['[', ']']).parse::<Ipv6Addr>() {
        Ok(address) if host.starts_with('[') => vec![address.to_string()],
        _ => host.split('.').map(str::to_ascii_lowercase).collect(),
    }
}

fn cut(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at).map_or((text, None), |(before, after)| (before, Some(after)))
}

fn same_length(own: &[String], image: &[String]) -> bool {
    own.len() == image.len()
}

fn pairs(own: &[String], image: &[String]) -> bool {
    own.iter().zip(image).all(|(own, image)| own == "*" || own == image)
}
