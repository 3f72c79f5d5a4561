//! Which requests are judged, and where their images are.

use expect_test::expect;
use serde_json::{Value, json};

use crate::call::{accepts, check, payload, validate};
use crate::host::Host;
use crate::objects::{approved_only, containers, create, pod, set, update, with};

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

/// An image in each place of a pod spec.
fn everywhere(image: &str) -> Value {
    json!({
        "containers": [{"name": "web", "image": image}],
        "initContainers": [{"name": "setup", "image": image}],
        "ephemeralContainers": [{"name": "debug", "image": image, "targetContainerName": "web"}],
        "volumes": [{"name": "empty", "emptyDir": {}}, {"name": "models", "image": {"reference": image}}],
    })
}

/// An object with `value` at a JSON pointer.
fn at(pointer: &str, value: Value) -> Value {
    pointer.rsplit('/').filter(|key| !key.is_empty()).fold(value, |value, key| json!({key: value}))
}

#[test]
fn finds_every_image_of_every_kind() {
    for (kind, pointer) in WORKLOADS {
        let name = kind.rsplit('/').next().unwrap();
        accepts(&create(kind, at(pointer, everywhere("reg.example/web:1"))), &approved_only());

        let request = create(kind, at(pointer, everywhere("nginx")));
        let answer = validate(payload(&request, &approved_only()).as_bytes(), Host::silent());
        let problem =
            "nginx (docker.io/library/nginx:latest) is not from an approved registry; tool-mix has no exception";
        let expected = format!(
            "refused 403\n\
             4 images of {name} tool-mix/web are not allowed:\n\
             - containers[web]: {problem}\n\
             - initContainers[setup]: {problem}\n\
             - ephemeralContainers[debug]: {problem}\n\
             - volumes[models]: {problem}\n\
             approved: reg.example\n\
             exception: none\n\
             images: docker.io/library/nginx:latest, docker.io/library/nginx:latest, \
             docker.io/library/nginx:latest, docker.io/library/nginx:latest\n"
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
        expect![[r#"
        refused 403
        7 images of Pod tool-mix/web are not allowed:
        - containers[web]: has no image: name one
        - containers[empty]: has no image: name one
        - containers[null]: has no image: name one
        - containers[3]: has no image: name one
        - initContainers[setup]: has no image: name one
        - volumes[models]: has no image: name one
        - volumes[1]: has no image: name one
        approved: reg.example
        exception: none
        images: none, none, none, none, none, none, none
    "#]],
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
    let rollout = create("argoproj.io/Rollout", at("/spec/template/spec", containers(&["reg.example/web:1"])));
    check(
        &rollout,
        &approved_only(),
        Host::silent(),
        expect![[r#"
        refused 403
        this policy cannot read Kind Rollout (group argoproj.io): take it out of the policy's rules or describe it in custom_kinds
    "#]],
    );
    // The group counts: this is not the Deployment that the policy knows.
    check(
        &create("example.com/Deployment", json!({})),
        &approved_only(),
        Host::silent(),
        expect![[r#"
        refused 403
        this policy cannot read Kind Deployment (group example.com): take it out of the policy's rules or describe it in custom_kinds
    "#]],
    );
    check(
        &create("apps/Pod", json!({})),
        &approved_only(),
        Host::silent(),
        expect![[r#"
        refused 403
        this policy cannot read Kind Pod (group apps): take it out of the policy's rules or describe it in custom_kinds
    "#]],
    );
    check(
        &create("pod", json!({})),
        &approved_only(),
        Host::silent(),
        expect![[r#"
        refused 403
        this policy cannot read Kind pod (group ""): take it out of the policy's rules or describe it in custom_kinds
    "#]],
    );
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
}

#[test]
fn an_object_that_is_not_its_kind_is_refused() {
    let check = |request: Value, expected| check(&request, &approved_only(), Host::silent(), expected);
    check(
        create("Pod", json!(null)),
        expect![[r#"
        refused 403
        Pod tool-mix/web cannot be judged: the request has no object
    "#]],
    );
    check(
        create("Pod", json!("web")),
        expect![[r#"
            refused 403
            Pod tool-mix/web cannot be read: invalid type: string "web", expected an object at line 1 column 5: send a Pod as the Kubernetes API describes it
        "#]],
    );
    check(
        create("Pod", json!([])),
        expect![[r#"
            refused 403
            Pod tool-mix/web cannot be read: invalid type: sequence, expected an object at line 1 column 0: send a Pod as the Kubernetes API describes it
        "#]],
    );
    check(
        create("Pod", json!({"spec": {"containers": {"web": {"image": "nginx"}}}})),
        expect![[r#"
            refused 403
            Pod tool-mix/web cannot be read: invalid type: map, expected a list as containers at line 1 column 22: send a Pod as the Kubernetes API describes it
        "#]],
    );
    check(
        create("Pod", json!({"spec": {"containers": [{"name": "web", "image": 5}]}})),
        expect![[r#"
        refused 403
        Pod tool-mix/web cannot be read: invalid type: integer `5`, expected a string at line 1 column 33: send a Pod as the Kubernetes API describes it
    "#]],
    );
    check(
        create("Pod", json!({"spec": {"containers": ["nginx"]}})),
        expect![[r#"
            refused 403
            Pod tool-mix/web cannot be read: invalid type: string "nginx", expected an object as a container at line 1 column 30: send a Pod as the Kubernetes API describes it
        "#]],
    );
    check(
        create("Pod", json!({"spec": {"volumes": [{"name": "models", "image": "nginx"}]}})),
        expect![[r#"
            refused 403
            Pod tool-mix/web cannot be read: invalid type: string "nginx", expected an object as a volume at line 1 column 36: send a Pod as the Kubernetes API describes it
        "#]],
    );
    check(
        create("apps/Deployment", json!({"spec": {"template": "nginx"}})),
        expect![[r#"
        refused 403
        Deployment tool-mix/web cannot be read: invalid type: string "nginx", expected an object as template at line 1 column 27: send a Deployment as the Kubernetes API describes it
    "#]],
    );
    check(
        create("batch/CronJob", json!({"spec": [{"jobTemplate": {}}]})),
        expect![[r#"
            refused 403
            CronJob tool-mix/web cannot be read: invalid type: sequence, expected an object as spec at line 1 column 8: send a CronJob as the Kubernetes API describes it
        "#]],
    );
}

#[test]
fn an_update_is_judged_on_the_images_it_adds() {
    let deployment = |images: &[&str]| at("/spec/template/spec", containers(images));
    let settings = approved_only();
    let check = |new: &[&str], old: &[&str], expected| {
        check(&update("apps/Deployment", deployment(new), deployment(old)), &settings, Host::silent(), expected);
    };
    // Unchanged: kyverno/kyverno#8815, kubernetes/kubernetes#62666
    check(
        &["nginx"],
        &["nginx"],
        expect![[r#"
        accepted
        warning: let through unchanged, new pods with it will be refused: containers[a]: nginx (docker.io/library/nginx:latest) is not from an approved registry; tool-mix has no exception
    "#]],
    );
    check(
        &["reg.example/web:2"],
        &["reg.example/web:1"],
        expect![[r#"
        accepted
    "#]],
    );
    check(
        &["nginx", "redis"],
        &["nginx"],
        expect![[r#"
        refused 403
        1 image of Deployment tool-mix/web is not allowed:
        - containers[b]: redis (docker.io/library/redis:latest) is not from an approved registry; tool-mix has no exception
        approved: reg.example
        exception: none
        images: docker.io/library/redis:latest
    "#]],
    );
    // The same image under another name is another text, and the API server runs texts.
    check(
        &["docker.io/library/nginx:latest"],
        &["nginx"],
        expect![[r#"
        refused 403
        1 image of Deployment tool-mix/web is not allowed:
        - containers[a]: docker.io/library/nginx:latest is not from an approved registry; tool-mix has no exception
        approved: reg.example
        exception: none
        images: docker.io/library/nginx:latest
    "#]],
    );
    check(
        &["nginx:2"],
        &["nginx:1"],
        expect![[r#"
        refused 403
        1 image of Deployment tool-mix/web is not allowed:
        - containers[a]: nginx:2 (docker.io/library/nginx:2) is not from an approved registry; tool-mix has no exception
        approved: reg.example
        exception: none
        images: docker.io/library/nginx:2
    "#]],
    );
    check(
        &["NGINX"],
        &["NGINX"],
        expect![[r#"
        accepted
        warning: let through unchanged, new pods with it will be refused: containers[a]: "NGINX" is not an image reference: its repository has an upper-case letter: write it in lower case
    "#]],
    );
}

#[test]
fn an_update_adds_the_images_that_are_only_elsewhere_in_the_request() {
    let settings = approved_only();
    let spec = |list: &str| json!({"spec": {list: [{"name": "a", "image": "nginx"}]}});
    // An image that moves to another place of the same object is not new to it.
    check(
        &update("Pod", spec("ephemeralContainers"), spec("containers")),
        &settings,
        Host::silent(),
        expect![[r#"
        accepted
        warning: let through unchanged, new pods with it will be refused: ephemeralContainers[a]: nginx (docker.io/library/nginx:latest) is not from an approved registry; tool-mix has no exception
    "#]],
    );
    for old_object in [json!(null), json!({}), json!("garbage"), json!({"spec": {"containers": 7}})] {
        let request = update("Pod", spec("ephemeralContainers"), old_object);
        let answer = validate(payload(&request, &settings).as_bytes(), Host::silent());
        expect![[r#"
            refused 403
            1 image of Pod tool-mix/web is not allowed:
            - ephemeralContainers[a]: nginx (docker.io/library/nginx:latest) is not from an approved registry; tool-mix has no exception
            approved: reg.example
            exception: none
            images: docker.io/library/nginx:latest
        "#]].assert_eq(&answer.to_string());
    }
    // Only an update has an old object; what a creation sends as one is no licence.
    let request = set(create("Pod", spec("containers")), &[("oldObject", spec("containers"))]);
    check(
        &request,
        &settings,
        Host::silent(),
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: nginx (docker.io/library/nginx:latest) is not from an approved registry; tool-mix has no exception
        approved: reg.example
        exception: none
        images: docker.io/library/nginx:latest
    "#]],
    );
}

fn custom_kinds() -> Value {
    with(json!({"custom_kinds": [
        {"group": "argoproj.io", "kind": "Rollout", "pod_specs": ["/spec/template/spec"]},
        {"group": "tekton.dev", "kind": "Task", "images": ["/spec/steps/*/image", "/spec/sidecars/*/image"]},
    ]}))
}

#[test]
fn custom_kinds_are_read_where_the_operator_says() {
    let check = |request: Value, expected| check(&request, &custom_kinds(), Host::silent(), expected);
    let task = |steps: Value| create("tekton.dev/Task", json!({"spec": {"steps": steps}}));
    accepts(
        &create("argoproj.io/Rollout", at("/spec/template/spec", everywhere("reg.example/web:1"))),
        &custom_kinds(),
    );
    accepts(&task(json!([{"image": "reg.example/web:1"}, {"script": "exit"}])), &custom_kinds());
    check(
        create("argoproj.io/Rollout", at("/spec/template/spec", everywhere("nginx"))),
        expect![[r#"
        refused 403
        4 images of Rollout tool-mix/web are not allowed:
        - /spec/template/spec/containers[web]: nginx (docker.io/library/nginx:latest) is not from an approved registry; tool-mix has no exception
        - /spec/template/spec/initContainers[setup]: nginx (docker.io/library/nginx:latest) is not from an approved registry; tool-mix has no exception
        - /spec/template/spec/ephemeralContainers[debug]: nginx (docker.io/library/nginx:latest) is not from an approved registry; tool-mix has no exception
        - /spec/template/spec/volumes[models]: nginx (docker.io/library/nginx:latest) is not from an approved registry; tool-mix has no exception
        approved: reg.example
        exception: none
        images: docker.io/library/nginx:latest, docker.io/library/nginx:latest, docker.io/library/nginx:latest, docker.io/library/nginx:latest
    "#]],
    );
    check(
        task(json!([{"image": "reg.example/web:1"}, {"image": "nginx"}])),
        expect![[r#"
        refused 403
        1 image of Task tool-mix/web is not allowed:
        - /spec/steps/1/image: nginx (docker.io/library/nginx:latest) is not from an approved registry; tool-mix has no exception
        approved: reg.example
        exception: none
        images: docker.io/library/nginx:latest
    "#]],
    );
    check(
        create("tekton.dev/Pipeline", json!({})),
        expect![[r#"
        refused 403
        this policy cannot read Kind Pipeline (group tekton.dev): take it out of the policy's rules or describe it in custom_kinds
    "#]],
    );
}

#[test]
fn custom_kinds_of_another_shape_are_refused() {
    let check = |object: Value, expected| {
        check(&create("tekton.dev/Task", object), &custom_kinds(), Host::silent(), expected);
    };
    check(
        json!({"spec": {"steps": {"a": {"image": "reg.example/web:1"}}}}),
        expect![[r#"
            accepted
        "#]],
    );
    check(
        json!({"spec": {"steps": [{"image": 5}]}}),
        expect![[r#"
            refused 403
            1 image of Task tool-mix/web is not allowed:
            - /spec/steps/0/image: is not an image: write it as a string, registry/repository:tag
            approved: reg.example
            exception: none
            images: none
        "#]],
    );
    check(
        json!({"spec": {"steps": [{"image": ["reg.example/web:1"]}]}}),
        expect![[r#"
            refused 403
            1 image of Task tool-mix/web is not allowed:
            - /spec/steps/0/image: is not an image: write it as a string, registry/repository:tag
            approved: reg.example
            exception: none
            images: none
        "#]],
    );
    check(
        json!({"spec": {"steps": ["reg.example/web:1"]}}),
        expect![[r#"
            refused 403
            1 image of Task tool-mix/web is not allowed:
            - /spec/steps/0: is not an object with image, where custom_kinds says that there is one
            approved: reg.example
            exception: none
            images: none
        "#]],
    );
    check(
        json!({"spec": "steps"}),
        expect![[r#"
            refused 403
            2 images of Task tool-mix/web are not allowed:
            - /spec: is not an object with steps, where custom_kinds says that there is one
            - /spec: is not an object with sidecars, where custom_kinds says that there is one
            approved: reg.example
            exception: none
            images: none, none
        "#]],
    );
    let rollout = create("argoproj.io/Rollout", at("/spec/template/spec", json!({"containers": [{"image": 5}]})));
    crate::call::check(
        &rollout,
        &custom_kinds(),
        Host::silent(),
        expect![[r#"
            refused 403
            1 image of Rollout tool-mix/web is not allowed:
            - /spec/template/spec: cannot be read as a pod spec: invalid type: integer `5`, expected a string at line 1 column 25
            approved: reg.example
            exception: none
            images: none
        "#]],
    );
}

#[test]
fn every_entry_for_a_custom_kind_counts() {
    let settings = with(json!({"custom_kinds": [
        {"group": "tekton.dev", "kind": "Task", "images": ["/spec/steps/*/image"]},
        {"group": "tekton.dev", "kind": "Task", "images": ["/spec/sidecars/*/image"]},
    ]}));
    crate::call::check(
        &create(
            "tekton.dev/Task",
            json!({"spec": {"steps": [{"image": "reg.example/a:1"}], "sidecars": [{"image": "nginx"}]}}),
        ),
        &settings,
        Host::silent(),
        expect![[r#"
            refused 403
            1 image of Task tool-mix/web is not allowed:
            - /spec/sidecars/0/image: nginx (docker.io/library/nginx:latest) is not from an approved registry; tool-mix has no exception
            approved: reg.example
            exception: none
            images: docker.io/library/nginx:latest
        "#]],
    );
}

#[test]
fn a_pointer_to_something_else_than_a_pod_spec_is_refused() {
    let settings = with(json!({"custom_kinds": [
        {"group": "argoproj.io", "kind": "Rollout", "pod_specs": ["/spec/template"]},
    ]}));
    crate::call::check(
        &create("argoproj.io/Rollout", at("/spec/template/spec", everywhere("nginx"))),
        &settings,
        Host::silent(),
        expect![[r#"
            refused 403
            1 image of Rollout tool-mix/web is not allowed:
            - /spec/template: has no containers, though custom_kinds says that it is a pod spec
            approved: reg.example
            exception: none
            images: none
        "#]],
    );
}

#[test]
fn a_custom_kind_that_is_updated_without_a_new_image_is_accepted() {
    let task = |image: &str, timeout: &str| json!({"spec": {"steps": [{"image": image, "timeout": timeout}]}});
    let check = |new: Value, old: Value, expected| {
        check(&update("tekton.dev/Task", new, old), &custom_kinds(), Host::silent(), expected);
    };
    check(
        task("nginx", "2s"),
        task("nginx", "1s"),
        expect![[r#"
        accepted
        warning: let through unchanged, new pods with it will be refused: /spec/steps/0/image: nginx (docker.io/library/nginx:latest) is not from an approved registry; tool-mix has no exception
    "#]],
    );
    check(
        task("redis", "1s"),
        task("nginx", "1s"),
        expect![[r#"
        refused 403
        1 image of Task tool-mix/web is not allowed:
        - /spec/steps/0/image: redis (docker.io/library/redis:latest) is not from an approved registry; tool-mix has no exception
        approved: reg.example
        exception: none
        images: docker.io/library/redis:latest
    "#]],
    );
}

#[test]
fn nodes_are_judged_on_their_sandbox_images() {
    let node = |names: &[&[&str]]| {
        let images: Vec<Value> = names.iter().map(|names| json!({"names": names, "sizeBytes": 1})).collect();
        let node = create("Node", json!({"status": {"images": images}}));
        let mut node = set(node, &[("name", json!("worker-1"))]);
        node.as_object_mut().unwrap().remove("namespace");
        node
    };
    let settings = with(json!({"sandbox_repositories": ["pause", "pause-amd64"]}));
    let check = |request: Value, expected| check(&request, &settings, Host::silent(), expected);
    accepts(
        &node(&[
            &["nginx:1"],
            &[
                "reg.example/pause:3.9",
                "reg.example/pause@sha256:0000000000000000000000000000000000000000000000000000000000000000",
            ],
        ]),
        &settings,
    );
    accepts(&node(&[]), &settings);
    accepts(&create("Node", json!({})), &settings);
    check(
        node(&[&["quay.io/x/y:1"], &["registry.k8s.io/pause:3.9", "<none>@<none>"], &["gcr.io/pause-amd64:3.1"]]),
        expect![[r#"
            refused 403
            2 images of Node worker-1 are not allowed:
            - status.images[1]: registry.k8s.io/pause:3.9 is not from an approved registry; exceptions exist for namespaces only
            - status.images[2]: gcr.io/pause-amd64:3.1 is not from an approved registry; exceptions exist for namespaces only
            approved: reg.example
            exception: none
            images: registry.k8s.io/pause:3.9, gcr.io/pause-amd64:3.1
        "#]],
    );
    check(
        create("Node", json!({"status": {"images": "pause"}})),
        expect![[r#"
            refused 403
            Node tool-mix/web cannot be read: status.images: invalid type: string "pause", expected a list at line 1 column 7: send a Node as the Kubernetes API describes it
        "#]],
    );
    check(
        create("Node", json!({"status": {"images": [{"names": [5]}]}})),
        expect![[r#"
            refused 403
            Node tool-mix/web cannot be read: status.images: expected an object with a list of names at line 1 column 15: send a Node as the Kubernetes API describes it
        "#]],
    );
}
