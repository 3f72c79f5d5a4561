//! Which requests are judged, and where their images are.

use expect_test::expect;
use serde_json::{Value, json};

use crate::call::{accepts, check, nginx_at, payload, validate};
use crate::host::Host;
use crate::objects::{approved_only, at, containers, create, everywhere, pod, set, with};

/// The kinds that have a pod spec, and where it is.
const WORKLOADS: &[(&str, &str)] = &[
    ("Pod", "/spec"),
    ("PodTemplate", "/template/spec"),
    ("ReplicationController", "/spec/template/spec"),
    ("apps/Deployment", "/spec/template/spec"),
    ("apps/ReplicaSet", "/spec/template/spec"),
    ("apps/StatefulSet", "/spec/template/spec"),
    ("apps/DaemonSet", "/spec/template/spec"),
    ("batch/Job", "/spec/template/spec"),
    ("batch/CronJob", "/spec/jobTemplate/spec/template/spec"),
];

#[test]
fn finds_every_image_of_every_kind() {
    for (kind, pointer) in WORKLOADS {
        let name = kind.rsplit('/').next().unwrap();
        accepts(&create(kind, at(pointer, everywhere("reg.example/web:1"))), &approved_only());

        let request = create(kind, at(pointer, everywhere("nginx")));
        let answer = validate(payload(&request, &approved_only()).as_bytes(), Host::silent());
        let places = ["containers[web]", "initContainers[setup]", "ephemeralContainers[debug]", "volumes[models]"];
        let expected = format!(
            "refused 403\n\
             4 images of {name} tool-mix/web are not allowed:\n\
             {}\
             approved: reg.example\n\
             exception: none\n\
             images: {}\n",
            places.map(|place| format!("- {}\n", nginx_at(place))).concat(),
            ["docker.io/library/nginx:latest"; 4].join(", "),
        );
        assert_eq!(answer.to_string(), expected, "{kind}");
    }
}

#[test]
fn a_workload_without_a_pod_template_asks_for_nothing() {
    for (kind, pointer) in WORKLOADS {
        for object in
            [json!({}), at(pointer, json!(null)), at(pointer, json!({})), at(pointer, json!({"containers": null}))]
        {
            accepts(&create(kind, object), &approved_only());
        }
    }
}

#[test]
fn a_container_without_an_image_is_refused() {
    let spec = json!({
        "containers": [{"name": "web"}, {"name": "empty", "image": ""}, {"name": "null", "image": null}, {}],
        "initContainers": [{"name": "setup"}],
        "volumes": [{"name": "models", "image": {"pullPolicy": "Always"}}, {"image": {"reference": null}}],
    });
    check(
        &create("Pod", json!({"spec": spec})),
        &approved_only(),
        Host::silent(),
        "containers[web]: has no image: name one\n\
             containers[empty]: has no image: name one\n\
             containers[null]: has no image: name one\n\
             containers[3]: has no image: name one\n\
             initContainers[setup]: has no image: name one\n\
             volumes[models]: has no image: name one\n\
             volumes[1]: has no image: name one",
    );
}

#[test]
fn deletions_and_connections_are_accepted() {
    for operation in ["DELETE", "CONNECT"] {
        let request = set(pod("nginx"), &[("operation", json!(operation))]);
        accepts(&request, &approved_only());
        accepts(&set(request, &[("object", json!(null)), ("oldObject", json!("garbage"))]), &approved_only());
    }
}

#[test]
fn kinds_without_images_are_accepted() {
    const KINDS: &[&str] = &[
        "Binding",
        "policy/Eviction",
        "autoscaling/Scale",
        "authentication.k8s.io/TokenRequest",
        "PodExecOptions",
        "PodAttachOptions",
        "PodPortForwardOptions",
        "PodProxyOptions",
        "PodLogOptions",
        "ServiceProxyOptions",
        "NodeProxyOptions",
    ];
    for kind in KINDS {
        accepts(&create(kind, json!({"spec": containers(&["nginx"])})), &approved_only());
    }
}

#[test]
fn other_kinds_are_refused() {
    check(
        &create("Scale", json!({})),
        &with(json!({"help": "Ask the admins."})),
        Host::silent(),
        expect![[r#"
        refused 403
        this policy cannot read Kind Scale (group ""): take it out of the policy's rules or describe it in custom_kinds
        Ask the admins.
    "#]],
    );
    // The group counts: none of these is the Deployment or the Pod that the policy knows.
    for (kind, told) in [
        ("argoproj.io/Rollout", "Rollout (group argoproj.io)"),
        ("example.com/Deployment", "Deployment (group example.com)"),
        ("apps/Pod", "Pod (group apps)"),
        ("pod", "pod (group \"\")"),
    ] {
        let told = format!(
            "this policy cannot read Kind {told}: take it out of the policy's rules or describe it in custom_kinds"
        );
        let object = at("/spec/template/spec", containers(&["reg.example/web:1"]));
        check(&create(kind, object), &approved_only(), Host::silent(), &told);
    }
}

#[test]
fn an_object_that_is_not_its_kind_is_refused() {
    let pod = |spec: Value| ("Pod", json!({"spec": spec}));
    let cases = [
        (("Pod", json!("web")), "string \"web\", expected an object at line 1 column 5"),
        (("Pod", json!([])), "sequence, expected an object at line 1 column 0"),
        (
            pod(json!({"containers": {"web": {"image": "nginx"}}})),
            "map, expected a list as containers at line 1 column 22",
        ),
        (
            pod(json!({"containers": [{"name": "web", "image": 5}]})),
            "integer `5`, expected a string at line 1 column 33",
        ),
        (
            pod(json!({"containers": ["nginx"]})),
            "string \"nginx\", expected an object as a container at line 1 column 30",
        ),
        (
            pod(json!({"volumes": [{"name": "models", "image": "nginx"}]})),
            "string \"nginx\", expected an object as a volume at line 1 column 36",
        ),
        (
            ("apps/Deployment", json!({"spec": {"template": "nginx"}})),
            "string \"nginx\", expected an object as template at line 1 column 27",
        ),
        (
            ("batch/CronJob", json!({"spec": [{"jobTemplate": {}}]})),
            "sequence, expected an object as spec at line 1 column 8",
        ),
    ];
    for ((kind, object), cause) in cases {
        let name = kind.rsplit('/').next().unwrap();
        let told = format!(
            "{name} tool-mix/web cannot be read: invalid type: {cause}: send a {name} as the Kubernetes API describes it"
        );
        check(&create(kind, object), &approved_only(), Host::silent(), &told);
    }
    check(
        &create("Pod", json!(null)),
        &approved_only(),
        Host::silent(),
        "Pod tool-mix/web cannot be judged: the request has no object",
    );
}
