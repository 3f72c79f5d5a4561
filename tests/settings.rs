//! What `validate_settings` says: every problem at once, each with its place and what to write instead.

use registry_enforcer::settings::{KEYS, validate};

/// Settings as JSON, and everything that is wrong with them.
const WRONG: &[(&str, &str)] = &[
    (
        r#"[]"#,
        "settings: is a list, not an object: write for example {registry_prefixes: [docker-registry.tools.wmflabs.org]}",
    ),
    (
        r#"{}"#,
        "registry_prefixes: is missing: name at least one registry, for example [docker-registry.tools.wmflabs.org]",
    ),
    (
        r#"{"registry_prefixes":[]}"#,
        "registry_prefixes: is empty: name at least one registry, for example [docker-registry.tools.wmflabs.org]",
    ),
    (
        r#"{"registry_prefixes":"quay.io"}"#,
        "registry_prefixes: is a text, not a list: write for example [quay.io/team]",
    ),
    (
        r#"{"registry_prefixes":[5,""]}"#,
        "registry_prefixes[0]: is a number, not a text: write for example quay.io/team\nregistry_prefixes[1]: \"\" is empty: write a registry, for example quay.io/team",
    ),
    (
        r#"{"registry_prefixes":["quay.io"],"exempt_namespaces":["Kube-System"]}"#,
        "exempt_namespaces[0]: \"Kube-System\" is no namespace: use up to 63 of a-z, 0-9 and \"-\", for example tool-mix",
    ),
    (
        r#"{"registry_prefixes":["quay.io"],"allowed_namespace":["*"]}"#,
        "allowed_namespace: is not known here: did you mean allowed_namespaces?",
    ),
    (
        r#"{"registry_prefixes":["quay.io"],"allowed_namespaces":[{"sunset_date":"2026-12-31"}]}"#,
        "allowed_namespaces[0].name: is missing: write the namespace, for example tool-mix",
    ),
    (
        r#"{"registry_prefixes":["quay.io"],"allowed_namespaces":[{"name":"a","sunset":"2026-12-31","registry_prefixes":[],"reason":7}]}"#,
        "allowed_namespaces[0].sunset: is not known here: did you mean sunset_date?\nallowed_namespaces[0].registry_prefixes: is empty: write for example [quay.io/team], or leave allowed_namespaces[0].registry_prefixes out\nallowed_namespaces[0].reason: is a number, not a text: write for example T302863",
    ),
    (
        r#"{"registry_prefixes":["quay.io"],"sunset_date":20261231}"#,
        "sunset_date: is a number, not a text: write for example 2026-12-31",
    ),
    (
        r#"{"registry_prefixes":["quay.io"],"warn_before_days":"30"}"#,
        "warn_before_days: is no number of days: write a whole number without quotes from 0, for example 30",
    ),
    (
        r#"{"registry_prefixes":["quay.io"],"allow_list_config_map":"byoc-allow-list"}"#,
        "allow_list_config_map: is a text, not an object: write for example {namespace: registry-enforcer, name: byoc-allow-list}",
    ),
    (
        r#"{"registry_prefixes":["quay.io"],"allow_list_config_map":{"namespace":"A","nam":"b"}}"#,
        "allow_list_config_map.nam: is not known here: did you mean name?\nallow_list_config_map.namespace: \"A\" is no name: use a-z, 0-9, \"-\" and \".\"\nallow_list_config_map.name: is missing: write for example byoc-allow-list",
    ),
    (
        r#"{"registry_prefixes":["quay.io"],"denied_images":["redis:7"],"denied_tags":["a b"]}"#,
        "denied_images[0]: \"redis:7\" names no registry: write host/path, for example docker.io/library/nginx for Docker Hub's nginx, or registry:5000/ for a host without a dot\ndenied_tags[0]: \"a b\" is no tag: use up to 128 letters, digits, \"_\", \".\" and \"-\", and \"*\" for any of them, for example latest or *-rc*",
    ),
    (
        r#"{"registry_prefixes":["quay.io"],"byoc_requirements":{"open_source":"yes","max_age_days":0,"registries":["x"],"base_images":["Bad"]}}"#,
        "byoc_requirements.open_source: is a text, not true or false: write for example true\nbyoc_requirements.max_age_days: is no number of days: write a whole number from 1, for example 30\nbyoc_requirements.registries[0]: \"x\" names no registry: write host/path, for example docker.io/library/nginx for Docker Hub's nginx, or registry:5000/ for a host without a dot\nbyoc_requirements.base_images[0]: \"Bad\" is no image: its repository has an upper-case letter: write it in lower case",
    ),
    (
        r#"{"registry_prefixes":["quay.io"],"custom_kinds":[{"group":"argoproj.io","kind":"Rollout"},{"kind":"X","pod_specs":["spec"]},{"group":"apps","kind":"Deployment","images":["/a"]}]}"#,
        "custom_kinds[0]: says not where the images are: add pod_specs or images, for example pod_specs: [/spec/template/spec]\ncustom_kinds[1].group: is missing: write for example argoproj.io\ncustom_kinds[1].pod_specs[0]: \"spec\" is no JSON pointer: write for example /spec/template/spec\ncustom_kinds[1]: says not where the images are: add pod_specs or images, for example pod_specs: [/spec/template/spec]\ncustom_kinds[2]: Deployment is read without this entry: take the entry out",
    ),
    (
        r#"{"registry_prefixes":["quay.io"],"custom_kinds":[{"group":"argoproj.io/v1","kind":"*","pod_specs":["/spec/template/spec/","/","/a//b","/spec[0]/x","/a~2b","/a b"],"images":["/~0~1/*"]}]}"#,
        "custom_kinds[0].group: is no API group: leave out the version, for example argoproj.io\ncustom_kinds[0].kind: is no kind: write one, for example Rollout\ncustom_kinds[0].pod_specs[0]: \"/spec/template/spec/\" is no JSON pointer: write for example /spec/template/spec\ncustom_kinds[0].pod_specs[1]: \"/\" is no JSON pointer: write for example /spec/template/spec\ncustom_kinds[0].pod_specs[2]: \"/a//b\" is no JSON pointer: write for example /spec/template/spec\ncustom_kinds[0].pod_specs[3]: \"/spec[0]/x\" is no JSON pointer: write for example /spec/template/spec\ncustom_kinds[0].pod_specs[4]: \"/a~2b\" is no JSON pointer: write for example /spec/template/spec\ncustom_kinds[0].pod_specs[5]: \"/a b\" is no JSON pointer: write for example /spec/template/spec",
    ),
    // An exception that says nothing would be for every registry, and for ever.
    (
        r#"{"registry_prefixes":["quay.io"],"allowed_namespaces":[{"name":"a","sunset_date":null,"registry_prefixes":null}],"byoc_requirements":{"open_source":null}}"#,
        "allowed_namespaces[0].sunset_date: has no value: write one, or leave the key out\nallowed_namespaces[0].registry_prefixes: has no value: write one, or leave the key out\nbyoc_requirements.open_source: has no value: write one, or leave the key out",
    ),
    (
        r#"{"registry_prefixes":["quay.io"],"sunset_date":"2026-12-31T12:00:00"}"#,
        "sunset_date: \"2026-12-31T12:00:00\" is not a time: write 2026-12-31T12:00:00Z",
    ),
    (
        r#"{"registry_prefixes":["quay.io"],"sandbox_repositories":["a/b"],"help":["x"]}"#,
        "sandbox_repositories[0]: \"a/b\" is no last component of a repository: write for example pause\nhelp: is a list, not a text: write for example \"Ask for an exception: https://phabricator.wikimedia.org/tag/toolforge/\"",
    ),
    (
        r#"{"registry_prefix":["nginx"],"allowed_namespaces":["a*b",{"name":"a","sunset_date":"31/12/2026"}, 5],"warn_before_days":-1}"#,
        "registry_prefix: is not known here: did you mean registry_prefixes?\nregistry_prefixes: is missing: name at least one registry, for example [docker-registry.tools.wmflabs.org]\nallowed_namespaces[0]: \"a*b\" has a \"*\" before its end: write the start of a name and one \"*\", for example tool-*\nallowed_namespaces[1].sunset_date: \"31/12/2026\" is not a date: write 2026-12-31\nallowed_namespaces[2]: is a number, not an object: write for example {name: tool-mix, sunset_date: 2026-12-31}\nwarn_before_days: is no number of days: write a whole number from 0, for example 30",
    ),
    (
        r#"null"#,
        "settings: is nothing, not an object: write for example {registry_prefixes: [docker-registry.tools.wmflabs.org]}",
    ),
    (r#"{"registry_prefixes":["quay.io"],"help":"a","help":"b"}"#, "help: is written twice: keep one of them"),
    (r#"not JSON"#, "settings: is not JSON: expected ident at line 1 column 2"),
    (
        r#"{"registry_prefixes":["https://a.b","*","a.b:x/c","a.b/C","a.b//c","-a.b","a.b/c:","a.b/c@sha256:1","a.b:1:2@","docker.io/nginx:1"]}"#,
        "registry_prefixes[0]: \"https://a.b\" has a scheme: leave out the part up to \"://\"\nregistry_prefixes[1]: \"*\" has \"*\" as the whole host, which approves every registry: name a domain, for example *.example.org\nregistry_prefixes[2]: \"a.b:x/c\" has a port that is no number: write host:5000/path\nregistry_prefixes[3]: \"a.b/C\" has an upper-case letter in its path: repositories are in lower case\nregistry_prefixes[4]: \"a.b//c\" has no well-formed path: use a-z, 0-9 and single separators (\".\", \"_\", \"__\", \"-\"), {namespace}, or \"*\" for one whole component\nregistry_prefixes[5]: \"-a.b\" has no well-formed host: use letters, digits, \"-\" and \".\", \"*\" for one whole label, or an IPv6 address in brackets\nregistry_prefixes[6]: \"a.b/c:\" has no well-formed tag: use up to 128 letters, digits, \"_\", \".\" and \"-\"\nregistry_prefixes[7]: \"a.b/c@sha256:1\" has no well-formed digest: write @sha256: and 64 hex digits\nregistry_prefixes[8]: \"a.b:1:2@\" has no well-formed digest: write @sha256: and 64 hex digits\nregistry_prefixes[9]: \"docker.io/nginx:1\" lacks the \"library\" of Docker Hub's own images: write docker.io/library/nginx:1.27",
    ),
];

#[test]
fn rejects_wrong_settings_with_every_problem() {
    for (settings, expected) in WRONG {
        let problems = validate(settings).map_err(|problems| problems.to_string());
        assert_eq!(problems, Err((*expected).to_owned()), "{settings}");
    }
}

#[test]
fn accepts_every_form_of_every_setting() {
    const RIGHT: &[&str] = &[
        r#"{"registry_prefixes":["quay.io"]}"#,
        r#"{"registry_prefixes":["quay.io:5000/a/b/","localhost","registry:5000/","[fc00::1]:5000/x","*.corp.example/{namespace}/*","a.b/x-{namespace}:1","docker.io/library/nginx"]}"#,
        r#"{"registry_prefixes":["quay.io"],"exempt_namespaces":[],"allowed_namespaces":[],"denied_images":[],"denied_tags":[],"custom_kinds":[],"sandbox_repositories":[]}"#,
        r#"{"registry_prefixes":["quay.io"],"allowed_namespaces":["*","tool-*",{"name":"a"},{"name":"b","sunset_date":"2026-12-31","registry_prefixes":["ghcr.io/b"],"reason":"T1"}]}"#,
        r#"{"registry_prefixes":["quay.io"],"sunset_date":"2020-01-01","warn_before_days":0}"#,
        r#"{"registry_prefixes":["quay.io"],"sunset_date":"2026-12-31T12:00:00+01:00"}"#,
        r#"{"registry_prefixes":["quay.io"],"sunset_date":null,"allow_list_config_map":null,"help":null}"#,
        r#"{"registry_prefixes":["quay.io"],"byoc_requirements":{}}"#,
    ];
    for settings in RIGHT {
        assert_eq!(validate(settings).map_err(|problems| problems.to_string()), Ok(()), "{settings}");
    }
}

/// A setting that nothing reads would be accepted whatever it holds.
#[test]
fn reads_every_setting() {
    for key in KEYS {
        let settings = serde_json::json!({"registry_prefixes": ["quay.io"], *key: {"": 1.5}});
        let problems = validate(&settings.to_string()).expect_err(key).to_string();
        assert!(problems.starts_with(key), "{key}: {problems}");
    }
}
