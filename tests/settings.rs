//! What `validate_settings` says: every problem at once, each with its place and what to write instead.
//!
//! Each wording stands here once; what is wrong with prefixes and references is in `prefix.rs` and `reference.rs`.

use registry_enforcer::settings::{key::Key, validate};

/// Every problem of settings that are these members beside `registry_prefixes`.
#[track_caller]
fn problems(members: &str) -> String {
    let settings = format!("{{\"registry_prefixes\": [\"quay.io\"], {members}}}");
    validate(&settings).map_or_else(|problems| problems.to_string(), |()| "none".to_owned())
}

/// Members of settings, the place of their problem, and what it is.
const WRONG: &[(&str, &str, &str)] = &[
    (r#""allowed_namespace": ["*"]"#, "allowed_namespace", "is not known here: did you mean allowed_namespaces?"),
    (r#""help": "a", "help": "b""#, "help", "is written twice: keep one of them"),
    // An exception that says nothing would be for every registry, and for ever.
    (
        r#""allowed_namespaces": [{"name": "a", "sunset_date": null}]"#,
        "allowed_namespaces[0].sunset_date",
        "has no value: write one, or leave the key out",
    ),
    // What is recommended has to be of use.
    (
        r#""denied_images": [{"sunset_date": "2026-12-31"}]"#,
        "denied_images[0].prefix",
        "is missing: write for example quay.io/team",
    ),
    (
        r#""denied_images": [{"prefix": "a.example/x", "replaced_by": "*.example/x"}]"#,
        "denied_images[0].replaced_by",
        r#""*.example/x" has "*", which names nothing that someone could use: write it out"#,
    ),
    (
        r#""denied_images": [{"prefix": "a.example/x", "replaced_by": "quay.io/x:2"}]"#,
        "denied_images[0].replaced_by",
        r#""quay.io/x:2" has a tag or a digest, which the prefix has not: leave it out, since images keep their own"#,
    ),
    (
        r#""denied_images": [{"prefix": "a.example/x", "replaced_by": "b.example/x"}]"#,
        "denied_images[0].replaced_by",
        r#""b.example/x" is not approved by the same settings when it is to be used: add it to registry_prefixes"#,
    ),
    (
        r#""denied_images": [{"prefix": "quay.io/x", "replaced_by": "quay.io/x/y"}]"#,
        "denied_images[0].replaced_by",
        r#""quay.io/x/y" is denied by the same settings when it is to be used: name another one"#,
    ),
    (
        r#""denied_images": [{"prefix": "quay.io/x:1", "replaced_by": "quay.io/x:2-rc1"}], "denied_tags": ["*-rc*"]"#,
        "denied_images[0].replaced_by",
        r#""quay.io/x:2-rc1" is denied by the same settings when it is to be used: name another one"#,
    ),
    (
        r#""mirrors": [{"prefix": "docker.io"}]"#,
        "mirrors[0].replaced_by",
        "is missing: write for example registry.example/dockerhub-cache",
    ),
    (
        r#""mirrors": [{"prefix": "docker.io", "replaced_by": "hub.example"}]"#,
        "mirrors[0].replaced_by",
        r#""hub.example" is not approved by the same settings when it is to be used: add it to registry_prefixes"#,
    ),
    (
        r#""mirrors": ["docker.io"]"#,
        "mirrors[0]",
        "is a string, not an object: write for example {prefix: docker.io, replaced_by: registry.example/dockerhub-cache}",
    ),
    (
        r#""allowed_namespaces": [{"sunset_date": "2026-12-31"}]"#,
        "allowed_namespaces[0].name",
        "is missing: write for example tool-mix",
    ),
    (
        r#""allowed_namespaces": [{"name": "a", "registry_prefixes": []}]"#,
        "allowed_namespaces[0].registry_prefixes",
        "is empty: write for example [quay.io/team], or leave allowed_namespaces[0].registry_prefixes out",
    ),
    (
        r#""allowed_namespaces": [2048]"#,
        "allowed_namespaces[0]",
        "is a number, not a string: write it in quotes, for example \"tool-mix\"",
    ),
    (
        r#""allowed_namespaces": ["a*b"]"#,
        "allowed_namespaces[0]",
        r#""a*b" has a "*" before its end: write the start of a name and one "*", for example tool-*"#,
    ),
    (
        r#""exempt_namespaces": ["Kube-System"]"#,
        "exempt_namespaces[0]",
        r#""Kube-System" is not a namespace: use up to 63 of a-z, 0-9 and "-", for example tool-mix"#,
    ),
    (
        r#""sunset_date": 20261231"#,
        "sunset_date",
        "is a number, not a string: write it in quotes, for example \"2026-12-31\"",
    ),
    (r#""sunset_date": "31/12/2026""#, "sunset_date", r#""31/12/2026" is not a date: write 2026-12-31"#),
    (
        r#""sunset_date": "2026-12-31T12:00:00""#,
        "sunset_date",
        r#""2026-12-31T12:00:00" is not a time: write 2026-12-31T12:00:00Z"#,
    ),
    (
        r#""warn_before_days": "30""#,
        "warn_before_days",
        "is not a number of days: write a whole number without quotes from 0, for example 30",
    ),
    (
        r#""allow_list_config_map": "byoc-allow-list""#,
        "allow_list_config_map",
        "is a string, not an object: write for example {namespace: registry-enforcer, name: byoc-allow-list}",
    ),
    (
        r#""allow_list_config_map": {"namespace": "A", "name": "b"}"#,
        "allow_list_config_map.namespace",
        r#""A" is not a name: use a-z, 0-9, "-" and ".""#,
    ),
    (
        r#""allow_list_config_map": {"namespace": "a", "name": "b", "max_days": 0}"#,
        "allow_list_config_map.max_days",
        "is not a number of days: write a whole number from 1, for example 30",
    ),
    (
        r#""allow_list_config_map": {"namespace": "a", "name": "b", "requires": ["owner", "date"]}"#,
        "allow_list_config_map.requires[1]",
        r#""date" is not a field of an entry: write sunset_date, registry_prefixes, reason or owner"#,
    ),
    (
        r#""allow_list_config_map": {"namespace": "a", "name": "b", "requires": "owner"}"#,
        "allow_list_config_map.requires",
        "is a string, not a list: write for example [sunset_date, reason]",
    ),
    (
        r#""allowed_namespaces": [{"name": "a", "owner": 5}]"#,
        "allowed_namespaces[0].owner",
        "is a number, not a string: write it in quotes, for example \"the maintainers of mix\"",
    ),
    (
        r#""denied_tags": ["a b"]"#,
        "denied_tags[0]",
        r#""a b" is not a tag: use up to 128 letters, digits, "_", "." and "-", and "*" for any of them, for example latest or *-rc*"#,
    ),
    (
        r#""byoc_requirements": {"pinned_digest": "yes"}"#,
        "byoc_requirements.pinned_digest",
        "is a string, not true or false: write for example true",
    ),
    (
        r#""sandbox_repositories": ["a/b"]"#,
        "sandbox_repositories[0]",
        r#""a/b" is not the last component of a repository: write for example pause"#,
    ),
    (
        r#""help": 5"#,
        "help",
        "is a number, not a string: write it in quotes, for example \"Ask for an exception at https://phabricator.wikimedia.org/tag/toolforge/\"",
    ),
    (
        r#""help": ["x"]"#,
        "help",
        "is a list, not a string: write for example Ask for an exception at https://phabricator.wikimedia.org/tag/toolforge/",
    ),
];

#[test]
fn rejects_wrong_settings() {
    for &(members, place, problem) in WRONG {
        assert_eq!(problems(members), format!("{place}: {problem}"), "{members}");
    }
}

#[test]
fn rejects_what_names_no_registry() {
    for settings in ["{}", r#"{"registry_prefixes": []}"#, r#"{"registry_prefixes": null}"#] {
        let problems = validate(settings).expect_err(settings).to_string();
        let expected =
            "registry_prefixes: names no registry: write at least one, for example [docker-registry.tools.wmflabs.org]";
        assert_eq!(problems, expected, "{settings}");
    }
}

#[test]
fn rejects_what_is_not_an_object_of_settings() {
    const EXAMPLE: &str = "write for example {registry_prefixes: [docker-registry.tools.wmflabs.org]}";
    for (settings, found) in [("[]", "a list"), ("null", "nothing"), ("7", "a number")] {
        let problems = validate(settings).expect_err(settings).to_string();
        assert_eq!(problems, format!("settings: is {found}, not an object: {EXAMPLE}"), "{settings}");
    }
    let problems = validate("not JSON").expect_err("not JSON").to_string();
    assert_eq!(problems, "settings: is not JSON: expected ident at line 1 column 2");
}

/// Nobody asks a registry that the operator has not named: a stranger's could hold up every other question.
#[test]
fn rejects_questions_to_registries_that_are_not_listed() {
    const REQUIREMENTS: &[&str] =
        &[r#""open_source": true"#, r#""max_age_days": 1"#, r#""base_images": ["quay.io/base:1"]"#];
    for requirement in REQUIREMENTS {
        let found = problems(&format!("\"byoc_requirements\": {{{requirement}}}"));
        let expected = "byoc_requirements: asks registries about images, so it has to say which: add registries, \
            for example [quay.io/team]; of an image's own registry, only these are asked";
        assert_eq!(found, expected, "{requirement}");
        let listed = format!("\"byoc_requirements\": {{{requirement}, \"registries\": [\"quay.io\"]}}");
        assert_eq!(problems(&listed), "none", "{listed}");
    }
}

#[test]
fn rejects_base_images_whose_registry_nobody_named() {
    const CASES: &[(&str, &str)] = &[
        ("base", "\"base\" names no registry: write docker.io/library/base:latest if that is meant"),
        ("team/base:1", "\"team/base:1\" names no registry: write docker.io/team/base:1 if that is meant"),
        ("Bad", "\"Bad\" is not an image: its repository has an upper-case letter: write it in lower case"),
    ];
    for &(image, problem) in CASES {
        let found = problems(&format!(
            "\"byoc_requirements\": {{\"registries\": [\"quay.io\"], \"base_images\": [\"{image}\"]}}"
        ));
        assert_eq!(found, format!("byoc_requirements.base_images[0]: {problem}"), "{image}");
    }
}

#[test]
fn rejects_custom_kinds_that_find_nothing() {
    const NO_IMAGES: &str =
        "does not say where the images are: add pod_specs or images, for example pod_specs: [/spec/template/spec]";
    const CASES: &[(&str, &str)] = &[
        (r#""group": "argoproj.io", "kind": "Rollout""#, NO_IMAGES),
        (r#""group": "", "kind": "Node", "images": ["/a"]"#, "Node is never read by this entry: take the entry out"),
        (
            r#""group": "", "kind": "Binding", "images": ["/a"]"#,
            "Binding is never read by this entry: take the entry out",
        ),
    ];
    for &(kind, problem) in CASES {
        let found = problems(&format!("\"custom_kinds\": [{{{kind}}}]"));
        assert_eq!(found, format!("custom_kinds[0]: {problem}"), "{kind}");
    }
}

#[test]
fn rejects_the_names_of_custom_kinds_that_no_object_has() {
    let found = problems(r#""custom_kinds": [{"group": "argoproj.io/v1", "kind": "*", "images": ["/a"]}]"#);
    assert_eq!(
        found,
        "custom_kinds[0].group: \"argoproj.io/v1\" is not an API group: leave out the version, for example argoproj.io\n\
        custom_kinds[0].kind: \"*\" is not a kind: write one, for example Rollout"
    );
}

#[test]
fn rejects_what_is_not_a_pointer() {
    for pointer in ["", "spec", "/", "/spec/template/spec/", "/a//b", "/spec[0]/x", "/a~2b", "/a b"] {
        let found = problems(&format!(
            "\"custom_kinds\": [{{\"group\": \"a\", \"kind\": \"B\", \"pod_specs\": [\"{pointer}\"], \"images\": [\"/x\"]}}]"
        ));
        let expected = "is not a JSON pointer: write for example /spec/template/spec";
        assert_eq!(found, format!("custom_kinds[0].pod_specs[0]: \"{pointer}\" {expected}"), "{pointer}");
    }
}

/// All problems of all settings, in the order of the settings; a wrong key first, because nobody knows what it means.
#[test]
fn rejects_with_every_problem_at_once() {
    let settings = r#"{
        "registry_prefix": ["nginx"],
        "registry_prefixes": ["quay.io", 5, "nginx", "{namespace}"],
        "allowed_namespaces": [{"name": "a", "sunset": "2026-12-31", "reason": 7}],
        "warn_before_days": -1,
        "byoc_requirements": {"open_source": null, "max_age_days": 0}
    }"#;
    let problems = validate(settings).expect_err("nothing of it is right").to_string();
    let places: Vec<&str> = problems.lines().filter_map(|line| line.split(": ").next()).collect();
    assert_eq!(
        places,
        [
            "registry_prefix",
            "registry_prefixes[1]",
            "registry_prefixes[2]",
            "registry_prefixes[3]",
            "allowed_namespaces[0].reason",
            "allowed_namespaces[0].sunset",
            "warn_before_days",
            "byoc_requirements.open_source",
            "byoc_requirements.max_age_days",
            "byoc_requirements",
        ],
        "{problems}"
    );
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
        r#"{"registry_prefixes":["quay.io"],"byoc_requirements":{"pinned_digest":true}}"#,
        r#"{"registry_prefixes":["quay.io"],"custom_kinds":[{"group":"","kind":"Pod","images":["/spec/volumes/*/csi/volumeAttributes/image","/~0~1/*"]}]}"#,
    ];
    for settings in RIGHT {
        assert_eq!(validate(settings).map_err(|problems| problems.to_string()), Ok(()), "{settings}");
    }
}

/// A setting that nothing reads would be accepted whatever it holds.
#[test]
fn reads_every_setting() {
    for key in Key::NAMES {
        let settings = serde_json::json!({"registry_prefixes": ["quay.io"], *key: {"": 1.5}});
        let problems = validate(&settings.to_string()).expect_err(key).to_string();
        assert!(problems.starts_with(key), "{key}: {problems}");
    }
}

/// Approvals and denials with dates, and the problem of one of them.
const RETIRED: &[(&str, &str)] = &[
    (r#"[{"prefix": "a.io", "sunset_date": "2027-01-01", "replaced_by": "b.io"}, "b.io"]"#, "none"),
    (
        r#"[{"prefix": "a.io", "replaced_by": "b.io"}, "b.io"]"#,
        "registry_prefixes[0]: has replaced_by, but does not end: add sunset_date, for example \"2026-12-31\"",
    ),
    // A chain whose ends come later and later is one; the others lead to what has ended by then.
    (
        r#"[{"prefix": "a.io", "sunset_date": "2027-01-01", "replaced_by": "b.io"},
            {"prefix": "b.io", "sunset_date": "2027-06-01", "replaced_by": "c.io"}, "c.io"]"#,
        "none",
    ),
    (
        r#"[{"prefix": "a.io", "sunset_date": "2027-06-01", "replaced_by": "b.io"},
            {"prefix": "b.io", "sunset_date": "2027-01-01", "replaced_by": "c.io"}, "c.io"]"#,
        "registry_prefixes[0].replaced_by: \"b.io\" is not approved by the same settings when it is to be used: add it to registry_prefixes",
    ),
    (
        r#"[{"prefix": "a.io", "sunset_date": "2027-01-01", "replaced_by": "b.io"},
            {"prefix": "b.io", "sunset_date": "2027-06-01", "replaced_by": "a.io"}]"#,
        "registry_prefixes[1].replaced_by: \"a.io\" is not approved by the same settings when it is to be used: add it to registry_prefixes",
    ),
    (
        r#"[{"prefix": "a.io", "sunset_date": "2027-01-01", "replaced_by": "a.io/new"}]"#,
        "registry_prefixes[0].replaced_by: \"a.io/new\" is not approved by the same settings when it is to be used: add it to registry_prefixes",
    ),
    // A registry alone, whose images keep their path.
    (r#"["b.io", {"prefix": "a.io/team", "sunset_date": "2027-01-01", "replaced_by": "b.io"}]"#, "none"),
    (
        r#"["docker.io/", {"prefix": "a.io/team", "sunset_date": "2027-01-01", "replaced_by": "b.io"}]"#,
        "registry_prefixes[1].replaced_by: \"b.io\" is not approved by the same settings when it is to be used: add it to registry_prefixes",
    ),
    // Wherever the requests come from, and wherever the images are.
    (
        r#"[{"prefix": "a.io/{namespace}", "sunset_date": "2027-01-01", "replaced_by": "b.io/{namespace}"}, "b.io/{namespace}"]"#,
        "none",
    ),
    (r#"[{"prefix": "docker.io", "sunset_date": "2027-01-01", "replaced_by": "b.io/hub"}, "b.io/hub/*/*"]"#, "none"),
    (
        r#"[{"prefix": "a.io", "sunset_date": "2027-01-01", "replaced_by": "b.io/tool-mix"}, "b.io/{namespace}"]"#,
        "registry_prefixes[0].replaced_by: \"b.io/tool-mix\" is not approved by the same settings when it is to be used: add it to registry_prefixes",
    ),
];

#[test]
fn what_replaces_is_approved_when_it_is_to_be_used() {
    for (prefixes, problem) in RETIRED {
        let settings = format!("{{\"registry_prefixes\": {prefixes}}}");
        let problems = validate(&settings).map_or_else(|problems| problems.to_string(), |()| "none".to_owned());
        assert_eq!(problems, *problem, "{prefixes}");
    }
}
